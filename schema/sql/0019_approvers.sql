-- SPDX-License-Identifier: Apache-2.0
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
