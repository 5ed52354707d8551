// SPDX-License-Identifier: Apache-2.0
// The disk fills while files come in: the client is told so, nothing is left, and the next upload
// works once there is room. The store lies on a small tmpfs, which only root can mount.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { Database } from "./database.mjs";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { commit, createModel, freshName, importFiles, sha256, uploadAddress } from "./people.mjs";

const MIB = 1 << 20;
const PART = 64 * MIB;
const ROOM = 200 * MIB;
const run = (...words) => spawnSync(words[0], words.slice(1), { stdio: "ignore" }).status === 0;

/** Serve again, with a store that can be filled. False: it cannot be mounted here. */
async function shrink(gateway) {
	const store = path.join(gateway.dir, "store");
	const aside = path.join(gateway.folder, "aside");
	const database = new Database(gateway);

	await gateway.stopChild();
	await database.stop();
	fs.renameSync(store, aside);
	fs.mkdirSync(store);
	const mounted = run("mount", "-t", "tmpfs", "-o", `size=${ROOM}`, "tmpfs", store);
	gateway.atStop = async () => {
		await database.stop();
		if (mounted) run("umount", store);
	};
	run("cp", "-a", `${aside}/.`, store);
	run("chown", "--reference", aside, store);
	run("chmod", "--reference", aside, store);
	fs.rmSync(aside, { recursive: true });
	await database.start();
	gateway.serve();
	await until("the gateway to serve again", 60, async () => {
		const answer = await ask(gateway, "GET", "/readyz");
		return answer.status === 200;
	});
	return mounted;
}

const here = gatewayForThisFile(async (gateway, holder) => {
	holder.isSmall = await shrink(gateway);
});

const storeFolder = () => path.join(here.gateway.dir, "store");
const stored = () =>
	fs
		.readdirSync(storeFolder(), { withFileTypes: true })
		.filter((entry) => entry.isDirectory())
		.flatMap((entry) => fs.readdirSync(path.join(storeFolder(), entry.name)));

/** Leave this many bytes free; returns what makes the room again. */
function fill(left) {
	const junk = path.join(storeFolder(), "junk");
	const { bavail, bsize } = fs.statfsSync(storeFolder());
	fs.writeFileSync(junk, Buffer.alloc(Math.max(0, bavail * bsize - left)));
	return () => fs.rmSync(junk);
}

async function freshModel() {
	const model = `tests/${freshName("full")}`;
	await createModel(here.gateway, model, { gate: "no" });
	return model;
}

const skipped = (t) => {
	if (!here.isSmall) t.skip("a tmpfs cannot be mounted here");
	return !here.isSmall;
};

function assertNoRoom(answer) {
	assert.equal(answer.status, 507, answer.text);
	assert.match(answer.json.error, /no room.*INSUFFICIENT_STORAGE/s);
}

test("a file that does not fit is refused, and nothing of it is left", async (t) => {
	if (skipped(t)) return;
	const bytes = crypto.randomBytes(24 * MIB);
	const model = await freshModel();
	const before = stored();
	const href = await uploadAddress(here.gateway, model, sha256(bytes), bytes.length);
	const empty = fill(8 * MIB);

	assertNoRoom(await ask(here.gateway, "PUT", href, { body: bytes }));
	assert.deepEqual(stored(), before);
	empty();
	await expect(200, here.gateway, "PUT", href, { body: bytes });
	const made = await commit(here.gateway, model, { "a.bin": bytes }, ["a.bin"]);
	assert.equal(made.status, 200, made.text);
});

test("a commit that does not fit leaves the branch as it was", async (t) => {
	if (skipped(t)) return;
	const model = `tests/${freshName("full")}`;
	const made = await importFiles(
		here.gateway,
		model,
		{ "a.txt": Buffer.from("a") },
		{ gate: "no" },
	);
	const empty = fill(256 * 1024);
	const files = { "b.bin": crypto.randomBytes(900 * 1024), "c.txt": Buffer.from("c") };

	assertNoRoom(await commit(here.gateway, model, files));
	const info = await expect(200, here.gateway, "GET", `/api/models/${model}`);
	assert.equal(info.json.sha, made.commitOid);
	empty();
	assert.equal((await commit(here.gateway, model, files)).status, 200);
});

test("parts wait for room, for themselves and for the whole", async (t) => {
	if (skipped(t)) return;
	const bytes = crypto.randomBytes(PART + 8 * MIB);
	const model = await freshModel();
	const batch = await expect(
		200,
		here.gateway,
		"POST",
		`/${model}.git/info/lfs/objects/batch`,
		{
			token: here.gateway.tokens.admin,
			body: {
				transfers: ["basic", "multipart"],
				objects: [{ oid: sha256(bytes), size: bytes.length }],
			},
		},
	);
	const { href, header } = batch.json.objects[0].actions.upload;
	const put = (number) =>
		ask(here.gateway, "PUT", header[number], {
			body: bytes.subarray((number - 1) * PART, number * PART),
		});
	const before = stored();
	const empty = fill(PART + 4 * MIB);
	const done = [{ partNumber: 1, etag: (await put(1)).headers.etag }];

	assertNoRoom(await put(2));
	assert.equal(stored().length, before.length + 1, "the first part stays");
	empty();
	done.push({ partNumber: 2, etag: (await put(2)).headers.etag });
	const again = fill(PART / 2);
	const complete = () =>
		ask(here.gateway, "POST", href, { body: { oid: sha256(bytes), parts: done } });
	assertNoRoom(await complete());
	assert.equal(stored().length, before.length + 2, "the parts stay, nothing of the whole");
	again();
	assert.equal((await complete()).status, 200);
	assert.equal(stored().length, before.length + 1);
});
