-- SPDX-License-Identifier: Apache-2.0
-- What an auditor sees: views only, and no public key material, token row or sealed header. What
-- the edge sees of checkpoints: how far they reach.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

CREATE VIEW auditor_event AS
	SELECT e.id, l.seq, e.at, e.kind, e.actor, e.actor_name, e.model, e.license, e.right_name,
		e.allow, e.code, e.payload, e.nonce, e.leaf
	FROM audit_event e LEFT JOIN audit_leaf l ON l.event = e.id;

CREATE VIEW edge_checkpoint AS SELECT size FROM audit_checkpoint;
GRANT SELECT ON edge_checkpoint TO sallyport_edge;

CREATE VIEW auditor_checkpoint AS SELECT size, root, note, at FROM audit_checkpoint;
CREATE VIEW auditor_state AS SELECT read_only, reason, changed_at FROM audit_state;

CREATE VIEW auditor_person AS
	SELECT p.id, p.name, p.state, p.created_at,
		ARRAY(SELECT o.office FROM office o WHERE o.person = p.id ORDER BY 1) AS offices
	FROM person p;

CREATE VIEW auditor_model AS
	SELECT id, name, state, state_reason, gate, terms_sha256, created_at, created_by FROM model;

CREATE VIEW auditor_request AS
	SELECT id, model, person, state, intended_use, rights, terms_sha256, reason, decided_by,
		created_at, changed_at
	FROM access_request;

CREATE VIEW auditor_request_event AS SELECT * FROM access_request_event;

CREATE VIEW auditor_license AS
	SELECT id, model, person, request, replaces, state, state_reason, rights, terms_sha256,
		not_before, expires_at, document, signature, issued_at, issued_by, changed_at
	FROM license;

CREATE VIEW auditor_decision AS SELECT * FROM decision;

GRANT SELECT ON auditor_event, auditor_checkpoint, auditor_state, auditor_person, auditor_model,
	auditor_request, auditor_request_event, auditor_license, auditor_decision
	TO sallyport_auditor;
