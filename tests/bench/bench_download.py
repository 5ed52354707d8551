#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench_download.py BUILD [MIB] [ROUNDS]: a download through the gateway beside nginx.

Starts the demo from BUILD, imports one random file, and lets curl fetch it from the gateway and
from nginx (Debian's, default settings, same certificate, the plaintext) in turn. One JSON line a
measurement: wall-clock MB/s and CPU seconds a GB of all processes of the server and of each; the
ratios to nginx (medians over pairs: machines differ, and so do moments); the own rate of the
slowest stage, which is what the wall clock would say if each process had a core; and the time to
the first byte for clients not seen before, with connection, TLS, decision, entry and key release.
"""

import json
import os
import pathlib
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

TICKS = os.sysconf("SC_CLK_TCK")
NGINX = """
daemon off; worker_processes 2; pid {0}/nginx.pid; error_log {0}/nginx.log;
user root;
events {{ }}
http {{
    access_log off; client_body_temp_path {0}; proxy_temp_path {0}; fastcgi_temp_path {0};
    uwsgi_temp_path {0}; scgi_temp_path {0};
    server {{
        listen 127.0.0.1:{1} ssl; root {2};
        ssl_certificate {3}; ssl_certificate_key {4}; ssl_protocols TLSv1.3;
    }}
}}
"""


def family(root):
    """The process and everything below it."""
    children = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        children.setdefault(int(text.rpartition(")")[2].split()[1]), []).append(
            int(text.split()[0]))
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += children.get(pid, [])
    return found


def cpu_seconds(root):
    """CPU seconds so far of all of them, by the name of the program."""
    seconds = {}
    for pid in family(root):
        try:
            text = pathlib.Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            continue
        name, fields = text[text.index("(") + 1:text.rindex(")")], text.rpartition(")")[2].split()
        seconds[name] = seconds.get(name, 0) + (int(fields[11]) + int(fields[12])) / TICKS
    return seconds


def fetch(url, ca, token):
    """Bytes a second, as curl saw it."""
    command = ["curl", "-sf", "-o", "/dev/null", "-w", "%{speed_download}", "--tlsv1.3",
               "--http1.1", "--cacert", ca, url]
    if token:
        command += ["-H", f"Authorization: Bearer {token}"]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def wait_for(path, process):
    for _ in range(600):
        if path.exists():
            return
        if process.poll() is not None:
            sys.exit(f"{path.name} was never written; the server ended with {process.returncode}")
        time.sleep(0.1)
    sys.exit(f"{path} did not appear")


def write_model(folder, mebibytes):
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type":"bench"}')
    with open(folder / "weights.bin", "wb") as out:
        for _ in range(mebibytes):
            out.write(os.urandom(1 << 20))


def start_gateway(build, root, port):
    process = subprocess.Popen([f"{build}/bin/sallyport", "demo", "--dir", f"{root}/demo",
                                "--port", str(port)], stdout=subprocess.DEVNULL)
    wait_for(root / "demo/demo.json", process)
    return process, json.loads((root / "demo/demo.json").read_text())


def import_model(build, root, demo):
    environment = dict(os.environ, SALLYPORT_TOKEN=demo["tokens"]["admin"])
    subprocess.run([f"{build}/bin/sallyport", "model", "import", "bench/weights",
                    str(root / "model"), "--gated", "no", "--url", demo["url"],
                    "--ca", demo["ca"]], check=True, env=environment,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def start_nginx(root, port, demo):
    tls = pathlib.Path(demo["ca"]).parent
    certificate = next(p for p in tls.iterdir() if "server" in p.name and "key" not in p.name)
    key = next(p for p in tls.iterdir() if "server" in p.name and "key" in p.name)
    config = root / "nginx.conf"
    config.write_text(NGINX.format(root, port, root / "model", certificate, key))
    process = subprocess.Popen(["nginx", "-c", str(config)])
    wait_for(root / "nginx.pid", process)
    return process


def measure(name, process, url, ca, token, rounds_of):
    before = cpu_seconds(process.pid)
    speed = fetch(url, ca, token)
    after = cpu_seconds(process.pid)
    spent = {program: after[program] - before.get(program, 0) for program in after}
    rounds_of.setdefault(name, []).append({"mb_per_s": speed / 1e6, "cpu": spent,
                                           "cpu_all": sum(spent.values())})


def first_byte(port, ca, token, path, address):
    """Seconds from the connect to the first byte of the body, for a client at this address."""
    context = ssl.create_default_context(cafile=ca)
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), source_address=(address, 0)) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as tls:
            tls.sendall(request.encode())
            got = b""
            while b"\r\n\r\n" not in got or got.endswith(b"\r\n\r\n"):
                piece = tls.recv(16384)
                if not piece:
                    sys.exit(f"no answer: {got[:200]}")
                got += piece
            seconds = time.monotonic() - begun
            if b" 200 " not in got.split(b"\r\n")[0]:
                sys.exit(f"refused: {got[:200]}")
    return seconds


def report_first_byte(demo, path, count=40):
    port = int(demo["url"].rpartition(":")[2])
    times = sorted(first_byte(port, demo["ca"], demo["tokens"]["researcher"], path,
                              f"127.0.7.{i + 1}") for i in range(count))
    print(json.dumps({"bench": "download", "releases": count,
                      "first_byte_ms": round(statistics.median(times) * 1e3, 1),
                      "p90_ms": round(times[int(count * 0.9)] * 1e3, 1)}))


def report(rounds_of, mebibytes):
    gigabytes = mebibytes * (1 << 20) / 1e9
    for name, rows in rounds_of.items():
        programs = {program: round(statistics.median(row["cpu"].get(program, 0) for row in rows)
                                   / gigabytes, 3) for program in rows[0]["cpu"]}
        programs = {program: cpu for program, cpu in programs.items() if cpu >= 0.005}
        print(json.dumps({
            "bench": "download", "server": name, "mib": mebibytes,
            "mb_per_s": round(statistics.median(row["mb_per_s"] for row in rows)),
            "cpu_s_per_gb": round(statistics.median(row["cpu_all"] for row in rows) / gigabytes, 3),
            "programs": programs,
            "slowest_stage_mb_per_s": round(1000 / max(programs.values()))}))
    pairs = list(zip(rounds_of["gateway"], rounds_of["nginx"]))
    ratio = {key: round(statistics.median(ours[key] / theirs[key] for ours, theirs in pairs), 2)
             for key in ("mb_per_s", "cpu_all")}
    print(json.dumps({"bench": "download", "ratio": "gateway/nginx", "wall": ratio["mb_per_s"],
                      "cpu": ratio["cpu_all"]}))


def main():
    build = sys.argv[1]
    mebibytes = int(sys.argv[2]) if len(sys.argv) > 2 else 1024
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        root.chmod(0o755)
        write_model(root / "model", mebibytes)
        gateway, demo = start_gateway(build, root, 20100)
        nginx = start_nginx(root, 20101, demo)
        try:
            import_model(build, root, demo)
            ours = f'{demo["url"]}/bench/weights/resolve/main/weights.bin'
            theirs = "https://127.0.0.1:20101/weights.bin"
            token, rounds_of = demo["tokens"]["researcher"], {}
            for _ in range(rounds):
                measure("gateway", gateway, ours, demo["ca"], token, rounds_of)
                measure("nginx", nginx, theirs, demo["ca"], None, rounds_of)
            report(rounds_of, mebibytes)
            report_first_byte(demo, "/bench/weights/resolve/main/weights.bin")
        finally:
            for process in (nginx, gateway):
                process.send_signal(signal.SIGTERM)
                process.wait()


if __name__ == "__main__":
    main()
