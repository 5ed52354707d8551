-- SPDX-License-Identifier: Apache-2.0
-- The roles, the schema and the list of migrations. Run by whoever may create roles; every
-- later file runs as sallyport_owner. Roles belong to the cluster, so they may be there already.
-- Passwords are set by the migrator from password files, never here.
DO $$
DECLARE
	wanted text;
BEGIN
	FOREACH wanted IN ARRAY ARRAY['sallyport_owner', 'sallyport_edge', 'sallyport_scribe',
		'sallyport_auditor'] LOOP
		IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
			EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE '
				'NOINHERIT NOREPLICATION NOBYPASSRLS', wanted);
		END IF;
	END LOOP;
	IF NOT pg_has_role(current_user, 'sallyport_owner', 'MEMBER') THEN
		EXECUTE format('GRANT sallyport_owner TO %I', current_user);
	END IF;
	EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
	EXECUTE format('GRANT CONNECT ON DATABASE %I TO sallyport_owner, sallyport_edge, '
		'sallyport_scribe, sallyport_auditor', current_database());
	EXECUTE format('ALTER DATABASE %I SET search_path = sallyport, public', current_database());
END
$$;

CREATE SCHEMA sallyport AUTHORIZATION sallyport_owner;
REVOKE ALL ON SCHEMA sallyport FROM PUBLIC;
GRANT USAGE ON SCHEMA sallyport TO sallyport_edge, sallyport_scribe, sallyport_auditor;

CREATE TABLE sallyport.schema_migration (
	number integer PRIMARY KEY CHECK (number > 0),
	name text NOT NULL,
	sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
	applied_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE sallyport.schema_migration OWNER TO sallyport_owner;
GRANT SELECT ON sallyport.schema_migration TO sallyport_edge, sallyport_scribe, sallyport_auditor;
