// SPDX-License-Identifier: Apache-2.0
// The terms of a model change: who accepted the old ones is told, may go on for a while, and is
// then suspended until they sign the new ones.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { canonical } from "./approver.mjs";
import { sql } from "./database.mjs";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { addPerson, addTerms, enrollKey, importFiles, requestBody, sha256, submit }
	from "./people.mjs";

const here = gatewayForThisFile();
let counter = 0;

/** A model of its own with terms, and a licensee: {model, person, key, license}. */
async function licensed(rights = ["weights:read"]) {
	const { gateway } = here;
	const model = `tests/terms-${++counter}`;
	const terms = await addTerms(gateway, `Terms one of ${model}.`);
	const token = gateway.tokens.admin;

	await importFiles(gateway, model, { "weights.bin": Buffer.from("weights") },
		{ gate: "manual", terms_sha256: terms });
	const person = await addPerson(gateway);
	const key = await enrollKey(gateway, person.token);
	const wish = await requestBody(gateway, key, model, rights);
	const request = await submit(gateway, person.token, wish);
	assert.equal(request.status, 201, request.text);
	const approved = await expect(200, gateway, "POST",
		`/api/v1/access-requests/${request.json.id}/approve`, { token, body: {} });
	return { model, person, key, rights, use: wish.intended_use,
		license: approved.json.license };
}

const change = (model, body, status = 201) => expect(status, here.gateway, "POST",
	`/api/v1/models/${model}/terms`, { token: here.gateway.tokens.admin, body });
const read = (who) => ask(here.gateway, "GET", `/${who.model}/resolve/main/weights.bin`,
	{ token: who.person.token });

/** The body by which these terms are accepted; `more` spoils it. */
function acceptance(who, terms, { time = new Date().toISOString(), said = {} } = {}) {
	const statement = {
		model: who.model, rights: [...who.rights].sort(), terms_sha256: terms, time,
		use_sha256: sha256(Buffer.from(who.use)), v: 1, ...said,
	};
	const sig = who.key.sign(Buffer.from("sallyport/terms/v2\n" + canonical(statement)));
	return { terms_sha256: terms, terms_signature: { key_id: who.key.id, sig, time } };
}

const accept = (who, body, license = who.license.id) => ask(here.gateway, "POST",
	`/api/v1/licenses/${license}/accept-terms`, { token: who.person.token, body });

test("within the grace the old terms hold, and each answer says until when", async () => {
	const who = await licensed();
	assert.equal((await read(who)).headers["x-hf-warning"], undefined);
	const made = await change(who.model, { text: "Terms two, stricter.", grace_days: 7 });
	assert.equal(made.json.version, 1);
	assert.equal(made.json.is_taken, true);
	const answer = await until("the edge to know", 10, async () => {
		const seen = await read(who);
		return seen.headers["x-hf-warning"] && seen;
	});
	assert.equal(answer.status, 200);
	assert.match(answer.headers["x-hf-warning"], /terms of .* have changed.*accept-terms/);

	const accepted = await accept(who, acceptance(who, made.json.sha256));
	assert.equal(accepted.status, 200, accepted.text);
	assert.notEqual(accepted.json.id, who.license.id);
	const document = JSON.parse(accepted.json.document);
	const before = JSON.parse(who.license.document);
	assert.equal(document.terms_sha256, made.json.sha256);
	for (const name of ["model", "person", "request", "rights", "not_before", "expires"])
		assert.deepEqual(document[name], before[name], name);
	const again = await read(who);
	assert.equal(again.status, 200);
	assert.equal(again.headers["x-hf-warning"], undefined);
	const old = await expect(200, here.gateway, "GET", `/api/v1/licenses/${who.license.id}`,
		{ token: who.person.token });
	assert.equal(old.json.state, "expired");
});

test("after the grace the license is suspended, and accepting lifts that", async () => {
	const who = await licensed();
	const made = await change(who.model, { text: "Terms at once.", grace_days: 0 });
	const license = () => expect(200, here.gateway, "GET",
		`/api/v1/licenses/${who.license.id}`, { token: who.person.token });

	assert.equal((await read(who)).status, 403);
	await until("the suspension", 20, async () => (await license()).json.state === "suspended");
	assert.match((await license()).json.reason, /terms/);
	await until("its entry", 10, async () => {
		const told = await expect(200, here.gateway, "GET",
			`/api/v1/audit/events?kind=license.suspend&license=${who.license.id}`,
			{ token: here.gateway.tokens.auditor });
		return told.json.events.length === 1;
	});
	const accepted = await accept(who, acceptance(who, made.json.sha256));
	assert.equal(accepted.status, 200, accepted.text);
	assert.equal((await read(who)).status, 200);
});

test("a signature that is stale, of the future, of something else or used is refused", async () => {
	const who = await licensed();
	const other = await licensed();
	const { json } = await change(who.model, { text: "Terms to be signed.", grace_days: 7 });
	const at = (ms) => ({ time: new Date(Date.now() + ms).toISOString() });
	const old = JSON.parse(who.license.document).terms_sha256;
	const stranger = { ...who, key: { ...who.key, sign: other.key.sign } };
	const rows = [
		["too old", acceptance(who, json.sha256, at(-2 * 3600000)), 403],
		["of the future", acceptance(who, json.sha256, at(600000)), 403],
		["of another model", acceptance(who, json.sha256, { said: { model: "a/b" } }), 400],
		["of more rights", acceptance(who, json.sha256,
			{ said: { rights: ["infer:generate", "weights:read"] } }), 400],
		["of another use", acceptance(who, json.sha256,
			{ said: { use_sha256: sha256(Buffer.from("another")) } }), 400],
		["by another key", acceptance(stranger, json.sha256), 400],
		["of old terms", acceptance(who, old), 409],
	];

	for (const [what, body, status] of rows) {
		const answer = await accept(who, body);
		assert.equal(answer.status, status, `${what}: ${answer.text}`);
	}
	const notTheirs = await ask(here.gateway, "POST",
		`/api/v1/licenses/${who.license.id}/accept-terms`,
		{ token: other.person.token, body: acceptance(who, json.sha256) });
	assert.equal(notTheirs.status, 404);
	const good = acceptance(who, json.sha256);
	const accepted = await accept(who, good);
	assert.equal(accepted.status, 200, accepted.text);
	const next = await change(who.model, { text: "Terms after that.", grace_days: 7 });
	assert.equal(next.json.version, 2);
	const replayed = await accept(who, good, accepted.json.id);
	assert.equal(replayed.status, 409, replayed.text);
	// Two at once with one signature are one.
	const twice = acceptance(who, next.json.sha256);
	const both = await Promise.all([accept(who, twice, accepted.json.id),
		accept(who, twice, accepted.json.id)]);
	assert.deepEqual(both.map((one) => one.status).sort(), [200, 409]);
});

test("who was suspended for another cause is not let in by accepting terms", async () => {
	const who = await licensed();
	const { json } = await change(who.model, { text: "Terms and misuse.", grace_days: 7 });

	await expect(200, here.gateway, "POST", `/api/v1/licenses/${who.license.id}/suspend`,
		{ token: here.gateway.tokens.admin, body: { reason: "misuse" } });
	const answer = await accept(who, acceptance(who, json.sha256));
	assert.equal(answer.status, 403, answer.text);
	assert.equal((await read(who)).status, 403);
});

test("terms of a later day count from that day on", async () => {
	const who = await licensed();
	const from = new Date(Date.now() + 86400000).toISOString();
	const { json } = await change(who.model, { text: "Terms of tomorrow.", from });

	assert.equal(json.is_taken, false);
	const model = async () => (await expect(200, here.gateway, "GET",
		`/api/models/${who.model}`)).json.sallyport.terms_sha256;
	assert.notEqual(await model(), json.sha256);
	sql(here.gateway, `UPDATE sallyport.model_terms SET from_at = now() - interval '1 second'
		WHERE sha256 = '\\x${json.sha256}'`);
	await until("the job", 20, async () => (await model()) === json.sha256);
	const history = await expect(200, here.gateway, "GET",
		`/api/v1/models/${who.model}/terms`, { token: who.person.token });
	assert.equal(history.json.terms[0].is_taken, true);
	const text = await expect(200, here.gateway, "GET", `/api/v1/terms/${json.sha256}`);
	assert.equal(text.text, "Terms of tomorrow.");
});

test("a request's signature with its time counts once, and for an hour", async () => {
	const { gateway } = here;
	const { model, rights } = await licensed();
	const person = await addPerson(gateway);
	const key = await enrollKey(gateway, person.token);
	const terms = (await expect(200, gateway, "GET", `/api/models/${model}`)).json
		.sallyport.terms_sha256;
	const use = "to see what a signature is worth";
	const wish = (time) => ({
		model, rights, intended_use: use,
		...acceptance({ model, rights, use, key }, terms, { time: time.toISOString() }),
	});
	const stale = await submit(gateway, person.token, wish(new Date(Date.now() - 2 * 3600000)));
	assert.equal(stale.status, 403, stale.text);
	const good = wish(new Date());
	const first = await submit(gateway, person.token, good);
	assert.equal(first.status, 201, first.text);
	await expect(200, gateway, "POST", `/api/v1/access-requests/${first.json.id}/withdraw`,
		{ token: person.token, body: {} });
	const replayed = await submit(gateway, person.token, good);
	assert.equal(replayed.status, 409, replayed.text);
	assert.match(replayed.text, /used already/);
	const again = await submit(gateway, person.token, wish(new Date(Date.now() - 1000)));
	assert.equal(again.status, 201, again.text);
});

test("versions that make no sense are refused", async () => {
	const { model } = await licensed();
	const rows = [{}, { text: "  " }, { text: "a", sha256: "00" }, { sha256: "zz" },
		{ text: "a", grace_days: -1 }, { text: "a", grace_days: 9999 },
		{ text: "a", from: "yesterday" }, { text: "a", from: "2001-01-01T00:00:00Z" }];

	for (const body of rows) await change(model, body, 400);
	await change(model, { sha256: "0".repeat(64) }, 404);
});

test("the command line shows new terms, signs them, and lists their versions", async () => {
	const { gateway } = here;
	const who = await licensed();
	const file = path.join(gateway.folder, "terms-key");
	const text = path.join(gateway.folder, "new-terms.md");

	fs.writeFileSync(text, "Terms by the command line.\n");
	const made = await gateway.cli(gateway.tokens.admin, "model", "new-terms", who.model, text,
		"--grace-days", "3");
	assert.equal(made.code, 0, made.stderr);
	await gateway.cli(who.person.token, "key", "enroll", "--key-file", file);
	const words = ["license", "accept-terms", who.license.id, "--key-file", file];
	const shown = await gateway.cli(who.person.token, ...words);
	assert.equal(shown.code, 1);
	assert.match(shown.stderr, /Terms by the command line/);
	const done = await gateway.cli(who.person.token, ...words, "--accept-terms");
	assert.equal(done.code, 0, done.stderr);
	const listed = await gateway.cli(who.person.token, "model", "terms", who.model);
	assert.match(listed.stdout, /^1 +20.* yes +3 /m);
});
