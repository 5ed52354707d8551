// SPDX-License-Identifier: Apache-2.0
// Several choices of several prompts, echoes, penalties, and what a tokenizer makes of a text: what
// each means is held against what the same model says when it is asked one thing at a time.
import assert from "node:assert/strict";
import https from "node:https";
import test from "node:test";
import OpenAI from "openai";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { addPerson, enrollKey, requestBody, submit } from "./people.mjs";

const here = gatewayForThisFile();
const CONTEXT = 512;

function client() {
	const { url, ca, tokens } = here.gateway;
	return new OpenAI({
		baseURL: `${url}/v1`,
		apiKey: tokens.researcher,
		maxRetries: 0,
		httpAgent: new https.Agent({ ca, maxSockets: 32 }),
	});
}

const chat = (more) =>
	client().chat.completions.create({
		model: here.gateway.model,
		max_tokens: 24,
		messages: [{ role: "user", content: "Tell me about the fox." }],
		...more,
	});

const complete = (more) =>
	client().completions.create({
		model: here.gateway.model, max_tokens: 12, temperature: 0, ...more,
	});

const refusalOf = (promise) =>
	promise.then(() => assert.fail("it was not refused"), (error) => error);

async function post(path, body, token = here.gateway.tokens.researcher) {
	return ask(here.gateway, "POST", path,
		{ token, body: { model: here.gateway.model, ...body } });
}

async function tokensOf(prompt, more = {}) {
	const answer = await post("/tokenize", { prompt, ...more });
	assert.equal(answer.status, 200, answer.text);
	return answer.json;
}

async function eventsOf(kind) {
	const { json } = await expect(200, here.gateway, "GET", `/api/v1/audit/events?kind=${kind}`,
		{ token: here.gateway.tokens.auditor });
	return json.events;
}

/** The text of each choice of a stream, and how often the stream went from one to another. */
async function readStream(stream) {
	const choices = [];
	let changes = 0, last, usage;

	for await (const chunk of stream) {
		usage = chunk.usage ?? usage;
		for (const { index, delta, text, finish_reason } of chunk.choices) {
			choices[index] ??= { text: "", roles: 0 };
			choices[index].text += text ?? delta.content ?? "";
			choices[index].roles += delta?.role ? 1 : 0;
			choices[index].finish = finish_reason ?? choices[index].finish;
			changes += last !== undefined && last !== index;
			last = index;
		}
	}
	return { choices, changes, usage };
}

test("choice i of n is what the seed + i gives alone, and the prompt is counted once", async () => {
	const many = await chat({ n: 6, seed: 40, temperature: 1 });
	const alone = [];
	for (let i = 0; i < 6; i++)
		alone.push(await chat({ seed: 40 + i, temperature: 1 }));

	assert.deepEqual(many.choices.map((choice) => choice.index), [0, 1, 2, 3, 4, 5]);
	assert.deepEqual(
		many.choices.map((choice) => choice.message.content),
		alone.map((one) => one.choices[0].message.content),
	);
	assert.equal(many.usage.prompt_tokens, alone[0].usage.prompt_tokens);
	assert.equal(
		many.usage.completion_tokens,
		alone.reduce((sum, one) => sum + one.usage.completion_tokens, 0),
	);
	assert.ok(new Set(alone.map((one) => one.choices[0].message.content)).size > 2);
	assert.match(many.system_fingerprint, /^fp_[0-9a-f]{10}$/);
	assert.equal(many.system_fingerprint, alone[3].system_fingerprint);
});

test("streamed choices come interleaved, each whole", async () => {
	const whole = await chat({ n: 3, seed: 7, temperature: 1 });
	const { choices, changes, usage } = await readStream(
		await chat({
			n: 3, seed: 7, temperature: 1, stream: true,
			stream_options: { include_usage: true },
		}),
	);

	assert.deepEqual(
		choices.map((one) => one.text),
		whole.choices.map((one) => one.message.content),
	);
	assert.deepEqual(
		choices.map((one) => one.finish),
		whole.choices.map((one) => one.finish_reason),
	);
	assert.ok(choices.every((one) => one.roles === 1));
	assert.ok(changes > 5, `${changes} changes from one to another`);
	assert.deepEqual(usage, whole.usage);
});

test("prompts are answered in their order, n choices each, as they are alone", async () => {
	const prompts = ["The fox", "Once there was a crow", "A lion"];
	const together = await complete({ prompt: prompts, n: 2, temperature: 1, seed: 3 });
	const alone = [];
	for (const prompt of prompts)
		alone.push(await complete({ prompt, n: 2, temperature: 1, seed: 3 }));

	assert.deepEqual(
		together.choices.map((one) => [one.index, one.text]),
		alone.flatMap((one) => one.choices).map((one, index) => [index, one.text]),
	);
	const sum = (name) => alone.reduce((total, one) => total + one.usage[name], 0);
	assert.equal(together.usage.prompt_tokens, sum("prompt_tokens"));
	assert.equal(together.usage.completion_tokens, sum("completion_tokens"));
	const { choices } = await readStream(
		await complete({ prompt: prompts, n: 2, temperature: 1, seed: 3, stream: true }));
	assert.deepEqual(choices.map((one) => one.text), together.choices.map((one) => one.text));
});

test("token ids are a prompt as their text is, one or several", async () => {
	const { tokens } = await tokensOf("The fox");
	const text = (await complete({ prompt: "The fox" })).choices[0].text;

	assert.equal((await complete({ prompt: tokens })).choices[0].text, text);
	const two = await complete({ prompt: [tokens, tokens.slice(0, -1)] });
	assert.equal(two.choices[0].text, text);
	assert.equal(two.usage.prompt_tokens, 2 * tokens.length - 1);
	const error = await refusalOf(complete({ prompt: [tokens[0], 1e6] }));
	assert.equal(error.status, 400);
	assert.match(error.message, /1000000/);
});

test("an echo begins with the prompt, and its tokens are as likely as read", async () => {
	const prompt = "The fox saw the crow";
	const plain = await complete({ prompt });
	const echoed = await complete({ prompt, echo: true });
	assert.equal(echoed.choices[0].text, prompt + plain.choices[0].text);
	assert.deepEqual(echoed.usage, plain.usage);

	// What it wrote itself, greedily, it finds the likeliest when it reads it.
	const text = echoed.choices[0].text;
	const { choices, usage } = await complete({
		prompt: text, echo: true, logprobs: 2, max_tokens: 0,
	});
	const { tokens, token_logprobs, top_logprobs, text_offset } = choices[0].logprobs;
	assert.equal(choices[0].text, text);
	assert.equal(choices[0].finish_reason, "length");
	assert.deepEqual([usage.completion_tokens, usage.prompt_tokens], [0, tokens.length]);
	assert.equal(token_logprobs[0], null);
	assert.equal(top_logprobs[0], null);
	const written = text_offset.findIndex((offset) => offset >= prompt.length);
	for (let i = written; i < tokens.length; i++) {
		const likeliest = Math.max(...Object.values(top_logprobs[i]));
		assert.ok(likeliest - token_logprobs[i] < 1e-3, `${i}: ${tokens[i]}`);
		const at = text_offset[i];
		assert.equal(text.slice(at, at + tokens[i].length), tokens[i]);
	}
	const both = await complete({ prompt, echo: true, logprobs: 1, max_tokens: 3 });
	const count = both.choices[0].logprobs.tokens.length;
	assert.equal(count, both.usage.prompt_tokens + 3);
});

test("penalties make a text repeat itself less", async () => {
	const repeats = async (more) => {
		const { choices } = await complete({
			prompt: "The fox, the fox, the fox, the fox,", max_tokens: 80, logprobs: 0,
			ignore_eos: true, ...more,
		});
		const { tokens } = choices[0].logprobs;
		return tokens.length - new Set(tokens).size;
	};
	const free = await repeats({});

	assert.ok((await repeats({ frequency_penalty: 2 })) < free);
	assert.ok((await repeats({ presence_penalty: 2 })) < free);
	assert.ok((await repeats({ repetition_penalty: 1.8 })) < free);
	assert.ok((await repeats({ frequency_penalty: -2 })) >= free);
});

test("a min_p of 1 leaves the likeliest alone, however hot", async () => {
	const greedy = (await complete({ prompt: "The fox" })).choices[0].text;
	for (const more of [{ min_p: 1 }, { top_k: 1 }, { top_p: 0 }])
		assert.equal(
			(await complete({ prompt: "The fox", temperature: 2, ...more })).choices[0]
				.text,
			greedy,
		);
});

test("a deterministic answer has the same bits alone and in company", async () => {
	const read = async (more) =>
		(await complete({ prompt: "The crow", logprobs: 5, seed: 9, temperature: 1,
			deterministic: true, ...more })).choices[0].logprobs;
	const alone = await read({});
	const crowd = [];
	for (let i = 0; i < 7; i++)
		crowd.push(chat({ seed: i, temperature: 1, n: 2, max_tokens: 60 }));
	const among = await Promise.all([read({}), read({}), read({})]);
	await Promise.all(crowd);
	for (const one of among) assert.deepEqual(one, alone);
});

test("tokens to stop at, an end that is ignored, special tokens that are shown", async () => {
	const ask = { prompt: "The fox", max_tokens: 200 };
	const free = await complete({ ...ask, logprobs: 0 });
	assert.equal(free.choices[0].finish_reason, "stop");
	const { tokens } = await tokensOf(free.choices[0].text, { add_special_tokens: false });
	const cut = await complete({ ...ask, stop_token_ids: [tokens[3]] });
	assert.equal(cut.choices[0].finish_reason, "stop");
	assert.ok(free.choices[0].text.startsWith(cut.choices[0].text));
	assert.ok(cut.choices[0].text.length < free.choices[0].text.length);
	const on = await complete({ ...ask, ignore_eos: true });
	assert.equal(on.usage.completion_tokens, 200);
	const shown = await complete({ ...ask, ignore_eos: true, skip_special_tokens: false });
	assert.ok(shown.choices[0].text.length > on.choices[0].text.length);
});

const long = "the fox and the crow ".repeat(400);
const overflows = {
	"a chat": ["/v1/chat/completions", { messages: [{ role: "user", content: long }] }],
	"a completion": ["/v1/completions", { prompt: long }],
	"the last of several prompts": ["/v1/completions", { prompt: ["a", "b", "c", long] }],
	"a completion of too many tokens": [
		"/v1/completions", { prompt: "a", max_tokens: CONTEXT }],
	"several choices": ["/v1/completions", { prompt: long, n: 5 }],
};

for (const [what, [path, body]] of Object.entries(overflows))
	for (const stream of [false, true])
		test(`${what} over the context is refused with the counts${
			stream ? ", before a stream begins" : ""}`, async () => {
			const answer = await post(path, { ...body, stream });
			assert.equal(answer.status, 400);
			assert.match(answer.headers["content-type"], /json/);
			const { error } = answer.json;
			assert.equal(error.code, "context_length_exceeded");
			assert.equal(error.type, "invalid_request_error");
			assert.equal(error.param, path.includes("chat") ? "messages" : "prompt");
			const [context, asked, prompt, rest] = error.message
				.match(/\d+/g)
				.map(Number);
			assert.match(error.message, /^This model's maximum context length is \d/);
			assert.equal(context, CONTEXT);
			assert.equal(asked, prompt + rest);
			assert.ok(asked > CONTEXT);
		});

test("a length that nobody asked for gives way to the context", async () => {
	const content = "the fox and the crow ".repeat(20);
	const answer = await chat({
		messages: [{ role: "user", content: content.repeat(2) }],
		max_tokens: undefined, ignore_eos: true,
	});
	// 256 are written by default
	assert.ok(answer.usage.prompt_tokens > CONTEXT - 256);
	assert.equal(answer.usage.total_tokens, CONTEXT);
	assert.equal(answer.choices[0].finish_reason, "length");
});

const refused = {
	suffix: "b", best_of: 3, wings: 2, min_tokens: 4, use_beam_search: true, n: 0,
	logit_bias: { x: 1 }, prompt_logprobs: 1, stop_token_ids: ["a"], repetition_penalty: 0,
	presence_penalty: 3, max_completion_tokens: 3, top_logprobs: 2,
};

for (const [name, value] of Object.entries(refused))
	test(`a completion with ${name} of ${value} is refused by that name`, async () => {
		const error = await refusalOf(complete({ prompt: "a", [name]: value }));
		assert.equal(error.status, 400);
		assert.equal(error.param, name);
	});

test("more than 128 choices are refused", async () => {
	const error = await refusalOf(complete({ prompt: Array(65).fill("a"), n: 2 }));
	assert.equal(error.status, 400);
	assert.match(error.message, /65 prompts/);
	const most = await complete({ prompt: Array(64).fill("The"), n: 2, max_tokens: 1 });
	assert.equal(most.choices.length, 128);
});

test("what is for OpenAI's own books changes nothing", async () => {
	const plain = await complete({ prompt: "The fox" });
	const booked = await complete({
		prompt: "The fox", user: "u", metadata: { a: "b" }, store: true,
		service_tier: "flex", safety_identifier: "s", best_of: 1,
	});
	assert.equal(booked.choices[0].text, plain.choices[0].text);
});

test("the log counts what the answer counts, of all choices", async () => {
	const { data, response } = await client().completions.create({
		model: here.gateway.model, prompt: ["The fox", "A crow"], n: 3, max_tokens: 9,
		seed: 1,
	}).withResponse();
	const receipt = response.headers.get("x-audit-receipt");
	const end = await until("the entry of its end", 10, async () =>
		(await eventsOf("infer.end")).find((event) => event.payload.call === receipt));

	assert.equal(end.payload.prompt_tokens, data.usage.prompt_tokens);
	assert.equal(end.payload.completion_tokens, data.usage.completion_tokens);
	assert.equal(data.choices.length, 6);
});

/** A person who may use so many tokens a day: {token, left()}. */
async function limited(max) {
	const { gateway } = here;
	const { token } = await addPerson(gateway);
	const key = await enrollKey(gateway, token);
	const { json } = await submit(gateway, token,
		await requestBody(gateway, key, gateway.model, ["infer:generate"]));
	await expect(200, gateway, "POST", `/api/v1/access-requests/${json.id}/approve`, {
		token: gateway.tokens.admin,
		body: { limits: [{ measure: "tokens", per: "day", max }] },
	});
	const left = async () => {
		const usage = await expect(200, gateway, "GET", "/api/v1/usage", { token });
		return usage.json.limits.find((one) => one.measure === "tokens").left;
	};
	return { token, left };
}

test("a quota gives up what was read and written, of all choices, and no more", async () => {
	const { token, left } = await limited(2000);
	const settles = (expected) =>
		until(`${expected} left`, 10, async () => (await left()) === expected);
	const { json } = await post("/v1/completions",
		{ prompt: ["The fox", "A crow"], n: 3, max_tokens: 9 }, token);
	const { total_tokens } = json.usage;

	assert.ok(total_tokens > 40);
	await settles(2000 - total_tokens);
	assert.equal((await post("/tokenize", { prompt: "The fox" }, token)).status, 200);
	assert.equal((await post("/v1/completions", { prompt: long, n: 2 }, token)).status, 429);
	const context = await post("/v1/completions", { prompt: "a", max_tokens: 600 }, token);
	assert.equal(context.json.error.code, "context_length_exceeded");
	await settles(2000 - total_tokens);
	const many = await post("/v1/completions", { prompt: "a", n: 100, max_tokens: 100 }, token);
	assert.equal(many.status, 429);
	assert.equal(many.json.error.code, "insufficient_quota");
	await settles(2000 - total_tokens);
});

test("a client that goes away stops all its choices", async () => {
	const { data: stream, response } = await chat({
		n: 8, stream: true, temperature: 1, max_tokens: 400, ignore_eos: true,
	}).withResponse();
	const receipt = response.headers.get("x-audit-receipt");
	const seen = new Set();
	for await (const chunk of stream) {
		for (const choice of chunk.choices) seen.add(choice.index);
		if (seen.size === 4) break;
	}
	stream.controller.abort();
	const end = await until("an infer.end entry of the broken call", 10, async () =>
		(await eventsOf("infer.end")).find((event) => event.payload.call === receipt));
	assert.ok(end.payload.completion_tokens < 8 * 400, JSON.stringify(end.payload));
	assert.ok(end.payload.completion_tokens >= 4);
	assert.ok(!["stop", "length"].includes(end.payload.finish));
	assert.equal((await chat({ n: 4 })).choices.length, 4);
});

test("a text becomes tokens and they become the text", async () => {
	const prompt = "The fox, naïve and 北京 🎉.";
	const all = await tokensOf(prompt, { return_token_strs: true });
	const bare = await tokensOf(prompt, { add_special_tokens: false });

	assert.equal(all.max_model_len, CONTEXT);
	assert.equal(all.count, all.tokens.length);
	assert.equal(all.token_strs.length, all.count);
	assert.equal(bare.token_strs, null);
	assert.deepEqual(all.tokens.slice(-bare.count), bare.tokens);
	assert.ok(all.count >= bare.count);
	const answer = await post("/detokenize", { tokens: bare.tokens });
	assert.equal(answer.json.prompt.trim(), prompt);
	const usage = (await complete({ prompt, max_tokens: 1 })).usage;
	assert.equal(usage.prompt_tokens, all.count);
	const short = await complete({ prompt, max_tokens: 1, add_special_tokens: false });
	assert.equal(short.usage.prompt_tokens, bare.count);
});

test("a text of more tokens than a frame holds comes whole", async () => {
	const prompt = "the fox and the crow ".repeat(4000);
	const { count, tokens, token_strs } = await tokensOf(prompt, { return_token_strs: true });
	assert.ok(count > 3 * 4096, `${count}`);
	assert.equal(tokens.length, count);
	assert.equal(token_strs.length, count);
	const again = await post("/detokenize", { tokens: tokens.slice(1, 20000) });
	assert.ok(again.json.prompt.length > 40000);
	assert.ok(prompt.startsWith(again.json.prompt.trim()));
	const most = await post("/detokenize", { tokens });
	assert.equal(most.status, 400);
	assert.equal(most.json.error.param, "tokens");
});

test("tokenizing is decided and logged like a call, and counts no tokens", async () => {
	const usage = async () => {
		const { json } = await expect(200, here.gateway, "GET", "/api/v1/usage",
			{ token: here.gateway.tokens.researcher });
		return json.usage.find((one) => one.right === "infer:generate");
	};
	const before = await usage();
	const answer = await post("/tokenize", { prompt: "The fox" });
	const receipt = answer.headers["x-audit-receipt"];
	const entry = await until("its entry", 10, async () =>
		(await eventsOf("infer.generate")).find((event) => event.id === receipt));
	const end = await until("the entry of its end", 10, async () =>
		(await eventsOf("infer.end")).find((event) => event.payload.call === receipt));
	const after = await usage();

	assert.equal(entry.payload.route, "tokenize");
	assert.equal(end.payload.prompt_tokens + end.payload.completion_tokens, 0);
	assert.equal(after.prompt_tokens, before.prompt_tokens);
	assert.equal(after.completion_tokens, before.completion_tokens);
	for (const path of ["/tokenize", "/detokenize"]) {
		const refusal = await post(path, { prompt: "a", tokens: [1] },
			here.gateway.tokens.stranger);
		assert.ok([400, 403].includes(refusal.status));
	}
	const stranger = await post("/tokenize", { prompt: "a" }, here.gateway.tokens.stranger);
	assert.equal(stranger.status, 403);
	assert.equal(stranger.json.error.reason, "NO_LICENSE");
	const llama = await post("/tokenize", { content: "a" });
	assert.equal(llama.status, 400);
	assert.equal(llama.json.error.param, "content");
});
