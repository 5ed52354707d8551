// SPDX-License-Identifier: Apache-2.0
// A signed report without our verifier: its note by Go's sumdb/note, its receipt by Go's tlog, and
// its rows by what schema/report/README.md says of them, read a second time here.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { sql } from "../integration/database.mjs";
import { gatewayForThisFile } from "../integration/gateway.mjs";
import { expect, until } from "../integration/http.mjs";
import { buildVerifier, whyNot } from "./verify_log.mjs";

const skip = whyNot();
const CALLS = 40; // numbered together: rows of a batch

const here = gatewayForThisFile(async (gateway, holder) => {
	if (!skip) holder.verifier = buildVerifier(gateway.folder);
	holder.vkey = (await expect(200, gateway, "GET", "/log/vkey")).text.trim();
	sql(
		gateway,
		`WITH fresh AS (INSERT INTO audit_event
			(id, at, kind, model, right_name, payload, nonce)
		 SELECT gen_random_uuid(), now(), 'infer.end', 'some/model', 'infer:generate',
			convert_to('{"actor":{"id":"","name":"gateway"},"completion_tokens":' ||
				i || ',"model":"some/model","right":"infer:generate"}', 'UTF8'),
			sha256(convert_to('nonce ' || i, 'UTF8'))
		 FROM generate_series(1, ${CALLS}) i RETURNING id)
		 INSERT INTO audit_outbox (event, is_usage) SELECT id, true FROM fresh`,
	);
});

const sha256 = (...parts) => {
	const hash = crypto.createHash("sha256");
	for (const part of parts) hash.update(part);
	return hash.digest();
};

/** The log's key under the name of its reports. */
function reportKey(vkey) {
	const [name, , ...rest] = vkey.split("+");
	const key = Buffer.from(rest.join("+"), "base64");
	const id = sha256(`${name}/report\n`, key).subarray(0, 4).toString("hex");
	return `${name}/report+${id}+${key.toString("base64")}`;
}

function go(...words) {
	return new Promise((resolve) => {
		execFile(here.verifier, words, { timeout: 60000 }, (error, stdout, stderr) =>
			resolve({ code: error ? error.code : 0, stdout, stderr }),
		);
	});
}

/** A report in all that is needed of it. */
async function made(name, body = {}) {
	const { gateway } = here;
	const token = gateway.tokens.auditor;
	const one = await expect(201, gateway, "POST", `/api/v1/reports/${name}`, { token, body });
	const form = async (end) => {
		const target = `/api/v1/reports/${one.json.id}.${end}`;
		return (await expect(200, gateway, "GET", target, { token })).text;
	};
	const parts = { id: one.json.id };
	for (const end of ["json", "csv", "html", "note", "receipt"]) {
		parts[end] = await form(end);
		parts[`${end}File`] = path.join(gateway.folder, `report.${end}`);
		fs.writeFileSync(parts[`${end}File`], parts[end]);
	}
	return parts;
}

/** A growing tree of RFC 6962: leaves, and roots of full subtrees. */
class Tree {
	size = 0n;
	nodes = []; // [height, hash], the highest first

	append(hash, height = 0n) {
		let node = [height, hash];
		assert.equal(this.size % (1n << height), 0n);
		this.size += 1n << height;
		while (this.nodes.length && this.nodes.at(-1)[0] === node[0])
			node = [node[0] + 1n, sha256("\x01", this.nodes.pop()[1], node[1])];
		this.nodes.push(node);
	}

	skip(to, gap = []) {
		for (const text of gap) {
			let height = 0n;
			const ends = (h) => this.size + (1n << h);
			const fits = (h) => this.size % (1n << h) === 0n && ends(h) <= to;
			while (fits(height + 1n)) height++;
			this.append(Buffer.from(text, "base64"), height);
		}
		assert.equal(this.size, to);
	}

	root() {
		const [last, ...rest] = this.nodes.map(([, hash]) => hash).reverse();
		return rest.reduce((right, left) => sha256("\x01", left, right), last);
	}
}

const leafOf = (entry) => sha256(Buffer.from([0]), entry);

function assertCommits({ entry, nonce, payload }) {
	const key = Buffer.from(nonce, "base64");
	const told = crypto.createHmac("sha256", key).update("audit/v1\n" + payload).digest();
	assert.equal(JSON.parse(entry).c, told.toString("base64url"));
}

/** RFC 9162 section 2.1.3.2, for a row in its batch. */
function climb(leaf, row, count, hashes) {
	let [node, index, last] = [leaf, row, count - 1];
	for (const text of hashes) {
		const hash = Buffer.from(text, "base64");
		if (index % 2 || index === last) {
			node = sha256("\x01", hash, node);
			for (; index % 2 === 0 && index; index >>= 1) last >>= 1;
		} else {
			node = sha256("\x01", node, hash);
		}
		index >>= 1;
		last >>= 1;
	}
	assert.equal(last, 0);
	return node;
}

test("the note is one to Go, and says what the forms hash to", { skip }, async () => {
	const report = await made("decisions");
	const key = reportKey(here.vkey);
	const done = await go("-vkey", key, "-note", report.noteFile);

	assert.equal(done.code, 0, done.stderr);
	const lines = JSON.parse(done.stdout).text.split("\n");
	assert.equal(lines[0], "sallyport report/v1");
	assert.equal(lines[1], "decisions");
	const page = report.html.slice(0, report.html.indexOf('<section id="signature">'));
	for (const [end, bytes] of Object.entries({ ...report, html: page }))
		if (["json", "csv", "html"].includes(end))
			assert.ok(lines.includes(`${end} ${sha256(bytes).toString("hex")}`), end);
	assert.ok(lines.includes(`entry ${report.id}`));

	assert.notEqual((await go("-vkey", here.vkey, "-note", report.noteFile)).code, 0);
	fs.writeFileSync(report.noteFile, report.note.replace("decisions", "decision5"));
	assert.notEqual((await go("-vkey", key, "-note", report.noteFile)).code, 0);
});

test("its entry is in the log, in Go's eyes, and names the same digests", { skip }, async () => {
	const report = await made("keys");
	const done = await go("-vkey", here.vkey, "-receipt", report.receiptFile);

	assert.equal(done.code, 0, done.stderr);
	const { report: said } = JSON.parse(JSON.parse(report.receipt).payload);
	assert.equal(said.json, sha256(report.json).toString("hex"));
	assert.equal(said.csv, sha256(report.csv).toString("hex"));
});

for (const name of ["decisions", "inference", "completeness"]) {
	test(`${name}: the rows and what lies between them make the root`, { skip }, async () => {
		await until("the calls to be in the log", 30, async () => {
			const { json } = await made("inference");
			return JSON.parse(json).end.totals.rows >= CALLS;
		});
		const { report, rows, end } = JSON.parse((await made(name)).json);
		const tree = new Tree();
		let batch;
		let batched = 0;

		for (const row of rows) {
			if (row.batch) {
				batch = { ...JSON.parse(row.batch.payload), index: row.index };
				assertCommits(row.batch);
				assert.equal(JSON.parse(row.batch.entry).ev, "usage.batch");
			}
			if (row.row === undefined || row.batch) {
				tree.skip(BigInt(row.index), row.gap);
				tree.append(leafOf(row.batch?.entry ?? row.entry));
			}
			if (row.row !== undefined) {
				batched++;
				assert.equal(batch.index, row.index);
				const leaf = leafOf(row.entry);
				const root = climb(leaf, row.row, batch.count, row.path);
				assert.equal(root.toString("base64"), batch.root);
			}
			if (row.payload) assertCommits(row);
			assert.equal(row.cells[0], row.index);
		}
		tree.skip(BigInt(report.log.size), end.gap);
		assert.equal(tree.root().toString("base64"), report.log.root);
		assert.equal(end.totals.rows, rows.length);
		assert.equal(batched >= CALLS, name === "inference");
	});
}
