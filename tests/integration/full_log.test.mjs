// SPDX-License-Identifier: Apache-2.0
// The disk of the log's files, and then that of the database, fills under a gateway at work: what
// needs an entry is refused, the log says so out of its reserve, and when there is room again all
// goes on by itself. Both lie on small tmpfs, which only root can mount.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { Database, sql } from "./database.mjs";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";

const MIB = 1 << 20;
const run = (...words) => spawnSync(words[0], words.slice(1), { stdio: "ignore" }).status === 0;

/** The folder's files go to a tmpfs of this size in its place. */
function shrink(folder, size, undo) {
	const aside = `${folder}-aside`;

	fs.renameSync(folder, aside);
	fs.mkdirSync(folder);
	const mounted = run("mount", "-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder);
	if (mounted) undo.push(() => run("umount", folder));
	run("cp", "-a", `${aside}/.`, folder);
	run("chown", "--reference", aside, folder);
	run("chmod", "--reference", aside, folder);
	fs.rmSync(aside, { recursive: true });
	return mounted;
}

const here = gatewayForThisFile(async (gateway, holder) => {
	const database = new Database(gateway);
	const undo = [];

	holder.log = path.join(gateway.dir, "log");
	holder.data = database.folder;
	await gateway.stopChild();
	await database.stop();
	gateway.atStop = async () => {
		await database.stop();
		undo.forEach((step) => step());
	};
	holder.isSmall =
		shrink(holder.log, 40 * MIB, undo) && shrink(holder.data, 400 * MIB, undo);
	gateway.database = database;
	await database.start();
	gateway.serve();
	await until("the gateway to serve again", 60, async () => (await readyz()).status === 200);
});

const readyz = () => ask(here.gateway, "GET", "/readyz");
const skipped = (t) => {
	if (!here.isSmall) t.skip("a tmpfs cannot be mounted here");
	return !here.isSmall;
};

/** Leaves no byte free, at once, lest it takes what is let go; returns what makes room again. */
function fill(folder) {
	const junk = path.join(folder, "junk");
	const { bavail, bsize } = fs.statfsSync(folder);

	assert.ok(run("fallocate", "-l", String(bavail * bsize), junk));
	return () => fs.rmSync(junk);
}

const act = () =>
	ask(here.gateway, "POST", "/api/v1/tokens", {
		token: here.gateway.tokens.researcher,
		body: { name: "t", days: 1 },
	});
const call = () =>
	ask(here.gateway, "POST", "/v1/completions", {
		token: here.gateway.tokens.researcher,
		body: { model: here.gateway.model, prompt: "A", max_tokens: 2 },
	});
const audit = (status, query) =>
	expect(status, here.gateway, "GET", `/api/v1/audit/events?${query}`, {
		token: here.gateway.tokens.auditor,
	});
const isFull = async () => {
	const answer = await readyz();
	return answer.status === 503 && answer.json.full === true && answer;
};

/** What the log holds of a kind, by the database itself: auditors are refused, too. */
const published = (kind) =>
	Number(
		sql(
			here.gateway,
			`SELECT count(*) FROM audit_event e JOIN audit_leaf l ON l.event = e.id
			 WHERE e.kind = '${kind}'
			 AND l.seq < (SELECT max(size) FROM audit_checkpoint)`,
		),
	);
const unsequenced = () => Number(sql(here.gateway, "SELECT count(*) FROM audit_outbox"));

/** The whole way: refused, said, and on again. `before`: what no one may lose. */
async function throughFull(folder, where) {
	const said = { full: published("log.full"), room: published("log.room") };
	assert.equal((await act()).status, 201);
	const before = published("token.create");
	const empty = fill(folder);

	try {
		// What an edge knows of it is a second old.
		await until("the gateway to be full", 30, async () => {
			const { status } = await act();
			return status === 503 && (await isFull());
		});
		const answer = await readyz();
		assert.match(answer.json.reason, where);
		for (const refused of [await act(), await call()]) {
			assert.equal(refused.status, 503, refused.text);
			assert.match(refused.text, /AUDIT_UNAVAILABLE/);
			assert.match(refused.text, /disk/);
		}
		await audit(503, "");
		await until("the log to say so", 30, () => published("log.full") > said.full);
	} finally {
		empty();
	}
	await until("the gateway to go on", 60, async () => (await readyz()).status === 200);
	await until("the log to say so", 30, () => published("log.room") > said.room);
	assert.equal((await act()).status, 201);
	assert.equal((await call()).status, 200);
	await until("all to be sequenced", 20, () => unsequenced() === 0);
	assert.ok(published("token.create") > before);
	const { events } = (await audit(200, "kind=log.full&limit=1")).json;
	assert.match(events[0].payload.database ?? events[0].payload.files, where);
}

const verify = async () => {
	const { tokens } = here.gateway;
	const done = await here.gateway.cli(tokens.auditor, "audit", "verify");
	assert.equal(done.code, 0, done.stderr);
	return done.stdout;
};

test("the disk of the log's files fills, and is given room again", async (t) => {
	if (skipped(t)) return;
	const processes = () =>
		["sallyport-scribe", "sallyport-keeper", "sallyport-edge"].map(
			(name) => here.gateway.processesNamed(name)[0].id,
		);
	const family = processes();

	await throughFull(here.log, /log's files/);
	assert.deepEqual(processes(), family, "nothing was restarted");
	await verify();
});

test("the disk of the database fills, and is given room again", async (t) => {
	if (skipped(t)) return;
	await throughFull(here.data, /database/);
	await verify();
});
