-- SPDX-License-Identifier: Apache-2.0
-- A capability is an access token that stands in an address (/c/<capability>/...): for one model,
-- perhaps one revision of it, and only as long as the token that made it is good.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

ALTER TABLE access_token
	ADD COLUMN model uuid REFERENCES model,
	ADD COLUMN revision text,
	ADD COLUMN made_by uuid REFERENCES access_token,
	ADD CONSTRAINT access_token_is_capability CHECK ((model IS NULL) = (made_by IS NULL)),
	ADD CONSTRAINT access_token_capability_is_narrow
		CHECK (model IS NULL OR (rights IS NOT NULL AND rights = ARRAY['weights:read'])),
	ADD CONSTRAINT access_token_capability_is_short
		CHECK (model IS NULL OR expires_at <= created_at + interval '1 day'),
	ADD FOREIGN KEY (model, revision) REFERENCES revision (model, id);
CREATE INDEX access_token_made_by ON access_token (made_by) WHERE made_by IS NOT NULL;

-- What begins with these would be taken for an address of our own, not for a model.
ALTER TABLE model ADD CONSTRAINT model_is_no_address_of_ours
	CHECK (name !~ '^(api|c|log|upload|v1)(/|$)') NOT VALID;
