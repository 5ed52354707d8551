-- SPDX-License-Identifier: Apache-2.0
-- Persons, what they hold (offices, keys, access tokens), and what others say about them
-- (issuers, identities, visas).
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

CREATE TABLE person (
	id uuid PRIMARY KEY,
	name text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9]([a-z0-9._@-]{0,62}[a-z0-9])?$'),
	email text CHECK (length(email) BETWEEN 3 AND 254),
	state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended')),
	created_at timestamptz NOT NULL
);

CREATE TABLE office (
	person uuid NOT NULL REFERENCES person,
	office text NOT NULL CHECK (office IN ('requests:decide', 'licenses:manage',
		'models:manage', 'persons:manage', 'keys:manage', 'safety:review', 'audit:read')),
	granted_at timestamptz NOT NULL,
	granted_by uuid REFERENCES person,
	PRIMARY KEY (person, office)
);

-- Public keys of persons: what they sign with, and (age) what may be sealed to them.
CREATE TABLE person_key (
	id uuid PRIMARY KEY,
	person uuid NOT NULL REFERENCES person,
	kind text NOT NULL CHECK (kind IN ('ed25519', 'age-x25519')),
	public bytea NOT NULL CHECK (octet_length(public) = 32),
	name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
	created_at timestamptz NOT NULL,
	UNIQUE (kind, public)
);
CREATE INDEX person_key_person ON person_key (person);

-- What is known of a signed access token. The token itself is never stored.
CREATE TABLE access_token (
	credential uuid PRIMARY KEY,
	person uuid NOT NULL REFERENCES person,
	name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
	rights text[], -- NULL: all that the person has; else only these
	created_at timestamptz NOT NULL,
	expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
	revoked_at timestamptz,
	revoked_by uuid REFERENCES person
);
CREATE INDEX access_token_person ON access_token (person);

-- The allow-list: whose visas count. Keys are pinned here; jku, where given, is compared only.
CREATE TABLE issuer (
	iss text PRIMARY KEY CHECK (length(iss) BETWEEN 1 AND 500),
	jku text CHECK (length(jku) <= 500),
	jwks bytea NOT NULL CHECK (octet_length(jwks) BETWEEN 2 AND 65536),
	added_at timestamptz NOT NULL,
	added_by uuid REFERENCES person
);

-- One subject of an issuer is one person, and a person is one subject at an issuer.
CREATE TABLE identity (
	iss text NOT NULL,
	sub text NOT NULL CHECK (length(sub) BETWEEN 1 AND 255),
	person uuid NOT NULL REFERENCES person,
	bound_at timestamptz NOT NULL,
	PRIMARY KEY (iss, sub),
	CONSTRAINT identity_one_subject UNIQUE (person, iss)
);

-- No reference to issuer: a visa outlives the removal of its issuer but then no longer counts.
CREATE TABLE visa (
	id uuid PRIMARY KEY,
	person uuid NOT NULL REFERENCES person,
	iss text NOT NULL,
	sub text NOT NULL,
	type text NOT NULL CHECK (length(type) BETWEEN 1 AND 100),
	value text NOT NULL CHECK (length(value) <= 500),
	source text NOT NULL CHECK (length(source) <= 500),
	by_whom text CHECK (length(by_whom) <= 100),
	asserted_at timestamptz NOT NULL,
	expires_at timestamptz NOT NULL,
	jwt bytea NOT NULL CHECK (octet_length(jwt) <= 65536),
	sha256 bytea NOT NULL UNIQUE CHECK (sha256 = sha256(jwt)),
	added_at timestamptz NOT NULL,
	FOREIGN KEY (iss, sub) REFERENCES identity (iss, sub)
);
CREATE INDEX visa_person ON visa (person);

GRANT SELECT, INSERT ON person, office, person_key, access_token, issuer, identity, visa
	TO sallyport_edge;
GRANT UPDATE (email, state) ON person TO sallyport_edge;
GRANT DELETE ON office, issuer TO sallyport_edge;
GRANT UPDATE (revoked_at, revoked_by) ON access_token TO sallyport_edge;
