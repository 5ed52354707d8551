// SPDX-License-Identifier: Apache-2.0
// Whose subject is whose, passports by token exchange, and people who vouch for people.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test, { after } from "node:test";
import { sql } from "./database.mjs";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { allowCourier, Outside } from "./outside.mjs";
import { addPerson } from "./people.mjs";
import { Issuer, signToken } from "./visas.mjs";

const here = gatewayForThisFile(async (gateway, holder) => {
	holder.outside = await Outside.start(gateway.folder);
	const place = `127.0.0.1:${holder.outside.port}`;
	const credentials = path.join(gateway.folder, "credentials");
	fs.writeFileSync(
		credentials,
		`broker ${place} gate:se:cret\nother elsewhere.example a:b\n`,
	);
	await allowCourier(gateway, [place], [holder.outside.file], [
		`credentials_file = ${credentials}`,
	]);
	holder.issuer = await new Issuer("ES256").list(gateway);
	holder.other = await new Issuer("RS256").list(gateway);
});
after(() => here.outside?.close());

const call = (method, place, token, body) => ask(here.gateway, method, place, { token, body });
const post = (person, visa) => call("POST", "/api/v1/visas", person.token, { visa });
const standing = async (person) =>
	(await call("GET", "/api/v1/visas", person.token)).json.visas;
const identities = async (person, token = person.token) =>
	(await call("GET", `/api/v1/persons/${person.id}/identities`, token)).json.identities;
const encode = encodeURIComponent;

const linking = (issuer, sub, pairs, change = {}) =>
	issuer.visa(sub, {
		...change,
		visa: {
			type: "LinkedIdentities",
			value: pairs.map(([s, i]) => `${encode(s)},${encode(i)}`).join(";"),
			by: "system",
		},
	});

test("a linked identity lets its visas count as long as the link does", async () => {
	const { issuer, other } = here;
	const person = await addPerson(here.gateway);
	const thief = await addPerson(here.gateway);
	const soon = Math.floor(Date.now() / 1000) + 4;

	const link = await post(person, linking(issuer, "l1", [["far,1", other.iss]],
		{ claims: { exp: soon } }));
	assert.equal(link.status, 201, link.text);
	const stolen = await post(thief, other.visa("far,1"));
	assert.equal(stolen.status, 403);
	assert.match(stolen.json.detail, /another person/);
	const own = await post(person, other.visa("far,1"));
	assert.equal(own.status, 201, own.text);
	assert.equal(own.json.counts, true);
	const how = (await identities(person)).map((one) => one.how).sort();
	assert.deepEqual(how, ["linked", "visa"]);
	const after_ = await until("the end of the link", 10, async () => {
		const list = await standing(person);
		return list.every((one) => !one.counts) && list;
	});
	assert.match(after_.find((one) => one.sub === "far,1").why_not, /links its subject/);
});

test("a visa that links what is another's is refused whole", async () => {
	const [first, second] = [await addPerson(here.gateway), await addPerson(here.gateway)];

	await post(first, here.issuer.visa("taken"));
	const answer = await post(second, linking(here.other, "t2", [
		["fresh", here.issuer.iss],
		["taken", here.issuer.iss],
	]));
	assert.equal(answer.status, 403, answer.text);
	assert.match(answer.json.detail, /another person/);
	assert.deepEqual(await identities(second), []);
	assert.equal((await post(first, here.other.visa("mine"))).status, 201);
});

test("an administrator links and unlinks, with a reason, and the log has it", async () => {
	const [person, next] = [await addPerson(here.gateway), await addPerson(here.gateway)];
	const admin = here.gateway.tokens.admin;
	const place = `/api/v1/persons/${person.id}/identities`;
	const body = { iss: here.issuer.iss, sub: "by-hand", reason: "seen at the desk" };

	assert.equal((await call("POST", place, person.token, body)).status, 403);
	assert.equal((await call("POST", place, admin, { ...body, reason: "" })).status, 400);
	const made = await call("POST", place, admin, body);
	assert.equal(made.status, 201, made.text);
	assert.ok(made.headers["x-audit-receipt"]);
	assert.equal((await call("POST", place, admin, body)).status, 409);
	const elsewhere = `/api/v1/persons/${next.id}/identities`;
	assert.match((await call("POST", elsewhere, admin, body)).json.detail, /another person/);
	assert.equal((await call("GET", place, next.token)).status, 404);
	assert.equal((await post(next, here.issuer.visa("by-hand"))).status, 403);
	const visa = here.issuer.visa("by-hand");
	assert.equal((await post(person, visa)).json.counts, true);

	const gone = `${place}?iss=${encode(body.iss)}&sub=by-hand&reason=mistaken`;
	assert.equal((await call("DELETE", gone, person.token)).status, 403);
	assert.equal((await call("DELETE", gone, admin)).status, 204);
	assert.equal((await call("DELETE", gone, admin)).status, 404);
	assert.deepEqual(await standing(person), []);
	assert.equal((await post(next, visa)).status, 201); // theirs now
	for (const kind of ["identity.link", "identity.unlink"]) {
		const events = await call("GET", `/api/v1/audit/events?kind=${kind}`,
			here.gateway.tokens.auditor);
		assert.ok(JSON.stringify(events.json).includes(person.id), kind);
	}
});

/** A broker that gives passports for tokens: {broker, answers}. */
async function listBroker(client_credential = "broker") {
	const broker = new Issuer("ES256");
	const token_endpoint = here.outside.url + `/token-${broker.iss.length}-${Math.random()}`;
	const broken = { status: 200, change: {} };

	here.outside.on(new URL(token_endpoint).pathname, (request, response, text) => {
		const form = new URLSearchParams(text);
		const good =
			form.get("grant_type") ===
				"urn:ietf:params:oauth:grant-type:token-exchange" &&
			form.get("requested_token_type") ===
				"urn:ga4gh:params:oauth:token-type:passport" &&
			form.get("subject_token") === "the token & more" &&
			request.headers.authorization ===
				`Basic ${Buffer.from("gate:se%3Acret").toString("base64")}`;
		const passport = {
			issued_token_type: "urn:ga4gh:params:oauth:token-type:passport",
			token_type: "N_A",
			access_token: broken.passport,
			...broken.change,
		};
		response.statusCode = good ? broken.status : 401;
		response.end(JSON.stringify(good ? passport : { error: "invalid_client" }));
	});
	await expect(201, here.gateway, "POST", "/api/v1/issuers", {
		token: here.gateway.tokens.admin,
		body: { iss: broker.iss, jwks: broker.jwks, token_endpoint, client_credential },
	});
	return { broker, broken };
}

test("a passport is had from its broker for a token, by the courier's credentials", async () => {
	const { broker, broken } = await listBroker();
	const person = await addPerson(here.gateway);
	const now = Math.floor(Date.now() / 1000);
	const exchange = (token = "the token & more", iss = broker.iss) =>
		call("POST", "/api/v1/passports/exchange", person.token, { iss, token });

	broken.passport = signToken(
		broker.header({ typ: "vnd.ga4gh.passport+jwt" }),
		{
			iss: broker.iss,
			sub: "e1",
			iat: now,
			exp: now + 60,
			ga4gh_passport_v1: [here.issuer.visa("exchanged")],
		},
		broker.key,
	);
	const answer = await exchange();
	assert.equal(answer.status, 200, answer.text);
	assert.equal(answer.json.taken, 1);
	assert.equal((await standing(person))[0].counts, true);
	assert.match((await exchange("another")).json.detail, /refuses \(401\): invalid_client/);
	broken.change = { issued_token_type: "urn:ietf:params:oauth:token-type:access_token" };
	assert.match((await exchange()).json.detail, /no passport/);
	broken.change = { access_token: "not.a.jwt" };
	assert.equal((await exchange()).status, 403);
	broken.status = 500;
	assert.match((await exchange()).json.detail, /500/);
	assert.equal((await exchange("x", here.issuer.iss)).status, 409); // no broker
	assert.equal((await exchange("x", "https://none.example")).status, 404);
});

test("a credential for another host is sent nowhere", async () => {
	const person = await addPerson(here.gateway);
	for (const [name, why] of [["other", /for another host/], ["none", /no credential/]]) {
		const { broker } = await listBroker(name);
		const asked = here.outside.asked.length;
		const answer = await call("POST", "/api/v1/passports/exchange", person.token, {
			iss: broker.iss,
			token: "the token & more",
		});
		assert.match(answer.json.detail, why);
		assert.equal(here.outside.asked.length, asked);
	}
});

const referee = { name: "Prof. R", email: "r@uni.example" };

test("a referee confirms once, by a link that the person never sees", async () => {
	const person = await addPerson(here.gateway);
	const stranger = await addPerson(here.gateway);
	const place = `/api/v1/persons/${person.id}/referees`;
	const admin = here.gateway.tokens.admin;

	const named = await call("POST", place, person.token, referee);
	assert.equal(named.status, 201, named.text);
	assert.equal(named.json.link, undefined);
	assert.equal((await call("POST", place, stranger.token, referee)).status, 404);
	assert.equal((await call("GET", place, stranger.token)).status, 404);
	const renew = `/api/v1/referees/${named.json.id}/link`;
	assert.equal((await call("POST", renew, person.token)).status, 403);
	const first = (await call("POST", renew, admin)).json.link;
	const second = (await call("POST", renew, admin)).json.link;
	assert.match(second, /\/api\/v1\/references\/[\w-]{43}$/);
	assert.equal((await call("GET", first)).status, 404); // another was made
	const shown = await call("GET", second);
	assert.equal(shown.status, 200, shown.text);
	assert.equal(shown.json.person, person.name);
	assert.equal(shown.headers["cache-control"], "no-store");
	assert.equal((await call("POST", second, undefined, { answer: "maybe" })).status, 400);
	const answers = await Promise.all(
		["confirm", "decline", "confirm", "confirm"].map((answer) =>
			call("POST", second, undefined, { answer, note: "solid work" }),
		),
	);
	assert.deepEqual(answers.map((one) => one.status).sort().slice(0, 1), [200]);
	assert.equal(answers.filter((one) => one.status === 200).length, 1);
	assert.equal((await call("GET", second)).status, 404);
	const mine = await call("GET", place, person.token);
	assert.match(mine.json.referees[0].state, /confirmed|declined/);
	assert.equal(mine.json.referees[0].note, undefined);
	const theirs = await call("GET", place, admin);
	assert.equal(theirs.json.referees[0].note, "solid work");
	const secret = second.split("/").at(-1);
	const events = await call("GET", "/api/v1/audit/events?kind=referee.answer",
		here.gateway.tokens.auditor);
	assert.ok(events.text.includes(person.id) && !events.text.includes(secret));
	assert.equal(sql(here.gateway, "SELECT count(*) FROM referee WHERE note LIKE '%solid%'")
		.trim(), "1");
});

test("a link that lapsed, or is nobody's, is not good", async () => {
	const person = await addPerson(here.gateway);
	const place = `/api/v1/persons/${person.id}/referees`;
	const made = await call("POST", place, here.gateway.tokens.admin, referee);
	const { link } = made.json;

	assert.equal((await call("GET", link)).status, 200);
	sql(here.gateway, `UPDATE referee SET asked_at = now() - interval '31 d', expires_at = now()
		WHERE id = '${made.json.id}'`);
	assert.equal((await call("POST", link, undefined, { answer: "confirm" })).status, 404);
	assert.equal((await call("GET", place, person.token)).json.referees[0].state, "lapsed");
	for (const secret of ["x", "A".repeat(43), "%00", "A".repeat(5000)])
		assert.ok((await call("GET", `/api/v1/references/${secret}`)).status >= 400);
	for (const [name, email] of [[], ["a"], ["", "a@b.c"], ["a", "a b@c"]]) {
		const answer = await call("POST", place, person.token, { name, email });
		assert.equal(answer.status, 400);
	}
});
