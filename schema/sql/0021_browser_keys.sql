-- SPDX-License-Identifier: Apache-2.0
-- Keys of browsers: WebCrypto's P-256, an uncompressed point.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

ALTER TABLE person_key
	DROP CONSTRAINT person_key_kind_check,
	DROP CONSTRAINT person_key_public_check,
	ADD CONSTRAINT person_key_kind_check CHECK (kind IN ('ed25519', 'age-x25519', 'p256')),
	ADD CONSTRAINT person_key_public_check
		CHECK (octet_length(public) = CASE kind WHEN 'p256' THEN 65 ELSE 32 END);
