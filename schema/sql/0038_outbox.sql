-- SPDX-License-Identifier: Apache-2.0
-- What the edge writes into the log waits in the outbox by itself: no event without its outbox
-- row, no row without an event. It was a second statement and a foreign key, which together cost
-- more than the event; now it is one more statement for all events of a statement.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

ALTER TABLE audit_outbox DROP CONSTRAINT audit_outbox_event_fkey;
ALTER TABLE audit_outbox DROP CONSTRAINT audit_outbox_event_key;

-- For roles that may not insert here themselves. All names are whole: no search_path is needed.
CREATE FUNCTION outbox_take() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	INSERT INTO sallyport.audit_outbox (event) SELECT id FROM fresh;
	RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION outbox_take() FROM PUBLIC;
CREATE TRIGGER waits AFTER INSERT ON audit_event REFERENCING NEW TABLE AS fresh
	FOR EACH STATEMENT WHEN (current_user = 'sallyport_edge') EXECUTE FUNCTION outbox_take();
REVOKE INSERT ON audit_outbox FROM sallyport_edge;

-- Searches go to audit_entry. What still reads events by anything but their id: those of an actor,
-- and the one that made a revision.
DROP INDEX audit_event_kind, audit_event_at, audit_event_model, audit_event_license;
CREATE INDEX audit_event_commit ON audit_event (model) WHERE kind = 'model.commit';
