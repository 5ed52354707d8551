#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench_audit_partitions.py FOLDER: would what the log is searched by gain from monthly partitions?

Takes the cluster that bench_audit_query.py left below FOLDER, makes a copy of audit_entry in twelve
partitions by month (ranges of places, as the program asks for them), with the same indexes, and one
with a BRIN index on the time in place of audit_span. Asks both for the same pages, counts a month
of both, adds 50,000 rows to both. One JSON line each: median of five, milliseconds.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys

LISTS = ("SELECT l.place FROM (SELECT id FROM audit_class WHERE {classes} OFFSET 0) c, LATERAL "
         "(SELECT e.place FROM {table} e WHERE {lead} AND (e.class, e.place) >= (c.id, {first}) "
         "AND (e.class, e.place) < (c.id, {end}) ORDER BY e.class DESC, e.place DESC LIMIT 50) l "
         "ORDER BY l.place DESC LIMIT 50")
ASKED = {
    "newest": "SELECT e.place FROM {table} e ORDER BY e.place DESC LIMIT 50",
    "busy actor": LISTS.replace("{lead}", "e.actor_name = 'person-0'"),
    "quiet actor": LISTS.replace("{lead}", "e.actor_name = 'person-1999'"),
    "quiet model": LISTS.replace("{lead}", "e.model = 'ns19/model-199'"),
    "rare kind": LISTS.replace("{lead}", "true").replace("{classes}", "kind = 'license.revoke'"),
    "busy actor in a month": LISTS.replace("{lead}", "e.actor_name = 'person-0'")
                                  .replace("{first}", "{month}").replace("{end}", "{behind}"),
    "count of a month by model": "SELECT e.model, count(*) FROM {table} e WHERE "
                                 "e.place >= {month} AND e.place < {behind} GROUP BY 1",
    "count of a month by model, by time": "SELECT e.model, count(*) FROM {table} e WHERE e.at >= "
                                          "'2026-05-01Z' AND e.at < '2026-06-01Z' GROUP BY 1",
}


def psql(folder, text):
    environment = {**os.environ, "PGPASSWORD": (folder / "superuser.password").read_text()}
    command = ["psql", "-h", str(folder), "-U", "postgres", "-d", "bench", "-qXAt",
               "-v", "ON_ERROR_STOP=1"]
    done = subprocess.run(command, input="SET search_path = sallyport; SET jit = off; " + text,
                          env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr[:2000])
    return done.stdout


def copy(folder, size):
    month = size * 65536 // 12
    parts = "".join(f"CREATE TABLE parted_{i} PARTITION OF parted FOR VALUES FROM ({month * i}) TO "
                    f"({month * (i + 1) if i < 11 else '9223372036854775807'});" for i in range(12))
    indexes = psql(folder, "SELECT indexdef FROM pg_indexes WHERE schemaname = 'sallyport' AND "
                           "tablename = 'audit_entry' AND indexname <> 'audit_entry_pkey'")
    made = []
    for line in indexes.splitlines():
        columns = line[line.index("USING"):]
        made.append(f"CREATE INDEX ON parted {columns};")
    psql(folder, "DROP TABLE IF EXISTS parted, timed; SET maintenance_work_mem = '512MB';"
         "CREATE TABLE parted (LIKE audit_entry) PARTITION BY RANGE (place);" + parts +
         "INSERT INTO parted SELECT * FROM audit_entry; ALTER TABLE parted ADD PRIMARY KEY (place);"
         + "".join(made) + "CREATE TABLE timed (LIKE audit_entry);"
         "INSERT INTO timed SELECT * FROM audit_entry;"
         "CREATE INDEX ON timed USING brin (at) WITH (pages_per_range = 32);"
         "VACUUM ANALYZE parted; VACUUM ANALYZE timed;")


def ask(folder, name, table, words):
    text = "EXPLAIN (ANALYZE, FORMAT JSON) " + ASKED[name].format(table=table, **words) + ";"
    found = []
    for _ in range(5):
        plan = json.loads(psql(folder, text))[0]
        found.append(plan["Planning Time"] + plan["Execution Time"])
    print(json.dumps({"bench": "partitions", "ask": name, "table": table,
                      "ms": round(statistics.median(found), 1)}), flush=True)


def insert(folder, table, size):
    text = (f"BEGIN; EXPLAIN (ANALYZE, FORMAT JSON) INSERT INTO {table} "
            f"SELECT place + {size}::bigint * 65536 * 2, event, at, kind, actor, actor_name, "
            f"model, license, right_name, allow, code, address, tokens, bytes, class "
            f"FROM audit_entry "
            f"WHERE place >= {size - 50000}::bigint * 65536; ROLLBACK;")
    found = [json.loads(psql(folder, text))[0]["Execution Time"] for _ in range(5)]
    print(json.dumps({"bench": "partitions", "ask": "add 50,000 rows", "table": table,
                      "ms": round(statistics.median(found), 1)}), flush=True)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path((pathlib.Path(sys.argv[1]) / "cluster").read_text().strip())
    size = int(psql(folder, "SELECT next FROM audit_progress"))
    month = size * 65536 // 12
    words = {"first": 0, "end": size * 65536, "classes": "true", "month": month * 4,
             "behind": month * 5}
    copy(folder, size)
    for name in ASKED:
        for table in ("audit_entry", "parted"):
            ask(folder, name, table, words)
    ask(folder, "count of a month by model, by time", "timed", words)
    for table in ("audit_entry", "parted"):
        insert(folder, table, size)
    psql(folder, "DROP TABLE parted, timed")


main()
