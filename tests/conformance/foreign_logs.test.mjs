// SPDX-License-Identifier: Apache-2.0
// Logs that others wrote, before our verifier and before verify_log: Tessera's test log at each of
// its sizes, one remembered after the other, and a log of 700 entries made by a script that shares
// no code with us. Single proofs of the same data are in tests/unit/crypto/test_foreign_log.c.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import test, { after, before } from "node:test";
import { makeFolder, program, shared } from "../integration/gateway.mjs";
import { buildVerifier, whyNot } from "./verify_log.mjs";

const data = path.join(shared, "data/tlog");
const isHere = fs.existsSync(path.join(data, "tessera_testdata.tar.gz"));
const skip = isHere ? whyNot() : "no data/tlog below SALLYPORT_SHARED";
const tesseraKey =
	"example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";
let folder, verifier;

before(() => {
	if (skip) return;
	folder = makeFolder();
	verifier = buildVerifier(folder);
	const archive = path.join(data, "tessera_testdata.tar.gz");
	assert.equal(spawnSync("tar", ["xzf", archive, "-C", folder]).status, 0);
});
after(() => folder && fs.rmSync(folder, { recursive: true }));

function ours(dir, vkey, state) {
	const words = ["audit", "verify", "--dir", dir, "--vkey", vkey, "--json"];
	const home = { HOME: folder, XDG_CONFIG_HOME: folder, XDG_STATE_HOME: folder };
	const env = { ...process.env, ...home };
	return spawnSync(program, [...words, "--state", path.join(folder, state)], {
		env,
		encoding: "utf8",
	});
}

function theirs(dir, vkey, ...words) {
	return spawnSync(verifier, ["-dir", dir, "-vkey", vkey, ...words], { encoding: "utf8" });
}

test("Tessera's log verifies at every size, each the continuation of the last", { skip }, () => {
	const dir = path.join(folder, "testdata/log");
	const old = path.join(dir, "checkpoint.1");

	for (let size = 0; size <= 15; size++) {
		fs.copyFileSync(path.join(dir, `checkpoint.${size}`), path.join(dir, "checkpoint"));
		const mine = ours(dir, tesseraKey, "tessera");
		assert.equal(mine.status, 0, `size ${size}: ${mine.stderr}`);
		assert.equal(JSON.parse(mine.stdout).size, size);
		const other = theirs(dir, tesseraKey, ...(size ? ["-old", old] : []));
		assert.equal(other.status, 0, `size ${size}: ${other.stderr}`);
		assert.equal(JSON.parse(other.stdout).size, size);
	}
});

test("Tessera's older checkpoints are refused by whoever saw the newest", { skip }, () => {
	const dir = path.join(folder, "testdata/log");
	const newest = path.join(dir, "checkpoint.15");

	fs.copyFileSync(newest, path.join(dir, "checkpoint"));
	assert.equal(ours(dir, tesseraKey, "newest").status, 0);
	for (let size = 0; size < 15; size++) {
		fs.copyFileSync(path.join(dir, `checkpoint.${size}`), path.join(dir, "checkpoint"));
		const mine = ours(dir, tesseraKey, "newest");
		assert.equal(mine.status, 1, `size ${size}`);
		assert.match(mine.stderr, /shorter than before/);
		assert.equal(theirs(dir, tesseraKey, "-old", newest).status, 1, `size ${size}`);
	}
});

test("a log of 700 entries with a cosignature verifies, and continues its 300", { skip }, () => {
	const dir = path.join(data, "log");
	const [vkey, witness] = fs
		.readFileSync(path.join(data, "vkeys.txt"), "utf8")
		.trim()
		.split("\n");
	const mine = ours(dir, vkey, "seven");
	assert.equal(mine.status, 0, mine.stderr);
	assert.equal(JSON.parse(mine.stdout).size, 700);
	const other = theirs(dir, vkey, "-old", path.join(data, "old.checkpoint"));
	assert.equal(other.status, 0, other.stderr);
	assert.equal(JSON.parse(other.stdout).old, 300);
	assert.equal(ours(dir, witness, "witness").status, 1, "a witness alone is no log");
	assert.equal(theirs(dir, witness).status, 1);
});
