-- SPDX-License-Identifier: Apache-2.0
-- Terms, models, their revisions, and the sealed blobs that files are made of.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

-- The exact text that is signed, under its SHA-256.
CREATE TABLE terms (
	sha256 bytea PRIMARY KEY CHECK (sha256 = sha256(body)),
	body bytea NOT NULL CHECK (octet_length(body) BETWEEN 1 AND 262144),
	added_at timestamptz NOT NULL,
	added_by uuid REFERENCES person
);

CREATE TABLE model (
	id uuid PRIMARY KEY,
	name text NOT NULL UNIQUE
		CHECK (name ~ '^([A-Za-z0-9][A-Za-z0-9._-]{0,95}/)?[A-Za-z0-9][A-Za-z0-9._-]{0,95}$'
			AND name NOT LIKE '%..%' AND name NOT LIKE '%--%'),
	state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'disabled', 'shredded')),
	state_reason text CHECK (length(state_reason) <= 2000),
	gate text NOT NULL DEFAULT 'manual' CHECK (gate IN ('manual', 'auto', 'no', 'public')),
	terms_sha256 bytea REFERENCES terms,
	created_at timestamptz NOT NULL,
	created_by uuid REFERENCES person
);

-- A sealed file in the store: store/<2 hex>/<32 hex>. `sealing` until the porter has it on disk,
-- `sealed` until a revision holds it; what stays in these two for long is an orphan.
CREATE TABLE blob (
	id uuid PRIMARY KEY,
	model uuid NOT NULL REFERENCES model,
	state text NOT NULL DEFAULT 'sealing' CHECK (state IN ('sealing', 'sealed', 'committed')),
	size bigint CHECK (size >= 0),
	sha256 bytea CHECK (octet_length(sha256) = 32),
	git_sha1 bytea CHECK (octet_length(git_sha1) = 20),
	header bytea NOT NULL CHECK (octet_length(header) BETWEEN 1 AND 65536),
	created_at timestamptz NOT NULL,
	created_by uuid REFERENCES person,
	CHECK (state = 'sealing' OR (size IS NOT NULL AND sha256 IS NOT NULL
		AND git_sha1 IS NOT NULL))
);
CREATE INDEX blob_content ON blob (model, sha256) WHERE state <> 'sealing';
CREATE INDEX blob_orphan ON blob (created_at) WHERE state <> 'committed';

-- `binding` while the keeper binds its files; only `ready` revisions are visible.
CREATE TABLE revision (
	model uuid NOT NULL REFERENCES model,
	id text NOT NULL CHECK (id ~ '^[0-9a-f]{40}$'),
	state text NOT NULL DEFAULT 'binding' CHECK (state IN ('binding', 'ready')),
	parent text,
	title text NOT NULL CHECK (length(title) <= 500),
	manifest_sha256 bytea NOT NULL CHECK (octet_length(manifest_sha256) = 32),
	runnable boolean NOT NULL DEFAULT false,
	runnable_reason text CHECK (length(runnable_reason) <= 1000),
	has_template boolean NOT NULL DEFAULT false, -- brings a chat_template
	created_at timestamptz NOT NULL,
	created_by uuid REFERENCES person,
	PRIMARY KEY (model, id),
	FOREIGN KEY (model, parent) REFERENCES revision (model, id)
);

-- The header is the blob's, bound by the keeper to (model, revision, path).
CREATE TABLE revision_file (
	model uuid NOT NULL,
	revision text NOT NULL,
	path text NOT NULL CHECK (length(path) BETWEEN 1 AND 500),
	blob uuid NOT NULL REFERENCES blob,
	size bigint NOT NULL CHECK (size >= 0),
	sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
	git_sha1 bytea NOT NULL CHECK (octet_length(git_sha1) = 20),
	is_large boolean NOT NULL, -- shown as an LFS file on the Hub surface
	header bytea CHECK (octet_length(header) BETWEEN 1 AND 65536), -- NULL until bound
	PRIMARY KEY (model, revision, path),
	FOREIGN KEY (model, revision) REFERENCES revision (model, id)
);
CREATE INDEX revision_file_blob ON revision_file (blob);

CREATE TABLE branch (
	model uuid NOT NULL,
	name text NOT NULL CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$'
		AND name !~ '^[0-9a-f]{40}$'),
	revision text NOT NULL,
	moved_at timestamptz NOT NULL,
	PRIMARY KEY (model, name),
	FOREIGN KEY (model, revision) REFERENCES revision (model, id)
);

GRANT SELECT, INSERT ON terms, model, blob, revision, revision_file, branch TO sallyport_edge;
GRANT UPDATE (state, state_reason, gate, terms_sha256) ON model TO sallyport_edge;
GRANT UPDATE (state, size, sha256, git_sha1, header) ON blob TO sallyport_edge;
GRANT UPDATE (state, runnable, runnable_reason) ON revision TO sallyport_edge;
GRANT UPDATE (header) ON revision_file TO sallyport_edge;
GRANT UPDATE (revision, moved_at) ON branch TO sallyport_edge;
-- Orphans and revisions that never became ready are swept.
GRANT DELETE ON blob, revision, revision_file TO sallyport_edge;
