-- SPDX-License-Identifier: Apache-2.0
-- What a model's weights become when an engine loads them. A model without a row keeps them as its
-- files have them.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

CREATE TABLE model_quantize (
	model uuid PRIMARY KEY REFERENCES model,
	type text NOT NULL CHECK (type IN ('q8_0', 'q4_0')),
	set_at timestamptz NOT NULL,
	set_by uuid NOT NULL REFERENCES person
);
GRANT SELECT, INSERT, DELETE ON model_quantize TO sallyport_edge;

CREATE VIEW auditor_model_quantize AS SELECT * FROM model_quantize;
GRANT SELECT ON auditor_model_quantize TO sallyport_auditor;
