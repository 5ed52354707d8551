-- SPDX-License-Identifier: Apache-2.0
-- Rows of bytes with one scale, for weights and activations.
SET LOCAL ROLE sallyport_owner;
SET LOCAL search_path = sallyport;

ALTER TABLE model_quantize DROP CONSTRAINT model_quantize_type_check;
ALTER TABLE model_quantize ADD CONSTRAINT model_quantize_type_check
	CHECK (type IN ('q8_0', 'q4_0', 'w8a8'));
