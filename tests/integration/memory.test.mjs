// SPDX-License-Identifier: Apache-2.0
// An edge remembers what its decisions rest on. Nobody may notice but by its speed: whatever an
// administrator does is so for the very next request.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import test from "node:test";
import { Database } from "./database.mjs";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { addPerson, addTerms, commit, importFiles, licensedPerson } from "./people.mjs";

const ROUNDS = 5; // a race that is lost now and then should be lost here
const files = { "config.json": Buffer.from('{"model_type":"none"}') };
let terms;

const here = gatewayForThisFile(async (gateway) => {
	terms = await addTerms(gateway, "Be kind.");
	for (const model of ["tests/memory", "tests/other"])
		await importFiles(gateway, model, files, { gate: "manual", terms_sha256: terms });
});

const model = "tests/memory";
const resolve = (name = model) => `/${name}/resolve/main/config.json`;

const admin = (method, path, body = method === "DELETE" ? undefined : {}) =>
	ask(here.gateway, method, path, { token: here.gateway.tokens.admin, body });

const settings = async (body) =>
	assert.equal((await admin("PUT", `/api/models/${model}/settings`, body)).status, 200);

const head = async (token, path = resolve()) =>
	(await ask(here.gateway, "HEAD", path, { token })).status;

/** Asked twice, so that the second answer is from memory. */
async function allowed(token, path = resolve()) {
	assert.equal(await head(token, path), 200);
	assert.equal(await head(token, path), 200);
}

const licensed = () => licensedPerson(here.gateway, model, ["weights:read"]);

/** A gauge of /metrics. */
async function gauge(name) {
	const { text } = await ask(here.gateway, "GET", "/metrics");
	return Number(new RegExp(`^${name}(?:\\{.*\\})? (\\d+)$`, "m").exec(text)[1]);
}

test("what was asked before is answered from memory", async () => {
	const { person } = await licensed();
	const missed = async () => {
		const before = await gauge("sallyport_facts_missed");
		await allowed(person.token);
		await expect(200, here.gateway, "GET", "/api/whoami-v2", { token: person.token });
		await expect(200, here.gateway, "GET", `/api/models/${model}`, person);
		return (await gauge("sallyport_facts_missed")) - before;
	};

	await missed();
	await until("a round without a miss", 10, async () => (await missed()) === 0);
	assert.ok((await gauge("sallyport_facts_found")) > 0);
});

test("the answer from memory is the answer", async () => {
	const { person } = await licensed();
	const answers = async (path) => {
		const [first, second] = [
			await expect(200, here.gateway, "GET", path, { token: person.token }),
			await expect(200, here.gateway, "GET", path, { token: person.token }),
		];
		assert.deepEqual(second.json, first.json);
		assert.equal(second.headers["x-repo-commit"], first.headers["x-repo-commit"]);
		assert.notEqual(second.headers["x-request-id"], first.headers["x-request-id"]);
		return second;
	};

	assert.equal((await answers("/api/whoami-v2")).json.name, person.name);
	const info = await answers(`/api/models/${model}`);
	assert.equal(info.json.sha, info.headers["x-repo-commit"]);
	await answers(`/api/models/${model}/revision/${info.json.sha}`);
});

test("a license is good from the next request on, and so is its renewal", async () => {
	for (let i = 0; i < ROUNDS; i++) {
		const stranger = await addPerson(here.gateway);
		assert.equal(await head(stranger.token), 403);
		const { person, license } = await licensed();
		await allowed(person.token);
		const renewed = await admin("POST", `/api/v1/licenses/${license.id}/renew`);
		assert.equal(renewed.status, 200);
		await allowed(person.token);
	}
});

test("suspended, reinstated and revoked licenses are so for the next request", async () => {
	for (let i = 0; i < ROUNDS; i++) {
		const { person, license } = await licensed();
		const act = async (verb) =>
			assert.equal(
				(await admin("POST", `/api/v1/licenses/${license.id}/${verb}`))
					.status,
				200,
			);
		await allowed(person.token);
		await act("suspend");
		assert.equal(await head(person.token), 403);
		await act("reinstate");
		await allowed(person.token);
		await act("revoke");
		assert.equal(await head(person.token), 403);
	}
});

test("a revoked token is refused by the next request", async () => {
	for (let i = 0; i < ROUNDS; i++) {
		const { person } = await licensed();
		await allowed(person.token);
		const gone = await admin("DELETE", `/api/v1/tokens/${person.token_id}`);
		assert.ok(gone.status < 300, gone.text);
		assert.equal(await head(person.token), 401);
		const who = await ask(here.gateway, "GET", "/api/whoami-v2", person);
		assert.equal(who.status, 401);
	}
});

test("a disabled model is refused by the next request, an enabled one served", async () => {
	const { person } = await licensed();

	for (let i = 0; i < ROUNDS; i++) {
		await allowed(person.token);
		assert.equal((await admin("POST", `/api/v1/models/${model}/disable`)).status, 200);
		assert.notEqual(await head(person.token), 200);
		const info = await ask(here.gateway, "GET", `/api/models/${model}`, person);
		assert.equal(info.json.disabled, true);
		assert.equal((await admin("POST", `/api/v1/models/${model}/enable`)).status, 200);
	}
	await allowed(person.token);
});

test("a gate opens and closes for the next request", async () => {
	const stranger = await addPerson(here.gateway);

	for (let i = 0; i < ROUNDS; i++) {
		assert.equal(await head(stranger.token), 403);
		await settings({ gate: "no" });
		await allowed(stranger.token);
		await settings({ gate: "manual" });
	}
	assert.equal(await head(stranger.token), 403);
});

test("new terms count for the next request, and the old ones again", async () => {
	const { person } = await licensed();
	const newer = await addTerms(here.gateway, "Be kinder.");

	for (let i = 0; i < ROUNDS; i++) {
		await allowed(person.token);
		await settings({ gate: "manual", terms_sha256: newer });
		assert.equal(await head(person.token), 403);
		await settings({ gate: "manual", terms_sha256: terms });
	}
	await allowed(person.token);
});

test("a new revision is what the next request sees", async () => {
	const path = "/api/models/tests/other";

	for (let i = 0; i < ROUNDS; i++) {
		await ask(here.gateway, "GET", path);
		const made = await commit(here.gateway, "tests/other", {
			...files,
			"note.txt": Buffer.from(`the ${i}th`),
		});
		assert.equal(made.status, 200);
		const info = await ask(here.gateway, "GET", path);
		assert.equal(info.json.sha, made.json.commitOid);
	}
});

test("who is suspended in the database is refused when the lease has told of it", async () => {
	const { person } = await licensed();
	const set = (state) =>
		execFileSync("psql", [
			here.gateway.psql,
			"-qc",
			`UPDATE sallyport.person SET state = '${state}' WHERE id = '${person.id}'`,
		]);

	await allowed(person.token);
	set("suspended");
	await until("the person to be refused", 5, async () => (await head(person.token)) === 403);
	set("active");
	assert.equal(await head(person.token), 200); // no refusal is from memory
});

test("without a lease nothing is answered from memory", async () => {
	const { person } = await licensed();
	const database = new Database(here.gateway);

	await allowed(person.token);
	await database.stop();
	await until("the lease to end", 20, async () => (await head(person.token)) === 503);
	await database.start();
	await until("the lease again", 20, async () => (await head(person.token)) === 200);
});
