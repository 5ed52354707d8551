-- SPDX-License-Identifier: Apache-2.0
-- Entries of single calls: many of a second share one entry of the tree, usage.batch, and are rows
-- of it, each with a leaf of its own (schema/audit/batch.h). What stands at a place of the log,
-- entry or row, has one number: index * 65536, + 1 + row.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

-- What calls of models leave (schema/audit/kinds.h, audit_kind_is_usage). The scribe looks for it
-- apart from all else, which does not wait for it.
ALTER TABLE audit_outbox ADD COLUMN is_usage boolean NOT NULL DEFAULT false;
CREATE OR REPLACE FUNCTION outbox_take() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	INSERT INTO sallyport.audit_outbox (event, is_usage) SELECT id,
		kind IN ('infer.generate', 'infer.embed', 'infer.internals', 'infer.end')
		FROM fresh;
	RETURN NULL;
END
$$;

CREATE TABLE audit_row (
	seq bigint NOT NULL, -- of the batch
	row integer NOT NULL CHECK (row BETWEEN 0 AND 65534),
	event uuid NOT NULL UNIQUE,
	leaf bytea NOT NULL,
	leaf_hash bytea NOT NULL CHECK (leaf_hash = sha256('\x00'::bytea || leaf)),
	chain bytea CHECK (octet_length(chain) BETWEEN 2 AND 512),
	PRIMARY KEY (seq, row)
);
CREATE TRIGGER final BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_row
	FOR EACH STATEMENT EXECUTE FUNCTION log_row_is_final();

-- What was checked row by row, for all rows of a statement at once: four thousand are numbered in
-- one. That the event is there was a foreign key, which wrote a lock into each event.
CREATE FUNCTION leaves_are_next() RETURNS trigger LANGUAGE plpgsql
	SET search_path = sallyport, pg_temp AS $$
DECLARE
	gap bigint;
BEGIN
	SELECT f.seq INTO gap FROM fresh f WHERE f.seq > 0
		AND NOT EXISTS (SELECT FROM audit_leaf l WHERE l.seq = f.seq - 1) LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'leaf % would leave a gap', gap USING ERRCODE = 'check_violation';
	END IF;
	SELECT f.seq INTO gap FROM fresh f
		WHERE NOT EXISTS (SELECT FROM audit_event e WHERE e.id = f.event) LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'leaf % is of no event', gap
			USING ERRCODE = 'foreign_key_violation';
	END IF;
	RETURN NULL;
END
$$;
DROP TRIGGER next ON audit_leaf;
DROP FUNCTION leaf_is_next();
ALTER TABLE audit_leaf DROP CONSTRAINT audit_leaf_event_fkey;
CREATE TRIGGER next AFTER INSERT ON audit_leaf REFERENCING NEW TABLE AS fresh
	FOR EACH STATEMENT EXECUTE FUNCTION leaves_are_next();

-- A batch is written whole, with its entry: rows from 0 on, none twice in the log.
CREATE FUNCTION rows_are_whole() RETURNS trigger LANGUAGE plpgsql
	SET search_path = sallyport, pg_temp AS $$
BEGIN
	IF EXISTS (SELECT FROM fresh f GROUP BY f.seq HAVING max(f.row) <> count(*) - 1)
		OR EXISTS (SELECT FROM (SELECT DISTINCT seq FROM fresh) f
			LEFT JOIN audit_leaf l ON l.seq = f.seq
			LEFT JOIN audit_event e ON e.id = l.event
			WHERE e.kind IS DISTINCT FROM 'usage.batch') THEN
		RAISE EXCEPTION 'the rows are not those of a batch'
			USING ERRCODE = 'check_violation';
	END IF;
	IF EXISTS (SELECT FROM fresh f WHERE NOT EXISTS (SELECT FROM audit_event e
			WHERE e.id = f.event)
		OR EXISTS (SELECT FROM audit_leaf l WHERE l.event = f.event)) THEN
		RAISE EXCEPTION 'a row is of no event, or of one that has an entry'
			USING ERRCODE = 'foreign_key_violation';
	END IF;
	RETURN NULL;
END
$$;
CREATE TRIGGER whole AFTER INSERT ON audit_row REFERENCING NEW TABLE AS fresh
	FOR EACH STATEMENT EXECUTE FUNCTION rows_are_whole();

CREATE FUNCTION outbox_rows_are_done() RETURNS trigger LANGUAGE plpgsql
	SET search_path = sallyport, pg_temp AS $$
DECLARE
	early bigint;
BEGIN
	SELECT g.id INTO early FROM gone g
		WHERE NOT EXISTS (SELECT FROM audit_leaf l WHERE l.event = g.event)
			AND NOT EXISTS (SELECT FROM audit_row r WHERE r.event = g.event) LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'outbox row % is not in the tree yet: DELETE is refused', early
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	RETURN NULL;
END
$$;
DROP TRIGGER done ON audit_outbox;
DROP FUNCTION outbox_row_is_done();
CREATE TRIGGER done AFTER DELETE ON audit_outbox REFERENCING OLD TABLE AS gone
	FOR EACH STATEMENT EXECUTE FUNCTION outbox_rows_are_done();

-- The one event that the scribe makes.
CREATE FUNCTION audit_batch_event(id uuid, at timestamptz, payload bytea, nonce bytea)
	RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = sallyport, pg_temp AS $$
	INSERT INTO audit_event (id, at, kind, payload, nonce)
	VALUES (id, at, 'usage.batch', payload, nonce)
$$;
REVOKE ALL ON FUNCTION audit_batch_event(uuid, timestamptz, bytea, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_batch_event(uuid, timestamptz, bytea, bytea)
	TO sallyport_scribe;
GRANT SELECT, INSERT ON audit_row TO sallyport_scribe;

UPDATE audit_chain SET last = last * 65536; -- a place from now on

CREATE OR REPLACE VIEW auditor_event AS
	SELECT e.id, coalesce(l.seq, r.seq) AS seq, e.at, e.kind, e.actor, e.actor_name, e.model,
		e.license, e.right_name, e.allow, e.code, e.payload, e.nonce,
		coalesce(l.leaf, r.leaf) AS leaf, coalesce(l.chain, r.chain) AS chain, r.row
	FROM audit_event e LEFT JOIN audit_leaf l ON l.event = e.id
		LEFT JOIN audit_row r ON r.event = e.id;
CREATE OR REPLACE VIEW auditor_row AS
	SELECT e.id, e.at, e.kind, e.actor, e.actor_name, e.model, e.license, e.right_name,
		e.allow, e.code, e.payload, e.nonce, coalesce(l.leaf, r.leaf) AS leaf,
		coalesce(l.chain, r.chain) AS chain, r.row
	FROM audit_event e LEFT JOIN audit_leaf l ON l.event = e.id
		LEFT JOIN audit_row r ON r.event = e.id;

-- For the path of a row: its batch's event, and the leaves beside it.
CREATE VIEW auditor_leaf AS SELECT seq, event FROM audit_leaf;
CREATE VIEW auditor_row_hash AS SELECT seq, row, leaf_hash FROM audit_row;
GRANT SELECT ON auditor_leaf, auditor_row_hash TO sallyport_auditor;

-- What has a number, for audit_catch_up.
CREATE OR REPLACE VIEW audit_numbered AS
	SELECT seq * 65536 AS place, seq, event FROM audit_leaf
	UNION ALL SELECT seq * 65536 + 1 + row, seq, event FROM audit_row;

-- As it stood, but that it takes in rows, too, and of a large batch no more than it.
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
	until := greatest(first + 1, least(until, coalesce((SELECT seq FROM audit_numbered
		WHERE seq >= first ORDER BY seq OFFSET greatest(most, 1) LIMIT 1), until)));

	INSERT INTO audit_class (kind, right_name, allow, code)
	SELECT DISTINCT e.kind, coalesce(e.right_name, ''), e.allow, e.code
	FROM audit_numbered n JOIN audit_event e ON e.id = n.event
	WHERE n.seq >= first AND n.seq < until AND NOT EXISTS (SELECT FROM audit_class c
		WHERE c.kind = e.kind AND c.right_name = coalesce(e.right_name, '')
			AND c.allow = e.allow AND c.code = e.code);

	INSERT INTO audit_entry
	SELECT n.place, e.id, e.at, e.kind, e.actor, e.actor_name, e.model,
		e.license, e.right_name, e.allow, e.code, f.address, f.tokens, f.bytes, c.id
	FROM audit_numbered n JOIN audit_event e ON e.id = n.event
		JOIN audit_class c ON c.kind = e.kind AND c.right_name = coalesce(e.right_name, '')
			AND c.allow = e.allow AND c.code = e.code,
		LATERAL audit_payload_facts(e.payload, e.kind) f
	WHERE n.seq >= first AND n.seq < until;
	PERFORM audit_count_days(first * 65536, until * 65536);

	UPDATE audit_progress SET next = until;
	RETURN size - until;
END
$$;

CREATE OR REPLACE FUNCTION audit_entry_forget(erased uuid) RETURNS void LANGUAGE sql
	SET search_path = sallyport, pg_temp AS $$
	UPDATE audit_entry SET address = NULL
	WHERE place = (SELECT place FROM audit_numbered WHERE event = erased)
$$;
