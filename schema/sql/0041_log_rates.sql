-- SPDX-License-Identifier: Apache-2.0
-- What an entry costs: to be numbered, and to be found. The invariants are those of 0030 and 0039.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

-- No gap: what a statement adds is dense, and begins behind what is there. What is there is dense
-- by the same rule, so one look is enough, however many are added.
CREATE OR REPLACE FUNCTION leaves_are_next() RETURNS trigger LANGUAGE plpgsql
	SET search_path = sallyport, pg_temp AS $$
DECLARE
	lowest bigint;
	highest bigint;
	total bigint;
	stray bigint;
BEGIN
	SELECT min(seq), max(seq), count(*) INTO lowest, highest, total FROM fresh;
	IF highest - lowest + 1 <> total OR (lowest > 0
		AND NOT EXISTS (SELECT FROM audit_leaf WHERE seq = lowest - 1)) THEN
		RAISE EXCEPTION 'leaves % to % would leave a gap', lowest, highest
			USING ERRCODE = 'check_violation';
	END IF;
	SELECT f.seq INTO stray FROM fresh f
		WHERE NOT EXISTS (SELECT FROM audit_event e WHERE e.id = f.event) LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'leaf % is of no event', stray
			USING ERRCODE = 'foreign_key_violation';
	END IF;
	RETURN NULL;
END
$$;

-- Rows of calls are looked for among rows, all else among leaves; the other place only if it is
-- not where it is likely to be.
CREATE OR REPLACE FUNCTION outbox_rows_are_done() RETURNS trigger LANGUAGE plpgsql
	SET search_path = sallyport, pg_temp AS $$
DECLARE
	early bigint;
BEGIN
	SELECT g.id INTO early FROM gone g WHERE NOT CASE
		WHEN g.is_usage THEN EXISTS (SELECT FROM audit_row r WHERE r.event = g.event)
			OR EXISTS (SELECT FROM audit_leaf l WHERE l.event = g.event)
		ELSE EXISTS (SELECT FROM audit_leaf l WHERE l.event = g.event)
			OR EXISTS (SELECT FROM audit_row r WHERE r.event = g.event) END LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'outbox row % is not in the tree yet: DELETE is refused', early
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	RETURN NULL;
END
$$;

-- Numbers [first, behind) of the tree, one by one: classes that are new, payloads that may be no
-- JSON. As it was done always.
CREATE FUNCTION audit_enter_carefully(first bigint, behind bigint) RETURNS void LANGUAGE sql
	SET search_path = sallyport, pg_temp AS $$
	INSERT INTO audit_class (kind, right_name, allow, code)
	SELECT DISTINCT e.kind, coalesce(e.right_name, ''), e.allow, e.code
	FROM audit_numbered n JOIN audit_event e ON e.id = n.event
	WHERE n.seq >= first AND n.seq < behind
	ON CONFLICT DO NOTHING;

	INSERT INTO audit_entry
	SELECT n.place, e.id, e.at, e.kind, e.actor, e.actor_name, e.model,
		e.license, e.right_name, e.allow, e.code, f.address, f.tokens, f.bytes, c.id
	FROM audit_numbered n JOIN audit_event e ON e.id = n.event
		JOIN audit_class c ON c.kind = e.kind AND c.right_name = coalesce(e.right_name, '')
			AND c.allow = e.allow AND c.code = e.code,
		LATERAL audit_payload_facts(e.payload, e.kind) f
	WHERE n.seq >= first AND n.seq < behind
$$;
REVOKE ALL ON FUNCTION audit_enter_carefully(bigint, bigint) FROM PUBLIC;

-- As in 0039, but that a guard stands around all of a step instead of each payload. A class is new
-- some dozen times in the life of a log, and payloads are JSON that the gateway wrote: so almost
-- every step is done by its first statement, and one that is not is done over, carefully.
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
	IF EXISTS (SELECT FROM audit_row WHERE seq >= first AND seq < until) THEN
		until := greatest(first + 1, least(until, coalesce((SELECT seq FROM audit_numbered
			WHERE seq >= first ORDER BY seq OFFSET greatest(most, 1) LIMIT 1), until)));
	END IF;

	BEGIN
		INSERT INTO audit_entry
		SELECT e.place, e.event, e.at, e.kind, e.actor, e.actor_name, e.model,
			e.license, e.right_name, e.allow, e.code, (f.of ->> 'address')::inet,
			coalesce((f.of ->> 'prompt_tokens')::bigint, 0)
				+ coalesce((f.of ->> 'completion_tokens')::bigint, 0),
			CASE WHEN e.kind = 'download.end'
				THEN coalesce((f.of ->> 'bytes')::bigint, 0) ELSE 0 END,
			e.class -- NULL, and so refused, if it is new
		FROM (SELECT n.place, n.event, o.*, c.id AS class FROM audit_numbered n,
				LATERAL (SELECT at, kind, actor, actor_name, model, license,
					right_name, allow, code, payload
					FROM audit_event WHERE id = n.event OFFSET 0) o
				LEFT JOIN audit_class c ON c.kind = o.kind
					AND c.right_name = coalesce(o.right_name, '')
					AND c.allow = o.allow AND c.code = o.code
				WHERE n.seq >= first AND n.seq < until OFFSET 0) e,
			LATERAL (SELECT convert_from(e.payload, 'UTF8')::jsonb AS of OFFSET 0) f;
	EXCEPTION WHEN data_exception OR not_null_violation THEN
		PERFORM audit_enter_carefully(first, until);
	END;
	PERFORM audit_count_days(first * 65536, until * 65536);

	UPDATE audit_progress SET next = until;
	RETURN size - until;
END
$$;
