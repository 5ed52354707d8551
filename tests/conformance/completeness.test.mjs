// SPDX-License-Identifier: Apache-2.0
// Receipts of rows and answers about completeness that a script made from the description of the
// formats (made_events.mjs): what is true our verifier takes, what a gateway could lie it does not.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import test, { after } from "node:test";
import { makeFolder, program } from "../integration/gateway.mjs";
import { asText, erased, MadeEvents } from "./made_events.mjs";
import { Key } from "./made_log.mjs";
import { noPython, secondOpinion } from "./second_opinion.mjs";

const folder = makeFolder();
const key = new Key("made.example/log");
const LICENSE = "0192aaaa-0000-7000-8000-000000000001";
const ada = { id: "ada", name: "Ada" };
const ben = { id: "ben", name: "Ben" };
after(() => fs.rmSync(folder, { recursive: true }));

function write(name, text) {
	const file = path.join(folder, name);
	fs.writeFileSync(file, text);
	return file;
}

function run(...words) {
	const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder };
	const { status, stdout, stderr } = spawnSync(program, words, { env, encoding: "utf8" });
	return { status, said: stdout + stderr };
}

const ofReceipt = (receipt) =>
	run("audit", "receipt", write("receipt.json", JSON.stringify(receipt)), "--offline",
		"--vkey", key.vkey);

/** Our verdict; and where nothing else is given, complete.py's, which must be the same. */
function ofAnswer(lines, ...words) {
	const file = write("answer.jsonl", asText(lines));
	const ours = run("audit", "verify", "--from", file, "--vkey", key.vkey, ...words);
	if (words.length === 0 && !noPython) {
		const theirs = secondOpinion(file, key.vkey);
		assert.equal(theirs.status, ours.status, `${ours.said}${theirs.said}`);
	}
	return ours;
}

function holds({ status, said }, what = /nothing is left out|the receipt holds/) {
	assert.equal(status, 0, said);
	assert.match(said, what);
}

function fails({ status, said }, why) {
	assert.equal(status, 1, said);
	assert.match(said, why);
}

const use = (actor, n) => ({ actor, license: LICENSE, model: "a/b", n });

const many = (length, make) => Array.from({ length }, (_, i) => make(i));

/** A log with entries of a license, among others, and batches that have some of its rows. */
function scene() {
	const made = new MadeEvents(key);

	made.add("license.issue", { actor: ben, license: LICENSE });
	for (let i = 0; i < 5; i++) made.add("decision.deny", { actor: ben, n: i });
	made.add("key.release", use(ada, 0));
	made.batch("infer.generate", [use(ada, 1), { actor: ben, n: 9 }, use(ben, 2), use(ada, 3)]);
	made.add("decision.deny", { actor: ben, n: 7 });
	made.batch("infer.generate", many(21, (i) => use(i % 2 ? ada : ben, i)));
	made.add("license.revoke", { actor: ben, license: LICENSE });
	return made;
}

test("a row of a batch of any size is proved in two levels", () => {
	for (const count of [1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 100]) {
		const made = new MadeEvents(key);
		made.add("gateway.start", { actor: { id: "", name: "" } });
		const rows = made.batch("infer.end", many(count, (i) => use(ada, i)));
		made.add("gateway.start", { actor: { id: "", name: "" } });
		for (const row of rows)
			holds(ofReceipt(made.receipt(row)), RegExp(`row ${row.row.index} of `));
	}
});

test("a row's receipt is a directory of parts, too", () => {
	const made = scene();
	const row = made.events.find((one) => one.row?.index === 2);
	const receipt = made.receipt(row);

	write("r.tlog-proof", receipt.proof);
	write("r.entry", receipt.entry);
	write("r.payload", receipt.payload);
	const part = write("r.row", JSON.stringify(receipt.row));
	const proof = path.join(folder, "r.tlog-proof");
	const judge = () => run("audit", "receipt", proof, "--offline", "--vkey", key.vkey);
	holds(judge(), /row 2 of entry 7.*infer.generate/);
	fs.rmSync(part);
	holds(judge(), /holds: entry 7.*usage.batch/);
});

const flip = (text) => {
	const bytes = Buffer.from(text, "base64");
	bytes[5] ^= 1;
	return bytes.toString("base64");
};

const rowLies = [
	["another payload", ({ payload }) => ({ payload: payload.replace("9", "8") }), /commit to/],
	["another nonce", ({ nonce }) => ({ nonce: flip(nonce) }), /does not commit/],
	["no nonce", () => ({ nonce: undefined }), /nonce/],
	["another entry", ({ entry }) => ({ entry: entry.replace("infer", "inker") }), /not lead/],
	["another number", ({ index }) => ({ index: index + 1 }), /not lead to/],
	["a number behind the batch", () => ({ index: 4 }), /not lead to/],
	["a number below it", () => ({ index: -1 }), /the batch has 4 rows/],
	["a number of no kind", () => ({ index: "1" }), /index/],
	["another count", () => ({ count: 5 }), /the batch has 4 rows/],
	["another hash", ({ path: p }) => ({ path: p.with(0, flip(p[0])) }), /not lead to/],
	["a hash fewer", ({ path: p }) => ({ path: p.slice(1) }), /not lead to/],
	["a hash more", ({ path: p }) => ({ path: [...p, p[0]] }), /not lead to/],
	["hashes in another order", ({ path: p }) => ({ path: p.toReversed() }), /not lead to/],
	["half a hash", ({ path: p }) => ({ path: [p[0].slice(0, 20)] }), /no base64 of 32/],
	["too many hashes", ({ path: p }) => ({ path: Array(65).fill(p[0]) }), /more than 64/],
	["no path", () => ({ path: undefined }), /path/],
];

for (const [what, change, why] of rowLies)
	test(`a row with ${what} is refused`, () => {
		const made = scene();
		const receipt = made.receipt(made.events.find((one) => one.row?.index === 1));
		const row = { ...receipt.row, ...change(receipt.row) };
		fails(ofReceipt({ ...receipt, row }), why);
	});

test("a row in an entry that is not its batch is refused", () => {
	const made = scene();
	const [first, second] = [7, 9].map((i) => made.events.find((e) => e.row && e.index === i));
	const { row } = made.receipt(first);

	fails(ofReceipt({ ...made.receipt(second), row }), /the batch has 21 rows/);
	fails(ofReceipt({ ...made.receipt(made.events[0]), row }), /license.issue have no rows/);
	const bare = { ...made.receipt(first), payload: undefined };
	fails(ofReceipt(bare), /without its batch's payload/);
	const lied = made.receipt(first);
	lied.payload = lied.payload.replace(/"count":\d+/, '"count":5');
	fails(ofReceipt(lied), /does not commit/);
});

test("a row whose payload was erased is still proved to be in its batch", () => {
	const made = scene();
	const receipt = made.receipt(made.events.find((one) => one.row?.index === 1));
	const { nonce, payload, ...row } = receipt.row;

	holds(ofReceipt({ ...receipt, row }), /its payload is not here/);
});

test("all entries of a license, alone and as rows, are all of them", () => {
	const made = scene();
	const { said } = ofAnswer(made.answer("license", LICENSE));

	assert.match(said, /nothing is left out: 27 entries of the license/);
	holds(ofAnswer(made.answer("license", LICENSE)));
	holds(ofAnswer(made.answer("actor", "ada")));
	holds(ofAnswer(made.answer("actor", "ben"), "--actor", "ben"));
	holds(ofAnswer(made.answer("actor", "auditor")), /\d entries of the actor auditor/);
});

test("whichever one is left out, it is noticed", () => {
	const made = scene();
	const all = made.events.filter((one) => one.said.license === LICENSE);

	for (let i = 0; i < all.length - 1; i++)
		fails(ofAnswer(made.answer("license", LICENSE, { events: all.toSpliced(i, 1) })),
			/before it|is number/);
});

test("the last ones may be denied, but not twice, nor to who holds a receipt", () => {
	const made = scene();
	const honest = write("honest.jsonl", asText(made.answer("license", LICENSE)));
	const all = made.events.filter((one) => one.said.license === LICENSE);
	const events = all.slice(0, -1);
	const denied = made.answer("license", LICENSE, { events });
	const receipt = write("last.json", JSON.stringify(made.receipt(all.at(-1))));
	const row = write("row.json", JSON.stringify(made.receipt(all.at(-2))));

	holds(ofAnswer(denied), /the gateway's word: that none follows entry 9, row 20/);
	fails(ofAnswer(denied, "--earlier", honest), /denies it. Both are signed/);
	fails(ofAnswer(denied, "--receipt", receipt), /entry 10 is not among them/);
	holds(ofAnswer(denied, "--receipt", row));
	const fewer = made.answer("license", LICENSE, { events: all.slice(0, -2) });
	fails(ofAnswer(fewer, "--receipt", row), /entry 9, row 20 is not among them/);
	fails(ofAnswer(made.answer("license", LICENSE), "--receipt",
		write("later.json", JSON.stringify(made.receipt(made.add("x.y", use(ada, 0)))))),
		/ask again/);
});

test("statements that do not fit what they stand before are refused", () => {
	const made = scene();
	const stated = [{ count: 26 }, { last: 9 }, { last: [9, 19] }, { size: 3 }];

	for (const one of stated) {
		const lines = made.answer("license", LICENSE, { stated: one });
		fails(ofAnswer(lines), /are stated, the last being|not that of the checkpoint/);
		const head = made.answer("license", LICENSE)[0];
		head.completeness.statement = lines[0].completeness.statement;
		fails(ofAnswer([head, ...lines.slice(1)]), /states something else/);
	}
	const [head, ...rest] = made.answer("license", LICENSE);
	const old = made.receipt(made.events[3]);
	fails(ofAnswer([{ completeness: { ...head.completeness, statement: old } }, ...rest]),
		/states something else/);
});

test("an entry of somebody else is not one of them, though the chain would fit", () => {
	const made = new MadeEvents(key);
	made.add("license.issue", { actor: ben, license: LICENSE });
	const chain = { license: { n: 2, prev: 0 } };
	const other = made.add("key.release", { actor: ada, license: "another", chain });
	const events = [made.events[0], other];

	fails(ofAnswer(made.answer("license", LICENSE, { events })), /is not of 0192aaaa/);
});

test("entries from before there were chains are counted, and said to be told", () => {
	const made = new MadeEvents(key);
	for (let i = 0; i < 3; i++) made.add("key.release", use(ada, i), { isBare: true });
	made.add("key.release", use(ada, 3));
	const lines = made.answer("license", LICENSE);

	holds(ofAnswer(lines), /the first 3 are from before entries named the one before/);
	fails(ofAnswer(lines.toSpliced(2, 1)), /is number 4/);
	made.add("key.release", use(ada, 4), { isBare: true });
	fails(ofAnswer(made.answer("license", LICENSE)), /has no chain, and one before it has/);
});

test("what was erased keeps its place, as long as what follows confirms it", () => {
	const made = scene();
	const ranges = [[0, 0], [6, 6], [[7, 0], [7, 3]], [10, 10]];
	const run = made.add("erasure.run", { actor: ben, erasure: "x", entries: 4, ranges });
	const lines = made.answer("license", LICENSE);
	const evidence = { erasure: made.receipt(run) };
	const gone = (line) => [evidence, erased(line, run.index)];
	const without = (...places) =>
		lines.flatMap((line, i) => (places.includes(i) ? gone(line) : line));

	holds(ofAnswer(without(2)), /of 1 were erased, as entries.*by the entries that follow/s);
	holds(ofAnswer(without(3, 4, 5)), /payloads of 3 were erased/);
	holds(ofAnswer(without(27)), /told by the gateway alone, for the last ones/);
	fails(ofAnswer(without(2), "--whole"), /1 of the 27 entries were erased, and --whole/);
	const lied = without(2);
	lied[3] = { ...lied[3], chain: '{"license":{"n":3,"prev":6}}' };
	fails(ofAnswer(lied), /is number 3/);
	lied[3] = { ...lied[3], chain: '{"license":{"n":2,"prev":1}}' };
	fails(ofAnswer(lied), /follows entry 1/);
	lied[3] = { ...lied[3], chain: "[]" };
	fails(ofAnswer(lied), /./);
	fails(ofAnswer(without(2).toSpliced(3, 1)), /before it|is number/);
});

test("what no entry of the log says was erased is not believed to be", () => {
	const made = scene();
	const run = (kind, ranges) => made.add(kind, { actor: ben, entries: 1, ranges });
	const good = run("retention.run", [[6, 6]]);
	const other = run("erasure.run", [[5, 5], [[6, 0], [6, 9]], [7, 9]]);
	const wrong = run("erasure.ask", [[6, 6]]);
	const lines = made.answer("license", LICENSE);
	const judge = (event, by = event.index) => {
		const evidence = { erasure: made.receipt(event) };
		return ofAnswer(lines.toSpliced(2, 1, evidence, erased(lines[2], by)));
	};

	holds(judge(good), /payloads of 1 were erased/);
	fails(judge(other), /entry 6 is said to be erased, but no entry/);
	fails(judge(good, other.index), /entry 6 is said to be erased, but no entry/);
	fails(judge(wrong), /\(erasure.ask\) erases nothing/);
	fails(judge(good, null), /erased just now.*ask again/);
	fails(ofAnswer(lines.with(2, erased(lines[2], good.index))), /no entry of the log/);
	fails(ofAnswer(lines.with(2, { ...erased(lines[2]), erased: true })), /erased/);
	const forged = made.receipt(good);
	forged.payload = forged.payload.replace("[[6,6]]", "[[0,9]]");
	fails(ofAnswer(lines.toSpliced(2, 0, { erasure: forged })), /does not commit/);
});

test("with a policy, enough witnesses must have cosigned the checkpoint", () => {
	const made = scene();
	const one = new Key("one.example/w", true);
	const policy = write("policy", `log ${key.vkey}\nwitness one ${one.vkey}\nquorum one\n`);
	const cosign = (text) => one.cosign(text);

	holds(ofAnswer(made.answer("license", LICENSE, { cosign }), "--policy", policy),
		/cosigned by: one/);
	fails(ofAnswer(made.answer("license", LICENSE), "--policy", policy), /quorum "one"/);
	const old = made.log.text(3);
	const replayed = made.answer("license", LICENSE, { cosign: () => one.cosign(old) });
	fails(ofAnswer(replayed, "--policy", policy), /does not verify/);
});
