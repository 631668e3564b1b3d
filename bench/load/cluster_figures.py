#!/usr/bin/env python3
"""Measures the figures of the cluster shape (docs/performance.md, Cluster): a JSON line for every run, medians at the end.

usage: cluster_figures.py [--metadata embedded|tarantool] [--runs N] [--seconds S] [--only WORD] [--dir FOLDER]

MinIO, Tarantool (wal_mode fsync), the server (serve --payload s3) and all clients run on this machine, on ports of their own, with
their data in a folder below --dir. Bare PUTs and transfers by the MinIO Go client are measured in the same run. The lines go to
bench/results/cluster.jsonl. No figure is asserted here.
"""
import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

from figure_runs import ROOT, measure

CREDENTIALS = {"MINIO_ROOT_USER": "minioadmin", "MINIO_ROOT_PASSWORD": "minioadmin"}
PART = 16 << 20  # of transfers, ours and the Go client's
PARALLEL = 4
RANGE = 8 << 20  # as src/store/s3/object_reader.cc reads on
RANGES = 3


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_until(what, check, seconds=60):
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() > end:
            sys.exit(f"{what} is not ready after {seconds} s")
        time.sleep(0.05)


def http(url):
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:
            return answer.read().decode()
    except OSError:
        return None


class Part:
    """A server process with a folder and a log."""

    def __init__(self, options, name, command, environment):
        folder = os.path.join(options.dir, name)
        os.makedirs(folder, exist_ok=True)
        self.log = os.path.join(options.dir, name + ".log")
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env={**os.environ, **environment})

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=60)


class Cluster:
    def __init__(self, options, *flags):
        self.options = options
        shutil.rmtree(options.dir, ignore_errors=True)
        self.minio_port = free_port()
        self.endpoint = f"127.0.0.1:{self.minio_port}"
        self.parts = [Part(options, "minio", [options.minio, "server", "--quiet", "--address", self.endpoint,
                                              os.path.join(options.dir, "minio", "data")],
                           {**CREDENTIALS, "MINIO_BROWSER": "off", "MINIO_UPDATE": "off",
                            "MINIO_PROMETHEUS_AUTH_TYPE": "public"})]
        wait_until("MinIO", lambda: http(f"http://{self.endpoint}/minio/health/ready") is not None)
        arguments = ["--payload", "s3", "--s3-endpoint", self.endpoint]
        if options.metadata == "tarantool":
            arguments += ["--metadata", "tarantool", "--tarantool-addresses", self.start_tarantool()]
        else:
            arguments += ["--inline-limit", "0", "--data-dir", os.path.join(options.dir, "server", "data"), "--gate-listen", ""]
        self.ports = free_port(), free_port()
        self.server = Part(options, "server", [options.binary, "serve", "--ingress-listen", f"127.0.0.1:{self.ports[0]}",
                                               "--egress-listen", f"127.0.0.1:{self.ports[1]}", *arguments, *flags], {})
        self.parts.append(self.server)
        wait_until("the server", lambda: subprocess.run(
            [options.binary, "health", f"127.0.0.1:{self.ports[0]}"], capture_output=True, check=False).returncode == 0)
        time.sleep(1)

    def start_tarantool(self):
        port = free_port()
        folder = os.path.join(self.options.dir, "tarantool")
        os.makedirs(os.path.join(folder, "tmp"))
        self.parts.append(Part(self.options, "tarantool", ["tarantool", str(ROOT / "tarantool/init.lua")], {
            "MTS_LISTEN": f"127.0.0.1:{port}", "MTS_WORK_DIR": os.path.join(folder, "data"),
            "MTS_CONSOLE_SOCKET": "", "MTS_MODULE_DIR": str(ROOT / "build/release/lib"), "TMPDIR": os.path.join(folder, "tmp"),
            "MTS_MEMTX_MEMORY": "4G"}))
        return f"127.0.0.1:{port}"

    def stop(self):
        for part in reversed(self.parts):
            part.stop()

    def bench(self, *arguments):
        command = [self.options.binary, "bench", *arguments, "-o", "json", "--server-pid", str(self.server.process.pid),
                   "--ingress", f"127.0.0.1:{self.ports[0]}", "--egress", f"127.0.0.1:{self.ports[1]}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        if done.returncode != 0 or not lines:
            sys.exit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr}")
        return json.loads(lines[-1])

    def go_client(self, *arguments):
        done = subprocess.run([self.options.go_client, "-endpoint", self.endpoint, *arguments], capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            sys.exit(f"minio_client {arguments}: {done.stderr}")
        return json.loads(done.stdout)

    def puts(self):
        """PUT requests of objects that MinIO has answered."""
        text = http(f"http://{self.endpoint}/minio/metrics/v3/api/requests") or ""
        return sum(float(value) for value in re.findall(r'minio_api_requests_total\{name="PutObject"[^}]*\} (\S+)', text))

    def counted(self, *arguments):
        """A bench with the PUTs for a thousand messages, warm-up included in both."""
        before = self.puts()
        last = self.last_sequence()
        run = self.bench(*arguments)
        time.sleep(0.3)
        run["puts"] = self.puts() - before
        run["puts_per_1000"] = 1000 * run["puts"] / max(1, self.last_sequence() - last)
        return run

    def last_sequence(self):
        info = subprocess.run([self.options.binary, "info", "-o", "json", "--ingress", f"127.0.0.1:{self.ports[0]}", "--egress",
                               f"127.0.0.1:{self.ports[1]}"], capture_output=True, text=True, check=True).stdout
        return int(json.loads(info)["last_sequence"])


def publishing(options):
    cluster = Cluster(options)
    seconds = f"{options.seconds}s"
    yield "bare PUT 10 KiB, 16 in flight", "messages_per_s", cluster.go_client("-in-flight", "16", "-seconds", "3")
    run = cluster.bench("pub-stream", "--duration", seconds, "--warm-up", "1s")
    yield "PublishStream 256 B", "messages_per_s", run
    run = cluster.counted("pub-stream", "--batch", "10", "--rate", "20000", "--in-flight", "1000", "--duration", seconds, "--warm-up", "1s")
    yield "PublishStream 256 B, batches of 10, 20,000/s open loop", "puts_per_1000", run
    yield "PublishStream 256 B, batches of 10, 20,000/s open loop, p50", "p50", run
    yield "PublishStream 256 B, batches of 10, 20,000/s open loop, reached", "messages_per_s", run
    run = cluster.counted("pub", "--rate", "20000", "--in-flight", "2000", "--duration", seconds, "--warm-up", "1s")
    yield "Publish 256 B, 20,000/s open loop", "puts_per_1000", run
    yield "Publish 256 B, 20,000/s open loop, p50", "p50", run
    yield "Publish 256 B, 20,000/s open loop, reached", "messages_per_s", run
    run = cluster.counted("pub", "--in-flight", "64", "--duration", seconds, "--warm-up", "1s")
    yield "Publish 256 B, 64 in flight, PUTs", "puts_per_1000", run
    yield "Publish 256 B, 64 in flight", "messages_per_s", run
    run = cluster.counted("pub", "--size", "10KiB", "--in-flight", "64", "--duration", seconds, "--warm-up", "1s")
    yield "Publish 10 KiB, 64 in flight", "messages_per_s", run
    yield "Publish 10 KiB, 64 in flight, server RssAnon MiB", "anon", run
    cluster.stop()


def single(options):
    cluster = Cluster(options)
    for size in (256, 10240):
        bare = cluster.go_client("-size", str(size), "-seconds", "3")
        yield f"bare PUT {size} B, one at a time", "p50", bare
        run = cluster.bench("pub", "--size", str(size), "--in-flight", "1", "--duration", f"{options.seconds}s", "--warm-up", "1s")
        yield f"Publish {size} B, one at a time", "p50", run
    cluster.stop()


def reading(options):
    cluster = Cluster(options)
    run = cluster.bench("fetch-batch", "--size", "10KiB", "--fill", "40000", "--duration", "3s", "--warm-up", "0s")
    yield "FetchBatch 10 KiB", "mb_per_s", run
    yield "FetchBatch 10 KiB, server RssAnon MiB", "anon", run
    run = cluster.bench("fetch-batch", "--size", "256", "--fill", "500000", "--duration", "3s", "--warm-up", "0s", "--subject", "s")
    yield "FetchBatch 256 B", "messages_per_s", run
    cluster.stop()


def transfers(options):
    cluster = Cluster(options, "--s3-part-bytes", str(PART))
    target = os.path.join(options.dir, "dd")
    begun = time.monotonic()
    subprocess.run(["dd", "if=/dev/zero", f"of={target}", "bs=1M", "count=1024", "conv=fdatasync"], check=True, capture_output=True)
    taken = time.monotonic() - begun
    os.unlink(target)
    yield "dd 1 GiB conv=fdatasync", "mb_per_s", {"work": "dd", "seconds": taken, "mb_per_s": 1073.74 / taken}
    size = str(1 << 30)
    parts = ("-size", size, "-part", str(PART), "-in-flight", str(PARALLEL))
    go_up = cluster.go_client("-work", "upload", *parts)
    up = cluster.bench("upload", "--size", "1GiB")
    go_down = cluster.go_client("-work", "download", *parts)
    go_ranges = cluster.go_client("-work", "ranges", "-size", size, "-part", str(RANGE), "-in-flight", str(RANGES))
    down = cluster.bench("download", "--size", "1GiB", "--sequence", "1")
    yield "MinIO Go client, upload 1 GiB", "mb_per_s", go_up
    yield "Upload 1 GiB", "mb_per_s", up
    yield "Upload 1 GiB, of the Go client's", "ratio", {**up, "ratio": up["mb_per_s"] / go_up["mb_per_s"]}
    yield "Upload 1 GiB, server RssAnon MiB", "anon", up
    yield "MinIO Go client, download 1 GiB", "mb_per_s", go_down
    yield "MinIO Go client, download 1 GiB, 3 ranges of 8 MiB at a time", "mb_per_s", go_ranges
    yield "Download 1 GiB", "mb_per_s", down
    yield "Download 1 GiB, of the Go client's", "ratio", {**down, "ratio": down["mb_per_s"] / go_down["mb_per_s"]}
    yield "Download 1 GiB, server RssAnon MiB", "anon", down
    cluster.stop()


GROUPS = {"publishing": publishing, "single": single, "reading": reading, "transfers": transfers}
UNITS = {"p50": "ms", "mb_per_s": "MB/s", "messages_per_s": "1/s", "anon": "MiB", "puts_per_1000": "PUTs per 1,000", "ratio": ""}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--metadata", choices=["embedded", "tarantool"], default="tarantool")
    parser.add_argument("--binary", default=str(ROOT / "build/release/bin/minitoolstream"))
    parser.add_argument("--minio", default=str(ROOT / "build/tools/minio"))
    parser.add_argument("--go-client", default=str(ROOT / "build/minio_client"))
    parser.add_argument("--dir", default="/var/tmp/minitoolstream-cluster-figures")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--only", default="", help=", ".join(GROUPS))
    options = parser.parse_args()
    if not os.path.exists(options.go_client):
        subprocess.run(["go", "build", "-o", options.go_client, "."], check=True, cwd=ROOT / "bench/load/minio_client")
    measure(options, GROUPS, UNITS, "cluster.jsonl", metadata=options.metadata)


if __name__ == "__main__":
    main()
