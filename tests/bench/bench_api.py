#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench_api.py BUILD [CALLS] [ROUNDS] [SECONDS] [first]: what edge, decision and log add to a first
token.

One client asks a demo for streamed answers, one after the other over one connection, and
bench_api_alone asks the same model the same without a gateway, in turn, CALLS (40) each a round,
ROUNDS (5). The clock runs from the request to the first text. One JSON line: medians of each, and
the median of the rounds' differences. SECONDS of rest are between two calls (0.02), so that neither
finds caches warm that the other does not. `first` (as root): all of them, PostgreSQL included, go
before other programs of the machine (SCHED_RR), which otherwise are what is measured.
"""

import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from bench_download import family
from bench_first_token import ask, connect
from serving import serve, stop

PROMPT, TOKENS = "Weights are", 8


def request_of(demo):
    body = json.dumps({"model": demo["model"], "stream": True, "max_tokens": TOKENS,
                       "temperature": 0, "prompt": PROMPT}).encode()
    return (f"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
            f"{demo['tokens']['researcher']}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def alone(program):
    program.stdin.write("\n")
    program.stdin.flush()
    return int(program.stdout.readline()) / 1e6


def go_first(*processes):
    for pid in [os.getpid(), *(p for one in processes for p in (one.pid, *family(one.pid)))]:
        subprocess.run(["chrt", "-a", "-r", "-p", "1", str(pid)], check=True)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    calls = int(sys.argv[2]) if len(sys.argv) > 2 else 40
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    rest = float(sys.argv[4]) if len(sys.argv) > 4 else 0.02
    model = pathlib.Path(__file__).resolve().parents[1] / "data/demo-model"
    program = subprocess.Popen([build / "tests/bench_api_alone", model, PROMPT, str(TOKENS),
                                str(os.cpu_count())], text=True, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
    with tempfile.TemporaryDirectory(prefix="sallyport-bench-") as folder:
        root = pathlib.Path(folder)
        root.chmod(0o711)
        (root / "gateway").mkdir(mode=0o755)
        demo, gateway, database = serve(build, root / "gateway", {})
        try:
            if "first" in sys.argv:
                go_first(program, gateway, database)
            with connect(demo) as tls:
                kinds = (lambda: ask(tls, request_of(demo))[0], lambda: alone(program))
                for kind in kinds:
                    for _ in range(5):
                        kind()
                rows = []
                for _ in range(rounds):
                    times = ([], [])
                    for _ in range(calls):
                        for kind, taken in zip(kinds, times):
                            time.sleep(rest)
                            taken.append(1000 * kind())
                    rows.append([statistics.median(taken) for taken in times])
            print(json.dumps({
                "bench": "api first token", "calls": calls * rounds,
                "api_p50_ms": round(statistics.median(row[0] for row in rows), 2),
                "alone_p50_ms": round(statistics.median(row[1] for row in rows), 2),
                "added_ms": round(statistics.median(a - b for a, b in rows), 2),
                "rounds_ms": [[round(ms, 2) for ms in row] for row in rows],
                "load": os.getloadavg()[0]}))
        finally:
            program.stdin.close()
            program.wait()
            stop(gateway)
            stop(database, signal.SIGINT)


if __name__ == "__main__":
    main()
