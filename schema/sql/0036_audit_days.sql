-- SPDX-License-Identifier: Apache-2.0
-- Pages of any filters without a search among all events (0030 had an index a filter). Counts by
-- day of institutions and of persons, beside those of models. What is known of the room on the
-- disks of the log, and room that is set aside for what the log says last.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

-- What is searched by is made anew from the log, behind the running gateway: answers say how far
-- behind it is.
TRUNCATE audit_entry, audit_affiliation, audit_span, audit_day;
UPDATE audit_progress SET next = 0;

-- What kind of thing an event is: of these there are some dozens, whatever the log holds. A filter
-- of kind, right, decision and code becomes the classes that have all of them; a page is merged
-- from the newest of each, which every index below gives in order.
CREATE TABLE audit_class (
	id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	kind text COLLATE "C" NOT NULL,
	right_name text COLLATE "C" NOT NULL, -- '': none
	allow boolean NOT NULL,
	code text COLLATE "C" NOT NULL,
	UNIQUE (kind, right_name, allow, code)
);

DROP INDEX audit_entry_actor, audit_entry_name, audit_entry_model, audit_entry_namespace,
	audit_entry_license, audit_entry_right, audit_entry_kind, audit_entry_code,
	audit_entry_address;
ALTER TABLE audit_entry ADD COLUMN class integer NOT NULL;
CREATE INDEX audit_entry_class ON audit_entry (class, place);
CREATE INDEX audit_entry_actor ON audit_entry (actor, class, place) WHERE actor IS NOT NULL;
CREATE INDEX audit_entry_name ON audit_entry (actor_name, class, place)
	WHERE actor_name IS NOT NULL;
CREATE INDEX audit_entry_model ON audit_entry (model, class, place) WHERE model IS NOT NULL;
CREATE INDEX audit_entry_namespace ON audit_entry (split_part(model, '/', 1), class, place)
	WHERE model <> '';
CREATE INDEX audit_entry_license ON audit_entry (license, class, place)
	WHERE license IS NOT NULL;
CREATE INDEX audit_entry_address ON audit_entry (address, class, place)
	WHERE address IS NOT NULL;

ALTER TABLE audit_affiliation DROP CONSTRAINT audit_affiliation_pkey,
	ADD COLUMN class integer NOT NULL, ADD PRIMARY KEY (institution, class, place);

CREATE VIEW auditor_class AS SELECT * FROM audit_class;
CREATE OR REPLACE VIEW auditor_entry AS SELECT * FROM audit_entry;
CREATE OR REPLACE VIEW auditor_affiliation AS SELECT * FROM audit_affiliation;
GRANT SELECT ON auditor_class TO sallyport_auditor;

-- No names: an institution may be renamed, and a person forgotten.
CREATE TABLE audit_day_institution (
	day date NOT NULL,
	institution uuid NOT NULL,
	kind text COLLATE "C" NOT NULL,
	allow boolean NOT NULL,
	count bigint NOT NULL,
	tokens numeric NOT NULL,
	bytes numeric NOT NULL,
	PRIMARY KEY (day, institution, kind, allow)
);
CREATE TABLE audit_day_person (
	day date NOT NULL,
	actor uuid NOT NULL, -- all zero: none
	kind text COLLATE "C" NOT NULL,
	allow boolean NOT NULL,
	count bigint NOT NULL,
	tokens numeric NOT NULL,
	bytes numeric NOT NULL,
	PRIMARY KEY (day, actor, kind, allow)
);

CREATE VIEW auditor_day_institution AS SELECT * FROM audit_day_institution;
CREATE VIEW auditor_day_person AS SELECT * FROM audit_day_person;
GRANT SELECT ON auditor_day_institution, auditor_day_person TO sallyport_auditor;

-- Count rows that have just found a place, [first, behind). Whoever puts rows into audit_entry
-- calls it once for these.
CREATE FUNCTION audit_count_days(first bigint, behind bigint) RETURNS void LANGUAGE sql
	SET search_path = sallyport, pg_temp AS $$
	WITH fresh AS MATERIALIZED (
		SELECT *, (at AT TIME ZONE 'UTC')::date AS day FROM audit_entry
		WHERE place >= first AND place < behind
	), spans AS (
		INSERT INTO audit_span SELECT place >> 28, min(at), max(at) FROM fresh GROUP BY 1
		ON CONFLICT (span) DO UPDATE SET
			first_at = least(audit_span.first_at, EXCLUDED.first_at),
			last_at = greatest(audit_span.last_at, EXCLUDED.last_at)
	), members AS (
		INSERT INTO audit_affiliation (institution, place, class)
		SELECT DISTINCT m.institution, f.place, f.class
		FROM fresh f JOIN member m ON m.person = f.actor AND m.since <= f.at
			AND (m.until IS NULL OR m.until > f.at)
		RETURNING institution, place
	), institutions AS (
		INSERT INTO audit_day_institution
		SELECT f.day, m.institution, f.kind, f.allow, count(*), sum(f.tokens), sum(f.bytes)
		FROM members m JOIN fresh f ON f.place = m.place GROUP BY 1, 2, 3, 4
		ON CONFLICT (day, institution, kind, allow) DO UPDATE SET
			count = audit_day_institution.count + EXCLUDED.count,
			tokens = audit_day_institution.tokens + EXCLUDED.tokens,
			bytes = audit_day_institution.bytes + EXCLUDED.bytes
	), persons AS (
		INSERT INTO audit_day_person
		SELECT day, coalesce(actor, '00000000-0000-0000-0000-000000000000'), kind, allow,
			count(*), sum(tokens), sum(bytes)
		FROM fresh GROUP BY 1, 2, 3, 4
		ON CONFLICT (day, actor, kind, allow) DO UPDATE SET
			count = audit_day_person.count + EXCLUDED.count,
			tokens = audit_day_person.tokens + EXCLUDED.tokens,
			bytes = audit_day_person.bytes + EXCLUDED.bytes
	)
	INSERT INTO audit_day SELECT day, coalesce(model, ''), kind, coalesce(right_name, ''),
		allow, code, count(*), sum(tokens), sum(bytes)
	FROM fresh GROUP BY 1, 2, 3, 4, 5, 6
	ON CONFLICT (day, model, kind, right_name, allow, code) DO UPDATE SET
		count = audit_day.count + EXCLUDED.count,
		tokens = audit_day.tokens + EXCLUDED.tokens,
		bytes = audit_day.bytes + EXCLUDED.bytes
$$;
REVOKE ALL ON FUNCTION audit_count_days(bigint, bigint) FROM PUBLIC;

-- As in 0030, with classes; the counting is the function's above.
CREATE OR REPLACE FUNCTION audit_catch_up(most bigint) RETURNS bigint LANGUAGE plpgsql
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

	INSERT INTO audit_class (kind, right_name, allow, code)
	SELECT DISTINCT e.kind, coalesce(e.right_name, ''), e.allow, e.code
	FROM audit_leaf l JOIN audit_event e ON e.id = l.event
	WHERE l.seq >= first AND l.seq < until AND NOT EXISTS (SELECT FROM audit_class c
		WHERE c.kind = e.kind AND c.right_name = coalesce(e.right_name, '')
			AND c.allow = e.allow AND c.code = e.code);

	INSERT INTO audit_entry
	SELECT l.seq * 65536, e.id, e.at, e.kind, e.actor, e.actor_name, e.model,
		e.license, e.right_name, e.allow, e.code, f.address, f.tokens, f.bytes, c.id
	FROM audit_leaf l JOIN audit_event e ON e.id = l.event
		JOIN audit_class c ON c.kind = e.kind AND c.right_name = coalesce(e.right_name, '')
			AND c.allow = e.allow AND c.code = e.code,
		LATERAL audit_payload_facts(e.payload, e.kind) f
	WHERE l.seq >= first AND l.seq < until;
	PERFORM audit_count_days(first * 65536, until * 65536);

	UPDATE audit_progress SET next = until;
	RETURN size - until;
END
$$;

-- Room on the disks. What is wrong with it now, '' if nothing: the scribe speaks for the disk of
-- the log's files, the edge for that of the database. room_told: what the log's last entry about it
-- was of.
ALTER TABLE audit_state ADD COLUMN full_files text NOT NULL DEFAULT '',
	ADD COLUMN full_database text NOT NULL DEFAULT '',
	ADD COLUMN room_told text NOT NULL DEFAULT '';
CREATE OR REPLACE VIEW auditor_state AS SELECT
	read_only OR halted <> '' OR full_files <> '' OR full_database <> '' AS read_only,
	CASE WHEN halted <> '' THEN halted WHEN reason <> '' THEN reason
		WHEN full_database <> '' THEN full_database ELSE full_files END AS reason,
	changed_at FROM audit_state;

-- 16 MiB that the log gets when nothing else is left, so that it can say so. Unlogged: only its
-- size is of use. Of types that are never stored elsewhere: emptying a table with a TOAST table
-- needs a page, which there is not. Random, since a file system may store what repeats in less.
CREATE UNLOGGED TABLE audit_reserve (a uuid, b uuid, c uuid, d uuid, e uuid, f uuid, g uuid,
	h uuid);

-- Can the database's disk take this much? Tried by a sort that does not fit its memory: its file
-- lies where the tables do, leaves no trace, and goes when the statement ends.
CREATE FUNCTION audit_has_room(megabytes integer) RETURNS boolean LANGUAGE plpgsql
	SET search_path = pg_catalog, pg_temp SET work_mem = '64kB' AS $$
BEGIN
	PERFORM count(*) FROM (SELECT repeat(i::text, 1000) AS filling
		FROM generate_series(100000, 99999 + megabytes * 175) i ORDER BY 1 OFFSET 0) sorted;
	RETURN true;
EXCEPTION WHEN disk_full THEN
	RETURN false;
END
$$;

-- Look after the room: let the reserve go when the disk is full, set it aside again once there is
-- room for it and for as much again.
CREATE FUNCTION audit_room(OUT database text, OUT files text, OUT is_told boolean)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = sallyport, pg_temp AS $$
BEGIN
	SELECT full_database, full_files INTO database, files FROM audit_state FOR UPDATE;
	IF database = '' AND NOT audit_has_room(8) THEN
		TRUNCATE audit_reserve;
		database := 'the disk of the database is full';
	ELSIF (database <> '' OR pg_relation_size('audit_reserve') < 16 << 20)
		AND audit_has_room(40) THEN
		TRUNCATE audit_reserve;
		INSERT INTO audit_reserve SELECT gen_random_uuid(), gen_random_uuid(),
			gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(),
			gen_random_uuid(), gen_random_uuid() FROM generate_series(1, 108000);
		database := '';
	END IF;
	UPDATE audit_state SET full_database = database, changed_at = now()
		WHERE full_database <> database;
	SELECT room_told = database || files INTO is_told FROM audit_state;
END
$$;

-- An entry about it stands beside this, in the same transaction.
CREATE FUNCTION audit_room_told(about text) RETURNS void LANGUAGE sql
	SECURITY DEFINER SET search_path = sallyport, pg_temp AS $$
	UPDATE audit_state SET room_told = about
$$;
REVOKE ALL ON FUNCTION audit_has_room(integer), audit_room(), audit_room_told(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_room(), audit_room_told(text) TO sallyport_edge;
