-- SPDX-License-Identifier: Apache-2.0
-- Completeness: an entry says which number it is for its actor and for its license, and which
-- entry was the one before. The scribe, which alone knows numbers, adds this when it numbers an
-- event, and makes commitment and leaf of the payload with it.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

-- The last of each: written in the transaction that numbers.
CREATE TABLE audit_chain (
	subject text NOT NULL CHECK (subject IN ('actor', 'license')),
	id uuid NOT NULL,
	entries bigint NOT NULL CHECK (entries > 0),
	last bigint NOT NULL CHECK (last >= 0),
	PRIMARY KEY (subject, id)
) WITH (fillfactor = 70);

-- What stands in the tree already is counted; those entries themselves say nothing of it.
INSERT INTO audit_chain SELECT 'actor', e.actor, count(*), max(l.seq)
	FROM audit_leaf l JOIN audit_event e ON e.id = l.event
	WHERE e.actor IS NOT NULL GROUP BY e.actor;
INSERT INTO audit_chain SELECT 'license', e.license, count(*), max(l.seq)
	FROM audit_leaf l JOIN audit_event e ON e.id = l.event
	WHERE e.license IS NOT NULL GROUP BY e.license;

-- The member "chain" of the committed payload, as canonical JSON: audit_event.payload with it is
-- what the leaf commits to. NULL: the payload has none.
ALTER TABLE audit_leaf ADD COLUMN chain bytea CHECK (octet_length(chain) BETWEEN 2 AND 512);

-- The leaf is made by the scribe, of the payload with its chain.
ALTER TABLE audit_event ALTER COLUMN leaf DROP NOT NULL;

CREATE OR REPLACE VIEW auditor_event AS
	SELECT e.id, l.seq, e.at, e.kind, e.actor, e.actor_name, e.model, e.license, e.right_name,
		e.allow, e.code, e.payload, e.nonce, l.leaf, l.chain
	FROM audit_event e LEFT JOIN audit_leaf l ON l.event = e.id;

CREATE OR REPLACE VIEW auditor_row AS
	SELECT e.id, e.at, e.kind, e.actor, e.actor_name, e.model, e.license, e.right_name,
		e.allow, e.code, e.payload, e.nonce, l.leaf, l.chain
	FROM audit_event e LEFT JOIN audit_leaf l ON l.event = e.id;

CREATE VIEW auditor_chain AS SELECT subject, id, entries, last FROM audit_chain;
GRANT SELECT ON auditor_chain TO sallyport_auditor;

GRANT SELECT (at, kind, actor, license) ON audit_event TO sallyport_scribe;
GRANT SELECT, INSERT, UPDATE ON audit_chain TO sallyport_scribe;
