-- SPDX-License-Identifier: Apache-2.0
-- Edges rely on what they have read for as long as their lease lasts. Each transaction that changes
-- who may do what moves the epoch; what it withdraws is a cut. An act that withdraws is answered
-- when each edge has confirmed its epoch, or the edge's lease has lapsed.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

-- Not a sequence: that would move before the commit, and an edge could confirm what it cannot see.
CREATE TABLE access_epoch (
	one boolean PRIMARY KEY DEFAULT true CHECK (one),
	epoch bigint NOT NULL CHECK (epoch > 0),
	changed_in xid8 NOT NULL, -- once a transaction is enough
	changed_at timestamptz NOT NULL -- a restored cluster gives the same xid8 again
) WITH (fillfactor = 50);
INSERT INTO access_epoch VALUES (true, 1, pg_current_xact_id(), now());

-- What runs and must end: read by edges, kept for an hour.
CREATE TABLE access_cut (
	epoch bigint NOT NULL CHECK (epoch > 0),
	kind text NOT NULL CHECK (kind IN ('license', 'model', 'gate', 'person', 'token')),
	subject uuid NOT NULL,
	at timestamptz NOT NULL,
	PRIMARY KEY (epoch, kind, subject)
);

-- One row for each life of an edge process.
CREATE TABLE edge_lease (
	edge uuid PRIMARY KEY,
	epoch bigint NOT NULL CHECK (epoch >= 0), -- what it has confirmed; 0: nothing yet
	lease_ms integer NOT NULL CHECK (lease_ms BETWEEN 1000 AND 30000),
	renewed_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Runs at the end of the transaction, so the epoch's row is the last lock it takes: no deadlock,
-- and epochs become visible in their order. Whoever connects, and whatever way it is changed.
CREATE FUNCTION access_changed() RETURNS trigger LANGUAGE plpgsql
	SECURITY DEFINER SET search_path = sallyport, pg_temp AS $$
DECLARE
	cut_kind text;
	cut_subject uuid;
BEGIN
	UPDATE access_epoch
		SET epoch = epoch + 1, changed_in = pg_current_xact_id(), changed_at = now()
		WHERE (changed_in, changed_at) IS DISTINCT FROM (pg_current_xact_id(), now());
	IF FOUND THEN
		PERFORM pg_notify('sallyport_epoch', '');
	END IF;
	IF TG_OP <> 'UPDATE' THEN
		RETURN NULL;
	ELSIF TG_TABLE_NAME = 'license' THEN
		IF NEW.state IN ('suspended', 'revoked') AND NEW.state <> OLD.state THEN
			cut_kind := 'license';
			cut_subject := NEW.id;
		END IF;
	ELSIF TG_TABLE_NAME = 'person' THEN
		IF NEW.state <> 'active' AND NEW.state <> OLD.state THEN
			cut_kind := 'person';
			cut_subject := NEW.id;
		END IF;
	ELSIF TG_TABLE_NAME = 'access_token' THEN
		IF NEW.revoked_at IS NOT NULL AND OLD.revoked_at IS NULL THEN
			cut_kind := 'token';
			cut_subject := NEW.credential;
		END IF;
	ELSIF TG_TABLE_NAME = 'model' THEN
		IF NEW.state <> 'active' AND NEW.state <> OLD.state THEN
			cut_kind := 'model';
			cut_subject := NEW.id;
		ELSIF (OLD.gate = 'public' AND NEW.gate <> 'public')
			OR (OLD.gate = 'no' AND NEW.gate IN ('manual', 'auto'))
			OR (NEW.hidden AND NOT OLD.hidden)
			OR NOT string_to_array(NEW.open_paths, E'\n')
				@> string_to_array(OLD.open_paths, E'\n') THEN
			cut_kind := 'gate'; -- those who came in without a license
			cut_subject := NEW.id;
		END IF;
	END IF;
	IF cut_kind IS NOT NULL THEN
		INSERT INTO access_cut SELECT epoch, cut_kind, cut_subject, now() FROM access_epoch
			ON CONFLICT DO NOTHING;
		DELETE FROM access_cut WHERE at < now() - interval '1 hour';
	END IF;
	RETURN NULL;
END
$$;

-- Every table that a decision, or what is cached of one, is read from. A table added later joins by
-- its own migration; tests/unit/schema/test_lease.c lists those that need not.
DO $$
DECLARE
	watched text;
BEGIN
	FOREACH watched IN ARRAY ARRAY['person', 'office', 'person_key', 'access_token', 'issuer',
		'identity', 'visa', 'terms', 'model', 'revision', 'branch', 'tag', 'access_request',
		'license'] LOOP
		EXECUTE format('CREATE CONSTRAINT TRIGGER access_changed AFTER INSERT OR UPDATE OR '
			'DELETE ON %I DEFERRABLE INITIALLY DEFERRED FOR EACH ROW '
			'EXECUTE FUNCTION access_changed()', watched);
	END LOOP;
END
$$;
-- Files are written before their revision is ready, which says so itself.
CREATE CONSTRAINT TRIGGER access_changed AFTER UPDATE OR DELETE ON revision_file
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION access_changed();

-- By the clock of the database, whatever an edge says.
CREATE FUNCTION lease_is_renewed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.renewed_at := clock_timestamp();
	RETURN NEW;
END
$$;
CREATE TRIGGER renewed BEFORE INSERT OR UPDATE ON edge_lease
	FOR EACH ROW EXECUTE FUNCTION lease_is_renewed();

REVOKE ALL ON FUNCTION access_changed() FROM PUBLIC;
GRANT SELECT (epoch) ON access_epoch TO sallyport_edge;
GRANT SELECT ON access_cut TO sallyport_edge;
GRANT SELECT, DELETE ON edge_lease TO sallyport_edge;
GRANT INSERT (edge, epoch, lease_ms) ON edge_lease TO sallyport_edge;
GRANT UPDATE (epoch) ON edge_lease TO sallyport_edge;
