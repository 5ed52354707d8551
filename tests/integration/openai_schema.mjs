// SPDX-License-Identifier: Apache-2.0
// OpenAI's own description of its API, as validators of answers: by ajv, from the file as it is.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import zlib from "node:zlib";
import Ajv from "ajv/dist/2020.js";
import yaml from "js-yaml";
import { shared } from "./gateway.mjs";

const file = path.join(shared, "data/api/openai-openapi.yaml.gz");

/** OpenAPI 3.0's `nullable` is still written in places; JSON Schema does not know it. */
function allowNulls(node) {
	if (Array.isArray(node)) return node.map(allowNulls);
	if (node === null || typeof node !== "object") return node;
	const { nullable, ...rest } = Object.fromEntries(
		Object.entries(node).map(([name, value]) => [name, allowNulls(value)]),
	);
	return nullable === true ? { anyOf: [rest, { type: "null" }] } : rest;
}

/**
 * Where OpenAI's servers answer otherwise than this file says, and we as they do: streamed plain
 * completions have a finish_reason of null until the last event of a choice, and the first token of
 * an echoed prompt has no likelihood. Nothing else is let pass.
 */
function asItIs(schemas) {
	const orNull = (schema) => ({ anyOf: [schema, { type: "null" }] });
	const streamed = structuredClone(schemas.CreateCompletionResponse);
	const plain = schemas.CreateCompletionResponse.properties.choices.items.properties;
	const of = streamed.properties.choices.items.properties;

	of.finish_reason = orNull(of.finish_reason);
	for (const choice of [plain, of]) {
		const lists = choice.logprobs.anyOf[0].properties;
		for (const name of ["token_logprobs", "top_logprobs"])
			lists[name].items = orNull(lists[name].items);
	}
	schemas.StreamedCompletion = streamed;
}

/** (name of a schema, value): throws with what is wrong. undefined: the file is not there. */
export function openaiSchemas() {
	if (!fs.existsSync(file)) return undefined;
	const document = allowNulls(yaml.load(zlib.gunzipSync(fs.readFileSync(file)).toString()));
	const ajv = new Ajv({ strict: false, validateFormats: false, validateSchema: false });
	const validators = new Map();

	asItIs(document.components.schemas);
	ajv.addSchema(document, "openai");
	return (name, value) => {
		if (!validators.has(name))
			validators.set(
				name,
				ajv.compile({ $ref: `openai#/components/schemas/${name}` }),
			);
		const validate = validators.get(name);
		assert.ok(
			validate(value),
			`${name}: ${JSON.stringify(validate.errors)} in ` +
				JSON.stringify(value).slice(0, 500),
		);
	};
}
