#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench_download.py BUILD [MIB] [ROUNDS]: a licensed download beside nginx serving the plaintext.

Starts the demo from BUILD, imports one random file, and lets curl fetch it from the gateway and
from nginx (Debian's, default settings, same certificate) in turn. Prints one JSON line a
measurement: wall-clock MB/s, and CPU seconds of all processes of the server a GB. Medians; the
ratio to nginx is what counts, since machines differ.
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
    """The process and everything below it, without PostgreSQL's own."""
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
    total = 0
    for pid in family(root):
        try:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def fetch(url, ca, token):
    """Bytes a second, as curl saw it."""
    command = ["curl", "-sf", "-o", "/dev/null", "-w", "%{speed_download}", "--tlsv1.3",
               "--cacert", ca, url]
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
    before, begun = cpu_seconds(process.pid), time.monotonic()
    speed = fetch(url, ca, token)
    seconds = time.monotonic() - begun
    rounds_of.setdefault(name, []).append((speed / 1e6, cpu_seconds(process.pid) - before, seconds))


def report(rounds_of, mebibytes):
    middle = {name: [statistics.median(column) for column in zip(*rows)]
              for name, rows in rounds_of.items()}
    gigabytes = mebibytes * (1 << 20) / 1e9
    for name, (speed, cpu, _) in middle.items():
        print(json.dumps({"bench": "download", "server": name, "mib": mebibytes,
                          "mb_per_s": round(speed), "cpu_s_per_gb": round(cpu / gigabytes, 2)}))
    print(json.dumps({"bench": "download", "ratio": "gateway/nginx",
                      "wall": round(middle["gateway"][0] / middle["nginx"][0], 2),
                      "cpu": round(middle["gateway"][1] / middle["nginx"][1], 2)}))


def main():
    build = sys.argv[1]
    mebibytes = int(sys.argv[2]) if len(sys.argv) > 2 else 256
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        root.chmod(0o755)
        write_model(root / "model", mebibytes)
        gateway, demo = start_gateway(build, root, 20100)
        nginx = start_nginx(root, 20101, demo)
        try:
            environment = dict(os.environ, SALLYPORT_TOKEN=demo["tokens"]["admin"])
            subprocess.run([f"{build}/bin/sallyport", "model", "import", "bench/weights",
                            str(root / "model"), "--gated", "no", "--url", demo["url"],
                            "--ca", demo["ca"]], check=True, env=environment,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            ours = f'{demo["url"]}/bench/weights/resolve/main/weights.bin'
            theirs = "https://127.0.0.1:20101/weights.bin"
            token, rounds_of = demo["tokens"]["researcher"], {}
            for _ in range(rounds):
                measure("gateway", gateway, ours, demo["ca"], token, rounds_of)
                measure("nginx", nginx, theirs, demo["ca"], None, rounds_of)
            report(rounds_of, mebibytes)
        finally:
            for process in (nginx, gateway):
                process.send_signal(signal.SIGTERM)
                process.wait()


if __name__ == "__main__":
    main()
