-- SPDX-License-Identifier: Apache-2.0
-- How long what is kept is changed by two people, as an erasure is: one asks, another confirms.
-- From the first change on it is what they said, and no longer the settings of the gateway; the
-- law's least (retention_least) holds whatever is said.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

CREATE TABLE retention_change (
	id uuid PRIMARY KEY,
	usage_months integer NOT NULL CHECK (usage_months BETWEEN 6 AND 1200),
	record_years integer NOT NULL CHECK (record_years BETWEEN 10 AND 100),
	reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
	state text NOT NULL DEFAULT 'asked'
		CHECK (state IN ('asked', 'rejected', 'stands', 'past')),
	asked_by uuid NOT NULL REFERENCES person,
	asked_at timestamptz NOT NULL,
	decided_by uuid REFERENCES person,
	decided_at timestamptz,
	decision_reason text CHECK (length(decision_reason) <= 2000),
	CONSTRAINT retention_change_by_two_people CHECK (decided_by <> asked_by),
	CHECK ((state = 'asked') = (decided_by IS NULL))
);
CREATE UNIQUE INDEX retention_change_one ON retention_change (state)
	WHERE state IN ('asked', 'stands');

CREATE FUNCTION retention_change_decide(which uuid, who uuid, confirmed boolean, why text)
	RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = sallyport, pg_temp AS $$
DECLARE
	c retention_change;
BEGIN
	SELECT * INTO c FROM retention_change WHERE id = which FOR UPDATE;
	IF NOT FOUND OR c.state <> 'asked' THEN
		RAISE EXCEPTION 'the change is decided already' USING ERRCODE = 'SP409';
	END IF;
	IF c.asked_by = who THEN
		RAISE EXCEPTION 'somebody else must decide it' USING ERRCODE = 'SP409';
	END IF;
	IF confirmed THEN
		UPDATE retention_change SET state = 'past' WHERE state = 'stands';
	END IF;
	UPDATE retention_change SET state = CASE WHEN confirmed THEN 'stands' ELSE 'rejected' END,
		decided_by = who, decided_at = now(), decision_reason = nullif(why, '')
		WHERE id = which;
END
$$;
REVOKE ALL ON FUNCTION retention_change_decide(uuid, uuid, boolean, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retention_change_decide(uuid, uuid, boolean, text) TO sallyport_edge;
GRANT SELECT ON retention_change TO sallyport_edge;
GRANT INSERT (id, usage_months, record_years, reason, asked_by, asked_at) ON retention_change
	TO sallyport_edge;
