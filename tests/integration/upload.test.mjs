// SPDX-License-Identifier: Apache-2.0
// Files that come in parts: in any order, at once, over the death of any process; whole or not at
// all. And what a client may not send.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import https from "node:https";
import path from "node:path";
import test from "node:test";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { addPerson, commit, createModel, freshName, sha256 } from "./people.mjs";

const RECOVERY_SECONDS = 30;
const PART = 64 << 20;
const here = gatewayForThisFile();

/** Bytes that no two tests share. */
const fresh = (size) => {
	const block = crypto.randomBytes(1 << 20);
	const bytes = Buffer.alloc(size);
	for (let at = 0; at < size; at += block.length) {
		block.writeUInt32LE(at, 0);
		block.copy(bytes, at);
	}
	return bytes;
};

async function freshModel() {
	const model = `tests/${freshName("up")}`;
	await createModel(here.gateway, model, { gate: "no" });
	return model;
}

/** What the batch answers for these bytes: {href, header, parts: [{number, href, bytes}]}. */
async function begin(model, bytes, oid = sha256(bytes)) {
	const answer = await expect(
		200,
		here.gateway,
		"POST",
		`/${model}.git/info/lfs/objects/batch`,
		{
			token: here.gateway.tokens.admin,
			headers: { "content-type": "application/vnd.git-lfs+json" },
			body: {
				operation: "upload",
				transfers: ["basic", "multipart"],
				hash_algo: "sha_256",
				objects: [{ oid, size: bytes.length }],
			},
		},
	);
	const upload = answer.json.objects[0].actions?.upload;
	if (!upload) return { transfer: answer.json.transfer };
	const size = Number(upload.header?.chunk_size ?? 0);
	const parts = Object.keys(upload.header ?? {})
		.filter((key) => /^[0-9]+$/.test(key))
		.map((key) => ({
			number: Number(key),
			href: upload.header[key],
			bytes: bytes.subarray((key - 1) * size, key * size),
		}));
	return { transfer: answer.json.transfer, oid, href: upload.href, size, parts };
}

const put = (part, body = part.bytes) => ask(here.gateway, "PUT", part.href, { body });

async function send(part) {
	const answer = await put(part);
	assert.equal(answer.status, 200, answer.text);
	assert.equal(answer.headers.etag, `"${sha256(part.bytes)}"`);
	return { partNumber: part.number, etag: answer.headers.etag };
}

const complete = (upload, parts, oid = upload.oid) =>
	ask(here.gateway, "POST", upload.href, { body: { oid, parts } });

async function assertServed(model, name, bytes, revision = "main") {
	const file = await expect(
		200,
		here.gateway,
		"GET",
		`/${model}/resolve/${encodeURIComponent(revision)}/${name}`,
		{ token: here.gateway.tokens.stranger },
	);
	assert.equal(sha256(file.body), sha256(bytes));
}

/** The names of all sealed files in the store, and of those half written. */
function stored() {
	const store = path.join(here.gateway.dir, "store");
	return fs
		.readdirSync(store)
		.flatMap((folder) =>
			fs
				.readdirSync(path.join(store, folder))
				.map((name) => `${folder}/${name}`),
		);
}

const halfWritten = () => stored().filter((name) => name.startsWith("tmp/"));

/** Kill all processes of a kind; resolves when as many others are there. */
async function killAll(command) {
	const before = here.gateway.processesNamed(command);
	for (const one of before) process.kill(one.id, "SIGKILL");
	await until(`another ${command}`, RECOVERY_SECONDS, () => {
		const now = here.gateway.processesNamed(command);
		return (
			now.length === before.length &&
			now.every((one) => !before.some((old) => old.id === one.id))
		);
	});
	await until("the gateway to be ready", RECOVERY_SECONDS, async () => {
		const answer = await ask(here.gateway, "GET", "/readyz");
		return answer.status === 200;
	});
}

/** Until the answer has this status: a process that was killed is not back at once. */
const again = (status, request) =>
	until(`an answer ${status}`, RECOVERY_SECONDS, async () => {
		const answer = await request();
		if (answer.status === status) return answer;
		throw new Error(`${answer.status} ${answer.text}`);
	});

test("a file of several parts comes in any order and at once, and goes out the same", async () => {
	const bytes = fresh(2 * PART + 12345);
	const model = await freshModel();
	const before = stored().length;
	const upload = await begin(model, bytes);

	assert.equal(upload.transfer, "multipart");
	assert.equal(upload.size, PART);
	assert.equal(upload.parts.length, 3);
	const done = await Promise.all([...upload.parts].reverse().map(send));
	const answer = await complete(upload, done);
	assert.equal(answer.status, 200, answer.text);
	assert.equal(stored().length, before + 1, "the parts are gone, the whole is there");
	const made = await commit(here.gateway, model, { "big.bin": bytes }, ["big.bin"]);
	assert.equal(made.status, 200, made.text);
	await assertServed(model, "big.bin", bytes);

	// What is whole is whole: asked again, completed again, not stored again.
	assert.equal((await begin(model, bytes)).parts, undefined);
	assert.equal((await complete(upload, done)).status, 200);
	assert.equal((await put(upload.parts[2])).status, 409);
	assert.equal(stored().length, before + 1);
});

test("a small file is sent whole, also to a client that knows parts", async () => {
	const bytes = fresh(100000);
	const model = await freshModel();
	const before = stored().length;
	const upload = await begin(model, bytes);

	assert.equal(upload.transfer, "basic");
	assert.deepEqual(upload.parts, []);
	for (let i = 0; i < 2; i++)
		assert.equal((await put({ href: upload.href, bytes })).status, 200);
	assert.equal(stored().length, before + 1, "an address stores one file");
});

test("an upload goes on after porters, then the edge, were killed in its midst", async () => {
	const bytes = fresh(2 * PART + 100);
	const model = await freshModel();
	const upload = await begin(model, bytes);

	const first = await send(upload.parts[1]);
	await killAll("sallyport-porter");
	const third = await again(200, () => put(upload.parts[2]));
	await killAll("sallyport-edge");
	const { next } = await again(200, async () => ({
		status: 200,
		next: await begin(model, bytes),
	}));
	assert.equal(next.parts.length, 3, "clients count the addresses");
	const looks = await Promise.all(
		next.parts.map((part) => ask(here.gateway, "HEAD", part.href)),
	);
	assert.deepEqual(
		looks.map((look) => look.status),
		[404, 200, 200],
	);
	assert.equal(looks[1].headers.etag, first.etag);
	const done = [
		await send(next.parts[0]),
		first,
		{ partNumber: 3, etag: third.headers.etag },
	];
	const answer = await complete(next, done);
	assert.equal(answer.status, 200, answer.text);
	assert.equal(
		(await commit(here.gateway, model, { "big.bin": bytes }, ["big.bin"])).status,
		200,
	);
	await assertServed(model, "big.bin", bytes);
	const { events } = (
		await expect(200, here.gateway, "GET", "/api/v1/audit/events?kind=key.resume", {
			token: here.gateway.tokens.auditor,
		})
	).json;
	assert.ok(events.length >= 1, "who got the key again stands in the log");
});

test("porters killed in a seal and in a join leave an upload that goes on", async () => {
	const bytes = fresh(2 * PART + 5);
	const model = await freshModel();
	const before = stored().length;
	const upload = await begin(model, bytes);
	const [one, two, three] = upload.parts;

	// Half a part is written when its porter dies.
	await new Promise((resolve, reject) => {
		const request = https.request(one.href, {
			method: "PUT",
			ca: here.gateway.ca,
			headers: { "content-length": one.bytes.length },
		});
		request.on("error", () => resolve());
		request.on("response", (response) => {
			if (response.statusCode === 200)
				reject(new Error("half a part was taken"));
			response.resume();
			resolve();
		});
		request.write(one.bytes.subarray(0, PART / 2));
		until("a part to be half written", 20, () => halfWritten().length > 0)
			.then(() => killAll("sallyport-porter"))
			.then(() => request.destroy())
			.catch(reject);
	});
	await until("what was half written to be swept", 20, () => halfWritten().length === 0);
	const done = [];
	for (const part of [one, two, three]) {
		const answer = await again(200, () => put(part));
		done.push({ partNumber: part.number, etag: answer.headers.etag });
	}
	const joining = complete(upload, done).catch((error) => error);
	await until("the join to begin", 20, () => halfWritten().length > 0).catch(() => {});
	await killAll("sallyport-porter");
	const cut = await joining;
	assert.ok(cut instanceof Error || [200, 503].includes(cut.status), cut.text);
	await again(200, () => complete(upload, done));
	assert.equal(
		(await commit(here.gateway, model, { "big.bin": bytes }, ["big.bin"])).status,
		200,
	);
	await assertServed(model, "big.bin", bytes);
	const left = stored().length - before;
	assert.ok(
		left >= 1 && left <= 3,
		`${left} files: the whole, and what the sweep will find`,
	);
});

test("a part that is sent again replaces the one before, and other bytes are found", async () => {
	const bytes = fresh(PART + 1000);
	const model = await freshModel();
	const before = stored().length;
	const upload = await begin(model, bytes);
	const first = await send(upload.parts[0]);
	const wrong = await put(upload.parts[1], Buffer.alloc(1000, 7));

	assert.equal(wrong.status, 200);
	const last = await send(upload.parts[1]);
	assert.equal(stored().length, before + 2, "the replaced part is gone");
	const stale = await complete(upload, [
		first,
		{ partNumber: 2, etag: wrong.headers.etag },
	]);
	assert.equal(stale.status, 400);
	assert.match(stale.json.error, /part 2 has another etag/);
	assert.equal((await complete(upload, [first, last])).status, 200);
});

test("parts that are not the whole that was promised leave nothing", async () => {
	const bytes = fresh(PART + 1000);
	const model = await freshModel();
	const before = stored().length;
	const upload = await begin(model, bytes, sha256(Buffer.from("something else")));
	const done = [];
	for (const part of upload.parts) done.push(await send(part));

	const answer = await complete(upload, done);
	assert.equal(answer.status, 400, answer.text);
	assert.match(answer.json.error, /SHA-256/);
	assert.equal(stored().length, before);
	const refused = await commit(here.gateway, model, { "a.bin": bytes }, ["a.bin"]);
	assert.equal(refused.status, 400);
	assert.equal((await complete(upload, done)).status, 404, "there is no such upload now");
});

test("a completion names every part once, with its etag", async () => {
	const bytes = fresh(PART + 1000);
	const upload = await begin(await freshModel(), bytes);
	const first = await send(upload.parts[0]);
	const early = await complete(upload, [first]);
	assert.equal(early.status, 400);
	assert.match(early.json.error, /part 2 has not come/);
	const second = await send(upload.parts[1]);

	for (const [parts, reason] of [
		[[first], /1 parts are named, there are 2/],
		[[first, first], /part 1 is named twice/],
		[[first, { ...second, partNumber: 3 }], /there is no part 3/],
		[[first, { ...second, partNumber: 0 }], /there is no part 0/],
		[[first, { ...second, etag: "x" }], /part 2 has another etag/],
		[[first, { partNumber: 2 }], /etag/],
		["all", /parts/],
	]) {
		const answer = await complete(upload, parts);
		assert.equal(answer.status, 400, answer.text);
		assert.match(answer.json.error, reason);
	}
	const other = await complete(upload, [first, second], sha256(Buffer.from("other")));
	assert.match(other.json.error, /another "oid"/);
	const bare = { ...second, etag: second.etag.replaceAll('"', "") };
	assert.equal((await complete(upload, [bare, first])).status, 200);
});

test("an address is good for what it was made for", async () => {
	const bytes = fresh(PART + 1000);
	const upload = await begin(await freshModel(), bytes);
	const [one, two] = upload.parts;
	const at = two.href.length - 30;
	const other = two.href[at] === "A" ? "B" : "A";
	const forged = two.href.slice(0, at) + other + two.href.slice(at + 1);

	assert.equal((await put({ href: forged, bytes: two.bytes })).status, 401);
	assert.equal((await put({ href: upload.href, bytes: two.bytes })).status, 400);
	assert.equal((await put(two, two.bytes.subarray(1))).status, 400);
	assert.equal((await put(two, Buffer.concat([two.bytes, two.bytes]))).status, 400);
	assert.equal((await put(one, two.bytes)).status, 400, "the size of another part");
	const body = { oid: upload.oid, parts: [] };
	assert.equal((await ask(here.gateway, "POST", two.href, { body })).status, 400);
	assert.equal((await ask(here.gateway, "HEAD", upload.href)).status, 400);
	assert.equal((await ask(here.gateway, "HEAD", two.href)).status, 404);

	const someone = await addPerson(here.gateway, ["models:manage"]);
	const answer = await ask(here.gateway, "POST", "/tests/none.git/info/lfs/objects/batch", {
		token: someone.token,
		body: { objects: [{ oid: upload.oid, size: 1 }] },
	});
	assert.equal(answer.status, 404);
});

test("more or fewer bytes than declared, in chunks too, are no part", async () => {
	const bytes = fresh(PART + 1000);
	const upload = await begin(await freshModel(), bytes);
	const two = upload.parts[1];
	const before = stored().length;
	const chunked = (body) =>
		new Promise((resolve, reject) => {
			const request = https.request(two.href, {
				method: "PUT",
				ca: here.gateway.ca,
				headers: { "transfer-encoding": "chunked" },
			});
			request.on("error", reject);
			request.on("response", (response) => {
				response.resume();
				response.on("end", () => resolve(response.statusCode));
			});
			request.end(body);
		});

	assert.equal(await chunked(two.bytes.subarray(1)), 400);
	assert.equal(await chunked(Buffer.concat([two.bytes, Buffer.from("x")])), 400);
	assert.equal(stored().length, before);
	assert.equal(await chunked(two.bytes), 200);
});

test("a client that goes in the midst of a part leaves nothing, many times over", async () => {
	const bytes = fresh(2 * PART);
	const model = await freshModel();
	const upload = await begin(model, bytes);
	const before = stored().length;
	const leave = (part) =>
		new Promise((resolve) => {
			const request = https.request(part.href, {
				method: "PUT",
				ca: here.gateway.ca,
				agent: false,
				headers: { "content-length": part.bytes.length },
			});
			request.on("error", resolve);
			request.on("close", resolve);
			request.write(part.bytes.subarray(0, 1 << 20), () => request.destroy());
		});

	for (let round = 0; round < 5; round++)
		await Promise.all(
			Array.from({ length: 16 }, () => leave(upload.parts[round % 2])),
		);
	await until("their places to be free", 20, () => stored().length === before);
	const done = await Promise.all(upload.parts.map(send));
	assert.equal((await complete(upload, done)).status, 200);
});

test("what came of a file in parts goes with its model", async () => {
	const bytes = fresh(PART + 1000);
	const model = await freshModel();
	const before = stored().length;
	const upload = await begin(model, bytes);
	const first = await send(upload.parts[0]);

	assert.equal(stored().length, before + 1);
	await expect(200, here.gateway, "POST", `/api/v1/models/${model}/shred`, {
		token: here.gateway.tokens.admin,
		body: { reason: "it should not have been begun" },
	});
	assert.equal(stored().length, before);
	for (const answer of [await complete(upload, [first]), await put(upload.parts[1])]) {
		assert.equal(answer.status, 403, answer.text);
		assert.match(answer.json.error, /takes no files/);
	}
	assert.equal(stored().length, before);
});

test("an upload that nobody goes on with is swept, one that is touched is not", async (t) => {
	const psql = (sql) => spawnSync("psql", ["-qAt", "-c", sql, here.gateway.psql]);
	if (psql("SELECT 1").status !== 0) return t.skip("psql is not there");
	const bytes = fresh(PART + 1000);
	const model = await freshModel();
	const before = stored().length;
	const upload = await begin(model, bytes);
	await send(upload.parts[0]);
	const aged =
		"UPDATE sallyport.upload SET touched_at = touched_at - interval '2 days' " +
		`WHERE model = (SELECT id FROM sallyport.model WHERE name = '${model}')`;
	const sweep = async () => {
		await killAll("sallyport-edge"); // the next one looks at its first batch
		return again(200, async () => ({ status: 200, next: await begin(model, bytes) }));
	};

	await sweep();
	assert.equal(stored().length, before + 1, "a fresh one stays");
	assert.equal(psql(aged).status, 0);
	const { next } = await sweep();
	await until("its part to be gone", 20, async () => {
		await begin(model, bytes); // a porter may have been away: the next one looks again
		return stored().length === before;
	});
	assert.equal((await ask(here.gateway, "HEAD", next.parts[0].href)).status, 404);
});

test("an edge killed in a commit leaves the branch as it was, or as it shall be", async () => {
	const { gateway } = here;
	const model = await freshModel();
	const first = await commit(gateway, model, { "a.txt": Buffer.from("a") });
	assert.equal(first.status, 200, first.text);
	const files = (round) =>
		Object.fromEntries(
			Array.from({ length: 40 }, (_, i) => [
				`${i}.txt`,
				Buffer.from(`${round} ${i}`),
			]),
		);
	const look = async () => {
		const info = await again(200, () => ask(gateway, "GET", `/api/models/${model}`));
		const tree = await expect(200, gateway, "GET", `/api/models/${model}/tree/main`);
		return { head: info.json.sha, count: tree.json.length };
	};
	let now = await look();

	for (let round = 0; round < 4; round++) {
		const entries = stored().length;
		const committing = commit(gateway, model, files(round)).catch((error) => error);
		// Somewhere in the midst: after some of the forty files were sealed.
		await until(
			"some files to be sealed",
			20,
			() => stored().length > entries + round * 10,
		);
		await killAll("sallyport-edge");
		const answer = await committing;
		const then = await look();
		if (answer.status === 200) assert.equal(then.head, answer.json.commitOid);
		assert.ok(
			then.head === now.head || then.count === 41,
			JSON.stringify({ now, then }),
		);
		if (then.head === now.head) assert.deepEqual(then, now);
		now = then;
	}
	const last = await again(200, () => commit(gateway, model, files("last")));
	assert.deepEqual(await look(), { head: last.json.commitOid, count: 41 });
});
