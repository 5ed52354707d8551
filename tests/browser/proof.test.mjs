// SPDX-License-Identifier: Apache-2.0
// Receipts as the console checks them (gateway/console/src/proof), before trees, notes and receipts
// that this file makes by itself; and that nothing changed in one goes unseen. Needs no browser.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import test, { before } from "node:test";
import { createRequire } from "node:module";

const require = createRequire(new URL("../../gateway/console/package.json", import.meta.url));
const source = new URL("../../gateway/console/src/proof/index.ts", import.meta.url).pathname;
const ORIGIN = "log.example.org";
const { publicKey, privateKey } = crypto.generateKeyPairSync("ed25519");
const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
let proof;

before(async () => {
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), "sallyport-proof-"));
	const file = path.join(folder, "proof.mjs");

	globalThis.crypto ??= crypto.webcrypto; // Node 18
	await require("esbuild").build({
		entryPoints: [source],
		bundle: true,
		format: "esm",
		outfile: file,
		logLevel: "error",
	});
	proof = await import(file);
	fs.rmSync(folder, { recursive: true });
});

const sha256 = (...parts) => crypto.createHash("sha256").update(Buffer.concat(parts)).digest();
const leaf = (entry) => sha256(Buffer.from([0]), Buffer.from(entry));
const node = (left, right) => sha256(Buffer.from([1]), left, right);

/** RFC 6962 section 2.1, as it is written there. */
const split = (n) => 2 ** Math.floor(Math.log2(n - 1));
function root(hashes) {
	if (hashes.length === 1) return hashes[0];
	const k = split(hashes.length);
	return node(root(hashes.slice(0, k)), root(hashes.slice(k)));
}
function pathOf(at, hashes) {
	if (hashes.length === 1) return [];
	const k = split(hashes.length);
	return at < k
		? [...pathOf(at, hashes.slice(0, k)), root(hashes.slice(k))]
		: [...pathOf(at - k, hashes.slice(k)), root(hashes.slice(0, k))];
}

const keyBytes = Buffer.concat([Buffer.from([1]), raw]);
const keyId = sha256(Buffer.from(`${ORIGIN}\n`), keyBytes).subarray(0, 4);
const vkey = `${ORIGIN}+${keyId.toString("hex")}+${keyBytes.toString("base64")}\n`;

function note(size, rootHash, signer = privateKey) {
	const text = `${ORIGIN}\n${size}\n${rootHash.toString("base64")}\n`;
	const line = Buffer.concat([keyId, crypto.sign(null, Buffer.from(text), signer)]);
	return `${text}\n\u2014 ${ORIGIN} ${line.toString("base64")}\n`;
}

function entryOf(payload, ev = "test.event") {
	const nonce = crypto.randomBytes(32);
	const c = crypto
		.createHmac("sha256", nonce)
		.update(`audit/v1\n${payload}`)
		.digest("base64url");
	const entry = JSON.stringify({
		c,
		ev,
		id: crypto.randomUUID(),
		t: "2026-01-01T00:00:00.000Z",
		v: 1,
	});
	return { entry, nonce: nonce.toString("base64"), payload };
}

function receiptOf(own, index, size) {
	const hashes = Array.from({ length: size }, (_, i) =>
		leaf(i === index ? own.entry : `e${i}`),
	);
	const lines = pathOf(index, hashes)
		.map((hash) => `${hash.toString("base64")}\n`)
		.join("");
	return {
		...own,
		proof:
			`c2sp.org/tlog-proof@v1\nextra ${own.nonce}\nindex ${index}\n${lines}\n` +
			note(size, root(hashes)),
	};
}

function batched(count, row) {
	const rows = Array.from({ length: count }, (_, i) =>
		entryOf(`{"row":${i}}`, "infer.generate"),
	);
	const hashes = rows.map(({ entry }) => leaf(entry));
	const own = entryOf(
		JSON.stringify({ count, root: root(hashes).toString("base64") }),
		"usage.batch",
	);
	return {
		...receiptOf(own, 2, 7),
		row: {
			...rows[row],
			index: row,
			count,
			path: pathOf(row, hashes).map((hash) => hash.toString("base64")),
		},
	};
}

const results = async (receipt, key = vkey) =>
	Object.fromEntries(
		(await proof.verifyReceipt(receipt, key)).steps.map((s) => [s.name, s.result]),
	);

test("every leaf of every tree is found under its root, and no other leaf is", async () => {
	for (let size = 1; size <= 20; size++) {
		const hashes = Array.from({ length: size }, (_, i) => leaf(`e${i}`));
		const top = root(hashes);
		for (let at = 0; at < size; at++) {
			const way = pathOf(at, hashes);
			assert.ok(
				await proof.isIncluded(at, size, hashes[at], way, top),
				`${at} of ${size}`,
			);
			assert.ok(!(await proof.isIncluded(at, size, leaf("x"), way, top)));
			assert.ok(
				!(await proof.isIncluded(at, size, hashes[at], [...way, top], top)),
			);
			if (size > 1) {
				assert.ok(
					!(await proof.isIncluded(
						(at + 1) % size,
						size,
						hashes[at],
						way,
						top,
					)),
				);
				assert.ok(
					!(await proof.isIncluded(
						at,
						size,
						hashes[at],
						way.slice(1),
						top,
					)),
				);
			}
		}
	}
	for (const at of [-1, 3, 0.5, NaN, Infinity])
		assert.ok(
			!(await proof.isIncluded(at, 3, leaf("x"), [], leaf("x"))),
			`index ${at}`,
		);
});

test("a receipt holds, and says what the entry is", async () => {
	const verdict = await proof.verifyReceipt(receiptOf(entryOf('{"a":"ü"}'), 5, 11), vkey);

	assert.equal(verdict.holds, true);
	assert.deepEqual(
		[verdict.index, verdict.checkpoint.size, verdict.entry.ev],
		[5, 11, "test.event"],
	);
});

test("what was erased is proved without its content", async () => {
	const { entry } = entryOf("{}");
	const verdict = await proof.verifyReceipt(
		{ ...receiptOf({ entry, nonce: "" }, 0, 3), nonce: null },
		vkey,
	);

	assert.equal(verdict.holds, true);
	assert.equal(verdict.steps[0].result, "absent");
});

test("whatever is changed, the step that finds it says so", async () => {
	const good = receiptOf(entryOf('{"n":1}'), 3, 9);
	const other = crypto.generateKeyPairSync("ed25519").privateKey;
	const changedRoot = good.proof.replace(/\n9\n\S+/, `\n9\n${leaf("x").toString("base64")}`);
	const forged = good.proof.slice(0, good.proof.indexOf(`\n\n${ORIGIN}`) + 2);
	const rows = [
		["content", { ...good, payload: '{"n":2}' }, "payload"],
		["nonce", { ...good, nonce: crypto.randomBytes(32).toString("base64") }, "payload"],
		[
			"entry",
			{ ...good, entry: good.entry.replace("test.event", "best.event") },
			"inclusion",
		],
		[
			"place",
			{ ...good, proof: good.proof.replace("index 3", "index 2") },
			"inclusion",
		],
		["root", { ...good, proof: changedRoot }, "inclusion"],
		["root, unsigned", { ...good, proof: changedRoot }, "signature"],
		["size", { ...good, proof: good.proof.replace(/\n9\n/, "\n8\n") }, "signature"],
		["signer", { ...good, proof: forged + note(9, leaf("x"), other) }, "signature"],
	];

	for (const [what, receipt, step] of rows) {
		assert.equal((await results(receipt))[step], "bad", what);
		assert.equal((await proof.verifyReceipt(receipt, vkey)).holds, false, what);
	}
});

test("a key of another log, or with another's id, is not this log's", async () => {
	const good = receiptOf(entryOf("{}"), 0, 1);
	const id = sha256(Buffer.from("other.example\n"), keyBytes).subarray(0, 4).toString("hex");

	const other = `other.example+${id}+${keyBytes.toString("base64")}`;
	assert.equal((await results(good, other)).signature, "bad");
	await assert.rejects(
		proof.verifyReceipt(good, vkey.replace(/\+[0-9a-f]{8}\+/, "+00000000+")),
	);
});

test("an entry of a batch is proved in two levels, and each is looked at", async () => {
	const good = batched(21, 13);
	const row = (change) => ({ ...good, row: { ...good.row, ...change } });

	assert.equal((await proof.verifyReceipt(good, vkey)).holds, true);
	assert.equal((await proof.verifyReceipt(good, vkey)).entry.ev, "infer.generate");
	for (const [what, receipt] of [
		["another place", row({ index: 12 })],
		["another count", row({ count: 22 })],
		["another path", row({ path: good.row.path.slice(1) })],
		["another row", row({ entry: good.row.entry.replace("infer", "enfer") })],
		["another content", row({ payload: '{"row":0}' })],
		["a batch whose payload is gone", { ...good, payload: null, nonce: null }],
		["another batch", { ...good, payload: batched(21, 13).payload }],
	])
		assert.equal((await proof.verifyReceipt(receipt, vkey)).holds, false, what);
});

test("what is no receipt is refused, whatever it is", async () => {
	const good = receiptOf(entryOf("{}"), 1, 4);
	for (const text of [
		"",
		"x",
		"c2sp.org/tlog-proof@v1\n\n",
		good.proof.replace("index 1", "index 01"),
		good.proof.replace("@v1", "@v2"),
		good.proof.replace(/\n\n[\s\S]*/, "\n\nx\n\n"),
	])
		await assert.rejects(
			proof.verifyReceipt({ ...good, proof: text }, vkey),
			`${text.slice(0, 40)}`,
		);
	await assert.rejects(proof.verifyReceipt({ ...good, entry: "{" }, vkey));
	await assert.rejects(proof.verifyReceipt({}, vkey));
});
