-- SPDX-License-Identifier: Apache-2.0
-- Forms of models, the answers to them, and what the Hub's access-request API keeps besides.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

-- Every form a model ever had. What was set by the API wins over what its card says, until it is
-- taken away again (document NULL).
CREATE TABLE model_form (
	model uuid NOT NULL REFERENCES model,
	version integer NOT NULL CHECK (version > 0),
	source text NOT NULL CHECK (source IN ('api', 'card')),
	revision text CHECK ((revision IS NULL) = (source = 'api')), -- whose README.md it is
	document bytea CHECK (octet_length(document) BETWEEN 2 AND 196608), -- canonical JSON
	sha256 bytea GENERATED ALWAYS AS (sha256(document)) STORED,
	at timestamptz NOT NULL,
	by uuid REFERENCES person,
	PRIMARY KEY (model, version)
);

ALTER TABLE access_request
	ADD COLUMN form_version integer,
	ADD COLUMN fields text CHECK (octet_length(fields) BETWEEN 2 AND 131072), -- canonical JSON
	ADD COLUMN granted_by uuid REFERENCES person, -- made by an administrator for the person
	ADD FOREIGN KEY (model, form_version) REFERENCES model_form (model, version),
	ADD CHECK ((form_version IS NULL) = (fields IS NULL));
CREATE INDEX access_request_latest ON access_request (model, person, created_at);

ALTER TABLE model
	ADD COLUMN gated_notifications_mode text NOT NULL DEFAULT 'bulk'
		CHECK (gated_notifications_mode IN ('bulk', 'real-time')),
	ADD COLUMN gated_notifications_email text CHECK (length(gated_notifications_email) <= 320);

GRANT SELECT ON model_form TO sallyport_edge;
GRANT INSERT (model, version, source, revision, document, at, by) ON model_form TO sallyport_edge;
GRANT UPDATE (form_version, fields, granted_by) ON access_request TO sallyport_edge;
GRANT UPDATE (gated_notifications_mode, gated_notifications_email) ON model TO sallyport_edge;
