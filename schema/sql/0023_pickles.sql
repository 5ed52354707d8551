-- SPDX-License-Identifier: Apache-2.0
-- Python pickles: which sealed files are one, and which models may carry them. Models that carry
-- some already keep what they have; nothing new comes in.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

-- By its first bytes, as the porter saw them when it sealed the file.
ALTER TABLE blob ADD COLUMN is_pickle boolean NOT NULL DEFAULT false;

ALTER TABLE model ADD COLUMN allow_pickle boolean NOT NULL DEFAULT false;

GRANT UPDATE (is_pickle) ON blob TO sallyport_edge;
GRANT UPDATE (allow_pickle) ON model TO sallyport_edge;

CREATE OR REPLACE VIEW auditor_model AS
	SELECT id, name, state, state_reason, gate, terms_sha256, created_at, created_by,
		open_paths, hidden, allow_pickle
	FROM model;
