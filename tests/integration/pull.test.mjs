// SPDX-License-Identifier: Apache-2.0
// `sallyport pull` against a gateway that lies, breaks off and puts off, and in directories where
// other things are. What a good gateway and a killed pull do: cli.test.mjs.
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import test, { after, before } from "node:test";
import { makeFolder, program } from "./gateway.mjs";
import { HostileGateway, sendFile, sha256 } from "./hostile.mjs";
import { until } from "./http.mjs";

const LARGE = 80 << 20; // two pieces
const here = {};
let folders = 0;

const bytesOf = (size) => crypto.randomBytes(size);
const newFolder = () => path.join(here.folder, `out${folders++}`);

function pullStarted(folder, ...words) {
	let child;
	const done = new Promise((resolve) => {
		child = execFile(program, ["pull", "evil/model", folder, "--url",
			here.gateway.url, "--ca", here.gateway.ca, ...words], {
			env: { ...process.env, HOME: here.folder, XDG_CONFIG_HOME: here.folder,
				XDG_STATE_HOME: here.state, SALLYPORT_TOKEN: "" },
			timeout: 120000,
		}, (error, stdout, stderr) => resolve({
			code: error ? (error.code ?? error.signal) : 0, stdout, stderr }));
	});
	return { child, done };
}

const pull = (folder, ...words) => pullStarted(folder, ...words).done;

async function pulled(folder, ...words) {
	const done = await pull(folder, "--json", ...words);
	assert.equal(done.code, 0, done.stderr);
	return JSON.parse(done.stdout);
}

async function isRefused(folder, why, ...words) {
	const done = await pull(folder, ...words);
	assert.equal(done.code, 1, done.stdout);
	assert.match(done.stderr, why);
	return done;
}

/** Names of the revision that stand in the folder; ours (".sallyport-...") do not count. */
function namesIn(folder) {
	if (!fs.existsSync(folder)) return [];
	return fs.readdirSync(folder).filter((name) => !name.startsWith(".sallyport-"));
}

before(async () => {
	here.folder = makeFolder();
	here.state = path.join(here.folder, "state");
	here.gateway = new HostileGateway(here.folder);
	await here.gateway.listen();
});

after(() => {
	here.gateway?.close();
	fs.rmSync(here.folder, { recursive: true, force: true });
});

test("an honest gateway is pulled from, and its log's key is remembered", async () => {
	const folder = newFolder();

	here.gateway.reset({ "a.txt": bytesOf(100), "sub/b.bin": bytesOf(LARGE),
		"empty": bytesOf(0) });
	const first = await pulled(folder);
	assert.deepEqual([first.files, first.fetched, first.log_vkey_first_sight], [3, 3, true]);
	assert.equal(first.log_vkey, here.gateway.log.vkey);
	for (const [name, bytes] of Object.entries(here.gateway.files))
		assert.equal(sha256(fs.readFileSync(path.join(folder, name))), sha256(bytes));
	const again = await pulled(folder);
	assert.deepEqual([again.fetched, again.bytes, again.log_vkey_first_sight], [0, 0, false]);
	assert.deepEqual(fs.readdirSync(folder).filter((name) => name.includes("part")), []);
});

test("another log key than the one remembered is refused", async () => {
	const { gateway } = here;
	const { log } = gateway;

	gateway.reset({ "a.txt": bytesOf(100) });
	await isRefused(newFolder(), /not the key remembered/, "--vkey",
		`${log.vkey.slice(0, -4)}AAA=`);
	gateway.log = new log.constructor("hostile/log");
	try {
		await isRefused(newFolder(), /does not hold/);
	} finally {
		gateway.log = log;
	}
	assert.equal(gateway.asked.length, 0, "nothing was downloaded");
	await pulled(newFolder(), "--vkey", log.vkey);
});

test("what the log does not say is not downloaded", async (t) => {
	const { gateway } = here;
	const other = sha256("other");
	const rows = [
		["a file with another hash", { listed: (name, entry) =>
			({ ...entry, lfs: { ...entry.lfs, oid: other } }) }, /lists another file/],
		["a file with another size", { listed: (name, entry) => ({ ...entry, size: 7 }) },
			/lists another file/],
		["a file too many", { logged: (payload) => ({ ...payload, files: [],
			manifest_sha256: sha256('{"files":[],"v":1}') }) },
		/lists 1 files, and the log/],
		["an entry that contradicts itself", { logged: (payload) =>
			({ ...payload, manifest_sha256: other }) }, /contradicts itself/],
		["an entry of another revision", { logged: (payload) =>
			({ ...payload, revision: "d".repeat(40) }) }, /another model or revision/],
		["an entry of another model", { logged: (payload) =>
			({ ...payload, model: "evil/other" }) }, /another model or revision/],
	];

	for (const [what, lies, why] of rows)
		await t.test(what, async () => {
			const folder = newFolder();
			gateway.reset({ "a.txt": bytesOf(100) });
			Object.assign(gateway, lies);
			await isRefused(folder, why);
			assert.deepEqual([namesIn(folder), gateway.asked.length], [[], 0]);
		});
});

test("bytes that are not those of the log get no name", async (t) => {
	const { gateway } = here;
	const rows = [
		["other bytes", (q, r, bytes) => sendFile(q, r, bytesOf(bytes.length),
			{ etag: sha256(bytes) }), /not what the revision holds/],
		["another content's tag", (q, r, bytes) => sendFile(q, r, bytes,
			{ etag: sha256("x") }), /another content/],
		["more than was asked for", (q, r, bytes) => {
			r.end(Buffer.concat([bytes, bytes]));
		}, /more than its revision lists/],
	];

	for (const [what, send, why] of rows)
		await t.test(what, async () => {
			const folder = newFolder();
			gateway.reset({ "a.txt": bytesOf(100000), "b.txt": bytesOf(10) });
			gateway.send = (q, r, bytes, name) =>
				name === "a.txt" ? send(q, r, bytes) : false;
			await isRefused(folder, why);
			assert.deepEqual(namesIn(folder), [], "not even the right one");
			gateway.send = () => false;
			assert.equal((await pulled(folder)).files, 2, "nothing wrong is kept");
		});
	await t.test("another range", async () => {
		gateway.reset({ "a.bin": bytesOf(LARGE) });
		gateway.send = (q, r, bytes) => {
			r.statusCode = 206;
			r.setHeader("content-range", `bytes 5-${LARGE - 1}/${LARGE}`);
			r.end(bytes.subarray(5));
		};
		await isRefused(newFolder(), /another range/);
	});
});

test("names lead out of the directory neither by themselves nor through links", async (t) => {
	const { gateway } = here;
	const outside = path.join(here.folder, "outside");

	fs.mkdirSync(outside);
	for (const name of ["../x", "/etc/x", "a/../../x", "a//x", "./x", "a\\x", "a\nx",
		".sallyport-part-0", ".sallyport-pull"])
		await t.test(JSON.stringify(name), async () => {
			gateway.reset({ [name]: bytesOf(10) });
			await isRefused(newFolder(), /cannot be written here/);
		});
	await t.test("a linked folder", async () => {
		const folder = newFolder();
		fs.mkdirSync(folder);
		fs.symlinkSync(outside, path.join(folder, "sub"));
		gateway.reset({ "sub/x": bytesOf(10) });
		await isRefused(folder, /is a link, or no folder/, "--force");
	});
	await t.test("a linked file", async () => {
		const folder = newFolder();
		fs.mkdirSync(folder);
		fs.symlinkSync(path.join(outside, "x"), path.join(folder, "x"));
		fs.writeFileSync(path.join(outside, "x"), "mine");
		gateway.reset({ x: bytesOf(10) });
		await isRefused(folder, /is a link, or no plain file/, "--force");
		assert.equal(fs.readFileSync(path.join(outside, "x"), "utf8"), "mine");
		fs.unlinkSync(path.join(outside, "x"));
	});
	await t.test("a part that is a link", async () => {
		const folder = newFolder();
		gateway.reset({ x: bytesOf(10) });
		gateway.send = (q, r) => {
			r.statusCode = 403;
			r.end();
		};
		await isRefused(folder, /403/);
		const part = fs.readdirSync(folder).find((name) => /part-[0-9a-f]+$/.test(name));
		fs.unlinkSync(path.join(folder, part));
		fs.symlinkSync(path.join(outside, "y"), path.join(folder, part));
		gateway.send = () => false;
		await isRefused(folder, /cannot be written/);
	});
	assert.deepEqual(fs.readdirSync(outside), []);
});

test("a file that nobody pulled is not replaced, one that was pulled is", async () => {
	const { gateway } = here;
	const folder = newFolder();

	gateway.reset({ "config.json": Buffer.from("theirs"), "b.txt": bytesOf(10) });
	fs.mkdirSync(folder);
	fs.writeFileSync(path.join(folder, "config.json"), "mine, and precious");
	await isRefused(folder, /"config.json".*--force/);
	assert.equal(gateway.asked.length, 0);
	assert.equal(fs.readFileSync(path.join(folder, "config.json"), "utf8"),
		"mine, and precious");
	await pulled(folder, "--force");
	gateway.files = { "config.json": Buffer.from("next"), "b.txt": gateway.files["b.txt"] };
	assert.equal((await pulled(folder)).fetched, 1, "its own is replaced");
	fs.appendFileSync(path.join(folder, "config.json"), " and edited");
	gateway.files = { ...gateway.files, "config.json": Buffer.from("third") };
	await isRefused(folder, /"config.json".*--force/);
});

test("a file that is right already is kept, whoever put it there", async () => {
	const folder = newFolder();

	here.gateway.reset({ "a.txt": bytesOf(1000), "b.txt": bytesOf(10) });
	fs.mkdirSync(folder);
	fs.writeFileSync(path.join(folder, "a.txt"), here.gateway.files["a.txt"]);
	const done = await pulled(folder);
	assert.deepEqual([done.files, done.fetched, done.bytes], [2, 1, 10]);
});

test("files are chosen by patterns", async () => {
	const folder = newFolder();

	here.gateway.reset({ "a.json": bytesOf(1), "sub/b.json": bytesOf(1), "c.bin": bytesOf(1),
		"sub/d.json": bytesOf(1) });
	const done = await pulled(folder, "--include", "*.json", "--exclude", "sub/d*");
	assert.deepEqual([done.files, done.left_out], [2, 2]);
	assert.deepEqual(namesIn(folder).sort(), ["a.json", "sub"]);
	await isRefused(newFolder(), /none of the revision's 4 files/, "--include", "*.md");
});

test("what is put off or cut off is asked for again, from where it broke", async () => {
	const { gateway } = here;
	const folder = newFolder();
	let answers = 0;

	gateway.reset({ "a.bin": bytesOf(LARGE) });
	gateway.send = (q, r, bytes) => {
		answers++;
		if (answers === 1) {
			r.statusCode = 503;
			return r.end();
		}
		if (answers === 2) {
			r.statusCode = 429;
			r.setHeader("retry-after", "1");
			return r.end();
		}
		return sendFile(q, r, bytes, { most: answers < 6 ? 10 << 20 : Infinity });
	};
	const done = await pulled(folder);
	assert.ok(done.retries >= 4, `${done.retries} retries`);
	assert.equal(sha256(fs.readFileSync(path.join(folder, "a.bin"))),
		sha256(gateway.files["a.bin"]));
	const ranges = gateway.asked.map((one) => Number(/=(\d+)-/.exec(one.range)[1]));
	assert.ok(ranges.some((from) => from % (64 << 20) !== 0), "none went on in the middle");
	assert.ok(done.bytes < LARGE + (8 << 20), `${done.bytes} bytes came`);
});

test("a refusal in the middle says why, and what came is kept", async () => {
	const { gateway } = here;
	const folder = newFolder();
	let isRevoked = false;

	gateway.reset({ "a.bin": bytesOf(LARGE) });
	gateway.send = (q, r, bytes) => {
		if (!isRevoked) {
			isRevoked = true;
			return sendFile(q, r, bytes, { most: 20 << 20 });
		}
		r.statusCode = 403;
		r.setHeader("x-error-code", "LICENSE_REVOKED");
		return r.end(JSON.stringify({ error: "the license was revoked: terms broken" }));
	};
	await isRefused(folder, /LICENSE_REVOKED: the license was revoked: terms broken/,
		"--jobs", "1");
	gateway.send = () => false;
	const done = await pulled(folder);
	assert.ok(done.bytes <= LARGE - (18 << 20), `${done.bytes} bytes came again`);
});

test("a gateway that stays away is given up, with its last word", async () => {
	here.gateway.reset({ "a.txt": bytesOf(100) });
	here.gateway.send = (q, r) => {
		q.socket.destroy();
	};
	const done = await isRefused(newFolder(), /broke off.*given up after 10 tries/);
	assert.ok(here.gateway.asked.length >= 10, done.stderr);
});

test("Ctrl-C leaves what came, and says how to go on", async () => {
	const { gateway } = here;
	const folder = newFolder();

	gateway.reset({ "a.bin": bytesOf(LARGE) });
	gateway.send = (q, r, bytes) => {
		r.setHeader("etag", `"${sha256(bytes)}"`);
		const [, first, last] = /=(\d+)-(\d+)/.exec(q.headers.range);
		r.writeHead(206, { "content-range": `bytes ${first}-${last}/${bytes.length}` });
		r.write(bytes.subarray(Number(first), Number(first) + (4 << 20)));
	};
	const { child, done } = pullStarted(folder);
	await until("a map", 30, () => {
		const name = fs.readdirSync(folder).find((one) => one.endsWith(".map"));
		return fs.readFileSync(path.join(folder, name)).readBigUInt64BE(64) >= 3n << 20n;
	});
	child.kill("SIGINT");
	const said = await done;
	assert.equal(said.code, 1);
	assert.match(said.stderr, /interrupted; what came is kept.*sallyport pull evil\/model/);
	gateway.send = () => false;
	const rest = await pulled(folder);
	assert.ok(rest.bytes <= LARGE - (3 << 20), `${rest.bytes} bytes came again`);
});

test("a map that is damaged counts as none", async () => {
	const { gateway } = here;
	const folder = newFolder();

	gateway.reset({ "a.bin": bytesOf(LARGE) });
	gateway.send = (q, r, bytes) => {
		gateway.send = (q2, r2) => {
			r2.statusCode = 403;
			r2.end();
		};
		return sendFile(q, r, bytes, { most: 8 << 20 });
	};
	await isRefused(folder, /403/, "--jobs", "1");
	const name = fs.readdirSync(folder).find((one) => one.endsWith(".map"));
	fs.truncateSync(path.join(folder, name), 70);
	gateway.send = () => false;
	assert.equal((await pulled(folder)).bytes, LARGE);
});

test("a disk without room is noticed before, and one that fills leaves what came", async (t) => {
	const { gateway } = here;
	const disk = path.join(here.folder, "disk");

	fs.mkdirSync(disk);
	try {
		execFileSync("mount", ["-t", "tmpfs", "-o", "size=48m", "tmpfs", disk],
			{ stdio: "ignore" });
	} catch {
		return t.skip("no small file system can be mounted here");
	}
	t.after(() => execFileSync("umount", ["-l", disk]));
	gateway.reset({ "a.bin": bytesOf(60 << 20) });
	await isRefused(path.join(disk, "out"), /still to come, and .* has room for/);
	assert.equal(gateway.asked.length, 0);
	gateway.reset({ "a.bin": bytesOf(40 << 20) });
	gateway.send = (q, r, bytes) => {
		fs.writeFileSync(path.join(disk, "other"), bytesOf(20 << 20));
		return sendFile(q, r, bytes);
	};
	await isRefused(path.join(disk, "out"), /No space left.*what came is kept, pull again/);
	assert.deepEqual(namesIn(path.join(disk, "out")), []);
	fs.unlinkSync(path.join(disk, "other"));
	gateway.send = () => false;
	assert.ok((await pulled(path.join(disk, "out"))).bytes < 30 << 20);
	return undefined;
});
