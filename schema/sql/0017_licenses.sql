-- SPDX-License-Identifier: Apache-2.0
-- What a license may say beside its rights and dates, and how it goes on and ends: renewals with
-- their reports, close-out, reminders, licenses of institutions, recalls, the list of states.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

CREATE FUNCTION regions_are_known(regions text[]) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN array_to_string(regions, ',') ~ '^[A-Z]{2}(,[A-Z]{2}){0,249}$';

CREATE FUNCTION uses_are_known(uses text[]) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN cardinality(uses) BETWEEN 1 AND 32
		AND array_to_string(uses, ',') ~ '^[A-Z]+:[A-Za-z0-9-]+(,[A-Z]+:[A-Za-z0-9-]+)*$';

ALTER TABLE license
	-- Canonical JSON, as in the document; NULL: without limit.
	ADD COLUMN limits text CHECK (length(limits) BETWEEN 2 AND 2048),
	ADD COLUMN regions text[] CHECK (regions_are_known(regions)), -- NULL: everywhere
	ADD COLUMN uses text[] CHECK (uses_are_known(uses)),          -- NULL: as the terms say
	ADD COLUMN institution uuid REFERENCES institution; -- whose member holds it

-- The list of states that anybody may read has a place for each license. Which is whose shows from
-- nothing but the license itself: drawn at random, half of each list stays empty.
ALTER TABLE license ADD COLUMN status_index bigint UNIQUE CHECK (status_index >= 0);
CREATE SEQUENCE license_status_number MINVALUE 0;

CREATE FUNCTION license_draws_index() RETURNS trigger LANGUAGE plpgsql
	SECURITY DEFINER SET search_path = sallyport, pg_temp AS $$
DECLARE
	list bigint := nextval('license_status_number') / 32768;
BEGIN
	LOOP
		-- 16 random bits: those of a version 4 UUID come from the system
		NEW.status_index := list * 65536
			+ ('x' || left(gen_random_uuid()::text, 4))::bit(16)::integer;
		EXIT WHEN NOT EXISTS (SELECT FROM license WHERE status_index = NEW.status_index);
	END LOOP;
	RETURN NEW;
END
$$;
CREATE TRIGGER draws_index BEFORE INSERT ON license
	FOR EACH ROW EXECUTE FUNCTION license_draws_index();
REVOKE ALL ON FUNCTION license_draws_index() FROM PUBLIC;

CREATE INDEX license_withdrawn ON license (status_index)
	WHERE state IN ('suspended', 'expired', 'revoked', 'closed');

-- The signed lists as they were last told.
CREATE TABLE status_list (
	list integer PRIMARY KEY CHECK (list >= 0),
	bits_sha256 bytea NOT NULL CHECK (octet_length(bits_sha256) = 32),
	token text NOT NULL CHECK (length(token) BETWEEN 1 AND 65536),
	signed_at timestamptz NOT NULL,
	expires_at timestamptz NOT NULL CHECK (expires_at > signed_at)
);

-- Closed: its holder has said that they are done with it.
ALTER TABLE license DROP CONSTRAINT license_state_check;
ALTER TABLE license ADD CONSTRAINT license_state_check CHECK (state IN ('preparing', 'active',
	'suspended', 'expired', 'revoked', 'closed'));

CREATE TABLE closeout (
	license uuid PRIMARY KEY REFERENCES license,
	person uuid NOT NULL REFERENCES person,
	reason text NOT NULL CHECK (reason IN ('PROJECT_COMPLETED', 'MOVED_INSTITUTION',
		'TRANSFERRED', 'SUPERSEDED')),
	attestation text NOT NULL CHECK (length(attestation) BETWEEN 1 AND 10000),
	key uuid REFERENCES person_key,
	signature bytea CHECK (octet_length(signature) = 64),
	at timestamptz NOT NULL,
	CHECK ((key IS NULL) = (signature IS NULL))
);

-- A holder asks for more time and says what came of the time before.
CREATE TABLE renewal (
	id uuid PRIMARY KEY,
	license uuid NOT NULL REFERENCES license,
	person uuid NOT NULL REFERENCES person,
	state text NOT NULL DEFAULT 'submitted'
		CHECK (state IN ('submitted', 'granted', 'denied')),
	report text NOT NULL CHECK (length(report) BETWEEN 1 AND 10000),
	publications text NOT NULL CHECK (length(publications) <= 20000), -- a URL a line
	reason text CHECK (length(reason) <= 2000),
	decided_by uuid REFERENCES person,
	renewed_as uuid REFERENCES license,
	created_at timestamptz NOT NULL,
	changed_at timestamptz NOT NULL,
	CONSTRAINT renewal_not_ones_own CHECK (decided_by <> person)
);
CREATE UNIQUE INDEX renewal_open ON renewal (license) WHERE state = 'submitted';
CREATE INDEX renewal_state ON renewal (state, created_at);

-- Told once for each of these, so many days before the end.
CREATE TABLE license_reminder (
	license uuid NOT NULL REFERENCES license,
	days integer NOT NULL CHECK (days IN (30, 7, 1)),
	at timestamptz NOT NULL,
	PRIMARY KEY (license, days)
);
CREATE INDEX license_ends ON license (expires_at) WHERE state = 'active';

-- What an institution may do with a model through its members: each has a license of their own.
CREATE TABLE institution_license (
	id uuid PRIMARY KEY,
	institution uuid NOT NULL REFERENCES institution,
	model uuid NOT NULL REFERENCES model,
	state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended', 'revoked')),
	state_reason text CHECK (length(state_reason) <= 2000),
	rights text[] NOT NULL CHECK (rights_are_known(rights)),
	terms_sha256 bytea REFERENCES terms,
	limits text CHECK (length(limits) BETWEEN 2 AND 2048),
	regions text[] CHECK (regions_are_known(regions)),
	uses text[] CHECK (uses_are_known(uses)),
	seats integer NOT NULL CHECK (seats BETWEEN 1 AND 1000),
	seats_taken integer NOT NULL DEFAULT 0,
	not_before timestamptz NOT NULL,
	expires_at timestamptz NOT NULL CHECK (expires_at > not_before),
	issued_at timestamptz NOT NULL,
	issued_by uuid NOT NULL REFERENCES person,
	changed_at timestamptz NOT NULL,
	CONSTRAINT institution_license_seats CHECK (seats_taken BETWEEN 0 AND seats)
);
CREATE INDEX institution_license_of ON institution_license (institution, model);

ALTER TABLE license ADD COLUMN parent uuid REFERENCES institution_license;
CREATE INDEX license_parent ON license (parent) WHERE parent IS NOT NULL;
CREATE INDEX license_institution ON license (institution) WHERE institution IS NOT NULL;

-- A seat is taken before its license is issued, and given back if nothing comes of that.
CREATE TABLE license_seat (
	parent uuid NOT NULL REFERENCES institution_license,
	person uuid NOT NULL REFERENCES person,
	license uuid UNIQUE REFERENCES license, -- NULL while it is being issued
	taken_by uuid NOT NULL REFERENCES person,
	taken_at timestamptz NOT NULL,
	PRIMARY KEY (parent, person)
);

-- Counted here, so that no statement can take one more than there are: the row's lock and its CHECK
-- decide, whoever is first.
CREATE FUNCTION seats_are_counted() RETURNS trigger LANGUAGE plpgsql
	SECURITY DEFINER SET search_path = sallyport, pg_temp AS $$
BEGIN
	IF TG_OP = 'INSERT' THEN
		UPDATE institution_license SET seats_taken = seats_taken + 1 WHERE id = NEW.parent;
	ELSE
		UPDATE institution_license SET seats_taken = seats_taken - 1 WHERE id = OLD.parent;
	END IF;
	RETURN NULL;
END
$$;
CREATE TRIGGER counted AFTER INSERT OR DELETE ON license_seat
	FOR EACH ROW EXECUTE FUNCTION seats_are_counted();
REVOKE ALL ON FUNCTION seats_are_counted() FROM PUBLIC;

-- Who got which file of which revision: written with the key that opened it.
CREATE TABLE delivery (
	person uuid NOT NULL REFERENCES person,
	model uuid NOT NULL,
	revision text NOT NULL,
	path text NOT NULL,
	license uuid REFERENCES license, -- the last; NULL: the file was open
	releases bigint NOT NULL DEFAULT 1,
	first_at timestamptz NOT NULL,
	last_at timestamptz NOT NULL,
	PRIMARY KEY (model, revision, person, path),
	FOREIGN KEY (model, revision) REFERENCES revision (model, id)
);
CREATE INDEX delivery_last ON delivery (last_at);

CREATE TABLE recall (
	id uuid PRIMARY KEY,
	model uuid NOT NULL,
	revision text NOT NULL,
	reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
	recalled_by uuid NOT NULL REFERENCES person,
	at timestamptz NOT NULL,
	due_at timestamptz NOT NULL,
	FOREIGN KEY (model, revision) REFERENCES revision (model, id)
);
CREATE UNIQUE INDEX recall_once ON recall (model, revision);
ALTER TABLE revision ADD COLUMN recall uuid REFERENCES recall;

-- Who has copies of what was recalled, and says that they are gone.
CREATE TABLE recall_duty (
	recall uuid NOT NULL REFERENCES recall,
	person uuid NOT NULL REFERENCES person,
	files bigint NOT NULL,
	first_at timestamptz NOT NULL,
	last_at timestamptz NOT NULL,
	attested_at timestamptz,
	attestation text CHECK (length(attestation) BETWEEN 1 AND 10000),
	key uuid REFERENCES person_key,
	signature bytea CHECK (octet_length(signature) = 64),
	PRIMARY KEY (recall, person),
	CHECK ((attested_at IS NULL) = (attestation IS NULL)),
	CHECK ((key IS NULL) = (signature IS NULL))
);
CREATE INDEX recall_duty_person ON recall_duty (person);

-- What ends here beside what 0009 ends. Its name comes behind access_changed, so that the epoch has
-- moved when it runs. A revision has no id that is a UUID: half of a digest stands for it.
ALTER TABLE access_cut DROP CONSTRAINT access_cut_kind_check;
ALTER TABLE access_cut ADD CONSTRAINT access_cut_kind_check CHECK (kind IN ('license', 'model',
	'gate', 'person', 'token', 'revision'));

CREATE FUNCTION revision_subject(model uuid, revision text) RETURNS uuid
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN encode(substr(sha256(uuid_send(model) || convert_to(revision, 'UTF8')), 1, 16),
		'hex')::uuid;

CREATE FUNCTION access_ended() RETURNS trigger LANGUAGE plpgsql
	SECURITY DEFINER SET search_path = sallyport, pg_temp AS $$
BEGIN
	IF TG_TABLE_NAME = 'license' THEN
		IF NEW.state = 'closed' AND NEW.state <> OLD.state THEN
			INSERT INTO access_cut SELECT epoch, 'license', NEW.id, now()
				FROM access_epoch ON CONFLICT DO NOTHING;
		END IF;
	ELSIF NEW.recall IS NOT NULL AND OLD.recall IS NULL THEN
		INSERT INTO access_cut SELECT epoch, 'revision',
			revision_subject(NEW.model, NEW.id), now()
			FROM access_epoch ON CONFLICT DO NOTHING;
	END IF;
	RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER access_ended AFTER UPDATE ON license
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION access_ended();
CREATE CONSTRAINT TRIGGER access_ended AFTER UPDATE ON revision
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION access_ended();
REVOKE ALL ON FUNCTION access_ended() FROM PUBLIC;

GRANT SELECT, INSERT ON closeout, renewal, license_reminder, institution_license, license_seat,
	delivery, recall, recall_duty, status_list TO sallyport_edge;
GRANT UPDATE (state, reason, decided_by, renewed_as, changed_at) ON renewal TO sallyport_edge;
GRANT UPDATE (state, state_reason, changed_at) ON institution_license TO sallyport_edge;
GRANT UPDATE (license), DELETE ON license_seat TO sallyport_edge;
GRANT UPDATE (license, releases, last_at) ON delivery TO sallyport_edge;
GRANT UPDATE (attested_at, attestation, key, signature) ON recall_duty TO sallyport_edge;
GRANT UPDATE (bits_sha256, token, signed_at, expires_at) ON status_list TO sallyport_edge;
GRANT UPDATE (recall) ON revision TO sallyport_edge;

CREATE VIEW auditor_closeout AS SELECT * FROM closeout;
CREATE VIEW auditor_renewal AS SELECT * FROM renewal;
CREATE VIEW auditor_institution_license AS SELECT * FROM institution_license;
CREATE VIEW auditor_license_seat AS SELECT * FROM license_seat;
CREATE VIEW auditor_delivery AS SELECT * FROM delivery;
CREATE VIEW auditor_recall AS SELECT * FROM recall;
CREATE VIEW auditor_recall_duty AS SELECT * FROM recall_duty;
GRANT SELECT ON auditor_closeout, auditor_renewal, auditor_institution_license,
	auditor_license_seat, auditor_delivery, auditor_recall, auditor_recall_duty
	TO sallyport_auditor;

-- Last, since its triggers then wait for the commit.
UPDATE license SET status_index = n FROM (SELECT id, nextval('license_status_number') * 2 AS n
	FROM license ORDER BY gen_random_uuid()) AS drawn WHERE drawn.id = license.id;
