#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench_readers.py BUILD [READERS] [SECONDS]: many slow downloads at once.

Starts the demo from BUILD, imports one random file of 64 MiB, and opens READERS downloads of it,
each read at 16 KiB a second, while another process asks for /healthz again and again. One JSON
line: memory a stream (the proportional set size of all our processes, with the memory they share,
less what it was when nothing had been downloaded yet), memory of the kernel's sockets apart (both
ends of all connections), and the time /healthz took.
"""

import json
import multiprocessing
import pathlib
import resource
import signal
import socket
import ssl
import sys
import tempfile
import time

from bench_download import family, import_model, start_gateway, write_model

PATH = "/bench/weights/resolve/main/weights.bin"
MEBIBYTES = 64
STEP = 16 * 1024


def memory(root):
    """Bytes of all processes below `root`: what several share is counted once."""
    total = 0
    for pid in family(root):
        name = pathlib.Path(f"/proc/{pid}/comm").read_text()
        if name.startswith("postgres"):
            continue
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def socket_memory():
    for line in pathlib.Path("/proc/net/sockstat").read_text().splitlines():
        if line.startswith("TCP:"):
            words = line.split()
            return int(words[words.index("mem") + 1]) * resource.getpagesize()
    return 0


def connect(demo, context):
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    plain.connect(("127.0.0.1", int(demo["url"].rpartition(":")[2])))
    return context.wrap_socket(plain, server_hostname="localhost")


def ask(tls, demo, path):
    tls.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n"
                f"Authorization: Bearer {demo['tokens']['researcher']}\r\n\r\n".encode())


def watch_health(demo, context, stop, out):
    """Ask every 5 ms over one connection; the seconds each took, when told to stop."""
    tls, times = connect(demo, context), []
    while not stop.is_set():
        begun = time.monotonic()
        tls.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        if not tls.recv(4096).startswith(b"HTTP/1.1 200"):
            sys.exit("/healthz does not answer")
        times.append(time.monotonic() - begun)
        time.sleep(0.005)
    out.put(sorted(times))


def open_readers(demo, context, count):
    readers = []
    for _ in range(count):
        tls = connect(demo, context)
        ask(tls, demo, PATH)
        readers.append(tls)
    for tls in readers:
        if not tls.recv(STEP).startswith(b"HTTP/1.1 200"):
            sys.exit("a download was refused")
        tls.setblocking(False)
    return readers


def read_slowly(readers, seconds):
    """Every reader once a second, one after the other, at an even pace."""
    total, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        begun = time.monotonic()
        for i, tls in enumerate(readers):
            try:
                total += len(tls.recv(STEP))
            except (ssl.SSLWantReadError, BlockingIOError):
                pass
            late = begun + i / len(readers) - time.monotonic()
            if late > 0.01:
                time.sleep(late)
    return total


def measure(gateway, demo, count, seconds):
    context = ssl.create_default_context(cafile=demo["ca"])
    before, sockets_before = memory(gateway.pid), socket_memory()
    begun = time.monotonic()
    readers = open_readers(demo, context, count)
    opened = time.monotonic() - begun
    stop, out = multiprocessing.Event(), multiprocessing.Queue()
    health = multiprocessing.Process(target=watch_health, args=(demo, context, stop, out))
    health.start()
    got = read_slowly(readers, seconds)
    stop.set()
    times = out.get()
    health.join()
    used = memory(gateway.pid) - before
    print(json.dumps({
        "bench": "readers", "readers": count, "opened_in_s": round(opened, 1),
        "read_mb_per_s": round(got / seconds / 1e6, 1),
        "kib_per_stream": round(used / count / 1024, 1),
        "idle_mib": round(before / (1 << 20), 1),
        "socket_kib_per_stream": round((socket_memory() - sockets_before) / count / 1024, 1),
        "healthz": len(times), "healthz_p50_ms": round(times[len(times) // 2] * 1e3, 2),
        "healthz_p99_ms": round(times[int(len(times) * 0.99)] * 1e3, 2)}))


def main():
    build = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    seconds = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        root.chmod(0o755)
        write_model(root / "model", MEBIBYTES)
        gateway, demo = start_gateway(build, root, 20102)
        try:
            import_model(build, root, demo)
            measure(gateway, demo, count, seconds)
        finally:
            gateway.send_signal(signal.SIGTERM)
            gateway.wait()


if __name__ == "__main__":
    main()
