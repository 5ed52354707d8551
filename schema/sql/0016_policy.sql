-- SPDX-License-Identifier: Apache-2.0
-- The published criteria of models, with their history; what they said of each request; blocklists.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

-- A document is one version, under the SHA-256 of its canonical form. One person proposes it,
-- another makes it active; what was active before is retired, and may be proposed again.
CREATE TABLE criteria (
	model uuid NOT NULL REFERENCES model,
	sha256 bytea NOT NULL CHECK (sha256 = sha256(document)),
	document bytea NOT NULL CHECK (octet_length(document) BETWEEN 2 AND 262144),
	state text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'proposed', 'active',
		'retired')),
	drafted_by uuid NOT NULL REFERENCES person,
	drafted_at timestamptz NOT NULL,
	proposed_by uuid REFERENCES person,
	proposed_at timestamptz,
	activated_by uuid REFERENCES person,
	activated_at timestamptz,
	retired_at timestamptz,
	PRIMARY KEY (model, sha256),
	CONSTRAINT criteria_by_two_people CHECK (activated_by <> proposed_by),
	CHECK (state = 'draft' OR proposed_by IS NOT NULL),
	CHECK ((state IN ('active', 'retired')) = (activated_by IS NOT NULL))
);
CREATE UNIQUE INDEX criteria_active ON criteria (model) WHERE state = 'active';

-- What was known of a request when it was submitted, and what the criteria of that day said: a
-- request to a model without criteria has its facts all the same, so that a draft can be tried on
-- it. A request that was returned and submitted again has several.
CREATE TABLE request_evaluation (
	request uuid NOT NULL REFERENCES access_request,
	number integer NOT NULL CHECK (number > 0),
	at timestamptz NOT NULL,
	model uuid NOT NULL REFERENCES model,
	criteria bytea,
	outcome text NOT NULL CHECK (outcome IN ('none', 'approve', 'refer', 'deny')),
	record bytea NOT NULL CHECK (octet_length(record) BETWEEN 2 AND 1048576),
	PRIMARY KEY (request, number),
	FOREIGN KEY (model, criteria) REFERENCES criteria (model, sha256),
	CHECK ((outcome = 'none') = (criteria IS NULL))
);
CREATE INDEX request_evaluation_model ON request_evaluation (model, at);

-- The claims that a license rests on which criteria alone approved: conditions, as JSON.
ALTER TABLE license ADD COLUMN requires text CHECK (length(requires) BETWEEN 2 AND 65536);

-- Whom the criteria know as blocked: for one model, or (model NULL) for all. It ends, and is kept.
CREATE TABLE blocked (
	id uuid PRIMARY KEY,
	model uuid REFERENCES model,
	person uuid NOT NULL REFERENCES person,
	reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
	added_by uuid NOT NULL REFERENCES person,
	added_at timestamptz NOT NULL,
	ended_by uuid REFERENCES person,
	ended_at timestamptz,
	CHECK ((ended_by IS NULL) = (ended_at IS NULL))
);
CREATE UNIQUE INDEX blocked_now ON blocked (person, model) NULLS NOT DISTINCT
	WHERE ended_at IS NULL;

-- How requests went, as it is published: made once a day, so that nobody reads single decisions off
-- the difference of two reports.
CREATE TABLE transparency_report (
	day date PRIMARY KEY,
	body bytea NOT NULL CHECK (octet_length(body) BETWEEN 2 AND 16777216)
);

-- Decisions are decided anew in their order.
CREATE INDEX decision_at ON decision (at, id);

GRANT SELECT, INSERT ON criteria, request_evaluation, blocked, transparency_report
	TO sallyport_edge;
GRANT UPDATE (state, proposed_by, proposed_at, activated_by, activated_at, retired_at) ON criteria
	TO sallyport_edge;
GRANT UPDATE (ended_by, ended_at) ON blocked TO sallyport_edge;

CREATE VIEW auditor_criteria AS SELECT * FROM criteria;
CREATE VIEW auditor_request_evaluation AS SELECT * FROM request_evaluation;
CREATE VIEW auditor_blocked AS SELECT * FROM blocked;
GRANT SELECT ON auditor_criteria, auditor_request_evaluation, auditor_blocked TO sallyport_auditor;
