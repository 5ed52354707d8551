-- SPDX-License-Identifier: Apache-2.0
-- Uploads in parts, tags, and branches that can be deleted.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

-- A file that comes in parts. `header` wraps the one key under which every part is sealed, each
-- with a nonce of its own. It is there until the file is whole, or abandoned.
CREATE TABLE upload (
	id uuid PRIMARY KEY, -- the blob of its key.create
	model uuid NOT NULL REFERENCES model,
	sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32), -- what the whole shall have
	size bigint NOT NULL CHECK (size > 0),
	part_size bigint NOT NULL CHECK (part_size > 0 AND part_size <= size),
	header bytea NOT NULL CHECK (octet_length(header) BETWEEN 1 AND 65536),
	created_at timestamptz NOT NULL,
	created_by uuid REFERENCES person,
	touched_at timestamptz NOT NULL, -- when a part was last begun or sealed
	UNIQUE (model, sha256, size)
);
CREATE INDEX upload_touched ON upload (touched_at);

-- A sealed file in the store, or (no size yet) an attempt at one. Of several attempts at a part the
-- one that was sealed last counts; the others are discarded.
CREATE TABLE upload_part (
	id uuid PRIMARY KEY,
	upload uuid NOT NULL REFERENCES upload,
	number integer NOT NULL CHECK (number BETWEEN 1 AND 1024),
	size bigint CHECK (size >= 0),
	sha256 bytea CHECK (octet_length(sha256) = 32),
	CHECK ((size IS NULL) = (sha256 IS NULL))
);
CREATE UNIQUE INDEX upload_part_sealed ON upload_part (upload, number) WHERE size IS NOT NULL;
CREATE INDEX upload_part_upload ON upload_part (upload);

CREATE TABLE tag (
	model uuid NOT NULL,
	name text NOT NULL CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$'
		AND name !~ '^[0-9a-f]{40}$'),
	revision text NOT NULL,
	message text NOT NULL CHECK (length(message) <= 2000),
	created_at timestamptz NOT NULL,
	created_by uuid REFERENCES person,
	PRIMARY KEY (model, name),
	FOREIGN KEY (model, revision) REFERENCES revision (model, id)
);

GRANT SELECT, INSERT, DELETE ON upload, upload_part, tag TO sallyport_edge;
GRANT UPDATE (touched_at) ON upload TO sallyport_edge;
GRANT UPDATE (size, sha256) ON upload_part TO sallyport_edge;
GRANT DELETE ON branch TO sallyport_edge;
