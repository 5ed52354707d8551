-- SPDX-License-Identifier: Apache-2.0
-- What the log is searched by: a narrow row for each numbered event, in the order of the tree,
-- and counts by day. All of it is derived from audit_leaf and audit_event and may be dropped and
-- made anew; what an answer shows of an event comes from audit_event. Filters that auditors saved.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

-- place: number in the tree * 65536, + 1 + row for a row of a batch that shares one entry.
CREATE TABLE audit_entry (
	place bigint PRIMARY KEY CHECK (place >= 0),
	event uuid NOT NULL,
	at timestamptz NOT NULL,
	kind text COLLATE "C" NOT NULL,
	actor uuid,
	actor_name text COLLATE "C",
	model text COLLATE "C",
	license uuid,
	right_name text COLLATE "C",
	allow boolean NOT NULL,
	code text COLLATE "C" NOT NULL,
	address inet,
	tokens bigint NOT NULL DEFAULT 0,
	bytes bigint NOT NULL DEFAULT 0
);
-- Each filter with the order of the pages, so that a page ends after as many rows as it shows.
CREATE INDEX audit_entry_actor ON audit_entry (actor, place) WHERE actor IS NOT NULL;
CREATE INDEX audit_entry_name ON audit_entry (actor_name, place) WHERE actor_name IS NOT NULL;
CREATE INDEX audit_entry_model ON audit_entry (model, place) WHERE model IS NOT NULL;
CREATE INDEX audit_entry_namespace ON audit_entry (split_part(model, '/', 1), place)
	WHERE model <> '';
CREATE INDEX audit_entry_license ON audit_entry (license, place) WHERE license IS NOT NULL;
CREATE INDEX audit_entry_right ON audit_entry (right_name, place) WHERE right_name IS NOT NULL;
CREATE INDEX audit_entry_kind ON audit_entry (kind, place);
CREATE INDEX audit_entry_code ON audit_entry (code, place);
CREATE INDEX audit_entry_address ON audit_entry (address, place) WHERE address IS NOT NULL;

-- Of which institutions the actor was a member, or an official, when it happened.
CREATE TABLE audit_affiliation (
	institution uuid NOT NULL,
	place bigint NOT NULL,
	PRIMARY KEY (institution, place)
);
CREATE INDEX audit_affiliation_place ON audit_affiliation (place, institution); -- for counts

-- The times within each 4096 numbers of the tree. Time all but follows the tree; so a span of
-- time becomes a span of places, which every index above can use.
CREATE TABLE audit_span (
	span bigint PRIMARY KEY,
	first_at timestamptz NOT NULL,
	last_at timestamptz NOT NULL
);

CREATE TABLE audit_day (
	day date NOT NULL,
	model text COLLATE "C" NOT NULL, -- '': none, as in right_name
	kind text COLLATE "C" NOT NULL,
	right_name text COLLATE "C" NOT NULL,
	allow boolean NOT NULL,
	code text COLLATE "C" NOT NULL,
	count bigint NOT NULL,
	tokens numeric NOT NULL,
	bytes numeric NOT NULL,
	PRIMARY KEY (day, model, kind, right_name, allow, code)
);

CREATE TABLE audit_progress (
	one boolean PRIMARY KEY DEFAULT true CHECK (one),
	next bigint NOT NULL DEFAULT 0 -- the first number of the tree that is not in audit_entry
);
INSERT INTO audit_progress DEFAULT VALUES;

-- What is taken from a payload. One that is no JSON, or erased, gives nothing.
CREATE FUNCTION audit_payload_facts(payload bytea, kind text,
	OUT address inet, OUT tokens bigint, OUT bytes bigint)
	LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	facts jsonb;
BEGIN
	tokens := 0;
	bytes := 0;
	facts := convert_from(payload, 'UTF8')::jsonb;
	tokens := coalesce((facts ->> 'prompt_tokens')::bigint, 0)
		+ coalesce((facts ->> 'completion_tokens')::bigint, 0);
	IF kind = 'download.end' THEN
		bytes := coalesce((facts ->> 'bytes')::bigint, 0);
	END IF;
	address := (facts ->> 'address')::inet;
EXCEPTION WHEN data_exception THEN
	NULL; -- with what was found so far
END
$$;

-- Take up to `most` numbers of the tree in. Returns how many are left. Two at a time wait for
-- each other; who has nothing to do waits for nobody.
CREATE FUNCTION audit_catch_up(most bigint) RETURNS bigint LANGUAGE plpgsql
	SECURITY DEFINER SET search_path = sallyport, pg_temp AS $$
DECLARE
	first bigint;
	size bigint;
	until bigint;
BEGIN
	SELECT coalesce(max(seq) + 1, 0) INTO size FROM audit_leaf;
	SELECT next INTO first FROM audit_progress;
	IF first >= size THEN
		RETURN 0;
	END IF;
	SELECT next INTO first FROM audit_progress FOR UPDATE;
	IF first >= size THEN
		RETURN 0;
	END IF;
	until := least(size, first + least(greatest(most, 1), 100000));

	WITH fresh AS (
		INSERT INTO audit_entry
		SELECT l.seq * 65536, e.id, e.at, e.kind, e.actor, e.actor_name, e.model,
			e.license, e.right_name, e.allow, e.code, f.address, f.tokens, f.bytes
		FROM audit_leaf l JOIN audit_event e ON e.id = l.event,
			LATERAL audit_payload_facts(e.payload, e.kind) f
		WHERE l.seq >= first AND l.seq < until
		RETURNING *
	), spans AS (
		INSERT INTO audit_span SELECT place >> 28, min(at), max(at) FROM fresh GROUP BY 1
		ON CONFLICT (span) DO UPDATE SET
			first_at = least(audit_span.first_at, EXCLUDED.first_at),
			last_at = greatest(audit_span.last_at, EXCLUDED.last_at)
	), members AS (
		INSERT INTO audit_affiliation SELECT DISTINCT m.institution, f.place
		FROM fresh f JOIN member m ON m.person = f.actor AND m.since <= f.at
			AND (m.until IS NULL OR m.until > f.at)
	)
	INSERT INTO audit_day SELECT (at AT TIME ZONE 'UTC')::date, coalesce(model, ''), kind,
		coalesce(right_name, ''), allow, code, count(*), sum(tokens), sum(bytes)
	FROM fresh GROUP BY 1, 2, 3, 4, 5, 6
	ON CONFLICT (day, model, kind, right_name, allow, code) DO UPDATE SET
		count = audit_day.count + EXCLUDED.count,
		tokens = audit_day.tokens + EXCLUDED.tokens,
		bytes = audit_day.bytes + EXCLUDED.bytes;

	UPDATE audit_progress SET next = until;
	RETURN size - until;
END
$$;
REVOKE ALL ON FUNCTION audit_catch_up(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_catch_up(bigint) TO sallyport_edge, sallyport_auditor;

-- For the erasure of an event's payload: what was taken out of it goes too.
CREATE FUNCTION audit_entry_forget(erased uuid) RETURNS void LANGUAGE sql
	SET search_path = sallyport, pg_temp AS $$
	UPDATE audit_entry SET address = NULL
	WHERE place = (SELECT seq * 65536 FROM audit_leaf WHERE event = erased)
$$;
REVOKE ALL ON FUNCTION audit_entry_forget(uuid) FROM PUBLIC;

CREATE VIEW auditor_entry AS SELECT * FROM audit_entry;
CREATE VIEW auditor_affiliation AS SELECT * FROM audit_affiliation;
CREATE VIEW auditor_span AS SELECT * FROM audit_span;
CREATE VIEW auditor_day AS SELECT * FROM audit_day;
CREATE VIEW auditor_progress AS SELECT next FROM audit_progress;
CREATE VIEW auditor_row AS SELECT id, at, kind, actor, actor_name, model, license, right_name,
	allow, code, payload, nonce, leaf FROM audit_event;
GRANT SELECT ON auditor_entry, auditor_affiliation, auditor_span, auditor_day, auditor_progress,
	auditor_row TO sallyport_auditor;

-- Filters by name, for all auditors to use.
CREATE TABLE audit_saved (
	name text PRIMARY KEY CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
	filters jsonb NOT NULL CHECK (jsonb_typeof(filters) = 'object'),
	owner uuid NOT NULL REFERENCES person,
	created_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, DELETE ON audit_saved TO sallyport_edge;
CREATE VIEW auditor_saved AS SELECT * FROM audit_saved;
GRANT SELECT ON auditor_saved TO sallyport_auditor;
