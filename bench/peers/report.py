#!/usr/bin/env python3
"""Makes the table and the plots of docs/performance.md from the lines that run.sh wrote.

usage: report.py [--results FILE] [--run ID] [--plots FOLDER]

Prints a Markdown table of medians with (least, greatest) to standard output, and writes the plots as SVG where a folder is
named for them. Takes the newest run in the file unless one is named.
"""
import argparse
import json
import pathlib
import statistics
import sys
from xml.sax.saxutils import escape

ROOT = pathlib.Path(__file__).resolve().parents[2]
SYSTEMS = ("minitoolstream", "nats", "redis", "kafka")
NAMES = {"minitoolstream": "MiniToolStream", "nats": "NATS", "redis": "Redis", "kafka": "Kafka"}
COLOURS = {"minitoolstream": "#1f6feb", "nats": "#8c6bb1", "redis": "#d1495b", "kafka": "#6c757d"}

# Title, work, payload bytes, metric, unit, whether more is better.
FIGURES = (
    ("publish 256 B, many in flight", "publish", 256, "throughput", "msg/s", True),
    ("publish 256 B in atomic batches of 500", "publish_atomic_batch", 256, "throughput", "msg/s", True),
    ("publish 10 KiB, many in flight", "publish", 10240, "throughput_mb", "MB/s", True),
    ("publish 1 MiB, many in flight", "publish", 1048576, "throughput_mb", "MB/s", True),
    ("publish 256 B, one at a time, p50", "publish_one_at_a_time", 256, "latency_p50", "ms", False),
    ("publish 256 B, one at a time, p99", "publish_one_at_a_time", 256, "latency_p99", "ms", False),
    ("publish 10 KiB, 1,000/s, p50", "publish_1000_per_s", 10240, "latency_p50", "ms", False),
    ("publish 10 KiB, 1,000/s, p99", "publish_1000_per_s", 10240, "latency_p99", "ms", False),
    ("consume 256 B", "consume", 256, "throughput", "msg/s", True),
    ("1 million messages of 256 B: anonymous memory", "store", 256, "rss_anon", "MiB", False),
    ("1 million messages of 256 B: disk", "store", 256, "disk", "MiB", False),
    ("1 million messages of 256 B: ready after SIGKILL", "store", 256, "restart_to_ready", "ms", False),
)
PLOTS = {
    "peers-publish": ("Publishing: more is better", FIGURES[0:1] + FIGURES[2:4]),
    "peers-latency": ("Publishing, time until the answer: less is better", FIGURES[4:8]),
    "peers-store": ("A million messages of 256 B", FIGURES[8:12]),
}


def load(path, run):
    """The values by (work, bytes, metric, system, durability), the versions, and the run."""
    lines = [json.loads(line) for line in open(path, encoding="utf-8")]
    run = run or max(line["run"] for line in lines)
    values, versions = {}, {}
    for line in lines:
        if line["run"] == run:
            key = (line["work"], line["payload_bytes"], line["metric"], line["system"], line["durability"])
            values.setdefault(key, []).append(line["value"])
            versions[line["system"]] = line["version"]
    return values, versions, run


def number(value):
    """With three significant digits: what follows differs from run to run."""
    if value < 100:
        return f"{value:.3g}"
    digits = len(str(int(value)))
    return f"{round(value, 3 - digits):,.0f}"


def cell(samples):
    if not samples:
        return "–"
    text = number(statistics.median(samples))
    return f"{text} ({number(min(samples))}–{number(max(samples))})" if len(samples) > 1 else text


def table(values, versions):
    print("| work | unit | durability | " + " | ".join(f"{NAMES[s]} {versions.get(s, '')}" for s in SYSTEMS) + " |")
    print("|---|---|---" + "|---" * len(SYSTEMS) + "|")
    for title, work, size, metric, unit, _ in FIGURES:
        for durability in ("durable", "relaxed"):
            cells = [cell(values.get((work, size, metric, system, durability))) for system in SYSTEMS]
            if any(text != "–" for text in cells):
                print(f"| {title} | {unit} | {durability} | " + " | ".join(cells) + " |")


# ---- Plots: a panel a figure, a bar a system; solid: durable, pale: relaxed

WIDTH, LABEL, BARS, ROW, GAP = 800, 170, 500, 17, 30


def panel(values, figure, top):
    """The panel's elements and its height."""
    title, work, size, metric, unit, more = figure
    rows = []
    for system in SYSTEMS:
        for durability in ("durable", "relaxed"):
            samples = values.get((work, size, metric, system, durability))
            if samples:
                rows.append((system, durability, statistics.median(samples)))
    parts = [f'<text x="10" y="{top + 12}" class="title">{escape(title)}, {unit}{"" if more else " (less is better)"}</text>']
    greatest = max((row[2] for row in rows), default=1)
    y = top + 20
    for system, durability, value in rows:
        length = max(1.0, BARS * value / greatest)
        opacity = 1 if durability == "durable" else 0.4
        parts.append(f'<text x="{LABEL - 6}" y="{y + 12}" text-anchor="end">{NAMES[system]}'
                     f'{"" if durability == "durable" else ", relaxed"}</text>')
        parts.append(f'<rect x="{LABEL}" y="{y + 2}" width="{length:.1f}" height="{ROW - 5}" fill="{COLOURS[system]}" '
                     f'fill-opacity="{opacity}"/>')
        parts.append(f'<text x="{LABEL + length + 5:.1f}" y="{y + 12}">{number(value)}</text>')
        y += ROW
    return parts, y - top + GAP


def plot(values, title, figures):
    parts, y = [], 40
    for figure in figures:
        elements, height = panel(values, figure, y)
        parts += elements
        y += height
    style = "text{font:12px sans-serif;fill:#222}.title{font-weight:bold}.head{font-size:15px;font-weight:bold}"
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}" role="img">',
        f"<title>{escape(title)}</title>", f"<style>{style}</style>", f'<rect width="{WIDTH}" height="{y}" fill="#fff"/>',
        f'<text x="10" y="22" class="head">{escape(title)}</text>', *parts, "</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", default=str(ROOT / "bench/results/peers.jsonl"))
    parser.add_argument("--run", default="", help="the run's id (default: the newest)")
    parser.add_argument("--plots", help="folder of the SVG files (default: none are made)")
    options = parser.parse_args()
    values, versions, run = load(options.results, options.run)
    print(f"run {run}", file=sys.stderr)
    table(values, versions)
    if options.plots:
        folder = pathlib.Path(options.plots)
        folder.mkdir(parents=True, exist_ok=True)
        for name, (title, figures) in PLOTS.items():
            (folder / f"{name}.svg").write_text(plot(values, title, figures), encoding="utf-8")


if __name__ == "__main__":
    main()
