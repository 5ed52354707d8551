// SPDX-License-Identifier: Apache-2.0
// Signing in with a browser: codes, passwords, sessions, and what must not count as one.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { sql } from "./database.mjs";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { addOperator, addPerson, licensedPerson } from "./people.mjs";

const here = gatewayForThisFile(async (gateway, holder) => {
	holder.operator = await addOperator(gateway);
});
const PASSWORD = "correct horse battery staple";

/** A request as a page of the gateway sends it, with the cookie of a session. */
function browse(method, target, { cookie, body, headers = {}, origin = here.gateway.url } = {}) {
	const all = { ...headers };
	if (origin) all.origin = origin;
	if (cookie) all.cookie = `theme=dark; ${cookie}`;
	return ask(here.gateway, method, target, { body, headers: all });
}

const cookieOf = (answer) => answer.headers["set-cookie"].at(-1).split(";")[0];
const whoIs = (cookie, options) =>
	browse("GET", "/api/v1/sessions/current", { cookie, ...options });

async function invite(person, token = here.gateway.tokens.admin) {
	const answer = await ask(here.gateway, "POST", `/api/v1/persons/${person.id}/invitation`, {
		token,
	});
	return answer;
}

async function withPassword(password = PASSWORD) {
	const person = await addPerson(here.gateway);
	const { code } = (await invite(person)).json;
	const answer = await browse("POST", "/api/v1/sessions", { body: { code, password } });
	assert.equal(answer.status, 201, answer.text);
	return { ...person, code, cookie: cookieOf(answer), session: answer.json };
}

function signIn(name, password, options = {}) {
	return browse("POST", "/api/v1/sessions", { body: { name, password }, ...options });
}

const forget = () => sql(here.gateway, "DELETE FROM attempt");

test("a code sets the password and signs in, once", async () => {
	const person = await withPassword();
	const header = (await signIn(person.name, PASSWORD)).headers["set-cookie"][0];
	for (const part of [
		/^__Host-sallyport=/,
		/; Secure/,
		/; HttpOnly/,
		/; SameSite=Lax/,
		/; Path=\//,
	])
		assert.match(header, part);
	assert.doesNotMatch(header, /Domain/i);
	const me = await whoIs(person.cookie);
	assert.equal(me.status, 200, me.text);
	assert.equal(me.json.kind, "session");
	assert.equal(me.json.person.name, person.name);
	const again = await browse("POST", "/api/v1/sessions", {
		body: { code: person.code, password: PASSWORD },
	});
	assert.equal(again.status, 401, again.text);
	// An earlier code ends with the next one, and each with its day.
	const first = (await invite(person)).json.code;
	const second = (await invite(person)).json.code;
	const redeem = (code) =>
		browse("POST", "/api/v1/sessions", { body: { code, password: PASSWORD } });
	assert.equal((await redeem(first)).status, 401);
	sql(here.gateway, "UPDATE one_time_code SET expires_at = now() WHERE used_at IS NULL");
	assert.equal((await redeem(second)).status, 401);
	assert.equal((await redeem("0000")).status, 400);
});

test("a session is a principal like a token: it asks, is decided, listed, and ends", async () => {
	const { gateway } = here;
	const licensed = await licensedPerson(gateway, gateway.model, ["weights:read"]);
	const { code } = (await invite(licensed.person)).json;
	const cookie = cookieOf(
		await browse("POST", "/api/v1/sessions", { body: { code, password: PASSWORD } }),
	);
	const file = `/${gateway.model}/resolve/main/config.json`;
	assert.equal((await browse("GET", file, { cookie })).status, 200);
	const made = await browse("POST", "/api/v1/tokens", { cookie, body: { name: "by hand" } });
	assert.equal(made.status, 201, made.text);
	const tokens = await browse("GET", "/api/v1/tokens", { cookie });
	assert.ok(tokens.json.tokens.every((one) => one.name !== "session"));
	const sessions = (await browse("GET", "/api/v1/sessions", { cookie })).json.sessions;
	assert.equal(sessions.filter((one) => one.is_this).length, 1);
	// It is not a token: its id in one's place does nothing.
	const end = await browse("DELETE", `/api/v1/tokens/${sessions[0].id}`, { cookie });
	assert.equal(end.status, 404);
	assert.equal((await browse("DELETE", "/api/v1/sessions", { cookie })).status, 204);
	assert.equal((await whoIs(cookie)).status, 401);
	assert.equal((await browse("GET", file, { cookie })).status, 401);
	// The token that it made is the person's, and stays.
	assert.equal((await ask(gateway, "GET", file, { token: made.json.token })).status, 200);
});

const origins = [
	["no origin at all", { origin: null }],
	["another site", { origin: "https://evil.example" }],
	["a sandboxed page", { origin: "null" }],
	["a sibling host", { headers: { "sec-fetch-site": "same-site" } }],
];

for (const [what, options] of origins)
	test(`what changes something is refused from ${what}`, async () => {
		const person = await withPassword();
		const answer = await browse("POST", "/api/v1/tokens", {
			cookie: person.cookie,
			body: { name: "stolen" },
			...options,
		});
		assert.equal(answer.status, 401, answer.text);
		assert.match(answer.json.detail, /another site/);
		const end = await browse("DELETE", "/api/v1/sessions", {
			cookie: person.cookie,
			...options,
		});
		assert.equal(end.status, 401);
		assert.equal((await whoIs(person.cookie)).status, 200);
	});

test("nobody is signed in by a page of somebody else", async () => {
	const person = await withPassword();
	const answer = await signIn(person.name, PASSWORD, { origin: "https://evil.example" });
	assert.equal(answer.status, 403);
	assert.equal(answer.headers["set-cookie"], undefined);
});

test("a token in the header counts before a cookie, a bad one too", async () => {
	const person = await withPassword();
	const { stranger } = here.gateway.tokens;
	const answer = await whoIs(person.cookie, {
		headers: { authorization: `Bearer ${stranger}` },
	});
	assert.equal(answer.json.kind, "token");
	assert.notEqual(answer.json.person.name, person.name);
	const broken = await whoIs(person.cookie, { headers: { authorization: "Bearer hf_no" } });
	assert.equal(broken.status, 401);
	const basic = await whoIs(person.cookie, { headers: { authorization: "Basic abc" } });
	assert.equal(basic.status, 401);
});

test("a cookie of another session's id, or with another secret, is nobody's", async () => {
	const one = await withPassword();
	const other = await withPassword();
	const bytes = (cookie) => Buffer.from(cookie.split("=")[1], "base64url");
	const secret = bytes(other.cookie).subarray(16);
	const mixed = Buffer.concat([bytes(one.cookie).subarray(0, 16), secret]);
	const flipped = bytes(one.cookie);
	flipped[47] ^= 1;
	const token = Buffer.concat([
		Buffer.from(one.token_id.replaceAll("-", ""), "hex"),
		bytes(one.cookie).subarray(16),
	]);
	for (const value of [mixed, flipped, token, Buffer.alloc(48), Buffer.alloc(3)]) {
		const cookie = `__Host-sallyport=${value.toString("base64url")}`;
		assert.equal((await whoIs(cookie)).status, 401);
		// And does not stand in the way of what anybody may see.
		assert.equal((await browse("GET", "/api/models", { cookie })).status, 200);
	}
});

test("a session ends when it is not used, and at its end in any case", async () => {
	const person = await withPassword();
	const set = (column, interval) =>
		sql(
			here.gateway,
			`UPDATE session SET ${column} = now() - interval '${interval}'
			WHERE credential = '${person.session.id}'`,
		);
	// The trigger of the token's row tells the edges that something changed.
	const touch = () =>
		sql(
			here.gateway,
			`UPDATE access_token SET name = name || '.'
			WHERE credential = '${person.session.id}'`,
		);
	set("used_at", "59 minutes");
	touch();
	assert.equal((await whoIs(person.cookie)).status, 200);
	const used = sql(
		here.gateway,
		`SELECT used_at > now() - interval '1 minute' FROM session
		WHERE credential = '${person.session.id}'`,
	);
	assert.equal(used, "t");
	set("used_at", "61 minutes");
	touch();
	await until(
		"the idle session to end",
		10,
		async () => (await whoIs(person.cookie)).status === 401,
	);
	const other = await signIn(person.name, PASSWORD);
	const cookie = cookieOf(other);
	sql(
		here.gateway,
		`UPDATE access_token SET created_at = now() - interval '2 days',
		expires_at = now() - interval '1 day' WHERE credential = '${other.json.id}'`,
	);
	await until("the session to be over", 10, async () => (await whoIs(cookie)).status === 401);
});

test("a wrong password, an unknown name and an account without one look the same", async () => {
	forget();
	const person = await withPassword();
	const without = await addPerson(here.gateway);
	const answers = [
		await signIn(person.name, PASSWORD + "."),
		await signIn("nobody-of-that-name", PASSWORD),
		await signIn(without.name, PASSWORD),
	];
	for (const answer of answers) {
		assert.equal(answer.status, 401);
		assert.equal(answer.json.detail, answers[0].json.detail);
		assert.equal(answer.headers["set-cookie"], undefined);
	}
	const events = await expect(
		200,
		here.gateway,
		"GET",
		"/api/v1/audit/events?kind=session.refuse",
		{ token: here.gateway.tokens.auditor },
	);
	assert.ok(events.json.events.some((event) => event.payload.person === person.id));
	assert.equal((await signIn(person.name, PASSWORD)).status, 201);
});

test("whoever tries too often waits, and is told how long", async () => {
	forget();
	const person = await withPassword();
	forget();
	for (let i = 0; i < 10; i++)
		assert.equal((await signIn(person.name, `wrong password ${i}`)).status, 401);
	const refused = await signIn(person.name, PASSWORD); // the right one does not help now
	assert.equal(refused.status, 429, refused.text);
	assert.equal(refused.json.code, "RATE_LIMITED");
	const seconds = Number(refused.headers["retry-after"]);
	assert.ok(seconds > 600 && seconds <= 901, String(seconds));
	// Others from the same address go on.
	const other = await withPassword();
	assert.equal((await signIn(other.name, PASSWORD)).status, 201);
	sql(here.gateway, "UPDATE attempt SET since = now() - interval '16 minutes'");
	assert.equal((await signIn(person.name, PASSWORD)).status, 201);
});

test("many who guess at once are counted exactly", async () => {
	forget();
	const person = await withPassword();
	forget();
	const answers = await Promise.all(
		Array.from({ length: 40 }, (_, i) => signIn(person.name, `guess number ${i}`)),
	);
	const judged = answers.filter((answer) => answer.status === 401).length;
	assert.ok(judged <= 10, `${judged} were judged`);
	assert.ok(answers.every((answer) => [401, 429].includes(answer.status)));
	forget();
});

test("a changed password ends the other sessions, and asks for the old one", async () => {
	const person = await withPassword();
	const other = cookieOf(await signIn(person.name, PASSWORD));
	const change = (body, options = { cookie: person.cookie }) =>
		browse("PUT", "/api/v1/password", { ...options, body });
	const fresh = "another long password";
	assert.equal((await change({ password: fresh })).status, 403);
	assert.equal((await change({ password: "short", current: PASSWORD })).status, 400);
	const narrow = await expect(201, here.gateway, "POST", "/api/v1/tokens", {
		token: person.token,
		body: { name: "narrow", scope: { rights: ["metadata:read"] } },
	});
	const byNarrow = await ask(here.gateway, "PUT", "/api/v1/password", {
		token: narrow.json.token,
		body: { password: fresh, current: PASSWORD },
	});
	assert.equal(byNarrow.status, 403);
	assert.equal((await change({ password: fresh, current: PASSWORD })).status, 204);
	assert.equal((await whoIs(other)).status, 401);
	assert.equal((await whoIs(person.cookie)).status, 200);
	assert.equal((await signIn(person.name, PASSWORD)).status, 401);
	assert.equal((await signIn(person.name, fresh)).status, 201);
});

test("nobody is invited by who holds less, and a suspended person does not get in", async () => {
	const { gateway } = here;
	assert.equal((await invite(here.operator)).status, 403); // the admin is no auditor
	assert.equal((await invite(here.operator, here.operator.token)).status, 201);
	const person = await withPassword();
	sql(gateway, `UPDATE person SET state = 'suspended' WHERE id = '${person.id}'`);
	await until("the suspension", 10, async () => (await whoIs(person.cookie)).status === 403);
	assert.equal((await signIn(person.name, PASSWORD)).status, 403);
	assert.equal((await signIn(person.name, PASSWORD + ".")).status, 401);
});

test("passwords, codes and cookies stand in no log", async () => {
	const { gateway } = here;
	const secret = `unforgettable ${process.pid} secret`;
	const person = await withPassword(secret);
	await signIn(person.name, secret + " wrong");
	const value = person.cookie.split("=")[1];
	const secretPart = Buffer.from(value, "base64url").subarray(16).toString("base64url");
	const dump = sql(
		gateway,
		`SELECT string_agg(convert_from(payload, 'UTF8'), ' ') FROM audit_event
		WHERE at > now() - interval '1 minute'`,
	);
	const log = fs.readFileSync(path.join(gateway.dir, "gateway.log"), "utf8");
	for (const text of [secret, person.code, value, secretPart])
		for (const place of [dump, log]) assert.ok(!place.includes(text));
	assert.ok(dump.includes(person.id));
});
