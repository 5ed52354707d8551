// SPDX-License-Identifier: Apache-2.0
// Which visas count: those of listed issuers, whole, now, and for one person.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import http from "node:http";
import test from "node:test";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect } from "./http.mjs";
import { addPerson } from "./people.mjs";
import { Issuer, signToken } from "./visas.mjs";

const here = gatewayForThisFile(async (gateway, holder) => {
	holder.ec = await new Issuer("ES256").list(gateway);
	holder.rsa = await new Issuer("RS256").list(gateway);
});

const post = (token, visa) => ask(here.gateway, "POST", "/api/v1/visas", { token, body: { visa } });

async function refusedWith(reason, token, visa) {
	const answer = await post(token, visa);
	assert.equal(answer.status, 403, answer.text);
	assert.equal(answer.json.code, "VISA_INVALID");
	assert.match(answer.json.detail, reason);
	return answer;
}

for (const name of ["ec", "rsa"])
	test(`a visa of a listed issuer is accepted and kept (${name})`, async () => {
		const person = await addPerson(here.gateway);
		const answer = await post(person.token, here[name].visa("alice"));

		assert.equal(answer.status, 201, answer.text);
		assert.equal(answer.json.iss, here[name].iss);
		assert.equal(answer.json.type, "ResearcherStatus");
		const list = await expect(200, here.gateway, "GET", "/api/v1/visas", {
			token: person.token,
		});
		assert.deepEqual(
			list.json.visas.map((visa) => visa.id),
			[answer.json.id],
		);
		const others = await expect(200, here.gateway, "GET", "/api/v1/visas", {
			token: here.gateway.tokens.stranger,
		});
		assert.deepEqual(others.json.visas, []);
	});

test("the demo's issuer, whose private key is given away, is a listed one", async () => {
	const { iss, jwk } = here.gateway.issuer;
	const key = crypto.createPrivateKey({ key: jwk, format: "jwk" });
	const maker = here.ec;
	const person = await addPerson(here.gateway);
	const claims = maker.claims("somebody-new", { iss });
	const header = { typ: "vnd.ga4gh.visa+jwt", alg: "ES256", kid: jwk.kid };

	const answer = await post(person.token, signToken(header, claims, key));
	assert.equal(answer.status, 201, answer.text);
});

const tricks = [
	[
		"alg none",
		/algorithm|alg/i,
		(ec) => signToken(ec.header({ alg: "none" }), ec.claims("eve"), null),
	],
	[
		"HS256 with the RSA key as its secret",
		/algorithm|alg/i,
		(ec, rsa) =>
			signToken(
				rsa.header({ alg: "HS256" }),
				rsa.claims("eve"),
				rsa.public.export({ type: "spki", format: "pem" }),
			),
	],
	[
		"RS256 for an ES256 key",
		/RS256.*ES256/,
		(ec, rsa) => signToken(ec.header({ alg: "RS256" }), ec.claims("eve"), rsa.key),
	],
	[
		"an issuer that is not listed",
		/not listed|issuer/i,
		() => new Issuer("ES256").visa("eve"),
	],
	[
		"another issuer's key",
		/signature/i,
		(ec) => {
			const other = new Issuer("ES256");
			other.iss = ec.iss;
			return other.visa("eve");
		},
	],
	["a key that is not in the set", /k9/, (ec) => ec.visa("eve", { header: { kid: "k9" } })],
	[
		"the end two hours ago",
		/expired/i,
		(ec) =>
			ec.visa("eve", {
				claims: {
					iat: Math.floor(Date.now() / 1000) - 9000,
					exp: Math.floor(Date.now() / 1000) - 7200,
				},
			}),
	],
	[
		"an assertion in the future",
		/asserted|future/i,
		(ec) =>
			ec.visa("eve", {
				visa: {
					asserted: Math.floor(Date.now() / 1000) + 86400,
				},
			}),
	],
	[
		"conditions, which are not understood",
		/conditions/i,
		(ec) =>
			ec.visa("eve", {
				visa: {
					conditions: [
						[
							{
								type: "AffiliationAndRole",
								value: "const:faculty@x.org",
								by: "so",
							},
						],
					],
				},
			}),
	],
	["no type", /type/i, (ec) => ec.visa("eve", { visa: { type: undefined } })],
	["no sub", /sub/i, (ec) => ec.visa(undefined)],
	[
		"a flipped bit in its claims",
		/signature/i,
		(ec) => {
			const [head, claims, signature] = ec.visa("eve").split(".");
			const text = Buffer.from(claims, "base64url")
				.toString()
				.replace('"eve"', '"adm"');
			return [head, Buffer.from(text).toString("base64url"), signature].join(".");
		},
	],
	[
		"a critical extension",
		/crit/i,
		(ec) => ec.visa("eve", { header: { crit: ["x"], x: 1 } }),
	],
	["two parts only", /./, (ec) => ec.visa("eve").split(".").slice(0, 2).join(".")],
	["nothing at all", /./, () => ""],
];

for (const [what, reason, make] of tricks)
	test(`a visa with ${what} is refused, and says so`, async () => {
		const person = await addPerson(here.gateway);
		const before = await expect(201, here.gateway, "POST", "/api/v1/visas", {
			token: person.token,
			body: { visa: here.ec.visa(person.name) },
		});

		await refusedWith(reason, person.token, make(here.ec, here.rsa));
		const list = await expect(200, here.gateway, "GET", "/api/v1/visas", {
			token: person.token,
		});
		assert.deepEqual(
			list.json.visas.map((visa) => visa.id),
			[before.json.id],
		);
	});

test("an address of keys in a visa is never fetched, listed or not", async () => {
	const person = await addPerson(here.gateway);
	let visits = 0;
	const server = http.createServer((request, response) => {
		visits++;
		response.end(JSON.stringify(here.ec.jwks));
	});
	server.on("connection", () => {
		visits++;
	});
	await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
	try {
		const jku = `http://127.0.0.1:${server.address().port}/jwks`;
		await refusedWith(
			/jku|address/i,
			person.token,
			here.ec.visa("eve", { header: { jku } }),
		);
		const listed = await new Issuer("ES256", jku).list(here.gateway);
		assert.equal((await post(person.token, listed.visa("eve"))).status, 201);
		await refusedWith(/./, person.token, listed.visa("eve", { header: { kid: "k2" } }));
		assert.equal(visits, 0);
	} finally {
		server.close();
	}
});

test("a subject belongs to the person who came first, for good", async () => {
	const first = await addPerson(here.gateway);
	const second = await addPerson(here.gateway);
	const visa = here.ec.visa("the-one-and-only");

	assert.equal((await post(first.token, visa)).status, 201);
	await refusedWith(/person|bound|belongs/i, second.token, here.ec.visa("the-one-and-only"));
	assert.equal((await post(first.token, here.ec.visa("the-one-and-only"))).status, 201);
});

test("a person has one subject at an issuer, and may have one at another", async () => {
	const person = await addPerson(here.gateway);

	assert.equal((await post(person.token, here.ec.visa(person.name))).status, 201);
	await refusedWith(/./, person.token, here.ec.visa(`${person.name}-too`));
	assert.equal((await post(person.token, here.rsa.visa(`${person.name}-too`))).status, 201);
});

test("visas of an issuer that was removed count no more", async () => {
	const issuer = await new Issuer("ES256").list(here.gateway);
	const person = await addPerson(here.gateway);

	assert.equal((await post(person.token, issuer.visa("bob"))).status, 201);
	await expect(
		204,
		here.gateway,
		"DELETE",
		`/api/v1/issuers?iss=${encodeURIComponent(issuer.iss)}`,
		{ token: here.gateway.tokens.admin },
	);
	await refusedWith(/issuer/i, person.token, issuer.visa("bob"));
});

test("issuers are added by whoever manages persons, and by nobody else", async () => {
	const { gateway } = here;
	const issuer = new Issuer("ES256");
	const body = { iss: issuer.iss, jwks: issuer.jwks };

	for (const token of [gateway.tokens.researcher, gateway.tokens.auditor]) {
		const answer = await ask(gateway, "POST", "/api/v1/issuers", { token, body });
		assert.equal(answer.status, 403);
		assert.equal(answer.json.code, "RIGHT_NOT_GRANTED");
	}
	const flawed = {
		iss: issuer.iss,
		jwks: { keys: [{ kty: "oct", k: "c2VjcmV0", kid: "k1" }] },
	};
	assert.equal(
		(
			await ask(gateway, "POST", "/api/v1/issuers", {
				token: gateway.tokens.admin,
				body: flawed,
			})
		).status,
		400,
	);
});

test("a refused visa is an entry with its reason, without the visa", async () => {
	const { gateway } = here;
	const person = await addPerson(gateway);
	const visa = new Issuer("ES256").visa("mallory");

	await refusedWith(/issuer/i, person.token, visa);
	const { events } = (
		await expect(
			200,
			gateway,
			"GET",
			`/api/v1/audit/events?kind=visa.refuse&actor=${person.name}`,
			{ token: gateway.tokens.auditor },
		)
	).json;
	assert.equal(events.length, 1);
	assert.equal(events[0].code, "VISA_INVALID");
	assert.ok(!JSON.stringify(events[0]).includes(visa.split(".")[2]));
});
