"""Prints 'PASSED FAILED SKIPPED' of one ctest run: every GoogleTest case counts, any other program counts as one."""

import pathlib
import sys
import xml.etree.ElementTree as xml


def gtest_counts(path):
    """Counts of one GoogleTest report; nothing where the program died before it wrote one."""
    try:
        root = xml.parse(path).getroot()
    except (OSError, xml.ParseError):
        return None
    cases = list(root.iter("testcase"))
    failed = sum(1 for case in cases if case.find("failure") is not None)
    skipped = sum(1 for case in cases if case.get("result") in ("skipped", "suppressed"))
    return len(cases) - failed - skipped, failed, skipped


def main():
    results = pathlib.Path(sys.argv[1])
    passed = failed = skipped = 0
    for program in xml.parse(results / "ctest.junit").getroot().iter("testcase"):
        status = program.get("status")
        counts = gtest_counts(results / (program.get("name") + ".xml"))
        if counts is None:
            counts = (status == "run", status == "fail", status not in ("run", "fail"))
        elif status == "fail" and counts[1] == 0:
            counts = (counts[0], 1, counts[2])
        passed, failed, skipped = passed + counts[0], failed + counts[1], skipped + counts[2]
    print(int(passed), int(failed), int(skipped))


main()
