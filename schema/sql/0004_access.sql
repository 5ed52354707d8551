-- SPDX-License-Identifier: Apache-2.0
-- Access requests and their history, licenses, decisions, usage.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

CREATE FUNCTION rights_are_known(rights text[]) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN rights <@ ARRAY['metadata:read', 'weights:read', 'infer:generate', 'infer:embed',
		'internals:read', 'adapters:write'] AND cardinality(rights) > 0;

CREATE TABLE access_request (
	id uuid PRIMARY KEY,
	model uuid NOT NULL REFERENCES model,
	person uuid NOT NULL REFERENCES person,
	state text NOT NULL DEFAULT 'submitted' CHECK (state IN ('draft', 'submitted', 'returned',
		'approved', 'denied', 'withdrawn', 'appealed', 'closed')),
	intended_use text NOT NULL CHECK (length(intended_use) BETWEEN 1 AND 10000),
	rights text[] NOT NULL CHECK (rights_are_known(rights)),
	terms_sha256 bytea REFERENCES terms,
	terms_key uuid REFERENCES person_key,
	terms_signature bytea CHECK (octet_length(terms_signature) = 64),
	reason text CHECK (length(reason) <= 2000),
	decided_by uuid REFERENCES person,
	created_at timestamptz NOT NULL,
	changed_at timestamptz NOT NULL,
	CONSTRAINT access_request_not_ones_own CHECK (decided_by <> person),
	CHECK ((terms_key IS NULL) = (terms_signature IS NULL))
);
-- One open request of a person for a model at a time.
CREATE UNIQUE INDEX access_request_open ON access_request (person, model)
	WHERE state IN ('draft', 'submitted', 'returned', 'appealed');
CREATE INDEX access_request_state ON access_request (state, created_at);
CREATE INDEX access_request_person ON access_request (person, created_at);

-- What happened to it, in order. The closed list of steps stands here and nowhere else.
CREATE TABLE access_request_event (
	request uuid NOT NULL REFERENCES access_request,
	step integer NOT NULL CHECK (step > 0),
	at timestamptz NOT NULL,
	actor uuid REFERENCES person, -- NULL: decided by the model's published criteria
	from_state text NOT NULL,
	to_state text NOT NULL,
	reason text CHECK (length(reason) <= 2000),
	PRIMARY KEY (request, step),
	CONSTRAINT access_request_step CHECK ((from_state, to_state) IN (
		('none', 'draft'), ('none', 'submitted'),
		('draft', 'submitted'), ('draft', 'withdrawn'),
		('submitted', 'approved'), ('submitted', 'denied'), ('submitted', 'returned'),
		('submitted', 'withdrawn'),
		('returned', 'submitted'), ('returned', 'withdrawn'),
		('denied', 'appealed'), ('denied', 'closed'),
		('appealed', 'approved'), ('appealed', 'denied'), ('appealed', 'withdrawn'),
		('approved', 'closed')))
);

CREATE TABLE license (
	id uuid PRIMARY KEY,
	model uuid NOT NULL REFERENCES model,
	person uuid NOT NULL REFERENCES person,
	request uuid REFERENCES access_request,
	replaces uuid REFERENCES license,
	state text NOT NULL DEFAULT 'active' CHECK (state IN ('preparing', 'active', 'suspended',
		'expired', 'revoked')),
	state_reason text CHECK (length(state_reason) <= 2000),
	rights text[] NOT NULL CHECK (rights_are_known(rights)),
	terms_sha256 bytea REFERENCES terms,
	not_before timestamptz NOT NULL,
	expires_at timestamptz NOT NULL CHECK (expires_at > not_before),
	document bytea NOT NULL CHECK (octet_length(document) BETWEEN 2 AND 16384),
	signature bytea NOT NULL CHECK (octet_length(signature) = 64),
	issued_at timestamptz NOT NULL,
	issued_by uuid REFERENCES person,
	changed_at timestamptz NOT NULL
);
CREATE INDEX license_holder ON license (person, model, issued_at);
CREATE INDEX license_model ON license (model, issued_at);

-- A decision with all it rested on (record: canonical JSON), so that it can be replayed.
CREATE TABLE decision (
	id uuid PRIMARY KEY,
	at timestamptz NOT NULL,
	person uuid,
	model text,
	right_name text,
	license uuid,
	allow boolean NOT NULL,
	code text NOT NULL CHECK (code ~ '^[A-Z_]{2,40}$'),
	record bytea NOT NULL CHECK (octet_length(record) BETWEEN 2 AND 65536)
);
CREATE INDEX decision_person ON decision (person, at);

-- Sums by day; the single calls are in the log.
CREATE TABLE usage_day (
	person uuid NOT NULL REFERENCES person,
	model uuid NOT NULL REFERENCES model,
	right_name text NOT NULL,
	day date NOT NULL,
	calls bigint NOT NULL,
	prompt_tokens bigint NOT NULL,
	completion_tokens bigint NOT NULL,
	bytes bigint NOT NULL,
	PRIMARY KEY (person, model, right_name, day)
);

GRANT SELECT, INSERT ON access_request, access_request_event, license, decision, usage_day
	TO sallyport_edge;
GRANT UPDATE (state, intended_use, rights, terms_sha256, terms_key, terms_signature, reason,
	decided_by, changed_at) ON access_request TO sallyport_edge;
-- Not the rights, dates, document or signature: a license is replaced, never edited.
GRANT UPDATE (state, state_reason, changed_at) ON license TO sallyport_edge;
GRANT UPDATE (calls, prompt_tokens, completion_tokens, bytes) ON usage_day TO sallyport_edge;
