-- SPDX-License-Identifier: Apache-2.0
-- The client certificate that an institution gives its members: of which authority, of which
-- organization, and whether they need it.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

CREATE TABLE institution_certificate (
	institution uuid PRIMARY KEY REFERENCES institution,
	issuer_sha256 bytea NOT NULL CHECK (length(issuer_sha256) = 32),
	-- O of the subject; NULL: any. In one line: policy/client_rule.h.
	organization text CHECK (length(organization) BETWEEN 1 AND 200
		AND organization !~ '[[:cntrl:]]'),
	required boolean NOT NULL,
	set_at timestamptz NOT NULL,
	set_by uuid NOT NULL REFERENCES person
);

CREATE CONSTRAINT TRIGGER access_changed AFTER INSERT OR UPDATE OR DELETE
	ON institution_certificate
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION access_changed();

GRANT SELECT, INSERT, DELETE ON institution_certificate TO sallyport_edge;
GRANT UPDATE (issuer_sha256, organization, required, set_at, set_by)
	ON institution_certificate TO sallyport_edge;

CREATE VIEW auditor_institution_certificate AS SELECT * FROM institution_certificate;
GRANT SELECT ON auditor_institution_certificate TO sallyport_auditor;
