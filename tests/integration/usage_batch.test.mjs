// SPDX-License-Identifier: Apache-2.0
// Many calls in a second share one entry of the log, and yet each is proved: its receipt leads from
// its own leaf to the batch's root, and from the batch to a signed checkpoint. Checked here with
// Node's own hashes.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import test from "node:test";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";

const CALLS = 60;
const researcher = () => here.gateway.tokens.researcher;
const tokenize = () =>
	ask(here.gateway, "POST", "/tokenize", {
		token: researcher(),
		body: { model: here.gateway.model, prompt: "The fox" },
	});

async function receipt(id, token = researcher()) {
	return until(`the receipt ${id}`, 20, async () => {
		const answer = await ask(here.gateway, "GET", `/api/v1/receipts/${id}`, { token });
		return answer.status === 200 && answer.json;
	});
}

const here = gatewayForThisFile(async (gateway, holder) => {
	holder.gateway = gateway;
	assert.equal((await tokenize()).status, 200); // the model is loaded
	const ids = [];
	await until(`${CALLS} calls`, 60, async () => {
		const answers = await Promise.all(Array.from({ length: 24 }, tokenize));
		const taken = answers.filter(({ status }) => status === 200);
		ids.push(...taken.map(({ headers }) => headers["x-audit-receipt"]));
		return ids.length >= CALLS;
	});
	holder.receipts = [];
	for (const id of ids) holder.receipts.push(await receipt(id));
	holder.rows = holder.receipts.filter(({ row }) => row);
});

const sha256 = (...parts) => {
	const hash = crypto.createHash("sha256");
	parts.forEach((part) => hash.update(part));
	return hash.digest();
};
const leafHash = (entry) => sha256(Buffer.from([0]), entry);
const nodeHash = (left, right) => sha256(Buffer.from([1]), left, right);

/** RFC 9162, section 2.1.3.2. */
function rootOf(leaf, index, size, path) {
	let [node, last, hash] = [index, size - 1, leaf];

	for (const sibling of path) {
		if (node % 2 === 1 || node === last) {
			hash = nodeHash(sibling, hash);
			while (node % 2 === 0 && node > 0) {
				node = Math.floor(node / 2);
				last = Math.floor(last / 2);
			}
		} else hash = nodeHash(hash, sibling);
		node = Math.floor(node / 2);
		last = Math.floor(last / 2);
	}
	assert.equal(last, 0);
	return hash.toString("base64");
}

const bytes = (list) => list.map((text) => Buffer.from(text, "base64"));

/** {entry, nonce, payload}: does the one commit to the other? */
function assertCommits({ entry, nonce, payload }) {
	const hmac = crypto.createHmac("sha256", Buffer.from(nonce, "base64"));
	const made = hmac.update("audit/v1\n").update(payload).digest("base64url");
	assert.equal(JSON.parse(entry).c, made);
}

/** A tlog-proof: its index, hashes and checkpoint. */
function parsed(proof) {
	const [head, ...rest] = proof.split("\n\n");
	const lines = head.split("\n").filter((line) => !line.startsWith("extra "));
	const [, size, root] = rest.join("\n\n").split("\n");
	const [index, path] = [Number(lines[1].slice(6)), bytes(lines.slice(2))];
	return { index, path, size: Number(size), root };
}

function assertProved(one) {
	const { index, path, size, root } = parsed(one.proof);

	assertCommits(one);
	assert.equal(index, one.index);
	assert.equal(rootOf(leafHash(one.entry), index, size, path), root);
	if (!one.row) return;
	const batch = JSON.parse(one.payload);
	assertCommits(one.row);
	assert.equal(JSON.parse(one.entry).ev, "usage.batch");
	assert.equal(one.row.count, batch.count);
	assert.equal(
		rootOf(leafHash(one.row.entry), one.row.index, batch.count, bytes(one.row.path)),
		batch.root,
	);
}

test("many calls of a second are rows of few entries", () => {
	const batches = new Set(here.rows.map(({ index }) => index));

	assert.ok(here.rows.length > 8, `${here.rows.length} of ${here.receipts.length} are rows`);
	assert.ok(batches.size <= here.rows.length / 4, `${batches.size} batches`);
});

test("each of them is proved, and what is changed is not", () => {
	here.receipts.forEach(assertProved);
	const [one] = here.rows;
	const other = here.rows.find(({ row }) => row.index !== one.row.index);

	for (const lie of [
		{ ...one.row, entry: other.row.entry },
		{ ...one.row, index: other.row.index },
		{ ...one.row, path: other.row.path },
		{ ...one.row, payload: other.row.payload },
		{ ...one.row, count: one.row.count + 1 },
	])
		assert.throws(() => assertProved({ ...one, row: lie }));
});

test("a row's receipt is of the call that was asked for", () => {
	for (const { id, row } of here.rows) {
		const entry = JSON.parse(row.entry);
		assert.equal(entry.id, id);
		assert.equal(entry.ev, "infer.generate");
		assert.equal(JSON.parse(row.payload).route, "tokenize");
	}
});

test("rows stand in the list of receipts, and are found by auditors", async () => {
	const [{ id, index, row }] = here.rows;
	const address = `/api/v1/audit/events?kind=infer.generate&limit=200`;
	const seen = await until("the row among the events", 20, async () => {
		const { json } = await expect(200, here.gateway, "GET", address, {
			token: here.gateway.tokens.auditor,
		});
		return json.events.find((event) => event.id === id);
	});
	assert.equal(seen.index, index);
	assert.equal(seen.row, row.index);
	assert.deepEqual(seen.payload, JSON.parse(row.payload));

	const { json } = await expect(200, here.gateway, "GET", "/api/v1/receipts?limit=200", {
		token: researcher(),
	});
	const listed = json.receipts.find((event) => event.id === id);
	assert.equal(listed.index, index);
	assert.equal(listed.row, row.index);
});

test("others get no receipt of a row", async () => {
	const answer = await ask(here.gateway, "GET", `/api/v1/receipts/${here.rows[0].id}`, {
		token: here.gateway.tokens.stranger,
	});
	assert.equal(answer.status, 404);
});

test("no entry of the researcher is left out, rows counted", async () => {
	const address = "/api/v1/audit/events?actor=researcher&order=oldest&limit=200";
	const { json } = await expect(200, here.gateway, "GET", address, {
		token: here.gateway.tokens.auditor,
	});
	let count = 0;
	let last = null;

	for (const { index, row, payload } of json.events) {
		const { n, prev } = payload.chain.actor;
		assert.equal(n, ++count);
		assert.deepEqual(prev, last);
		last = row === undefined ? index : [index, row];
	}
	assert.ok(count > CALLS);
});

test("the log verifies", async () => {
	const done = await here.gateway.cli(here.gateway.tokens.auditor, "audit", "verify");
	assert.equal(done.code, 0, done.stderr);
});
