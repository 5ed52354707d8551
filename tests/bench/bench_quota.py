#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench_quota.py BUILD [SECONDS] [EDGES...]: what counting costs, all on one hot license.

For 1, 2 and 4 edges in turn: a demo is started, and served again by so many edges. One person then
reads one byte of one file again and again, over 32 connections (h2load): once by a license without
limits, once by one with two (requests and bytes a month), whose counters every request raises and
settles. Then PostgreSQL alone: reservations and settlements a second on one counter, by pgbench
with 1, 8 and 32 clients. Prints one JSON line a measurement; rates are medians of three.
"""

import json
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile

from serving import serve, stop

CONNECTIONS, ROUNDS, PLENTY = 32, 3, 10**12
HOLDER = "00000000-0000-7000-8000-0000000000ff"


def cli(build, demo, token, home, *words):
    environment = dict(os.environ, SALLYPORT_TOKEN=token, HOME=str(home),
                       XDG_CONFIG_HOME=str(home), XDG_STATE_HOME=str(home))
    done = subprocess.run([f"{build}/bin/sallyport", *words, "--url", demo["url"], "--ca",
                           demo["ca"], "--json"], env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{words}: {done.stderr}")
    return json.loads(done.stdout)


def licensed(build, demo, root, name, *limits):
    """The token of a person whose license has these limits."""
    admin, home = demo["tokens"]["admin"], root / name
    home.mkdir()
    token = cli(build, demo, admin, home, "person", "add", name)["token"]
    cli(build, demo, token, home, "key", "enroll")
    asked = cli(build, demo, token, home, "request", demo["model"], "--use", "to measure",
                "--accept-terms")
    words = [word for limit in limits for word in ("--limit", limit)]
    cli(build, demo, admin, home, "approve", asked["id"], *words)
    return token


def load(demo, token, count):
    """Requests a second."""
    url = f"{demo['url']}/{demo['model']}/resolve/main/config.json"
    text = subprocess.run(["h2load", "--h1", "-n", str(count), "-c", str(CONNECTIONS), "-t", "1",
                           "-H", f"Authorization: Bearer {token}", "-H", "Range: bytes=0-0", url],
                          check=True, capture_output=True, text=True).stdout
    good = int(re.search(r"status codes: (\d+) 2xx", text).group(1))
    if good != count:
        sys.exit(f"{good} of {count} answers were good\n{text}")
    return float(re.search(r"finished in [^,]*, ([0-9.]+) req/s", text).group(1))


def measure(demo, kinds, seconds, edges):
    rates = {kind: [] for kind in kinds}
    counts = {}
    for kind, token in kinds.items():
        load(demo, token, 4 * CONNECTIONS)
        counts[kind] = max(8, int(load(demo, token, 16 * CONNECTIONS) * seconds)
                           // CONNECTIONS) * CONNECTIONS
    for _ in range(ROUNDS):
        for kind, token in kinds.items():
            rates[kind].append(load(demo, token, counts[kind]))
    for kind in kinds:
        print(json.dumps({"bench": "quota", "edges": edges, "license": kind,
                          "per_s": round(statistics.median(rates[kind]))}), flush=True)


def bare(demo, root, seconds):
    """The two statements alone."""
    asked = json.dumps([{"n": 0, "k": "license", "s": HOLDER, "m": "requests", "p": "month",
                         "max": PLENTY, "a": 1}])
    script = root / "quota.sql"
    script.write_text(
        "SELECT gen_random_uuid() AS hold \\gset\n"
        f"SELECT * FROM sallyport.quota_reserve(':hold', '{HOLDER}', 60000, '{asked}');\n"
        "SELECT sallyport.quota_settle(':hold', '{\"requests\": 1}');\n")
    program = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/pgbench"))[-1]
    for clients in (1, 8, 32):
        text = subprocess.run([program, "-n", "-f", script, "-c", str(clients), "-j", "1", "-T",
                               str(max(1, round(seconds))), demo["psql"]], check=True,
                              stdout=subprocess.PIPE, text=True).stdout
        rate = float(re.search(r"tps = ([0-9.]+) \(without", text).group(1))
        print(json.dumps({"bench": "quota", "postgres_alone": True, "clients": clients,
                          "uses_per_s": round(rate)}), flush=True)


def main():
    build = sys.argv[1]
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 3
    for edges in [int(word) for word in sys.argv[3:]] or [1, 2, 4]:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            root.chmod(0o755)
            demo, gateway, database = serve(build, root, {"edges": edges, "engines": max(edges, 2)})
            try:
                kinds = {"unlimited": licensed(build, demo, root, "unlimited"),
                         "limited": licensed(build, demo, root, "limited",
                                             f"requests/month={PLENTY}",
                                             f"bytes/month={PLENTY}")}
                measure(demo, kinds, seconds, edges)
                if edges == 1:
                    bare(demo, root, seconds)
            finally:
                stop(gateway)
                stop(database, signal.SIGINT)


main()
