// SPDX-License-Identifier: Apache-2.0
// Whose word counts: checkpoints that witnesses have cosigned, put before our verifier and before
// verify_log with the same policy. Log, witnesses and cosignatures are made by made_log.mjs, so
// that three readings of the C2SP texts meet here.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import test, { after, before } from "node:test";
import { makeFolder, program } from "../integration/gateway.mjs";
import { Key, MadeLog } from "./made_log.mjs";
import { buildVerifier, whyNot } from "./verify_log.mjs";

const skip = whyNot();
const here = {};
let runs = 0;

before(() => {
	if (skip) return;
	here.folder = makeFolder();
	here.verifier = buildVerifier(here.folder);
	here.key = new Key("made.example/log");
	here.log = new MadeLog(here.key);
	for (let i = 0; i < 300; i++) here.log.add(`entry ${i}`);
	here.dir = path.join(here.folder, "log");
	here.log.write(here.dir);
	here.one = new Key("one.example/w", true);
	here.two = new Key("two.example/w", true);
	here.three = new Key("three.example/w", true);
	here.policy = write("policy", policyText("group most 2 one two three\nquorum most\n"));
});
after(() => here.folder && fs.rmSync(here.folder, { recursive: true }));

function write(name, text) {
	const file = path.join(here.folder, name);
	fs.writeFileSync(file, text);
	return file;
}

function policyText(quorum) {
	return (
		`# whose word counts\nlog ${here.key.vkey} https://made.example/log\n` +
		`witness one ${here.one.vkey}\nwitness two ${here.two.vkey}\n` +
		`witness three ${here.three.vkey} https://three.example\n${quorum}`
	);
}

/** Both verdicts on the log with this checkpoint: [[who, code, said], ...]. */
function verdicts(note, policy = here.policy) {
	fs.writeFileSync(path.join(here.dir, "checkpoint"), note);
	const state = path.join(here.folder, `state-${++runs}`);
	const common = ["--dir", here.dir, "--vkey", here.key.vkey, "--policy", policy];
	const home = { HOME: here.folder, XDG_CONFIG_HOME: here.folder };
	const ours = spawnSync(program, ["audit", "verify", ...common, "--state", state], {
		env: { ...process.env, ...home },
		encoding: "utf8",
	});
	const theirs = spawnSync(
		here.verifier,
		["-dir", here.dir, "-vkey", here.key.vkey, "-policy", policy],
		{ encoding: "utf8" },
	);
	return [
		["ours", ours.status, ours.stdout + ours.stderr],
		["theirs", theirs.status, theirs.stdout + theirs.stderr],
	];
}

function bothSay(code, what, note, policy) {
	for (const [who, status, said] of verdicts(note, policy))
		assert.equal(status, code, `${what}: ${who}: ${said}`);
}

/** The newest checkpoint with these lines below the log's. */
const noteWith = (...lines) => here.log.note() + lines.join("");

test("two of three are enough, whichever they are and in whatever order", { skip }, () => {
	const { one, two, three } = here;
	const text = here.log.text();

	bothSay(0, "one, two", noteWith(one.cosign(text), two.cosign(text)));
	bothSay(0, "three, one", noteWith(three.cosign(text), one.cosign(text)));
	const [head, own] = here.log.note().split("\n\n");
	const before = `${head}\n\n${two.cosign(text)}${one.cosign(text)}${own}`;
	bothSay(0, "the log's line last", before);
	bothSay(1, "one alone", noteWith(one.cosign(text)));
	bothSay(1, "nobody", noteWith());
});

test("thresholds and groups of groups mean the same to both", { skip }, () => {
	const text = here.log.text();
	const [one, two, three] = [here.one, here.two, here.three].map((w) => w.cosign(text));
	const quorums = [
		["quorum none\n", [], 0],
		["quorum one\n", [one], 0],
		["quorum one\n", [two, three], 1],
		["group g any one two\nquorum g\n", [two], 0],
		["group g any one two\nquorum g\n", [three], 1],
		["group g all one two\ngroup h any g three\nquorum h\n", [three], 0],
		["group g all one two\ngroup h any g three\nquorum h\n", [one], 1],
		["group g all one two\ngroup h 2 g three\nquorum h\n", [one, two], 1],
		["group g all one two\ngroup h 2 g three\nquorum h\n", [one, two, three], 0],
	];

	for (const [quorum, lines, code] of quorums) {
		const policy = write("quorum", policyText(quorum));
		bothSay(code, `${quorum} by ${lines.length}`, noteWith(...lines), policy);
	}
});

test("policies that cannot be meant are refused by both", { skip }, () => {
	const text = here.log.text();
	const note = noteWith(here.one.cosign(text), here.two.cosign(text));
	const [name, , key] = here.one.vkey.split("+");
	const bad = [
		"quorum nobody\n",
		"group g 3 one two\nquorum g\n",
		"group g 0 one two\nquorum g\n",
		"group g any one four\nquorum g\n",
		"witness one " + here.three.vkey + "\nquorum one\n",
		`witness four ${name}+00000000+${key}\nquorum four\n`,
		`witness four ${here.key.vkey}\nquorum four\n`,
		"quorums one\n",
	];

	for (const quorum of bad)
		bothSay(1, quorum, note, write("bad", policyText(quorum)));
});

/** The line with its time, signature or id changed at a byte. */
function bent(line, at) {
	const words = line.trimEnd().split(" ");
	const blob = Buffer.from(words[2], "base64");
	blob[at < 0 ? blob.length + at : at] ^= 1;
	return `${words[0]} ${words[1]} ${blob.toString("base64")}\n`;
}

/** The same witness under another name, its key id and signature as they are. */
const renamed = (line, name) => line.replace(/^— \S+/, `— ${name}`);

test("cosignatures that were changed are refused by both", { skip }, () => {
	const { one, two, three, log } = here;
	const text = log.text();
	const good = two.cosign(text);
	const line = one.cosign(text);
	const short = Buffer.from(line.trimEnd().split(" ")[2], "base64").subarray(0, 75);
	const ofKnown = {
		"another time": bent(line, 11),
		"a time long ago": bent(line, 5),
		"a time after all times": bent(line, 4),
		"another signature": bent(line, 12),
		"its end": bent(line, -1),
		"a byte fewer": `— ${one.name} ${short.toString("base64")}\n`,
		"no time at all": one.sign(text),
		"another origin": one.cosign(log.text(300, "other.example/log")),
		"another size": one.cosign(log.text(299)),
	};
	const ofOthers = {
		"another id": bent(line, 0),
		"another name": renamed(line, three.name),
		"another key of that name": renamed(new Key(one.name, true).cosign(text), one.name),
		"the log's own line again": log.key.sign(text),
		"an empty line": "\n",
		"no line of a signature": "one.example/w has seen it\n",
	};

	bothSay(0, "as it is", noteWith(line, good));
	// A false line of somebody known is a refusal, however many others have cosigned.
	for (const [what, lie] of Object.entries(ofKnown))
		bothSay(1, what, noteWith(lie, good, three.cosign(text)));
	for (const [what, lie] of Object.entries(ofOthers)) bothSay(1, what, noteWith(lie, good));
});

test("a cosignature of an older checkpoint says nothing of this one", { skip }, () => {
	const { one, two, log } = here;
	const old = log.text(200);

	bothSay(1, "replayed", noteWith(one.cosign(old), two.cosign(log.text())));
	bothSay(1, "both replayed", noteWith(one.cosign(old), two.cosign(old)));
});

test("a witness that signs twice is one witness", { skip }, () => {
	const { one, log } = here;
	const text = log.text();
	const line = one.cosign(text);

	bothSay(1, "the same line twice", noteWith(line, line));
	bothSay(1, "at two times", noteWith(line, one.cosign(text, 1790000001n)));
	const twice = `${log.note()}${log.key.sign(text)}`;
	bothSay(0, "the log's line twice", twice + line + here.two.cosign(text));
	bothSay(1, "and no witness", twice + log.key.sign(text));
});

test("two witnesses with one key are refused, not counted twice", { skip }, () => {
	const policy = write("twins", policyText(`witness twin ${here.one.vkey}\nquorum twin\n`));
	const [ours] = verdicts(noteWith(here.one.cosign(here.log.text())), policy);

	assert.equal(ours[1], 1, ours[2]);
	assert.match(ours[2], /the key is that of "one", too/);
});

test("a witness's clock that jumps makes no cosignature false", { skip }, () => {
	const { one, two, log } = here;
	const text = log.text();

	for (const seconds of [0n, 1n, 4102444800n, 2n ** 63n - 1n, 2n ** 64n - 1n])
		bothSay(0, `at ${seconds}`, noteWith(one.cosign(text, seconds), two.cosign(text)));
});

test("lines of witnesses nobody knows are passed over", { skip }, () => {
	const text = here.log.text();
	const good = [here.one.cosign(text), here.two.cosign(text)];
	const strangers = Array.from({ length: 20 }, (_, i) => new Key(`${i}.example/w`, true));

	bothSay(0, "strangers", noteWith(...strangers.map((w) => w.cosign(text)), ...good));
	bothSay(1, "strangers alone", noteWith(...strangers.map((w) => w.cosign(text))));
	bothSay(1, "more than a note may have",
		noteWith(...Array.from({ length: 101 }, () => strangers[0].cosign(text)), ...good));
});
