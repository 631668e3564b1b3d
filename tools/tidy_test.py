"""The rules of tidy.py find what they should, and nothing else."""

import unittest

import tidy


def findings(name, text):
    return [finding for _, finding in tidy.check_file(name, text)]


class TidyTest(unittest.TestCase):
    def test_includes_go_one_way(self):
        self.assertEqual(findings("src/broker/publish.cc", '#include "store/message_store.h"\n'), [])
        self.assertEqual(findings("src/server/main.cc", '#include "store/embedded/store.h"\n'), [])
        self.assertIn("broker may not include log/format.h",
                      findings("src/broker/publish.cc", '#include "log/format.h"\n'))
        self.assertIn("base may not include model/subject.h",
                      findings("src/base/status.cc", '#include "model/subject.h"\n'))
        self.assertIn("rpc may not include store/embedded/store.h",
                      findings("src/rpc/ingress.cc", '#include "store/embedded/store.h"\n'))

    def test_banned_calls(self):
        for line in ("int n = rand();", "system(command);", "std::mutex lock;", "::rename(a, b);", "fdatasync(fd);"):
            self.assertTrue(findings("src/log/writer.cc", line + "\n"), line)
        for line in ("file->SyncData();", "files.Rename(a, b);", 'Log("rename(2) failed");', "// rename(a, b)",
                     "thread.detach();  // tidy: allow the process ends here"):
            self.assertEqual(findings("src/log/writer.cc", line + "\n"), [], line)
        self.assertEqual(findings("src/io/posix.cc", "::rename(a, b);\n"), [])

    def test_headers_begin_with_a_comment(self):
        self.assertEqual(findings("src/base/a.h", "// What it is.\n#pragma once\n"), [])
        self.assertEqual(len(findings("src/base/a.h", "int a;\n")), 2)

    def test_sizes_and_unfinished_work(self):
        self.assertEqual(len(findings("src/base/a.cc", "int a;\n" * 601)), 1)
        self.assertEqual(findings("src/base/a.cc", "// TODO\n"), ["unfinished: file an issue instead"])


if __name__ == "__main__":
    unittest.main()
