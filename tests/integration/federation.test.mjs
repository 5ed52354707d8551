// SPDX-License-Identifier: Apache-2.0
// A license of one gateway is a visa that another takes, and that the stock library for JWTs
// verifies.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test, { after, before } from "node:test";
import { createLocalJWKSet, jwtVerify } from "jose";
import { startGateway } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { allowCourier } from "./outside.mjs";
import { addPerson, licensedPerson } from "./people.mjs";

const here = {};
before(async () => {
	[here.first, here.second] = await Promise.all([startGateway(), startGateway()]);
	here.host = new URL(here.first.url).host;
	here.jku = `${here.first.url}/.well-known/jwks.json`;
	await allowCourier(here.second, [here.host], [here.first.caFile]);
});
after(async () => {
	await here.first?.stop();
	await here.second?.stop();
});

const call = (gateway, method, place, token, body) => ask(gateway, method, place, { token, body });
const licensed = () => licensedPerson(here.first, here.first.model, ["weights:read"]);
const visaOf = (license, token, body) =>
	call(here.first, "POST", `/api/v1/licenses/${license.id}/visa`, token, body);

async function listFirst() {
	const token = here.second.tokens.admin;
	const place = `/api/v1/issuers?iss=${encodeURIComponent(here.first.url)}`;
	await call(here.second, "DELETE", place, token);
	return expect(201, here.second, "POST", "/api/v1/issuers", {
		token,
		body: { iss: here.first.url, jku: here.jku },
	});
}

test("a license is a visa that the stock library verifies by our published keys", async () => {
	const { person, license } = await licensed();
	const answer = await visaOf(license, person.token);
	assert.equal(answer.status, 201, answer.text);
	assert.ok(answer.headers["x-audit-receipt"]);
	assert.equal(answer.headers["cache-control"], "no-store");
	const published = await call(here.first, "GET", "/.well-known/jwks.json");
	assert.equal(published.headers["content-type"], "application/jwk-set+json");
	assert.deepEqual(
		published.json.keys.map((key) => [key.kty, key.crv, key.alg, key.d]),
		[["EC", "P-256", "ES256", undefined]],
	);
	const { payload, protectedHeader } = await jwtVerify(
		answer.json.visa,
		createLocalJWKSet(published.json),
		{ issuer: here.first.url, algorithms: ["ES256"], typ: "vnd.ga4gh.visa+jwt" },
	);
	assert.equal(protectedHeader.jku, here.jku);
	assert.equal(payload.sub, person.id);
	assert.equal(payload.jti, answer.headers["x-audit-receipt"]);
	assert.ok(payload.exp - payload.iat <= 3600 && payload.exp > payload.iat);
	const { asserted, ...said } = payload.ga4gh_visa_v1;
	assert.deepEqual(said, {
		type: "ControlledAccessGrants",
		value: `${here.first.url}/${here.first.model}`,
		source: here.first.url,
		by: "dac",
	});
	assert.ok(asserted <= payload.iat);
});

test("another gateway that lists us takes it, and counts it", async () => {
	const { person, license } = await licensed();
	const there = await addPerson(here.second);
	const { visa } = (await visaOf(license, person.token)).json;
	const present = () => call(here.second, "POST", "/api/v1/visas", there.token, { visa });

	const unlisted = await present();
	assert.equal(unlisted.status, 403);
	assert.match(unlisted.json.detail, /not trusted/);
	const entry = await listFirst();
	assert.equal(entry.json.error, "", entry.text);
	assert.ok(entry.json.fetched_at);
	const taken = await present();
	assert.equal(taken.status, 201, taken.text);
	assert.equal(taken.json.counts, true);
	assert.equal(taken.json.by, "dac");
	assert.equal(taken.json.value, `${here.first.url}/${here.first.model}`);
	assert.equal(taken.json.sub, person.id);
});

test("a visa is the holder's alone, short, and ends with the license", async () => {
	const { person, license } = await licensed();
	const stranger = await addPerson(here.first);
	const admin = here.first.tokens.admin;

	assert.equal((await visaOf(license, stranger.token)).status, 404);
	assert.equal((await visaOf(license, admin)).status, 404);
	assert.equal((await visaOf(license)).status, 401);
	for (const seconds of [0, -1, 86401, "x"])
		assert.equal((await visaOf(license, person.token, { seconds })).status, 400);
	const long = (await visaOf(license, person.token, { seconds: 86400 })).json;
	assert.ok(Date.parse(long.expires) <= Date.parse(license.expires));
	assert.ok(Date.parse(long.expires) - Date.now() > 86000000);
	await expect(200, here.first, "POST", `/api/v1/licenses/${license.id}/suspend`, {
		token: admin,
		body: { reason: "a question" },
	});
	assert.equal((await visaOf(license, person.token)).status, 409);
});

test("all of it goes by the command line", async () => {
	const { person, license } = await licensed();
	const there = await addPerson(here.second);
	const run = async (gateway, token, ...words) => {
		const done = await gateway.cli(token, ...words);
		assert.equal(done.code, 0, done.stderr);
		return done.stdout;
	};
	const admin = here.second.tokens.admin;
	const file = path.join(here.second.folder, "visa.jwt");

	await here.second.cli(admin, "issuer", "remove", here.first.url);
	const words = ["issuer", "add", here.first.url, "--jku"];
	const far = await run(here.second, admin, "issuer", "add", "https://far.example", "--jku",
		"https://far.example/keys");
	assert.match(far, /cannot be had.*courier\.allow/);
	assert.match(await run(here.second, admin, ...words, here.jku), /count from now on/);
	assert.match(await run(here.second, admin, "issuer", "list"), /fetched/);
	fs.writeFileSync(file, await run(here.first, person.token, "license", "visa", license.id));
	const added = await run(here.second, there.token, "visa", "add", file);
	assert.match(added, /counts +(yes|true)/);
	const sub = ["https://a.example", "s-1"];
	await run(here.second, admin, "identity", "add", there.name, ...sub, "--reason", "seen");
	assert.match(await run(here.second, there.token, "identity", "list", there.id), /s-1/);
	await run(here.second, admin, "identity", "remove", there.name, ...sub);
	const named = await run(here.second, admin, "referee", "add", there.name, "R", "r@x.org");
	assert.match(named, /link +https:.*references/);
	assert.match(await run(here.second, admin, "referee", "list", there.name), /asked/);
	const keys = await call(here.first, "GET", "/.well-known/jwks.json");
	await run(here.second, admin, "issuer", "revoke-key", here.first.url,
		keys.json.keys[0].kid, "--reason", "a test");
	assert.match(await run(here.second, there.token, "visa", "list"), /has no key|no key/);
});

test("the key of our visas is the same after a restart", async () => {
	const keys = async () => (await call(here.first, "GET", "/.well-known/jwks.json")).text;
	const known = await keys();
	const [keeper] = here.first.processesNamed("sallyport-keeper");

	process.kill(keeper.id, "SIGTERM");
	const { person, license } = await until("the next keeper", 30, licensed);
	assert.equal(await keys(), known);
	const { visa } = (await visaOf(license, person.token)).json;
	await jwtVerify(visa, createLocalJWKSet(JSON.parse(known)));
	const log = fs.readFileSync(path.join(here.first.dir, "gateway.log"), "utf8");
	assert.ok(!log.includes(visa));
});
