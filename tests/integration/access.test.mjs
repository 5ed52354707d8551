// SPDX-License-Identifier: Apache-2.0
// The life of an access: asked for, decided, used, suspended, revoked; each step takes effect at
// once, says its code, and has a receipt.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { demoModel, gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import {
	addPerson,
	addTerms,
	createModel,
	enrollKey,
	importFiles,
	licensedPerson,
	requestBody,
	sha256,
	submit,
} from "./people.mjs";

const here = gatewayForThisFile();
const RIGHTS = ["weights:read", "infer:generate"];
const weights = fs.readFileSync(path.join(demoModel, "model.safetensors"));

const download = (token) =>
	ask(here.gateway, "GET", `/${here.gateway.model}/resolve/main/model.safetensors`, {
		token,
	});

const decide = (token, id, act, body = {}) =>
	ask(here.gateway, "POST", `/api/v1/access-requests/${id}/${act}`, { token, body });

async function explain(token, right = "weights:read") {
	const answer = await expect(
		200,
		here.gateway,
		"GET",
		`/api/v1/explain?model=${here.gateway.model}&right=${right}`,
		{ token },
	);
	return answer.json;
}

/** A person with an enrolled key and a well-formed request, not yet sent. */
async function applicant(rights = RIGHTS) {
	const person = await addPerson(here.gateway);
	const key = await enrollKey(here.gateway, person.token);
	return {
		person,
		key,
		body: await requestBody(here.gateway, key, here.gateway.model, rights),
	};
}

async function submitted(rights) {
	const all = await applicant(rights);
	const answer = await submit(here.gateway, all.person.token, all.body);
	assert.equal(answer.status, 201, answer.text);
	return { ...all, id: answer.json.id };
}

test("persons are added by whoever has the office, and have a token at once", async () => {
	const person = await addPerson(here.gateway);
	const who = await expect(200, here.gateway, "GET", "/api/whoami-v2", {
		token: person.token,
	});
	assert.equal(who.json.name, person.name);
	assert.match(person.token, /^hf_[0-9A-Za-z]{97,127}$/);
});

test("persons are not added by others", async () => {
	const { tokens } = here.gateway;
	for (const token of [tokens.researcher, tokens.stranger, tokens.auditor]) {
		const answer = await ask(here.gateway, "POST", "/api/v1/persons", {
			token,
			body: { name: "mallory", offices: ["persons:manage"] },
		});
		assert.equal(answer.status, 403);
		assert.equal(answer.json.code, "RIGHT_NOT_GRANTED");
	}
	assert.equal(
		(await ask(here.gateway, "POST", "/api/v1/persons", { body: { name: "mallory" } }))
			.status,
		401,
	);
});

test("a name cannot be given twice", async () => {
	const person = await addPerson(here.gateway);
	const answer = await ask(here.gateway, "POST", "/api/v1/persons", {
		token: here.gateway.tokens.admin,
		body: { name: person.name },
	});
	assert.equal(answer.status, 409);
});

test("a request is approved, and the weights come out at once", async () => {
	const { person, id } = await submitted();

	assert.equal((await explain(person.token)).code, "REQUEST_PENDING");
	assert.equal((await download(person.token)).status, 403);
	const approval = await decide(here.gateway.tokens.admin, id, "approve", { reason: "fine" });
	assert.equal(approval.status, 200, approval.text);
	assert.equal(approval.json.state, "approved");
	const answer = await download(person.token);
	assert.equal(sha256(answer.body), sha256(weights));
	const explained = await explain(person.token);
	assert.equal(explained.allow, true);
	assert.equal(explained.license, approval.json.license.id);
});

test("a license is a signed document that verifies with the published key", async () => {
	const { license, person } = await licensedPerson(here.gateway, here.gateway.model, RIGHTS);
	const { json } = await expect(200, here.gateway, "GET", `/api/v1/licenses/${license.id}`, {
		token: person.token,
	});
	const key = crypto.createPublicKey({
		format: "jwk",
		key: {
			kty: "OKP",
			crv: "Ed25519",
			x: Buffer.from(json.key, "base64").toString("base64url"),
		},
	});
	const signed = (document) =>
		crypto.verify(
			null,
			Buffer.from("sallyport/license/v1\n" + document),
			key,
			Buffer.from(json.signature, "base64"),
		);

	assert.ok(signed(json.document));
	assert.ok(!signed(json.document.replace("weights:read", "weights:reed")));
	const document = JSON.parse(json.document);
	assert.equal(document.id, license.id);
	assert.deepEqual(document.rights.sort(), [...RIGHTS].sort());
	assert.equal(document.terms_sha256.length, 64);
});

const flaws = [
	["another text of the terms", 409, (body) => ({ ...body, terms_sha256: sha256("other") })],
	["no terms", 400, (body) => ({ ...body, terms_sha256: undefined })],
	["a signature for another use", 400, (body) => ({ ...body, intended_use: "to sell it" })],
	[
		"a signature for fewer rights",
		400,
		(body) => ({ ...body, rights: [...body.rights, "internals:read"] }),
	],
	[
		"a signature of noise",
		400,
		(body) => ({
			...body,
			terms_signature: {
				...body.terms_signature,
				sig: crypto.randomBytes(64).toString("base64"),
			},
		}),
	],
	[
		"a key nobody enrolled",
		400,
		(body) => ({
			...body,
			terms_signature: {
				...body.terms_signature,
				key_id: crypto.randomUUID(),
			},
		}),
	],
	["a right that does not exist", 400, (body) => ({ ...body, rights: ["weights:sell"] })],
	["a right of office", 400, (body) => ({ ...body, rights: ["persons:manage"] })],
	["no rights", 400, (body) => ({ ...body, rights: [] })],
	["no intended use", 400, (body) => ({ ...body, intended_use: "  " })],
	["an unknown model", 404, (body) => ({ ...body, model: "nobody/nothing" })],
];

for (const [what, status, change] of flaws)
	test(`a request with ${what} is refused`, async () => {
		const { person, body } = await applicant();
		const answer = await submit(here.gateway, person.token, change(body));
		assert.equal(answer.status, status, answer.text);
		const list = await expect(200, here.gateway, "GET", "/api/v1/access-requests", {
			token: person.token,
		});
		assert.deepEqual(list.json.requests, []);
	});

test("somebody else's key does not sign for me", async () => {
	const { body } = await applicant();
	const other = await addPerson(here.gateway);
	const answer = await submit(here.gateway, other.token, body);
	assert.equal(answer.status, 400);
	assert.match(answer.json.detail, /enrolled/);
});

test("a second request while one is open is a conflict", async () => {
	const { person, body } = await submitted();
	const again = await submit(here.gateway, person.token, body);
	assert.equal(again.status, 409);
	assert.equal(again.json.code, "CONFLICT");
});

test("of two requests sent at once, one is taken", async () => {
	const { person, body } = await applicant();
	const answers = await Promise.all(
		[1, 2, 3].map(() => submit(here.gateway, person.token, body)),
	);
	assert.deepEqual(answers.map((answer) => answer.status).sort(), [201, 409, 409]);
});

test("a denial has a reason, which the person reads in explain; an appeal goes on", async () => {
	const { person, id } = await submitted();
	const { admin } = here.gateway.tokens;

	assert.equal((await decide(admin, id, "deny", {})).status, 400);
	const denial = await decide(admin, id, "deny", { reason: "say more about the foxes" });
	assert.equal(denial.json.state, "denied");
	const explained = await explain(person.token);
	assert.equal(explained.code, "REQUEST_DENIED");
	const mine = await expect(200, here.gateway, "GET", `/api/v1/access-requests/${id}`, {
		token: person.token,
	});
	assert.equal(mine.json.reason, "say more about the foxes");

	assert.equal(
		(await decide(here.gateway.tokens.stranger, id, "appeal", { reason: "me too" }))
			.status,
		404,
	);
	const appeal = await decide(person.token, id, "appeal", { reason: "they are red" });
	assert.equal(appeal.json.state, "appealed");
	const someone = await addPerson(here.gateway, ["requests:decide"]);
	const approval = await decide(someone.token, id, "approve");
	assert.equal(approval.status, 200, approval.text);
	assert.equal((await download(person.token)).status, 200);
});

test("whoever denied a request does not decide its appeal", async () => {
	const { person, id } = await submitted();
	const { admin } = here.gateway.tokens;

	await decide(admin, id, "deny", { reason: "no" });
	await decide(person.token, id, "appeal", { reason: "yes" });
	const answer = await decide(admin, id, "approve");
	assert.equal(answer.status, 403, answer.text);
	assert.equal((await download(person.token)).status, 403);
});

test("nobody decides their own request", async () => {
	const person = await addPerson(here.gateway, ["requests:decide"]);
	const key = await enrollKey(here.gateway, person.token);
	const body = await requestBody(here.gateway, key, here.gateway.model, RIGHTS);
	const { json } = await submit(here.gateway, person.token, body);

	const answer = await decide(person.token, json.id, "approve");
	assert.equal(answer.status, 403);
	assert.match(answer.json.detail, /own request/);
	assert.equal((await download(person.token)).status, 403);
});

test("a decision needs the office, and is made once", async () => {
	const { id } = await submitted();
	const { admin, auditor, researcher } = here.gateway.tokens;

	for (const token of [auditor, researcher])
		assert.equal((await decide(token, id, "approve")).status, 403);
	assert.equal((await decide(admin, id, "approve")).status, 200);
	assert.equal((await decide(admin, id, "approve")).status, 409);
	assert.equal((await decide(admin, id, "deny", { reason: "late" })).status, 409);
});

test("two administrators at once make one license", async () => {
	const { person, id } = await submitted();
	const other = await addPerson(here.gateway, ["requests:decide"]);
	const answers = await Promise.all(
		[here.gateway.tokens.admin, other.token].map((token) =>
			decide(token, id, "approve"),
		),
	);

	assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, 409]);
	const { json } = await expect(200, here.gateway, "GET", "/api/v1/licenses", {
		token: person.token,
	});
	assert.equal(json.licenses.length, 1);
});

test("an approval may grant less than was asked for, never more", async () => {
	const { person, id } = await submitted(["infer:generate", "weights:read"]);
	const { admin } = here.gateway.tokens;

	assert.equal(
		(await decide(admin, id, "approve", { rights: ["internals:read"] })).status,
		400,
	);
	assert.equal(
		(await decide(admin, id, "approve", { rights: ["infer:generate"] })).status,
		200,
	);
	const answer = await download(person.token);
	assert.equal(answer.status, 403);
	assert.match(answer.headers["x-error-message"], /RIGHT_NOT_GRANTED/);
	assert.equal((await explain(person.token, "infer:generate")).allow, true);
});

test("suspend, reinstate and revoke take effect at once", async () => {
	const { person, license } = await licensedPerson(here.gateway, here.gateway.model, RIGHTS);
	const act = (name) =>
		expect(200, here.gateway, "POST", `/api/v1/licenses/${license.id}/${name}`, {
			token: here.gateway.tokens.admin,
			body: { reason: "a test" },
		});
	const chat = () =>
		ask(here.gateway, "POST", "/v1/chat/completions", {
			token: person.token,
			body: {
				model: here.gateway.model,
				max_tokens: 2,
				messages: [{ role: "user", content: "The fox" }],
			},
		});

	assert.equal((await download(person.token)).status, 200);
	assert.equal((await chat()).status, 200);
	await act("suspend");
	const suspended = await download(person.token);
	assert.equal(suspended.status, 403);
	assert.match(suspended.headers["x-error-message"], /LICENSE_SUSPENDED/);
	assert.equal((await chat()).json.error.reason, "LICENSE_SUSPENDED");
	await act("reinstate");
	assert.equal((await download(person.token)).status, 200);
	await act("revoke");
	assert.match((await download(person.token)).headers["x-error-message"], /LICENSE_REVOKED/);
	assert.equal((await chat()).json.error.reason, "LICENSE_REVOKED");
	assert.equal(
		(
			await ask(
				here.gateway,
				"POST",
				`/api/v1/licenses/${license.id}/reinstate`,
				{ token: here.gateway.tokens.admin, body: {} },
			)
		).status,
		409,
	);
});

test("a license is managed by whoever has the office, and seen by its holder", async () => {
	const { person, license } = await licensedPerson(here.gateway, here.gateway.model, RIGHTS);
	const one = `/api/v1/licenses/${license.id}`;

	assert.equal(
		(
			await ask(here.gateway, "POST", `${one}/revoke`, {
				token: person.token,
				body: {},
			})
		).status,
		403,
	);
	assert.equal((await ask(here.gateway, "GET", one, { token: person.token })).status, 200);
	assert.equal(
		(await ask(here.gateway, "GET", one, { token: here.gateway.tokens.stranger }))
			.status,
		404,
	);
});

test("a disabled model opens for nobody; enabled again it does", async () => {
	const { tokens, model } = here.gateway;
	const act = (name) =>
		expect(200, here.gateway, "POST", `/api/v1/models/${model}/${name}`, {
			token: tokens.admin,
			body: { reason: "a test" },
		});

	await act("disable");
	try {
		const answer = await download(tokens.researcher);
		assert.equal(answer.status, 403);
		assert.match(answer.headers["x-error-message"], /disabled/);
		assert.equal((await explain(tokens.researcher)).code, "MODEL_DISABLED");
	} finally {
		await act("enable");
	}
	assert.equal((await download(tokens.researcher)).status, 200);
});

test("new terms end what the old ones allowed, until the new ones are accepted", async () => {
	const { gateway } = here;
	const model = "tests/new-terms";
	const first = await addTerms(gateway, "Terms of the first day.\n");
	await importFiles(
		gateway,
		model,
		{ "notes.txt": Buffer.from("a model of nothing\n") },
		{ gate: "manual", terms_sha256: first },
	);
	const { person } = await licensedPerson(gateway, model, ["weights:read"]);
	const get = () =>
		ask(gateway, "GET", `/${model}/resolve/main/notes.txt`, { token: person.token });

	assert.equal((await get()).status, 200);
	const second = await addTerms(gateway, "Terms of the second day.\n");
	await expect(200, gateway, "PUT", `/api/models/${model}/settings`, {
		token: gateway.tokens.admin,
		body: { gate: "manual", terms_sha256: second },
	});
	assert.match((await get()).headers["x-error-message"], /TERMS_OUTDATED/);
	assert.equal(
		(await expect(200, gateway, "GET", `/api/v1/terms/${first}`)).text,
		"Terms of the first day.\n",
	);
});

test("the gates open to whom they say: auto, no, public", async () => {
	const { gateway } = here;
	const { stranger } = gateway.tokens;
	const files = { "notes.txt": Buffer.from("open to some\n") };
	const get = (model, token) =>
		ask(gateway, "GET", `/${model}/resolve/main/notes.txt`, { token });

	await importFiles(gateway, "tests/gate-no", files, { gate: "no" });
	await importFiles(gateway, "tests/gate-public", files, { gate: "public" });
	await importFiles(gateway, "tests/gate-auto", files, { gate: "auto" });
	assert.equal((await get("tests/gate-no", stranger)).status, 200);
	assert.equal((await get("tests/gate-no")).status, 401);
	assert.equal((await get("tests/gate-public")).status, 200);
	assert.equal((await get("tests/gate-auto", stranger)).status, 403);
	const answer = await submit(gateway, stranger, {
		model: "tests/gate-auto",
		intended_use: "to read notes",
		rights: ["weights:read"],
	});
	assert.equal(answer.json.state, "approved", answer.text);
	assert.equal((await get("tests/gate-auto", stranger)).text, "open to some\n");
});

test("a model without a revision has nothing to give", async () => {
	await createModel(here.gateway, "tests/empty", { gate: "no" });
	const answer = await ask(here.gateway, "GET", "/tests/empty/resolve/main/config.json", {
		token: here.gateway.tokens.stranger,
	});
	assert.equal(answer.status, 404);
});

test("an act has a receipt for whoever acted, and for nobody else", async () => {
	const { gateway } = here;
	const answer = await download(gateway.tokens.researcher);
	const address = `/api/v1/receipts/${answer.headers["x-audit-receipt"]}`;
	const receipt = await until("the receipt", 10, async () => {
		const one = await ask(gateway, "GET", address, {
			token: gateway.tokens.researcher,
		});
		if (one.status === 202) assert.ok(Number(one.headers["retry-after"]) >= 0);
		return one.status === 200 && one.json;
	});
	const leaf = JSON.parse(receipt.entry);
	const commitment = crypto
		.createHmac("sha256", Buffer.from(receipt.nonce, "base64"))
		.update("audit/v1\n")
		.update(receipt.payload)
		.digest("base64url");

	assert.equal(leaf.c.replace(/=+$/, ""), commitment);
	assert.equal(leaf.ev, "key.release");
	assert.equal(JSON.parse(receipt.payload).path, "model.safetensors");
	assert.match(receipt.proof, /^c2sp\.org\/tlog-proof@v1\n/);
	assert.equal(
		(await ask(gateway, "GET", address, { token: gateway.tokens.stranger })).status,
		404,
	);
});

test("a decision is recorded, and only its subject and the offices may read it", async () => {
	const { gateway } = here;
	const explained = await explain(gateway.tokens.stranger);
	const address = `/api/v1/decisions/${explained.decision}`;
	const mine = await expect(200, gateway, "GET", address, { token: gateway.tokens.stranger });

	assert.equal(mine.json.code, "NO_LICENSE");
	assert.equal(mine.json.missing[0].need.length > 5, true);
	await expect(200, gateway, "GET", address, { token: gateway.tokens.auditor });
	await expect(404, gateway, "GET", address, { token: gateway.tokens.researcher });
});

test("the log is read by auditors only, and reading it is an entry", async () => {
	const { gateway } = here;

	await expect(403, gateway, "GET", "/api/v1/audit/events", {
		token: gateway.tokens.researcher,
	});
	await expect(401, gateway, "GET", "/api/v1/audit/events");
	await expect(200, gateway, "GET", "/api/v1/audit/events?kind=terms.add&limit=7", {
		token: gateway.tokens.auditor,
	});
	const query = await until("the entry of the query", 10, async () =>
		(
			await expect(200, gateway, "GET", "/api/v1/audit/events?kind=audit.query", {
				token: gateway.tokens.auditor,
			})
		).json.events.find(({ payload }) => payload.query.includes("limit=7")),
	);
	const who = await expect(200, gateway, "GET", "/api/whoami-v2", {
		token: gateway.tokens.auditor,
	});
	assert.equal(query.actor, who.json.name);
});
