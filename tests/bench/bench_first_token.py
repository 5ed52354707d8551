#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench_first_token.py BUILD [CALLERS] [SECONDS] [ROUNDS]: what the log costs a first token.

Three demos are served, each with enough workers: the gateway as it is, one whose edge is
bench_edge_unlogged, where single calls leave nothing, and one of bench_edge_half, where every
second call does not wait for its entry. CALLERS connections (64) to one, the next and the last ask
for streamed answers of TOKENS tokens, again and again, for SECONDS each, ROUNDS times in turn; the
clock runs from the request to the first token. Two JSON lines. "wait": of bench_edge_half, what
calls with their entry waited longer than those without, in one edge at the same time, the
difference of medians with its 95 % interval (bootstrapped over callers). "first token": medians of
the other two, the median of the rounds' differences; processor time a call without the engine's;
and by /metrics, how long calls waited for the log, and in how many calls the engine had answered
before: the others lost nothing by the log.
"""

import json
import pathlib
import random
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

from bench_log import cpu_by_part
from serving import serve, stop

TOKENS = 200
RECEIPT = re.compile(rb"x-audit-receipt: ([0-9a-f-]{36})", re.IGNORECASE)


def connect(demo):
    context = ssl.create_default_context(cafile=demo["ca"])
    plain = socket.create_connection(("127.0.0.1", int(demo["url"].rpartition(":")[2])))
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return context.wrap_socket(plain, server_hostname="localhost")


def ask(tls, request):
    """Seconds to the first token, and whether its entry has an even number; reads to the end."""
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
    return first, int(RECEIPT.search(text).group(1)[-1:], 16) % 2 == 0


def load(demo, callers, seconds):
    """Of each caller, what `ask` says of the calls that began in that while."""
    body = json.dumps({"model": demo["model"], "stream": True, "max_tokens": TOKENS,
                       "prompt": "Weights are"}).encode()
    request = (f"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
               f"{demo['tokens']['researcher']}\r\nContent-Type: application/json\r\n"
               f"Content-Length: {len(body)}\r\n\r\n").encode() + body
    calls, until = [[] for _ in range(callers)], time.monotonic() + seconds

    def call(own):
        with connect(demo) as tls:
            ask(tls, request)
            while time.monotonic() < until:
                own.append(ask(tls, request))

    threads = [threading.Thread(target=call, args=(own,)) for own in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return calls


def median_ms(calls):
    return 1000 * statistics.median(first for own in calls for first, _ in own)


def difference(calls):
    """How many milliseconds calls with an entry took longer than those without."""
    logged, unlogged = ([first for own in calls for first, is_even in own if is_even is which]
                        for which in (True, False))
    return 1000 * (statistics.median(logged) - statistics.median(unlogged))


def wait_line(calls):
    """`calls` of all rounds, of each caller one list: they are drawn anew, 1,000 times."""
    drawn = sorted(difference(random.choices(calls, k=len(calls))) for _ in range(1000))
    return {"bench": "wait", "calls": sum(len(own) for own in calls),
            "p50_ms": round(median_ms(calls), 1), "added_ms": round(difference(calls), 2),
            "interval_ms": [round(drawn[25], 2), round(drawn[974], 2)]}


def cpu_us(run, before, count):
    """Processor time a call, of all but engines and what is not the gateway's."""
    return {part: round((seconds - before.get(part, 0)) / count * 1e6)
            for part, seconds in cpu_of(run).items()
            if part != "engine" and seconds - before.get(part, 0) > 0.02}


def cpu_of(run):
    return {part: seconds for process in run[1:] for part, seconds in
            cpu_by_part(process.pid).items()}


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


def other(build, root, edge):
    """A copy of the programs, with another edge."""
    copy = root / edge
    shutil.copytree(build / "bin", copy / "bin")
    shutil.copy(build / "tests" / edge, copy / "bin/sallyport-edge")
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
            for name, programs in (("with", build),
                                   ("without", other(build, root, "bench_edge_unlogged")),
                                   ("half", other(build, root, "bench_edge_half"))):
                (root / name).mkdir(mode=0o755)
                running.append(serve(build, root / name, settings, programs))
                load(running[-1][0], callers, 0.5)
            (before, late), rows = waits(running[0][0]), []
            used = [cpu_of(run) for run in running]
            for _ in range(rounds):
                rows.append([load(demo, callers, seconds) for demo, _, _ in running])
            after, late_now = waits(running[0][0])
            print(json.dumps(wait_line([own for row in rows for own in row[2]])), flush=True)
            counts = [sum(len(own) for row in rows for own in row[k]) for k in (0, 1)]
            medians = [[median_ms(calls) for calls in row[:2]] for row in rows]
            print(json.dumps({
                "bench": "first token", "callers": callers, "calls": counts,
                "with_log_p50_ms": round(statistics.median(m[0] for m in medians), 1),
                "without_p50_ms": round(statistics.median(m[1] for m in medians), 1),
                "added_ms": round(statistics.median(m[0] - m[1] for m in medians), 1),
                "rounds_ms": [[round(ms, 1) for ms in m] for m in medians],
                "cpu_us": [cpu_us(running[k], used[k], counts[k]) for k in (0, 1)],
                "engine_waited_for_the_log": late_now - late,
                "half_wait_for_the_log_at_most_ms": 1000 * median_wait(before, after)}))
        finally:
            for _, gateway, database in running:
                stop(gateway)
                stop(database, signal.SIGINT)


if __name__ == "__main__":
    main()
