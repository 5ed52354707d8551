-- SPDX-License-Identifier: Apache-2.0
-- Whose turn comes sooner where many ask one model: a license's plan, as its signed document says.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

ALTER TABLE license ADD COLUMN plan text NOT NULL DEFAULT 'standard'
	CHECK (plan IN ('interactive', 'standard', 'batch'));
ALTER TABLE institution_license ADD COLUMN plan text NOT NULL DEFAULT 'standard'
	CHECK (plan IN ('interactive', 'standard', 'batch'));

CREATE OR REPLACE VIEW auditor_license AS
	SELECT id, model, person, request, replaces, state, state_reason, rights, terms_sha256,
		not_before, expires_at, document, signature, issued_at, issued_by, changed_at, plan
	FROM license;
