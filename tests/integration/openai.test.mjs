// SPDX-License-Identifier: Apache-2.0
// The unmodified `openai` client: what a licensed person gets, and what others are told.
import assert from "node:assert/strict";
import https from "node:https";
import test from "node:test";
import tls from "node:tls";
import OpenAI from "openai";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { licensedPerson } from "./people.mjs";

const here = gatewayForThisFile();

function clientOf(token) {
	const { url, ca } = here.gateway;
	return new OpenAI({
		baseURL: `${url}/v1`,
		apiKey: token,
		maxRetries: 0,
		httpAgent: new https.Agent({ ca, maxSockets: 32 }),
	});
}

const researcher = () => clientOf(here.gateway.tokens.researcher);

function question(more = {}) {
	return {
		model: here.gateway.model,
		temperature: 0,
		max_tokens: 48,
		messages: [{ role: "user", content: "Tell me about the fox." }],
		...more,
	};
}

async function refusalOf(promise) {
	return promise.then(
		() => assert.fail("it was not refused"),
		(error) => error,
	);
}

async function eventsOf(kind) {
	const answer = await expect(200, here.gateway, "GET", `/api/v1/audit/events?kind=${kind}`, {
		token: here.gateway.tokens.auditor,
	});
	return answer.json.events;
}

test("the list of models shows what the person is licensed for", async () => {
	const list = await researcher().models.list();
	assert.deepEqual(
		list.data.map((model) => model.id),
		[here.gateway.model],
	);
	const one = await researcher().models.retrieve(here.gateway.model);
	assert.equal(one.object, "model");
});

test("the list of models is empty for a stranger", async () => {
	const stranger = clientOf(here.gateway.tokens.stranger);
	assert.deepEqual((await stranger.models.list()).data, []);
	const error = await refusalOf(stranger.models.retrieve(here.gateway.model));
	assert.ok(error instanceof OpenAI.NotFoundError);
});

test("a chat is answered by an English sentence and counted exactly", async () => {
	const answer = await researcher().chat.completions.create(question());
	const [choice] = answer.choices;

	assert.match(choice.message.content, /^[A-Z][a-z',;" A-Z-]+( [a-z',;"-]+){3,}.*[.!?]/);
	assert.equal(choice.message.role, "assistant");
	assert.equal(choice.finish_reason, "stop");
	assert.ok(answer.usage.prompt_tokens > 1 && answer.usage.completion_tokens > 1);
	assert.equal(
		answer.usage.total_tokens,
		answer.usage.prompt_tokens + answer.usage.completion_tokens,
	);
});

test("a stream brings the same text in pieces, and its usage when asked for", async () => {
	const whole = await researcher().chat.completions.create(question());
	const stream = await researcher().chat.completions.create(
		question({ stream: true, stream_options: { include_usage: true } }),
	);
	let text = "";
	let pieces = 0;
	let finish;
	let usage;

	for await (const chunk of stream) {
		text += chunk.choices[0]?.delta.content ?? "";
		pieces += chunk.choices[0]?.delta.content ? 1 : 0;
		finish = chunk.choices[0]?.finish_reason ?? finish;
		usage = chunk.usage ?? usage;
	}
	assert.equal(text, whole.choices[0].message.content);
	assert.ok(pieces > 3, `${pieces} pieces`);
	assert.equal(finish, "stop");
	assert.deepEqual(usage, whole.usage);
});

test("a stream without include_usage brings none", async () => {
	const stream = await researcher().chat.completions.create(question({ stream: true }));
	for await (const chunk of stream) assert.equal(chunk.usage ?? null, null);
});

test("a stop string ends the text before it", async () => {
	const whole = (await researcher().chat.completions.create(question())).choices[0];
	const word = whole.message.content.split(" ")[3];
	const cut = (await researcher().chat.completions.create(question({ stop: word })))
		.choices[0];

	assert.equal(cut.finish_reason, "stop");
	assert.equal(
		cut.message.content,
		whole.message.content.slice(0, whole.message.content.indexOf(word)),
	);
});

test("a stop string that does not come changes nothing", async () => {
	const whole = (await researcher().chat.completions.create(question())).choices[0];
	const same = (await researcher().chat.completions.create(question({ stop: ["@@@"] })))
		.choices[0];
	assert.equal(same.message.content, whole.message.content);
});

test("the same seed gives the same text at temperature 1, another seed another", async () => {
	const write = async (seed) =>
		(await researcher().chat.completions.create(question({ temperature: 1, seed })))
			.choices[0].message.content;
	const texts = await Promise.all([7, 7, 8, 9, 10].map(write));

	assert.equal(texts[0], texts[1]);
	assert.ok(new Set(texts).size > 1, "every seed gave the same text");
});

test("max_tokens ends the text with finish_reason length", async () => {
	const answer = await researcher().chat.completions.create(question({ max_tokens: 3 }));
	assert.equal(answer.choices[0].finish_reason, "length");
	assert.equal(answer.usage.completion_tokens, 3);
});

test("logprobs come for each token, most likely first, and add up to less than one", async () => {
	const answer = await researcher().chat.completions.create(
		question({ max_tokens: 5, logprobs: true, top_logprobs: 3 }),
	);
	const { content } = answer.choices[0].logprobs;

	assert.equal(content.length, 5);
	for (const one of content) {
		assert.equal(one.top_logprobs.length, 3);
		assert.equal(one.top_logprobs[0].token, one.token); // greedy
		const sum = one.top_logprobs.reduce(
			(total, top) => total + Math.exp(top.logprob),
			0,
		);
		assert.ok(sum > 0 && sum <= 1.00001, `${sum}`);
	}
	assert.equal(
		content
			.map((one) => Buffer.from(one.bytes).toString())
			.join("")
			.trim(),
		answer.choices[0].message.content.trim(),
	);
});

test("without logprobs there are none", async () => {
	const answer = await researcher().chat.completions.create(question({ max_tokens: 2 }));
	assert.equal(answer.choices[0].logprobs ?? null, null);
});

test("a banned token does not come", async () => {
	const free = (await researcher().chat.completions.create(question())).choices[0];
	// Ban every token of even number: the greedy text cannot remain.
	const logit_bias = Object.fromEntries(
		Array.from({ length: 300 }, (_, i) => [String(256 + 2 * i), -100]),
	);
	const banned = (await researcher().chat.completions.create(question({ logit_bias })))
		.choices[0];
	assert.notEqual(banned.message.content, free.message.content);
});

test("completions continue a prompt, streamed and not", async () => {
	const ask = { model: here.gateway.model, prompt: "The fox", max_tokens: 8, temperature: 0 };
	const whole = await researcher().completions.create(ask);
	let text = "";

	for await (const chunk of await researcher().completions.create({ ...ask, stream: true }))
		text += chunk.choices[0]?.text ?? "";
	assert.ok(whole.choices[0].text.length > 5);
	assert.equal(text, whole.choices[0].text);
	assert.equal(whole.usage.completion_tokens, 8);
});

test("a wrong token is an AuthenticationError, invalid_api_key", async () => {
	const error = await refusalOf(clientOf("hf_wrong").chat.completions.create(question()));
	assert.ok(error instanceof OpenAI.AuthenticationError);
	assert.equal(error.code, "invalid_api_key");
	assert.equal(error.error.reason, "CREDENTIAL_MALFORMED");
});

test("a stranger gets a PermissionDeniedError that says what is missing", async () => {
	const error = await refusalOf(
		clientOf(here.gateway.tokens.stranger).chat.completions.create(question()),
	);
	assert.ok(error instanceof OpenAI.PermissionDeniedError);
	assert.equal(error.error.reason, "NO_LICENSE");
	assert.match(error.error.missing[0].href, /^\//);
});

const flaws = [
	[
		"an unknown model is not found",
		{ model: "nobody/nothing" },
		404,
		"model_not_found",
		"model",
	],
	["a negative max_tokens is refused", { max_tokens: -1 }, 400, null, "max_tokens"],
	["a temperature of 3 is refused", { temperature: 3 }, 400, null, "temperature"],
	["no messages are refused", { messages: [] }, 400, null, "messages"],
	["an unknown bias key is refused", { logit_bias: { fox: 1 } }, 400, null, "logit_bias"],
	[
		"tools are not silently ignored",
		{ tools: [{ type: "function", function: { name: "f", parameters: {} } }] },
		400,
		"unsupported_parameter",
		"tools",
	],
];

for (const [name, change, status, code, param] of flaws)
	test(`${name}, naming the parameter`, async () => {
		const error = await refusalOf(
			researcher().chat.completions.create(question(change)),
		);
		assert.equal(error.status, status);
		assert.equal(error.code ?? null, code);
		assert.equal(error.param, param);
		assert.ok(error.error.message.length > 10);
	});

test("a prompt longer than the context is refused with both counts", async () => {
	const content = "the fox and the crow ".repeat(400);
	const error = await refusalOf(
		researcher().chat.completions.create(
			question({ messages: [{ role: "user", content }] }),
		),
	);

	assert.equal(error.status, 400);
	assert.equal(error.code, "context_length_exceeded");
	const numbers = (error.error.message.match(/\d+/g) ?? []).map(Number);
	assert.ok(numbers.includes(512) && numbers.some((n) => n > 1000), error.error.message);
});

test("eight streams at once all end whole, each with its own text", async () => {
	const read = async (seed) => {
		const stream = await researcher().chat.completions.create(
			question({ stream: true, temperature: 1, seed, max_tokens: 40 }),
		);
		let text = "";
		let finish;
		for await (const chunk of stream) {
			text += chunk.choices[0]?.delta.content ?? "";
			finish = chunk.choices[0]?.finish_reason ?? finish;
		}
		return { text, finish };
	};
	const together = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(read));
	const alone = await read(5);

	for (const one of together) assert.match(one.finish, /^(stop|length)$/);
	assert.equal(together[4].text, alone.text);
	assert.ok(new Set(together.map((one) => one.text)).size > 3);
});

test("a client that goes away stops its generation, and the engine is free again", async () => {
	// No end of sequence, and room for 400 tokens: it would go on for long.
	const stream = await researcher().chat.completions.create(
		question({
			stream: true,
			temperature: 1,
			max_tokens: 480,
			logit_bias: { 2: -100 },
		}),
	);
	const call = stream.controller;
	for await (const chunk of stream) {
		if (chunk.choices[0]?.delta.content) break;
	}
	call.abort();
	const ended = await until("an infer.end entry of the broken call", 10, async () =>
		(await eventsOf("infer.end")).find(
			({ payload }) => payload.finish !== "stop" && payload.finish !== "length",
		),
	);
	assert.ok(ended.payload.completion_tokens < 400, JSON.stringify(ended.payload));
	assert.equal((await researcher().chat.completions.create(question())).choices.length, 1);
});

test("a prompt is read once for a license, and anew for every other", async () => {
	const other = await licensedPerson(here.gateway, here.gateway.model, ["infer:generate"]);
	const prompt = `The fox met ${"a crow and a hen and ".repeat(12)}`;
	const read = async (client) => {
		const answer = await client.completions.create({
			model: here.gateway.model,
			temperature: 0,
			max_tokens: 16,
			deterministic: true,
			prompt,
		});
		return { text: answer.choices[0].text, ...answer.usage };
	};
	const first = await read(researcher());
	const again = await read(researcher());
	const foreign = await read(clientOf(other.person.token));
	const theirs = await read(clientOf(other.person.token));

	assert.equal(first.prompt_tokens_details.cached_tokens, 0);
	assert.ok(again.prompt_tokens_details.cached_tokens >= 32, JSON.stringify(again));
	assert.ok(again.prompt_tokens_details.cached_tokens < again.prompt_tokens);
	assert.equal(foreign.prompt_tokens_details.cached_tokens, 0);
	assert.deepEqual(theirs.prompt_tokens_details, again.prompt_tokens_details);
	for (const one of [again, foreign, theirs]) {
		assert.equal(one.text, first.text);
		assert.equal(one.total_tokens, first.total_tokens);
	}
});

/** A stream that nobody reads; `fields` are of its body. */
function unread(fields) {
	const { url, ca, model, tokens } = here.gateway;
	const body = JSON.stringify({ model, stream: true, ...fields });
	const { hostname, port } = new URL(url);
	const socket = tls.connect({ host: hostname, port, ca }, () => {
		socket.pause();
		socket.write(
			`POST /v1/completions HTTP/1.1\r\nHost: ${hostname}\r\n` +
				`Authorization: Bearer ${tokens.researcher}\r\n` +
				"Content-Type: application/json\r\n" +
				`Content-Length: ${body.length}\r\n\r\n${body}`,
		);
	});
	socket.on("error", () => {});
	return socket;
}

test("clients that do not read, or a byte a second, hold nobody up", async () => {
	const sockets = Array.from({ length: 4 }, (_, seed) =>
		unread({
			prompt: "Once",
			n: 8,
			max_tokens: 480,
			logprobs: 20,
			temperature: 1,
			seed,
			ignore_eos: true,
		}),
	);
	const slow = setInterval(() => sockets[0].read(1), 1000);
	for (let i = 0; i < 5; i++)
		assert.equal(
			(await researcher().chat.completions.create(question())).choices.length,
			1,
		);
	clearInterval(slow);
	for (const socket of sockets) socket.destroy();
	await until("no generation is left", 20, async () => {
		const ended = await eventsOf("infer.end");
		return ended.filter(({ payload }) => payload.completion_tokens > 480).length >= 4;
	});
});

test("thousands at once are answered, or told why not and when to come again", async () => {
	const answers = await Promise.all(
		Array.from({ length: 2000 }, (_, seed) =>
			ask(here.gateway, "POST", "/v1/completions", {
				token: here.gateway.tokens.researcher,
				body: {
					model: here.gateway.model,
					prompt: "The hen",
					max_tokens: 4,
					seed,
				},
			}),
		),
	);
	for (const { status, json, headers } of answers) {
		if (status === 200) continue;
		assert.ok(status === 429 || status === 503, `${status}`);
		assert.ok(Number(headers["retry-after"]) > 0);
		assert.match(json.error.message, /generations|busy|waiting|try again/);
	}
	assert.ok(answers.filter(({ status }) => status === 200).length >= 24);
});

test("each call leaves an entry with its decision, and what was used is counted", async () => {
	const { data, response } = await researcher()
		.chat.completions.create(question())
		.withResponse();
	const receipt = response.headers.get("x-audit-receipt");
	const entry = await until("the entry of the call", 10, async () =>
		(await eventsOf("infer.generate")).find((event) => event.id === receipt),
	);
	const end = await until("the entry of its end", 10, async () =>
		(await eventsOf("infer.end")).find((event) => event.payload.call === receipt),
	);

	assert.equal(entry.payload.decision, response.headers.get("x-request-id"));
	assert.equal(end.payload.completion_tokens, data.usage.completion_tokens);
	assert.ok(!JSON.stringify(entry).includes("fox"), "the prompt does not stand in the log");
	const usage = await expect(200, here.gateway, "GET", "/api/v1/usage", {
		token: here.gateway.tokens.researcher,
	});
	const row = usage.json.usage.find((one) => one.right === "infer:generate");
	assert.ok(row.completion_tokens >= data.usage.completion_tokens);
});

test("an engine is used under a logged pass, shared by the calls of a minute", async () => {
	await researcher().chat.completions.create(question());
	const calls = (await eventsOf("infer.generate")).length;
	const passes = await eventsOf("infer.pass");

	assert.ok(passes.length > 0, "there is one");
	assert.ok(passes.length < calls, `${passes.length} for ${calls} calls`);
	for (const { payload, index } of passes) {
		assert.equal(payload.right, "infer:generate");
		assert.equal(payload.role, "engine");
		assert.ok(payload.license, "who may is named by the license");
		assert.ok(index !== null, "it was published before it was used");
	}
});

test("sallyport bench says what a model gives here, cold and warm, a JSON line each", async () => {
	const { gateway } = here;
	const done = await gateway.cli(
		gateway.tokens.researcher,
		...["bench", gateway.model, "--json", "--streams", "4"],
		...["--parameters", "900000", "--admin-token", gateway.tokens.admin],
	);
	assert.equal(done.code, 0, done.stderr);
	const lines = done.stdout.trim().split("\n").map((line) => JSON.parse(line));
	assert.deepEqual(
		lines.map(({ bench, state, streams }) => [bench, state ?? streams]),
		[
			["machine", undefined],
			["first token", "cold, from sealed files"],
			["first token", "warm"],
			["prefill", undefined],
			["decode", 1],
			["decode", 4],
		],
	);
	for (const { bench, state, ...numbers } of lines)
		for (const value of Object.values(numbers)) assert.ok(value > 0, bench);
	const [machine, , , prefill, decode] = lines;
	assert.equal(prefill.share_of_measured_peak, prefill.flops / machine.flops);
	assert.equal(decode.bytes_per_second, decode.tokens_per_second * 900000 * 4);
	const { stderr } = await gateway.cli(gateway.tokens.researcher, "bench", gateway.model);
	assert.match(stderr, /cold start not measured: .*models:manage/);
});
