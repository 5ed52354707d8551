// SPDX-License-Identifier: Apache-2.0
// The CLI on its own: a pull that survives what happens to it, a model that is shredded, and a
// gateway made and served by hand.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import test from "node:test";
import { gatewayForThisFile, makeFolder, program, root } from "./gateway.mjs";
import { until } from "./http.mjs";

const PART = ".sallyport-part-";
const RECORD = ".sallyport-pull";
const MAP_HEAD = 64;
const LARGE = 96 << 20;
const here = gatewayForThisFile();
const cli = (...words) => here.gateway.cli(here.gateway.tokens.admin, ...words);

async function must(...words) {
	const done = await cli(...words);
	assert.equal(done.code, 0, `${words.join(" ")}: ${done.stderr}`);
	return done.stdout;
}

/** A folder of files, imported as a model that any signed-in person may read. */
async function importModel(name, files) {
	const folder = path.join(here.gateway.folder, "models", name);

	fs.rmSync(folder, { recursive: true, force: true });
	for (const [file, bytes] of Object.entries(files)) {
		fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
		fs.writeFileSync(path.join(folder, file), bytes);
	}
	return must("model", "import", `tests/${name}`, folder, "--gated", "no");
}

function filesOf(folder) {
	const found = {};
	const entries = fs.readdirSync(folder, { withFileTypes: true, recursive: true });

	for (const entry of entries.filter((one) => one.isFile() && one.name !== RECORD)) {
		const file = path.join(entry.parentPath ?? entry.path, entry.name);
		found[path.relative(folder, file)] =
			crypto.createHash("sha256").update(fs.readFileSync(file)).digest("hex");
	}
	return found;
}

const digestsOf = (files) =>
	Object.fromEntries(Object.entries(files).map(([name, bytes]) => [
		name, crypto.createHash("sha256").update(bytes).digest("hex")]));

const largeFiles = {
	"a.bin": crypto.randomBytes(LARGE),
	"sub/b.bin": crypto.randomBytes(LARGE / 4),
	"config.json": "{}",
	"empty.txt": "",
};

/** The parts of a pull under way: how many bytes of each have come, as its map says. */
function partsOf(folder) {
	const names = fs.existsSync(folder)
		? fs.readdirSync(folder).filter((name) => name.startsWith(PART)) : [];

	return names.filter((name) => name.endsWith(".map")).map((name) => {
		const map = fs.readFileSync(path.join(folder, name));
		let done = 0;
		for (let at = MAP_HEAD; at + 8 <= map.length; at += 8)
			done += Number(map.readBigUInt64BE(at));
		return { file: path.join(folder, name.slice(0, -4)), map: path.join(folder, name),
			done };
	}).sort((one, other) => other.done - one.done);
}

const largestPart = (folder) => partsOf(folder)[0];

/** Begin a pull and kill it in the middle of the largest file. */
async function pullAndKill(model, folder, signal = "SIGKILL", ...words) {
	const { stranger } = here.gateway.tokens;
	const running = here.gateway.cliStarted(stranger, "pull", model, folder, ...words);

	await until("a part", 30, () => (largestPart(folder)?.done ?? 0) > 4 << 20);
	running.process.kill(signal);
	const done = await running.done;
	assert.ok(largestPart(folder).done < LARGE, "it was killed in the middle");
	assert.equal(fs.existsSync(path.join(folder, "a.bin")), false, "no name before its time");
	return done;
}

async function pull(model, folder) {
	const done = await here.gateway.cli(here.gateway.tokens.stranger, "--json", "pull", model,
		folder);
	assert.equal(done.code, 0, done.stderr);
	return JSON.parse(done.stdout);
}

test("a pull that was killed goes on where it stopped", async () => {
	const folder = path.join(here.gateway.folder, "killed");

	await importModel("large", largeFiles);
	await pullAndKill("tests/large", folder);
	const done = await pull("tests/large", folder);
	assert.ok(done.bytes < LARGE * 1.25 - (3 << 20), `${done.bytes} bytes came again`);
	assert.equal(done.log_vkey_first_sight, false);
	assert.deepEqual(filesOf(folder), digestsOf(largeFiles));
	assert.equal((await pull("tests/large", folder)).bytes, 0, "what is there is not fetched");
});

test("a part that was damaged meanwhile is fetched anew", async () => {
	const folder = path.join(here.gateway.folder, "damaged");

	await pullAndKill("tests/large", folder);
	assert.ok(largestPart(folder).done > 4097);
	const part = fs.openSync(largestPart(folder).file, "r+");
	fs.writeSync(part, Buffer.from([largeFiles["a.bin"][4096] ^ 1]), 0, 1, 4096);
	fs.closeSync(part);
	const done = await pull("tests/large", folder);
	assert.ok(done.bytes > LARGE, "the damaged one came whole");
	assert.deepEqual(filesOf(folder), digestsOf(largeFiles));
});

test("a pull goes on when the edge dies under it", async () => {
	const folder = path.join(here.gateway.folder, "restarted");
	const running = here.gateway.cliStarted(here.gateway.tokens.stranger, "pull", "tests/large",
		folder);

	await until("a part", 30, () => (largestPart(folder)?.done ?? 0) > 4 << 20);
	process.kill(here.gateway.processesNamed("sallyport-edge")[0].id, "SIGKILL");
	const done = await running.done;
	assert.equal(done.code, 0, done.stderr);
	assert.deepEqual(filesOf(folder), digestsOf(largeFiles));
});

test("a new revision replaces what changed, and the import says what it removed", async () => {
	const folder = path.join(here.gateway.folder, "changed");
	const { "empty.txt": gone, ...rest } = largeFiles;
	const next = { ...rest, "a.bin": crypto.randomBytes(LARGE) };

	await pullAndKill("tests/large", folder);
	assert.match(await importModel("large", next), /^removed: empty\.txt$/m);
	const done = await pull("tests/large", folder);
	assert.ok(done.bytes >= LARGE, "nothing of the old part is used");
	assert.deepEqual(filesOf(folder), digestsOf(next), "and no part is left");
	assert.equal(gone, "");
});

test("a snapshot of a Hugging Face cache is imported, other links are refused", async () => {
	const cache = path.join(here.gateway.folder, "hub/models--tests--cached");
	const snapshot = path.join(cache, "snapshots/0123");

	fs.mkdirSync(path.join(cache, "blobs"), { recursive: true });
	fs.mkdirSync(path.join(snapshot, "onnx"), { recursive: true });
	fs.writeFileSync(path.join(cache, "blobs/aa"), "from the cache\n");
	fs.symlinkSync("../../blobs/aa", path.join(snapshot, "README.md"));
	fs.symlinkSync("../../../blobs/aa", path.join(snapshot, "onnx/notes.txt"));
	assert.match(await must("model", "import", "tests/cached", snapshot, "--gated", "no"),
		/2 files, 30 bytes/);
	fs.symlinkSync("/etc/passwd", path.join(snapshot, "other"));
	const done = await cli("model", "import", "tests/cached", snapshot);
	assert.equal(done.code, 1);
	assert.match(done.stderr, /"other" is a link/);
});

test("a pull without a license says why and makes nothing", async () => {
	const folder = path.join(here.gateway.folder, "refused");
	const { tokens, model } = here.gateway;
	const done = await here.gateway.cli(tokens.stranger, "pull", model, folder);

	assert.equal(done.code, 1);
	assert.match(done.stderr, /NO_LICENSE/);
	assert.equal(fs.existsSync(folder), false);
});

test("a shredded model is gone for good, and the log says so", async () => {
	await importModel("old", { "notes.txt": "to be forgotten\n" });
	const unsure = await cli("model", "shred", "tests/old", "--reason", "end of life");
	assert.equal(unsure.code, 2, "it asks for --yes");
	const said = JSON.parse(await must("model", "shred", "tests/old", "--yes", "--reason",
		"end of life", "--json"));
	assert.equal(said.state, "shredded");
	assert.equal(said.discarded, 1);
	assert.ok(said.remains.some((text) => text.includes("escrow")));
	for (const words of [["model", "enable", "tests/old"],
		["model", "shred", "tests/old", "--yes", "--reason", "again"],
		["model", "sealed", "tests/old", "notes.txt",
			path.join(here.gateway.folder, "x.age")],
		["pull", "tests/old", path.join(here.gateway.folder, "old")]]) {
		const done = await cli(...words);
		assert.equal(done.code, 1, words.join(" "));
		assert.match(done.stderr, /CONFLICT|is disabled/, words.join(" "));
	}
	const { auditor } = here.gateway.tokens;
	const query = await here.gateway.cli(auditor, "audit", "query", "--kind", "model.shred",
		"--json");
	assert.equal(JSON.parse(query.stdout).events.length, 1);
});

function freePort() {
	return new Promise((resolve) => {
		const server = net.createServer().listen(0, "127.0.0.1", () => {
			const { port } = server.address();
			server.close(() => resolve(port));
		});
	});
}

const run = (...words) => spawnSync(program, words, { encoding: "utf8" });

test("a gateway is made and served by hand, and a failed init may be repeated", async (t) => {
	const folder = makeFolder();
	const fixture = path.join(root, "tests/integration/pg_fixture.sh");
	const file = path.join(folder, "postgres");
	const started = spawnSync(fixture, ["start", file], { encoding: "utf8" });

	if (started.status === 77) return t.skip("PostgreSQL is not installed");
	assert.equal(started.status, 0, started.stderr);
	t.after(() => {
		spawnSync(fixture, ["stop", file]);
		fs.rmSync(folder, { recursive: true, force: true });
	});
	const cluster = fs.readFileSync(file, "utf8").trim();
	const database = `host=${cluster} password_file=${cluster}/superuser.password`;
	const dir = path.join(folder, "gateway");
	const port = await freePort();
	const init = (...more) =>
		run("init", "--dir", dir, "--listen", `127.0.0.1:${port}`, ...more);

	assert.match(init("--database", `host=${folder}`).stderr, /cannot connect to the database/);
	assert.match(init("--database", database, "--escrow", "nonsense").stderr, /age recipient/);
	const made = init("--database", database, "--json");
	assert.equal(made.status, 0, made.stderr);
	assert.match(init("--database", database).stderr, /holds a gateway already/);
	const second = run("init", "--dir", `${dir}-2`, "--database", `${database} name=other`);
	assert.match(second.stderr, /belongs to a gateway already/);
	const { config, ca, token } = JSON.parse(made.stdout);
	const broken = path.join(folder, "broken.ini");
	fs.writeFileSync(broken, fs.readFileSync(config, "utf8").replace("listen =", "listne ="));
	assert.match(run("serve", "--config", broken).stderr,
		/line 4: there is no setting "listne"/);
	const server = spawn(program, ["serve", "--config", config], { stdio: "ignore" });
	const ended = new Promise((resolve) => server.once("exit", resolve));
	const asked = ["--url", `https://localhost:${port}`, "--ca", ca, "--token", token];
	await until("the gateway", 60, () => run(...asked, "whoami").status === 0);
	assert.match(run("whoami", ...asked).stdout, /operator/);
	assert.match(run("migrate", "--database", database).stdout, /^0 migrations applied/);
	server.kill("SIGTERM");
	assert.equal(await ended, 0);
});
