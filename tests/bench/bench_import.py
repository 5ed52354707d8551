#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench_import.py BUILD [MIB] [ROUNDS]: a large file on its way in, stage by stage.

Starts the demo from BUILD and lets curl send one random file, whole and in parts (eight at once,
then joined). Prints one JSON line a measurement: wall-clock MB/s, and CPU seconds a GB of each
kind of process; before it, what bench_seal and bench_crypto say in the same run: the sealing
stage alone, and libsodium's plain ChaCha20-Poly1305 on one core. Medians. The client's own work
(curl, TLS) is not counted, but takes its share of the cores.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from bench_download import TICKS, family, start_gateway

PORT = 20390
KINDS = {"sallyport-edge": "edge", "sallyport-porte": "porter", "sallyport-keepe": "keeper",
         "sallyport-scrib": "scribe"}  # the kernel keeps fifteen bytes of a name


def processes(root):
    """Of each kind below the gateway: the CPU seconds of all its processes so far."""
    spent = dict.fromkeys(KINDS, 0.0)
    for pid in family(root):
        try:
            head, _, tail = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")
        except OSError:
            continue
        name, fields = head.partition("(")[2], tail.split()
        if name in spent:
            spent[name] += (int(fields[11]) + int(fields[12])) / TICKS
    return spent


def curl(demo, *words):
    """The answer's head and body as text; anything but a success ends the run."""
    command = ["curl", "-sS", "-i", "--http1.1", "--fail-with-body", "--cacert", demo["ca"], *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def post(demo, url, body, *words):
    said = curl(demo, "-X", "POST", "-d", json.dumps(body), "-H", "Expect:", *words, url)
    return json.loads(said.rpartition("\n\n")[2] or "{}")


def batch(demo, model, path, transfers):
    digest = hashlib.sha256()
    with open(path, "rb") as source:
        while piece := source.read(1 << 20):
            digest.update(piece)
    oid = digest.hexdigest()
    body = {"transfers": transfers, "objects": [{"oid": oid, "size": path.stat().st_size}]}
    said = post(demo, f'{demo["url"]}/{model}.git/info/lfs/objects/batch', body,
                "-H", f'Authorization: Bearer {demo["tokens"]["admin"]}')
    return oid, said["objects"][0]["actions"]["upload"]


def send_whole(demo, model, path):
    _, upload = batch(demo, model, path, ["basic"])
    begun = time.monotonic()
    curl(demo, "-H", "Expect:", "-T", str(path), upload["href"])
    return {"import.whole": time.monotonic() - begun}


def send_part(demo, path, size, number, href):
    command = f'tail -c +{(number - 1) * size + 1} "$0" | head -c {size} > "$0.{number}"'
    subprocess.run(["sh", "-c", command, str(path)], check=True)
    piece = path.with_name(f"{path.name}.{number}")
    said = curl(demo, "-H", "Expect:", "-T", str(piece), href)
    piece.unlink()
    etag = next(line.partition(":")[2].strip() for line in said.splitlines()
                if line.lower().startswith("etag:"))
    return {"partNumber": number, "etag": etag}


def send_parts(demo, model, path):
    oid, upload = batch(demo, model, path, ["basic", "multipart"])
    size = int(upload["header"]["chunk_size"])
    hrefs = [(int(key), value) for key, value in upload["header"].items() if key.isdigit()]
    begun = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        parts = list(pool.map(lambda one: send_part(demo, path, size, *one), hrefs))
    joined = time.monotonic()
    post(demo, upload["href"], {"oid": oid, "parts": parts})
    return {"import.parts": joined - begun, "import.join": time.monotonic() - joined}


def change(path, number):
    """Other bytes than before, or nothing would be sent."""
    with open(path, "r+b") as out:
        out.write(number.to_bytes(8, "little"))


def measure(rows, gateway, send, demo, path):
    before = processes(gateway.pid)
    seconds = send(demo, "bench", path)
    spent = {kind: after - before[kind] for kind, after in processes(gateway.pid).items()}
    for name, wall in seconds.items():
        rows.setdefault(name, []).append((wall, spent))


def report(rows, mebibytes):
    gigabytes = mebibytes * (1 << 20) / 1e9
    for name, runs in rows.items():
        line = {"bench": name, "mib": mebibytes,
                "wall_mb_per_s": round(gigabytes * 1e3 / statistics.median(r[0] for r in runs))}
        if name != "import.join":  # its CPU is counted with its parts'
            for kind in KINDS:
                cpu = statistics.median(r[1][kind] for r in runs)
                line[KINDS[kind] + "_cpu_s_per_gb"] = round(cpu / gigabytes, 2)
        print(json.dumps(line), flush=True)


def main():
    build = sys.argv[1]
    mebibytes = int(sys.argv[2]) if len(sys.argv) > 2 else 256
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        root.chmod(0o755)
        for program in (["bench_crypto"], ["bench_seal", folder, str(mebibytes)]):
            said = subprocess.run([f"{build}/tests/{program[0]}", *program[1:]], check=True,
                                  capture_output=True, text=True).stdout
            print(said, end="", flush=True)
        weights = root / "weights.bin"
        with open(weights, "wb") as out:
            for _ in range(mebibytes):
                out.write(os.urandom(1 << 20))
        gateway, demo = start_gateway(build, root, PORT)
        try:
            post(demo, f'{demo["url"]}/api/repos/create', {"name": "bench"},
                 "-H", f'Authorization: Bearer {demo["tokens"]["admin"]}')
            rows = {}
            for number in range(rounds):
                change(weights, 2 * number)
                measure(rows, gateway, send_whole, demo, weights)
                change(weights, 2 * number + 1)
                measure(rows, gateway, send_parts, demo, weights)
            report(rows, mebibytes)
        finally:
            gateway.send_signal(signal.SIGTERM)
            gateway.wait()


if __name__ == "__main__":
    main()
