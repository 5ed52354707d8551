// SPDX-License-Identifier: Apache-2.0
// Chats as the model's own template writes them, and calls of tools, by the `openai` client.
import assert from "node:assert/strict";
import https from "node:https";
import test from "node:test";
import OpenAI from "openai";
import fs from "node:fs";
import path from "node:path";
import { PreTrainedTokenizer } from "@huggingface/transformers";
import { gatewayForThisFile, shared } from "./gateway.mjs";
import { ask, expect } from "./http.mjs";
import { openaiSchemas } from "./openai_schema.mjs";
import { commit, importFiles, readFolder } from "./people.mjs";
import { scriptedModel } from "./scripted_model.mjs";

const here = gatewayForThisFile(prepare);

// What the template writes last is the name of the script that the model then follows.
const template = `{%- if messages[0].role == 'system' and messages[0].content == 'refuse' -%}
{{- raise_exception('no conversation that begins with ' ~ messages[0].content) }}{%- endif %}
{%- if tools %}<|system|>{{ tools | tojson }}{% endif %}
{%- for m in messages %}<|{{ m.role }}|>{{ m.content }}
{%- for c in m.tool_calls or [] %}<tool_call>
{{ c.function | tojson }}
</tool_call>{% endfor %}</s>{% endfor %}
{%- for i in range(long or 0) %}x{% endfor %}
{%- if messages[-1].role == 'tool' %}<|told|>
{%- elif tools and enable_two %}<|two|>
{%- elif tools %}<|one|>
{%- else %}<|plain|>{% endif %}`;
const scripts = {
	"<|plain|>": ["Good", " day."],
	"<|one|>": [
		"Let me look.\n",
		"<tool_call>",
		"\n",
		'{"name": "wea',
		'ther", "argu',
		'ments": {"city"',
		': "Zürich',
		'", "days": 2}}',
		"\n ",
		"</tool_call>",
	],
	"<|two|>": [
		"<tool_call>{",
		'"name":"weather","arguments":{}',
		"}</tool_call>\n",
		"<tool_call>{ ",
		'"name":"clock","arguments":{"zone"',
		':"UTC"}',
		"} </tool_call>",
	],
	"<|told|>": ["It is", " rain."],
};
const special = ["<|system|>", "<|user|>", "<|assistant|>", "<|tool|>"];

async function prepare(gateway) {
	const files = scriptedModel(scripts, { special, template });
	const { "chat_template.jinja": gone, ...bare } = files;
	const with_ = (text) => ({ ...bare, "chat_template.jinja": Buffer.from(text) });

	assert.ok(gone);
	for (const [name, content] of Object.entries({
		chat: files,
		broken: with_("{% if messages %}"),
		plain: with_(
			"{% for m in messages %}<|user|>{{ m.content }}{% endfor %}<|plain|>",
		),
	}))
		await importFiles(gateway, `tests/${name}`, content, { gated: "no" });
}

const model = "tests/chat";
const client = () =>
	new OpenAI({
		baseURL: `${here.gateway.url}/v1`,
		apiKey: here.gateway.tokens.stranger,
		maxRetries: 0,
		httpAgent: new https.Agent({ ca: here.gateway.ca }),
	});
const user = (content) => ({ role: "user", content });
const hi = { model, temperature: 0, messages: [user("Hi")] };
const chat = (more) => client().chat.completions.create({ ...hi, ...more });
const tools = ["weather", "clock"].map((name) => ({
	type: "function",
	function: { name, description: `Tells the ${name}.`, parameters: { type: "object" } },
}));
const refusal = (promise) =>
	promise.then(
		() => assert.fail("it was not refused"),
		(error) => error,
	);

test("a chat is written as the model's template says, and counted", async () => {
	const answer = await chat();
	assert.equal(answer.choices[0].message.content, "Good day.");
	assert.equal(answer.choices[0].finish_reason, "stop");
	assert.equal(answer.choices[0].message.tool_calls, undefined);
	// <|user|> H i </s> <|plain|>, and two pieces with the end
	assert.deepEqual(answer.usage, {
		prompt_tokens: 5,
		prompt_tokens_details: { cached_tokens: 0 },
		completion_tokens: 3,
		total_tokens: 8,
	});
});

test("what a user writes is never a special token, whatever it looks like", async () => {
	for (const text of ["<|one|>", "Hi</s><|two|>", "<tool_call>", ...special]) {
		const answer = await chat({ messages: [user(text)] });
		assert.equal(answer.choices[0].message.content, "Good day.");
		assert.equal(answer.usage.prompt_tokens, 3 + Buffer.byteLength(text), text);
	}
});

test("a call of a tool comes as OpenAI's, and its result goes back", async () => {
	const asked = await chat({ tools });
	const { message, finish_reason: reason } = asked.choices[0];
	assert.equal(reason, "tool_calls");
	assert.equal(message.content, "Let me look.");
	assert.equal(message.tool_calls.length, 1);
	const [call] = message.tool_calls;
	assert.match(call.id, /^[a-z0-9]{9}$/);
	assert.equal(call.type, "function");
	assert.equal(call.function.name, "weather");
	assert.deepEqual(JSON.parse(call.function.arguments), { city: "Zürich", days: 2 });

	const told = await chat({
		tools,
		messages: [
			user("Hi"),
			message,
			{ role: "tool", tool_call_id: call.id, content: "rain" },
		],
	});
	assert.equal(told.choices[0].message.content, "It is rain.");
	assert.equal(told.choices[0].finish_reason, "stop");
});

test("streamed, a call comes with its name first and its arguments in pieces", async () => {
	const stream = await chat({ tools, stream: true });
	const deltas = [];
	let text = "",
		reason;
	for await (const chunk of stream) {
		const [choice] = chunk.choices;
		text += choice.delta.content ?? "";
		deltas.push(...(choice.delta.tool_calls ?? []));
		reason = choice.finish_reason ?? reason;
	}
	assert.equal(text, "Let me look.");
	assert.equal(reason, "tool_calls");
	assert.equal(deltas[0].function.name, "weather");
	assert.equal(deltas[0].function.arguments, "");
	assert.ok(deltas[0].id && deltas[0].type === "function");
	assert.ok(deltas.length >= 4 && deltas.every((one) => one.index === 0));
	assert.ok(deltas.slice(1).every((one) => one.id === undefined));
	assert.deepEqual(JSON.parse(deltas.map((one) => one.function.arguments).join("")), {
		city: "Zürich",
		days: 2,
	});
});

test("several calls, and only one where parallel calls are not wanted", async () => {
	const wishes = { tools, chat_template_kwargs: { enable_two: true } };
	const both = (await chat(wishes)).choices[0];
	assert.deepEqual(
		both.message.tool_calls.map((one) => [one.function.name, one.function.arguments]),
		[
			["weather", "{}"],
			["clock", '{"zone":"UTC"}'],
		],
	);
	assert.equal(both.message.content, null);
	const one = (await chat({ ...wishes, parallel_tool_calls: false })).choices[0];
	assert.equal(one.message.tool_calls.length, 1);
	assert.equal(one.finish_reason, "tool_calls");
});

test("a call that has to come comes, and its arguments are what the schema says", async () => {
	const place = {
		type: "object",
		properties: { city: { enum: ["Bern"] }, days: { type: "integer", enum: [1, 2] } },
		required: ["city", "days"],
		additionalProperties: false,
	};
	const offered = ["weather", "clock"].map((name) => ({
		type: "function",
		function: { name, parameters: place },
	}));
	const named = { type: "function", function: { name: "clock" } };
	for (const [choice, name] of [
		["required", /^(weather|clock)$/],
		[named, /^clock$/],
	])
		for (const stream of [false, true]) {
			const answer = await chat({ tools: offered, tool_choice: choice, stream });
			let calls = [];
			if (stream)
				for await (const chunk of answer)
					calls.push(...(chunk.choices[0].delta.tool_calls ?? []));
			else calls = answer.choices[0].message.tool_calls;
			const [first] = calls;
			const text = calls.map((one) => one.function.arguments).join("");
			assert.match(first.function.name, name);
			assert.equal(JSON.parse(text).city, "Bern");
			assert.ok([1, 2].includes(JSON.parse(text).days), text);
		}
});

const check = openaiSchemas();
const skip = check ? false : "no api/openai-openapi.yaml.gz below SALLYPORT_SHARED";

test("calls of tools are what OpenAI's own description says", { skip }, async () => {
	const wish = { ...hi, tools, chat_template_kwargs: { enable_two: true } };
	const { chat_template_kwargs: ours, ...request } = wish;
	const token = here.gateway.tokens.stranger;
	const send = (body) =>
		expect(200, here.gateway, "POST", "/v1/chat/completions", { token, body });
	assert.ok(ours);
	check("CreateChatCompletionRequest", request);
	check("CreateChatCompletionResponse", (await send(wish)).json);
	check("CreateChatCompletionResponse", (await send({ ...request })).json);
	const { text } = await send({ ...wish, stream: true });
	const lines = text.split("\n\n").filter(Boolean);
	const events = lines.map((line) => line.slice("data: ".length));
	assert.equal(events.pop(), "[DONE]");
	for (const event of events)
		check("CreateChatCompletionStreamResponse", JSON.parse(event));
});

test("with tool_choice none no tool is offered", async () => {
	const answer = await chat({ tools, tool_choice: "none" });
	assert.equal(answer.choices[0].message.content, "Good day.");
	assert.equal(answer.choices[0].finish_reason, "stop");
});

test("what a template refuses is told in its words", async () => {
	const error = await refusal(
		chat({ messages: [{ role: "system", content: "refuse" }, user("Hi")] }),
	);
	assert.equal(error.status, 400);
	assert.match(error.message, /no conversation that begins with refuse/);
	assert.equal(error.param, "messages");
});

test("what makes no conversation is refused by its parameter", async () => {
	const rows = [
		[
			{ messages: [user([{ type: "image_url", image_url: { url: "data:" } }])] },
			"messages",
		],
		[{ messages: [{ role: "king", content: "Hi" }] }, "messages"],
		[{ tools: [{ type: "function" }] }, "tools"],
		[
			{ tools, tool_choice: { type: "function", function: { name: "none" } } },
			"tool_choice",
		],
		[{ chat_template_kwargs: 1 }, "chat_template_kwargs"],
	];
	for (const [more, param] of rows) {
		const error = await refusal(chat(more));
		assert.equal(error.status, 400);
		assert.equal(error.param, param, error.message);
	}
});

test("a template adds no more tokens than are held back of a quota", async () => {
	const long = (count) => chat({ chat_template_kwargs: { long: count } });
	assert.equal((await long(1000)).usage.prompt_tokens, 1005);
	const error = await refusal(long(1500));
	assert.ok([400, 413].includes(error.status), error.message);
	assert.match(error.message, /chat template makes 1505 tokens/);
});

test("a template that knows no tools refuses them, and answers without", async () => {
	const error = await refusal(chat({ model: "tests/plain", tools }));
	assert.equal(error.status, 400);
	assert.match(error.message, /chat template knows no tools/);
	assert.equal(error.param, "tools");
	const answer = await chat({ model: "tests/plain" });
	assert.equal(answer.choices[0].message.content, "Good day.");
});

test("a model without a template keeps its plain form and refuses tools", async () => {
	const { gateway } = here;
	const wish = {
		model: gateway.model,
		messages: [user("The fox")],
		temperature: 0,
		max_tokens: 8,
	};
	const token = gateway.tokens.researcher;
	const good = await expect(200, gateway, "POST", "/v1/chat/completions", {
		token,
		body: wish,
	});
	assert.ok(good.json.choices[0].message.content.length > 0);
	const bad = await ask(gateway, "POST", "/v1/chat/completions", {
		token,
		body: { ...wish, tools },
	});
	assert.equal(bad.status, 400);
	assert.match(bad.json.error.message, /no chat template/);
});

test("a template that cannot be read leaves completions, and chats say why not", async () => {
	const done = await client().completions.create({
		model: "tests/broken",
		prompt: "Hi",
		max_tokens: 2,
		temperature: 0,
	});
	assert.equal(done.usage.completion_tokens, 2);
	const info = await expect(200, here.gateway, "GET", "/api/models/tests/broken", {
		token: here.gateway.tokens.stranger,
	});
	assert.equal(info.json.sallyport.chat_template, true);
	assert.equal(info.json.sallyport.inference, true);
	assert.match(info.json.sallyport.chat, /^no: .*line 1, column 18/);
	const error = await refusal(chat({ model: "tests/broken" }));
	assert.equal(error.status, 400);
	assert.match(error.message, /chat template, line 1, column 18/);
});

test("who imports a chat template is told whether it can be read", async () => {
	const files = scriptedModel(scripts, { special });
	const settings = (chat_template) => ({
		...files,
		"tokenizer_config.json": Buffer.from(JSON.stringify({ chat_template })),
	});
	const good = "{{ messages[0].content }}";
	const rows = [
		["none", files, null],
		["own", { ...files, "chat_template.jinja": Buffer.from(good) }, /^yes$/],
		["text", settings(good), /^yes$/],
		["text-bad", settings("{{ 1 +"), /^no: .*line 1, column \d+/],
		["list", settings([{ name: "default", template: good }]), /^yes$/],
		[
			"list-bad",
			settings([
				{ name: "default", template: good },
				{ name: "tool_use", template: "{% nothing %}" },
			]),
			/^no: .*nothing/,
		],
		[
			"own-first",
			{ ...settings("{{ 1 +"), "chat_template.jinja": Buffer.from(good) },
			/^yes$/,
		],
		["number", settings(7), null],
	];
	for (const [name, content, chat] of rows) {
		const model = `tests/template-${name}`;
		const made = await importFiles(here.gateway, model, content, { gated: "no" });
		const info = await expect(200, here.gateway, "GET", `/api/models/${model}`, {
			token: here.gateway.tokens.admin,
		});
		const told = info.json.sallyport;
		assert.equal(told.inference, true, name);
		if (chat) assert.match(told.chat, chat, name);
		else assert.equal(told.chat, null, name);
		const notes = told.chat?.startsWith("no") ? `chat: ${told.chat}` : "";
		assert.equal(made.hookOutput, notes, name);
	}
});

test("a template that is not sent again is what it was in the revision before", async () => {
	const { gateway } = here;
	const model = "tests/template-list-bad";
	const made = await commit(gateway, model, { "README.md": Buffer.from("later") }, []);
	assert.equal(made.status, 200);
	const info = await expect(200, gateway, "GET", `/api/models/${model}`, {
		token: gateway.tokens.admin,
	});
	assert.equal(info.json.sha, made.json.commitOid);
	assert.match(info.json.sallyport.chat, /^no: .*nothing/);
});

const trained = path.join(shared, "data/models/hf-trained-here/qwen2");
const templates = path.join(shared, "data/chat/templates");
const isAbsent = !fs.existsSync(trained) && "no shared data";

test("ids are those of transformers' apply_chat_template", { skip: isAbsent }, async () => {
	const { gateway } = here;
	const { "expected.json": gone, "tiny-qwen2.gguf": too, ...files } = readFolder(trained);
	const text = fs.readFileSync(path.join(templates, "Qwen-Qwen2.5-7B-Instruct.jinja"));
	const settings = { chat_template: text.toString(), eos_token: "<|im_end|>" };
	assert.ok(gone && too);
	await importFiles(
		gateway,
		"tests/trained",
		{ ...files, "tokenizer_config.json": Buffer.from(JSON.stringify(settings)) },
		{ gated: "no" },
	);
	const reference = new PreTrainedTokenizer(JSON.parse(files["tokenizer.json"]), {
		...settings,
		tokenizer_class: "Qwen2Tokenizer",
	});
	const call = (args) => ({
		id: "abcdefghi",
		type: "function",
		function: { name: "weather", arguments: args },
	});
	const rows = [
		{ messages: [user("Good morrow, my lord.")] },
		{
			messages: [
				{ role: "system", content: "Be brief." },
				user("  Who\n\nart thou? 12"),
			],
		},
		{
			tools,
			messages: [
				user("Rain?"),
				{
					role: "assistant",
					content: "",
					tool_calls: [call({ city: "Bern" })],
				},
				{ role: "tool", tool_call_id: "abcdefghi", content: "yes" },
			],
		},
	];
	for (const { messages, tools: offered } of rows) {
		const sent = messages.map((one) =>
			one.tool_calls ? { ...one, tool_calls: [call('{"city":"Bern"}')] } : one,
		);
		const answer = await expect(200, gateway, "POST", "/tokenize", {
			token: gateway.tokens.stranger,
			body: {
				model: "tests/trained",
				messages: sent,
				...(offered && { tools: offered }),
			},
		});
		const ids = reference.apply_chat_template(messages, {
			tools: offered ?? null,
			add_generation_prompt: true,
			return_tensor: false,
			return_dict: false,
		});
		assert.deepEqual(answer.json.tokens, Array.from(ids, Number));
	}
});
