-- SPDX-License-Identifier: Apache-2.0
-- Keys of browsers (WebCrypto's P-256, an uncompressed point). And who is blocked for all models:
-- no license of theirs counts meanwhile, and what runs for them ends.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

ALTER TABLE person_key
	DROP CONSTRAINT person_key_kind_check,
	DROP CONSTRAINT person_key_public_check,
	ADD CONSTRAINT person_key_kind_check CHECK (kind IN ('ed25519', 'age-x25519', 'p256')),
	ADD CONSTRAINT person_key_public_check
		CHECK (octet_length(public) = CASE kind WHEN 'p256' THEN 65 ELSE 32 END);

CREATE CONSTRAINT TRIGGER access_changed AFTER INSERT OR UPDATE OR DELETE ON blocked
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION access_changed();

-- Behind access_changed by its name, as in 0017: the epoch has moved when it runs.
CREATE FUNCTION access_ended_by_block() RETURNS trigger LANGUAGE plpgsql
	SECURITY DEFINER SET search_path = sallyport, pg_temp AS $$
BEGIN
	IF NEW.model IS NULL AND NEW.ended_at IS NULL THEN
		INSERT INTO access_cut SELECT epoch, 'person', NEW.person, now()
			FROM access_epoch ON CONFLICT DO NOTHING;
	END IF;
	RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER access_ended AFTER INSERT ON blocked
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION access_ended_by_block();
REVOKE ALL ON FUNCTION access_ended_by_block() FROM PUBLIC;
