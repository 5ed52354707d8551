#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench_streams_api.py BUILD [ROUNDS] [TYPE]: how evenly 64 streams flow through the gateway.

A made-up model of 30 million parameters (the shape of bench_streams, TYPE F32 or BF16) is asked by
64 connections of this one program, each a streamed answer over TLS; whose answer ends asks at once
for another, with a new prompt of PROMPT tokens. One token comes at each place (a bias), so that
each has a text and an event. A step of the batch is the median time between two tokens of a stream
while all 64 write and nobody reads. One JSON line a round, and one of the medians: that step, the
gaps between tokens while others come and go, and the 99th percentile in steps.
"""

import json
import os
import pathlib
import random
import selectors
import signal
import socket
import ssl
import statistics
import sys
import tempfile
import time

import bench_load
from bench_download import import_model
from serving import serve, stop

STREAMS, PROMPT, WRITTEN, CALLS = 64, 128, 96, 2
SHAPE = {"HIDDEN": 512, "LAYERS": 6, "MLP": 1376, "HEADS": 8, "KV": 8, "VOCABULARY": 20000}
TOKEN = 300  # of the demo's tokenizer: one with a text


class Stream:
    """One connection: the moments at which its tokens came."""

    def __init__(self, demo, context, number):
        plain = socket.create_connection(("127.0.0.1", int(demo["url"].rpartition(":")[2])))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.tls = context.wrap_socket(plain, server_hostname="localhost")
        self.tls.setblocking(False)
        self.demo, self.random = demo, random.Random(number)
        self.gaps, self.last, self.rest = [], None, b""
        self.is_done = self.is_over = True

    def ask(self, tokens):
        prompt = [self.random.randrange(260, 1000) for _ in range(PROMPT)]
        body = json.dumps({"model": "bench/weights", "stream": True, "max_tokens": tokens,
                           "prompt": prompt, "temperature": 0, "ignore_eos": True,
                           "logit_bias": {str(TOKEN): 100}}).encode()
        head = (f"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                f"{self.demo['tokens']['researcher']}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n").encode()
        self.last, self.rest, self.is_done, self.is_over = None, b"", False, False
        self.tls.sendall(head + body)

    def read(self):
        """What has come; events that came together have no gap between them."""
        try:
            part = self.tls.recv(65536)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        now = time.monotonic()
        self.rest += part
        if not part or self.rest.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5")):
            sys.exit(f"refused: {self.rest!r}")
        events = self.rest.split(b"\n\n")
        self.rest = events.pop()
        for event in events:
            if b'"text":"' not in event or b'"text":""' in event:
                continue
            if self.last is not None:
                self.gaps.append(now - self.last)
            self.last = now
        self.is_done |= any(b"[DONE]" in event for event in events)
        self.is_over = self.is_done and self.rest.endswith(b"0\r\n\r\n")


def run(streams, lengths, calls):
    """Each stream asks `calls` times, first for lengths[i] tokens, then for WRITTEN; its gaps."""
    left = [calls] * len(streams)
    with selectors.DefaultSelector() as selector:
        for i, one in enumerate(streams):
            one.gaps = []
            one.ask(lengths[i])
            left[i] -= 1
            selector.register(one.tls, selectors.EVENT_READ, i)
        while not all(one.is_over for one in streams):
            for key, _ in selector.select():
                one = streams[key.data]
                one.read()
                while one.tls.pending():
                    one.read()
                if one.is_over and left[key.data]:
                    left[key.data] -= 1
                    one.ask(WRITTEN)
    return [one.gaps for one in streams]


def share(values, of):
    return sorted(values)[int(of * (len(values) - 1))]


def measure(demo, round_number):
    context = ssl.create_default_context(cafile=demo["ca"])
    streams = [Stream(demo, context, round_number * 1000 + i) for i in range(STREAMS)]
    alone = run(streams, [WRITTEN] * STREAMS, 1)
    # The first quarter may fall into others' prompts, the last into their ends.
    step = statistics.median(gap for gaps in alone for gap in gaps[len(gaps) // 4:-len(gaps) // 4])
    # They end one after the other from the first on.
    lengths = [16 + WRITTEN * (i + 1) // STREAMS for i in range(STREAMS)]
    gaps = [gap for own in run(streams, lengths, CALLS) for gap in own]
    for one in streams:
        one.tls.close()
    return {"bench": "streams by the gateway", "streams": STREAMS, "gaps": len(gaps),
            "step_ms": round(1000 * step, 2), "gap_p50_ms": round(1000 * share(gaps, 0.5), 2),
            "gap_p99_ms": round(1000 * share(gaps, 0.99), 2),
            "p99_steps": round(share(gaps, 0.99) / step, 2)}


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    kind = sys.argv[3] if len(sys.argv) > 3 else "F32"
    for name, value in SHAPE.items():
        setattr(bench_load, name, value)
    with tempfile.TemporaryDirectory(prefix="sallyport-bench-") as folder:
        root = pathlib.Path(folder)
        os.chmod(root, 0o755)
        bench_load.write_model(root / "model", build, kind)
        # Half of the workers may generate at a time.
        demo, gateway, database = serve(build, root, {"workers": 2 * STREAMS + 16})
        try:
            import_model(build, root, demo)
            bench_load.one_token(demo)
            rows = []
            for i in range(rounds):
                rows.append(measure(demo, i))
                print(json.dumps(rows[-1]), flush=True)
        finally:
            stop(gateway)
            stop(database, signal.SIGINT)
    print(json.dumps({name: statistics.median(row[name] for row in rows)
                      for name in ("step_ms", "gap_p50_ms", "gap_p99_ms", "p99_steps")}))


if __name__ == "__main__":
    main()
