// SPDX-License-Identifier: Apache-2.0
// The log, by our own verifier: it holds as it is, and says so of nothing that was changed.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";

const ENTRIES = 300; // more than one tile's 256

/** Denials are entries: as many as it takes to fill a tile. */
async function fillLog(gateway) {
	const size = async () =>
		Number((await expect(200, gateway, "GET", "/log/checkpoint")).text.split("\n")[1]);
	const denied = () =>
		ask(gateway, "GET", `/${gateway.model}/resolve/main/config.json`, {
			token: gateway.tokens.stranger,
		});

	await until("a log of more than one tile", 60, async () => {
		await Promise.all(Array.from({ length: 16 }, denied));
		return (await size()) > ENTRIES;
	});
}

const here = gatewayForThisFile(async (gateway, holder) => {
	holder.early = path.join(gateway.folder, "early");
	holder.copy = path.join(gateway.folder, "copy");
	holder.vkey = (await expect(200, gateway, "GET", "/log/vkey")).text.trim();
	await exported(gateway, holder.early);
	await fillLog(gateway);
	await exported(gateway, holder.copy);
});

const audit = (gateway, ...words) => gateway.cli(gateway.tokens.auditor, "audit", ...words);

async function exported(gateway, folder) {
	const done = await audit(gateway, "export", folder, "--state", `${folder}.state`);
	assert.equal(done.code, 0, done.stderr);
}

/** Verify a copy, remembering nothing of other runs. */
async function verify(folder) {
	const state = path.join(here.gateway.folder, "fresh.state");
	fs.rmSync(state, { force: true });
	return audit(
		here.gateway,
		"verify",
		"--dir",
		folder,
		"--vkey",
		here.vkey,
		"--state",
		state,
	);
}

function filesBelow(folder) {
	return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
		const below = path.join(folder, entry.name);
		if (entry.isDirectory()) return filesBelow(below);
		return entry.name === "vkey" ? [] : [below]; // the key is given to the verifier
	});
}

test("the log of the running gateway verifies", async () => {
	const done = await audit(here.gateway, "verify", "--json");
	assert.equal(done.code, 0, done.stderr);
	assert.ok(JSON.parse(done.stdout).size > ENTRIES);
});

test("a copy of the log verifies, without the gateway", async () => {
	const done = await verify(here.copy);
	assert.equal(done.code, 0, done.stderr);
	assert.match(done.stdout, /the log verifies: \d+ entries/);
});

test("a changed byte in any file of the log is found, and the file or entry is named", async () => {
	const files = filesBelow(here.copy);
	const kinds = new Set();

	assert.ok(files.length >= 5, files.join(" "));
	for (const file of files) {
		const whole = fs.readFileSync(file);
		const name = path.relative(here.copy, file);
		const step = name === "checkpoint" ? 3 : Math.ceil(whole.length / 12);
		kinds.add(name.split("/").slice(0, 2).join("/"));
		for (let at = 0; at < whole.length; at += step) {
			const changed = Buffer.from(whole);
			changed[at] ^= 1;
			fs.writeFileSync(file, changed);
			const done = await verify(here.copy);
			assert.equal(done.code, 1, `${name}, byte ${at}: ${done.stdout}`);
			assert.match(
				done.stderr,
				name === "checkpoint"
					? /checkpoint|key|origin|signature|note|entr|tile|log/i
					: /entry \d+|tile|bundle/i,
				`${name}, byte ${at}`,
			);
		}
		fs.writeFileSync(file, whole);
	}
	for (const kind of ["checkpoint", "tile/0", "tile/1", "tile/entries"])
		assert.ok(kinds.has(kind), kind);
	assert.equal((await verify(here.copy)).code, 0);
});

test("a changed byte in an entry names that entry", async () => {
	const file = filesBelow(here.copy).find((one) => one.endsWith("entries/000"));
	const whole = fs.readFileSync(file);
	let at = 0;

	for (let i = 0; i < 100; i++) at += 2 + whole.readUInt16BE(at);
	const changed = Buffer.from(whole);
	changed[at + 2 + 20] ^= 1;
	fs.writeFileSync(file, changed);
	const done = await verify(here.copy);
	fs.writeFileSync(file, whole);
	assert.equal(done.code, 1);
	assert.match(done.stderr, /\b100\b/);
});

test("a missing file is named", async () => {
	for (const file of filesBelow(here.copy)) {
		fs.renameSync(file, `${file}.away`);
		const done = await verify(here.copy);
		fs.renameSync(`${file}.away`, file);
		assert.equal(done.code, 1, file);
	}
});

test("a log that became shorter is refused by whoever saw it longer", async () => {
	const state = path.join(here.gateway.folder, "remembered.state");
	const check = (folder) =>
		audit(
			here.gateway,
			"verify",
			"--dir",
			folder,
			"--vkey",
			here.vkey,
			"--state",
			state,
		);

	assert.equal((await check(here.early)).code, 0);
	assert.equal((await check(here.copy)).code, 0);
	const done = await check(here.early);
	assert.equal(done.code, 1);
	assert.match(done.stderr, /shorter|seen|before|remember/i);
	assert.equal((await check(here.copy)).code, 0);
});

test("another key than the one remembered is refused", async () => {
	const [name, id, key] = here.vkey.split("+");
	const other = Buffer.from(key, "base64");
	other[5] ^= 1;
	const done = await audit(
		here.gateway,
		"verify",
		"--dir",
		here.copy,
		"--vkey",
		[name, id, other.toString("base64")].join("+"),
		"--state",
		path.join(here.gateway.folder, "other.state"),
	);
	assert.equal(done.code, 1);
});

test("a receipt proves its event, and is checked by the CLI", async () => {
	const { gateway } = here;
	const answer = await expect(
		200,
		gateway,
		"GET",
		`/${gateway.model}/resolve/main/config.json`,
		{ token: gateway.tokens.researcher },
	);
	const event = answer.headers["x-audit-receipt"];
	const done = await gateway.cli(gateway.tokens.researcher, "audit", "receipt", event);
	assert.equal(done.code, 0, done.stderr);
	assert.match(done.stdout, /key\.release/);
	const other = await gateway.cli(gateway.tokens.stranger, "audit", "receipt", event);
	assert.equal(other.code, 1);
});

test("the auditor finds what happened, by actor, kind and model", async () => {
	const { gateway } = here;
	const done = await audit(gateway, "query", "--kind", "license.issue", "--json");
	assert.equal(done.code, 0, done.stderr);
	const { events } = JSON.parse(done.stdout);
	assert.equal(events.length, 1);
	assert.equal(events[0].model, gateway.model);
	const none = await audit(gateway, "query", "--kind", "license.renew", "--json");
	assert.deepEqual(JSON.parse(none.stdout).events, []);
});

test("pages of a query follow each other without gap or repetition", async () => {
	const { gateway } = here;
	const seen = [];
	const first = "/api/v1/audit/events?kind=decision.deny&limit=40";
	let cursor = "";

	for (let page = 0; page < 100; page++) {
		const { json } = await expect(
			200,
			gateway,
			"GET",
			cursor ? `${first}&cursor=${cursor}` : first,
			{ token: gateway.tokens.auditor },
		);
		seen.push(...json.events.map((event) => event.index));
		cursor = json.next;
		if (cursor === null) break;
	}
	assert.ok(seen.length > 200);
	assert.equal(new Set(seen).size, seen.length);
	assert.deepEqual(
		seen,
		[...seen].sort((a, b) => b - a),
	);
});
