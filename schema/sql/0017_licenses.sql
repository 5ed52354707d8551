-- SPDX-License-Identifier: Apache-2.0
-- What a license may say beside its rights and dates; all of it stands in its document too.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

CREATE FUNCTION regions_are_known(regions text[]) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN array_to_string(regions, ',') ~ '^[A-Z]{2}(,[A-Z]{2}){0,249}$';

CREATE FUNCTION uses_are_known(uses text[]) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN cardinality(uses) BETWEEN 1 AND 32
		AND array_to_string(uses, ',') ~ '^[A-Z]+:[A-Za-z0-9-]+(,[A-Z]+:[A-Za-z0-9-]+)*$';

ALTER TABLE license
	-- Canonical JSON, as in the document; NULL: without limit.
	ADD COLUMN limits text CHECK (length(limits) BETWEEN 2 AND 2048),
	ADD COLUMN regions text[] CHECK (regions_are_known(regions)), -- NULL: everywhere
	ADD COLUMN uses text[] CHECK (uses_are_known(uses)),          -- NULL: as the terms say
	ADD COLUMN institution uuid REFERENCES institution; -- whose member holds it
