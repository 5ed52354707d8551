#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench_small.py BUILD [SECONDS] [ROUNDS] [KIND...]: small requests beside nginx serving a file.

Starts the demo from BUILD and nginx as Debian configures it (sendfile, access log, gzip, a worker
a core; the same certificate, TLS 1.3), which serves static files of the size of our answers. For
each kind of request both servers are loaded in turn, over 32 connections that are kept alive
(HTTP/1.1): by h2load, and HEAD, which h2load cannot do there, by a client of our own, for both.
Prints one JSON line a measurement: requests a second, and requests a second of CPU time of all
processes of the server; ours with its PostgreSQL cluster and without. Medians.
"""

import json
import os
import pathlib
import re
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

from bench_download import cpu_seconds, start_gateway, wait_for

CONNECTIONS = 32
NGINX = """
user root; worker_processes auto; daemon off; pid {0}/nginx.pid; error_log {0}/error.log;
events {{ worker_connections 768; }}
http {{
    sendfile on; tcp_nopush on; types_hash_max_size 2048; ssl_prefer_server_ciphers on;
    include /etc/nginx/mime.types; default_type application/octet-stream; gzip on;
    access_log {0}/access.log;
    client_body_temp_path {0}; proxy_temp_path {0}; fastcgi_temp_path {0}; uwsgi_temp_path {0};
    scgi_temp_path {0};
    server {{
        listen 127.0.0.1:{1} ssl; root {0}/files;
        ssl_certificate {2}; ssl_certificate_key {3}; ssl_protocols TLSv1.3;
    }}
}}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start_nginx(root, port, demo):
    tls = pathlib.Path(demo["ca"]).parent
    pair = sorted(p for p in tls.iterdir() if "server" in p.name)
    certificate = next(p for p in pair if "key" not in p.name)
    key = next(p for p in pair if "key" in p.name)
    (root / "nginx.conf").write_text(NGINX.format(root, port, certificate, key))
    process = subprocess.Popen(["nginx", "-c", str(root / "nginx.conf")])
    wait_for(root / "nginx.pid", process)
    return process


class Server:
    """Where it is, and the processes whose CPU time counts."""

    def __init__(self, name, url, parts):
        self.name, self.url, self.parts = name, url, parts

    def cpu(self):
        """Of each part; a part that is below the first (the demo's PostgreSQL) is not of it."""
        first, *others = [sum(cpu_seconds(pid).values()) for pid in self.parts]
        return [first - sum(others), *others]


class Kind:
    """One kind of request: the same method on both, a path on each."""

    def __init__(self, name, method, path, token):
        self.name, self.method, self.path, self.token = name, method, path, token
        self.counts, self.rows = {}, {}

    def path_on(self, server):
        return f"/{self.name}" if server.name == "nginx" else self.path

    def headers(self, server):
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


def ask(server, kind, ca):
    request = urllib.request.Request(server.url + kind.path_on(server), method=kind.method,
                                     headers=kind.headers(server))
    with urllib.request.urlopen(request, context=ssl.create_default_context(cafile=ca)) as answer:
        return int(answer.headers["Content-Length"])


def load_get(server, kind, count, _ca):
    command = ["h2load", "--h1", "-n", str(count), "-c", str(CONNECTIONS), "-t", "1"]
    for name, value in kind.headers(server).items():
        command += ["-H", f"{name}: {value}"]
    text = subprocess.run(command + [server.url + kind.path_on(server)], check=True,
                          capture_output=True, text=True).stdout
    good = int(re.search(r"status codes: (\d+) 2xx", text).group(1))
    if good != count:
        sys.exit(f"{server.name} {kind.name}: {good} of {count} answers were good\n{text}")


def connect(server, ca):
    host, port = server.url.removeprefix("https://").split(":")
    context = ssl.create_default_context(cafile=ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context.wrap_socket(socket.create_connection((host, int(port))), server_hostname=host)


def read_head(connection):
    """True if the connection is kept."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        piece = connection.recv(16384)
        if not piece:
            sys.exit(f"closed after {head!r}")
        head += piece
    if not head.startswith(b"HTTP/1.1 200"):
        sys.exit(f"refused: {head!r}")
    return b"Connection: close" not in head


def load_head(server, kind, count, ca):
    """A request on each connection, then the answers, and again."""
    lines = [f"HEAD {kind.path_on(server)} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in kind.headers(server).items()]
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    connections = [connect(server, ca) for _ in range(CONNECTIONS)]
    for _ in range(count // CONNECTIONS):
        for connection in connections:
            connection.sendall(request)
        for i, connection in enumerate(connections):
            if not read_head(connection):
                connection.close()
                connections[i] = connect(server, ca)
    for connection in connections:
        connection.close()


def load(server, kind, count, ca):
    (load_head if kind.method == "HEAD" else load_get)(server, kind, count, ca)


def calibrate(server, kind, seconds, ca):
    """How many requests take about that long; warms both up."""
    count = 100 * CONNECTIONS
    load(server, kind, count, ca)
    begun = time.monotonic()
    load(server, kind, count, ca)
    rate = count / (time.monotonic() - begun)
    kind.counts[server.name] = max(1, int(rate * seconds) // CONNECTIONS) * CONNECTIONS


def measure(server, kind, ca):
    count = kind.counts[server.name]
    before, begun = server.cpu(), time.monotonic()
    load(server, kind, count, ca)
    seconds = time.monotonic() - begun
    cpu = [after - was for after, was in zip(server.cpu(), before)]
    row = (count / seconds, count / sum(cpu), count / cpu[0], 1e6 * sum(cpu) / count)
    kind.rows.setdefault(server.name, []).append(row)


def report(kind, size):
    middle = {name: [statistics.median(column) for column in zip(*rows)]
              for name, rows in kind.rows.items()}
    for name, (rate, per_cpu, without, micros) in middle.items():
        line = {"bench": "small", "kind": kind.name, "server": name, "body": size,
                "per_s": round(rate), "per_cpu_s": round(per_cpu), "cpu_us": round(micros, 1)}
        if name == "gateway":
            line["per_cpu_s_without_postgres"] = round(without)
        print(json.dumps(line), flush=True)
    print(json.dumps({"bench": "small", "kind": kind.name, "ratio": "gateway/nginx",
                      "per_cpu_s": round(middle["gateway"][1] / middle["nginx"][1], 2),
                      "without_postgres": round(middle["gateway"][2] / middle["nginx"][1], 2)}),
          flush=True)


def run_all(servers, kinds, root, seconds, rounds, ca):
    for kind in kinds:
        size = ask(servers[0], kind, ca)
        (root / "files" / kind.name).write_bytes(b"x" * size)
        if ask(servers[1], kind, ca) != size:
            sys.exit("nginx serves another size")
        for server in servers:
            calibrate(server, kind, seconds, ca)
        for _ in range(rounds):
            for server in servers:
                measure(server, kind, ca)
        report(kind, size)


def main():
    build = sys.argv[1]
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 3
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        root.chmod(0o755)
        (root / "files").mkdir()
        gateway, demo = start_gateway(build, root, free_port())
        port = free_port()
        nginx = start_nginx(root, port, demo)
        postgres = int(next((root / "demo").rglob("postmaster.pid")).read_text().split()[0])
        token, model = demo["tokens"]["researcher"], demo["model"]
        kinds = [Kind("whoami", "GET", "/api/whoami-v2", token),
                 Kind("model", "GET", f"/api/models/{model}", token),
                 Kind("resolve-head", "HEAD", f"/{model}/resolve/main/config.json", token),
                 Kind("healthz", "GET", "/healthz", None)]
        servers = [Server("gateway", demo["url"], [gateway.pid, postgres]),
                   Server("nginx", f"https://127.0.0.1:{port}", [nginx.pid])]
        try:
            run_all(servers, [k for k in kinds if k.name in sys.argv[4:] or not sys.argv[4:]],
                    root, seconds, rounds, demo["ca"])
        finally:
            for process in (nginx, gateway):
                process.send_signal(signal.SIGTERM)
                process.wait()


if __name__ == "__main__":
    main()
