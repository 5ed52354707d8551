-- SPDX-License-Identifier: Apache-2.0
-- Leaves that the database lost are put back from the log's files (gateway/scribe/restore.h). That
-- this was done is an entry, and the only one besides batches that the scribe makes.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

CREATE FUNCTION audit_rebuilt_event(id uuid, at timestamptz, payload bytea, nonce bytea)
	RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = sallyport, pg_temp AS $$
	INSERT INTO audit_event (id, at, kind, payload, nonce)
	VALUES (id, at, 'log.rebuilt', payload, nonce);
	INSERT INTO audit_outbox (event) VALUES (id)
$$;
REVOKE ALL ON FUNCTION audit_rebuilt_event(uuid, timestamptz, bytea, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_rebuilt_event(uuid, timestamptz, bytea, bytea)
	TO sallyport_scribe;
GRANT SELECT ON audit_numbered TO sallyport_scribe;

-- As before, with log.rebuilt: what the log itself is stays as long as the log.
CREATE OR REPLACE FUNCTION audit_kind_stays(kind text) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN kind IN ('gateway.init', 'gateway.start', 'log.continue', 'log.rebuilt',
		'model.commit', 'usage.batch') OR split_part(kind, '.', 1)
		IN ('approver', 'erasure', 'retention', 'hold', 'report');
