#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench_decide.py BUILD [PORT]: decisions, with 100,000 licenses, 1,000 models and 50 rules.

Starts the demo from BUILD and puts 100 persons with a license of each of 1,000 models into its
database. What is asked is auth-check of weights:read: token, person, license and model are found,
and the decision is made; it allows, so nothing is written. "cold": a pair of person and model that
this edge has not been asked about (facts come from PostgreSQL); "warm": one it remembers. Latency
is that of one client on one connection, request to answer, TLS and HTTP included. The rate is by
CPU time: decisions a second of one core, edge alone and together with PostgreSQL. "criteria" is
the dry run of published criteria with 50 rules, whose facts are read each time.
Prints one JSON line a measurement.
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
import urllib.request

from bench_download import cpu_seconds, start_gateway

PERSONS, MODELS, ASKING, RULES, CONNECTIONS = 100, 1000, 12, 50, 8

FILL = """
SET search_path = sallyport; SET session_replication_role = replica;
INSERT INTO person (id, name, created_at) SELECT gen_random_uuid(), 'bench-' || i, now()
    FROM generate_series(1, {persons}) i;
INSERT INTO model (id, name, gate, created_at)
    SELECT gen_random_uuid(), 'bench/m' || i, 'manual', now() FROM generate_series(1, {models}) i;
INSERT INTO license (id, model, person, rights, not_before, expires_at, document, signature,
    issued_at, changed_at)
    SELECT gen_random_uuid(), m.id, p.id, '{{weights:read,infer:generate}}', now(),
    now() + interval '1 year', '{{}}', decode(repeat('00', 64), 'hex'), now(), now()
    FROM model m, person p WHERE m.name LIKE 'bench/%' AND p.name LIKE 'bench-%';
SET session_replication_role = origin;
UPDATE model SET gate = gate WHERE name = 'bench/m1';
ANALYZE;
"""


def sql(demo, text):
    return subprocess.run(["psql", demo["psql"], "-qXAt", "-v", "ON_ERROR_STOP=1", "-c", text],
                          check=True, capture_output=True, text=True).stdout


def call(demo, method, path, token, body=None):
    request = urllib.request.Request(
        demo["url"] + path, method=method, data=json.dumps(body).encode() if body else None,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    context = ssl.create_default_context(cafile=demo["ca"])
    with urllib.request.urlopen(request, context=context) as answer:
        return json.loads(answer.read() or b"null")


class Connection:
    def __init__(self, demo):
        host, port = demo["url"].removeprefix("https://").split(":")
        context = ssl.create_default_context(cafile=demo["ca"])
        self.socket = context.wrap_socket(socket.create_connection((host, int(port))),
                                          server_hostname=host)

    def send(self, method, path, token, body=b""):
        head = (f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n")
        self.socket.sendall(head.encode() + body)

    def receive(self):
        text = b""
        while b"\r\n\r\n" not in text:
            text += self.socket.recv(16384)
        head, _, rest = text.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            sys.exit(f"refused: {text!r}")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        left = int(fields[b"content-length"]) - len(rest)
        while left > 0:
            left -= len(self.socket.recv(16384))


def prepare(demo):
    """Tokens of persons who have 1,000 licenses each."""
    admin = demo["tokens"]["admin"]
    people = [call(demo, "POST", "/api/v1/persons", admin, {"name": f"bench-asks-{i}"})
              for i in range(ASKING)]
    sql(demo, FILL.format(persons=PERSONS - ASKING, models=MODELS))
    time.sleep(3)  # until the lease has seen it and the disk is calm
    count = sql(demo, "SELECT count(*) FROM sallyport.license").strip()
    return [person["token"] for person in people], int(count)


def paths():
    return [f"/api/models/bench/m{i}/auth-check" for i in range(1, MODELS + 1)]


def latencies(demo, method, asked, body=b""):
    connection, times = Connection(demo), []
    for path, token in asked:
        begun = time.perf_counter()
        connection.send(method, path, token, body)
        connection.receive()
        times.append(1e6 * (time.perf_counter() - begun))
    return times


def burst(demo, asked):
    """Several connections, a request on each, then the answers, and again."""
    connections = [Connection(demo) for _ in range(CONNECTIONS)]
    for i in range(0, len(asked), CONNECTIONS):
        some = asked[i:i + CONNECTIONS]
        for connection, (path, token) in zip(connections, some):
            connection.send("GET", path, token)
        for connection, _ in zip(connections, some):
            connection.receive()


def report_latency(what, times):
    times = sorted(times)
    print(json.dumps({"bench": "decide", "what": what, "requests": len(times),
                      "median_us": round(statistics.median(times)),
                      "p90_us": round(times[len(times) * 9 // 10]),
                      "p99_us": round(times[len(times) * 99 // 100])}), flush=True)


def report_rate(what, pids, demo, asked):
    def cpu():
        """Of all processes but PostgreSQL's, which the demo starts below itself, and of those."""
        everything, postgres = [sum(cpu_seconds(pid).values()) for pid in pids]
        return everything - postgres, postgres

    before, begun = cpu(), time.monotonic()
    burst(demo, asked)
    seconds = time.monotonic() - begun
    edge, postgres = (after - was for after, was in zip(cpu(), before))
    print(json.dumps({"bench": "decide", "what": what, "decisions": len(asked),
                      "per_s": round(len(asked) / seconds),
                      "per_core_s_edge": round(len(asked) / edge),
                      "per_core_s_with_postgres": round(len(asked) / (edge + postgres)),
                      "cpu_us": round(1e6 * (edge + postgres) / len(asked), 1)}), flush=True)


def publish_criteria(demo):
    """50 rules of which none can be left out, for the first model."""
    rules = [{"id": f"r{i}", "effect": ["deny", "refer", "approve"][i % 3], "text": "why",
              "when": {"all": [{"claim": {"type": "AffiliationAndRole",
                                          "value_pattern": f"*@*.d{i}.example"}},
                               {"training": {"course": f"https://c.example/{i}"}},
                               {"not": {"country": {"in": ["KP", "IR"]}}}]}}
             for i in range(RULES)]
    at, admin = "/api/v1/models/bench/m1/criteria", demo["tokens"]["admin"]
    second = call(demo, "POST", "/api/v1/persons", admin,
                  {"name": "bench-second", "offices": ["models:manage"]})["token"]
    sha256 = call(demo, "POST", at, admin, {"v": 1, "name": "n", "rules": rules})["sha256"]
    call(demo, "POST", f"{at}/{sha256}/propose", admin)
    call(demo, "POST", f"{at}/{sha256}/activate", second)
    return at + "/try"


def run(demo, pids):
    tokens, licenses = prepare(demo)
    print(json.dumps({"bench": "decide", "licenses": licenses, "models": MODELS,
                      "load_before": round(os.getloadavg()[0], 1)}), flush=True)
    everything = paths()
    warm_up = [(path, tokens[0]) for path in everything]
    latencies(demo, "GET", warm_up)
    report_latency("cold", latencies(demo, "GET", [(p, tokens[1]) for p in everything]))
    report_latency("warm", latencies(demo, "GET", [(p, tokens[1]) for p in everything]))
    burst(demo, [(p, t) for t in tokens[2:4] for p in everything])  # each worker has its plans
    report_rate("cold", pids, demo, [(p, t) for t in tokens[4:] for p in everything])
    report_rate("warm", pids, demo, [(p, tokens[-1]) for p in everything] * 10)
    path = publish_criteria(demo)
    body = json.dumps({"rights": ["weights:read"]}).encode()
    report_latency("criteria", latencies(demo, "POST", [(path, tokens[0])] * 1000, body))


def main():
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 9340
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        root.chmod(0o755)
        gateway, demo = start_gateway(sys.argv[1], root, port)
        postgres = int(next((root / "demo").rglob("postmaster.pid")).read_text().split()[0])
        try:
            run(demo, [gateway.pid, postgres])
        finally:
            gateway.send_signal(signal.SIGTERM)
            gateway.wait()


if __name__ == "__main__":
    main()
