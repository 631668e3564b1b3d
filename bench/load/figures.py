#!/usr/bin/env python3
"""Measures the figures of docs/performance.md: three runs each, medians, a JSON line for every run.

usage: figures.py [--binary FILE] [--bare FILE] [--dir FOLDER] [--runs N] [--only WORD] [--seconds S]

The server and its clients run on this machine; the server keeps its data in a folder below --dir. The lines go to
bench/results/embedded.jsonl, the table to standard output. No figure is asserted here.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

from figure_runs import ROOT, measure


def rss_anon(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    return 0


class Server:
    """A server of its own in a new folder, or on one that is there."""

    def __init__(self, options, folder, *arguments):
        self.options = options
        self.folder = folder
        self.arguments = arguments
        self.start()

    def start(self):
        begun = time.monotonic()
        self.log = open(os.path.join(self.options.dir, "server.log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [self.options.binary, "serve", "--data-dir", self.folder, "--gate-listen", "",
             "--ingress-listen", "127.0.0.1:50951", "--egress-listen", "127.0.0.1:50952", *self.arguments],
            stdout=self.log, stderr=subprocess.STDOUT)
        while True:
            with open(self.log.name, encoding="utf-8") as log:
                if "serving after" in log.read():
                    break
            if self.process.poll() is not None:
                sys.exit(f"the server did not start, see {self.log.name}")
            time.sleep(0.005)
        self.ready_seconds = time.monotonic() - begun

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)

    def bench(self, *arguments):
        command = [self.options.binary, "bench", *arguments, "-o", "json", "--server-pid", str(self.process.pid),
                   "--ingress", "127.0.0.1:50951", "--egress", "127.0.0.1:50952"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        if done.returncode != 0 or not lines:
            sys.exit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr}")
        return json.loads(lines[-1])


def bare(options, group, kind, seconds):
    done = subprocess.run([options.bare, str(group), kind, str(seconds), options.dir], capture_output=True, text=True,
                          check=True)
    return json.loads(done.stdout)


def fresh(options, *arguments):
    folder = os.path.join(options.dir, "data")
    shutil.rmtree(folder, ignore_errors=True)
    server = Server(options, folder, *arguments)
    time.sleep(2.5)  # the pool of prepared segments is written while the disk is idle
    return server


def streams(options):
    seconds = options.seconds
    for size, batch, group in ((256, 500, 2 << 20), (10240, 500, 4 << 20), (1 << 20, 4, 4 << 20)):
        yield f"bare write, groups of {group >> 20} MiB, allocated", "mb_per_s", bare(options, group, "allocated", 4)
        server = fresh(options)
        run = server.bench("pub-stream", "--size", str(size), "--batch", str(batch), "--duration", f"{seconds}s",
                           "--warm-up", "1s")
        server.stop()
        yield f"PublishStream {size} B", "messages_per_s", run
        yield f"PublishStream {size} B, bytes", "mb_per_s", run


def sustained(options):
    yield "bare write 60 s, groups of 4 MiB, allocated", "mb_per_s", bare(options, 4 << 20, "allocated", 60)
    for size, batch in ((10240, 500), (1 << 20, 4)):
        server = fresh(options)
        run = server.bench("pub-stream", "--size", str(size), "--batch", str(batch), "--duration", "60s", "--warm-up", "1s")
        server.stop()
        shutil.rmtree(server.folder)  # some 30 GB
        yield f"PublishStream {size} B, 60 s", "mb_per_s", run


def unary(options):
    yield "bare write of 4 KiB, prepared", "p50", bare(options, 4096, "prepared", 3)
    server = fresh(options)
    yield "Publish 256 B, 64 in flight", "messages_per_s", server.bench(
        "pub", "--in-flight", "64", "--duration", f"{options.seconds}s", "--warm-up", "1s")
    yield "Publish 256 B, one at a time", "p50", server.bench(
        "pub", "--in-flight", "1", "--duration", f"{options.seconds}s", "--warm-up", "1s")
    yield "PublishStream 256 B, one at a time", "p50", server.bench(
        "pub-stream", "--batch", "1", "--in-flight", "1", "--duration", f"{options.seconds}s", "--warm-up", "1s")
    run = server.bench("pub", "--rate", "1000", "--size", "10KiB", "--duration", f"{options.seconds}s", "--warm-up", "1s")
    yield "Publish 10 KiB, 1,000/s open loop", "p50", run
    yield "Publish 10 KiB, 1,000/s open loop, p99", "p99", run
    server.stop()


def reading(options):
    server = fresh(options)
    yield "FetchBatch 256 B, one at a time", "messages_per_s", server.bench(
        "fetch-batch", "--fill", "3000000", "--duration", "3s", "--warm-up", "0s", "--subject", "f1")
    yield "FetchBatch 256 B, 4 in flight", "messages_per_s", server.bench(
        "fetch-batch", "--fill", "3000000", "--in-flight", "4", "--duration", "3s", "--warm-up", "0s", "--subject", "f2")
    yield "Fetch 256 B", "messages_per_s", server.bench(
        "fetch", "--fill", "500000", "--duration", "3s", "--warm-up", "0s", "--subject", "f3")
    run = server.bench("subscribe", "--subscribers", "1000", "--rate", "1000", "--duration", f"{options.seconds}s",
                       "--warm-up", "1s")
    yield "notice to Subscribe, 1,000 subscribers, 1,000/s", "p50", run
    yield "notice to Subscribe, 1,000 subscribers, 1,000/s, p99", "p99", run
    server.stop()


def dd(options):
    target = os.path.join(options.dir, "dd")
    begun = time.monotonic()
    subprocess.run(["dd", "if=/dev/zero", f"of={target}", "bs=1M", "count=2048", "conv=fdatasync"], check=True,
                   capture_output=True)
    seconds = time.monotonic() - begun
    os.unlink(target)
    return {"work": "dd", "seconds": seconds, "mb_per_s": 2147.48 / seconds}


def transfers(options):
    """dd before and after the upload: what the disk gives differs from minute to minute."""
    server = fresh(options)
    before = dd(options)
    upload = server.bench("upload", "--size", "2GiB")
    after = dd(options)
    yield "dd 2 GiB conv=fdatasync, before", "mb_per_s", before
    yield "dd 2 GiB conv=fdatasync, after", "mb_per_s", after
    yield "Upload 2 GiB", "mb_per_s", upload
    ratio = upload["mb_per_s"] / ((before["mb_per_s"] + after["mb_per_s"]) / 2)
    yield "Upload 2 GiB against dd of the same run", "ratio", {"work": "upload", "ratio": ratio}
    yield "Upload 2 GiB, RssAnon MiB", "anon", upload
    run = server.bench("download", "--size", "2GiB", "--sequence", "1")
    yield "Download 2 GiB", "mb_per_s", run
    yield "Download 2 GiB, RssAnon MiB", "anon", run
    server.stop()


def drop_page_cache():
    subprocess.run(["sync"], check=True)
    with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as control:
        control.write("3")


def lookups(options):
    """A million subjects with 10 messages each over more than 1,000 segments: the first message of any of them."""
    server = fresh(options, "--segment-bytes", "3MiB")
    server.bench("pub-stream", "--subjects", "1000000", "--fill", "10000000", "--duration", "1s", "--warm-up", "0s")
    segments = sum(1 for name in pathlib.Path(server.folder).rglob("*.segment"))
    server.kill()
    server.start()
    yield "a million subjects, segments", "count", {"work": "store", "count": segments}
    yield "a million subjects, ready after SIGKILL, s", "ready_s", {"work": "store", "ready_s": server.ready_seconds}
    first = ("first", "--subjects", "1000000", "--duration", f"{options.seconds}s")
    drop_page_cache()
    run = server.bench(*first, "--warm-up", "0s")
    yield "first message of a subject, cold", "p50", run
    yield "first message of a subject, cold, p99", "p99", run
    run = server.bench(*first, "--warm-up", "5s")
    yield "first message of a subject, warm", "p50", run
    yield "first message of a subject, warm, p99", "p99", run
    server.stop()


def store(options):
    server = fresh(options)
    server.bench("pub-stream", "--subjects", "1000", "--duration", "12s", "--warm-up", "0s")
    anon = rss_anon(server.process.pid)
    info = json.loads(subprocess.run([options.binary, "info", "-o", "json", "--ingress", "127.0.0.1:50951", "--egress",
                                      "127.0.0.1:50952"], capture_output=True, text=True, check=True).stdout)
    server.kill()
    server.start()
    run = {"work": "store", "messages": info.get("messages"), "mb": anon / 2**20, "ready_s": server.ready_seconds}
    yield "store of 10 million and more, RssAnon MiB", "mb", run
    yield "store of 10 million and more, ready after SIGKILL, s", "ready_s", run
    server.stop()


GROUPS = {"streams": streams, "sustained": sustained, "unary": unary, "reading": reading, "transfers": transfers,
          "store": store, "lookups": lookups}


UNITS = {"p50": "ms", "p99": "ms", "mb_per_s": "MB/s", "messages_per_s": "1/s", "anon": "MiB", "mb": "MiB", "ready_s": "s", "ratio": "",
         "count": ""}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(ROOT / "build/release/bin/minitoolstream"))
    parser.add_argument("--bare", default=str(ROOT / "build/release/bin/bare_write"))
    parser.add_argument("--dir", default="/var/tmp/minitoolstream-figures")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--only", default="", help="streams, sustained, unary, reading, transfers, store or lookups")
    options = parser.parse_args()
    measure(options, GROUPS, UNITS, "embedded.jsonl")


if __name__ == "__main__":
    main()
