// SPDX-License-Identifier: Apache-2.0
// Issuers that publish their keys: fetched by the courier, from where an administrator said and
// nowhere else, and gone when they are revoked.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import test, { after } from "node:test";
import { sql as runSql } from "./database.mjs";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { allowCourier, Outside } from "./outside.mjs";
import { addPerson } from "./people.mjs";
import { Issuer, signToken } from "./visas.mjs";

const here = gatewayForThisFile(async (gateway, holder) => {
	holder.outside = await Outside.start(gateway.folder);
	await allowCourier(
		gateway,
		[`127.0.0.1:${holder.outside.port}`, "169.254.169.254"],
		[holder.outside.file],
	);
});
after(() => here.outside?.close());

let counter = 0;

/** An issuer that publishes its keys, listed: {issuer, place, entry}. */
async function published(route) {
	const place = `/jwks-${++counter}`;
	const issuer = new Issuer("ES256", here.outside.url + place);
	if (route) here.outside.on(place, route(issuer));
	else here.outside.json(place, () => issuer.jwks);
	const answer = await expect(201, here.gateway, "POST", "/api/v1/issuers", {
		token: here.gateway.tokens.admin,
		body: { iss: issuer.iss, jku: issuer.jku },
	});
	return { issuer, place, entry: answer.json };
}

const post = (person, visa) =>
	ask(here.gateway, "POST", "/api/v1/visas", { token: person.token, body: { visa } });

async function standing(person) {
	const list = await expect(200, here.gateway, "GET", "/api/v1/visas", {
		token: person.token,
	});
	return list.json.visas;
}

const sql = (text) => runSql(here.gateway, text);

test("keys are fetched when an issuer is listed, and its visas count", async () => {
	const { issuer, place, entry } = await published();
	const person = await addPerson(here.gateway);

	assert.equal(entry.keys, "fetched");
	assert.equal(entry.error, "");
	assert.ok(Date.parse(entry.next) - Date.parse(entry.fetched_at) === 3600000);
	const answer = await post(person, issuer.visa("f1"));
	assert.equal(answer.status, 201, answer.text);
	assert.equal(answer.json.counts, true);
	const unaddressed = await post(person, issuer.visa("f1", { header: { jku: undefined } }));
	assert.equal(unaddressed.status, 201);
	assert.equal(here.outside.visits(place), 1);
});

test("a new key is fetched when a visa names it, and no more than once a minute", async () => {
	const { issuer, place } = await published();
	const person = await addPerson(here.gateway);
	const next = new Issuer("ES256", issuer.jku);

	next.iss = issuer.iss;
	next.jwks.keys[0].kid = "k2";
	issuer.jwks.keys.push(next.jwks.keys[0]);
	const visa = next.visa("roll", { header: { kid: "k2" } });
	const early = await post(person, visa); // the fetch at the listing was a moment ago
	assert.equal(early.status, 403, early.text);
	assert.match(early.json.detail, /less than a minute ago/);
	assert.equal(here.outside.visits(place), 1);
	sql(
		"UPDATE issuer_fetch SET tried_at = now() - interval '61 s' " +
			`WHERE iss = '${issuer.iss}'`,
	);
	const taken = await post(person, visa);
	assert.equal(taken.status, 201, taken.text);
	assert.equal(here.outside.visits(place), 2);
	const unknown = await post(person, next.visa("roll", { header: { kid: "k3" } }));
	assert.equal(unknown.status, 403);
	assert.match(unknown.json.detail, /k3/);
	assert.equal(here.outside.visits(place), 2);
	const kind = "/api/v1/audit/events?kind=issuer.keys";
	const events = await expect(200, here.gateway, "GET", kind, {
		token: here.gateway.tokens.auditor,
	});
	assert.ok(JSON.stringify(events.json).includes(issuer.iss));
});

test("a key that its issuer takes back counts no more", async () => {
	const { issuer, place } = await published();
	const person = await addPerson(here.gateway);

	await post(person, issuer.visa("withdrawn"));
	assert.equal((await standing(person))[0].counts, true);
	issuer.jwks.keys = [];
	sql(
		"UPDATE issuer_fetch SET next_at = now(), tried_at = NULL " +
			`WHERE iss = '${issuer.iss}'`,
	);
	await until("the job", 30, () => here.outside.visits(place) === 2);
	const [visa] = await until("the visa to count no more", 10, async () => {
		const list = await standing(person);
		return !list[0].counts && list;
	});
	assert.match(visa.why_not, /keys|key/);
});

test("a key that an administrator revokes counts no more, whatever is published", async () => {
	const { issuer } = await published();
	const person = await addPerson(here.gateway);
	const revoke = (token) =>
		ask(here.gateway, "POST", "/api/v1/issuers/revoke-key", {
			token,
			body: { iss: issuer.iss, kid: "k1", reason: "it leaked" },
		});

	await post(person, issuer.visa("leaked"));
	assert.equal((await revoke(person.token)).status, 403);
	const answer = await revoke(here.gateway.tokens.admin);
	assert.equal(answer.status, 200, answer.text);
	assert.deepEqual(answer.json.revoked_kids, ["k1"]);
	assert.equal((await standing(person))[0].counts, false);
	assert.equal((await post(person, issuer.visa("leaked"))).status, 403);
});

test("a visa counts until it expires, and is stored no less", async () => {
	const { issuer } = await published();
	const person = await addPerson(here.gateway);
	const soon = Math.floor(Date.now() / 1000) + 3;

	const answer = await post(person, issuer.visa("short", { claims: { exp: soon } }));
	assert.equal(answer.json.counts, true, answer.text);
	const [visa] = await until("the end of the visa", 10, async () => {
		const list = await standing(person);
		return !list[0].counts && list;
	});
	assert.match(visa.why_not, /expired/);
});

const misbehaviour = [
	["is silent", () => () => {}, /stalled|too long/],
	[
		"is endless",
		() => (q, r) => {
			r.write(Buffer.alloc(70000, 32));
			r.end("{}");
		},
		/more than 65536 bytes/,
	],
	[
		"leads inside",
		() => (q, r) =>
			r.writeHead(302, { location: "https://169.254.169.254/keys" }).end(),
		/answers 302/,
	],
	["is gone", () => (q, r) => r.writeHead(500).end("{}"), /answers 500/],
	["sends a page", () => (q, r) => r.end("<html>"), /no JWK set/],
	["sends other JSON", () => (q, r) => r.end("[1]"), /no JWK set/],
	[
		"sends a weak key",
		() => (q, r) => {
			const pair = crypto.generateKeyPairSync("rsa", { modulusLength: 1024 });
			const key = pair.publicKey.export({ format: "jwk" });
			r.end(JSON.stringify({ keys: [{ ...key, kid: "k1" }] }));
		},
		/1024 bits/,
	],
	[
		"packs its answer",
		() => (q, r) => r.writeHead(200, { "content-encoding": "gzip" }).end("x"),
		/compressed/,
	],
];

for (const [what, route, why] of misbehaviour)
	test(`a key address that ${what} gives no keys, and the list says so`, async () => {
		const { issuer, entry } = await published(route);
		const person = await addPerson(here.gateway);

		assert.match(entry.error, why);
		assert.equal(entry.fetched_at, null);
		const answer = await post(person, issuer.visa("nobody"));
		assert.equal(answer.status, 403);
		assert.match(answer.json.detail, /no keys of its issuer/);
	});

test("the last good keys stay when the address fails, and the error is told", async () => {
	const { issuer, place } = await published();
	const person = await addPerson(here.gateway);

	await post(person, issuer.visa("kept"));
	here.outside.on(place, (q, r) => r.end("nonsense"));
	sql(`UPDATE issuer_fetch SET tried_at = NULL WHERE iss = '${issuer.iss}'`);
	const refresh = await ask(here.gateway, "POST", "/api/v1/issuers/refresh", {
		token: here.gateway.tokens.admin,
		body: { iss: issuer.iss },
	});
	assert.equal(refresh.status, 400, refresh.text);
	const list = await expect(200, here.gateway, "GET", "/api/v1/issuers", {
		token: here.gateway.tokens.admin,
	});
	const entry = list.json.issuers.find((one) => one.iss === issuer.iss);
	assert.match(entry.error, /no JWK set/);
	assert.ok(Date.parse(entry.fetched_at) <= Date.parse(entry.tried_at));
	assert.equal((await standing(person))[0].counts, true);
	assert.equal((await post(person, issuer.visa("kept"))).status, 201);
});

test("nothing is fetched for issuers and from addresses that are not listed", async () => {
	const { issuer } = await published();
	const person = await addPerson(here.gateway);
	const place = `/jwks-${++counter}`;
	const jku = here.outside.json(place, () => issuer.jwks);
	const stranger = new Issuer("ES256", jku);

	assert.match((await post(person, stranger.visa("eve"))).json.detail, /not trusted/);
	const elsewhere = issuer.visa("eve", { header: { jku, kid: "new" } });
	assert.match((await post(person, elsewhere)).json.detail, /jku/);
	const almost = issuer.visa("eve", { header: { jku: issuer.jku + "?", kid: "new" } });
	assert.match((await post(person, almost)).json.detail, /jku/);
	assert.equal(here.outside.visits(place), 0);
	assert.equal(here.outside.asked.filter((one) => one.url.includes("?")).length, 0);
});

test("a host that the courier may not go to is told as such", async () => {
	const answer = await expect(201, here.gateway, "POST", "/api/v1/issuers", {
		token: here.gateway.tokens.admin,
		body: { iss: "https://far.example", jku: "https://far.example/jwks" },
	});
	assert.match(answer.json.error, /far\.example:443 .*courier\.allow/);
	for (const body of [
		{ iss: "https://none.example" },
		{ iss: "https://none.example", jku: "http://none.example/jwks" },
		{ iss: "https://none.example", jku: "file:///etc/passwd" },
		{ iss: "", jku: "https://none.example/jwks" },
		{ iss: "https://a.example", jku: "https://a.example/", token_endpoint: "http://x" },
	])
		await expect(400, here.gateway, "POST", "/api/v1/issuers", {
			token: here.gateway.tokens.admin,
			body,
		});
});

test("a visa under conditions counts while another visa of its holder meets them", async () => {
	const { issuer } = await published();
	const other = await new Issuer("RS256").list(here.gateway);
	const person = await addPerson(here.gateway);
	const conditions = [
		[{ type: "AffiliationAndRole", value: "const:faculty@nowhere.example" }],
		[
			{
				type: "AffiliationAndRole",
				value: "pattern:faculty@*.example.org",
				by: "const:so",
			},
		],
	];

	const alone = await post(person, issuer.visa("c", { visa: { conditions } }));
	assert.equal(alone.status, 201, alone.text);
	assert.equal(alone.json.counts, false);
	assert.match(alone.json.why_not, /conditions/);
	const affiliation = { type: "AffiliationAndRole", value: "faculty@med.example.org" };
	const soon = Math.floor(Date.now() / 1000) + 4;
	const met = await post(
		person,
		other.visa("c", { visa: affiliation, claims: { exp: soon } }),
	);
	assert.equal(met.status, 201, met.text);
	const both = (await standing(person)).map((one) => one.counts);
	assert.deepEqual(both, [true, true]);
	await until("the end of what it rests on", 10, async () =>
		(await standing(person)).every((one) => !one.counts),
	);
});

test("a visa for another gateway, or of a form its type has not, is refused", async () => {
	const { issuer } = await published();
	const person = await addPerson(here.gateway);
	const rows = [
		[{ claims: { aud: "https://other.example" } }, /somebody else/],
		[{ visa: { type: "AffiliationAndRole", value: "a@gmail.com" } }, /role@domain/],
		[{ visa: { type: "AcceptedTermsAndPolicies", by: undefined } }, /by/],
		[{ visa: { type: "LinkedIdentities", value: "a" } }, /sub,iss/],
		[{ visa: { type: "Unheard" } }, /does not count here/],
		[{ visa: { by: "me" } }, /self, peer/],
	];

	for (const [change, why] of rows) {
		const answer = await post(person, issuer.visa("v", change));
		assert.equal(answer.status, 403, answer.text);
		assert.match(answer.json.detail, why);
	}
	const mine = await post(person, issuer.visa("v", { claims: { aud: [here.gateway.url] } }));
	assert.equal(mine.status, 201, mine.text);
});

const passport = (broker, sub, visas, change = {}) =>
	signToken(
		broker.header({ typ: "vnd.ga4gh.passport+jwt", ...change.header }),
		{
			iss: broker.iss,
			sub,
			iat: Math.floor(Date.now() / 1000) - 5,
			exp: Math.floor(Date.now() / 1000) + 600,
			ga4gh_passport_v1: visas,
			...change.claims,
		},
		broker.key,
	);

const present = (person, text) =>
	ask(here.gateway, "POST", "/api/v1/passports", {
		token: person.token,
		body: { passport: text },
	});

test("of a passport each visa is judged by itself, and the report says why", async () => {
	const { issuer: broker } = await published();
	const { issuer } = await published();
	const person = await addPerson(here.gateway);
	const good = issuer.visa("p1", {
		visa: { conditions: [[{ type: "AffiliationAndRole", by: "const:so" }]] },
	});
	const text = passport(broker, "b1", [
		good,
		issuer.visa("p1", { visa: { type: "AffiliationAndRole", value: "faculty@x.org" } }),
		issuer.visa("p2"), // another subject of the same issuer
		new Issuer("ES256").visa("p1"),
		issuer.visa("p1", { visa: { type: "Unheard" } }),
		good,
		"not.a.jwt",
	]);

	const answer = await present(person, text);
	assert.equal(answer.status, 200, answer.text);
	assert.deepEqual(
		answer.json.visas.map((one) => one.taken),
		[true, true, false, false, false, false, false],
	);
	const counts = answer.json.visas.slice(0, 2).map((one) => one.counts);
	assert.deepEqual(counts, [true, true]);
	const reasons = [/another subject/, /not trusted/, /does not count/, /stored already/, /./];
	reasons.forEach((why, i) => assert.match(answer.json.visas[i + 2].why_not, why));
	assert.equal(answer.json.taken, 2);
	assert.ok(answer.headers["x-audit-receipt"]);
	const thief = await addPerson(here.gateway);
	const stolen = await present(thief, text);
	assert.equal(stolen.status, 403, stolen.text);
	assert.match(stolen.json.detail, /visa of another person/);
	assert.deepEqual(await standing(thief), []); // not even those that are nobody's yet
});

test("a passport that is none, not theirs, or too large is refused whole", async () => {
	const { issuer: broker } = await published();
	const [holder, thief] = [await addPerson(here.gateway), await addPerson(here.gateway)];
	const refused = async (text, why) => {
		const answer = await present(thief, text);
		assert.equal(answer.status, 403, answer.text);
		assert.match(answer.json.detail, why);
	};

	await post(holder, broker.visa("b7"));
	await refused(passport(broker, "b7", []), /another person/);
	await refused(passport(new Issuer("ES256"), "b8", []), /not trusted/);
	await refused(passport(broker, "b8", [], { claims: { exp: 1 } }), /expired/);
	await refused(passport(broker, "b8", [], { header: { typ: "JWT" } }), /typ/);
	const elsewhere = passport(broker, "b8", [], { claims: { aud: "https://x" } });
	await refused(elsewhere, /somebody else/);
	await refused(passport(broker, "b8", Array(65).fill("a.b.c")), /at most 64/);
	const large = await present(thief, passport(broker, "b8", ["x".repeat(200000)]));
	assert.ok([403, 413].includes(large.status), large.text);
	const huge = await present(thief, passport(broker, "b8", ["x".repeat(1 << 20)]));
	assert.equal(huge.status, 413);
	assert.equal((await standing(thief)).length, 0);
});

test("how keys are had is changed in place, and what rests on an issuer is told", async () => {
	const { admin } = here.gateway.tokens;
	const issuer = await new Issuer("ES256").list(here.gateway);
	const person = await addPerson(here.gateway);
	assert.equal((await post(person, issuer.visa("c1"))).status, 201);
	const impactOf = (iss) =>
		ask(here.gateway, "GET", `/api/v1/issuers/impact?iss=${encodeURIComponent(iss)}`, {
			token: admin,
		});
	const put = (body) => ask(here.gateway, "PUT", "/api/v1/issuers", { token: admin, body });

	const { json } = await impactOf(issuer.iss);
	assert.deepEqual([json.visas, json.persons, json.licenses, json.models], [1, 1, 0, []]);
	assert.equal((await impactOf("https://none.example")).status, 404);
	const place = `/jwks-${++counter}`;
	here.outside.json(place, () => issuer.jwks);
	const changed = await put({ iss: issuer.iss, jku: here.outside.url + place });
	assert.equal(changed.status, 200, changed.text);
	assert.equal(changed.json.keys, "fetched");
	assert.equal(changed.json.error, "");
	assert.deepEqual(
		changed.json.kids,
		issuer.jwks.keys.map((key) => key.kid),
	);
	assert.equal((await standing(person))[0].counts, true);
	assert.equal((await put({ iss: issuer.iss })).status, 400, "keys from nowhere");
	const body = { iss: issuer.iss, kid: "k1", reason: "a test" };
	const revoke = { token: admin, body };
	await expect(200, here.gateway, "POST", "/api/v1/issuers/revoke-key", revoke);
	const again = await put({ iss: issuer.iss, jwks: issuer.jwks });
	assert.deepEqual([again.json.keys, again.json.revoked_kids], ["pinned", ["k1"]]);
	const none = await put({ iss: "https://none.example", jwks: issuer.jwks });
	assert.equal(none.status, 404);
});
