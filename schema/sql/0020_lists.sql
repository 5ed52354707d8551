-- SPDX-License-Identifier: Apache-2.0
-- Lists of requests that stay quick with ten thousand waiting.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

-- The newest first, a page at a time.
CREATE INDEX access_request_created ON access_request (created_at, id);

-- Which rules keep somebody from deciding a request, a row each. No search path of its own: that
-- lets the planner put the text into the statement that asks, and a list asks for each row.
CREATE FUNCTION access_conflict(asked uuid, who uuid) RETURNS SETOF text
	LANGUAGE sql STABLE AS $$
	SELECT found.name FROM access_request q
	LEFT JOIN committee c ON c.model = q.model
	CROSS JOIN LATERAL (VALUES
		('requester', q.person = who),
		('accessor', EXISTS (SELECT FROM access_accessor a
			WHERE a.request = q.id AND a.person = who)),
		('lead', q.lead = who),
		('official', q.official = who OR (c.needs_card AND EXISTS (
			SELECT FROM library_card l WHERE l.person = q.person
			AND l.issued_by = who AND l.revoked_at IS NULL
			AND l.expires_at > clock_timestamp()))),
		('recused', EXISTS (SELECT FROM access_recusal r
			WHERE r.request = q.id AND r.person = who)),
		('denied_before', q.state = 'appealed' AND (q.decided_by = who OR EXISTS (
			SELECT FROM access_vote v WHERE v.request = q.id AND v.round < q.round
			AND v.vote = 'deny' AND who IN (v.person, v.seat)))),
		('same_institution', c.not_same_institution AND EXISTS (
			SELECT FROM member a JOIN member b ON b.institution = a.institution
			WHERE a.person = q.person AND b.person = who
			AND a.until IS NULL AND b.until IS NULL)),
		('handled', c.handlers_differ AND EXISTS (SELECT FROM access_request_event e
			WHERE e.request = q.id AND e.act = 'return' AND e.actor = who))
	) AS found (name, holds)
	WHERE q.id = asked AND found.holds
$$;

-- The same in one text.
CREATE OR REPLACE FUNCTION access_conflicts(asked uuid, who uuid) RETURNS text
	LANGUAGE sql STABLE SET search_path = sallyport, pg_temp AS $$
	SELECT string_agg(found, ',') FROM access_conflict(asked, who) AS found
$$;
