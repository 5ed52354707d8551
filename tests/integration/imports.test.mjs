// SPDX-License-Identifier: Apache-2.0
// Imports from a hub that has bad days: what is fetched again, what is not, and how much at a time.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import zlib from "node:zlib";
import test, { after, before } from "node:test";
import { gitHash, sendFile, sha256 } from "./hostile.mjs";
import { ask, expect } from "./http.mjs";
import { configure, here, importOf, isRefused, restartEdge, setUp, tearDown, tokenFile, usual } from
	"./import_scene.mjs";
import { freshName } from "./people.mjs";

before(async () => {
	await setUp({ upstream: false });
	await configure(usual());
});
after(() => tearDown());

const large = (path, bytes) => ({ type: "file", path, size: bytes.length, oid: "0".repeat(40),
	lfs: { oid: sha256(bytes), size: bytes.length } });
const small = (path, bytes) => ({ type: "file", path, size: bytes.length, oid: gitHash(bytes) });

/** A model of several files at the bad hub; `send` may answer for one of them instead. */
function offer(name, files, send = () => false) {
	const tree = Object.entries(files).map(([path, bytes]) =>
		bytes.length > 1000 ? large(path, bytes) : small(path, bytes));

	here.bad.models[name] = {
		tree,
		send(request, response) {
			const path = decodeURIComponent(request.url)
				.replace(/^.*\/resolve\/[^/]+\//, "");
			if (send(request, response, files[path], path) !== false) return undefined;
			return sendFile(request, response, files[path]);
		},
	};
	return `${here.bad.url}/bad/${name}`;
}

async function imported(source, name, ...words) {
	const done = await importOf(source, name, "--json", ...words);
	assert.equal(done.code, 0, done.stderr);
	return JSON.parse(done.stdout);
}

const asked = (part) => here.bad.asked.filter((one) => one.url.includes(part));

test("a host's bad moments are waited for, and counted", async (t) => {
	const bytes = crypto.randomBytes(1 << 20);
	const moments = [
		["busy", (q, r) => { r.statusCode = 503; r.end(); }],
		["enough", (q, r) => { r.writeHead(429, { "retry-after": "1" }); r.end(); }],
		["gone", (q) => { q.socket.destroy(); }],
		["halfway", (q, r) => sendFile(q, r, bytes, { most: 300000 })],
	];

	for (const [name, bad] of moments)
		await t.test(name, async () => {
			let times = 0;
			const source = offer(`moment-${name}`, { "w.bin": bytes },
				(q, r) => (times++ < 2 ? bad(q, r) !== false : false));
			await imported(source);
			assert.equal(times, 3);
		});
	await t.test("for ever", async () => {
		const source = offer("moment-forever", { "w.bin": bytes },
			(q, r) => { r.statusCode = 500; r.end(); return true; });
		here.bad.asked.length = 0;
		await isRefused(source, /answers 500/);
		assert.equal(asked("/resolve/").length, 4);
	});
	await t.test("of its listing", async () => {
		let times = 0;
		const source = offer("moment-listing", { "w.bin": bytes });
		here.bad.models["moment-listing"].first = (q, r) => {
			if (times++ > 0) return false;
			r.statusCode = 502;
			r.end();
			return true;
		};
		await imported(source);
	});
});

test("a transfer goes on with a range of the same content, or passes over what it has",
	async (t) => {
		const bytes = crypto.randomBytes(2 << 20);

		await t.test("If-Range names what came first", async () => {
			const conditions = [];
			const source = offer("resume-tag", { "w.bin": bytes }, (q, r) => {
				conditions.push(q.headers["if-range"]);
				return conditions.length > 1 ? false
					: sendFile(q, r, bytes, { most: 700000 });
			});
			await imported(source);
			assert.deepEqual(conditions, [undefined, `"${sha256(bytes)}"`]);
		});
		await t.test("a host without ranges", async () => {
			let times = 0;
			const source = offer("resume-whole", { "w.bin": bytes }, (q, r) => {
				if (times++ === 0) return sendFile(q, r, bytes, { most: 700000 });
				delete q.headers.range;
				return false;
			});
			await imported(source);
			assert.equal(times, 2);
		});
		await t.test("a file that changes meanwhile", async () => {
			let times = 0;
			const source = offer("resume-changed", { "w.bin": bytes }, (q, r) =>
				sendFile(q, r, bytes, { most: 700000, etag: `tag${times++}` }));
			await isRefused(source, /changed while it was fetched/);
		});
		await t.test("another range than was asked for", async () => {
			let times = 0;
			const source = offer("resume-range", { "w.bin": bytes }, (q, r) => {
				if (times++ === 0) return sendFile(q, r, bytes, { most: 700000 });
				r.writeHead(206, {
					"content-range": `bytes 5-${bytes.length - 1}/*` });
				r.end(bytes.subarray(5));
				return true;
			});
			await isRefused(source, /another range/);
		});
	});

test("several files come at a time, and not too many", async () => {
	const files = Object.fromEntries(Array.from({ length: 9 }, (_, i) =>
		[`w${i}.bin`, crypto.randomBytes(200000)]));
	const held = [];
	let most = 0;
	const source = offer("many", files, (request, response, bytes) => {
		held.push(() => sendFile(request, response, bytes));
		most = Math.max(most, held.length);
		/* Nothing is sent until four are asked for, or no more will be. */
		if (held.length === 4 || asked("/many/resolve").length === 9)
			held.splice(0).forEach((send) => send());
		return true;
	});
	const told = await imported(source);
	assert.equal(most, 4);
	assert.deepEqual([told.files, told.sent, told.fetched], [9, 9, 9 * 200000]);
});

test("what is here already is not fetched, and the same again makes no revision", async () => {
	const files = { "config.json": Buffer.from("{}"), "README.md": Buffer.from("# one\n"),
		"w.bin": crypto.randomBytes(300000), "v.bin": crypto.randomBytes(300000) };
	const name = freshName("tests/again");
	const first = await imported(offer("again", files), name);
	here.bad.asked.length = 0;
	const again = await imported(`${here.bad.url}/bad/again`, name);
	assert.deepEqual([again.revision, again.unchanged, again.sent], [first.revision, true, 0]);
	assert.equal(asked("/resolve/").length, 0);
	const next = { ...files, "README.md": Buffer.from("# two\n"),
		"v.bin": crypto.randomBytes(2000) };
	delete next["config.json"];
	const done = await importOf(offer("again", next), name);
	assert.equal(done.code, 0, done.stderr);
	assert.match(done.stderr, /importing tests\/again\S*: w\.bin, is here already/);
	assert.match(done.stdout, /2 files fetched.*1 were here already/);
	assert.deepEqual(asked("/resolve/").map((one) => one.url.split("/").at(-1)).sort(),
		["README.md", "v.bin"]);
	const tree = await expect(200, here.gateway, "GET", `/api/models/${name}/tree/main`,
		{ token: here.gateway.tokens.stranger });
	assert.deepEqual(tree.json.map((one) => one.path), ["README.md", "v.bin", "w.bin"]);
});

test("a model is made when it is asked for, and only once its source is good", async () => {
	const { gateway } = here;
	const source = offer("made", { "w.bin": crypto.randomBytes(5000) });
	const name = freshName("tests/made");
	const post = (body) => ask(gateway, "POST", "/api/v1/imports",
		{ token: gateway.tokens.admin, body: { source, name, ...body } });
	const look = () => ask(gateway, "GET", `/api/models/${name}`,
		{ token: gateway.tokens.admin });

	assert.match((await post({})).json.detail, /"create": true/);
	assert.equal((await post({ create: true, gate: "ajar" })).status, 400);
	assert.equal((await post({ create: true, source: `${here.bad.url}/bad/none` })).status,
		404);
	assert.equal((await look()).status, 404, "a source that is none makes no model");
	const lines = (await post({ create: true })).text.trim().split("\n").map(JSON.parse);
	assert.equal(lines[0].created, true);
	assert.ok(lines.at(-1).revision, JSON.stringify(lines.at(-1)));
	assert.equal((await look()).json.gated, "manual");
	const open = freshName("tests/open");
	await imported(source, open); // --gated no
	await expect(200, gateway, "GET", `/${open}/resolve/main/w.bin`,
		{ token: gateway.tokens.stranger });
});

test("where a model came from is in the log and in what is shown", async () => {
	const source = offer("origin", { "w.bin": crypto.randomBytes(5000) });
	const name = freshName("tests/origin");

	here.bad.models.origin.sha = "0123456789abcdef0123456789abcdef01234567";
	const told = await imported(source, name, "--revision", "v1.0");
	assert.ok(asked("/origin/revision/v1.0").length === 1);
	assert.equal(told.commit, here.bad.models.origin.sha);
	const shown = await here.gateway.cli(here.gateway.tokens.admin, "model", "show", name);
	assert.match(shown.stdout, new RegExp(`import of ${source}@${told.commit}`));
	const receipt = await expect(200, here.gateway, "GET",
		`/api/v1/models/${name}/receipt/main`, { token: here.gateway.tokens.stranger });
	assert.equal(JSON.parse(receipt.json.payload).source, `${source}@${told.commit}`);
});

test("the entry of a revision is for those who may read it", async () => {
	const { gateway } = here;
	const at = `/api/v1/models/${gateway.model}/receipt/main`;

	await expect(200, gateway, "GET", at, { token: gateway.tokens.researcher });
	await expect(403, gateway, "GET", at, { token: gateway.tokens.stranger });
	await expect(401, gateway, "GET", at, {});
	await expect(404, gateway, "GET", at.replace("main", "0".repeat(40)),
		{ token: gateway.tokens.researcher });
});

test("compressed bodies, dripping headers and inner addresses lead to nothing", async (t) => {
	const bytes = Buffer.alloc(300000);
	const packed = (q, r) => {
		r.setHeader("content-encoding", "gzip");
		r.end(zlib.gzipSync(bytes));
		return true;
	};

	await t.test("a packed file", () =>
		isRefused(offer("packed", { "w.bin": bytes }, packed), /compressed body/));
	assert.equal(asked("/packed/resolve").at(-1).encoding, "identity");
	await t.test("a packed listing", () => {
		const source = offer("packed-list", { "w.bin": bytes });
		here.bad.models["packed-list"].first = packed;
		return isRefused(source, /compressed body/);
	});
	await t.test("dripping headers", () => isRefused(offer("drip", { "w.bin": bytes }, (q) => {
		q.socket.write("HTTP/1.1 200 OK\r\n");
		const timer = setInterval(() => q.socket.write("x: y\r\n"), 200);
		q.socket.once("close", () => clearInterval(timer));
		return true;
	}), /stalled.*given up after 4 tries/));
	await t.test("endless listing", () => {
		const source = offer("endless-list", { "w.bin": bytes });
		here.bad.models["endless-list"].first = (q, r) => {
			const pour = () => { while (r.write(" ".repeat(65536))); };
			r.on("drain", pour);
			pour();
			return true;
		};
		return isRefused(source, /at most|more than/);
	});
	for (const host of ["localhost", "[::ffff:127.0.0.1]", "[::1]", "[::ffff:7f00:1]"])
		await t.test(`redirect to ${host}, a private address`, async () => {
			const to = `https://${host}:${here.bad.port}`;
			await configure([`allow = ${host}:${here.bad.port}`, "allow_private = no",
				`ca_file = ${here.authorities}`]);
			await isRefused(`${to}/bad/any`, /must not be connected to/);
		});
	await configure(usual());
});

test("a refusal carries the other side's reason", async () => {
	here.bad.models.warned = { refuse: (r) => {
		r.statusCode = 403;
		r.setHeader("x-hf-warning", "access; your license ended on 2026-01-01");
		r.end();
	} };
	await isRefused(`${here.bad.url}/bad/warned`, /your license ended on 2026-01-01/);
});

test("a token for the source comes from a file or the environment, and is kept nowhere",
	async () => {
	const source = offer("token", { "w.bin": crypto.randomBytes(5000) });
	const secret = "hf_secretOfTheSource";

	process.env.SALLYPORT_SOURCE_TOKEN = secret;
	try {
		here.bad.asked.length = 0;
		await imported(source);
	} finally {
		delete process.env.SALLYPORT_SOURCE_TOKEN;
	}
	assert.ok(here.bad.asked.every((one) => one.authorization === `Bearer ${secret}`));
	await imported(source, undefined, "--source-token-file", tokenFile(secret));
	fs.unlinkSync(`${here.gateway.folder}/source-token`);
	const events = await expect(200, here.gateway, "GET", "/api/v1/audit/events?limit=200",
		{ token: here.gateway.tokens.auditor });
	assert.ok(!events.text.includes(secret));
	assert.ok(!here.gateway.said().includes(secret), "it is in the operator's log");
});

test("what is too large is refused before it is fetched", async () => {
	const source = offer("large", { "a.bin": crypto.randomBytes(9000),
		"b.bin": crypto.randomBytes(9000) });

	here.bad.asked.length = 0;
	await configure([...usual(), "max_model_bytes = 15000"]);
	await restartEdge();
	await isRefused(source, /more than 15000 bytes together/);
	await configure([...usual(), "max_file_bytes = 8000"]);
	await restartEdge();
	await isRefused(source, /"a\.bin" has 9000 bytes; courier\.max_file_bytes is 8000/);
	assert.equal(asked("/large/resolve").length, 0);
});
