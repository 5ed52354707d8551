// SPDX-License-Identifier: Apache-2.0
// The log, by somebody else's verifier: golang.org/x/mod/sumdb, as it checks Go's own modules.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { gatewayForThisFile } from "../integration/gateway.mjs";
import { ask, expect, until } from "../integration/http.mjs";
import { noPython, secondOpinion } from "./second_opinion.mjs";
import { buildVerifier, whyNot } from "./verify_log.mjs";

const skip = whyNot();

const here = gatewayForThisFile(async (gateway, holder) => {
	if (!skip) holder.verifier = buildVerifier(gateway.folder);
	holder.vkey = (await expect(200, gateway, "GET", "/log/vkey")).text.trim();
});

/** Run the verifier; resolves to {code, stdout, stderr}. */
function verify(...words) {
	const { gateway, verifier, vkey } = here;
	const all = ["-url", gateway.url, "-ca", gateway.caFile, "-vkey", vkey, ...words];

	return new Promise((resolve) => {
		execFile(verifier, all, { timeout: 60000 }, (error, stdout, stderr) =>
			resolve({ code: error ? error.code : 0, stdout, stderr }),
		);
	});
}

/** A download, and the receipt of its release, as a file. */
async function receiptFile(name, change = (receipt) => receipt) {
	const { gateway } = here;
	const token = gateway.tokens.researcher;
	const answer = await expect(
		200,
		gateway,
		"GET",
		`/${gateway.model}/resolve/main/config.json`,
		{ token },
	);
	const receipt = await until("the receipt", 20, async () => {
		const one = await ask(
			gateway,
			"GET",
			`/api/v1/receipts/${answer.headers["x-audit-receipt"]}`,
			{ token },
		);
		return one.status === 200 && one.json;
	});
	const file = path.join(gateway.folder, name);
	fs.writeFileSync(file, JSON.stringify(change(receipt)));
	return file;
}

test("checkpoint, tiles and entries agree, in Go's eyes", { skip }, async () => {
	const done = await verify();
	assert.equal(done.code, 0, done.stderr);
	const { size, origin } = JSON.parse(done.stdout);
	assert.ok(size > 20);
	assert.equal(origin, here.vkey.split("+")[0]);
});

test("a log that has grown continues its earlier checkpoint", { skip }, async () => {
	const { gateway } = here;
	const file = path.join(gateway.folder, "old.checkpoint");
	const size = async () => {
		const { text } = await expect(200, gateway, "GET", "/log/checkpoint");
		return { text, size: Number(text.split("\n")[1]) };
	};
	const before = await size();
	fs.writeFileSync(file, before.text);
	await receiptFile("grows.json");
	await until("a larger log", 20, async () => (await size()).size > before.size);
	const done = await verify("-old", file);
	assert.equal(done.code, 0, done.stderr);
	const { size: now, old } = JSON.parse(done.stdout);
	assert.equal(old, before.size);
	assert.ok(now > old);
});

test("a log of more than one tile verifies, too", { skip }, async () => {
	const { gateway } = here;
	const denied = () =>
		ask(gateway, "GET", `/${gateway.model}/resolve/main/config.json`, {
			token: gateway.tokens.stranger,
		});
	const done = await until("a second tile", 60, async () => {
		await Promise.all(Array.from({ length: 32 }, denied));
		const one = await verify();
		assert.equal(one.code, 0, one.stderr);
		return JSON.parse(one.stdout).size > 280 && one;
	});
	assert.equal(done.code, 0);
});

test("a receipt proves inclusion and payload", { skip }, async () => {
	const done = await verify("-receipt", await receiptFile("receipt.json"));
	assert.equal(done.code, 0, done.stderr);
	assert.ok(JSON.parse(done.stdout).receipt > 0);
});

const flaws = [
	[
		"another payload",
		(one) => ({ ...one, payload: one.payload.replace("config", "konfig") }),
	],
	[
		"another entry",
		(one) => ({ ...one, entry: one.entry.replace("key.release", "key.releasf") }),
	],
	[
		"another index",
		(one) => ({
			...one,
			proof: one.proof.replace(
				/^index (\d+)$/m,
				(_, n) => `index ${Number(n) - 1}`,
			),
		}),
	],
	["another nonce", (one) => ({ ...one, nonce: Buffer.alloc(32).toString("base64") })],
];

for (const [what, change] of flaws)
	test(`a receipt with ${what} is refused`, { skip }, async () => {
		const done = await verify("-receipt", await receiptFile("changed.json", change));
		assert.equal(done.code, 1, done.stdout);
	});

test("all entries of a license are in the copy of the log, in Python's eyes", async (t) => {
	const { gateway, vkey } = here;
	const token = gateway.tokens.researcher;
	if (noPython) return t.skip(noPython);
	const { json } = await expect(200, gateway, "GET", "/api/v1/licenses", { token });
	const answer = path.join(gateway.folder, "license.jsonl");
	const copy = path.join(gateway.folder, "copy");
	const ask = ["audit", "verify", "--license", json.licenses[0].id, "--out", answer];
	const whole = await gateway.cli(token, ...ask);
	assert.equal(whole.code, 0, whole.stderr);
	const copied = await gateway.cli(gateway.tokens.auditor, "audit", "export", copy);
	assert.equal(copied.code, 0, copied.stderr);
	const done = secondOpinion(answer, vkey, copy);
	assert.equal(done.status, 0, done.said);
	assert.ok(Number(done.said) > 3);
	const bundle = path.join(copy, "tile/entries/000");
	const bytes = fs.readFileSync(bundle);
	fs.writeFileSync(bundle, bytes.toString("latin1").replaceAll("key.", "kex."), "latin1");
	assert.match(secondOpinion(answer, vkey, copy).said, /is another one in the copy/);
});

test("another key than the log's is refused", { skip }, async () => {
	const [name, id, key] = here.vkey.split("+");
	const bytes = Buffer.from(key, "base64");
	bytes[3] ^= 1;
	const done = await verify("-vkey", [name, id, bytes.toString("base64")].join("+"));
	assert.equal(done.code, 1, done.stdout);
});
