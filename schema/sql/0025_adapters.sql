-- SPDX-License-Identifier: Apache-2.0
-- Adapters that licensees bring for a model: whose, of which files, and what became of each.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

--     uploading -> refused                        (the engine says why)
--     uploading, refused -> private               (it fits: its owner may use it)
--     private, rejected -> submitted -> published (others may use it) | rejected
--     submitted, published -> private             (its owner takes it back)
--     published -> rejected;  any -> deleted      (its key is destroyed)
CREATE TABLE adapter (
	id uuid PRIMARY KEY,
	model uuid NOT NULL REFERENCES model,
	owner uuid NOT NULL REFERENCES person,
	name text NOT NULL CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
	summary text CHECK (length(summary) BETWEEN 1 AND 2000),
	state text NOT NULL DEFAULT 'uploading' CHECK (state IN ('uploading', 'refused', 'private',
		'submitted', 'published', 'rejected', 'deleted')),
	reason text CHECK (length(reason) BETWEEN 1 AND 2000),
	-- What the engine found; of which files, by the digest of their list; with which revision.
	sha256 bytea CHECK (octet_length(sha256) = 32),
	revision text,
	rank integer CHECK (rank BETWEEN 1 AND 256),
	products integer CHECK (products > 0),
	memory_bytes bigint CHECK (memory_bytes > 0),
	created_at timestamptz NOT NULL,
	changed_at timestamptz NOT NULL,
	decided_by uuid REFERENCES person CHECK (decided_by <> owner),
	FOREIGN KEY (model, revision) REFERENCES revision (model, id),
	CHECK (state IN ('uploading', 'refused', 'deleted') OR (sha256 IS NOT NULL
		AND rank IS NOT NULL AND products IS NOT NULL AND memory_bytes IS NOT NULL)),
	CHECK (state <> 'published' OR decided_by IS NOT NULL)
);
CREATE UNIQUE INDEX adapter_own ON adapter (model, owner, name) WHERE state <> 'deleted';
CREATE UNIQUE INDEX adapter_published ON adapter (model, name) WHERE state = 'published';

-- The header is the blob's until the keeper has bound it to the adapter.
CREATE TABLE adapter_file (
	adapter uuid NOT NULL REFERENCES adapter,
	path text NOT NULL CHECK (path IN ('adapter_config.json', 'adapter_model.safetensors')),
	blob uuid NOT NULL UNIQUE REFERENCES blob,
	size bigint NOT NULL CHECK (size >= 0),
	sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
	header bytea CHECK (octet_length(header) BETWEEN 1 AND 65536), -- NULL until bound
	PRIMARY KEY (adapter, path)
);

-- What may be used no longer is cut where it runs; others by their own licenses, as ever.
CREATE CONSTRAINT TRIGGER access_changed AFTER INSERT OR UPDATE OR DELETE ON adapter
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION access_changed();

ALTER TABLE access_cut DROP CONSTRAINT access_cut_kind_check;
ALTER TABLE access_cut ADD CONSTRAINT access_cut_kind_check CHECK (kind IN ('license', 'model',
	'gate', 'person', 'token', 'revision', 'adapter'));

CREATE FUNCTION adapter_ended() RETURNS trigger LANGUAGE plpgsql
	SECURITY DEFINER SET search_path = sallyport, pg_temp AS $$
BEGIN
	IF NEW.state <> OLD.state AND (NEW.state = 'deleted' OR OLD.state = 'published') THEN
		INSERT INTO access_cut SELECT epoch, 'adapter', NEW.id, now()
			FROM access_epoch ON CONFLICT DO NOTHING;
	END IF;
	RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER adapter_ended AFTER UPDATE ON adapter
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION adapter_ended();
REVOKE ALL ON FUNCTION adapter_ended() FROM PUBLIC;

GRANT SELECT, INSERT ON adapter, adapter_file TO sallyport_edge;
GRANT UPDATE (state, reason, sha256, revision, rank, products, memory_bytes, changed_at, decided_by)
	ON adapter TO sallyport_edge;
GRANT UPDATE (header), DELETE ON adapter_file TO sallyport_edge;

CREATE VIEW auditor_adapter AS SELECT * FROM adapter;
CREATE VIEW auditor_adapter_file AS SELECT adapter, path, blob, size, sha256 FROM adapter_file;
GRANT SELECT ON auditor_adapter, auditor_adapter_file TO sallyport_auditor;
