#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench_log.py BUILD [ENTRIES] [ROUNDS] [sequenced]: how fast the log takes and publishes entries.

Durable: `bench_log` (C) writes events into the demo's PostgreSQL by 1, 16, 64 and 256 threads, each
with a synchronous INSERT of its own and a connection of its own, beside the recorder that commits
many together, in turn; of the rounds the one with the median ratio. What a commit waits for is the
disk: flush_ms. TMPDIR=/dev/shm takes the disk out of it.
Sequenced: so many events are committed at once, and the clock runs until the public checkpoint
covers them; the scribe and the keeper are the gateway's own. Findable: until searches see all of
them, too. cpu_us: CPU time an entry of each process, which a busy machine does not change by much.
Prints one JSON line a measurement.
"""

import json
import os
import pathlib
import shlex
import signal
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid

from bench_download import TICKS, family, start_gateway


PORT = 10000


def size_of(demo, context):
    with urllib.request.urlopen(demo["url"] + "/log/checkpoint", context=context) as answer:
        return int(answer.read().split(b"\n")[1])


def rows_of(count):
    """Events as the edge writes them: 40 people and licenses, payloads of 400 bytes."""
    at = time.strftime("%Y-%m-%d %H:%M:%S+00", time.gmtime())
    for i in range(count):
        who, license_id = uuid.UUID(int=i % 40 + 1), uuid.UUID(int=i % 40 + 1001)
        payload = json.dumps({"actor": {"id": str(who), "name": "bench"}, "model": "bench/model",
                              "license": str(license_id), "n": i, "note": "x" * 230},
                             sort_keys=True, separators=(",", ":"))
        yield "\t".join([str(uuid.uuid4()), at, "license.remind", str(who), "bench",
                         "bench/model", str(license_id), "t", "OK",
                         "\\\\x" + payload.encode().hex(), "\\\\x" + os.urandom(32).hex()])


def commit(demo, count):
    rows = "\n".join(rows_of(count))
    script = f"""\\set ON_ERROR_STOP on
SET search_path = sallyport;
BEGIN;
CREATE TEMP TABLE fresh (LIKE audit_event) ON COMMIT DROP;
COPY fresh (id, at, kind, actor, actor_name, model, license, allow, code, payload, nonce)
	FROM stdin;
{rows}
\\.
INSERT INTO audit_event SELECT * FROM fresh;
INSERT INTO audit_outbox (event) SELECT id FROM fresh;
COMMIT;
"""
    subprocess.run(["psql", "-q", demo["psql"]], input=script, text=True, check=True)


def part_of(pid):
    """What a process is: "edge", or "postgres of scribe" for a connection."""
    words = pathlib.Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").split()
    if words and words[0] == "postgres:":
        return "postgres of " + words[1].removeprefix("sallyport_")
    return pathlib.Path(words[0]).name.removeprefix("sallyport-") if words else "none"


def cpu_by_part(root):
    """CPU seconds so far, by process."""
    seconds = {}
    for pid in family(root):
        try:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            part = part_of(pid)
        except OSError:
            continue
        seconds[part] = seconds.get(part, 0) + (int(fields[11]) + int(fields[12])) / TICKS
    return seconds


def left_to_find(demo):
    sql = ("SELECT (SELECT coalesce(max(seq) + 1, 0) FROM sallyport.audit_leaf) - next "
           "FROM sallyport.audit_progress")
    return int(subprocess.run(["psql", "-qAt", demo["psql"], "-c", sql], check=True,
                              capture_output=True, text=True).stdout)


def sequence(gateway, demo, context, count):
    """Entries a second: published, findable; microseconds of CPU an entry, by process."""
    target = size_of(demo, context) + count
    commit(demo, count)
    used, begun = cpu_by_part(gateway.pid), time.monotonic()
    first = size_of(demo, context)
    while size_of(demo, context) < target:
        time.sleep(0.01)
    published = (target - first) / (time.monotonic() - begun)
    while left_to_find(demo) > 0:
        time.sleep(0.1)
    findable = (target - first) / (time.monotonic() - begun)
    cpu = {part: round((seconds - used.get(part, 0)) / (target - first) * 1e6, 1)
           for part, seconds in cpu_by_part(gateway.pid).items()}
    return published, findable, {part: us for part, us in sorted(cpu.items()) if us >= 0.5}


def signal_scribe(gateway, number):
    """Stopped while durable writes are measured: it would take the rest of a small machine."""
    for pid in family(gateway.pid):
        name = pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
        if name == "sallyport-scrib":
            os.kill(pid, number)


def flush_ms(folder):
    """What a commit waits for: 8 KiB more of a file on that disk, median of 50."""
    times = []
    with open(folder / "flush", "wb", buffering=0) as file:
        file.write(bytes(50 * 8192))
        os.fsync(file.fileno())
        file.seek(0)
        for _ in range(50):
            begun = time.monotonic()
            file.write(bytes(8192))
            os.fdatasync(file.fileno())
            times.append(time.monotonic() - begun)
    return round(statistics.median(times) * 1000, 2)


def durable(build, demo, rounds, folder):
    secrets = pathlib.Path(demo["config"]).parent / "secrets"
    words = dict(word.split("=", 1) for word in shlex.split(demo["psql"]))
    lines = []
    for _ in range(rounds):
        flush = flush_ms(folder)
        text = subprocess.run([f"{build}/tests/bench_log", words["host"], words.get("port", "5432"),
                               words["dbname"], "2", str(secrets / "edge.password")], check=True,
                              capture_output=True, text=True).stdout
        lines += [{**json.loads(line), "flush_ms": flush} for line in text.splitlines()]
    for writers in sorted({line["writers"] for line in lines}):
        same = sorted((line for line in lines if line["writers"] == writers),
                      key=lambda line: line["ratio"])
        print(json.dumps({**same[len(same) // 2], "ratios": [line["ratio"] for line in same]}),
              flush=True)
    return statistics.median(line["alone_per_second"] for line in lines if line["writers"] == 1)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 20000
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    what = sys.argv[4] if len(sys.argv) > 4 else "both"
    with tempfile.TemporaryDirectory(prefix="sallyport-bench-") as folder:
        root = pathlib.Path(folder)
        root.chmod(0o711)
        gateway, demo = start_gateway(build, root, PORT)
        try:
            alone = None
            if what != "sequenced":
                signal_scribe(gateway, signal.SIGSTOP)
                alone = durable(build, demo, rounds, root)
                signal_scribe(gateway, signal.SIGCONT)
            context = ssl.create_default_context(cafile=demo["ca"])
            rounds_of = [sequence(gateway, demo, context, count) for _ in range(rounds)]
            published, findable, cpu = zip(*rounds_of)
            parts = sorted({part for one in cpu for part in one})
            print(json.dumps({
                "measure": "sequenced and published", "entries": count,
                "per_second": round(statistics.median(published)),
                "findable_per_second": round(statistics.median(findable)),
                "ratio_to_single_inserts": round(statistics.median(published) / alone, 2)
                if alone else None,
                "cpu_us": {part: statistics.median(one.get(part, 0) for one in cpu)
                           for part in parts},
                "cpu_us_sum": round(statistics.median(sum(one.values()) for one in cpu), 1),
                "rounds": [round(rate) for rate in published]}), flush=True)
        finally:
            gateway.terminate()
            gateway.wait()


if __name__ == "__main__":
    main()
