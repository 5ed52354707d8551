-- SPDX-License-Identifier: Apache-2.0
-- The whole life of an access request: drafts, rounds, accessors, votes under a model's rule,
-- conflicts of interest, comments, reviewers, delegation, library cards, and the clock.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

ALTER TABLE access_request
	-- Each submission and each appeal begins a round; votes belong to one.
	ADD COLUMN round integer NOT NULL DEFAULT 1 CHECK (round >= 0),
	ADD COLUMN waiting_since timestamptz, -- NULL: no decision is awaited
	ADD COLUMN uses text[] NOT NULL DEFAULT '{}' CHECK (cardinality(uses) <= 64),
	ADD COLUMN advice text CHECK (length(advice) <= 16384), -- JSON: how the uses match, and why
	ADD COLUMN lead uuid REFERENCES person,
	ADD COLUMN institution uuid REFERENCES institution,
	ADD COLUMN official uuid REFERENCES person, -- has countersigned it
	ADD COLUMN countersigned_at timestamptz,
	ADD COLUMN reminded_at timestamptz, -- in this round
	ADD COLUMN escalated_at timestamptz,
	ADD CONSTRAINT access_request_countersigned
		CHECK ((official IS NULL) = (countersigned_at IS NULL)),
	ADD CONSTRAINT access_request_not_ones_own_official CHECK (official <> person),
	-- A draft may be empty.
	DROP CONSTRAINT access_request_intended_use_check,
	DROP CONSTRAINT access_request_rights_check,
	ADD CONSTRAINT access_request_intended_use_check CHECK (length(intended_use) <= 10000
		AND (intended_use <> '' OR state IN ('draft', 'withdrawn'))),
	ADD CONSTRAINT access_request_rights_check CHECK (rights_are_known(rights)
		OR (rights = '{}' AND state IN ('draft', 'withdrawn')));
UPDATE access_request SET waiting_since = changed_at WHERE state IN ('submitted', 'appealed');
CREATE INDEX access_request_waiting ON access_request (waiting_since, id)
	WHERE waiting_since IS NOT NULL;
CREATE INDEX access_request_model ON access_request (model, state);

-- All that happens to it, not only what changes its state. `detail` is JSON: with the acts before
-- it, it tells what the request was at that time.
ALTER TABLE access_request_event
	ADD COLUMN act text,
	ADD COLUMN detail text CHECK (length(detail) <= 65536),
	DROP CONSTRAINT access_request_step;
-- Rows of the history are final: an UPDATE is refused. What a new column begins with is none.
ALTER TABLE access_request_event ALTER COLUMN act TYPE text USING CASE to_state
	WHEN 'draft' THEN 'save' WHEN 'submitted' THEN 'submit' WHEN 'approved' THEN 'approve'
	WHEN 'denied' THEN 'deny' WHEN 'returned' THEN 'return' WHEN 'withdrawn' THEN 'withdraw'
	WHEN 'appealed' THEN 'appeal' ELSE 'close' END;
ALTER TABLE access_request_event
	ALTER COLUMN act SET NOT NULL,
	ADD CONSTRAINT access_request_act CHECK (act IN ('save', 'submit', 'approve', 'deny',
		'return', 'withdraw', 'appeal', 'close', 'reopen', 'comment', 'remark', 'vote',
		'recuse', 'review', 'delegate', 'accept', 'countersign', 'remind', 'escalate')),
	ADD CONSTRAINT access_request_step CHECK (
		from_state = to_state AND act NOT IN ('submit', 'approve', 'deny', 'return',
			'withdraw', 'appeal', 'close', 'reopen')
		OR (from_state, to_state) IN (
			('none', 'draft'), ('none', 'submitted'),
			('draft', 'submitted'), ('draft', 'withdrawn'),
			('submitted', 'approved'), ('submitted', 'denied'),
			('submitted', 'returned'), ('submitted', 'withdrawn'),
			('returned', 'submitted'), ('returned', 'withdrawn'),
			('denied', 'appealed'), ('denied', 'closed'),
			('appealed', 'approved'), ('appealed', 'denied'),
			('appealed', 'withdrawn'), ('approved', 'closed'),
			-- A decision taken back; of an approval, with its licenses.
			('denied', 'submitted'), ('approved', 'submitted'),
			('approved', 'denied')));

CREATE INDEX license_request ON license (request);

-- How a model's requests are decided. No row: one decider is enough.
CREATE TABLE committee (
	model uuid PRIMARY KEY REFERENCES model,
	needed integer NOT NULL DEFAULT 1 CHECK (needed BETWEEN 1 AND 100),
	any_denial_denies boolean NOT NULL DEFAULT false,
	not_same_institution boolean NOT NULL DEFAULT false,
	handlers_differ boolean NOT NULL DEFAULT false,
	needs_card boolean NOT NULL DEFAULT false, -- a library card, or the official's signature
	remind_days integer CHECK (remind_days BETWEEN 1 AND 365),
	escalate_days integer CHECK (escalate_days BETWEEN 1 AND 365),
	escalate_to uuid REFERENCES person,
	permitted_uses text[] NOT NULL DEFAULT '{}' CHECK (cardinality(permitted_uses) <= 64),
	required_uses text[] NOT NULL DEFAULT '{}' CHECK (cardinality(required_uses) <= 64),
	changed_at timestamptz NOT NULL,
	changed_by uuid REFERENCES person,
	CHECK (escalate_days IS NULL OR escalate_to IS NOT NULL)
);

-- Who decides; no row: whoever has the office on the model.
CREATE TABLE committee_member (
	model uuid NOT NULL REFERENCES model,
	person uuid NOT NULL REFERENCES person,
	PRIMARY KEY (model, person)
);

-- People besides the requester who get access by the request; each accepts the terms.
CREATE TABLE access_accessor (
	request uuid NOT NULL REFERENCES access_request,
	person uuid NOT NULL REFERENCES person,
	added_at timestamptz NOT NULL,
	accepted_at timestamptz,
	terms_sha256 bytea REFERENCES terms,
	terms_key uuid REFERENCES person_key,
	terms_signature bytea CHECK (octet_length(terms_signature) = 64),
	PRIMARY KEY (request, person),
	CHECK ((terms_key IS NULL) = (terms_signature IS NULL))
);
CREATE INDEX access_accessor_person ON access_accessor (person);

CREATE TABLE access_recusal (
	request uuid NOT NULL REFERENCES access_request,
	person uuid NOT NULL REFERENCES person,
	reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
	at timestamptz NOT NULL,
	PRIMARY KEY (request, person)
);

CREATE TABLE access_reviewer (
	request uuid NOT NULL REFERENCES access_request,
	person uuid NOT NULL REFERENCES person,
	invited_by uuid NOT NULL REFERENCES person,
	at timestamptz NOT NULL,
	PRIMARY KEY (request, person)
);
CREATE INDEX access_reviewer_person ON access_reviewer (person);

CREATE TABLE access_comment (
	id uuid PRIMARY KEY,
	request uuid NOT NULL REFERENCES access_request,
	person uuid NOT NULL REFERENCES person,
	audience text NOT NULL CHECK (audience IN ('requester', 'committee')),
	text text NOT NULL CHECK (length(text) BETWEEN 1 AND 10000),
	at timestamptz NOT NULL
);
CREATE INDEX access_comment_request ON access_comment (request, at);

-- A decider lets somebody vote in their place: for one request, one model, or all they decide.
CREATE TABLE access_delegation (
	id uuid PRIMARY KEY,
	person uuid NOT NULL REFERENCES person,
	delegate uuid NOT NULL REFERENCES person,
	request uuid REFERENCES access_request,
	model uuid REFERENCES model,
	reason text CHECK (length(reason) <= 2000),
	created_at timestamptz NOT NULL,
	until timestamptz NOT NULL CHECK (until > created_at),
	ended_at timestamptz,
	CHECK (person <> delegate),
	CHECK (request IS NULL OR model IS NULL)
);
CREATE INDEX access_delegation_delegate ON access_delegation (delegate) WHERE ended_at IS NULL;

-- A seat has one vote, and a person one seat.
CREATE TABLE access_vote (
	request uuid NOT NULL REFERENCES access_request,
	round integer NOT NULL CHECK (round > 0),
	seat uuid NOT NULL REFERENCES person,   -- whose vote it is
	person uuid NOT NULL REFERENCES person, -- who cast it: the same, or their delegate
	vote text NOT NULL CHECK (vote IN ('approve', 'deny')),
	reason text CHECK (length(reason) <= 2000),
	rights text[] CHECK (rights_are_known(rights)), -- approved; NULL: all that are asked for
	days integer CHECK (days BETWEEN 1 AND 3650),
	conditions text CHECK (length(conditions) <= 16384), -- JSON: limits, regions, uses
	approvals text CHECK (length(approvals) <= 131072), -- JSON: statements, signed by approvers
	at timestamptz NOT NULL,
	PRIMARY KEY (request, round, seat),
	CONSTRAINT access_vote_one_seat UNIQUE (request, round, person)
);

-- An institution's official vouches for a person, once for all requests.
CREATE TABLE library_card (
	id uuid PRIMARY KEY,
	institution uuid NOT NULL REFERENCES institution,
	person uuid NOT NULL REFERENCES person,
	issued_by uuid NOT NULL REFERENCES person,
	reason text CHECK (length(reason) <= 2000),
	issued_at timestamptz NOT NULL,
	expires_at timestamptz NOT NULL CHECK (expires_at > issued_at),
	revoked_at timestamptz,
	revoked_by uuid REFERENCES person,
	CONSTRAINT library_card_not_ones_own CHECK (issued_by <> person)
);
CREATE INDEX library_card_person ON library_card (person) WHERE revoked_at IS NULL;
CREATE INDEX library_card_institution ON library_card (institution, issued_at);

-- What was answered to a key of the client's, for a day: asked again, it is answered again.
CREATE TABLE idempotency_key (
	person uuid NOT NULL REFERENCES person,
	key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
	digest bytea NOT NULL CHECK (octet_length(digest) = 32), -- of method, path and body
	at timestamptz NOT NULL,
	status integer CHECK (status BETWEEN 200 AND 299), -- NULL: not answered yet
	answer bytea CHECK (octet_length(answer) <= 1048576),
	receipt uuid,
	PRIMARY KEY (person, key)
);
CREATE INDEX idempotency_key_at ON idempotency_key (at);

-- Does somebody vouch for the requester? A member's card of an institution that is active.
CREATE FUNCTION person_has_card(who uuid, place uuid) RETURNS boolean
	LANGUAGE sql STABLE SET search_path = sallyport, pg_temp AS $$
	SELECT EXISTS (SELECT FROM library_card c
		JOIN institution i ON i.id = c.institution AND i.state = 'active'
		JOIN member m ON m.institution = c.institution AND m.person = c.person
			AND m.until IS NULL
		WHERE c.person = who AND c.revoked_at IS NULL
		AND c.expires_at > clock_timestamp()
		AND (place IS NULL OR place = c.institution))
$$;

CREATE FUNCTION access_has_card(asked uuid) RETURNS boolean
	LANGUAGE sql STABLE SET search_path = sallyport, pg_temp AS $$
	SELECT coalesce((SELECT q.official IS NOT NULL
		OR person_has_card(q.person, q.institution)
		FROM access_request q WHERE q.id = asked), false)
$$;

-- Why this person may not vote on that request: names of policy/votes.h, NULL if nothing forbids.
CREATE FUNCTION access_conflicts(asked uuid, who uuid) RETURNS text
	LANGUAGE sql STABLE SET search_path = sallyport, pg_temp AS $$
	SELECT string_agg(found.name, ',') FROM access_request q
	LEFT JOIN committee c ON c.model = q.model
	CROSS JOIN LATERAL (VALUES
		('requester', q.person = who),
		('accessor', EXISTS (SELECT FROM access_accessor a
			WHERE a.request = q.id AND a.person = who)),
		('lead', q.lead = who),
		('official', q.official = who OR (c.needs_card AND EXISTS (
			SELECT FROM library_card l WHERE l.person = q.person
			AND l.issued_by = who AND l.revoked_at IS NULL
			AND l.expires_at > clock_timestamp()))),
		('recused', EXISTS (SELECT FROM access_recusal r
			WHERE r.request = q.id AND r.person = who)),
		('denied_before', q.state = 'appealed' AND (q.decided_by = who OR EXISTS (
			SELECT FROM access_vote v WHERE v.request = q.id AND v.round < q.round
			AND v.vote = 'deny' AND who IN (v.person, v.seat)))),
		('same_institution', c.not_same_institution AND EXISTS (
			SELECT FROM member a JOIN member b ON b.institution = a.institution
			WHERE a.person = q.person AND b.person = who
			AND a.until IS NULL AND b.until IS NULL)),
		('handled', c.handlers_differ AND EXISTS (SELECT FROM access_request_event e
			WHERE e.request = q.id AND e.act = 'return' AND e.actor = who))
	) AS found (name, holds)
	WHERE q.id = asked AND found.holds
$$;

-- The rules once more, below the program.
CREATE FUNCTION access_vote_is_allowed() RETURNS trigger LANGUAGE plpgsql
	SET search_path = sallyport, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM access_request WHERE id = NEW.request AND round = NEW.round
		AND state IN ('submitted', 'appealed')) THEN
		RAISE EXCEPTION 'no decision is awaited' USING ERRCODE = 'check_violation',
			CONSTRAINT = 'access_vote_round';
	END IF;
	IF access_conflicts(NEW.request, NEW.person) IS NOT NULL
		OR access_conflicts(NEW.request, NEW.seat) IS NOT NULL THEN
		RAISE EXCEPTION 'conflict of interest' USING ERRCODE = 'check_violation',
			CONSTRAINT = 'access_vote_conflict';
	END IF;
	RETURN NEW;
END
$$;
CREATE TRIGGER is_allowed BEFORE INSERT OR UPDATE ON access_vote
	FOR EACH ROW EXECUTE FUNCTION access_vote_is_allowed();

CREATE FUNCTION access_decision_is_allowed() RETURNS trigger LANGUAGE plpgsql
	SET search_path = sallyport, pg_temp AS $$
BEGIN
	IF access_conflicts(NEW.id, NEW.decided_by) IS NOT NULL THEN
		RAISE EXCEPTION 'conflict of interest' USING ERRCODE = 'check_violation',
			CONSTRAINT = 'access_vote_conflict';
	END IF;
	IF NEW.state = 'approved' AND (SELECT count(*) FROM access_vote v WHERE v.request = NEW.id
			AND v.round = NEW.round AND v.vote = 'approve'
			AND access_conflicts(NEW.id, v.person) IS NULL)
		< coalesce((SELECT needed FROM committee WHERE model = NEW.model), 1) THEN
		RAISE EXCEPTION 'too few votes' USING ERRCODE = 'check_violation',
			CONSTRAINT = 'access_request_votes';
	END IF;
	RETURN NEW;
END
$$;
-- Not where the model's published criteria decide: nobody does then.
CREATE TRIGGER is_allowed BEFORE UPDATE OF state ON access_request FOR EACH ROW
	WHEN (OLD.state IN ('submitted', 'appealed') AND NEW.state IN ('approved', 'denied')
		AND NEW.decided_by IS NOT NULL)
	EXECUTE FUNCTION access_decision_is_allowed();

GRANT SELECT, INSERT ON committee, committee_member, access_accessor, access_recusal,
	access_reviewer, access_comment, access_delegation, access_vote, library_card,
	idempotency_key TO sallyport_edge;
GRANT UPDATE (round, waiting_since, uses, advice, lead, institution, official, countersigned_at,
	reminded_at, escalated_at) ON access_request TO sallyport_edge;
GRANT UPDATE ON committee TO sallyport_edge;
GRANT DELETE ON committee_member, access_accessor TO sallyport_edge; -- of a draft; in the history
GRANT UPDATE (accepted_at, terms_sha256, terms_key, terms_signature) ON access_accessor
	TO sallyport_edge;
GRANT UPDATE (person, vote, reason, rights, days, conditions, approvals, at), DELETE
	ON access_vote TO sallyport_edge;
GRANT UPDATE (ended_at) ON access_delegation TO sallyport_edge;
GRANT UPDATE (revoked_at, revoked_by) ON library_card TO sallyport_edge;
GRANT UPDATE (at, digest, status, answer, receipt), DELETE ON idempotency_key TO sallyport_edge;
REVOKE ALL ON FUNCTION access_vote_is_allowed(), access_decision_is_allowed() FROM PUBLIC;

CREATE VIEW auditor_committee AS SELECT * FROM committee;
CREATE VIEW auditor_committee_member AS SELECT * FROM committee_member;
CREATE VIEW auditor_vote AS
	SELECT request, round, seat, person, vote, reason, rights, days, at FROM access_vote;
CREATE VIEW auditor_library_card AS SELECT * FROM library_card;
GRANT SELECT ON auditor_committee, auditor_committee_member, auditor_vote, auditor_library_card
	TO sallyport_auditor;
