-- SPDX-License-Identifier: Apache-2.0
-- Files of a gated model that anyone may read, and models that only those concerned know of. What
-- models there are already stays as closed, and as visible, as it is.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

ALTER TABLE model
	-- One pattern a line (policy/open_paths.h); the keeper has them from the log.
	ADD COLUMN open_paths text NOT NULL DEFAULT ''
		CHECK (octet_length(open_paths) <= 8224),
	ADD COLUMN hidden boolean NOT NULL DEFAULT false;

GRANT UPDATE (open_paths, hidden) ON model TO sallyport_edge;

CREATE OR REPLACE VIEW auditor_model AS
	SELECT id, name, state, state_reason, gate, terms_sha256, created_at, created_by,
		open_paths, hidden
	FROM model;
