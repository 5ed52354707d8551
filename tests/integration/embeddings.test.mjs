// SPDX-License-Identifier: Apache-2.0
// /v1/embeddings by the unmodified `openai` client, with models that Hugging Face's classes trained
// and measured: an encoder, decoders, and one that has both. T5 writes, too.
import assert from "node:assert/strict";
import fs from "node:fs";
import https from "node:https";
import path from "node:path";
import test from "node:test";
import OpenAI from "openai";
import { gatewayForThisFile, shared } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { addTerms, importFiles, licensedPerson, readFolder } from "./people.mjs";

const trained = path.join(shared, "data/models/hf-trained-here");
const isThere = fs.existsSync(trained);
const options = { skip: isThere ? false : `${trained} is not there (SALLYPORT_SHARED)` };
const both = ["infer:embed", "infer:generate"];
const rights = { bert: ["infer:embed"], qwen2: both, t5: both };
const people = {};

const nameOf = (kind) => `embedders/${kind}`;
const expectedOf = (kind) =>
	JSON.parse(fs.readFileSync(path.join(trained, kind, "expected.json"), "utf8"));

function filesOf(kind) {
	const files = readFolder(path.join(trained, kind));
	return Object.fromEntries(
		Object.entries(files).filter(([name]) => !/expected|gguf$/.test(name)),
	);
}

async function serve(gateway, kind, more = {}, name = nameOf(kind), given = rights[kind]) {
	const terms_sha256 = await addTerms(gateway, "Measure well.\n");
	const files = { ...filesOf(kind), ...more };
	await importFiles(gateway, name, files, { gate: "manual", terms_sha256 });
	people[name] = await licensedPerson(gateway, name, given);
}

const here = gatewayForThisFile(async (gateway) => {
	if (!isThere) return;
	for (const kind of Object.keys(rights)) await serve(gateway, kind);
});

function clientOf(token) {
	const { url, ca } = here.gateway;
	return new OpenAI({
		baseURL: `${url}/v1`,
		apiKey: token,
		maxRetries: 0,
		httpAgent: new https.Agent({ ca, maxSockets: 32 }),
	});
}

const tokenFor = (kind) => people[nameOf(kind)].person.token;
const embed = (kind, body) =>
	clientOf(tokenFor(kind)).embeddings.create({ model: nameOf(kind), ...body });

function refused(kind, body) {
	return embed(kind, body).then(
		() => assert.fail("it was not refused"),
		(error) => error,
	);
}

/** max|a-b| / max|b|, the measure of the acceptance */
function distance(a, b) {
	assert.equal(a.length, b.length);
	const largest = Math.max(...b.map(Math.abs));
	return Math.max(...a.map((value, i) => Math.abs(value - b[i]))) / largest;
}

const lengthOf = (vector) => Math.hypot(...vector);

test("an encoder's vector of a text is Hugging Face's", options, async () => {
	const { texts, mean_pooled, input_ids, attention_mask } = expectedOf("bert");
	const ids = input_ids[0].filter((_, i) => attention_mask[0][i]);
	const answer = await embed("bert", { input: texts[0], encoding_format: "float" });
	const [one] = answer.data;

	assert.equal(answer.object, "list");
	assert.equal(answer.model, nameOf("bert"));
	assert.deepEqual([one.object, one.index], ["embedding", 0]);
	assert.ok(distance(one.embedding, mean_pooled[0]) < 1e-4);
	assert.deepEqual(answer.usage, { prompt_tokens: ids.length, total_tokens: ids.length });

	const same = await embed("bert", { input: [ids, ids], encoding_format: "float" });
	assert.ok(distance(same.data[1].embedding, mean_pooled[0]) < 1e-4);
	assert.equal(same.usage.prompt_tokens, 2 * ids.length);
	const alone = await embed("bert", { input: ids });
	assert.ok(distance([...alone.data[0].embedding], mean_pooled[0]) < 1e-4);
});

test("base64, which the client asks for by itself, is the same numbers", options, async () => {
	const input = ["hear me speak", "rather to die than to famish"];
	const floats = await embed("bert", { input, encoding_format: "float" });
	const decoded = await embed("bert", { input }); // the client decodes what it asked for
	const raw = await embed("bert", { input, encoding_format: "base64" });

	input.forEach((_, i) => {
		const bytes = Buffer.from(raw.data[i].embedding, "base64");
		const values = Array.from({ length: 64 }, (_, k) => bytes.readFloatLE(4 * k));
		assert.equal(bytes.length, 256);
		const exact = floats.data[i].embedding.map(Math.fround);
		assert.deepEqual(values, exact);
		assert.deepEqual([...decoded.data[i].embedding], exact);
	});
	assert.notDeepEqual(floats.data[0].embedding, floats.data[1].embedding);
});

test("who may only embed learns the tokens of a text, and their text", options, async () => {
	const token = tokenFor("bert");
	const model = nameOf("bert");
	const post = (path, body) =>
		ask(here.gateway, "POST", path, { token, body: { model, ...body } });
	const prompt = expectedOf("bert").texts[0];
	const told = await post("/tokenize", { prompt });
	const vector = await embed("bert", { input: prompt });

	assert.equal(told.status, 200, told.text);
	assert.equal(told.json.count, vector.usage.prompt_tokens);
	const back = await post("/detokenize", { tokens: told.json.tokens });
	assert.equal(back.status, 200, back.text);
	assert.ok(back.json.prompt.length > 0);
	const written = await post("/v1/completions", { prompt });
	assert.notEqual(written.status, 200);
});

test("a license to embed tells tokens, and none tells none", options, async () => {
	const { gateway } = here;
	const model = "embedders/embed-only";
	await serve(gateway, "qwen2", {}, model, ["infer:embed"]);
	const wish = (token) =>
		ask(gateway, "POST", "/tokenize", { token, body: { model, prompt: "hear me" } });

	const allowed = await wish(people[model].person.token);
	assert.equal(allowed.status, 200, allowed.text);
	const entry = await ask(gateway, "GET",
		`/api/v1/receipts/${allowed.headers["x-audit-receipt"]}`,
		{ token: people[model].person.token });
	assert.ok([200, 202].includes(entry.status), entry.text);
	const denied = await wish(gateway.tokens.stranger);
	assert.equal(denied.status, 403, denied.text);
	const write = await ask(gateway, "POST", "/v1/completions", {
		token: people[model].person.token,
		body: { model, prompt: "hear me", max_tokens: 1 },
	});
	assert.equal(write.status, 403, write.text);
});

test("a T5 encoder's vector is the mean of its states", options, async () => {
	const { input_ids, encoder_last_hidden_state: states } = expectedOf("t5");
	const sums = states[0].map((_, k) => states.reduce((sum, row) => sum + row[k], 0));
	const mean = sums.map((sum) => sum / states.length);
	const answer = await embed("t5", { input: input_ids, encoding_format: "float" });

	assert.ok(distance(answer.data[0].embedding, mean) < 1e-4);
});

test("T5 writes what Hugging Face's classes write, alone and in company", options, async () => {
	const { input_ids: prompt, greedy_ids: greedy } = expectedOf("t5");
	const token = tokenFor("t5");
	const model = nameOf("t5");
	const wanted = greedy.slice(1); // the first is the token that the decoder starts from
	const text = await expect(200, here.gateway, "POST", "/detokenize", {
		token,
		body: { model, tokens: wanted.filter((id) => id > 1 && id < 1000) },
	});
	const asked = { model, prompt, temperature: 0, max_tokens: wanted.length };
	const answers = await Promise.all(
		Array.from({ length: 8 }, () => clientOf(token).completions.create(asked)),
	);

	for (const { choices, usage } of answers) {
		assert.equal(choices[0].text.trim(), text.json.prompt.trim());
		assert.equal(usage.prompt_tokens, prompt.length);
		assert.ok(usage.completion_tokens <= wanted.length);
	}
	const long = await clientOf(token)
		.completions.create({ ...asked, prompt: Array(513).fill(5), max_tokens: 1 })
		.then(assert.fail, (error) => error);
	assert.equal(long.status, 400);
	assert.match(long.message, /513 tokens exceed the encoder's limit of 512/);
});

test("a decoder's vectors have as many values as it is wide", options, async () => {
	const answer = await embed("qwen2", { input: ["First Citizen:", "Before we"] });
	assert.deepEqual(
		answer.data.map((one) => one.embedding.length),
		[64, 64],
	);
});

test("two thousand and forty-eight inputs come back in their order", options, async () => {
	const input = Array.from({ length: 2048 }, (_, i) => [5 + (i % 700), 6, 7]);
	const answer = await embed("bert", { input });
	const some = await embed("bert", { input: [input[1], input[1000], input[2047]] });

	assert.equal(answer.data.length, 2048);
	assert.equal(answer.usage.prompt_tokens, 3 * 2048);
	[1, 1000, 2047].forEach((index, i) => {
		assert.equal(answer.data[index].index, index);
		const [got, wanted] = [answer.data[index].embedding, some.data[i].embedding];
		assert.ok(distance([...got], [...wanted]) < 1e-5);
	});
});

test("inputs of more bytes than a message between processes holds", options, async () => {
	const input = Array.from({ length: 40 }, (_, i) => `hear ${"x ".repeat(9000)} ${i}`);
	const answer = await embed("bert", { input, truncate_prompt_tokens: 8 });
	assert.equal(answer.data.length, 40);
	assert.equal(answer.usage.prompt_tokens, 40 * 8);
});

test("dimensions shortens and brings to length one", options, async () => {
	const input = "hear me speak";
	const whole = (await embed("bert", { input, encoding_format: "float" })).data[0].embedding;
	const short = (await embed("bert", { input, encoding_format: "float", dimensions: 16 }))
		.data[0].embedding;
	const one = (await embed("bert", { input, encoding_format: "float", normalize: true }))
		.data[0].embedding;
	const first = whole.slice(0, 16);

	assert.ok(Math.abs(lengthOf(whole) - 1) > 0.1);
	assert.ok(distance(short, first.map((value) => value / lengthOf(first))) < 1e-5);
	assert.ok(distance(one, whole.map((value) => value / lengthOf(whole))) < 1e-5);
	const error = await refused("bert", { input, dimensions: 65 });
	assert.equal(error.status, 400);
	assert.match(error.message, /dimensions: 65, this model's vectors have 64/);
});

test("what is over the limit is refused with counts, or cut if asked for", options, async () => {
	const long = "hear ".repeat(400);
	const error = await refused("bert", { input: ["short", long] });

	assert.ok(error instanceof OpenAI.BadRequestError);
	assert.equal(error.code, "context_length_exceeded");
	assert.match(error.message, /input 1: its 402 tokens exceed the model's limit of 128/);
	const far = Array.from({ length: 100 }, (_, i) => (i === 90 ? long : "short"));
	assert.match((await refused("bert", { input: far })).message, /input 90: /);
	const cut = await embed("bert", { input: long, truncate_prompt_tokens: -1 });
	assert.equal(cut.usage.prompt_tokens, 128);
});

test("what is no request is refused by its parameter", options, async () => {
	const rows = [
		[{}, "input"],
		[{ input: "" }, "input"],
		[{ input: [] }, "input"],
		[{ input: ["a", ""] }, "input"],
		[{ input: ["a", 1] }, "input"],
		[{ input: [[1], []] }, "input"],
		[{ input: [1, "a"] }, "input"],
		[{ input: [-1] }, "input"],
		[{ input: { text: "a" } }, "input"],
		[{ input: Array(2049).fill("a") }, "input"],
		[{ input: "a", encoding_format: "int8" }, "encoding_format"],
		[{ input: "a", dimensions: 0 }, "dimensions"],
		[{ input: "a", truncate_prompt_tokens: 0 }, "truncate_prompt_tokens"],
		[{ input: "a", normalize: 1 }, "normalize"],
		[{ input: "a", user: 7 }, "user"],
	];
	for (const [body, param] of rows) {
		const error = await refused("bert", body);
		assert.equal(error.status, 400, JSON.stringify(body).slice(0, 80));
		assert.equal(error.param, param);
	}
	const beyond = await refused("bert", { input: [1024] });
	assert.equal(beyond.status, 400);
	assert.match(beyond.message, /token 1024 is not one of the model's 1024/);
});

test("a license for embedding is for that alone, and the other way round", options, async () => {
	const client = clientOf(tokenFor("bert"));
	const list = (await client.models.list()).data;
	assert.deepEqual(
		list.map(({ id, tasks }) => [id, tasks]),
		[[nameOf("bert"), ["embed", "fill-mask"]]],
	);
	const { researcher } = here.gateway.tokens; // weights:read, infer:generate
	const error = await clientOf(researcher)
		.embeddings.create({ model: here.gateway.model, input: "the fox" })
		.then(assert.fail, (error) => error);
	assert.equal(error.status, 403);
	assert.equal(error.error.reason, "RIGHT_NOT_GRANTED");
	const open = await licensedPerson(here.gateway, here.gateway.model, ["infer:embed"]);
	const answer = await clientOf(open.person.token).embeddings.create({
		model: here.gateway.model,
		input: "Tell me about the fox.",
	});
	assert.ok(answer.data[0].embedding.length > 16);
});

test("what a model does not do is refused by what it does", options, async () => {
	const name = nameOf("bert-for-writers");
	await serve(here.gateway, "bert", {}, name, ["infer:embed", "infer:generate"]);
	const token = people[name].person.token;
	const error = await clientOf(token)
		.completions.create({ model: name, prompt: "a" })
		.then(assert.fail, (error) => error);
	assert.equal(error.status, 400);
	assert.equal(error.error.reason, "UNSUPPORTED");
	assert.match(error.message, /does not generate; what it can be asked for: embed,fill-mask/);
	const shown = await expect(200, here.gateway, "GET", `/api/models/${name}`, { token });
	assert.deepEqual(shown.json.sallyport.tasks, ["embed", "fill-mask"]);
	assert.equal(shown.json.pipeline_tag, "fill-mask");
	const told = await here.gateway.cli(token, "model", "show", name);
	assert.match(told.stdout, /tasks +embed,\s*fill-mask/);
});

test("pooling is what the model's own files say", options, async () => {
	const name = nameOf("bert-cls");
	const { texts, last_hidden_state: states } = expectedOf("bert");
	const module = (kind, path) => ({ type: `sentence_transformers.models.${kind}`, path });
	const modules = [
		module("Transformer", ""),
		module("Pooling", "1_Pooling"),
		module("Normalize", "2_Normalize"),
	];
	await serve(
		here.gateway,
		"bert",
		{
			"modules.json": Buffer.from(JSON.stringify(modules)),
			"1_Pooling/config.json": Buffer.from('{"pooling_mode_cls_token":true}'),
		},
		name,
		["infer:embed"],
	);
	const answer = await clientOf(people[name].person.token).embeddings.create({
		model: name,
		input: texts[0],
		encoding_format: "float",
	});
	const first = states[0][0];
	const wanted = first.map((value) => value / lengthOf(first));
	assert.ok(distance(answer.data[0].embedding, wanted) < 1e-4);
});

test("a GGUF file tells what it can be asked for once it was used", options, async () => {
	const name = nameOf("bert-gguf");
	const gguf = fs.readFileSync(path.join(trained, "bert/tiny-bert.gguf"));
	const terms_sha256 = await addTerms(here.gateway, "Measure well.\n");
	const files = { "tiny-bert.gguf": gguf };
	await importFiles(here.gateway, name, files, { gate: "manual", terms_sha256 });
	const { token } = (await licensedPerson(here.gateway, name, both)).person;
	const { texts, mean_pooled } = expectedOf("bert");
	const answer = await clientOf(token).embeddings.create({
		model: name,
		input: texts[0],
		encoding_format: "float",
	});
	assert.ok(distance(answer.data[0].embedding, mean_pooled[0]) < 1e-4);
	const shown = await expect(200, here.gateway, "GET", `/api/models/${name}`, { token });
	assert.deepEqual(shown.json.sallyport.tasks, ["embed"]);
});

test("each call has its entry before and after, with what it counted", options, async () => {
	const { person } = people[nameOf("bert")];
	const of = async (kind) => {
		const path = `/api/v1/audit/events?kind=${kind}&limit=200`;
		const token = here.gateway.tokens.auditor;
		const { events } = (await expect(200, here.gateway, "GET", path, { token })).json;
		return events;
	};
	const answer = await ask(here.gateway, "POST", "/v1/embeddings", {
		token: person.token,
		body: { model: nameOf("bert"), input: ["hear me", "speak"] },
	});
	const receipt = answer.headers["x-audit-receipt"];
	const begun = await until("the entry before", 10, async () =>
		(await of("infer.embed")).find((event) => event.id === receipt),
	);
	const ended = await until("the entry after", 10, async () =>
		(await of("infer.end")).find((event) => event.payload.call === receipt),
	);

	assert.equal(begun.payload.right, "infer:embed");
	assert.equal(begun.payload.route, "embeddings");
	assert.equal(ended.payload.prompt_tokens, answer.json.usage.prompt_tokens);
	assert.equal(ended.payload.completion_tokens, 0);
	const passes = await of("infer.pass");
	assert.ok(passes.some((event) => event.payload.right === "infer:embed"));
});
