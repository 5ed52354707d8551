// SPDX-License-Identifier: Apache-2.0
// Answers that must look like something: response_format by the unmodified `openai` client, and
// vLLM's parameters. What ends by itself is held against `ajv`, for the demo model and for one with
// random weights, which would rather write anything else.
import assert from "node:assert/strict";
import https from "node:https";
import test from "node:test";
import Ajv from "ajv/dist/2020.js";
import OpenAI from "openai";
import { demoModel, gatewayForThisFile } from "./gateway.mjs";
import { addTerms, importFiles, licensedPerson, readFolder } from "./people.mjs";
import { readTensors, writeTensors } from "./safetensors.mjs";

const random = "tests/random";
const tokens = {};
const ajv = new Ajv({ strict: false, validateFormats: false });

/** The demo model with noise for weights: the same noise in every run. */
function randomModel() {
	const files = readFolder(demoModel);
	const { metadata, tensors } = readTensors(files["model.safetensors"]);
	let x = 1;

	for (const tensor of tensors) {
		tensor.bytes = Buffer.from(tensor.bytes);
		for (let i = 0; i + 1 < tensor.bytes.length; i += 2) {
			x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
			// 16 bits of a BF16 (or half of an F32) between about -0.25 and 0.25.
			tensor.bytes.writeUInt16LE(((x >>> 16) & 0x807f) | 0x3e00, i);
		}
	}
	return { ...files, "model.safetensors": writeTensors({ metadata, tensors }) };
}

const here = gatewayForThisFile(async (gateway) => {
	const terms_sha256 = await addTerms(gateway, "Write what is asked for.\n");

	await importFiles(gateway, random, randomModel(), { gate: "manual", terms_sha256 });
	tokens[gateway.model] = gateway.tokens.researcher;
	tokens[random] = (await licensedPerson(gateway, random, ["infer:generate"])).person.token;
});

function clientOf(model) {
	const { url, ca } = here.gateway;
	return new OpenAI({
		baseURL: `${url}/v1`,
		apiKey: tokens[model],
		maxRetries: 0,
		httpAgent: new https.Agent({ ca, maxSockets: 32 }),
	});
}

const chat = (body, model = here.gateway.model) =>
	clientOf(model).chat.completions.create({
		model,
		max_tokens: 160,
		messages: [{ role: "user", content: "Tell me about the fox." }],
		...body,
	});

const asSchema = (schema, more = {}) => ({
	response_format: { type: "json_schema", json_schema: { name: "answer", schema, ...more } },
});

const object = (properties, required = Object.keys(properties)) => ({
	type: "object",
	properties,
	required,
	additionalProperties: false,
});

const schemas = {
	record: object({
		name: { type: "string", maxLength: 12 },
		age: { type: "integer", minimum: 0, exclusiveMaximum: 130 },
		weight: { type: "number", minimum: 0.5, maximum: 14.25 },
		isTame: { type: "boolean" },
	}),
	optional: object({ a: { type: "null" }, b: { enum: [1, "two", [3]] }, c: {} }, ["b"]),
	list: { type: "array", items: { enum: ["red", "brown"] }, minItems: 2, maxItems: 4 },
	tuple: {
		type: "array",
		prefixItems: [{ type: "boolean" }, { type: "string", pattern: "^[a-f]{2,5}$" }],
		items: false,
		minItems: 2,
	},
	branches: {
		anyOf: [
			object({
				kind: { const: "fox" },
				tails: { type: "integer", maximum: 9, minimum: 1 },
			}),
			object({
				kind: { const: "hare" },
				ears: { type: "array", maxItems: 2, items: { type: "null" } },
			}),
		],
	},
	chain: {
		$defs: {
			node: object({
				next: { anyOf: [{ $ref: "#/$defs/node" }, { type: "null" }] },
			}),
		},
		$ref: "#/$defs/node",
	},
	merged: {
		allOf: [
			{ type: "object", properties: { a: { type: "integer", minimum: 10 } } },
			{
				properties: { a: { maximum: 20 } },
				required: ["a"],
				maxProperties: 1,
				additionalProperties: false,
			},
		],
	},
	code: object({ id: { type: "string", pattern: "^[A-Z]{3}-\\d{4}$" } }),
};

for (const model of ["the demo model", "a model with random weights"])
	test(`${model} writes what each schema asks for, however it is sampled`, async () => {
		const name = model.includes("random") ? random : here.gateway.model;
		let whole = 0;
		const one = async (kind, temperature, seed) => {
			const answer = await chat(
				{ ...asSchema(schemas[kind]), temperature, seed },
				name,
			);
			const { message, finish_reason } = answer.choices[0];

			assert.ok(["stop", "length"].includes(finish_reason), finish_reason);
			if (finish_reason === "length") {
				assert.equal(answer.usage.completion_tokens, 160);
				return;
			}
			whole++;
			const valid = ajv.validate(schemas[kind], JSON.parse(message.content));
			assert.ok(valid, `${kind}: ${message.content}: ${ajv.errorsText()}`);
		};

		for (const [temperature, seed] of [
			[0, 1],
			[1, 2],
			[2, 3],
		])
			await Promise.all(
				Object.keys(schemas).map((kind) => one(kind, temperature, seed)),
			);
		assert.ok(whole >= 18, `${whole} of 24 ended by themselves`);
	});

test("json_object is an object, or the beginning of one", async () => {
	const answer = await chat({ response_format: { type: "json_object" }, max_tokens: 40 });
	assert.match(answer.choices[0].message.content, /^\{/);
	const text = await chat({ response_format: { type: "text" }, max_tokens: 8 });
	assert.doesNotMatch(text.choices[0].message.content, /^\{/);
});

test("choices, streams and a bias keep to the schema, and a seed repeats it", async () => {
	const wish = { ...asSchema(schemas.record), temperature: 1.2, seed: 11 };
	const three = await chat({ ...wish, n: 3, logit_bias: { 5: 40, 6: 40 } });
	const written = await chat(wish);
	let streamed = "";

	for (const choice of three.choices.filter((c) => c.finish_reason === "stop"))
		assert.ok(ajv.validate(schemas.record, JSON.parse(choice.message.content)));
	for await (const chunk of await chat({ ...wish, stream: true }))
		streamed += chunk.choices[0]?.delta.content ?? "";
	assert.equal(streamed, written.choices[0].message.content);
});

test("an answer that max_tokens cuts says so", async () => {
	const answer = await chat({ ...asSchema(schemas.record), max_tokens: 4 });
	assert.equal(answer.choices[0].finish_reason, "length");
	assert.equal(answer.usage.completion_tokens, 4);
});

test("strict false lets an object have other members, as JSON Schema does", async () => {
	const schema = { type: "object", properties: {}, minProperties: 1, maxProperties: 1 };
	const open = await chat(asSchema(schema, { strict: false }));
	const closed = await chat(asSchema({ ...schema, minProperties: 0 }));

	assert.match(open.choices[0].message.content, /^\{\s*"/);
	assert.deepEqual(JSON.parse(closed.choices[0].message.content), {});
});

test("vLLM's parameters are understood, on both routes", async () => {
	const model = here.gateway.model;
	const complete = async (body) =>
		(
			await clientOf(model).completions.create({
				model,
				prompt: "The answer is",
				max_tokens: 60,
				temperature: 1,
				seed: 4,
				...body,
			})
		).choices[0].text;

	assert.match(await complete({ guided_choice: ["yes", "no"] }), /^(yes|no)$/);
	assert.match(await complete({ guided_regex: "[0-9]{3}-[a-f]{2}" }), /^[0-9]{3}-[a-f]{2}$/);
	assert.match(await complete({ structured_outputs: { regex: "(ab){2}" } }), /^abab$/);
	assert.ok(
		ajv.validate(
			schemas.list,
			JSON.parse(await complete({ guided_json: schemas.list })),
		),
	);
	const chosen = await chat({ guided_choice: ["left", "right"] });
	assert.match(chosen.choices[0].message.content, /^(left|right)$/);
});

test("what cannot be followed is refused before anything is written, by its place", async () => {
	const rows = [
		[
			asSchema({ properties: { a: { type: "number", multipleOf: 2 } } }),
			/#\/properties\/a\/multipleOf/,
		],
		[asSchema({ type: "object", patternProperties: {} }), /#\/patternProperties/],
		[asSchema({ $ref: "https://example.com/schema" }), /#\/\$ref/],
		[asSchema({ type: "strin" }), /#\/type/],
		[
			asSchema({ type: "array", items: { $ref: "#" }, minItems: 1 }),
			/no answer could ever/,
		],
		[{ response_format: { type: "xml" } }, /json_schema/],
		[{ response_format: { type: "json_schema" } }, /json_schema/],
		[asSchema(true, { name: "no good name" }), /json_schema\.name/],
		[asSchema({ enum: ["x".repeat(40000)] }), /32 KiB/],
		[
			{ response_format: { type: "json_object" }, guided_regex: "a" },
			/one such wish/,
			"guided_regex",
		],
		[{ guided_regex: "(a" }, /group/, "guided_regex"],
		[{ guided_choice: [] }, /list of strings/, "guided_choice"],
	];

	for (const [body, text, param = "response_format"] of rows) {
		const error = await chat({ ...body, stream: true }).then(
			() => assert.fail(`not refused: ${JSON.stringify(body).slice(0, 100)}`),
			(e) => e,
		);
		assert.ok([400, 413].includes(error.status), `${error.status}`);
		assert.match(error.error.message, text);
		assert.equal(error.error.param, param);
	}
});
