#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench_audit_query.py BUILD FOLDER [EVENTS]: what an auditor waits for, with 10 million events.

Makes a private PostgreSQL cluster (tests/integration/pg_fixture.sh; its settings are PostgreSQL's
own) below FOLDER, or takes the one that an earlier run left there; fills it with a year of made
events: 2,000 persons and 200 models of very different diligence, kinds as a busy gateway writes
them. Then asks, as the auditor's role and by the program's own functions (bench_audit_query.c), for
the first page of many filters and for aggregates, five times each: "first_ms" is the first of them,
"ms" the median. Besides: how big each index is, and how fast new entries become findable. One JSON
line each. EVENTS below 10 million is for trying the script.
"""

import json
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]

SETTINGS = "SET search_path = sallyport; SET session_replication_role = replica;"

BARE = """
SELECT format('DROP INDEX %s', indexname) FROM pg_indexes WHERE schemaname = 'sallyport'
    AND tablename IN ('audit_event', 'audit_entry', 'audit_affiliation')
    AND indexname NOT LIKE '%pkey' \\gexec
ALTER TABLE audit_event DROP CONSTRAINT audit_event_pkey CASCADE;
ALTER TABLE audit_entry DROP CONSTRAINT audit_entry_pkey;
"""

# Of 10,000 events: what they are. The rest are calls of models, begun and ended.
EVENTS = """
CREATE TEMP TABLE made AS SELECT i, r, a, md5(i::text) AS h,
    floor(2000 * a * a * a)::int AS person, floor(200 * b * b)::int AS m,
    timestamptz '2026-01-01 00:00Z' + i * interval '1 year' / {events}
        + interval '2 seconds' * random() AS at,
    CASE WHEN r < 1 THEN 'license.issue' WHEN r < 2 THEN 'license.renew'
        WHEN r < 3 THEN 'license.revoke' WHEN r < 4 THEN 'model.commit'
        WHEN r < 100 THEN 'audit.query' WHEN r < 250 THEN 'key.release'
        WHEN r < 500 THEN 'download.end' WHEN r < 900 THEN 'decision.deny'
        WHEN i % 2 = 0 THEN 'infer.generate' ELSE 'infer.end' END AS kind
FROM (SELECT i, random() * 10000 AS r, random() AS a, random() AS b
    FROM generate_series({first}::bigint, {last}::bigint - 1) i) x;
CREATE TEMP TABLE event AS SELECT i,
    (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(h, 1, 3)
        || '8' || substr(h, 4, 15))::uuid AS id,
    at, kind, md5('p' || person)::uuid AS actor, 'person-' || person AS name,
    'ns' || m % 20 || '/model-' || m AS model, md5('l' || person || '/' || m % 5)::uuid AS license,
    CASE WHEN kind LIKE 'infer%' THEN 'infer:generate'
        WHEN kind LIKE 'license%' OR kind = 'audit.query' THEN NULL
        ELSE 'weights:read' END AS r,
    kind <> 'decision.deny' AS allow,
    CASE WHEN kind <> 'decision.deny' THEN 'OK' WHEN person % 7 = 0 THEN 'TRAINING_EXPIRED'
        ELSE 'NOT_GRANTED' END AS code,
    ('10.' || person % 256 || '.' || person / 256 || '.' || i % 250)::inet AS address,
    CASE WHEN kind = 'infer.end' THEN i % 2000 ELSE 0 END AS tokens,
    CASE WHEN kind = 'download.end' THEN i % 1000000000 ELSE 0 END AS bytes, h
FROM made;
INSERT INTO audit_event SELECT id, at, kind, actor, name, model, license, r, allow, code,
    convert_to(format('{{"actor":{{"id":"%s","name":"%s"}},"address":"%s","bytes":%s,'
        '"decision":"%s","license":"%s","model":"%s","note":"%s","prompt_tokens":%s,"right":"%s"}}',
        actor, name, host(address), bytes, id, license, model,
        CASE WHEN i = {rare} THEN 'albatross' WHEN i % 1000 = 7 THEN 'heron' ELSE 'sparrow' END,
        tokens, r), 'UTF8'),
    decode(h || h, 'hex'), convert_to('{{"c":"' || h || h || '","v":1}}', 'UTF8') FROM event;
INSERT INTO audit_class (kind, right_name, allow, code)
    SELECT DISTINCT kind, coalesce(r, ''), allow, code FROM event ON CONFLICT DO NOTHING;
INSERT INTO audit_entry SELECT i * 65536, e.id, at, e.kind, actor, name, model, license, r, e.allow,
    e.code, address, tokens, bytes, c.id FROM event e JOIN audit_class c ON c.kind = e.kind
        AND c.right_name = coalesce(r, '') AND c.allow = e.allow AND c.code = e.code;
"""

FINISH = """
INSERT INTO institution (id, name, kind, created_at)
    SELECT md5('i' || i)::uuid, 'institution-' || i, 'university', now()
    FROM generate_series(0, 19) i;
INSERT INTO person (id, name, created_at)
    SELECT md5('p' || i)::uuid, 'person-' || i, now() FROM generate_series(0, 1999) i;
INSERT INTO audit_affiliation (institution, place, class)
    SELECT md5('i' || (get_byte(uuid_send(actor), 0) % 20))::uuid, place, class FROM audit_entry;
INSERT INTO audit_span SELECT place >> 28, min(at), max(at) FROM audit_entry GROUP BY 1;
INSERT INTO audit_day SELECT (at AT TIME ZONE 'UTC')::date, coalesce(model, ''), kind,
    coalesce(right_name, ''), allow, code, count(*), sum(tokens), sum(bytes)
    FROM audit_entry GROUP BY 1, 2, 3, 4, 5, 6;
INSERT INTO audit_day_institution SELECT (at AT TIME ZONE 'UTC')::date, f.institution, kind, allow,
    count(*), sum(tokens), sum(bytes)
    FROM audit_entry e JOIN audit_affiliation f ON f.place = e.place GROUP BY 1, 2, 3, 4;
INSERT INTO audit_day_person SELECT (at AT TIME ZONE 'UTC')::date, actor, kind, allow, count(*),
    sum(tokens), sum(bytes) FROM audit_entry GROUP BY 1, 2, 3, 4;
INSERT INTO audit_leaf SELECT {events} - 1, event, '{{}}', sha256('\\x00'::bytea || '{{}}'::bytea)
    FROM audit_entry WHERE place = ({events}::bigint - 1) * 65536;
INSERT INTO audit_checkpoint (size, root, note)
    VALUES ({events}, sha256('root'), 'note');
UPDATE audit_progress SET next = {events};
"""

INDEXES = ("ALTER TABLE audit_event ADD PRIMARY KEY (id); "
           "ALTER TABLE audit_entry ADD PRIMARY KEY (place);")


def say(bench, **figures):
    print(json.dumps({"bench": bench, **figures}), flush=True)


def psql(folder, text, user="postgres"):
    environment = {**os.environ, "PGPASSWORD": (folder / "superuser.password").read_text()}
    command = ["psql", "-h", str(folder), "-U", user, "-d", "bench", "-qXAt",
               "-v", "ON_ERROR_STOP=1"]
    done = subprocess.run(command, input=text, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr[:2000])
    return done.stdout


def create(folder):
    environment = {**os.environ, "PGPASSWORD": (folder / "superuser.password").read_text()}
    subprocess.run(["createdb", "-h", str(folder), "-U", "postgres", "bench"], env=environment,
                   check=True)
    for file in sorted((ROOT / "schema/sql").glob("0*.sql")):
        psql(folder, "BEGIN;\n" + file.read_text() + "\nCOMMIT;")


TABLES = "('audit_event', 'audit_entry', 'audit_affiliation')"


def index_statements(folder):
    """Those of the migrations."""
    return psql(folder, "SELECT indexdef FROM pg_indexes WHERE schemaname = 'sallyport' AND "
                f"tablename IN {TABLES} AND indexname NOT LIKE '%pkey'").splitlines()


def build_index(folder, statement):
    name = statement.split()[2]
    begun = time.monotonic()
    psql(folder, f"{SETTINGS} SET maintenance_work_mem = '512MB'; {statement};")
    seconds = time.monotonic() - begun
    size = psql(folder, f"SELECT pg_relation_size('sallyport.{name}')")
    say("index", name=name, megabytes=int(size) >> 20, seconds=round(seconds, 1))


def fill(folder, events):
    begun = time.monotonic()
    indexes = index_statements(folder)
    psql(folder, SETTINGS + BARE)
    slices = max(1, events // 500_000)
    for i in range(slices):
        first, last = events * i // slices, events * (i + 1) // slices
        psql(folder, SETTINGS + EVENTS.format(events=events, first=first, last=last,
                                              rare=events // 3))
    psql(folder, SETTINGS + "SET maintenance_work_mem = '512MB';" + INDEXES)
    psql(folder, SETTINGS + "SET work_mem = '256MB';" + FINISH.format(events=events))
    for statement in indexes:
        build_index(folder, statement)
    psql(folder, "VACUUM ANALYZE")
    say("fill", events=events, seconds=round(time.monotonic() - begun))


def ask(folder, build):
    password = folder / "superuser.password"
    psql(folder, f"ALTER ROLE sallyport_auditor LOGIN PASSWORD '{password.read_text()}'")
    subprocess.run([str(build / "tests/bench_audit_query"), str(folder), str(password), "bench"],
                   check=True)


def catch_up(folder, events, more=50_000):
    """How fast new entries become findable: numbered as the scribe does, then taken in."""
    psql(folder, SETTINGS + EVENTS.split("INSERT INTO audit_entry")[0].format(
        events=events, first=events, last=events + more, rare=0) + f"""
        INSERT INTO audit_leaf SELECT i, id, '{{}}', sha256('\\x00'::bytea || '{{}}'::bytea)
            FROM event ORDER BY i;""")
    begun = time.monotonic()
    psql(folder, SETTINGS + f"SELECT audit_catch_up({more})")
    seconds = time.monotonic() - begun
    say("catch-up", entries=more, per_second=round(more / seconds))


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    build, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    events = int(sys.argv[3]) if len(sys.argv) == 4 else 10_000_000
    fixture = ROOT / "tests/integration/pg_fixture.sh"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    note = folder / "cluster"
    if not note.exists():
        subprocess.run([str(fixture), "start", str(note)], check=True,
                       env={**os.environ, "TMPDIR": str(folder)}, stdin=subprocess.DEVNULL)
        cluster = pathlib.Path(note.read_text().strip())
        create(cluster)
        fill(cluster, events)
        catch_up(cluster, events)
    ask(pathlib.Path(note.read_text().strip()), build)
    print(f"stop it by: {fixture} stop {note}", file=sys.stderr)


main()
