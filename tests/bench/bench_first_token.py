#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench_first_token.py BUILD [CALLERS] [SECONDS] [ROUNDS]: what the log costs a first token.

Two demos are served, each with enough workers: the gateway as it is, and one whose edge is
bench_edge_unlogged, where single calls leave nothing. CALLERS connections (64) to one and then to
the other ask for streamed answers of TOKENS tokens, again and again, for SECONDS each, ROUNDS
times in turn; the clock runs from the request to the first token. One JSON line: medians of each,
the median of the rounds' differences; and by the first one's /metrics, how long calls waited for
the log, and in how many calls the engine had answered before: the others lost nothing by the log.
"""

import json
import pathlib
import re
import shutil
import signal
import socket
import ssl
import statistics
import sys
import tempfile
import threading
import time
import urllib.request

from serving import serve, stop

TOKENS = 200


def connect(demo):
    context = ssl.create_default_context(cafile=demo["ca"])
    plain = socket.create_connection(("127.0.0.1", int(demo["url"].rpartition(":")[2])))
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return context.wrap_socket(plain, server_hostname="localhost")


def ask(tls, request):
    """Seconds to the first token; reads the answer to its end."""
    begun, first, text = time.monotonic(), None, b""
    tls.sendall(request)
    while b"data: [DONE]" not in text or not text.endswith(b"0\r\n\r\n"):
        part = tls.recv(65536)
        if not part:
            sys.exit(f"an answer broke off: {text!r}")
        text += part
        if first is None and b"data: " in text:
            first = time.monotonic() - begun
        if not text.startswith(b"HTTP/1.1 200"):
            sys.exit(f"refused: {text!r}")
    return first


def load(demo, callers, seconds):
    """The times to the first token of all calls that began and ended in that while."""
    body = json.dumps({"model": demo["model"], "stream": True, "max_tokens": TOKENS,
                       "prompt": "Weights are"}).encode()
    request = (f"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
               f"{demo['tokens']['researcher']}\r\nContent-Type: application/json\r\n"
               f"Content-Length: {len(body)}\r\n\r\n").encode() + body
    times, until = [], time.monotonic() + seconds

    def call():
        with connect(demo) as tls:
            ask(tls, request)
            while time.monotonic() < until:
                times.append(ask(tls, request))

    threads = [threading.Thread(target=call) for _ in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def waits(demo):
    """How many waited for the log up to so many seconds, so far; and how many engines for it."""
    context = ssl.create_default_context(cafile=demo["ca"])
    with urllib.request.urlopen(demo["url"] + "/metrics", context=context) as answer:
        text = answer.read().decode()
    found = re.findall(r'log_wait_seconds_bucket\{(?:.*,)?le="([^"]+)"\} (\d+)', text)
    late = re.search(r"log_late_total(?:{.*})? (\d+)", text).group(1)
    return {float(bound): int(count) for bound, count in found}, int(late)


def median_wait(before, after):
    """The bound below which half of those between lie."""
    counts = {bound: after[bound] - before[bound] for bound in after}
    return next(bound for bound in sorted(counts) if counts[bound] * 2 >= counts[float("inf")])


def unlogged(build, root):
    """A copy of the programs, with the other edge."""
    copy = root / "unlogged"
    shutil.copytree(build / "bin", copy / "bin")
    shutil.copy(build / "tests/bench_edge_unlogged", copy / "bin/sallyport-edge")
    return copy


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    callers = int(sys.argv[2]) if len(sys.argv) > 2 else 64
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 4
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 5
    settings = {"workers": min(256, 2 * callers + 8)}
    running = []
    with tempfile.TemporaryDirectory(prefix="sallyport-bench-") as folder:
        root = pathlib.Path(folder)
        root.chmod(0o711)
        try:
            for name, programs in (("with", build), ("without", unlogged(build, root))):
                (root / name).mkdir(mode=0o755)
                running.append(serve(build, root / name, settings, programs))
                load(running[-1][0], callers, 0.5)
            (before, late), rows = waits(running[0][0]), []
            for _ in range(rounds):
                rows.append([load(demo, callers, seconds) for demo, _, _ in running])
            after, late_now = waits(running[0][0])
            medians = [[1000 * statistics.median(times) for times in row] for row in rows]
            print(json.dumps({
                "bench": "first token", "callers": callers,
                "calls": [sum(len(row[k]) for row in rows) for k in (0, 1)],
                "with_log_p50_ms": round(statistics.median(m[0] for m in medians), 1),
                "without_p50_ms": round(statistics.median(m[1] for m in medians), 1),
                "added_ms": round(statistics.median(m[0] - m[1] for m in medians), 1),
                "rounds_ms": [[round(ms, 1) for ms in m] for m in medians],
                "engine_waited_for_the_log": late_now - late,
                "half_wait_for_the_log_at_most_ms": 1000 * median_wait(before, after)}))
        finally:
            for _, gateway, database in running:
                stop(gateway)
                stop(database, signal.SIGINT)


if __name__ == "__main__":
    main()
