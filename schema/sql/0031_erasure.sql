-- SPDX-License-Identifier: Apache-2.0
-- Erasure and retention. A leaf holds nothing but a commitment; so the payload of an entry and
-- its nonce can go, and every proof still holds. What goes is erased by the functions below only,
-- each against an entry of the same transaction that says so. What every column of the database
-- is, and what an erasure does to it: personal.txt.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

ALTER TABLE audit_event
	ALTER COLUMN payload DROP NOT NULL,
	ALTER COLUMN nonce DROP NOT NULL,
	ADD COLUMN erased_by uuid, -- the event that says so
	ADD CONSTRAINT audit_event_is_whole_or_erased CHECK ((payload IS NULL) = (nonce IS NULL)
		AND (payload IS NULL) = (erased_by IS NOT NULL));

-- Rows stay final but for one change: payload and nonce go, with the actor's name. Whoever asks.
DROP TRIGGER final ON audit_event;
CREATE TRIGGER final BEFORE DELETE OR TRUNCATE ON audit_event
	FOR EACH STATEMENT EXECUTE FUNCTION log_row_is_final();

CREATE FUNCTION audit_event_is_only_erased() RETURNS trigger LANGUAGE plpgsql
	SET search_path = sallyport, pg_temp AS $$
DECLARE
	allowed audit_event := OLD;
BEGIN
	allowed.actor_name := NULL;
	IF OLD.erased_by IS NULL AND EXISTS (SELECT FROM audit_event e WHERE e.id = NEW.erased_by
			AND e.kind IN ('erasure.run', 'retention.run')) THEN
		allowed.payload := NULL;
		allowed.nonce := NULL;
		allowed.erased_by := NEW.erased_by;
	END IF;
	IF NEW IS DISTINCT FROM allowed OR NEW IS NOT DISTINCT FROM OLD THEN
		RAISE EXCEPTION 'rows of audit_event are final: UPDATE is refused'
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	RETURN NEW;
END
$$;
CREATE TRIGGER erased BEFORE UPDATE ON audit_event
	FOR EACH ROW EXECUTE FUNCTION audit_event_is_only_erased();

-- The same for the history of requests: texts go, steps stay.
DROP TRIGGER final ON access_request_event;
CREATE TRIGGER final BEFORE DELETE OR TRUNCATE ON access_request_event
	FOR EACH STATEMENT EXECUTE FUNCTION log_row_is_final();

CREATE FUNCTION access_request_event_is_only_erased() RETURNS trigger LANGUAGE plpgsql
	SET search_path = sallyport, pg_temp AS $$
DECLARE
	allowed access_request_event := OLD;
BEGIN
	allowed.reason := NULL;
	allowed.detail := NULL;
	IF NEW IS DISTINCT FROM allowed THEN
		RAISE EXCEPTION 'rows of access_request_event are final: UPDATE is refused'
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	RETURN NEW;
END
$$;
CREATE TRIGGER erased BEFORE UPDATE ON access_request_event
	FOR EACH ROW EXECUTE FUNCTION access_request_event_is_only_erased();

-- A reason may go when the vote is long cast.
DROP TRIGGER is_allowed ON access_vote;
CREATE TRIGGER is_allowed BEFORE INSERT OR UPDATE OF request, round, seat, person, vote, rights,
	days, conditions, approvals, at ON access_vote
	FOR EACH ROW EXECUTE FUNCTION access_vote_is_allowed();

ALTER TABLE person
	ADD COLUMN erased_at timestamptz, -- who it was is not known here any more
	ADD CONSTRAINT person_erased_is_suspended CHECK (erased_at IS NULL OR state = 'suspended');

-- Nothing of a subject, a license or a model is erased while this stands, by request or by time.
CREATE TABLE legal_hold (
	id uuid PRIMARY KEY,
	kind text NOT NULL CHECK (kind IN ('person', 'license', 'model')),
	person uuid REFERENCES person,
	license uuid REFERENCES license,
	model uuid REFERENCES model,
	reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
	placed_by uuid NOT NULL REFERENCES person,
	placed_at timestamptz NOT NULL,
	lifted_by uuid REFERENCES person,
	lifted_at timestamptz,
	lift_reason text CHECK (length(lift_reason) BETWEEN 1 AND 2000),
	CHECK ((kind = 'person') = (person IS NOT NULL)),
	CHECK ((kind = 'license') = (license IS NOT NULL)),
	CHECK ((kind = 'model') = (model IS NOT NULL)),
	CHECK ((lifted_at IS NULL) = (lifted_by IS NULL))
);
CREATE UNIQUE INDEX legal_hold_now ON legal_hold (kind, coalesce(person, license, model))
	WHERE lifted_at IS NULL;

-- asked -> rejected | running -> waiting (something must stay until a day) -> done
CREATE TABLE erasure (
	id uuid PRIMARY KEY,
	subject uuid NOT NULL REFERENCES person,
	scope text NOT NULL CHECK (scope IN ('all', 'log')), -- log: the account stays
	reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
	override text CHECK (length(override) BETWEEN 1 AND 2000), -- why nothing waits for its day
	state text NOT NULL DEFAULT 'asked'
		CHECK (state IN ('asked', 'rejected', 'running', 'waiting', 'done')),
	asked_by uuid NOT NULL REFERENCES person,
	asked_at timestamptz NOT NULL,
	decided_by uuid REFERENCES person,
	decided_at timestamptz,
	decision_reason text CHECK (length(decision_reason) <= 2000),
	terms text[], -- what entries are known by; gone when the walk through the log has ended
	next bigint NOT NULL DEFAULT 0, -- where that walk is, as a place in audit_entry
	erased bigint NOT NULL DEFAULT 0,
	file_due_at timestamptz, -- when the texts of requests and licenses go; NULL: they are gone
	done_at timestamptz,
	CONSTRAINT erasure_by_two_people CHECK (decided_by <> asked_by),
	CONSTRAINT erasure_not_ones_own CHECK (asked_by <> subject AND decided_by <> subject),
	CHECK ((state = 'asked') = (decided_by IS NULL)),
	CHECK ((terms IS NOT NULL) = (state = 'running'))
);
CREATE UNIQUE INDEX erasure_open ON erasure (subject) WHERE state IN ('asked', 'running');
CREATE INDEX erasure_state ON erasure (state, asked_at);

-- Entries that are to be erased on a day to come, or once no hold stops it. No erasure: their
-- time was over while a hold stood.
CREATE TABLE audit_kept (
	place bigint NOT NULL,
	erasure uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
	due_at timestamptz NOT NULL,
	PRIMARY KEY (place, erasure)
);
CREATE INDEX audit_kept_due ON audit_kept (erasure, due_at);

-- How far each rule has come, and what it has done last.
CREATE TABLE retention (
	rule text PRIMARY KEY CHECK (rule IN ('usage', 'record', 'session')),
	next bigint NOT NULL DEFAULT 0, -- a place in audit_entry
	erased bigint NOT NULL DEFAULT 0,
	ran_at timestamptz, -- when it last had something to do
	entry uuid
);
-- A clock that jumps must not make years of entries old at once: after a gap of a month nothing is
-- erased by time for a day, in which somebody can notice.
CREATE TABLE retention_clock (
	one boolean PRIMARY KEY DEFAULT true CHECK (one),
	seen_at timestamptz NOT NULL DEFAULT now(),
	waits_until timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO retention_clock DEFAULT VALUES;

CREATE FUNCTION retention_waits() RETURNS boolean LANGUAGE plpgsql
	SECURITY DEFINER SET search_path = sallyport, pg_temp AS $$
DECLARE
	c retention_clock;
BEGIN
	SELECT * INTO STRICT c FROM retention_clock;
	IF c.seen_at NOT BETWEEN now() - interval '1 hour' AND now() + interval '1 hour' THEN
		UPDATE retention_clock SET seen_at = now(), waits_until = CASE
			WHEN now() > c.seen_at + interval '30 days' THEN now() + interval '1 day'
			WHEN c.waits_until > now() + interval '1 day' THEN now()
			ELSE waits_until END
			RETURNING * INTO c;
	END IF;
	RETURN c.waits_until > now();
END
$$;

INSERT INTO retention (rule) VALUES ('usage'), ('record'), ('session');

-- What the keeper needs to know again of an erased entry, should it be put back to a backup: the
-- fields that its facts follow from, with its own seal (gateway/keeper/reduce.h). No person.
CREATE TABLE audit_reduced (
	event uuid PRIMARY KEY REFERENCES audit_event,
	facts bytea NOT NULL CHECK (octet_length(facts) BETWEEN 2 AND 98304),
	seal bytea NOT NULL CHECK (octet_length(seal) = 32)
);

-- The least that the law lets nobody go below (AI Act, articles 19 and 26(6); 18): whatever the
-- settings of the gateway are. Uses: what single persons did with models; all else is a record.
CREATE FUNCTION retention_rule(kind text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN kind IN ('infer.generate', 'infer.embed', 'infer.internals', 'infer.end',
		'infer.pass', 'key.release', 'download.end', 'decision.deny', 'audit.query',
		'session.start', 'session.end', 'session.refuse', 'device.approve', 'device.deny',
		'capability.create', 'license.remind', 'adapter.serve')
		THEN 'usage' ELSE 'record' END;

CREATE FUNCTION retention_least(rule text) RETURNS interval
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE rule WHEN 'usage' THEN interval '6 months' ELSE interval '10 years' END;

-- As the settings say, but never less.
CREATE FUNCTION retention_period(rule text, months integer, years integer) RETURNS interval
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN greatest(retention_least(rule), CASE rule WHEN 'usage'
		THEN make_interval(months => months) ELSE make_interval(years => years) END);

-- These stay for as long as the log: they hold no text about a person, and other proofs rest on
-- them (files of a revision, batches of calls, what the log itself is, who may approve, and what
-- was erased).
CREATE FUNCTION audit_kind_stays(kind text) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN kind IN ('gateway.init', 'gateway.start', 'log.continue', 'model.commit',
		'usage.batch') OR split_part(kind, '.', 1)
		IN ('approver', 'erasure', 'retention', 'hold', 'report');

-- The keeper's facts follow from these: they go only once audit_reduced has what it needs.
CREATE FUNCTION audit_kind_is_reduced(kind text) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN kind IN ('license.revoke', 'license.suspend', 'license.reinstate', 'license.close',
		'model.create', 'model.settings', 'model.disable', 'model.enable', 'model.shred',
		'model.recall', 'adapter.delete');

CREATE FUNCTION entry_is_whole(a audit_entry) RETURNS boolean LANGUAGE sql STABLE
	RETURN EXISTS (SELECT FROM audit_event e WHERE e.id = a.event AND e.payload IS NOT NULL);

CREATE FUNCTION entry_is_held(e audit_entry) RETURNS boolean
	LANGUAGE sql STABLE
	RETURN EXISTS (SELECT FROM legal_hold h WHERE h.lifted_at IS NULL AND (h.person = e.actor
		OR h.license = e.license
		OR h.person = (SELECT l.person FROM license l WHERE l.id = e.license)
		OR h.model = (SELECT m.id FROM model m WHERE m.name = e.model)));

-- Places as "[[first,last],...]": numbers of the tree, and for rows of a batch [number,row].
CREATE FUNCTION place_ranges(places bigint[]) RETURNS text LANGUAGE sql IMMUTABLE
	SET search_path = sallyport, pg_temp AS $$
	WITH entry AS (SELECT min(p) AS lo, max(p) AS hi FROM (SELECT p, (p >> 16)
			- row_number() OVER (ORDER BY p) AS island FROM unnest(places) p
			WHERE p & 65535 = 0) i GROUP BY island
	), batched AS (SELECT min(p) AS lo, max(p) AS hi FROM (SELECT p, p - row_number()
			OVER (ORDER BY p) AS island FROM unnest(places) p
			WHERE p & 65535 > 0) i GROUP BY island)
	SELECT coalesce('[' || string_agg(told, ',' ORDER BY lo) || ']', '[]') FROM (
		SELECT lo, format('[%s,%s]', lo >> 16, hi >> 16) AS told FROM entry
		UNION ALL SELECT lo, format('[[%s,%s],[%s,%s]]', lo >> 16, (lo & 65535) - 1,
			hi >> 16, (hi & 65535) - 1) FROM batched) r
$$;

-- The one way for a payload to go. `entry` says so, and is of this very transaction.
CREATE FUNCTION audit_erase(entry uuid, places bigint[]) RETURNS bigint LANGUAGE plpgsql
	SET search_path = sallyport, pg_temp AS $$
DECLARE
	gone bigint;
BEGIN
	IF NOT EXISTS (SELECT FROM audit_event e WHERE e.id = entry
		AND e.kind IN ('erasure.run', 'retention.run')
		AND e.xmin = pg_current_xact_id()::xid) THEN
		RAISE EXCEPTION 'no entry of this transaction says that anything is erased'
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	UPDATE audit_event e SET payload = NULL, nonce = NULL, actor_name = NULL, erased_by = entry
		FROM audit_entry a WHERE a.place = ANY (places) AND e.id = a.event
		AND e.erased_by IS NULL;
	GET DIAGNOSTICS gone = ROW_COUNT;
	UPDATE audit_entry SET actor_name = NULL, address = NULL WHERE place = ANY (places);
	DELETE FROM audit_kept WHERE place = ANY (places);
	RETURN gone;
END
$$;

-- May this entry go at that time? Published, none of those that stay, not gone already.
CREATE FUNCTION entry_may_go(a audit_entry) RETURNS boolean
	LANGUAGE sql STABLE
	RETURN NOT audit_kind_stays(a.kind) AND a.place < (SELECT coalesce(max(size), 0) * 65536
			FROM audit_checkpoint)
		AND entry_is_whole(a)
		AND (NOT audit_kind_is_reduced(a.kind)
			OR EXISTS (SELECT FROM audit_reduced r WHERE r.event = a.event));

-- What is in the payload of an entry about the subject: their id, name, mail, subjects at
-- identity providers. All in lower case; texts of one value with their quotes.
CREATE FUNCTION erasure_terms(who uuid) RETURNS text[] LANGUAGE sql STABLE
	SET search_path = sallyport, pg_temp AS $$
	SELECT array_agg(DISTINCT lower(t)) FROM (
		SELECT who::text UNION ALL
		SELECT '"' || name || '"' FROM person WHERE id = who UNION ALL
		SELECT email FROM person WHERE id = who AND length(email) > 5 UNION ALL
		SELECT replace(email, '@', '%40') FROM person
			WHERE id = who AND length(email) > 5 UNION ALL
		SELECT how || replace(name, '@', '%40') FROM person, -- what auditors looked for
			unnest(ARRAY['actor=', 'text=']) how WHERE id = who UNION ALL
		SELECT to_json(sub)::text FROM identity WHERE person = who UNION ALL
		SELECT id::text FROM access_request WHERE person = who) f(t)
$$;

CREATE FUNCTION entry_is_of(a audit_entry, who uuid, terms text[]) RETURNS boolean
	LANGUAGE sql STABLE
	RETURN coalesce(a.actor = who OR EXISTS (SELECT FROM license l WHERE l.id = a.license
			AND l.person = who)
		OR EXISTS (SELECT FROM audit_event e, unnest(terms) t WHERE e.id = a.event
			AND strpos(lower(convert_from(e.payload, 'UTF8')), t) > 0), false);

-- One step of what is to be done: which entries go now, which need audit_reduced first, and which
-- stay until due_at. At most 2000 entries are looked at.
CREATE TYPE erasure_row AS (place bigint, event uuid, due_at timestamptz, goes boolean,
	reduces boolean);

CREATE FUNCTION erasure_weigh(a audit_entry, due timestamptz) RETURNS erasure_row
	LANGUAGE sql STABLE
	RETURN ROW(a.place, a.event, due, due <= now() AND NOT entry_is_held(a) AND entry_may_go(a),
		due <= now() AND NOT entry_is_held(a) AND audit_kind_is_reduced(a.kind)
		AND NOT entry_may_go(a))::erasure_row;

CREATE FUNCTION erasure_due(a audit_entry, months integer, years integer) RETURNS timestamptz
	LANGUAGE sql STABLE
	RETURN a.at + retention_period(retention_rule(a.kind), months, years);

-- The end of the next 2000 entries from a place on, of those that are published.
CREATE FUNCTION erasure_window_end(first bigint) RETURNS bigint LANGUAGE sql STABLE
	SET search_path = sallyport, pg_temp AS $$
	SELECT coalesce((SELECT place FROM audit_entry WHERE place >= first ORDER BY place
			OFFSET 2000 LIMIT 1),
		least((SELECT next FROM audit_progress), (SELECT coalesce(max(size), 0)
			FROM audit_checkpoint)) * 65536)
$$;

CREATE FUNCTION erasure_rows(which erasure, months integer, years integer)
	RETURNS SETOF erasure_row LANGUAGE plpgsql STABLE SET search_path = sallyport, pg_temp AS $$
BEGIN
	IF which.state = 'running' THEN
		RETURN QUERY SELECT (erasure_weigh(a, CASE WHEN which.override IS NULL
				THEN erasure_due(a, months, years) ELSE '-infinity' END)).*
			FROM audit_entry a WHERE a.place >= which.next
				AND a.place < erasure_window_end(which.next)
				AND NOT audit_kind_stays(a.kind)
				AND entry_is_whole(a)
				AND entry_is_of(a, which.subject, which.terms);
	ELSIF which.state = 'waiting' THEN
		RETURN QUERY SELECT (erasure_weigh(a, k.due_at)).* FROM audit_kept k
			JOIN audit_entry a ON a.place = k.place
			WHERE k.erasure = which.id AND k.due_at <= now() AND NOT entry_is_held(a)
			ORDER BY k.due_at LIMIT 500;
	END IF;
END
$$;

-- What the entry of the next step has to say, and what the keeper must reduce before. Takes the
-- lock that keeps a second one out; the transaction goes on to erasure_apply.
CREATE FUNCTION erasure_look(id uuid, months integer, years integer,
	OUT is_there boolean, OUT goes bigint, OUT ranges text, OUT reduces text)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = sallyport, pg_temp AS $$
DECLARE
	e erasure;
BEGIN
	SELECT * INTO e FROM erasure x WHERE x.id = erasure_look.id
		AND x.state IN ('running', 'waiting') FOR UPDATE;
	is_there := FOUND;
	SELECT count(*) FILTER (WHERE r.goes),
		place_ranges(coalesce(array_agg(r.place) FILTER (WHERE r.goes), '{}')),
		coalesce(string_agg(r.event::text, ',') FILTER (WHERE r.reduces), '')
		INTO goes, ranges, reduces FROM erasure_rows(e, months, years) r;
END
$$;

CREATE FUNCTION actor_forget(who uuid, first bigint, behind bigint) RETURNS void LANGUAGE sql
	SET search_path = sallyport, pg_temp AS $$
	UPDATE audit_event e SET actor_name = NULL FROM audit_entry a WHERE a.place >= first
		AND a.place < behind AND a.actor = who AND e.id = a.event
		AND e.actor_name IS NOT NULL;
	UPDATE audit_entry a SET actor_name = NULL WHERE a.place >= first AND a.place < behind
		AND a.actor = who AND a.actor_name IS NOT NULL
$$;

-- Is the walk at the end of the log, and what was under way when it was confirmed in it?
CREATE FUNCTION erasure_is_over(e erasure) RETURNS boolean LANGUAGE sql STABLE
	RETURN now() > e.decided_at + interval '5 seconds'
		AND (e.next >= (SELECT coalesce(max(seq) + 1, 0) FROM audit_leaf) * 65536
			OR (SELECT a.at FROM audit_entry a WHERE a.place < e.next
				ORDER BY a.place DESC LIMIT 1)
				> e.decided_at + interval '5 seconds')
		AND NOT EXISTS (SELECT FROM audit_outbox o JOIN audit_event v ON v.id = o.event
			WHERE v.at < e.decided_at + interval '5 seconds');

-- Do the step. `entry`: the erasure.run of this transaction; NULL: nothing goes.
CREATE FUNCTION erasure_apply(id uuid, entry uuid, months integer, years integer) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = sallyport, pg_temp AS $$
DECLARE
	e erasure;
	gone bigint := 0;
	going bigint[];
BEGIN
	SELECT * INTO STRICT e FROM erasure x WHERE x.id = erasure_apply.id FOR UPDATE;
	INSERT INTO audit_kept (place, erasure, due_at)
		SELECT r.place, e.id, greatest(r.due_at, '-infinity') FROM
		erasure_rows(e, months, years) r WHERE NOT r.goes AND e.state = 'running'
		ON CONFLICT DO NOTHING;
	SELECT coalesce(array_agg(r.place), '{}') INTO going
		FROM erasure_rows(e, months, years) r WHERE r.goes;
	IF cardinality(going) > 0 THEN
		gone := audit_erase(entry, going);
	END IF;
	e.erased := e.erased + gone;
	IF e.state = 'running' THEN
		IF e.scope = 'all' THEN -- of what was under way when the account went
			PERFORM actor_forget(e.subject, e.next, erasure_window_end(e.next));
		END IF;
		e.next := erasure_window_end(e.next);
		IF erasure_is_over(e) THEN
			e.state := 'waiting';
			e.terms := NULL;
		END IF;
	END IF;
	IF e.state = 'waiting' AND e.file_due_at IS NULL AND NOT EXISTS (SELECT FROM audit_kept k
			WHERE k.erasure = e.id) THEN
		e.state := 'done';
		e.done_at := now();
	END IF;
	UPDATE erasure x SET state = e.state, terms = e.terms, next = e.next, erased = e.erased,
		done_at = e.done_at WHERE x.id = e.id;
	RETURN gone;
END
$$;

-- Those that have something to do now, the oldest first.
CREATE FUNCTION erasure_due_now(OUT id uuid) RETURNS SETOF uuid LANGUAGE sql
	SECURITY DEFINER SET search_path = sallyport, pg_temp AS $$
	SELECT e.id FROM erasure e WHERE e.state = 'running' OR e.state = 'waiting'
		AND NOT retention_waits() AND (e.file_due_at IS NULL
				AND NOT EXISTS (SELECT FROM audit_kept k WHERE k.erasure = e.id)
			OR e.file_due_at <= now() AND NOT EXISTS (SELECT FROM legal_hold h
				WHERE h.person = e.subject AND h.lifted_at IS NULL)
			OR EXISTS (SELECT FROM audit_kept k JOIN audit_entry a ON a.place = k.place
				WHERE k.erasure = e.id AND k.due_at <= now()
				AND NOT entry_is_held(a)))
	ORDER BY e.decided_at LIMIT 100
$$;

-- What of the account is personal goes at once: nobody needs it as a record (personal.txt).
CREATE FUNCTION person_forget(who uuid) RETURNS void LANGUAGE plpgsql
	SET search_path = sallyport, pg_temp AS $$
DECLARE
	called text;
	mail text;
BEGIN
	SELECT name, email INTO STRICT called, mail FROM person WHERE id = who FOR UPDATE;
	UPDATE person SET name = 'erased-' || replace(who::text, '-', ''), email = NULL,
		state = 'suspended', erased_at = now() WHERE id = who;
	DELETE FROM office WHERE person = who;
	DELETE FROM committee_member WHERE person = who;
	UPDATE committee SET escalate_days = NULL, escalate_to = NULL WHERE escalate_to = who;
	UPDATE member SET until = greatest(now(), since) WHERE person = who AND until IS NULL;
	UPDATE person_key SET name = 'erased', revoked_at = coalesce(revoked_at, now())
		WHERE person = who;
	UPDATE access_token SET name = 'erased', addresses = NULL, models = NULL,
		revoked_at = coalesce(revoked_at, now()) WHERE person = who;
	DELETE FROM session s USING access_token t WHERE t.credential = s.credential
		AND t.person = who;
	DELETE FROM password WHERE person = who;
	DELETE FROM one_time_code WHERE person = who;
	DELETE FROM device_login WHERE person = who;
	DELETE FROM workload WHERE person = who;
	DELETE FROM referee WHERE person = who;
	DELETE FROM visa WHERE person = who;
	DELETE FROM identity WHERE person = who;
	DELETE FROM idempotency_key WHERE person = who;
	DELETE FROM notice WHERE person = who OR actor = who OR detail <> ''
		AND strpos(lower(detail), called) > 0;
	DELETE FROM notice_delivery WHERE person = who;
	DELETE FROM notice_choice WHERE person = who;
	DELETE FROM audit_saved WHERE owner = who OR lower(filters::text) LIKE
		'%"' || replace(replace(called, '_', '\_'), '%', '\%') || '"%';
	DELETE FROM access_accessor a USING access_request r WHERE r.id = a.request
		AND r.person = who AND r.state = 'draft';
	UPDATE access_request SET intended_use = '', fields = CASE WHEN fields IS NOT NULL
		THEN '{}' END, advice = NULL WHERE person = who AND state = 'draft';
	UPDATE model SET gated_notifications_email = NULL
		WHERE lower(gated_notifications_email) = lower(mail);
	UPDATE audit_event SET actor_name = NULL WHERE actor = who AND actor_name IS NOT NULL;
	UPDATE audit_entry SET actor_name = NULL WHERE actor = who AND actor_name IS NOT NULL;
END
$$;

-- Texts of their requests and licenses: documentation, until its time is over.
CREATE FUNCTION person_forget_file(who uuid) RETURNS void LANGUAGE plpgsql
	SET search_path = sallyport, pg_temp AS $$
BEGIN
	UPDATE access_request SET reason = NULL, advice = NULL,
		intended_use = CASE WHEN intended_use = '' THEN '' ELSE '(erased)' END,
		fields = CASE WHEN fields IS NOT NULL THEN '{}' END WHERE person = who;
	UPDATE access_request_event SET reason = NULL, detail = NULL
		WHERE request IN (SELECT id FROM access_request WHERE person = who);
	UPDATE access_comment SET text = '(erased)'
		WHERE request IN (SELECT id FROM access_request WHERE person = who);
	UPDATE access_vote SET reason = NULL
		WHERE request IN (SELECT id FROM access_request WHERE person = who);
	UPDATE access_recusal SET reason = '(erased)' WHERE person = who
		OR request IN (SELECT id FROM access_request WHERE person = who);
	DELETE FROM request_evaluation
		WHERE request IN (SELECT id FROM access_request WHERE person = who);
	UPDATE access_delegation SET reason = NULL WHERE person = who OR delegate = who;
	UPDATE library_card SET reason = NULL WHERE person = who;
	UPDATE blocked SET reason = '(erased)' WHERE person = who;
	UPDATE license SET state_reason = NULL WHERE person = who;
	UPDATE closeout SET attestation = '(erased)' WHERE person = who;
	UPDATE renewal SET report = '(erased)', publications = '', reason = NULL
		WHERE person = who;
	UPDATE recall_duty SET attestation = '(erased)'
		WHERE person = who AND attestation IS NOT NULL;
	UPDATE adapter SET summary = NULL, reason = NULL, name = CASE state WHEN 'published'
		THEN name ELSE 'erased-' || replace(id::text, '-', '') END WHERE owner = who;
END
$$;

CREATE FUNCTION person_is_held(who uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
	RETURN EXISTS (SELECT FROM legal_hold h WHERE h.lifted_at IS NULL AND (h.person = who
		OR h.license IN (SELECT l.id FROM license l WHERE l.person = who)));

-- The second person says yes. Errors of class SP are told to them.
CREATE FUNCTION erasure_confirm(id uuid, by uuid, years integer, why text) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = sallyport, pg_temp AS $$
DECLARE
	e erasure;
	newest timestamptz;
BEGIN
	SELECT * INTO e FROM erasure x WHERE x.id = erasure_confirm.id AND x.state = 'asked'
		FOR UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'this erasure has been decided already' USING ERRCODE = 'SP409';
	ELSIF e.asked_by = by OR e.subject = by THEN
		RAISE EXCEPTION 'an erasure takes a second person, who is not its subject'
			USING ERRCODE = 'SP409';
	ELSIF person_is_held(e.subject) THEN
		RAISE EXCEPTION 'a legal hold is on this person or a license of theirs; nothing is '
			'erased until it is lifted' USING ERRCODE = 'SP409';
	END IF;
	IF e.scope = 'all' AND EXISTS (SELECT FROM license l WHERE l.person = e.subject
			AND l.expires_at > now()
			AND l.state IN ('preparing', 'active', 'suspended')) THEN
		RAISE EXCEPTION 'the person holds a license in force; revoke or close it first'
			USING ERRCODE = 'SP409';
	ELSIF e.scope = 'all' AND EXISTS (SELECT FROM access_request r WHERE r.person = e.subject
			AND r.state IN ('submitted', 'returned', 'appealed')) THEN
		RAISE EXCEPTION 'a request of the person is open; decide or withdraw it first'
			USING ERRCODE = 'SP409';
	END IF;
	SELECT max(at) INTO newest FROM (SELECT max(changed_at) AS at FROM access_request
		WHERE person = e.subject AND state <> 'draft'
		UNION ALL SELECT max(changed_at) FROM license WHERE person = e.subject) f;
	UPDATE erasure x SET state = 'running', decided_by = by, decided_at = now(),
		decision_reason = why, terms = erasure_terms(e.subject),
		file_due_at = CASE WHEN e.scope = 'all' AND e.override IS NULL
			THEN newest + retention_period('record', 0, years) END
		WHERE x.id = e.id;
	IF e.scope = 'all' THEN
		PERFORM person_forget(e.subject);
		IF e.override IS NOT NULL OR newest IS NULL THEN
			PERFORM person_forget_file(e.subject);
		END IF;
	END IF;
END
$$;

CREATE FUNCTION erasure_reject(id uuid, by uuid, why text) RETURNS boolean
	LANGUAGE sql SECURITY DEFINER SET search_path = sallyport, pg_temp AS $$
	UPDATE erasure SET state = 'rejected', decided_by = by, decided_at = now(),
		decision_reason = why, done_at = now()
	WHERE erasure.id = erasure_reject.id AND state = 'asked' AND asked_by <> by
	RETURNING true
$$;

-- The file's day has come; `entry`: the erasure.run of this transaction that says so.
CREATE FUNCTION erasure_file(id uuid, entry uuid) RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = sallyport, pg_temp AS $$
DECLARE
	e erasure;
BEGIN
	SELECT * INTO e FROM erasure x WHERE x.id = erasure_file.id AND x.state = 'waiting'
		AND x.file_due_at <= now() FOR UPDATE;
	IF NOT FOUND OR person_is_held(e.subject) THEN
		RETURN false;
	END IF;
	PERFORM audit_erase(entry, '{}');
	PERFORM person_forget_file(e.subject);
	UPDATE erasure x SET file_due_at = NULL WHERE x.id = e.id;
	RETURN true;
END
$$;

-- What would go, and what would stay until when: a row for each rule. Of a log with more than
-- 200000 entries, only the newest are looked at for what others' entries say of the person.
CREATE FUNCTION erasure_preview(who uuid, overridden boolean, months integer, years integer)
	RETURNS TABLE (rule text, goes bigint, stays bigint, held bigint, for_good bigint,
		until timestamptz)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = sallyport, pg_temp AS $$
	WITH own AS (SELECT a FROM audit_entry a WHERE a.actor = who
		UNION SELECT a FROM audit_entry a JOIN license l ON l.id = a.license
			WHERE l.person = who
		UNION SELECT a FROM audit_entry a WHERE a.place >= (SELECT next - 200000
			FROM audit_progress) * 65536 AND entry_is_of(a, who, erasure_terms(who))
	), weighed AS (SELECT retention_rule((a).kind) AS rule, audit_kind_stays((a).kind) AS final,
		entry_is_held(a) AS held, CASE WHEN overridden THEN '-infinity'
			ELSE erasure_due(a, months, years) END AS due
		FROM own WHERE entry_is_whole(a))
	SELECT w.rule, count(*) FILTER (WHERE NOT final AND NOT w.held AND due <= now()),
		count(*) FILTER (WHERE NOT final AND NOT w.held AND due > now()),
		count(*) FILTER (WHERE NOT final AND w.held), count(*) FILTER (WHERE final),
		max(due) FILTER (WHERE NOT final AND due > now())
	FROM weighed w GROUP BY w.rule ORDER BY w.rule
$$;

-- Retention: the same steps, for all that a rule's time is over for. Entries follow time but
-- roughly; a walk ends at the first that is too young.
CREATE FUNCTION retention_rows(which text, months integer, years integer)
	RETURNS SETOF erasure_row LANGUAGE plpgsql SET search_path = sallyport, pg_temp AS $$
DECLARE
	first bigint := (SELECT next FROM retention WHERE rule = which);
	young bigint;
BEGIN
	IF retention_waits() THEN
		RETURN;
	END IF;
	SELECT min(a.place) INTO young FROM audit_entry a WHERE a.place >= first
		AND a.place < erasure_window_end(first)
		AND a.at > now() - retention_period(which, months, years);
	RETURN QUERY SELECT (erasure_weigh(a, erasure_due(a, months, years))).* FROM audit_entry a
		WHERE a.place >= first AND a.place < coalesce(young, erasure_window_end(first))
			AND retention_rule(a.kind) = which AND NOT audit_kind_stays(a.kind)
			AND entry_is_whole(a);
	RETURN QUERY SELECT (erasure_weigh(a, k.due_at)).* FROM audit_kept k
		JOIN audit_entry a ON a.place = k.place
		WHERE k.erasure = '00000000-0000-0000-0000-000000000000' AND k.due_at <= now()
			AND retention_rule(a.kind) = which AND NOT entry_is_held(a)
			AND a.place < first
		ORDER BY k.due_at LIMIT 500;
END
$$;

CREATE FUNCTION retention_look(which text, months integer, years integer,
	OUT goes bigint, OUT ranges text, OUT reduces text)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = sallyport, pg_temp AS $$
BEGIN
	PERFORM FROM retention WHERE rule = which FOR UPDATE;
	SELECT count(*) FILTER (WHERE r.goes),
		place_ranges(coalesce(array_agg(r.place) FILTER (WHERE r.goes), '{}')),
		coalesce(string_agg(r.event::text, ',') FILTER (WHERE r.reduces), '')
		INTO goes, ranges, reduces FROM retention_rows(which, months, years) r;
END
$$;

-- True: there is more to walk through.
CREATE FUNCTION retention_apply(which text, said_by uuid, months integer, years integer)
	RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = sallyport, pg_temp AS $$
DECLARE
	r retention;
	last bigint;
	gone bigint := 0;
	going bigint[];
BEGIN
	SELECT * INTO STRICT r FROM retention WHERE rule = which FOR UPDATE;
	IF retention_waits() THEN
		RETURN false;
	END IF;
	last := erasure_window_end(r.next);
	last := coalesce((SELECT min(a.place) FROM audit_entry a WHERE a.place >= r.next
		AND a.place < last AND a.at > now() - retention_period(which, months, years)),
		last);
	INSERT INTO audit_kept (place, due_at) SELECT x.place, x.due_at
		FROM retention_rows(which, months, years) x WHERE NOT x.goes ON CONFLICT DO NOTHING;
	SELECT coalesce(array_agg(x.place), '{}') INTO going
		FROM retention_rows(which, months, years) x WHERE x.goes;
	IF cardinality(going) > 0 THEN
		gone := audit_erase(said_by, going);
	END IF;
	UPDATE retention SET next = last, erased = erased + gone,
		ran_at = CASE WHEN gone > 0 THEN now() ELSE ran_at END,
		entry = CASE WHEN gone > 0 THEN said_by ELSE entry END
		WHERE rule = which AND (gone > 0 OR last > r.next);
	RETURN last > r.next;
END
$$;

-- Where people signed in from, and one-time codes: days, not years. How many would go, and go.
CREATE FUNCTION retention_sessions(days integer) RETURNS bigint LANGUAGE sql
	SECURITY DEFINER SET search_path = sallyport, pg_temp AS $$
	SELECT CASE WHEN retention_waits() THEN 0 ELSE (SELECT count(*)
			FROM session s JOIN access_token t USING (credential)
			WHERE least(t.expires_at, coalesce(t.revoked_at, t.expires_at))
				< now() - make_interval(days => days)
			AND NOT person_is_held(t.person))
		+ (SELECT count(*) FROM one_time_code WHERE expires_at
			< now() - make_interval(days => days) AND NOT person_is_held(person)) END
$$;

CREATE FUNCTION retention_sessions_end(days integer, said_by uuid) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = sallyport, pg_temp AS $$
DECLARE
	one bigint;
	two bigint;
BEGIN
	PERFORM audit_erase(said_by, '{}');
	DELETE FROM session s USING access_token t WHERE t.credential = s.credential
		AND least(t.expires_at, coalesce(t.revoked_at, t.expires_at))
			< now() - make_interval(days => days)
		AND NOT person_is_held(t.person);
	GET DIAGNOSTICS one = ROW_COUNT;
	DELETE FROM one_time_code WHERE expires_at < now() - make_interval(days => days)
		AND NOT person_is_held(person);
	GET DIAGNOSTICS two = ROW_COUNT;
	UPDATE retention SET erased = erased + one + two, ran_at = now(), entry = said_by
		WHERE rule = 'session';
	RETURN one + two;
END
$$;

-- For the dry run and the gauges: what is due now, in the next 200000 entries of each rule.
CREATE FUNCTION retention_due(months integer, years integer)
	RETURNS TABLE (rule text, due bigint, held bigint)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = sallyport, pg_temp AS $$
	SELECT r.rule, count(a.place) FILTER (WHERE NOT entry_is_held(a)),
		count(a.place) FILTER (WHERE entry_is_held(a))
	FROM retention r LEFT JOIN audit_entry a ON a.place >= r.next
		AND a.place < r.next + 200000::bigint * 65536 AND retention_rule(a.kind) = r.rule
		AND NOT audit_kind_stays(a.kind) AND erasure_due(a, months, years) <= now()
		AND entry_is_whole(a)
	WHERE r.rule <> 'session' GROUP BY r.rule
$$;

-- A hold was lifted: what it kept goes when the job comes by (audit_kept); nothing to do here.
DO $$
DECLARE
	f text;
BEGIN
	FOR f IN SELECT p.oid::regprocedure FROM pg_proc p
		WHERE p.pronamespace = 'sallyport'::regnamespace AND p.proname IN (
		'audit_erase', 'person_forget', 'person_forget_file', 'actor_forget',
		'retention_waits', 'erasure_look', 'erasure_apply', 'erasure_due_now',
		'erasure_confirm', 'erasure_reject', 'erasure_file', 'erasure_preview',
		'retention_look', 'retention_apply', 'retention_sessions',
		'retention_sessions_end', 'retention_due', 'person_is_held', 'erasure_terms',
		'entry_is_of', 'erasure_rows', 'retention_rows') LOOP
		EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
	END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION erasure_look(uuid, integer, integer),
	erasure_apply(uuid, uuid, integer, integer), erasure_due_now(),
	erasure_confirm(uuid, uuid, integer, text), erasure_reject(uuid, uuid, text),
	erasure_file(uuid, uuid), erasure_preview(uuid, boolean, integer, integer),
	retention_look(text, integer, integer), retention_apply(text, uuid, integer, integer),
	retention_sessions(integer), retention_sessions_end(integer, uuid),
	retention_due(integer, integer), person_is_held(uuid), retention_waits()
	TO sallyport_edge;
GRANT SELECT ON erasure, legal_hold, retention, retention_clock TO sallyport_edge;
GRANT INSERT (id, subject, scope, reason, override, asked_by, asked_at) ON erasure
	TO sallyport_edge;
GRANT INSERT ON legal_hold, audit_reduced TO sallyport_edge;
GRANT SELECT (event) ON audit_reduced TO sallyport_edge;
GRANT UPDATE (lifted_by, lifted_at, lift_reason) ON legal_hold TO sallyport_edge;
GRANT SELECT ON audit_reduced TO sallyport_scribe;
GRANT SELECT (erased_by) ON audit_event TO sallyport_scribe;

-- Which entry says that a payload is erased, and its number.
CREATE VIEW auditor_erased AS SELECT e.id, e.erased_by, l.seq AS erased_by_seq
	FROM audit_event e LEFT JOIN audit_leaf l ON l.event = e.erased_by
	WHERE e.erased_by IS NOT NULL;
CREATE VIEW auditor_erasure AS SELECT id, subject, scope, reason, override, state, asked_by,
	asked_at, decided_by, decided_at, decision_reason, next, erased, file_due_at, done_at,
	(SELECT count(*) FROM audit_kept k WHERE k.erasure = erasure.id) AS kept,
	(SELECT max(due_at) FROM audit_kept k WHERE k.erasure = erasure.id) AS kept_until
	FROM erasure;
CREATE VIEW auditor_legal_hold AS SELECT * FROM legal_hold;
CREATE VIEW auditor_retention AS SELECT r.*, c.waits_until FROM retention r, retention_clock c;
GRANT SELECT ON auditor_erased, auditor_erasure, auditor_legal_hold, auditor_retention
	TO sallyport_auditor;
GRANT SELECT ON auditor_erasure TO sallyport_edge;
