-- SPDX-License-Identifier: Apache-2.0
-- Criteria that are to hold from a day on: proposed by one person, staged by another, made active
-- by the gateway when the day comes. At most one of a model waits.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

ALTER TABLE criteria
	ADD COLUMN staged_by uuid REFERENCES person,
	ADD COLUMN staged_at timestamptz,
	ADD COLUMN starts_at timestamptz,
	DROP CONSTRAINT criteria_state_check,
	ADD CONSTRAINT criteria_state_check CHECK (state IN ('draft', 'proposed', 'staged',
		'active', 'retired')),
	ADD CONSTRAINT criteria_staged_by_two_people CHECK (staged_by <> proposed_by),
	ADD CONSTRAINT criteria_staged_check CHECK ((staged_by IS NULL) = (staged_at IS NULL) AND
		(staged_by IS NULL) = (starts_at IS NULL) AND
		(state <> 'staged' OR staged_by IS NOT NULL));
CREATE UNIQUE INDEX criteria_staged ON criteria (model) WHERE state = 'staged';

GRANT UPDATE (staged_by, staged_at, starts_at) ON criteria TO sallyport_edge;

CREATE OR REPLACE VIEW auditor_criteria AS SELECT * FROM criteria;
