// SPDX-License-Identifier: Apache-2.0
// Access tokens: whole, of ours, in time and not revoked, or nothing; a scope only narrows.
import assert from "node:assert/strict";
import test from "node:test";
import { sql } from "./database.mjs";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { addPerson, licensedPerson } from "./people.mjs";

const here = gatewayForThisFile();
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const whoami = (token) => ask(here.gateway, "GET", "/api/whoami-v2", { token });

async function refusedWith(codes, token) {
	const answer = await ask(here.gateway, "GET", "/api/v1/licenses", { token });
	assert.equal(answer.status, 401, answer.text);
	assert.ok(codes.includes(answer.json.code), `${answer.json.code}, ${codes} expected`);
	assert.match(answer.headers["www-authenticate"], /^Bearer/);
	assert.ok(!answer.text.includes(token.slice(10, 40)), "the token is not repeated");
}

/** The bytes a token carries, and back: base 62 of a big integer after "hf_", fixed width. */
function bytesOf(token) {
	let number = 0n;
	for (const digit of token.slice(3)) number = number * 62n + BigInt(DIGITS.indexOf(digit));
	return Buffer.from(number.toString(16).padStart(180, "0"), "hex");
}

function tokenOf(bytes, width = 121) {
	let number = BigInt("0x" + bytes.toString("hex"));
	let text = "";
	for (; number > 0n; number /= 62n) text = DIGITS[Number(number % 62n)] + text;
	return "hf_" + text.padStart(width, DIGITS[0]);
}

/** Where the parts of a token begin: version 1, key id 4, credential 16, flags 1, expiry 4. */
const KEY_ID = 1;
const CREDENTIAL = 5;
const FLAGS = 21;
const EXPIRY = 22;
const SIGNATURE = 26;

function withFlippedBit(token, at, bit = 0) {
	const bytes = bytesOf(token);
	bytes[at] ^= 1 << bit;
	return tokenOf(bytes);
}

async function newToken(body, token = here.gateway.tokens.researcher) {
	const answer = await expect(201, here.gateway, "POST", "/api/v1/tokens", {
		token,
		body: { name: "a test", ...body },
	});
	assert.match(answer.headers["cache-control"], /no-store/);
	return answer.json;
}

test("a token is base 62 of its 90 bytes, and writing it again gives the same", async () => {
	const { researcher } = here.gateway.tokens;
	assert.equal(researcher.length, 124);
	assert.equal(tokenOf(bytesOf(researcher)), researcher);
	assert.equal((await whoami(researcher)).status, 200);
});

const flips = [
	["the version", 0, ["CREDENTIAL_MALFORMED"]],
	["the key id", KEY_ID, ["UNKNOWN_KEY"]],
	["the credential", CREDENTIAL + 7, ["CREDENTIAL_BAD_SIGNATURE"]],
	["the flags", FLAGS, ["CREDENTIAL_BAD_SIGNATURE", "CREDENTIAL_MALFORMED"]],
	["the end", EXPIRY + 1, ["CREDENTIAL_BAD_SIGNATURE"]],
	["the first byte of the signature", SIGNATURE, ["CREDENTIAL_BAD_SIGNATURE"]],
	["the last byte of the signature", SIGNATURE + 63, ["CREDENTIAL_BAD_SIGNATURE"]],
];

for (const [where, at, codes] of flips)
	test(`a flipped bit in ${where} is refused`, () =>
		refusedWith(codes, withFlippedBit(here.gateway.tokens.researcher, at)));

test("an end moved into the past is a bad signature, not an expired token", () => {
	const bytes = bytesOf(here.gateway.tokens.researcher);
	bytes.writeUInt32BE(1, EXPIRY);
	return refusedWith(["CREDENTIAL_BAD_SIGNATURE"], tokenOf(bytes));
});

const shapes = [
	["one digit less", (token) => token.slice(0, -1)],
	["one digit more", (token) => token + "0"],
	["an underscore inside", (token) => `${token.slice(0, 60)}_${token.slice(61)}`],
	["another prefix", (token) => "sk_" + token.slice(3)],
	["no prefix", (token) => token.slice(3)],
	["a number past what 90 bytes hold", () => "hf_" + "z".repeat(121)],
	["a thousand digits", (token) => "hf_" + token.slice(3).repeat(9)],
	["a letter that is no digit", (token) => token.slice(0, 50) + "\u00e9" + token.slice(51)],
];

for (const [what, make] of shapes)
	test(`a token with ${what} is malformed`, () =>
		refusedWith(["CREDENTIAL_MALFORMED"], make(here.gateway.tokens.researcher)));

test("the scheme is Bearer, in any case; Basic is no token", async () => {
	const { gateway } = here;
	const get = (authorization) =>
		ask(gateway, "GET", "/api/whoami-v2", { headers: { authorization } });
	assert.equal((await get(`bearer ${gateway.tokens.researcher}`)).status, 200);
	assert.equal((await get(`Basic ${gateway.tokens.researcher}`)).status, 401);
	assert.equal((await get(gateway.tokens.researcher)).status, 401);
});

test("a new token works at once, and is listed without its text", async () => {
	const made = await newToken({ expires_days: 1 });
	const list = await expect(200, here.gateway, "GET", "/api/v1/tokens", {
		token: made.token,
	});

	assert.ok(list.json.tokens.some((one) => one.id === made.id && !one.revoked));
	assert.ok(!list.text.includes(made.token));
	assert.ok(Math.abs(Date.parse(made.expires) - Date.now() - 86400000) < 60000);
});

for (const days of [0, -1, 100000, "1"])
	test(`a token for ${JSON.stringify(days)} days is not made`, async () => {
		const answer = await ask(here.gateway, "POST", "/api/v1/tokens", {
			token: here.gateway.tokens.researcher,
			body: { name: "x", expires_days: days },
		});
		assert.equal(answer.status, 400);
	});

test("a revoked token is refused at once, and the others go on", async () => {
	const made = await newToken({});

	assert.equal((await whoami(made.token)).status, 200);
	await expect(204, here.gateway, "DELETE", `/api/v1/tokens/${made.id}`, {
		token: here.gateway.tokens.researcher,
	});
	await refusedWith(["CREDENTIAL_REVOKED"], made.token);
	assert.equal((await whoami(here.gateway.tokens.researcher)).status, 200);
});

test("somebody else's token is not mine to revoke; a manager of persons may", async () => {
	const { tokens } = here.gateway;
	const made = await newToken({});
	const revoke = (token) =>
		ask(here.gateway, "DELETE", `/api/v1/tokens/${made.id}`, { token });

	assert.equal((await revoke(tokens.stranger)).status, 404);
	assert.equal((await whoami(made.token)).status, 200);
	assert.equal((await revoke(tokens.admin)).status, 204);
	await refusedWith(["CREDENTIAL_REVOKED"], made.token);
});

test("a token narrowed to generation generates, and reads no weights", async () => {
	const { gateway } = here;
	const { person } = await licensedPerson(gateway, gateway.model, [
		"weights:read",
		"infer:generate",
	]);
	const { token } = await newToken({ scope: { rights: ["infer:generate"] } }, person.token);
	const chat = await ask(gateway, "POST", "/v1/completions", {
		token,
		body: { model: gateway.model, prompt: "The fox", max_tokens: 2 },
	});
	const file = await ask(gateway, "GET", `/${gateway.model}/resolve/main/config.json`, {
		token,
	});

	assert.equal(chat.status, 200, chat.text);
	assert.equal(file.status, 403);
	assert.match(file.headers["x-error-message"], /RIGHT_NOT_GRANTED/);
});

test("a narrowed token makes no wider one, and no unnarrowed one", async () => {
	const { gateway } = here;
	const { token } = await newToken({
		scope: { rights: ["metadata:read", "infer:generate"] },
	});
	const create = (scope) =>
		ask(gateway, "POST", "/api/v1/tokens", {
			token,
			body: { name: "x", ...(scope && { scope: { rights: scope } }) },
		});

	assert.equal((await create(["weights:read"])).status, 403);
	assert.equal((await create(["infer:generate", "weights:read"])).status, 403);
	assert.equal((await create()).status, 403);
	assert.equal((await create(["infer:generate"])).status, 201);
});

test("a token without the office's right does not do the office's work", async () => {
	const admin = await addPerson(here.gateway, ["persons:manage"]);
	const { token } = await newToken({ scope: { rights: ["metadata:read"] } }, admin.token);
	const list = (one) => ask(here.gateway, "GET", "/api/v1/persons", { token: one });

	assert.equal((await list(admin.token)).status, 200);
	const answer = await list(token);
	assert.equal(answer.status, 403);
	assert.match(answer.json.detail, /scope/);
});

test("a scope that names an unknown right makes no token", async () => {
	const answer = await ask(here.gateway, "POST", "/api/v1/tokens", {
		token: here.gateway.tokens.researcher,
		body: { name: "x", scope: { rights: ["weights:sell"] } },
	});
	assert.equal(answer.status, 400);
});

test("a token for one model is good for it alone, whatever else its person may", async () => {
	const { gateway } = here;
	const { person } = await licensedPerson(gateway, gateway.model, ["weights:read"]);
	const file = `/${gateway.model}/resolve/main/config.json`;
	const make = (models, token = person.token) =>
		ask(gateway, "POST", "/api/v1/tokens", {
			token,
			body: { name: "narrow", scope: { models } },
		});
	const space = gateway.model.split("/")[0];
	const good = (await make([`${space}/*`])).json.token;
	const other = (await make(["somebody/else"])).json.token;
	assert.equal((await ask(gateway, "GET", file, { token: good })).status, 200);
	const refused = await ask(gateway, "GET", file, { token: other });
	assert.equal(refused.status, 403);
	const explained = await expect(
		200,
		gateway,
		"GET",
		`/api/v1/explain?model=${gateway.model}&right=weights:read`,
		{ token: other },
	);
	assert.equal(explained.json.rule, "token.scope");
	const models = (token) => ask(gateway, "GET", "/v1/models", { token });
	assert.deepEqual((await models(other)).json.data, []);
	// It makes narrower ones only.
	assert.equal((await make([gateway.model], good)).status, 201);
	assert.equal((await make(["somebody/else"], good)).status, 403);
	const whole = await ask(gateway, "POST", "/api/v1/tokens", {
		token: good,
		body: { name: "whole" },
	});
	assert.equal(whole.status, 403);
	// And none that outlives it.
	const short = await expect(201, gateway, "POST", "/api/v1/tokens", {
		token: person.token,
		body: { name: "short", expires_days: 1, scope: { models: [gateway.model] } },
	});
	const child = await expect(201, gateway, "POST", "/api/v1/tokens", {
		token: short.json.token,
		body: { name: "long", expires_days: 300, scope: { models: [gateway.model] } },
	});
	assert.equal(child.json.expires, short.json.expires);
	const listed = await expect(200, gateway, "GET", "/api/v1/tokens", { token: person.token });
	assert.ok(listed.json.tokens.some((one) => one.models === `${space}/*`));
});

test("an office does not reach past the models of the token", async () => {
	const { gateway } = here;
	const { admin } = gateway.tokens;
	const narrow = async (models) =>
		(
			await expect(201, gateway, "POST", "/api/v1/tokens", {
				token: admin,
				body: { name: "narrow", scope: { models } },
			})
		).json.token;
	const settings = (token) =>
		ask(gateway, "PUT", `/api/models/${gateway.model}/settings`, { token, body: {} });
	const persons = (token) => ask(gateway, "GET", "/api/v1/persons", { token });
	const here_ = await narrow([gateway.model]);
	const elsewhere = await narrow(["somebody/*"]);
	assert.notEqual((await settings(here_)).status, 403);
	assert.equal((await settings(elsewhere)).status, 403);
	assert.equal((await persons(here_)).status, 403);
});

test("a token for some addresses is refused from elsewhere", async () => {
	const { gateway } = here;
	const { researcher } = gateway.tokens;
	const make = (addresses, token = researcher) =>
		ask(gateway, "POST", "/api/v1/tokens", {
			token,
			body: { name: "placed", scope: { addresses } },
		});
	const home = (await make(["127.0.0.1/8", "::1"])).json;
	const away = (await make(["192.0.2.0/24"])).json;
	assert.equal((await whoami(home.token)).status, 200);
	const refused = await ask(gateway, "GET", "/api/v1/licenses", { token: away.token });
	assert.equal(refused.status, 403, refused.text);
	assert.equal(refused.json.code, "LOCATION_NOT_ALLOWED");
	assert.equal((await make(["127.0.0.0/16"], home.token)).status, 201);
	assert.equal((await make(["0.0.0.0/0"], home.token)).status, 403);
	assert.equal((await make(["127.0.0.0/99"])).status, 400);
	// What it makes for an address keeps to the same places.
	const file = `/${gateway.model}/resolve/main/README.md`;
	const capability = await expect(201, gateway, "POST", "/api/v1/capabilities", {
		token: home.token,
		body: { model: gateway.model },
	});
	const base = `/c/${capability.json.capability}`;
	assert.equal((await ask(gateway, "GET", base + file)).status, 200);
	sql(
		gateway,
		`UPDATE access_token SET addresses = '{192.0.2.0/24}'
		WHERE credential = '${capability.json.id}'`,
	);
	await until("the narrower capability", 10, async () => {
		return (await ask(gateway, "GET", base + file)).status === 403;
	});
});

test("an administrator makes a token for somebody else, and the log says so", async () => {
	const { gateway } = here;
	const { admin, auditor } = gateway.tokens;
	const person = await addPerson(gateway);
	const made = await expect(201, gateway, "POST", `/api/v1/persons/${person.id}/tokens`, {
		token: admin,
		body: { name: "for them", expires_days: 2 },
	});
	assert.equal((await whoami(made.json.token)).json.id, person.id);
	const event = made.headers["x-audit-receipt"];
	const events = await expect(200, gateway, "GET", "/api/v1/audit/events?kind=token.create", {
		token: auditor,
	});
	const entry = events.json.events.find((one) => one.id === event);
	assert.equal(entry.payload.person, person.id);
	assert.notEqual(entry.actor_id, person.id);
	// Not for those who hold what the administrator does not.
	const persons = await expect(200, gateway, "GET", "/api/v1/persons", { token: admin });
	const eve = persons.json.persons.find((one) => one.offices === "audit:read");
	const path = `/api/v1/persons/${eve.id}/tokens`;
	const forAuditor = (scope) =>
		ask(gateway, "POST", path, { token: admin, body: { name: "x", scope } });
	assert.equal((await forAuditor()).status, 403);
	assert.equal((await forAuditor({ rights: ["audit:read"] })).status, 403);
	assert.equal((await forAuditor({ rights: ["weights:read"] })).status, 201);
	const byStranger = await ask(gateway, "POST", path, {
		token: gateway.tokens.stranger,
		body: { name: "x" },
	});
	assert.equal(byStranger.status, 403);
});
