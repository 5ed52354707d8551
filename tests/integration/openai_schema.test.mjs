// SPDX-License-Identifier: Apache-2.0
// Every answer of the OpenAI surface is what OpenAI's own description says: whole ones, streamed
// events, errors. Read from the wire, not through a client.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { gatewayForThisFile, shared } from "./gateway.mjs";
import { ask } from "./http.mjs";
import { openaiSchemas } from "./openai_schema.mjs";
import { importFiles, readFolder } from "./people.mjs";
import { scriptedModel } from "./scripted_model.mjs";

const bert = path.join(shared, "data/models/hf-trained-here/bert");
const here = gatewayForThisFile(async (gateway) => {
	await importFiles(gateway, "tests/tools", caller(), { gated: "no" });
	if (fs.existsSync(bert))
		await importFiles(gateway, "tests/bert", encoder(), { gated: "no" });
});
const check = openaiSchemas();
const skip = check ? false : "no api/openai-openapi.yaml.gz below SALLYPORT_SHARED";
const messages = [{ role: "user", content: "Tell me about the fox." }];

const toolTemplate = `{% for m in messages %}<|user|>{{ m.content }}
{%- for c in m.tool_calls or [] %}<tool_call>{{ c.function | tojson }}</tool_call>{% endfor %}
{%- endfor %}{% if tools %}{{ tools | tojson }}{% endif %}<|one|>`;

/** A model that calls a tool, whatever it is told. */
function caller() {
	return scriptedModel(
		{ "<|one|>": ["Let me look.\n", "<tool_call>", '{"name": "weather", "argu',
			'ments": {"city"', ': "Bern"}}', "</tool_call>"] },
		{ special: ["<|user|>"], template: toolTemplate },
	);
}

function encoder() {
	const files = Object.entries(readFolder(bert));
	return Object.fromEntries(files.filter(([name]) => !/expected|gguf$/.test(name)));
}

function send(path, body, token = here.gateway.tokens.researcher) {
	const asked = body && { model: here.gateway.model, ...body };
	return ask(here.gateway, body ? "POST" : "GET", path, { token, body: asked });
}

async function whole(path, body, schema) {
	const answer = await send(path, body);
	assert.equal(answer.status, 200, answer.text);
	assert.match(answer.headers["content-type"], /^application\/json/);
	check(schema, answer.json);
	return answer.json;
}

/** All events of a stream, each checked; the last line is [DONE]. */
async function streamed(path, body, schema) {
	const answer = await send(path, { ...body, stream: true });
	assert.equal(answer.status, 200, answer.text);
	assert.match(answer.headers["content-type"], /^text\/event-stream/);
	const lines = answer.text.split("\n\n").filter(Boolean);
	assert.equal(lines.pop(), "data: [DONE]");
	const events = lines.map((line) => JSON.parse(line.replace(/^data: /, "")));
	for (const event of events) check(schema, event);
	assert.ok(events.length > 1);
	return events;
}

test("the list of models, and one of them", { skip }, async () => {
	check("ListModelsResponse", (await send("/v1/models")).json);
	check("Model", (await send(`/v1/models/${here.gateway.model}`)).json);
});

const chats = {
	"plain": {},
	"with likelihoods": { logprobs: true, top_logprobs: 5, max_tokens: 9 },
	"of three choices": { n: 3, seed: 1, max_tokens: 12 },
	"cut short": { max_completion_tokens: 2 },
	"stopped": { stop: ["fox", "crow"] },
	"with everything OpenAI knows that changes nothing": {
		user: "u", metadata: { a: "b" }, store: false, service_tier: "auto",
		modalities: ["text"], response_format: { type: "text" },
	},
};

for (const [what, more] of Object.entries(chats))
	test(`a chat ${what}, whole and streamed`, { skip }, async () => {
		const body = { messages, temperature: 0, ...more };
		check("CreateChatCompletionRequest", { model: "m", ...body });
		const answer = await whole(
			"/v1/chat/completions", body, "CreateChatCompletionResponse");
		assert.equal(answer.choices.length, more.n ?? 1);
		const events = await streamed("/v1/chat/completions",
			{ ...body, stream_options: { include_usage: true } },
			"CreateChatCompletionStreamResponse");
		assert.deepEqual(events.at(-1).usage, answer.usage);
		assert.deepEqual(events.at(-1).choices, []);
		assert.ok(events.slice(0, -1).every((event) => event.usage === null));
	});

const completions = {
	"plain": { prompt: "The fox" },
	"with likelihoods": { prompt: "The fox", logprobs: 3 },
	"with an echo": { prompt: "The fox", echo: true },
	"with an echo and likelihoods": { prompt: "The fox", echo: true, logprobs: 2 },
	"of two prompts": { prompt: ["The fox", "The crow"], n: 2, seed: 1 },
};

for (const [what, more] of Object.entries(completions))
	test(`a completion ${what}, whole and streamed`, { skip }, async () => {
		const body = { max_tokens: 8, temperature: 0, ...more };
		check("CreateCompletionRequest", { model: "m", ...body });
		const answer = await whole("/v1/completions", body, "CreateCompletionResponse");
		const events = await streamed("/v1/completions",
			{ ...body, stream_options: { include_usage: true } }, "StreamedCompletion");
		assert.deepEqual(events.at(-1).usage, answer.usage);
	});

const tools = [
	{ type: "function", function: {
		name: "weather", description: "How it is out there.",
		parameters: { type: "object", properties: { city: { type: "string" } } },
	} },
];
const formats = {
	"a JSON object": { type: "json_object" },
	"JSON of a schema": { type: "json_schema", json_schema: {
		name: "fox", strict: true,
		schema: {
			type: "object", additionalProperties: false, required: ["wise"],
			properties: { wise: { type: "boolean" } },
		},
	} },
};

for (const n of [1, 2])
	test(`calls of tools, ${n} a prompt, whole and streamed`, { skip }, async () => {
		const body = { model: "tests/tools", messages, tools, n, temperature: 0 };
		check("CreateChatCompletionRequest", body);
		const { choices } = await whole(
			"/v1/chat/completions", body, "CreateChatCompletionResponse");
		assert.equal(choices.length, n);
		for (const choice of choices) {
			assert.equal(choice.finish_reason, "tool_calls");
			assert.equal(choice.message.tool_calls[0].function.name, "weather");
		}
		await streamed("/v1/chat/completions", body, "CreateChatCompletionStreamResponse");
	});

for (const [what, response_format] of Object.entries(formats))
	test(`a chat in ${what}, whole and streamed`, { skip }, async () => {
		const body = { messages, response_format, temperature: 0, max_tokens: 60 };
		check("CreateChatCompletionRequest", { model: "m", ...body });
		await whole("/v1/chat/completions", body, "CreateChatCompletionResponse");
		await streamed("/v1/chat/completions", body, "CreateChatCompletionStreamResponse");
	});

const noBert = fs.existsSync(bert) ? skip : `${bert} is not there (SALLYPORT_SHARED)`;

for (const encoding_format of ["float", "base64"])
	test(`embeddings of two texts, as ${encoding_format}`, { skip: noBert }, async () => {
		const body = { model: "tests/bert", input: ["a fox", "a crow"], encoding_format };
		check("CreateEmbeddingRequest", body);
		const answer = await send("/v1/embeddings", body);
		assert.equal(answer.status, 200, answer.text);
		if (encoding_format === "float") check("CreateEmbeddingResponse", answer.json);
		else assert.equal(typeof answer.json.data[1].embedding, "string");
	});

const long = "the fox and the crow ".repeat(400);
const refusals = {
	"no model": [400, "/v1/chat/completions", { model: "", messages }],
	"another model": [404, "/v1/chat/completions", { model: "nobody/none", messages }],
	"no messages": [400, "/v1/chat/completions", {}],
	"an unknown parameter": [400, "/v1/chat/completions", { messages, wings: 2 }],
	"a chat that is too long": [
		400, "/v1/chat/completions", { messages: [{ role: "user", content: long }] }],
	"a prompt that is too long": [400, "/v1/completions", { prompt: long }],
	"a suffix": [400, "/v1/completions", { prompt: "a", suffix: "b" }],
	"no such model": [404, "/v1/models/nobody/none"],
	"no such path": [404, "/v1/nothing"],
	"no tokens": [400, "/detokenize", { tokens: ["a"] }],
	"embeddings of a model that writes": [[400, 403, 404], "/v1/embeddings", { input: "a" }],
};

for (const [what, [status, path, body]] of Object.entries(refusals))
	test(`an error: ${what}`, { skip }, async () => {
		const answer = await send(path, body);
		assert.ok([status].flat().includes(answer.status), answer.text);
		check("ErrorResponse", answer.json);
	});

test("an error: nobody, a stranger, and a body that is none", { skip }, async () => {
	for (const [status, token, body] of [
		[401, undefined, { messages }],
		[401, "hf_wrong", { messages }],
		[403, here.gateway.tokens.stranger, { messages }],
	]) {
		const answer = await send("/v1/chat/completions", body, token);
		const { gateway } = here;
		const anonymous = token
			? answer
			: await ask(gateway, "POST", "/v1/chat/completions",
				{ body: { model: gateway.model, ...body } });
		assert.equal(anonymous.status, status);
		check("ErrorResponse", anonymous.json);
	}
	const broken = await ask(here.gateway, "POST", "/v1/completions",
		{ token: here.gateway.tokens.researcher, body: "[" });
	assert.equal(broken.status, 400);
	check("ErrorResponse", broken.json);
});

test("a validator that would let anything pass is none", { skip }, () => {
	assert.throws(() => check("ErrorResponse", { error: { message: "m", type: "t" } }));
	assert.throws(() => check("CreateChatCompletionStreamResponse",
		{ id: "a", choices: [{ index: 0, delta: {}, finish_reason: "cancelled" }],
			created: 1, model: "m", object: "chat.completion.chunk" }));
	assert.throws(() => check("CreateCompletionResponse",
		{ id: "a", object: "text_completion", created: 1, model: "m",
			choices: [{ text: "a", index: 0, logprobs: null, finish_reason: null }] }));
});
