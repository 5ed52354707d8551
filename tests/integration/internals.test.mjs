// SPDX-License-Identifier: Apache-2.0
// /v1/internals: what is inside a model, by TransformerLens's names, held against what Hugging
// Face's classes measured, and against what tests/reference/internals.py computed by PyTorch.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { gatewayForThisFile, shared } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { addTerms, importFiles, licensedPerson, readFolder } from "./people.mjs";
import { readTensors } from "./safetensors.mjs";

const trained = path.join(shared, "data/models/hf-trained-here");
const isThere = fs.existsSync(trained);
const options = { skip: isThere ? false : `${trained} is not there (SALLYPORT_SHARED)` };
const kinds = ["gpt2", "qwen2", "bloom", "bert", "t5", "llama"];
const folderOf = (kind) =>
	kind === "llama" ? path.join(trained, "../stories260K") : path.join(trained, kind);
const people = {};

const nameOf = (kind) => `insides/${kind}`;
const expectedOf = (kind) =>
	JSON.parse(fs.readFileSync(path.join(trained, kind, "expected.json"), "utf8"));
const fixture = (name) => {
	const file = new URL(`../data/internals/${name}.json`, import.meta.url);
	return JSON.parse(fs.readFileSync(fileURLToPath(file), "utf8"));
};

const here = gatewayForThisFile(async (gateway) => {
	if (!isThere) return;
	for (const kind of kinds) {
		const terms_sha256 = await addTerms(gateway, "Look, and do not touch.\n");
		const files = Object.entries(readFolder(folderOf(kind)));
		const kept = files.filter(([name]) => !/expected|greedy|gguf$|bin$|md$/.test(name));
		await importFiles(gateway, nameOf(kind), Object.fromEntries(kept), {
			gate: "manual",
			terms_sha256,
		});
		people[kind] = await licensedPerson(gateway, nameOf(kind), ["internals:read"]);
	}
});

const look = (kind, body) =>
	ask(here.gateway, "POST", "/v1/internals", {
		token: people[kind].person.token,
		body: { model: nameOf(kind), ...body },
	});

async function seen(kind, body) {
	const answer = await look(kind, body);
	assert.equal(answer.status, 200, answer.text);
	return answer.json;
}

async function refused(kind, body) {
	const answer = await look(kind, body);
	assert.equal(answer.status, 400, answer.text);
	return answer.json.error;
}

/** max|a-b| / max|b|, the measure of the acceptance */
function distance(a, b) {
	const [x, y] = [a.flat(Infinity), b.flat(Infinity)];
	assert.equal(x.length, y.length);
	const largest = Math.max(...y.map(Math.abs));
	return Math.max(...x.map((value, i) => Math.abs(value - y[i]))) / largest;
}

for (const kind of ["gpt2", "qwen2", "bloom"]) {
	test(`${kind}: norms between layers are Hugging Face's`, options, async () => {
		const { input_ids, hidden_state_norms: norms } = expectedOf(kind);
		const at = [
			"blocks.0.hook_resid_pre",
			...norms.slice(2).map((_, i) => `blocks.${i}.hook_resid_post`),
			"ln_final.hook_normalized",
		];
		const { read, tokens } = await seen(kind, {
			input: input_ids,
			read: at.map((one) => ({ at: one, reduce: "norm" })),
		});
		assert.deepEqual(tokens, input_ids);
		norms.forEach((row, i) => {
			assert.deepEqual(read[i].shape, [input_ids.length]);
			assert.ok(distance(read[i].values, row) < 1e-4, `${at[i]}`);
		});
	});

	test(`${kind}: the lens behind the last layer says what it says`, options, async () => {
		const { input_ids, logits } = expectedOf(kind);
		const { logit_lens } = await seen(kind, {
			input: input_ids,
			logit_lens: [{ at: "blocks.2.hook_resid_post", top_k: 5 }],
		});
		const [lens] = logit_lens;
		assert.deepEqual(lens.shape, [input_ids.length, 5]);
		logits.forEach((row, i) => {
			const pairs = row.map((value, id) => [value, id]);
			const best = pairs.sort((a, b) => b[0] - a[0]);
			const values = best.slice(0, 5).map(([value]) => value);
			assert.ok(distance(lens.logits[i], values) < 1e-4);
			assert.equal(lens.tokens[i][0], best[0][1]);
			assert.equal(typeof lens.token_strs[i][0], "string");
		});
	});
}

test("an encoder's states are Hugging Face's, and its head's lens", options, async () => {
	const { input_ids, attention_mask, last_hidden_state, mlm_logits } = expectedOf("bert");
	const ids = input_ids[0].filter((_, i) => attention_mask[0][i]);
	const at = "blocks.1.hook_normalized_resid_post";
	const { read, logit_lens } = await seen("bert", {
		input: ids,
		read: [{ at }, { at, pos: [[1, 3], -1], reduce: "mean" }],
		logit_lens: [{ at, pos: 2, top_k: 1 }],
	});
	const states = last_hidden_state[0].slice(0, ids.length);
	const mean = states[0].map((_, k) => (states[1][k] + states[2][k] + states.at(-1)[k]) / 3);
	assert.deepEqual(read[0].shape, [ids.length, 64]);
	assert.ok(distance(read[0].values, states) < 1e-4);
	assert.deepEqual(read[1].pos, [1, 2, ids.length - 1]);
	assert.ok(distance(read[1].values, mean) < 1e-4);
	const best = Math.max(...mlm_logits[0][2]);
	assert.ok(Math.abs(logit_lens[0].logits[0][0] - best) < 1e-3);
	assert.equal(mlm_logits[0][2].indexOf(best), logit_lens[0].tokens[0][0]);
});

test("of T5 the encoder is read", options, async () => {
	const { input_ids, encoder_last_hidden_state: states } = expectedOf("t5");
	const { read } = await seen("t5", {
		input: input_ids,
		read: [
			{ at: "encoder_final_ln.hook_normalized" },
			{ at: "encoder.0.attn.hook_pattern" },
		],
	});
	assert.ok(distance(read[0].values, states) < 1e-4);
	const error = await refused("t5", {
		input: input_ids,
		logit_lens: [{ at: "encoder.0.hook_resid_post" }],
	});
	assert.match(error.message, /logit_lens 0: no logit lens there/);
});

for (const kind of ["gpt2", "qwen2", "llama", "bloom", "bert"])
	test(`${kind}: every point is what PyTorch makes of it`, options, async () => {
		const { input, points } = fixture(kind);
		const names = Object.keys(points);
		const { read } = await seen(kind, { input, read: names.map((at) => ({ at })) });

		assert.ok(names.some((at) => at.endsWith("hook_pattern")));
		names.forEach((at, i) => {
			assert.deepEqual(read[i].shape, points[at].shape, at);
			const far = distance(read[i].values, points[at].values);
			assert.ok(far < 1e-4, `${at}: ${far}`);
		});
	});

test("heads and positions are chosen, and said", options, async () => {
	const input = expectedOf("gpt2").input_ids;
	const at = "blocks.1.attn.hook_pattern";
	const { read } = await seen("gpt2", {
		input,
		read: [{ at }, { at, heads: [3, 1], pos: [-2, 0] }],
	});
	const [all, some] = read;
	assert.deepEqual(some.shape, [2, 2, input.length]);
	assert.deepEqual([some.heads, some.pos], [[3, 1], [input.length - 2, 0]]);
	assert.equal(some.name, `${at}[-2,0]{3,1}`);
	const wanted = [3, 1].map((h) => [input.length - 2, 0].map((p) => all.values[h][p]));
	assert.deepEqual(some.values, wanted);
	for (const row of all.values.flat())
		assert.ok(Math.abs(row.reduce((a, b) => a + b) - 1) < 1e-5);
});

test("a safetensors file says the same, in half the precision if wanted", options, async () => {
	const body = {
		input: "Before we proceed",
		read: [{ at: "blocks.0.hook_mlp_out" }, { at: "blocks.1.attn.hook_z", pos: -1 }],
		logit_lens: [{ at: "blocks.1.hook_resid_mid", pos: [-1], top_k: 3 }],
	};
	const json = await seen("gpt2", body);
	for (const precision of ["float32", "float16"]) {
		const answer = await look("gpt2", { ...body, precision, format: "safetensors" });
		assert.equal(answer.status, 200, answer.text);
		assert.equal(answer.headers["content-type"], "application/octet-stream");
		const { metadata, tensors } = readTensors(answer.body);
		const by = Object.fromEntries(tensors.map((one) => [one.name, one]));
		const numbers = ({ dtype, bytes }) =>
			Array.from({ length: bytes.length / (dtype === "F16" ? 2 : 4) }, (_, i) =>
				dtype === "F16"
					? half(bytes.readUInt16LE(2 * i))
					: dtype === "F32"
						? bytes.readFloatLE(4 * i)
						: bytes.readInt32LE(4 * i),
			);

		assert.equal(metadata.model, nameOf("gpt2"));
		assert.equal(metadata.revision, json.revision);
		assert.equal(metadata.event, answer.headers["x-audit-receipt"]);
		assert.deepEqual(numbers(by.tokens), json.tokens);
		for (const one of json.read) {
			assert.deepEqual(by[one.name].shape, one.shape);
			assert.ok(distance(numbers(by[one.name]), one.values) < 1e-3);
		}
		const [lens] = json.logit_lens;
		assert.deepEqual(numbers(by[`${lens.name}.tokens`]), lens.tokens.flat());
		assert.ok(distance(numbers(by[`${lens.name}.logits`]), lens.logits) < 1e-3);
	}
});

function half(bits) {
	const exponent = (bits >> 10) & 31;
	const size = exponent
		? (1024 + (bits & 1023)) * 2 ** (exponent - 25)
		: (bits & 1023) * 2 ** -24;
	return bits & 0x8000 ? -size : size;
}

test("what is large comes in parts, and as base64", options, async () => {
	const input = Array.from({ length: 120 }, (_, i) => 5 + i);
	const reads = [0, 1, 2].flatMap((l) => [
		{ at: `blocks.${l}.attn.hook_pattern` },
		{ at: `blocks.${l}.hook_resid_post` },
	]);
	const { read, usage } = await seen("gpt2", { input, read: reads });
	const scalars = read.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b), 0);

	assert.ok(4 * scalars > 128 * 1024 * 4);
	assert.equal(usage.scalars, scalars);
	for (const one of read) {
		const bytes = Buffer.from(one.base64, "base64");
		assert.equal(bytes.length, 4 * one.shape.reduce((a, b) => a * b));
	}
});

test("without the right it is refused, and the right is for nothing else", options, async () => {
	const { researcher } = here.gateway.tokens; // weights:read, infer:generate
	const body = { model: here.gateway.model, input: "the fox", read: [{ at: "hook_embed" }] };
	const asked = { token: researcher, body };
	const answer = await ask(here.gateway, "POST", "/v1/internals", asked);
	assert.equal(answer.status, 403);
	assert.equal(answer.json.error.reason, "RIGHT_NOT_GRANTED");
	const { token } = people.gpt2.person;
	for (const [route, more] of [
		["/v1/completions", { prompt: "a" }],
		["/v1/embeddings", { input: "a" }],
	]) {
		const other = await ask(here.gateway, "POST", route, {
			token,
			body: { model: nameOf("gpt2"), ...more },
		});
		assert.equal(other.status, 403, route);
	}
});

test("a name that is not there is answered by those that are", options, async () => {
	const input = [5, 6];
	const names = ["blocks.3.hook_resid_post", "blocks.00.hook_z", "blocks.1.attn.hook_rot_q"];
	for (const at of names) {
		const read = [{ at: "hook_embed" }, { at }];
		const error = await refused("gpt2", { input, read });
		assert.match(error.message, /^read 1: no ".*" in this model; it has hook_embed, /);
		assert.match(error.message, /L of 0 to 2 blocks.L with .*attn.hook_pattern/);
	}
	await seen("qwen2", { input, read: [{ at: "blocks.1.attn.hook_rot_q" }] });
});

test("what is no request is refused, by name", options, async () => {
	const read = [{ at: "hook_embed" }];
	const at = "blocks.0.hook_resid_post";
	const rows = [
		[{ read }, "input"],
		[{ input: "", read }, "input"],
		[{ input: [-1], read }, "input"],
		[{ input: "a" }, "read"],
		[{ input: "a", read: [] }, "read"],
		[{ input: "a", read: {} }, "read"],
		[{ input: "a", read: ["hook_embed"] }, "read"],
		[{ input: "a", read: [{}] }, "read"],
		[{ input: "a", read: [{ at, pos: [] }] }, "read"],
		[{ input: "a", read: [{ at, pos: "some" }] }, "read"],
		[{ input: "a", read: [{ at, pos: [[1]] }] }, "read"],
		[{ input: "a", read: [{ at, pos: [1e300] }] }, "read"],
		[{ input: "a", read: [{ at, heads: [-1] }] }, "read"],
		[{ input: "a", read: [{ at, reduce: "sum" }] }, "read"],
		[{ input: "a", read: [{ at, op: "zero" }] }, "read"],
		[{ input: "a", read: [{ at }, { at }] }, "read"],
		[{ input: "a", logit_lens: [{ at, top_k: 0 }] }, "top_k"],
		[{ input: "a", logit_lens: [{ at, heads: [0] }] }, "logit_lens"],
		[{ input: "a", read, format: "npz" }, "format"],
		[{ input: "a", read, precision: "float64" }, "precision"],
		[{ input: "a", read, patch: [{ at, op: "zero" }] }, "patch"],
		[{ input: "a", read, messages: [] }, "messages"],
	];
	for (const [body, param] of rows) {
		const error = await refused("gpt2", body);
		assert.equal(error.param, param, `${JSON.stringify(body)} ${error.message}`);
	}
	const { message } = await refused("gpt2", { input: "a", read, patch: [] });
	assert.match(message, /read here, never written/);
});

test("what the model cannot give is refused with what is wrong", options, async () => {
	const input = [5, 6, 7];
	const at = "blocks.0.hook_resid_post";
	const rows = [
		[{ read: [{ at, pos: [3] }] }, /positions 3 to 4: the text has 3 tokens/],
		[{ read: [{ at, pos: [-4] }] }, /the text has 3 tokens/],
		[{ read: [{ at, pos: [[2, 1]] }] }, /positions 2 to 1/],
		[{ read: [{ at, pos: [1, [0, 2]] }] }, /position 1 is named twice/],
		[{ read: [{ at, heads: [0] }] }, /no heads to choose from/],
		[{ read: [{ at: "blocks.0.attn.hook_q", heads: [4] }] }, /head 4: it has 4/],
		[{ read: [{ at: "blocks.0.attn.hook_pattern", reduce: "mean" }] }, /not reduced/],
		[{ logit_lens: [{ at: "hook_embed" }] }, /logit_lens 0: no logit lens there/],
		[{ input: [1024], read: [{ at }] }, /token 1024 is not one/],
		[{ input: Array(300).fill(5), read: [{ at }] }, /300 tokens exceed the model's/],
		[
			{ input: Array(65).fill(5), logit_lens: [{ at }] },
			/logit_lens: 65 positions, at most 64 in one call/,
		],
	];
	for (const [body, why] of rows) {
		const answer = await look("gpt2", { input, ...body });
		assert.ok([400, 413].includes(answer.status), answer.text);
		assert.match(answer.json.error.message, why);
	}
});

test("each call has its entries, with names before and counts behind", options, async () => {
	const of = async (kind) => {
		const path = `/api/v1/audit/events?kind=${kind}&limit=200`;
		const token = here.gateway.tokens.auditor;
		const { events } = (await expect(200, here.gateway, "GET", path, { token })).json;
		return events;
	};
	const answer = await look("gpt2", {
		input: [5, 6, 7],
		read: [{ at: "blocks.0.hook_resid_post", pos: [-1] }],
		logit_lens: [{ at: "blocks.0.hook_resid_post", pos: [-1], top_k: 4 }],
		precision: "float16",
	});
	const receipt = answer.headers["x-audit-receipt"];
	const begun = await until("the entry before", 10, async () =>
		(await of("infer.internals")).find((event) => event.id === receipt),
	);
	const ended = await until("the entry after", 10, async () =>
		(await of("infer.end")).find((event) => event.payload.call === receipt),
	);
	const at = "blocks.0.hook_resid_post[-1]";

	assert.equal(answer.json.event, receipt);
	assert.equal(answer.json.usage.scalars, 64 + 8);
	assert.deepEqual(begun.payload.read, [at, `logit_lens.${at}`]);
	assert.equal(begun.payload.right, "internals:read");
	assert.equal(ended.payload.prompt_tokens, 3);
	assert.equal(ended.payload.scalars, 64 + 8);
	assert.equal(ended.payload.bits, 16 * (64 + 8));
	const passes = await of("infer.pass");
	assert.ok(passes.some((event) => event.payload.right === "internals:read"));
});
