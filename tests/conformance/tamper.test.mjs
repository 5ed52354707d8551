// SPDX-License-Identifier: Apache-2.0
// A copy of the log, and a receipt, changed in every way we could think of: two verifiers that
// share no code, ours and golang.org/x/mod/sumdb, must both say no. What is remembered of the log
// (the last checkpoint) both are told.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { gatewayForThisFile } from "../integration/gateway.mjs";
import { ask, expect, until } from "../integration/http.mjs";
import { lies } from "../integration/receipt_lies.mjs";
import { buildVerifier, whyNot } from "./verify_log.mjs";

const skip = whyNot();
const ENTRIES = 530; // two full tiles and a partial one

async function exported(gateway, name) {
	const folder = path.join(gateway.folder, name);
	const state = `${folder}.state`;
	const words = ["audit", "export", folder, "--state", state];
	const done = await gateway.cli(gateway.tokens.auditor, ...words);
	assert.equal(done.code, 0, done.stderr);
	return { folder, state };
}

/** Refusals are entries. */
async function fillLog(gateway) {
	const token = gateway.tokens.stranger;
	const address = `/${gateway.model}/resolve/main/config.json`;

	await until("three tiles", 60, async () => {
		const denied = () => ask(gateway, "GET", address, { token });
		await Promise.all(Array.from({ length: 32 }, denied));
		const { text } = await expect(200, gateway, "GET", "/log/checkpoint");
		return Number(text.split("\n")[1]) > ENTRIES;
	});
}

const here = gatewayForThisFile(async (gateway, holder) => {
	if (skip) return;
	holder.verifier = buildVerifier(gateway.folder);
	holder.vkey = (await expect(200, gateway, "GET", "/log/vkey")).text.trim();
	holder.early = await exported(gateway, "early");
	await fillLog(gateway);
	const token = gateway.tokens.researcher;
	const address = `/${gateway.model}/resolve/main/config.json`;
	const answer = await expect(200, gateway, "GET", address, { token });
	const id = answer.headers["x-audit-receipt"];
	holder.receipt = path.join(gateway.folder, "receipt.json");
	const done = await gateway.cli(token, "audit", "receipt", id, "--out", holder.receipt);
	assert.equal(done.code, 0, done.stderr);
	holder.copy = await exported(gateway, "copy");
	holder.remembered = path.join(gateway.folder, "remembered");
	fs.copyFileSync(path.join(holder.copy.folder, "checkpoint"), holder.remembered);
});

function run(program, ...words) {
	return new Promise((resolve) => {
		execFile(program, words, { timeout: 60000 }, (error, stdout, stderr) =>
			resolve({ code: error ? error.code : 0, said: stdout + stderr }),
		);
	});
}

/** Both verdicts on this copy: {ours, theirs}, each {code, said}. */
async function verdicts(folder, { vkey = here.vkey, remembers = here.copy } = {}) {
	const state = path.join(here.gateway.folder, "now.state");
	const isCopy = remembers.folder === here.copy.folder; // whose checkpoint may be changed now
	const old = isCopy ? here.remembered : path.join(remembers.folder, "checkpoint");

	fs.copyFileSync(remembers.state, state);
	const words = ["audit", "verify", "--dir", folder, "--vkey", vkey, "--state", state];
	const ours = await here.gateway.cli("", ...words);
	return {
		ours: { code: ours.code, said: ours.stdout + ours.stderr },
		theirs: await run(here.verifier, "-dir", folder, "-vkey", vkey, "-old", old),
	};
}

async function bothSay(code, what, both) {
	const { ours, theirs } = await both;
	assert.equal(ours.code, code, `${what}: ours says ${ours.said}`);
	assert.equal(theirs.code, code, `${what}: theirs says ${theirs.said}`);
}

const inCopy = (name) => path.join(here.copy.folder, name);
const read = (name) => fs.readFileSync(inCopy(name));

/** The partial file of a row, whatever its width is: "tile/0/002" names "tile/0/002.p/37". */
function partial(name) {
	const folder = `${name}.p`;
	const widths = fs.readdirSync(inCopy(folder)).map(Number);
	return `${folder}/${Math.max(...widths)}`;
}

/** Change files of the copy, let both judge, put them back. */
async function changed(what, changes) {
	const kept = new Map(Object.keys(changes).map((name) => [name, read(name)]));
	try {
		for (const [name, bytes] of Object.entries(changes))
			if (bytes === null) fs.rmSync(inCopy(name));
			else fs.writeFileSync(inCopy(name), bytes);
		await bothSay(1, what, verdicts(here.copy.folder));
	} finally {
		for (const [name, bytes] of kept) fs.writeFileSync(inCopy(name), bytes);
	}
}

function flipped(bytes, at) {
	const out = Buffer.from(bytes);
	out[at] ^= 1;
	return out;
}

const files = () => [
	"checkpoint",
	"tile/0/000",
	"tile/0/001",
	partial("tile/0/002"),
	partial("tile/1/000"),
	"tile/entries/000",
	"tile/entries/001",
	partial("tile/entries/002"),
];

function entriesOf(bundle) {
	const all = [];
	for (let at = 0; at < bundle.length; ) {
		const end = at + 2 + bundle.readUInt16BE(at);
		all.push(bundle.subarray(at, end));
		at = end;
	}
	return all;
}

test("as it is, both say yes, and that it continues what was there before", { skip }, async () => {
	await bothSay(0, "whole", verdicts(here.copy.folder));
	await bothSay(0, "later", verdicts(here.copy.folder, { remembers: here.early }));
});

test("a bit that was flipped, anywhere", { skip }, async () => {
	for (const name of files()) {
		const whole = read(name);
		for (const part of [0, 0.31, 0.5, 0.77, 1])
			await changed(`${name} at ${part}`, {
				[name]: flipped(whole, Math.floor((whole.length - 1) * part)),
			});
	}
});

test("files cut short, made longer, emptied, taken away", { skip }, async () => {
	for (const name of files()) {
		const whole = read(name);
		await changed(`${name} short`, { [name]: whole.subarray(0, whole.length - 1) });
		await changed(`${name} long`, { [name]: Buffer.concat([whole, Buffer.from("x")]) });
		await changed(`${name} empty`, { [name]: "" });
		await changed(`${name} missing`, { [name]: null });
	}
});

test("entries that changed places, came twice, or were left out", { skip }, async () => {
	const name = "tile/entries/001";
	const all = entriesOf(read(name));
	const orders = {
		swapped: [all[1], all[0], ...all.slice(2)],
		reversed: all.toReversed(),
		twice: [all[0], all[0], ...all.slice(2)],
		"left out": [...all.slice(0, 9), ...all.slice(10)],
		"one more": [...all, all[0]],
	};
	for (const [what, order] of Object.entries(orders))
		await changed(`entries ${what}`, { [name]: Buffer.concat(order) });
});

test("files that stand in each other's place", { skip }, async () => {
	for (const kind of ["tile/0", "tile/entries"]) {
		const [first, second] = [`${kind}/000`, `${kind}/001`];
		await changed(`${kind} swapped`, { [first]: read(second), [second]: read(first) });
		await changed(`${kind} repeated`, { [second]: read(first) });
	}
	await changed("both kinds swapped", {
		"tile/0/000": read("tile/0/001"),
		"tile/0/001": read("tile/0/000"),
		"tile/entries/000": read("tile/entries/001"),
		"tile/entries/001": read("tile/entries/000"),
	});
});

test("entries and tiles rewritten to agree, under the old signature", { skip }, async () => {
	const name = "tile/entries/000";
	const all = entriesOf(read(name));
	const forged = Buffer.from(all[0].toString("latin1").replace('"v":1', '"v":2'), "latin1");
	const { createHash } = await import("node:crypto");
	const leaf = createHash("sha256").update("\0").update(forged.subarray(2)).digest();

	assert.notDeepEqual(forged, all[0]);
	await changed("rewritten", {
		[name]: Buffer.concat([forged, ...all.slice(1)]),
		"tile/0/000": Buffer.concat([leaf, read("tile/0/000").subarray(32)]),
	});
});

test("old files in the place of new ones", { skip }, async () => {
	const early = (name) => fs.readFileSync(path.join(here.early.folder, name));
	const old = early("checkpoint").toString();
	const whole = read("checkpoint").toString();
	const [text, signatures] = whole.split("\n\n");
	const [oldText, oldSignatures] = old.split("\n\n");
	const size = oldText.split("\n")[1];

	await changed("an old checkpoint", { checkpoint: old });
	await changed("an old bundle", { "tile/entries/000": early(`tile/entries/000.p/${size}`) });
	await changed("an old tile", { "tile/0/000": early(`tile/0/000.p/${size}`) });
	await changed("an old signature", { checkpoint: `${text}\n\n${oldSignatures}` });
	await changed("an old text", { checkpoint: `${oldText}\n\n${signatures}` });
	await bothSay(1, "the whole old log", verdicts(here.early.folder));
});

test("checkpoints of another name, size, root, form, or nobody", { skip }, async () => {
	const whole = read("checkpoint").toString();
	const [origin, size, root, , line] = whole.split("\n");
	const note = (...lines) => `${lines.join("\n")}\n`;
	const forms = {
		"another origin": note("example.com/log", size, root, "", line),
		"one entry more": note(origin, Number(size) + 1, root, "", line),
		"a size of zero": note(origin, 0, root, "", line),
		"another root": note(origin, size, Buffer.alloc(32).toString("base64"), "", line),
		"lines in another order": note(origin, root, size, "", line),
		"no signature": note(origin, size, root, ""),
		"a signature of no name": note(origin, size, root, "", line.replace(origin, "x")),
		"a line more": note(origin, size, root, "more", "", line),
		"no empty line": note(origin, size, root, line),
		"other ends of lines": whole.replaceAll("\n", "\r\n"),
	};
	for (const [what, checkpoint] of Object.entries(forms)) await changed(what, { checkpoint });
});

test("keys that are not the log's", { skip }, async () => {
	const [name, id, key] = here.vkey.split("+");
	const bytes = Buffer.from(key, "base64");
	const keys = {
		"another key": [name, id, flipped(bytes, 3).toString("base64")],
		"another id": [name, "00000000", key],
		"another name": ["example.com/log", id, key],
		"another kind": [name, id, flipped(bytes, 0).toString("base64")],
		"a short key": [name, id, bytes.subarray(0, 20).toString("base64")],
		nothing: ["x"],
	};
	for (const [what, parts] of Object.entries(keys))
		await bothSay(1, what, verdicts(here.copy.folder, { vkey: parts.join("+") }));
});

/** Both verdicts on a receipt, from its file alone. */
async function ofReceipt(file) {
	const words = ["audit", "receipt", file, "--offline", "--vkey", here.vkey];
	const ours = await here.gateway.cli("", ...words);
	return {
		ours: { code: ours.code, said: ours.stdout + ours.stderr },
		theirs: await run(here.verifier, "-receipt", file, "-vkey", here.vkey),
	};
}

test("a receipt holds, by itself, in both's eyes", { skip }, async () => {
	await bothSay(0, "the receipt", ofReceipt(here.receipt));
});

test("receipts that lie", { skip }, async () => {
	const one = JSON.parse(fs.readFileSync(here.receipt, "utf8"));
	const file = path.join(here.gateway.folder, "lie.json");

	for (const [what, change] of lies) {
		fs.writeFileSync(file, JSON.stringify(change(one)));
		await bothSay(1, what, ofReceipt(file));
	}
});

test("every hash of a proof counts, and so does their order", { skip }, async () => {
	const one = JSON.parse(fs.readFileSync(here.receipt, "utf8"));
	const file = path.join(here.gateway.folder, "proof.json");
	const [head, ...rest] = one.proof.split("\n\n");
	const lines = head.split("\n");
	const first = lines.findIndex((line) => line.startsWith("index ")) + 1;
	const judge = async (what, changedLines) => {
		const proof = [changedLines.join("\n"), ...rest].join("\n\n");
		fs.writeFileSync(file, JSON.stringify({ ...one, proof }));
		await bothSay(1, what, ofReceipt(file));
	};

	assert.ok(lines.length - first >= 3);
	for (let i = first; i < lines.length; i++) {
		const hash = flipped(Buffer.from(lines[i], "base64"), i);
		await judge(`hash ${i}`, lines.with(i, hash.toString("base64")));
	}
	await judge("reversed", [...lines.slice(0, first), ...lines.slice(first).toReversed()]);
	await judge("one more", [...lines, lines.at(-1)]);
	await judge("none", lines.slice(0, first));
});
