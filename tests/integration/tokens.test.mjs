// SPDX-License-Identifier: Apache-2.0
// Access tokens: whole, of ours, in time and not revoked, or nothing; a scope only narrows.
import assert from "node:assert/strict";
import test from "node:test";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect } from "./http.mjs";
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
