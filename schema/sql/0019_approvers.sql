-- SPDX-License-Identifier: Apache-2.0
-- Approvers and terms.
--
-- Whose enrolled keys are approvers'. The keeper's journal decides that; these rows are for those
-- who look, and tell an edge which key a signature's key_id is of. Changing them opens nothing.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

CREATE TABLE approver (
	key uuid PRIMARY KEY REFERENCES person_key,
	enrolled_at timestamptz NOT NULL,
	removed_at timestamptz,
	CONSTRAINT approver_ends_after_it_began CHECK (removed_at >= enrolled_at)
);

GRANT SELECT, INSERT, UPDATE ON approver TO sallyport_edge;

-- The terms of a model have versions: from when each counts, and how long those who accepted the
-- one before may go on meanwhile.
CREATE TABLE model_terms (
	model uuid NOT NULL REFERENCES model,
	version integer NOT NULL CHECK (version > 0),
	sha256 bytea NOT NULL REFERENCES terms,
	grace_days integer NOT NULL CHECK (grace_days BETWEEN 0 AND 365),
	from_at timestamptz NOT NULL,
	taken_at timestamptz, -- when they became the model's; NULL: not yet
	set_at timestamptz NOT NULL,
	set_by uuid NOT NULL REFERENCES person,
	PRIMARY KEY (model, version)
);
CREATE INDEX model_terms_due ON model_terms (from_at) WHERE taken_at IS NULL;
-- NULL: older terms are outdated at once.
ALTER TABLE model ADD COLUMN terms_grace_until timestamptz;

-- A signature under terms counts once: this is where it is looked for.
CREATE TABLE terms_acceptance (
	signature bytea PRIMARY KEY CHECK (octet_length(signature) = 64),
	person uuid NOT NULL REFERENCES person,
	key uuid NOT NULL REFERENCES person_key,
	model uuid NOT NULL REFERENCES model,
	sha256 bytea NOT NULL REFERENCES terms,
	signed_at timestamptz NOT NULL,
	accepted_at timestamptz NOT NULL
);

GRANT SELECT, INSERT ON model_terms, terms_acceptance TO sallyport_edge;
GRANT UPDATE (taken_at) ON model_terms TO sallyport_edge;
GRANT UPDATE (terms_grace_until) ON model TO sallyport_edge;
