-- SPDX-License-Identifier: Apache-2.0
-- Offices for some models and for a time; tokens for some models, from some addresses; passwords,
-- sessions, one-time codes, sign-in at an identity provider, devices.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

-- "ns/name", "name", or "ns/*" for all of a namespace.
CREATE FUNCTION model_scope_is_good(scope text) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN length(scope) <= 200 AND scope ~ '^[A-Za-z0-9._-]+(/([A-Za-z0-9._-]+|\*))?$';

CREATE FUNCTION model_scopes_are_good(scopes text[]) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN cardinality(scopes) BETWEEN 1 AND 32
		AND (SELECT bool_and(sallyport.model_scope_is_good(s)) FROM unnest(scopes) s);

ALTER TABLE office
	ADD COLUMN scope text CHECK (model_scope_is_good(scope)), -- NULL: everywhere
	ADD COLUMN until timestamptz, -- NULL: until it is revoked
	DROP CONSTRAINT office_pkey,
	DROP CONSTRAINT office_office_check,
	ADD CONSTRAINT office_is_known CHECK (office IN ('requests:handle', 'requests:decide',
		'licenses:manage', 'models:manage', 'persons:manage', 'keys:manage',
		'safety:review', 'audit:read'));
CREATE UNIQUE INDEX office_once ON office (person, office, coalesce(scope, ''));
GRANT UPDATE (until, granted_at, granted_by) ON office TO sallyport_edge;

CREATE OR REPLACE VIEW auditor_person AS
	SELECT p.id, p.name, p.state, p.created_at,
		ARRAY(SELECT o.office || coalesce(' ' || o.scope, '') FROM office o
			WHERE o.person = p.id ORDER BY 1) AS offices
	FROM person p;

-- Somebody can always appoint others: an active person with persons:manage, everywhere and without
-- an end. Deferred, so that a transaction may pass the office on; under a lock, so that two who
-- remove each other cannot both succeed.
CREATE FUNCTION keep_an_administrator() RETURNS trigger LANGUAGE plpgsql
	SECURITY DEFINER SET search_path = sallyport, pg_temp AS $$
BEGIN
	IF TG_TABLE_NAME = 'person' THEN
		IF NOT EXISTS (SELECT 1 FROM office o WHERE o.person = OLD.id
				AND o.office = 'persons:manage' AND o.scope IS NULL
				AND o.until IS NULL) THEN
			RETURN NULL;
		END IF;
	END IF;
	PERFORM pg_advisory_xact_lock(hashtext('sallyport administrators'));
	IF NOT EXISTS (SELECT 1 FROM office o JOIN person p ON p.id = o.person
			WHERE o.office = 'persons:manage' AND o.scope IS NULL AND o.until IS NULL
			AND p.state = 'active') THEN
		RAISE EXCEPTION 'this would leave nobody who administers persons; appoint another '
			'administrator (persons:manage, everywhere, without an end) first'
			USING ERRCODE = 'SP409';
	END IF;
	RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION keep_an_administrator() FROM PUBLIC;
CREATE CONSTRAINT TRIGGER keep_an_administrator AFTER DELETE OR UPDATE ON office
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
	WHEN (OLD.office = 'persons:manage' AND OLD.scope IS NULL AND OLD.until IS NULL)
	EXECUTE FUNCTION keep_an_administrator();
CREATE CONSTRAINT TRIGGER keep_an_administrator AFTER UPDATE ON person
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
	WHEN (OLD.state = 'active' AND NEW.state <> 'active')
	EXECUTE FUNCTION keep_an_administrator();

-- A session is a row here as a token is, so that whatever ends, lists or copies tokens does the
-- same for sessions.
CREATE FUNCTION address_ranges_are_good(ranges text[]) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN cardinality(ranges) BETWEEN 1 AND 32
		AND (SELECT bool_and(r ~ '^[0-9A-Fa-f:.]{2,45}/[0-9]{1,3}$') FROM unnest(ranges) r);

ALTER TABLE access_token
	ADD COLUMN kind text NOT NULL DEFAULT 'token'
		CHECK (kind IN ('token', 'capability', 'session')),
	ADD COLUMN models text[] CHECK (model_scopes_are_good(models)), -- NULL: any
	ADD COLUMN addresses text[] CHECK (address_ranges_are_good(addresses)); -- NULL: any
ALTER TABLE access_token DISABLE TRIGGER access_changed;
UPDATE access_token SET kind = 'capability' WHERE model IS NOT NULL;
ALTER TABLE access_token ENABLE TRIGGER access_changed;
ALTER TABLE access_token
	ADD CONSTRAINT access_token_kind_is_told
		CHECK ((kind = 'capability') = (model IS NOT NULL)),
	ADD CONSTRAINT access_token_session_is_whole
		CHECK (kind <> 'session' OR (rights IS NULL AND models IS NULL));

-- What a session is besides: the cookie's secret is known by its hash only. Not watched: its use
-- changes nothing of who may do what, and each edge asks here before it relies on an old use.
CREATE TABLE session (
	credential uuid PRIMARY KEY REFERENCES access_token,
	secret_sha256 bytea NOT NULL CHECK (octet_length(secret_sha256) = 32),
	method text NOT NULL CHECK (length(method) BETWEEN 1 AND 100), -- password, code, oidc:NAME
	address text NOT NULL CHECK (length(address) <= 64),
	used_at timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE password (
	person uuid PRIMARY KEY REFERENCES person,
	hash text NOT NULL CHECK (hash ~ '^\$argon2id\$' AND length(hash) <= 128),
	set_at timestamptz NOT NULL
);

-- How often somebody has tried of late: for an account, an address, an account from an address.
CREATE TABLE attempt (
	subject bytea PRIMARY KEY CHECK (octet_length(subject) = 32), -- a hash
	count integer NOT NULL CHECK (count > 0),
	since timestamptz NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX attempt_since ON attempt (since);

-- Good once: to set a password, or to bind an identity, as this person.
CREATE TABLE one_time_code (
	sha256 bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
	person uuid NOT NULL REFERENCES person,
	purpose text NOT NULL CHECK (purpose IN ('bootstrap', 'invitation', 'recovery')),
	made_at timestamptz NOT NULL,
	made_by uuid REFERENCES person,
	expires_at timestamptz NOT NULL,
	used_at timestamptz
);
CREATE INDEX one_time_code_person ON one_time_code (person);

-- A sign-in that is on its way to an identity provider and back; taken out by its return.
CREATE TABLE oidc_login (
	state_sha256 bytea PRIMARY KEY CHECK (octet_length(state_sha256) = 32),
	provider text NOT NULL CHECK (length(provider) BETWEEN 1 AND 64),
	nonce text NOT NULL CHECK (length(nonce) BETWEEN 16 AND 128),
	verifier text NOT NULL CHECK (length(verifier) BETWEEN 43 AND 128),
	code_sha256 bytea CHECK (octet_length(code_sha256) = 32), -- of an invitation
	back text NOT NULL CHECK (back ~ '^/' AND length(back) <= 500),
	expires_at timestamptz NOT NULL
);
CREATE INDEX oidc_login_expires ON oidc_login (expires_at);

-- A device that waits for its person (RFC 8628).
CREATE TABLE device_login (
	device_sha256 bytea PRIMARY KEY CHECK (octet_length(device_sha256) = 32),
	user_code text NOT NULL UNIQUE CHECK (user_code ~ '^[A-Z]{8}$'),
	client text NOT NULL CHECK (length(client) <= 100),
	address text NOT NULL CHECK (length(address) <= 64),
	state text NOT NULL DEFAULT 'pending'
		CHECK (state IN ('pending', 'approved', 'denied', 'taken')),
	person uuid REFERENCES person,
	rights text[],
	models text[] CHECK (model_scopes_are_good(models)),
	addresses text[] CHECK (address_ranges_are_good(addresses)),
	token_expires_at timestamptz,
	expires_at timestamptz NOT NULL,
	polled_at timestamptz,
	interval_seconds integer NOT NULL CHECK (interval_seconds BETWEEN 1 AND 600),
	CHECK ((person IS NOT NULL) OR state IN ('pending', 'denied'))
);
CREATE INDEX device_login_expires ON device_login (expires_at);

-- Machines that come with an id token of another issuer (a CI job's, say) and get a short, narrow
-- token of ours as this person (RFC 8693).
CREATE TABLE workload (
	id uuid PRIMARY KEY,
	name text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 100),
	iss text NOT NULL CHECK (iss ~ '^https://' AND length(iss) <= 500),
	audience text NOT NULL CHECK (length(audience) BETWEEN 1 AND 500),
	-- as it is; one that ends with a star: whatever begins so
	subject text NOT NULL CHECK (length(subject) BETWEEN 1 AND 500),
	person uuid NOT NULL REFERENCES person,
	rights text[] NOT NULL CHECK (cardinality(rights) > 0),
	models text[] CHECK (model_scopes_are_good(models)),
	minutes integer NOT NULL CHECK (minutes BETWEEN 1 AND 1440),
	created_at timestamptz NOT NULL,
	created_by uuid REFERENCES person
);
CREATE INDEX workload_issuer ON workload (iss);

ALTER TABLE person_key
	ADD COLUMN revoked_at timestamptz,
	ADD COLUMN revoked_by uuid REFERENCES person;
GRANT UPDATE (revoked_at, revoked_by) ON person_key TO sallyport_edge;

GRANT SELECT, INSERT ON session, password, attempt, one_time_code, oidc_login, device_login,
	workload TO sallyport_edge;
GRANT UPDATE (used_at) ON session TO sallyport_edge;
GRANT UPDATE (hash, set_at) ON password TO sallyport_edge;
GRANT UPDATE (count, since), DELETE ON attempt TO sallyport_edge;
GRANT UPDATE (used_at) ON one_time_code TO sallyport_edge;
GRANT DELETE ON password, oidc_login, device_login, workload TO sallyport_edge;
GRANT UPDATE (state, person, rights, models, addresses, token_expires_at, polled_at,
	interval_seconds) ON device_login TO sallyport_edge;
