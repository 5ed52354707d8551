// SPDX-License-Identifier: Apache-2.0
// What a licensee has in hand: of each download and each call an entry, a list of them, and a
// receipt that is verified from a file, with nothing but the log's key.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { lies } from "./receipt_lies.mjs";

const here = gatewayForThisFile(async (gateway, holder) => {
	holder.vkey = (await expect(200, gateway, "GET", "/log/vkey")).text.trim();
});

const researcher = () => here.gateway.tokens.researcher;
const call = (method, address, body, token = researcher()) =>
	expect(200, here.gateway, method, address, { token, body });
const model = () => here.gateway.model;
const file = () => `/${model()}/resolve/main/config.json`;
const prompt = () => ({ model: model(), prompt: "The fox", max_tokens: 4 });
const chat = () => ({
	model: model(),
	messages: [{ role: "user", content: "The fox" }],
	max_tokens: 4,
});

async function byCapability() {
	const made = await expect(201, here.gateway, "POST", "/api/v1/capabilities", {
		token: researcher(),
		body: { model: model() },
	});
	return ask(here.gateway, "GET", `/c/${made.json.capability}${file()}`);
}

async function byPull() {
	const folder = path.join(here.gateway.folder, "pulled");
	const done = await here.gateway.cli(researcher(), "pull", model(), folder);
	assert.equal(done.code, 0, done.stderr);
	const { json } = await call("GET", "/api/v1/receipts?limit=1");
	return { headers: { "x-audit-receipt": json.receipts[0].id } };
}

const kinds = {
	"a download": [() => call("GET", file()), "key.release"],
	"a download by a capability": [byCapability, "key.release"],
	"a pull": [byPull, "key.release"],
	"a chat": [() => call("POST", "/v1/chat/completions", chat()), "infer.generate"],
	"a streamed chat": [
		() => call("POST", "/v1/chat/completions", { ...chat(), stream: true }),
		"infer.generate",
	],
	"a completion": [() => call("POST", "/v1/completions", prompt()), "infer.generate"],
	"a call of the tokenizer": [
		() => call("POST", "/tokenize", { model: model(), prompt: "The fox" }),
		"infer.generate",
	],
	"a refusal": [
		() => ask(here.gateway, "GET", file(), { token: here.gateway.tokens.stranger }),
		"decision.deny",
		"stranger",
	],
};

for (const [what, [act, kind, who = "researcher"]] of Object.entries(kinds))
	test(`${what} has an entry, and whoever did it finds and proves it`, async () => {
		const { gateway } = here;
		const token = gateway.tokens[who];
		const id = (await act()).headers["x-audit-receipt"];
		assert.match(id ?? "", /^[0-9a-f-]{36}$/);
		const row = await until("the entry in the list", 20, async () => {
			const { json } = await call("GET", "/api/v1/receipts", undefined, token);
			return json.receipts.find((one) => one.id === id);
		});
		assert.equal(row.kind, kind);
		const { json } = await call("GET", row.receipt, undefined, token);
		assert.equal(json.index, row.index);
		assert.equal(JSON.parse(json.entry).ev, kind);
	});

test("the list holds one's own acts and nobody else's, page by page", async () => {
	const { gateway } = here;
	const all = [];
	let next = "";

	for (let page = 0; page < 50 && next !== null; page++) {
		const { json } = await call(
			"GET",
			`/api/v1/receipts?limit=3${next && `&cursor=${next}`}`,
		);
		all.push(...json.receipts);
		next = json.next;
	}
	const indexes = all.map((one) => one.index);
	assert.ok(all.length > 6);
	assert.deepEqual(
		indexes,
		[...new Set(indexes)].sort((a, b) => b - a),
	);
	const { json } = await expect(
		200,
		gateway,
		"GET",
		"/api/v1/audit/events?limit=200",
		{ token: gateway.tokens.auditor },
	);
	const actors = new Map(json.events.map((one) => [one.id, one.actor]));
	const mine = new Set(all.map((one) => actors.get(one.id)).filter(Boolean));
	assert.deepEqual([...mine].length, 1, [...mine].join(" "));
	const future = await call("GET", "/api/v1/receipts?from=2099-01-01T00:00:00Z");
	assert.deepEqual(future.json, { receipts: [], next: null });
	for (const bad of ["limit=0", "limit=201", "cursor=x", "from=yesterday"])
		await expect(400, gateway, "GET", `/api/v1/receipts?${bad}`, {
			token: researcher(),
		});
	const listed = await gateway.cli(researcher(), "audit", "receipts", "--limit", "200");
	assert.equal(listed.code, 0, listed.stderr);
	assert.match(listed.stdout, /key\.release/);
});

/** A receipt saved as this file; returns its path. */
async function saved(name) {
	const { gateway } = here;
	const id = (await call("GET", file())).headers["x-audit-receipt"];
	const out = path.join(gateway.folder, name);
	const done = await gateway.cli(researcher(), "audit", "receipt", id, "--out", out);
	assert.equal(done.code, 0, done.stderr);
	return out;
}

/** With an address at which nobody answers. */
function offline(name, vkey = here.vkey) {
	const words = ["audit", "receipt", name, "--offline", "--vkey", vkey];
	return here.gateway.cli("", ...words, "--url", "https://none.invalid");
}

test("a saved receipt is verified without a gateway, in both its forms", async () => {
	const proof = await saved("one.tlog-proof");
	for (const name of [await saved("one.json"), proof]) {
		const done = await offline(name);
		assert.equal(done.code, 0, done.stderr);
		assert.match(done.stdout, /the receipt holds: entry \d+ of \d+, key\.release/);
		assert.match(done.stdout, /config\.json/);
	}
	fs.rmSync(proof.replace("tlog-proof", "payload"));
	const bare = await offline(proof);
	assert.equal(bare.code, 0, bare.stderr);
	assert.match(bare.stdout, /its payload is not here/);
	const keyless = await here.gateway.cli("", "audit", "receipt", proof, "--offline");
	assert.equal(keyless.code, 1);
	assert.match(keyless.stderr, /--offline needs --vkey/);
});

for (const [what, change, why] of lies)
	test(`a receipt with ${what} is refused, and it is said why`, async () => {
		here.good ??= await saved("good.json");
		const one = JSON.parse(fs.readFileSync(here.good, "utf8"));
		const name = path.join(here.gateway.folder, "lie.json");
		fs.writeFileSync(name, JSON.stringify(change(one)));
		const done = await offline(name);
		assert.equal(done.code, 1, done.stdout);
		assert.match(done.stderr, why);
	});

test("the key of another log verifies nothing", async () => {
	const done = await offline(await saved("key.json"), "other.example/log+1a8c4f85+AVVH");
	assert.equal(done.code, 1);
	assert.match(done.stderr, /key/);
});
