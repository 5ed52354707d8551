-- SPDX-License-Identifier: Apache-2.0
-- How much may be used: limits of persons and institutions, and counters of all limits, raised
-- before a use and settled after it. What people and other programs are told: notices, and how
-- they reach them.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

-- Those of a license stand in its signed document.
CREATE TABLE quota_limit (
	subject_kind text NOT NULL CHECK (subject_kind IN ('person', 'institution')),
	subject uuid NOT NULL,
	measure text NOT NULL CHECK (measure IN ('requests', 'tokens', 'bytes', 'concurrent')),
	per text NOT NULL CHECK (per IN ('minute', 'day', 'month', 'license')),
	max bigint NOT NULL CHECK (max BETWEEN 1 AND 9007199254740991),
	PRIMARY KEY (subject_kind, subject, measure, per),
	CHECK (measure <> 'concurrent' OR per = 'license')
);
CREATE CONSTRAINT TRIGGER access_changed AFTER INSERT OR UPDATE OR DELETE ON quota_limit
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION access_changed();

-- What was used in the window that begins at window_start, holds included. There is a row once
-- there was a use; whatever the limit is, the counter is the same.
CREATE TABLE quota_counter (
	subject_kind text NOT NULL CHECK (subject_kind IN ('license', 'person', 'institution')),
	subject uuid NOT NULL,
	measure text NOT NULL CHECK (measure IN ('requests', 'tokens', 'bytes', 'concurrent')),
	per text NOT NULL CHECK (per IN ('minute', 'day', 'month', 'license')),
	window_start timestamptz NOT NULL, -- -infinity: there is one window only
	used bigint NOT NULL CHECK (used >= 0),
	PRIMARY KEY (subject_kind, subject, measure, per)
) WITH (fillfactor = 50);

-- What a use that runs has reserved: [{"k","s","m","p","w","a"}], the counter's key, its window and
-- the amount. It ends with the use; with its edge, it is given back.
CREATE TABLE quota_hold (
	id uuid PRIMARY KEY,
	edge uuid NOT NULL, -- the lease of the edge that uses it
	until timestamptz NOT NULL, -- longer than any use; given back: when it is forgotten
	is_given_back boolean NOT NULL DEFAULT false,
	items jsonb NOT NULL CHECK (jsonb_typeof(items) = 'array')
);
CREATE INDEX quota_hold_open ON quota_hold (edge) WHERE NOT is_given_back;

-- The window of now, in UTC. It never goes back by less than its own length, so that a clock set
-- back does not give the same window twice; set back further, the window follows the clock and
-- keeps what was used.
CREATE FUNCTION quota_window(per text, before timestamptz, now_is timestamptz) RETURNS timestamptz
	LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
	this timestamptz;
BEGIN
	IF per = 'license' THEN
		RETURN '-infinity';
	END IF;
	this := date_trunc(per, now_is, 'UTC');
	IF before > this AND before - ('1 ' || per)::interval <= this THEN
		RETURN before;
	END IF;
	RETURN this;
END
$$;

-- Its edge is gone, or it is older than any use.
CREATE FUNCTION quota_is_stale(h quota_hold) RETURNS boolean LANGUAGE sql STABLE
	RETURN NOT h.is_given_back AND (h.until < clock_timestamp() OR NOT EXISTS (SELECT
		FROM sallyport.edge_lease l WHERE l.edge = h.edge
			AND l.renewed_at + l.lease_ms * interval '1 ms' > clock_timestamp()));

-- Reserve for one use, from all counters that are asked or from none. asked: [{"n","k","s","m","p",
-- "max","a"}]. One row for each: used (with the hold, if there is one now), when its window ends,
-- and whether it has not enough left; has_stale: holds of dead edges are there to be given back.
-- Counters are locked in the order of their keys, here as in the two functions below, and holds
-- before counters: no deadlock. The commit need not wait for the disk: the entry or the record that
-- every use leaves is committed after it, and waits for both.
CREATE FUNCTION quota_reserve(hold uuid, holder uuid, lasts_ms bigint, asked jsonb)
	RETURNS TABLE (n integer, used bigint, ends timestamptz, is_over boolean, has_stale boolean)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = sallyport, pg_temp AS $$
DECLARE
	item record;
	counter quota_counter;
	this timestamptz;
	places integer[] := '{}';
	amounts bigint[] := '{}';
	over boolean[] := '{}';
	counters quota_counter[] := '{}';
	held jsonb := '[]';
	stale boolean := false;
BEGIN
	PERFORM set_config('synchronous_commit', 'off', true);
	FOR item IN SELECT * FROM jsonb_to_recordset(asked) AS a(n integer, k text, s uuid, m text,
			p text, max bigint, a bigint) ORDER BY a.k, a.s, a.m, a.p LOOP
		LOOP
			SELECT * INTO counter FROM quota_counter q WHERE q.subject_kind = item.k
				AND q.subject = item.s AND q.measure = item.m AND q.per = item.p
				FOR UPDATE;
			EXIT WHEN FOUND;
			this := quota_window(item.p, NULL, clock_timestamp());
			INSERT INTO quota_counter VALUES (item.k, item.s, item.m, item.p, this, 0)
				ON CONFLICT DO NOTHING; -- the first use, perhaps of two
		END LOOP;
		this := quota_window(item.p, counter.window_start, clock_timestamp());
		IF this > counter.window_start THEN
			counter.used := 0;
		END IF;
		counter.window_start := this;
		places := places || item.n;
		amounts := amounts || item.a;
		over := over || (counter.used + item.a > item.max);
		counters := counters || counter;
	END LOOP;
	IF true = ANY (over) THEN
		stale := EXISTS (SELECT FROM quota_hold h WHERE quota_is_stale(h));
		amounts := array_fill(0::bigint, ARRAY[cardinality(amounts)]);
	END IF;
	FOR i IN 1 .. cardinality(places) LOOP
		counter := counters[i];
		counter.used := counter.used + amounts[i];
		UPDATE quota_counter q SET used = counter.used, window_start = counter.window_start
			WHERE q.subject_kind = counter.subject_kind AND q.subject = counter.subject
				AND q.measure = counter.measure AND q.per = counter.per
				AND (q.used, q.window_start) IS DISTINCT FROM (counter.used,
					counter.window_start);
		held := held || jsonb_build_object('k', counter.subject_kind, 's', counter.subject,
			'm', counter.measure, 'p', counter.per, 'w', counter.window_start,
			'a', amounts[i]);
		n := places[i];
		used := counter.used;
		ends := CASE WHEN counter.per <> 'license'
			THEN counter.window_start + ('1 ' || counter.per)::interval END;
		is_over := over[i];
		has_stale := stale;
		RETURN NEXT;
	END LOOP;
	IF NOT true = ANY (over) THEN
		INSERT INTO quota_hold (id, edge, until, items) VALUES (hold, holder,
			clock_timestamp() + lasts_ms * interval '1 ms', held);
	END IF;
END
$$;

-- The use has ended: what it really took counts ("requests", "tokens", "bytes"; nothing runs any
-- more), in the window it was reserved in, if that is not over. False: it was settled before. What
-- was given back meanwhile counts in full.
CREATE FUNCTION quota_settle(hold uuid, spent jsonb) RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = sallyport, pg_temp AS $$
DECLARE
	ended quota_hold;
	item record;
BEGIN
	PERFORM set_config('synchronous_commit', 'off', true);
	DELETE FROM quota_hold h WHERE h.id = hold RETURNING * INTO ended;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	FOR item IN SELECT h.*, coalesce((spent ->> h.m)::bigint, 0)
			- CASE WHEN ended.is_given_back THEN 0 ELSE h.a END AS change
			FROM jsonb_to_recordset(ended.items) AS h(k text, s uuid, m text, p text,
				w timestamptz, a bigint) ORDER BY h.k, h.s, h.m, h.p LOOP
		UPDATE quota_counter q SET used = greatest(q.used + item.change, 0)
			WHERE q.subject_kind = item.k AND q.subject = item.s AND q.measure = item.m
				AND q.per = item.p AND q.window_start = item.w AND item.change <> 0;
	END LOOP;
	RETURN true;
END
$$;

-- Give back what edges have left that are gone, and what nobody has settled in its time. How many.
-- Their edges may still be ending them: a hold is kept for a day, so that it can be settled.
CREATE FUNCTION quota_reclaim(most bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = sallyport, pg_temp AS $$
DECLARE
	gone uuid[];
	item record;
BEGIN
	DELETE FROM quota_hold h WHERE h.is_given_back AND h.until < clock_timestamp();
	gone := ARRAY(SELECT h.id FROM quota_hold h WHERE quota_is_stale(h)
		ORDER BY h.id LIMIT most FOR UPDATE SKIP LOCKED);
	FOR item IN SELECT i.k, i.s, i.m, i.p, i.w, sum(i.a)::bigint AS back
			FROM quota_hold h, jsonb_to_recordset(h.items) AS i(k text, s uuid, m text,
				p text, w timestamptz, a bigint)
			WHERE h.id = ANY (gone) GROUP BY i.k, i.s, i.m, i.p, i.w
			ORDER BY i.k, i.s, i.m, i.p, i.w LOOP
		UPDATE quota_counter q SET used = greatest(q.used - item.back, 0)
			WHERE q.subject_kind = item.k AND q.subject = item.s AND q.measure = item.m
				AND q.per = item.p AND q.window_start = item.w;
	END LOOP;
	UPDATE quota_hold h SET is_given_back = true, until = clock_timestamp() + interval '1 day'
		WHERE h.id = ANY (gone);
	RETURN cardinality(gone);
END
$$;

REVOKE ALL ON FUNCTION quota_reserve(uuid, uuid, bigint, jsonb), quota_settle(uuid, jsonb),
	quota_reclaim(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION quota_reserve(uuid, uuid, bigint, jsonb), quota_settle(uuid, jsonb),
	quota_reclaim(bigint) TO sallyport_edge;
GRANT SELECT, INSERT, DELETE ON quota_limit TO sallyport_edge;
GRANT SELECT ON quota_counter TO sallyport_edge; -- changed by the functions above only

-- What is to be told, written in the transaction that it tells of. Ids and the names of kinds and
-- models only: nothing that may not stand in a mail.
CREATE TABLE notice (
	id uuid PRIMARY KEY, -- of its entry in the log, if it has one
	kind text NOT NULL CHECK (kind ~ '^[a-z]+\.[a-z]+$'),
	at timestamptz NOT NULL,
	actor uuid,   -- who did it, and need not be told; NULL: the gateway
	person uuid,  -- whom it is about
	request uuid, -- whose person that is, if none is named; so with the license
	license uuid,
	model text,
	office text,  -- whose holders are told too; NULL: as the kind says
	detail text NOT NULL DEFAULT '' CHECK (length(detail) <= 500),
	spread_at timestamptz -- NULL: who is to be told is not known yet
);
CREATE INDEX notice_new ON notice (at) WHERE spread_at IS NULL;

-- Programs that want to hear. The secret is what they check our signature with.
CREATE TABLE webhook (
	id uuid PRIMARY KEY,
	url text NOT NULL CHECK (length(url) BETWEEN 9 AND 1000),
	secret bytea NOT NULL CHECK (octet_length(secret) = 32),
	-- license.revoke, request.*, *
	kinds text[] NOT NULL CHECK (cardinality(kinds) BETWEEN 1 AND 64),
	model text CHECK (length(model) <= 200), -- ns/name, ns/*; NULL: whatever it is about
	state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'disabled')),
	failing_since timestamptz, -- NULL: the last delivery came through
	created_at timestamptz NOT NULL,
	created_by uuid REFERENCES person
);

-- A notice on its way to a person (by mail) or to a webhook. Its id is the message's, each time it
-- is tried.
CREATE TABLE notice_delivery (
	id uuid PRIMARY KEY,
	notice uuid NOT NULL REFERENCES notice ON DELETE CASCADE,
	person uuid REFERENCES person,
	webhook uuid REFERENCES webhook ON DELETE CASCADE,
	state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'failed')),
	attempts integer NOT NULL DEFAULT 0,
	next_at timestamptz NOT NULL,
	until timestamptz NOT NULL, -- is not tried after
	changed_at timestamptz NOT NULL,
	status integer NOT NULL DEFAULT 0, -- of the last attempt, as the other side gave it
	problem text NOT NULL DEFAULT '' CHECK (length(problem) <= 500),
	UNIQUE (notice, person),
	UNIQUE (notice, webhook),
	CHECK ((person IS NULL) <> (webhook IS NULL))
);
CREATE INDEX notice_delivery_due ON notice_delivery (next_at) WHERE state = 'waiting';
CREATE INDEX notice_delivery_webhook ON notice_delivery (webhook, changed_at)
	WHERE webhook IS NOT NULL;

-- Kinds a person wants no mail of ("request.submit", "license.*", "*"), or wants all the same.
CREATE TABLE notice_choice (
	person uuid NOT NULL REFERENCES person,
	kind text NOT NULL CHECK (kind ~ '^([a-z]+\.([a-z]+|\*)|\*)$'),
	mail boolean NOT NULL,
	PRIMARY KEY (person, kind)
);

GRANT SELECT, INSERT, DELETE ON notice, webhook, notice_delivery, notice_choice TO sallyport_edge;
GRANT UPDATE (spread_at) ON notice TO sallyport_edge;
GRANT UPDATE (state, failing_since) ON webhook TO sallyport_edge;
GRANT UPDATE (state, attempts, next_at, changed_at, status, problem) ON notice_delivery
	TO sallyport_edge;

CREATE VIEW auditor_quota_limit AS SELECT * FROM quota_limit;
CREATE VIEW auditor_quota_counter AS SELECT * FROM quota_counter;
CREATE VIEW auditor_webhook AS
	SELECT id, url, kinds, model, state, failing_since, created_at, created_by FROM webhook;
GRANT SELECT ON auditor_quota_limit, auditor_quota_counter, auditor_webhook TO sallyport_auditor;
