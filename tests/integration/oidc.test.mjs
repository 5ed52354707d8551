// SPDX-License-Identifier: Apache-2.0
// Signing in at an identity provider: the real `oidc-provider`, and one that is slow, huge, sends
// elsewhere, or lies.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import test, { after } from "node:test";
import { sql } from "./database.mjs";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect } from "./http.mjs";
import { Browser, encode, LyingProvider, RealProvider, restart } from "./idp.mjs";
import { addPerson } from "./people.mjs";

const providers = {};

function writeSettings(gateway) {
	const { real, liar } = providers;
	const file = (name, text) => {
		const at = path.join(gateway.folder, name);
		fs.writeFileSync(at, text, { mode: 0o644 });
		return at;
	};
	const port = (idp) => new URL(idp.url).port;
	const entry = (name, issuer, more) => ({ name, issuer, client_id: "sallyport", ...more });
	const list = [
		entry("campus", real.url, { client_id: "with-secret", credential: "campus" }),
		entry("open", real.url, {
			client_id: "public",
			register: "anyone",
			title: "Anybody",
			scopes: ["openid", "profile"],
		}),
		entry("liar", liar.url, { register: "anyone" }),
		entry("unlisted", "https://127.0.0.1:1"),
	];
	const providersText = JSON.stringify({ providers: list });
	const secret = `campus 127.0.0.1:${port(real)} with-secret:a-secret-of-the-client\n`;
	const authorities = fs.readFileSync(real.certificate) + fs.readFileSync(liar.certificate);
	fs.appendFileSync(
		gateway.config,
		[
			"\n[signin]",
			`providers_file = ${file("providers.json", providersText)}`,
			"[courier]",
			`allow = 127.0.0.1:${port(real)} 127.0.0.1:${port(liar)}`,
			"allow_private = yes",
			`ca_file = ${file("authorities.pem", authorities)}`,
			`credentials_file = ${file("credentials", secret)}`,
			"",
		].join("\n"),
	);
}

const here = gatewayForThisFile(async (gateway) => {
	const redirects = ["campus", "open"].map(
		(name) => `${gateway.url}/api/v1/oidc/${name}/callback`,
	);
	providers.real = await RealProvider.start(gateway.folder, redirects);
	providers.liar = await LyingProvider.start(gateway.folder);
	writeSettings(gateway);
	await restart(gateway, "sallyport-courier");
	await restart(gateway, "sallyport-edge");
});
after(() => Object.values(providers).forEach((idp) => idp.close()));

async function invite(person) {
	const answer = await expect(
		201,
		here.gateway,
		"POST",
		`/api/v1/persons/${person.id}/invitation`,
		{ token: here.gateway.tokens.admin },
	);
	return answer.json.code;
}

const count = (table) => Number(sql(here.gateway, `SELECT count(*) FROM ${table}`));

test("the providers are listed, without their secrets", async () => {
	const answer = await expect(200, here.gateway, "GET", "/api/v1/oidc");
	assert.deepEqual(
		answer.json.providers.map((one) => one.name),
		["campus", "open", "liar", "unlisted"],
	);
	assert.doesNotMatch(answer.text, /secret|credential|client/);
});

test("who is invited binds their identity, and signs in by it from then on", async () => {
	const { gateway } = here;
	const person = await addPerson(gateway);
	const code = await invite(person);
	const browser = new Browser(gateway);
	const back = await browser.signIn("campus", "ada", `?code=${code}&back=%2Fmodels%3Fa%3Db`);
	assert.equal(back.status, 303, back.text);
	assert.equal(back.headers.location, "/models?a=b");
	const me = await browser.whoAmI();
	assert.equal(me.json.person.id, person.id, me.text);
	const other = new Browser(gateway);
	assert.equal((await other.signIn("campus", "ada")).status, 303);
	assert.equal((await other.whoAmI()).json.person.id, person.id);
	const sessions = await other.get(`${gateway.url}/api/v1/sessions`);
	assert.ok(sessions.json.sessions.every((one) => one.method === "oidc:campus"));
	const events = await expect(
		200,
		gateway,
		"GET",
		"/api/v1/audit/events?kind=identity.link",
		{
			token: gateway.tokens.auditor,
		},
	);
	assert.ok(
		events.json.events.some(
			(one) => one.payload.sub === "ada" && one.payload.person === person.id,
		),
	);
	// An identity is one person's: an invitation of somebody else does not move it.
	const second = await invite(await addPerson(gateway));
	const thief = await new Browser(gateway).signIn("campus", "ada", `?code=${second}`);
	assert.equal(thief.status, 409, thief.text);
	// And a suspended person stays outside.
	sql(gateway, `UPDATE person SET state = 'suspended' WHERE id = '${person.id}'`);
	const suspended = await new Browser(gateway).signIn("campus", "ada");
	assert.equal(suspended.status, 401);
	assert.match(suspended.json.detail, /suspended/);
});

test("who was not invited is nobody here, unless the settings register them", async () => {
	const { gateway } = here;
	const browser = new Browser(gateway);
	const refused = await browser.signIn("campus", "grace");
	assert.equal(refused.status, 401, refused.text);
	assert.match(refused.json.detail, /invitation/);
	assert.equal((await browser.whoAmI()).status, 401);
	const open = new Browser(gateway);
	assert.equal((await open.signIn("open", "Grace.H")).status, 303);
	const me = (await open.whoAmI()).json.person;
	assert.equal(me.name, "grace.h");
	assert.deepEqual(me.held, []);
	const again = new Browser(gateway);
	await again.signIn("open", "Grace.H");
	assert.equal((await again.whoAmI()).json.person.id, me.id);
	// The name of somebody who is here already makes nobody into them.
	const taken = await addPerson(gateway);
	const same = new Browser(gateway);
	assert.equal((await same.signIn("open", taken.name)).status, 303);
	const they = (await same.whoAmI()).json.person;
	assert.notEqual(they.id, taken.id);
	assert.match(they.name, new RegExp(`^${taken.name}-[a-z]{4}$`));
});

/** Begin at the provider that lies: what the gateway asks it, and the browser that did. */
async function begin() {
	const browser = new Browser(here.gateway);
	const start = await browser.get(`${here.gateway.url}/api/v1/oidc/liar/start`);
	assert.equal(start.status, 303, start.text);
	const asked = new URL(start.next).searchParams;
	return { browser, asked, nonce: asked.get("nonce"), state: asked.get("state") };
}

function comeBack({ browser, nonce, state }, more = "") {
	const query = `code=${nonce}&state=${state}${more}`;
	return browser.get(`${here.gateway.url}/api/v1/oidc/liar/callback?${query}`);
}

test("the provider is asked for the code flow with PKCE, and nothing of it repeats", async () => {
	providers.liar.lie = {};
	const one = await begin();
	const two = await begin();
	assert.equal(one.asked.get("response_type"), "code");
	assert.equal(one.asked.get("code_challenge_method"), "S256");
	assert.match(one.asked.get("scope"), /\bopenid\b/);
	for (const name of ["state", "nonce", "code_challenge"]) {
		assert.ok(one.asked.get(name).length >= 43, name);
		assert.notEqual(one.asked.get(name), two.asked.get(name));
	}
	assert.equal((await comeBack(one)).status, 303);
	assert.equal((await one.browser.whoAmI()).status, 200);
});

test("a sign-in counts in the browser that began it, and once", async () => {
	providers.liar.lie = {};
	const mine = await begin();
	const stranger = { ...mine, browser: new Browser(here.gateway) };
	assert.equal((await comeBack(stranger)).status, 401); // a link that somebody was sent
	assert.equal((await comeBack({ ...mine, state: "x".repeat(43) })).status, 401);
	const other = await begin();
	assert.equal((await comeBack({ ...other, browser: mine.browser })).status, 401);
	assert.equal((await comeBack(mine)).status, 303);
	assert.equal((await comeBack(mine)).status, 401);
	const late = await begin();
	sql(here.gateway, "UPDATE oidc_login SET expires_at = now() - interval '1 second'");
	assert.equal((await comeBack(late)).status, 401);
	const mixed = await begin();
	const answer = await comeBack(mixed, "&iss=https%3A%2F%2Fother.example");
	assert.equal(answer.status, 401); // mix-up: the answer of another provider
	const refused = await begin();
	const callback = `${here.gateway.url}/api/v1/oidc/liar/callback`;
	const denied = await refused.browser.get(
		`${callback}?error=access_denied&state=${refused.state}`,
	);
	assert.equal(denied.status, 401);
	assert.match(denied.json.detail, /access_denied/);
});

const now = () => Math.floor(Date.now() / 1000);
const lies = [
	["another issuer", () => ({ claims: { iss: "https://other.example" } })],
	["another issuer by a slash", (idp) => ({ claims: { iss: `${idp.url}/` } })],
	["somebody else", () => ({ claims: { aud: "somebody-else" } })],
	["several, and not for us", () => ({ claims: { aud: ["sallyport", "b"] } })],
	["several, for another", () => ({ claims: { aud: ["sallyport", "b"], azp: "b" } })],
	["another nonce", () => ({ claims: { nonce: "n".repeat(43) } })],
	["no nonce", () => ({ without: ["nonce"] })],
	["a time that has passed", () => ({ claims: { exp: now() - 120 } })],
	["no end", () => ({ without: ["exp"] })],
	["the future", () => ({ claims: { iat: now() + 3600 } })],
	["no subject", () => ({ without: ["sub"] })],
	["an empty subject", () => ({ claims: { sub: "" } })],
	["an endless subject", () => ({ claims: { sub: "s".repeat(256) } })],
	["another access token", () => ({ claims: { at_hash: "AAAAAAAAAAAAAAAAAAAAAA" } })],
	["a key of its own", () => ({ otherKey: true })],
	["a key that is not published", () => ({ header: { kid: "z" } })],
	["no signature", () => ({ header: { alg: "none" }, sign: () => "" })],
	["none, in capitals", () => ({ header: { alg: "NONE" }, sign: () => "" })],
	[
		"a signature with the public key as a secret",
		() => ({
			header: { alg: "HS256" },
			sign: (covered, idp) =>
				crypto
					.createHmac(
						"sha256",
						idp.keys.publicKey.export({
							format: "pem",
							type: "spki",
						}),
					)
					.update(covered)
					.digest("base64url"),
		}),
	],
	["critical extensions", () => ({ header: { crit: ["b64"], b64: false } })],
	["no id token", () => ({ tokens: { id_token: undefined } })],
	["an id token that is none", () => ({ tokens: { id_token: "a.b.c" } })],
	["a list for a token", () => ({ tokens: { id_token: ["a"] } })],
	[
		"an endless token",
		() => ({
			tokens: { id_token: `${encode({ alg: "ES256" })}.${"A".repeat(20000)}.A` },
		}),
	],
];

function answerTo(where, send) {
	return {
		answer(pathname, request, response) {
			if (pathname !== where) return false;
			send(response);
			return true;
		},
	};
}

const failures = [
	["an error", (response) => response.writeHead(500).end()],
	["a refusal", (response) => response.writeHead(400).end('{"error":"invalid_grant"}')],
	["no JSON", (response) => response.end("<html>")],
	["a list", (response) => response.end("[]")],
	["deep JSON", (response) => response.end("[".repeat(5000))],
	["a megabyte", (response) => response.end(`"${"a".repeat(1 << 20)}"`)],
	[
		"a redirect to where nobody may go",
		(response) =>
			response
				.writeHead(302, {
					location: "https://169.254.169.254/latest/meta-data",
				})
				.end(),
	],
	[
		"a redirect to itself",
		(response) =>
			response
				.writeHead(307, { location: `${providers.liar.url}/elsewhere` })
				.end(),
	],
	[
		"half an answer",
		(response) => response.writeHead(200, { "content-length": 100 }).end("{"),
	],
	["a connection that breaks", (response) => response.destroy()],
];

for (const [what, lie] of [
	...lies.map(([what, make]) => [`an id token with ${what}`, make]),
	...failures.map(([what, send]) => [`${what} for a token`, () => answerTo("/token", send)]),
])
	test(`nobody is signed in by ${what}`, async () => {
		const idp = providers.liar;
		const persons = count("person");
		const sessions = count("session");

		idp.lie = {};
		idp.asked = [];
		const login = await begin();
		idp.lie = lie(idp);
		const answer = await comeBack(login);
		assert.ok(answer.status >= 400, `${answer.status}: ${answer.text}`);
		assert.ok(answer.json.detail.length > 10, answer.text);
		assert.equal((await login.browser.whoAmI()).status, 401);
		assert.equal(count("person"), persons);
		assert.equal(count("session"), sessions);
		assert.ok(!idp.asked.includes("/elsewhere"), "a redirect was followed");
		// And it is spent: the truth comes too late for it.
		idp.lie = {};
		assert.equal((await comeBack(login)).status, 401);
	});

test("a provider that is silent is given up", { timeout: 30000 }, async () => {
	const idp = providers.liar;
	idp.lie = {};
	const login = await begin();
	idp.lie = { answer: (pathname) => pathname === "/token" };
	const answer = await comeBack(login);
	assert.ok([503, 504].includes(answer.status), `${answer.status}: ${answer.text}`);
	assert.equal((await login.browser.whoAmI()).status, 401);
	idp.lie = {};
});

const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";

test("a job gets a short, narrow token for its platform's id token", async () => {
	const { gateway } = here;
	const idp = providers.liar;
	const { admin, auditor } = gateway.tokens;
	const robot = await addPerson(gateway);
	const rule = (more) =>
		ask(gateway, "POST", "/api/v1/workloads", {
			token: admin,
			body: {
				name: `nightly ${Math.random()}`,
				issuer: idp.url,
				audience: "sallyport",
				subject: "repo:lab/*",
				person: robot.id,
				minutes: 10,
				scope: {
					rights: ["metadata:read", "weights:read"],
					models: ["lab/*"],
				},
				...more,
			},
		});
	const swap = (jwt, grant = EXCHANGE) =>
		ask(gateway, "POST", "/oauth/token", {
			body: { grant_type: grant, subject_token: jwt },
		});
	const job = (claims, more) => {
		idp.lie = {
			claims: { sub: "repo:lab/train:main", ...claims },
			without: ["nonce"],
			...more,
		};
		return idp.token();
	};

	idp.lie = {};
	assert.match((await swap(job())).text, /invalid_grant.*no rule/);
	const made = await rule();
	assert.equal(made.status, 201, made.text);
	const got = await swap(job());
	assert.equal(got.status, 200, got.text);
	assert.ok(got.json.expires_in <= 600);
	const me = await ask(gateway, "GET", "/api/whoami-v2", { token: got.json.access_token });
	assert.equal(me.json.id, robot.id);
	const wider = await ask(gateway, "POST", "/api/v1/tokens", {
		token: got.json.access_token,
		body: { name: "wider" },
	});
	assert.equal(wider.status, 403);
	const events = await expect(200, gateway, "GET", "/api/v1/audit/events?kind=token.create", {
		token: auditor,
	});
	assert.equal(events.json.events[0].payload.sub, "repo:lab/train:main");
	const bad = [
		job({ sub: "repo:labor/train" }),
		job({ sub: "other" }),
		job({ aud: "somebody-else" }),
		job({ exp: now() - 3600 }),
		job({ iss: "https://other.example" }),
		job({}, { otherKey: true }),
		job({}, { header: { alg: "none" }, sign: () => "" }),
		"a.b.c",
		"",
	];
	idp.lie = {};
	for (const jwt of bad) {
		const answer = await swap(jwt);
		assert.equal(answer.status, 400, answer.text);
		assert.equal(answer.json.error, "invalid_grant");
	}
	sql(gateway, "DELETE FROM attempt"); // whoever fails so often waits
	// Nobody makes a rule for more than they have themselves, or for every subject.
	const persons = await expect(200, gateway, "GET", "/api/v1/persons", { token: admin });
	const eve = persons.json.persons.find((one) => one.offices === "audit:read");
	const scope = { rights: ["audit:read"] };
	assert.equal((await rule({ person: eve.id, scope })).status, 403);
	assert.equal((await rule({ subject: "*" })).status, 400);
	assert.equal((await rule({ scope: { models: ["a/b"] } })).status, 400);
	assert.equal((await rule({ minutes: 100000 })).status, 400);
	const gone = await ask(gateway, "DELETE", `/api/v1/workloads/${made.json.id}`, {
		token: admin,
	});
	assert.equal(gone.status, 204);
	assert.equal((await swap(job())).status, 400);
	idp.lie = {};
});

test("where the gateway may not go, it says what to do", async () => {
	const answer = await ask(here.gateway, "GET", "/api/v1/oidc/unlisted/start");
	assert.equal(answer.status, 401, answer.text);
	assert.match(answer.json.detail, /courier\.allow/);
	assert.equal((await ask(here.gateway, "GET", "/api/v1/oidc/none/start")).status, 404);
});

test("the browser comes back to this gateway and nowhere else", async () => {
	for (const back of [
		"https://evil.example",
		"//evil.example",
		"/\\evil.example",
		"/a b",
		"x",
	]) {
		const query = `back=${encodeURIComponent(back)}`;
		const answer = await ask(here.gateway, "GET", `/api/v1/oidc/liar/start?${query}`);
		assert.equal(answer.status, 400, back);
	}
});
