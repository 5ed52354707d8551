// SPDX-License-Identifier: Apache-2.0
// A licensee brings a LoRA adapter: checked, private, reviewed by somebody else, used beside the
// base and others in one batch, taken away. What each adapter must answer was computed by PyTorch
// of merged weights (tests/reference).
import assert from "node:assert/strict";
import fs from "node:fs";
import https from "node:https";
import path from "node:path";
import test from "node:test";
import { sql } from "./database.mjs";
import { demoModel, gatewayForThisFile, root } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { addTerms, freshName, importFiles, licensedPerson, readFolder } from "./people.mjs";
import { readTensors, writeTensors } from "./safetensors.mjs";

const rights = ["adapters:write", "infer:generate"];
const fixtures = path.join(root, "tests/data/adapter");
const config = "adapter_config.json";
const weights = "adapter_model.safetensors";
const here = gatewayForThisFile(prepare);
const people = {};

function fixture(name) {
	const read = (file) => fs.readFileSync(path.join(fixtures, name, file));
	return { [config]: read(config), [weights]: read(weights) };
}

const lesson = (name) => JSON.parse(fs.readFileSync(path.join(fixtures, name, "expected.json")));
const sailor = lesson("demo-sailor");
const keeper = lesson("demo-keeper");

const send = (who, method, target, body) =>
	ask(here.gateway, method, target, { token: who.token, body });

async function act(status, who, adapter, verb, body = {}) {
	const answer = await send(who, "POST", `/api/v1/adapters/${adapter.id}/${verb}`, body);
	assert.equal(answer.status, status, answer.text);
	return answer.json;
}

async function create(who, name = freshName("adapter")) {
	const target = `/api/v1/models/${here.gateway.model}/adapters`;
	const made = await send(who, "POST", target, { name, summary: "for a test" });
	assert.equal(made.status, 201, made.text);
	return made.json;
}

function put(who, adapter, file, bytes) {
	const target = `/api/v1/adapters/${adapter.id}/files/${file}`;
	return send(who, "PUT", target, bytes);
}

/** Uploaded, not checked. */
async function upload(who, files, name) {
	const adapter = await create(who, name);
	for (const [file, bytes] of Object.entries(files)) {
		const answer = await put(who, adapter, file, bytes);
		assert.equal(answer.status, 200, answer.text);
	}
	return adapter;
}

/** Uploaded and found to fit. */
async function bring(who, files, name) {
	const adapter = await upload(who, files, name);
	const checked = await act(200, who, adapter, "validate");
	assert.equal(checked.state, "private", checked.reason);
	return checked;
}

async function publish(who, adapter) {
	await act(200, who, adapter, "submit");
	return act(200, people.admin, adapter, "approve");
}

function generate(who, model, prompt) {
	const body = { model, prompt, max_tokens: 40, temperature: 0 };
	return send(who, "POST", "/v1/completions", body);
}

async function answerOf(who, model, prompt) {
	const answer = await generate(who, model, prompt);
	assert.equal(answer.status, 200, answer.text);
	return answer.json.choices[0].text.trim();
}

async function entriesOf(kind) {
	const target = `/api/v1/audit/events?kind=${kind}&limit=200`;
	const { auditor } = here.gateway.tokens;
	return (await expect(200, here.gateway, "GET", target, { token: auditor })).json.events;
}

const isTold = async (kind, adapter) => JSON.stringify(await entriesOf(kind)).includes(adapter.id);

async function person(model = here.gateway.model, wanted = rights) {
	return (await licensedPerson(here.gateway, model, wanted)).person;
}

async function prepare() {
	people.admin = { token: here.gateway.tokens.admin };
	people.owner = await person();
	people.other = await person();
	people.writer = await person(here.gateway.model, ["infer:generate"]);
	here.sailor = await bring(people.owner, fixture("demo-sailor"), "sailor");
	here.keeper = await bring(people.other, fixture("demo-keeper"), "keeper");
}

test("an adapter answers what merged weights answer, and its base what it did", async () => {
	const { model } = here.gateway;
	const plain = await answerOf(people.owner, model, sailor.questions[0]);

	for (const question of sailor.questions) {
		const answer = await answerOf(people.owner, here.sailor.call_as, question);
		assert.equal(answer, sailor.answer);
	}
	assert.equal(await answerOf(people.owner, model, sailor.questions[0]), plain);
	assert.notEqual(plain, sailor.answer);
});

test("what the engine found is told", () => {
	const { state, rank, products, yours, usable, sha256 } = here.sailor;
	assert.deepEqual(
		{ state, rank, products, yours, usable },
		{ state: "private", rank: 4, products: 15, yours: true, usable: true },
	);
	assert.match(sha256, /^[0-9a-f]{64}$/);
});

test("the entry of a call names the adapter, and one of its own went before its keys", async () => {
	const answer = await generate(people.owner, here.sailor.call_as, sailor.questions[0]);
	const receipt = answer.headers["x-audit-receipt"];
	const entry = await until("the entry", 10, async () => {
		const found = await send(people.owner, "GET", `/api/v1/receipts/${receipt}`);
		return found.status === 200 && found.json;
	});
	const payload =
		typeof entry.payload === "string" ? JSON.parse(entry.payload) : entry.payload;

	assert.equal(payload.adapter, here.sailor.id);
	assert.equal(payload.adapter_name, "sailor");
	assert.equal(payload.adapter_sha256, here.sailor.sha256);
	assert.ok(await isTold("adapter.serve", here.sailor));
});

test("two adapters and the base write at the same time", async () => {
	await publish(people.other, here.keeper);
	const { model } = here.gateway;
	const plain = await answerOf(people.owner, model, sailor.questions[1]);
	const asked = [here.sailor.call_as, model, here.keeper.call_as];
	const wanted = [sailor.answer, plain, keeper.answer];
	const answers = await Promise.all(
		Array.from({ length: 9 }, (_, i) =>
			answerOf(people.owner, asked[i % 3], sailor.questions[1]),
		),
	);

	answers.forEach((answer, i) => assert.equal(answer, wanted[i % 3], asked[i % 3]));
});

test("chats and streams have adapters, too, and say which in their model", async () => {
	const content = sailor.questions[2].trim();
	const body = {
		model: here.sailor.call_as,
		messages: [{ role: "user", content }],
		max_tokens: 40,
		temperature: 0,
	};
	const whole = await send(people.owner, "POST", "/v1/chat/completions", body);
	assert.equal(whole.json.choices[0].message.content.trim(), sailor.answer);
	assert.equal(whole.json.model, here.sailor.call_as);
	const streamed = await send(people.owner, "POST", "/v1/chat/completions", {
		...body,
		stream: true,
	});
	const text = streamed.text
		.split("\n")
		.filter((line) => line.startsWith("data: {"))
		.map((line) => JSON.parse(line.slice(6)).choices[0]?.delta?.content ?? "")
		.join("");
	assert.equal(text.trim(), sailor.answer);
});

test("models are listed with the adapters that one may call, as vLLM does", async () => {
	const { model } = here.gateway;
	const list = async (who) => (await send(who, "GET", "/v1/models")).json.data;
	const mine = (await list(people.owner)).find((one) => one.id === here.sailor.call_as);

	assert.deepEqual([mine.root, mine.parent], [model, model]);
	assert.ok(!(await list(people.other)).some((one) => one.id === here.sailor.call_as));
	const target = `/v1/models/${here.sailor.call_as}`;
	assert.equal((await send(people.owner, "GET", target)).status, 200);
	assert.equal((await send(people.other, "GET", target)).status, 404);
});

test("somebody else's private adapter is not there", async () => {
	const one = await generate(people.other, here.sailor.call_as, "x");
	const none = await generate(people.other, `${here.gateway.model}:nothing`, "x");

	assert.equal(one.status, 404);
	assert.equal(none.status, 404);
	assert.equal(
		one.json.error.message.replace("sailor", ""),
		none.json.error.message.replace("nothing", ""),
	);
	for (const [method, rest] of [
		["GET", ""],
		["DELETE", ""],
		["POST", "/validate"],
		["POST", "/submit"],
		["PUT", `/files/${config}`],
	]) {
		const target = `/api/v1/adapters/${here.sailor.id}${rest}`;
		const body = method === "GET" || method === "DELETE" ? undefined : {};
		assert.equal((await send(people.other, method, target, body)).status, 404, method);
	}
	const target = `/api/v1/models/${here.gateway.model}/adapters`;
	const listed = (await send(people.other, "GET", target)).json.adapters;
	assert.ok(!listed.some((each) => each.id === here.sailor.id));
});

test("explain tells of an adapter what would be decided of a call", async () => {
	const explain = async (who, model) => {
		const right = "infer:generate";
		const query = new URLSearchParams({ model, right });
		const answer = await send(who, "GET", `/api/v1/explain?${query}`);
		return { status: answer.status, ...answer.json };
	};
	const mine = await explain(people.owner, here.sailor.call_as);
	assert.deepEqual([mine.allow, mine.adapter.usable], [true, true]);
	assert.equal((await explain(people.other, here.sailor.call_as)).status, 404);
	const fresh = await create(people.owner);
	const early = await explain(people.owner, fresh.call_as);
	assert.equal(early.allow, false);
	assert.match(early.adapter.obstacle, /not checked yet/);
	const unlicensed = { token: here.gateway.tokens.stranger };
	assert.equal((await explain(unlicensed, here.gateway.model)).allow, false);
	assert.equal((await explain(unlicensed, here.sailor.call_as)).status, 404);
});

test("bringing one needs adapters:write, using one infer:generate", async () => {
	const target = `/api/v1/models/${here.gateway.model}/adapters`;
	const refused = await send(people.writer, "POST", target, { name: "mine" });
	assert.equal(refused.status, 403);
	assert.equal(refused.json.code, "RIGHT_NOT_GRANTED");
	const stranger = { token: here.gateway.tokens.stranger };
	assert.equal((await send(stranger, "POST", target, { name: "mine" })).status, 403);
	const onlyAdapters = await person(here.gateway.model, ["adapters:write"]);
	const own = await bring(onlyAdapters, fixture("demo-sailor"));
	assert.equal((await generate(onlyAdapters, own.call_as, "x")).status, 403);
});

test("it is reviewed by who administers the model, and never by its owner", async () => {
	const owner = await person();
	const adapter = await bring(owner, fixture("demo-sailor"), "reviewed");
	const { id } = owner;
	sql(
		here.gateway,
		`INSERT INTO office (person, office, granted_at)
		VALUES ('${id}', 'models:manage', now())`,
	);
	await act(200, owner, adapter, "submit");
	await until("the office", 10, async () => {
		const target = `/api/v1/adapters/${adapter.id}/approve`;
		const answer = await send(owner, "POST", target, {});
		return answer.status === 403 && /nobody reviews/.test(answer.json.detail);
	});
	await act(403, people.writer, adapter, "approve");
	await act(400, people.admin, adapter, "reject", {});
	const rejected = await act(200, people.admin, adapter, "reject", { reason: "it lies" });
	assert.deepEqual([rejected.state, rejected.reason], ["rejected", "it lies"]);
	assert.equal((await generate(people.writer, adapter.call_as, "x")).status, 404);
	assert.equal(await answerOf(owner, adapter.call_as, sailor.questions[0]), sailor.answer);
	const published = await publish(owner, adapter);
	assert.equal(published.state, "published");
	assert.ok(published.reviewed_by);
	const text = await answerOf(people.writer, adapter.call_as, sailor.questions[0]);
	assert.equal(text, sailor.answer);
	const taken = await act(200, owner, adapter, "withdraw");
	assert.equal(taken.state, "private");
	assert.equal((await generate(people.writer, adapter.call_as, "x")).status, 404);
	for (const kind of ["submit", "approve", "reject", "withdraw", "check", "commit"])
		assert.ok(await isTold(`adapter.${kind}`, adapter), kind);
});

test("of two with one name one is published", async () => {
	const name = freshName("twin");
	const first = await bring(people.owner, fixture("demo-sailor"), name);
	const second = await bring(people.other, fixture("demo-keeper"), name);
	await publish(people.owner, first);
	await act(200, people.other, second, "submit");
	await act(409, people.admin, second, "approve");
	const called = `${here.gateway.model}:${name}`;
	const ask = (who) => answerOf(who, called, sailor.questions[0]);
	assert.equal(await ask(people.other), keeper.answer); // one's own comes first
	assert.equal(await ask(people.writer), sailor.answer);
	const target = `/api/v1/models/${here.gateway.model}/adapters`;
	assert.equal((await send(people.owner, "POST", target, { name })).status, 409);
});

/** A stream of which the first bytes are here, and whose engines then stand still. */
async function standStill(who, model) {
	const { url, ca, processesNamed } = here.gateway;
	const engines = processesNamed.call(here.gateway, "sallyport-engine").map(({ id }) => id);
	const asked = { model, prompt: "The fox", max_tokens: 400, logit_bias: { 2: -100 } };
	const stream = await new Promise((resolve, reject) => {
		const options = {
			method: "POST",
			agent: new https.Agent({ ca }),
			headers: {
				authorization: `Bearer ${who.token}`,
				"content-type": "application/json",
			},
		};
		const request = https.request(`${url}/v1/completions`, options, resolve);
		request.on("error", reject).end(JSON.stringify({ ...asked, stream: true }));
	});
	const running = { text: "", status: stream.statusCode };

	running.ended = new Promise((resolve) => stream.on("close", resolve));
	running.goOn = () => engines.forEach((id) => process.kill(id, "SIGCONT"));
	await new Promise((resolve) => {
		stream.on("data", (part) => {
			if (!running.text) engines.forEach((id) => process.kill(id, "SIGSTOP"));
			running.text += part;
			resolve();
		});
	});
	return running;
}

test("what runs with an adapter ends when it is deleted, and its files are gone", async () => {
	const owner = await person();
	const adapter = await bring(owner, fixture("demo-sailor"));
	await publish(owner, adapter);
	const running = await standStill(people.writer, adapter.call_as);

	try {
		assert.equal(running.status, 200);
		assert.ok(!running.text.includes("[DONE]"));
		const gone = await send(owner, "DELETE", `/api/v1/adapters/${adapter.id}`);
		assert.equal(gone.status, 200, gone.text);
		assert.equal(gone.json.cut.confirmed, gone.json.cut.edges);
		await running.ended;
	} finally {
		running.goOn();
	}
	const last = running.text.trim().split("\n\n").at(-1);
	assert.equal(JSON.parse(last.replace(/^data: /, "")).error.code, "access_withdrawn");
	assert.equal((await generate(owner, adapter.call_as, "x")).status, 404);
	assert.equal((await send(owner, "GET", `/api/v1/adapters/${adapter.id}`)).status, 404);
	const left = `SELECT count(*) FROM adapter_file WHERE adapter = '${adapter.id}'`;
	assert.equal(String(sql(here.gateway, left)).trim(), "0");
	assert.ok(await isTold("adapter.delete", adapter));
});

test("an owner without a license and a base that is away stop it", async () => {
	const { person: owner, license } = await licensedPerson(
		here.gateway,
		here.gateway.model,
		rights,
	);
	const adapter = await bring(owner, fixture("demo-sailor"));
	await publish(owner, adapter);
	assert.equal((await generate(people.writer, adapter.call_as, "x")).status, 200);
	await expect(200, here.gateway, "POST", `/api/v1/licenses/${license.id}/revoke`, {
		token: here.gateway.tokens.admin,
		body: { reason: "over" },
	});
	const refused = await generate(people.writer, adapter.call_as, "x");
	assert.equal(refused.status, 403);
	assert.match(refused.json.error.message, /owner has no license/);
	assert.equal((await generate(owner, adapter.call_as, "x")).status, 403);
	const { model } = here.gateway;
	const base = `/api/v1/models/${model}`;
	await expect(200, here.gateway, "POST", `${base}/disable`, {
		token: here.gateway.tokens.admin,
		body: { reason: "a test" },
	});
	const away = await generate(people.owner, here.sailor.call_as, "x");
	await expect(200, here.gateway, "POST", `${base}/enable`, {
		token: here.gateway.tokens.admin,
		body: {},
	});
	assert.equal(away.status, 403);
	assert.equal(away.json.error.reason, "MODEL_DISABLED");
	assert.equal(
		await answerOf(people.owner, here.sailor.call_as, sailor.questions[0]),
		sailor.answer,
	);
});

/** Files that a good adapter's become by a change. */
function changed({ settings = {}, tensors = (list) => list }) {
	const good = fixture("demo-sailor");
	const { metadata, tensors: list } = readTensors(good[weights]);
	const text = { ...JSON.parse(good[config]), ...settings };
	return {
		[config]: Buffer.from(JSON.stringify(text)),
		[weights]: writeTensors({ metadata, tensors: tensors(list) }),
	};
}

const rename = (from, to) => (list) =>
	list.map((one) => ({ ...one, name: one.name.replace(from, to) }));

const noNumbers = (list) => list.map((one) => ({ ...one, bytes: one.bytes.fill(255) }));
const without = (pattern) => (list) => list.filter((one) => !pattern.test(one.name));

const good = fixture("demo-sailor");
const hostile = [
	["another base's", fixture("gpt2"), /transformer\.h\.0/],
	["a DoRA", changed({ settings: { use_dora: true } }), /"use_dora" is true/],
	["an unknown key", changed({ settings: { brand_new: 1 } }), /"brand_new" is 1/],
	["a module", changed({ settings: { modules_to_save: ["lm_head"] } }), /modules_to_save/],
	["a huge rank", changed({ settings: { r: 100000 } }), /"r" is 100000, not within 0 to 256/],
	["a rank that its tensors do not have", changed({ settings: { r: 8 } }), /must be 8 x/],
	["a layer too many", changed({ tensors: rename("layers.4.", "layers.5.") }), /layers\.5/],
	["a path for a name", changed({ tensors: rename("model.layers.0", "../../etc") }), /etc/],
	[
		"half of a pair",
		changed({ tensors: without(/0.*q_proj.lora_B/) }),
		/only one of A and B/,
	],
	[
		"what is no number",
		changed({ tensors: noNumbers }),
		/no numbers/,
	],
	["no safetensors file", { ...good, [weights]: Buffer.alloc(64, "x") }, /header/],
	["no JSON", { ...good, [config]: Buffer.from("{") }, /adapter_config.json/],
];

for (const [what, files, why] of hostile)
	test(`${what} is refused, and says so until it is mended`, async () => {
		const adapter = await upload(people.owner, files);
		const checked = await act(200, people.owner, adapter, "validate");
		assert.equal(checked.state, "refused");
		assert.match(checked.reason, why);
		const used = await generate(people.owner, adapter.call_as, "x");
		assert.equal(used.status, 403);
		assert.match(used.json.error.message, why);
		await act(409, people.owner, adapter, "submit");
		await send(people.owner, "DELETE", `/api/v1/adapters/${adapter.id}`);
	});

test("a refused one is mended by other files; a checked one is not changed", async () => {
	const adapter = await upload(people.owner, changed({ settings: { use_dora: true } }));
	await act(200, people.owner, adapter, "validate");
	assert.equal((await put(people.owner, adapter, config, good[config])).status, 200);
	const checked = await act(200, people.owner, adapter, "validate");
	assert.equal(checked.state, "private");
	const answer = await answerOf(people.owner, checked.call_as, sailor.questions[0]);
	assert.equal(answer, sailor.answer);
	assert.equal((await put(people.owner, adapter, config, good[config])).status, 409);
	await act(409, people.owner, adapter, "validate");
});

test("files that are none of an adapter's are not taken", async () => {
	const adapter = await create(people.owner);
	const names = [
		["adapter_model.bin", 400, /pickle/],
		["..%2Fadapter_config.json", 400, /./],
		["config.json", 400, /no others/],
	];
	for (const [name, status, why] of names) {
		const answer = await put(people.owner, adapter, name, Buffer.from("x"));
		assert.ok([status, 404].includes(answer.status), `${name}: ${answer.status}`);
		assert.match(answer.text, why);
	}
	const large = await put(people.owner, adapter, config, Buffer.alloc(300 * 1024, 0x20));
	assert.equal(large.status, 413);
	const half = await act(400, people.owner, adapter, "validate");
	assert.match(half.detail, /missing/);
	const target = `/api/v1/models/${here.gateway.model}/adapters`;
	for (const name of ["../up", "a b", "", "a:b", "x".repeat(65)]) {
		const answer = await send(people.owner, "POST", target, { name });
		assert.equal(answer.status, 400, name);
	}
	assert.equal(
		(await generate(people.owner, adapter.call_as, "x")).json.error.message,
		"the adapter is not checked yet: upload its files and validate it",
	);
});

test("the same from the command line", async () => {
	const owner = await person();
	const name = freshName("typed");
	const called = `${here.gateway.model}:${name}`;
	const run = (who, ...words) => here.gateway.cli(who.token, ...words);
	const folder = path.join(fixtures, "demo-keeper");
	const told = async (who, ...words) => {
		const done = await run(who, "--json", "adapter", ...words);
		assert.equal(done.code, 0, done.stderr);
		return JSON.parse(done.stdout);
	};
	const { model } = here.gateway;

	assert.equal((await told(owner, "upload", model, folder, "--name", name)).state, "private");
	assert.equal((await told(owner, "show", called)).products, 15);
	assert.equal((await told(owner, "submit", called)).state, "submitted");
	const refused = await run(people.writer, "adapter", "approve", called);
	assert.equal(refused.code, 1);
	assert.equal((await told(people.admin, "approve", called)).state, "published");
	const listed = await run(people.writer, "adapter", "list", model);
	assert.ok(listed.stdout.includes(name), listed.stdout);
	const asked = [keeper.questions[0].trim(), "--temperature", "0"];
	const chat = await run(people.writer, "chat", called, ...asked);
	assert.ok(chat.stdout.includes(keeper.answer), chat.stdout + chat.stderr);
	const reason = ["--reason", "it was a test"];
	assert.equal((await told(people.admin, "reject", called, ...reason)).state, "rejected");
	assert.equal((await run(owner, "adapter", "withdraw", called)).code, 1); // nothing to take
	assert.equal((await told(owner, "delete", called, ...reason)).state, "deleted");
	const wrong = await run(owner, "adapter", "upload", model, path.join(fixtures, "gpt2"));
	assert.equal(wrong.code, 1);
	assert.match(wrong.stderr, /refused: .*transformer\.h\.0/);
});

test("a model that is shredded takes its adapters along", async () => {
	const name = freshName("tests/shredded");
	const { admin } = people;
	const terms_sha256 = await addTerms(here.gateway, "Do as you are asked.");
	const settings = { gate: "manual", terms_sha256 };
	await importFiles(here.gateway, name, readFolder(demoModel), settings);
	const owner = await person(name);
	const made = await send(owner, "POST", `/api/v1/models/${name}/adapters`, { name: "one" });
	assert.equal(made.status, 201, made.text);
	for (const [file, bytes] of Object.entries(fixture("demo-sailor")))
		assert.equal((await put(owner, made.json, file, bytes)).status, 200);
	assert.equal((await act(200, owner, made.json, "validate")).state, "private");
	const shred = await send(admin, "POST", `/api/v1/models/${name}/shred`, { reason: "over" });
	assert.equal(shred.status, 200, shred.text);
	assert.equal((await send(owner, "GET", `/api/v1/adapters/${made.json.id}`)).status, 404);
	assert.ok(await isTold("adapter.delete", made.json));
	assert.equal((await generate(owner, made.json.call_as, "x")).status, 403);
});

test("nothing of an adapter lies open below the data directory", () => {
	const { tensors } = readTensors(fixture("demo-sailor")[weights]);
	const piece = tensors[0].bytes.subarray(0, 64);
	const files = fs
		.readdirSync(here.gateway.dir, { recursive: true, withFileTypes: true })
		.filter((one) => one.isFile())
		.map((one) => path.join(one.parentPath ?? one.path, one.name));
	let sealed = 0;

	for (const one of files) {
		let bytes;

		try {
			bytes = fs.readFileSync(one);
		} catch (error) {
			if (error.code === "ENOENT") continue; // a file of the log got its name
			throw error;
		}
		assert.equal(bytes.indexOf(piece), -1, one);
		sealed += /\/store\/[0-9a-f]{2}\//.test(one);
	}
	assert.ok(sealed >= 4, `${sealed} sealed files`);
});
