-- SPDX-License-Identifier: Apache-2.0
-- Others who remember the log: what they have cosigned, and what is done when they remember more.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

-- How it goes with each witness of the policy.
CREATE TABLE audit_witness (
	name text PRIMARY KEY CHECK (octet_length(name) BETWEEN 1 AND 255), -- of its key
	size bigint NOT NULL DEFAULT 0 CHECK (size >= 0), -- the last it has cosigned
	cosigned_at timestamptz,
	asked_at timestamptz NOT NULL DEFAULT now(),
	failures integer NOT NULL DEFAULT 0, -- in a row
	reason text NOT NULL DEFAULT ''      -- of the last of these
);

-- Checkpoints with cosignatures; `holds`: as many as the policy wants.
CREATE TABLE audit_witnessed (
	size bigint PRIMARY KEY CHECK (size > 0),
	note bytea NOT NULL CHECK (octet_length(note) BETWEEN 1 AND 65536),
	witnesses integer NOT NULL CHECK (witnesses > 0),
	holds boolean NOT NULL,
	at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX audit_witnessed_holds ON audit_witnessed (size) WHERE holds;
CREATE TRIGGER final BEFORE DELETE OR TRUNCATE ON audit_witnessed
	FOR EACH STATEMENT EXECUTE FUNCTION log_row_is_final();

GRANT SELECT, INSERT, UPDATE ON audit_witness, audit_witnessed TO sallyport_edge;

-- A witness has shown a checkpoint of ours that is not of this history: nothing is numbered any
-- more, whatever the scribe thinks of its own database.
ALTER TABLE audit_state ADD COLUMN halted text NOT NULL DEFAULT '';

CREATE FUNCTION log_halt(why text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = sallyport, pg_temp AS $$
	UPDATE audit_state SET halted = left(why, 500), changed_at = now() WHERE halted = ''
$$;
REVOKE ALL ON FUNCTION log_halt(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log_halt(text) TO sallyport_edge;

CREATE FUNCTION leaf_is_wanted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT FROM sallyport.audit_state WHERE halted <> '') THEN
		RAISE EXCEPTION 'the log is halted: %', (SELECT halted FROM sallyport.audit_state)
			USING ERRCODE = 'object_not_in_prerequisite_state';
	END IF;
	RETURN NULL;
END
$$;
CREATE TRIGGER wanted BEFORE INSERT ON audit_leaf
	FOR EACH STATEMENT EXECUTE FUNCTION leaf_is_wanted();

CREATE OR REPLACE VIEW auditor_state AS SELECT read_only OR halted <> '' AS read_only,
	CASE WHEN halted <> '' THEN halted ELSE reason END AS reason, changed_at FROM audit_state;
