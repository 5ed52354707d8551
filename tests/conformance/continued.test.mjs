// SPDX-License-Identifier: Apache-2.0
// A log that goes on under another origin, after a backup was put back: `audit verify --old-vkey`
// follows the entry that says so into the old log, and believes no word of it that can be checked.
// Both logs are made here (made_events.mjs); tests/integration/witness.test.mjs has the real thing.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import test, { after } from "node:test";
import { makeFolder, program } from "../integration/gateway.mjs";
import { MadeEvents } from "./made_events.mjs";
import { Key } from "./made_log.mjs";

const folder = makeFolder();
const oldKey = new Key("made.example/log");
const newKey = new Key("made.example/log/2");
const OLD = 300;
const KEPT = 270;
const system = { actor: { id: "", name: "operator of the machine" } };
let count = 0;
after(() => fs.rmSync(folder, { recursive: true }));

/** The old log; `other`: the first entry that is another one than usual. */
function oldLog(size, other = Infinity) {
	const made = new MadeEvents(oldKey);
	for (let i = 0; i < size; i++) made.log.add(`entry ${i}${i >= other ? " of another" : ""}`);
	return made;
}

/** Both as folders, and the receipt of log.continue; `change` lies in that entry. */
function scene({ change = () => ({}), copied = OLD, other, newOther, kind = "log.continue" } = {}) {
	const dir = path.join(folder, `scene-${++count}`);
	const old = oldLog(OLD, other);
	const made = new MadeEvents(newKey);
	const lines = old.log.text().split("\n");
	const said = {
		...system,
		origin: newKey.name,
		old_origin: oldKey.name,
		old_size: OLD,
		old_root: lines[2],
		old_checkpoint: old.log.note(),
		kept: KEPT,
	};

	made.log.entries = oldLog(KEPT, newOther).log.entries;
	const entry = made.add(kind, { ...said, ...change(old.log) });
	for (let i = 0; i < 5; i++) made.add("gateway.start", system);
	made.log.write(path.join(dir, "new"));
	oldLog(copied).log.write(path.join(dir, "old"));
	const receipt = path.join(dir, "receipt.json");
	fs.writeFileSync(receipt, JSON.stringify(made.receipt(entry)));
	return { dir, receipt, state: path.join(dir, "state") };
}

function verify({ dir, receipt, state, old = oldKey.vkey }, ...words) {
	const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder };
	const all = ["audit", "verify", "--dir", path.join(dir, "new"), "--vkey", newKey.vkey,
		"--state", state, "--old-vkey", old, "--receipt", receipt, ...words];
	const { status, stdout, stderr } = spawnSync(program, all, { env, encoding: "utf8" });
	return { status, said: stdout + stderr };
}

/** What an earlier verification of the old log, as it is in the copy, left behind. */
function remember({ dir, state }) {
	const words = ["audit", "verify", "--dir", path.join(dir, "old"), "--vkey", oldKey.vkey];
	const done = spawnSync(program, [...words, "--state", state], { encoding: "utf8" });
	assert.equal(done.status, 0, done.stderr);
}

const withCopy = (one) => verify(one, "--old", path.join(one.dir, "old"));

function holds({ status, said }, ...whats) {
	assert.equal(status, 0, said);
	for (const what of whats) assert.match(said, what);
}

function fails({ status, said }, why) {
	assert.equal(status, 1, said);
	assert.match(said, why);
}

test("the new log says what it continues, and the old key's checkpoint says so too", () => {
	const one = scene();
	const said = /it continues made.example\/log, as entry 270 says: 270 of 300 .* 30 were/;

	holds(verify(one), said, /not proved: that the entries kept are those/);
	const json = verify(one, "--json").said;
	assert.deepEqual(JSON.parse(json).continues,
		{ origin: oldKey.name, entry: KEPT, size: OLD, kept: KEPT, copied: 0 });
});

test("a copy of the old log shows that the entries kept are its own", () => {
	holds(withCopy(scene()), /the copy has all of those lost/);
	holds(withCopy(scene({ copied: 280 })), /has 10 of those lost, and does not reach/);
	holds(withCopy(scene({ copied: 200 })), /has the first 200 only/);
});

test("who had verified the old log goes on from there", () => {
	for (const copied of [100, KEPT, 280, OLD]) {
		const one = scene({ copied });
		remember(one);
		holds(verify(one), /the log verifies/);
		holds(verify(one), /the log verifies/);
	}
	const other = scene();
	remember(other);
	other.old = newKey.vkey;
	fails(verify(other), /--vkey is not the key remembered/);
});

test("a new log that begins with other entries is refused by who has seen the old one", () => {
	const one = scene({ newOther: 260, copied: KEPT });
	remember(one);
	fails(verify(one), /another one than before|were different/);
	fails(withCopy(scene({ newOther: 260 })), /does not begin with the old one/);
	fails(withCopy(scene({ newOther: 10, copied: 20 })), /does not begin with the old one/);
});

test("an old key that has signed two histories is caught by either of them", () => {
	fails(withCopy(scene({ other: 290 })), /than the checkpoint that is continued/);
	const one = scene({ copied: 295 });
	remember(one);
	oldLog(295, 280).log.write(path.join(one.dir, "old"));
	fails(withCopy(one), /than what was seen before/);
});

test("a checkpoint that leaves out what was seen is refused", () => {
	const shorter = (log) => ({
		old_size: 280,
		old_root: log.text(280).split("\n")[2],
		old_checkpoint: log.note(280),
	});
	const one = scene({ change: shorter });
	holds(verify(one), /270 of 280/);
	fs.rmSync(one.state);
	remember(one);
	fails(verify(one), /300 entries of .* were seen, and entry 270 .* there were 280/);
});

const stranger = new Key(oldKey.name);
const signedBy = (key, log) => ({ old_checkpoint: `${log.text()}\n${key.sign(log.text())}` });
const lies = [
	["of another size", () => ({ old_size: OLD + 1 }), /another origin, size or root/],
	["of another root", () => ({ old_root: `${"A".repeat(43)}=` }), /another origin, size/],
	["of another origin", () => ({ old_origin: "other.example/log" }), /another origin, size/],
	["signed by nobody", (log) => ({ old_checkpoint: `${log.text()}\n` }), /no good signature/],
	["signed by another", (log) => signedBy(stranger, log), /no good signature/],
	["signed by the new log", (log) => signedBy(newKey, log), /no good signature/],
	["an older one, named as the newest", (log) => ({ old_checkpoint: log.note(280) }),
		/another origin, size/],
	["with more kept than there were", () => ({ kept: OLD + 1 }), /what cannot be/],
	["with more kept than stand before it", () => ({ kept: KEPT + 1 }), /what cannot be/],
	["into another log", () => ({ origin: "other.example/log" }), /what cannot be/],
	["that keeps less than nothing", () => ({ kept: -1 }), /negative/],
	["without a checkpoint", () => ({ old_checkpoint: "" }), /no good signature/],
];

for (const [what, change, why] of lies)
	test(`a continuation ${what} is refused`, () => fails(verify(scene({ change })), why));

test("only an entry log.continue continues a log, and it must be there", () => {
	fails(verify(scene({ kind: "gateway.init" })), /an entry gateway.init, not of log/);
	const [one, other] = [scene(), scene({ newOther: 100 })];
	fails(verify({ ...one, receipt: other.receipt }), /entry 270 of the log is not the entry/);
});
