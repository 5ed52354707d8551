-- SPDX-License-Identifier: Apache-2.0
-- The log. An event and its outbox row are written in the transaction of what they tell; the
-- scribe alone gives out sequence numbers. No log row is ever changed or removed: nobody has
-- the right to, and a trigger refuses it even to the owner.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

-- No references to business tables: the log must stand when they change.
CREATE TABLE audit_event (
	id uuid PRIMARY KEY,
	at timestamptz NOT NULL,
	kind text NOT NULL CHECK (kind ~ '^[a-z]+\.[a-z]+$'),
	actor uuid,
	actor_name text,
	model text,
	license uuid,
	right_name text,
	allow boolean NOT NULL DEFAULT true,
	code text NOT NULL DEFAULT 'OK' CHECK (code ~ '^[A-Z_]{2,40}$'),
	payload bytea NOT NULL CHECK (octet_length(payload) BETWEEN 2 AND 98304),
	nonce bytea NOT NULL CHECK (octet_length(nonce) = 32),
	leaf bytea NOT NULL CHECK (octet_length(leaf) BETWEEN 2 AND 4096)
);
CREATE INDEX audit_event_actor ON audit_event (actor) WHERE actor IS NOT NULL;
CREATE INDEX audit_event_model ON audit_event (model) WHERE model IS NOT NULL;
CREATE INDEX audit_event_license ON audit_event (license) WHERE license IS NOT NULL;
CREATE INDEX audit_event_kind ON audit_event (kind);
CREATE INDEX audit_event_at ON audit_event (at);

CREATE TABLE audit_outbox (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	event uuid NOT NULL UNIQUE REFERENCES audit_event
);

-- The tree: dense from 0, given by the scribe. Tiles and entry bundles are derived from here.
CREATE TABLE audit_leaf (
	seq bigint PRIMARY KEY CHECK (seq >= 0),
	event uuid NOT NULL UNIQUE REFERENCES audit_event,
	leaf bytea NOT NULL,
	leaf_hash bytea NOT NULL CHECK (leaf_hash = sha256('\x00'::bytea || leaf))
);

-- Every checkpoint that was published (the signed note, whole).
CREATE TABLE audit_checkpoint (
	size bigint PRIMARY KEY CHECK (size > 0),
	root bytea NOT NULL CHECK (octet_length(root) = 32),
	note bytea NOT NULL CHECK (octet_length(note) BETWEEN 1 AND 65536),
	at timestamptz NOT NULL DEFAULT now()
);

-- One row, written by the scribe: may the gateway write, and if not, why.
CREATE TABLE audit_state (
	one boolean PRIMARY KEY DEFAULT true CHECK (one),
	read_only boolean NOT NULL DEFAULT false,
	reason text NOT NULL DEFAULT '',
	changed_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO audit_state DEFAULT VALUES;

CREATE FUNCTION log_row_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'rows of % are final: % is refused', TG_TABLE_NAME, TG_OP
		USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER final BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event
	FOR EACH STATEMENT EXECUTE FUNCTION log_row_is_final();
CREATE TRIGGER final BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_leaf
	FOR EACH STATEMENT EXECUTE FUNCTION log_row_is_final();
CREATE TRIGGER final BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checkpoint
	FOR EACH STATEMENT EXECUTE FUNCTION log_row_is_final();
CREATE TRIGGER final BEFORE UPDATE OR TRUNCATE ON audit_outbox
	FOR EACH STATEMENT EXECUTE FUNCTION log_row_is_final();
CREATE TRIGGER final BEFORE DELETE OR TRUNCATE ON audit_state
	FOR EACH STATEMENT EXECUTE FUNCTION log_row_is_final();
CREATE TRIGGER final BEFORE UPDATE OR DELETE OR TRUNCATE ON decision
	FOR EACH STATEMENT EXECUTE FUNCTION log_row_is_final();
CREATE TRIGGER final BEFORE UPDATE OR DELETE OR TRUNCATE ON access_request_event
	FOR EACH STATEMENT EXECUTE FUNCTION log_row_is_final();

-- An outbox row may go only once its event stands in the tree.
CREATE FUNCTION outbox_row_is_done() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM sallyport.audit_leaf WHERE event = OLD.event) THEN
		RAISE EXCEPTION 'outbox row % is not in the tree yet: DELETE is refused', OLD.id
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	RETURN OLD;
END
$$;
CREATE TRIGGER done BEFORE DELETE ON audit_outbox
	FOR EACH ROW EXECUTE FUNCTION outbox_row_is_done();

-- The tree has no gaps: the next number is the number of leaves before it.
CREATE FUNCTION leaf_is_next() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.seq > 0 AND NOT EXISTS (SELECT FROM sallyport.audit_leaf
		WHERE seq = NEW.seq - 1) THEN
		RAISE EXCEPTION 'leaf % would leave a gap', NEW.seq
			USING ERRCODE = 'check_violation';
	END IF;
	RETURN NEW;
END
$$;
CREATE TRIGGER next BEFORE INSERT ON audit_leaf
	FOR EACH ROW EXECUTE FUNCTION leaf_is_next();

GRANT INSERT ON audit_event, audit_outbox TO sallyport_edge;
GRANT SELECT (seq, event) ON audit_leaf TO sallyport_edge;
GRANT SELECT ON audit_state TO sallyport_edge;

GRANT SELECT (id, payload, nonce, leaf) ON audit_event TO sallyport_scribe;
GRANT SELECT, DELETE ON audit_outbox TO sallyport_scribe;
GRANT SELECT, INSERT ON audit_leaf, audit_checkpoint TO sallyport_scribe;
GRANT SELECT, UPDATE ON audit_state TO sallyport_scribe;
