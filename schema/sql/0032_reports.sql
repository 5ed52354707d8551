-- SPDX-License-Identifier: Apache-2.0
-- Signed reports that were made. A report's bytes are not kept: they follow from the log, and are
-- made again when somebody fetches them.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

CREATE TABLE audit_report (
	event uuid PRIMARY KEY, -- report.make
	name text NOT NULL CHECK (name ~ '^[a-z]{1,40}$'),
	from_at timestamptz,
	to_at timestamptz,
	filters text NOT NULL CHECK (octet_length(filters) BETWEEN 2 AND 16384), -- canonical JSON
	size bigint NOT NULL CHECK (size > 0),
	root bytea NOT NULL CHECK (octet_length(root) = 32),
	rows bigint NOT NULL CHECK (rows >= 0),
	forms bytea NOT NULL CHECK (octet_length(forms) = 96), -- SHA-256 of JSON, CSV, HTML
	made_at timestamptz NOT NULL,
	made_by uuid NOT NULL REFERENCES person,
	note text CHECK (octet_length(note) <= 32768) -- NULL: not signed yet
);
CREATE INDEX audit_report_at ON audit_report (made_at);
GRANT SELECT, INSERT, UPDATE (note) ON audit_report TO sallyport_edge;
