-- SPDX-License-Identifier: Apache-2.0
-- Institutions, and who belongs to them: as a member, or as an official who signs for them. A
-- membership is never removed, it ends.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

CREATE TABLE institution (
	id uuid PRIMARY KEY,
	name text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 200 AND name = btrim(name)),
	kind text NOT NULL CHECK (kind IN ('university', 'hospital', 'company', 'government',
		'nonprofit', 'other')),
	country text CHECK (country ~ '^[A-Z]{2}$'), -- ISO 3166-1; NULL: not known
	-- What comes behind the @ of its people's affiliations.
	domains text[] NOT NULL DEFAULT '{}' CHECK (cardinality(domains) <= 32),
	state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended')),
	created_at timestamptz NOT NULL,
	created_by uuid REFERENCES person
);

CREATE TABLE member (
	institution uuid NOT NULL REFERENCES institution,
	person uuid NOT NULL REFERENCES person,
	role text NOT NULL CHECK (role IN ('member', 'official')),
	since timestamptz NOT NULL,
	until timestamptz CHECK (until >= since), -- NULL: it lasts
	PRIMARY KEY (institution, person, role, since)
);
-- In one role once at a time.
CREATE UNIQUE INDEX member_now ON member (institution, person, role) WHERE until IS NULL;
CREATE INDEX member_person ON member (person);

CREATE CONSTRAINT TRIGGER access_changed AFTER INSERT OR UPDATE OR DELETE ON institution
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION access_changed();
CREATE CONSTRAINT TRIGGER access_changed AFTER INSERT OR UPDATE OR DELETE ON member
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION access_changed();

GRANT SELECT, INSERT ON institution, member TO sallyport_edge;
GRANT UPDATE (kind, country, domains, state) ON institution TO sallyport_edge;
GRANT UPDATE (until) ON member TO sallyport_edge;

CREATE VIEW auditor_institution AS SELECT * FROM institution;
CREATE VIEW auditor_member AS SELECT * FROM member;
GRANT SELECT ON auditor_institution, auditor_member TO sallyport_auditor;
