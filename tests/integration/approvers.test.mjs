// SPDX-License-Identifier: Apache-2.0
// A gateway with approvers, as those who work with it see it: who signs, what is shown before, and
// what a signature is needed for.
import assert from "node:assert/strict";
import path from "node:path";
import test from "node:test";
import { approversOf } from "./approver.mjs";
import { sql } from "./database.mjs";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect } from "./http.mjs";
import { addPerson, enrollKey, requestBody, submit } from "./people.mjs";

const here = gatewayForThisFile(undefined, () => ({ words: ["--signed"] }));

const admin = (...words) => here.gateway.cli(here.gateway.tokens.admin, ...words);
const keyFile = () => ["--key-file", here.gateway.approver];

/** A person who asks for access: {person, request}. */
async function requester() {
	const { gateway } = here;
	const person = await addPerson(gateway);
	const key = await enrollKey(gateway, person.token);
	const wish = await requestBody(gateway, key, gateway.model, ["infer:generate"]);
	const answer = await submit(gateway, person.token, wish);

	assert.equal(answer.status, 201, answer.text);
	return { person, request: answer.json };
}

/** A colleague with the offices and an enrolled key in a file of their own. */
async function colleague() {
	const { gateway } = here;
	const person = await addPerson(gateway,
		["requests:decide", "persons:manage", "licenses:manage", "models:manage"]);
	const file = path.join(gateway.folder, `${person.name}.key`);
	const made = await gateway.cli(person.token, "key", "enroll", "--key-file", file, "--json");

	assert.equal(made.code, 0, made.stderr);
	return { person, file, public: JSON.parse(made.stdout).public,
		cli: (...words) => gateway.cli(person.token, ...words, "--key-file", file) };
}

test("everybody sees that approvals are signed, and by whom", async () => {
	const seen = await approversOf(here.gateway);
	assert.equal(seen.mode, "signed");
	assert.equal(seen.persons, 2);
	const names = seen.approvers.map((one) => one.person_name);
	assert.deepEqual(names.sort(), ["admin", "operator"]);
	const listed = await admin("approver", "list");
	assert.equal(listed.code, 0, listed.stderr);
	assert.match(listed.stdout, /signed/);
});

test("an approver is shown what they sign, and signs it with --yes only", async () => {
	const { person, request } = await requester();
	const shown = await admin("approve", request.id, ...keyFile());

	assert.equal(shown.code, 1);
	assert.match(shown.stderr, new RegExp(`person +"?${person.id}`));
	assert.match(shown.stderr, /nothing was sent/);
	const pending = await expect(200, here.gateway, "GET",
		`/api/v1/access-requests/${request.id}`, { token: person.token });
	assert.equal(pending.json.state, "submitted");
	const done = await admin("approve", request.id, "--days", "30", ...keyFile(), "--yes");
	assert.equal(done.code, 0, done.stderr);
	const licenses = await expect(200, here.gateway, "GET", "/api/v1/licenses",
		{ token: person.token });
	assert.equal(licenses.json.licenses[0].state, "active");
});

test("a token with the office is not enough, nor is another person's key", async () => {
	const { request } = await requester();
	const body = await ask(here.gateway, "POST",
		`/api/v1/access-requests/${request.id}/approve`,
		{ token: here.gateway.tokens.admin, body: {} });

	assert.equal(body.status, 403);
	assert.equal(body.json.code, "APPROVAL_NEEDED");
	const other = await colleague();
	const refused = await other.cli("approve", request.id, "--yes");
	assert.equal(refused.code, 1);
	assert.match(refused.stderr, /not an approver's/);
});

test("one signature is for the requester and all accessors, whenever they accept", async () => {
	const { gateway } = here;
	const [person, early, late, other] = await Promise.all(
		[1, 2, 3, 4].map(() => addPerson(gateway)));
	const wish = await requestBody(gateway, await enrollKey(gateway, person.token),
		gateway.model, ["infer:generate"]);
	const { json: request } = await submit(gateway, person.token,
		{ ...wish, accessors: [early.name, late.name] });
	const at = `/api/v1/access-requests/${request.id}`;
	const { terms_sha256 } = wish;
	const accept = (who) => ask(gateway, "POST", `${at}/accept`,
		{ token: who.token, body: { terms_sha256 } });
	const licenses = async (who) => (await expect(200, gateway, "GET", "/api/v1/licenses",
		{ token: who.token })).json.licenses;

	assert.equal((await accept(early)).status, 200);
	const shown = await admin("approve", request.id, ...keyFile());
	assert.equal(shown.code, 1);
	for (const who of [person, early, late])
		assert.ok(shown.stderr.includes(`a license for  ${who.name} (${who.id})`));
	assert.match(shown.stderr, /persons +\[/);
	const stated = await expect(200, gateway, "POST", `${at}/statement`,
		{ token: gateway.tokens.admin, body: {} });
	assert.deepEqual(JSON.parse(stated.json.statement).persons.sort(),
		[person, early, late].map((who) => who.id).sort());

	const done = await admin("approve", request.id, ...keyFile(), "--yes");
	assert.equal(done.code, 0, done.stderr);
	for (const who of [person, early]) assert.equal((await licenses(who)).length, 1);
	assert.equal((await licenses(late)).length, 0);
	const accepted = await accept(late);
	assert.equal(accepted.status, 200, accepted.text);
	const [first, last] = [(await licenses(person))[0], (await licenses(late))[0]];
	assert.deepEqual([last.rights, last.expires, last.state],
		[first.rights, first.expires, "active"]);
	assert.equal((await accept(late)).status, 409);
	assert.equal((await licenses(late)).length, 1);
	assert.notEqual((await accept(other)).status, 200);
});

test("who was not named when it was signed has no license of it", async () => {
	const { gateway } = here;
	const { person, request } = await requester();
	const accessor = await addPerson(gateway);
	const done = await admin("approve", request.id, ...keyFile(), "--yes");
	assert.equal(done.code, 0, done.stderr);

	// Even where the database says that they belong to it.
	sql(gateway, `INSERT INTO sallyport.access_accessor (request, person, added_at)
		VALUES ('${request.id}', '${accessor.id}', now())`);
	const { json } = await expect(200, gateway, "GET",
		`/api/v1/access-requests/${request.id}`, { token: person.token });
	assert.equal(json.accessors.length, 1);
	const refused = await ask(gateway, "POST", `/api/v1/access-requests/${request.id}/accept`,
		{ token: accessor.token, body: { terms_sha256: json.terms_sha256 } });
	assert.equal(refused.status, 403, refused.text);
	assert.equal(refused.json.code, "APPROVAL_NEEDED");
	const seen = await expect(200, gateway, "GET",
		`/api/v1/access-requests/${request.id}`, { token: person.token });
	assert.equal(seen.json.accessors[0].accepted, false, "nothing of it is kept");
});

test("a license that is to last longer is approved anew", async () => {
	const { request } = await requester();
	const made = await admin("approve", request.id, "--days", "3", ...keyFile(), "--yes",
		"--json");
	assert.equal(made.code, 0, made.stderr);
	const { id } = JSON.parse(made.stdout).license;
	const bare = await ask(here.gateway, "POST", `/api/v1/licenses/${id}/renew`,
		{ token: here.gateway.tokens.admin, body: { expires_days: 30 } });
	assert.equal(bare.status, 403, bare.text);
	const renewed = await admin("license", "renew", id, "--days", "30", ...keyFile(), "--yes");
	assert.equal(renewed.code, 0, renewed.stderr);
});

test("approvers enroll a colleague, who then signs, and where two must, one is not enough",
	async () => {
		const other = await colleague();
		const enrolled = await admin("approver", "enroll", other.public, other.person.id,
			...keyFile(), "--yes");
		assert.equal(enrolled.code, 0, enrolled.stderr);
		const { request } = await requester();
		const approved = await other.cli("approve", request.id, "--yes");
		assert.equal(approved.code, 0, approved.stderr);

		const two = ["approver", "rule", "2", "--model", here.gateway.model];
		const ruled = await admin(...two, ...keyFile(), "--yes");
		assert.equal(ruled.code, 0, ruled.stderr);
		const next = (await requester()).request;
		const alone = await admin("approve", next.id, ...keyFile(), "--yes");
		assert.equal(alone.code, 1);
		assert.match(alone.stderr, /signatures of 2 different approvers/);

		// One signs into a file, the other sends both.
		const one = path.join(here.gateway.folder, "one.json");
		const kept = await admin("approve", next.id, ...keyFile(), "--yes", "--out", one);
		assert.equal(kept.code, 0, kept.stderr);
		const both = await other.cli("approve", next.id, "--yes", "--with", one);
		assert.equal(both.code, 0, both.stderr);

		// What licenses of a model need, a change of the approvers needs, too.
		const removal = ["approver", "remove", other.public];
		const refused = await admin(...removal, ...keyFile(), "--yes");
		assert.equal(refused.code, 1);
		const removed = path.join(here.gateway.folder, "removal.json");
		await other.cli(...removal, "--yes", "--out", removed);
		const gone = await admin(...removal, ...keyFile(), "--yes", "--with", removed);
		assert.equal(gone.code, 0, gone.stderr);
		const late = await other.cli("approver", "rule", "1", "--yes");
		assert.equal(late.code, 1);
	});

test("opening a model is signed, closing it is not", async () => {
	const { gateway } = here;
	const model = "tests/gate";
	const token = gateway.tokens.admin;
	const settings = (body) => ask(gateway, "PUT", `/api/models/${model}/settings`,
		{ token, body });

	await expect(200, gateway, "POST", "/api/repos/create",
		{ token, body: { organization: "tests", name: "gate", type: "model" } });
	for (const body of [{ gate: "no" }, { gate: "public" }, { open_paths: ["docs/**"] }]) {
		const refused = await settings(body);
		assert.equal(refused.status, 403, refused.text);
		assert.match(refused.text, /approval/);
	}
	assert.equal((await settings({ open_paths: ["README.md"] })).status, 200);
	const shown = await admin("model", "gate", model, "no", ...keyFile());
	assert.equal(shown.code, 1);
	assert.match(shown.stderr, /nothing was sent/);
	const opened = await admin("model", "gate", model, "no", ...keyFile(), "--yes");
	assert.equal(opened.code, 0, opened.stderr);
	const closed = await admin("model", "gate", model, "manual");
	assert.equal(closed.code, 0, closed.stderr);
	assert.equal((await settings({ gate: "no" })).status, 403);
});

test("a gate that opens by itself does so within what an approver signed", async () => {
	const { gateway } = here;
	const model = "tests/auto";
	const token = gateway.tokens.admin;

	await expect(200, gateway, "POST", "/api/repos/create",
		{ token, body: { organization: "tests", name: "auto", type: "model" } });
	const person = await addPerson(gateway);
	const wish = (rights) => submit(gateway, person.token,
		{ model, intended_use: "to see what happens", rights });
	await expect(200, gateway, "PUT", `/api/models/${model}/settings`,
		{ token, body: { gate: "auto" } });
	const early = await wish(["infer:generate"]);
	assert.equal(early.json.state, "submitted", early.text);
	const opened = await admin("model", "gate", model, "auto", "--right", "infer:generate",
		"--days", "365", ...keyFile(), "--yes");
	assert.equal(opened.code, 0, opened.stderr);
	const other = await addPerson(gateway);
	const within = await submit(gateway, other.token,
		{ model, intended_use: "to see what happens", rights: ["infer:generate"] });
	assert.equal(within.status, 201, within.text);
	assert.equal(within.json.state, "approved");
	const third = await addPerson(gateway);
	const beyond = await submit(gateway, third.token, { model,
		intended_use: "to see what happens", rights: ["infer:generate", "weights:read"] });
	assert.equal(beyond.json.state, "submitted", beyond.text);
});

test("the journal keeps approvers while the gateway is down, and the machine can add one",
	async () => {
		const { gateway } = here;
		const other = await colleague();
		const first = ["approver", "first", "--config", gateway.config, "--public",
			other.public, "--person", other.person.name];

		const running = await admin(...first, "--recover");
		assert.equal(running.code, 1);
		assert.match(running.stderr, /another keeper|in use/);
		await gateway.serveWith({}, async () => {
			const refused = await admin(...first);
			assert.equal(refused.code, 1);
			assert.match(refused.stderr, /there are approvers/);
			const added = await admin(...first, "--recover");
			assert.equal(added.code, 0, added.stderr);
		});
		const seen = await approversOf(gateway);
		assert.equal(seen.mode, "signed");
		assert.ok(seen.approvers.some((one) => one.public === other.public));
		const { request } = await requester();
		const one = path.join(gateway.folder, "after.json");
		await admin("approve", request.id, ...keyFile(), "--yes", "--out", one);
		const both = await other.cli("approve", request.id, "--yes", "--with", one);
		assert.equal(both.code, 0, both.stderr);
	});
