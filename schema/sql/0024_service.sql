-- SPDX-License-Identifier: Apache-2.0
-- Models in service: what a revision takes in memory, which models are to be there unasked, which
-- are to go, and what each edge's engines do (gateway/api/infer/README.md).
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

-- As an engine has counted it, before a weight was read.
CREATE TABLE revision_need (
	model uuid NOT NULL,
	revision text NOT NULL,
	least_bytes bigint NOT NULL CHECK (least_bytes > 0),
	most_bytes bigint NOT NULL CHECK (most_bytes >= least_bytes),
	PRIMARY KEY (model, revision),
	FOREIGN KEY (model, revision) REFERENCES revision (model, id) ON DELETE CASCADE
);
GRANT SELECT, INSERT, DELETE ON revision_need TO sallyport_edge;
GRANT UPDATE (least_bytes, most_bytes) ON revision_need TO sallyport_edge;

-- Loaded at start-up and after an engine's death, and never evicted: the head of its main branch.
CREATE TABLE model_pin (
	model uuid PRIMARY KEY REFERENCES model,
	pinned_at timestamptz NOT NULL,
	pinned_by uuid NOT NULL REFERENCES person
);
GRANT SELECT, INSERT, DELETE ON model_pin TO sallyport_edge;

-- Out of memory with it: each edge acts on a serial that it has not seen. The last one a model.
CREATE TABLE model_unload (
	model uuid PRIMARY KEY REFERENCES model,
	serial bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
	is_cut boolean NOT NULL -- what runs is cut off; else its end is waited for
);
GRANT SELECT, INSERT, DELETE ON model_unload TO sallyport_edge;

-- What the engines of an edge do, told by it where there are several edges: JSON for one reader.
CREATE TABLE engine_view (
	edge smallint PRIMARY KEY CHECK (edge BETWEEN 0 AND 15),
	told_at timestamptz NOT NULL,
	engines text NOT NULL CHECK (length(engines) <= 65536)
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, DELETE ON engine_view TO sallyport_edge;
GRANT UPDATE (told_at, engines) ON engine_view TO sallyport_edge;

CREATE VIEW auditor_model_pin AS SELECT * FROM model_pin;
GRANT SELECT ON auditor_model_pin TO sallyport_auditor;
