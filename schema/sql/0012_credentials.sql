-- SPDX-License-Identifier: Apache-2.0
-- Keys of issuers that are fetched from where the issuer publishes them; how an identity came to be
-- a person's; people who vouch for others.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

-- Keys are pinned (jwks, as an administrator gave them, for good), or fetched from jku. A revoked
-- kid counts for nothing, whatever the issuer publishes.
ALTER TABLE issuer
	ALTER COLUMN jwks DROP NOT NULL,
	ADD COLUMN pinned boolean NOT NULL DEFAULT true,
	ADD COLUMN revoked_kids text[] NOT NULL DEFAULT '{}'
		CHECK (cardinality(revoked_kids) <= 64),
	-- Where passports are had for a token (RFC 8693), if this issuer is such a broker.
	ADD COLUMN token_endpoint text CHECK (token_endpoint ~ '^https://' AND
		length(token_endpoint) <= 500),
	ADD COLUMN client_credential text CHECK (length(client_credential) BETWEEN 1 AND 64),
	ADD CONSTRAINT issuer_has_keys CHECK (CASE WHEN pinned THEN jwks IS NOT NULL
		ELSE jku IS NOT NULL AND jku ~ '^https://' END);

-- The keys of those that are not pinned, as last fetched.
CREATE TABLE issuer_keys (
	iss text PRIMARY KEY REFERENCES issuer ON DELETE CASCADE,
	jwks bytea NOT NULL CHECK (octet_length(jwks) BETWEEN 2 AND 65536)
);
CREATE CONSTRAINT TRIGGER access_changed AFTER INSERT OR UPDATE OR DELETE ON issuer_keys
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION access_changed();

-- How fetching goes: no decision rests on it. A row for each issuer whose keys are fetched.
CREATE TABLE issuer_fetch (
	iss text PRIMARY KEY REFERENCES issuer ON DELETE CASCADE,
	fetched_at timestamptz, -- the keys that are here were there then; NULL: never
	tried_at timestamptz,
	next_at timestamptz NOT NULL,
	error text CHECK (length(error) <= 600) -- of the last try; NULL: it went well
);
CREATE INDEX issuer_fetch_next ON issuer_fetch (next_at);

-- visa, login: the person presented it first. linked: a visa of a listed issuer says so (by_visa),
-- and it holds as long as that visa. admin: an administrator's act. One subject at an issuer for
-- those who come by themselves; more may be linked.
ALTER TABLE identity
	ADD COLUMN how text NOT NULL DEFAULT 'visa'
		CHECK (how IN ('visa', 'login', 'linked', 'admin')),
	ADD COLUMN by_visa uuid,
	ADD COLUMN by_person uuid REFERENCES person,
	ADD COLUMN reason text CHECK (length(reason) <= 2000),
	DROP CONSTRAINT identity_one_subject,
	ADD CONSTRAINT identity_says_how CHECK ((how = 'linked') = (by_visa IS NOT NULL) AND
		(how = 'admin') = (by_person IS NOT NULL)),
	ADD FOREIGN KEY (by_visa) REFERENCES visa (id) ON DELETE CASCADE;
CREATE UNIQUE INDEX identity_one_subject ON identity (person, iss) WHERE how IN ('visa', 'login');
CREATE INDEX identity_by_visa ON identity (by_visa) WHERE by_visa IS NOT NULL;

-- Who is unlinked takes what came by that identity along.
ALTER TABLE visa
	DROP CONSTRAINT visa_iss_sub_fkey,
	ADD FOREIGN KEY (iss, sub) REFERENCES identity (iss, sub) ON DELETE CASCADE;
CREATE INDEX visa_subject ON visa (iss, sub);

-- Somebody is asked to vouch for a person, and answers once. Of the link only a hash is kept.
CREATE TABLE referee (
	id uuid PRIMARY KEY,
	person uuid NOT NULL REFERENCES person,
	email text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
	name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
	secret_sha256 bytea NOT NULL UNIQUE CHECK (octet_length(secret_sha256) = 32),
	state text NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'confirmed', 'declined')),
	note text NOT NULL DEFAULT '' CHECK (length(note) <= 2000), -- what the referee wrote
	asked_at timestamptz NOT NULL,
	asked_by uuid NOT NULL REFERENCES person,
	expires_at timestamptz NOT NULL CHECK (expires_at > asked_at), -- of the link
	answered_at timestamptz,
	CHECK ((state = 'asked') = (answered_at IS NULL))
);
CREATE INDEX referee_person ON referee (person);
CREATE CONSTRAINT TRIGGER access_changed AFTER INSERT OR UPDATE OR DELETE ON referee
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION access_changed();

GRANT UPDATE (revoked_kids) ON issuer TO sallyport_edge;
GRANT SELECT, INSERT ON issuer_keys TO sallyport_edge;
GRANT UPDATE (jwks) ON issuer_keys TO sallyport_edge;
GRANT SELECT, INSERT, DELETE ON issuer_fetch TO sallyport_edge;
GRANT UPDATE (fetched_at, tried_at, next_at, error) ON issuer_fetch TO sallyport_edge;
GRANT DELETE ON identity TO sallyport_edge;
GRANT SELECT, INSERT ON referee TO sallyport_edge;
GRANT UPDATE (state, note, answered_at, secret_sha256, expires_at) ON referee TO sallyport_edge;

CREATE VIEW auditor_referee AS
	SELECT id, person, email, name, state, note, asked_at, asked_by, expires_at, answered_at
	FROM referee;
GRANT SELECT ON auditor_referee TO sallyport_auditor;
