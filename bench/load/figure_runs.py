"""Runs groups of figures and shows them: what figures.py and cluster_figures.py share."""
import json
import os
import pathlib
import platform
import shutil
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def value(run, field):
    if field in ("p50", "p99"):
        return run["latency_ms"][field]
    if field == "anon":
        return run["server_rss_anon_max"] / 2**20
    return run[field]


def measure(options, groups, units, file, **machine):
    """Runs each group of --only, --runs times, and prints the medians; a line of `file` for each figure of each run."""
    os.makedirs(options.dir, exist_ok=True)
    figures = {}
    machine |= {"kernel": platform.release(), "cores": os.cpu_count(), "date": time.strftime("%Y-%m-%d")}
    with open(ROOT / "bench/results" / file, "a", encoding="utf-8") as results:
        for run_number in range(1, options.runs + 1):
            for name, group in groups.items():
                if options.only and options.only not in name:
                    continue
                for figure, field, run in group(options):
                    figures.setdefault((figure, field), []).append(value(run, field))
                    print(f"run {run_number}  {figure}: {value(run, field):,.3f} {units[field]}", file=sys.stderr, flush=True)
                    results.write(json.dumps({"figure": figure, "field": field, "run": run_number, **machine, **run}) + "\n")
    shutil.rmtree(options.dir, ignore_errors=True)
    print("| figure | unit | median | least | greatest |\n|---|---|---|---|---|")
    for (figure, field), values in figures.items():
        print(f"| {figure} | {units[field]} | {statistics.median(values):,.3f} | {min(values):,.3f} | {max(values):,.3f} |")
