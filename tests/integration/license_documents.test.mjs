// SPDX-License-Identifier: Apache-2.0
// Licenses for those who do not ask the gateway: files that are checked offline, the list of
// states, and SD-JWTs, each verified by Node's own cryptography and by `jose`, not by ours.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import zlib from "node:zlib";
import { sql } from "./database.mjs";
import { gatewayForThisFile, program } from "./gateway.mjs";
import { ask, until } from "./http.mjs";
import { addPerson, addTerms, createModel, licensedPerson } from "./people.mjs";

const model = "tests/documents";
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "sallyport-license-"));
const here = gatewayForThisFile(async (gateway) => {
	await createModel(gateway, model, {
		gate: "manual",
		terms_sha256: await addTerms(gateway, "Be kind."),
	});
});

test.after(() => fs.rmSync(folder, { recursive: true, force: true }));

const as = (token, method, target, body) => ask(here.gateway, method, target, { token, body });
const admin = (method, target, body) => as(here.gateway.tokens.admin, method, target, body);
const must = async (status, promise) => {
	const answer = await promise;
	assert.equal(answer.status, status, answer.text);
	return answer;
};
const decode = (part) => JSON.parse(Buffer.from(part, "base64url"));

/** The key of licenses as anybody finds it. */
async function issuer() {
	const answer = await must(200, as(undefined, "GET", "/.well-known/jwt-vc-issuer"));
	const [jwk] = answer.json.jwks.keys;
	const key = crypto.createPublicKey({ key: jwk, format: "jwk" });
	return { iss: answer.json.issuer, jwk, key };
}

/** Header and payload of a compact JWS, if its signature is good. */
function verified(token, key) {
	const [header, payload, signature] = token.split(".");
	const good = crypto.verify(
		null,
		Buffer.from(`${header}.${payload}`),
		key,
		Buffer.from(signature, "base64url"),
	);
	assert.ok(good, "the signature verifies");
	return { header: decode(header), payload: decode(payload) };
}

/** What the list says of a place: 0 valid, 1 invalid, 2 suspended. */
async function stateAt({ uri, idx }, key) {
	const answer = await must(200, as(undefined, "GET", uri.slice(here.gateway.url.length)));
	assert.equal(answer.headers["content-type"], "application/statuslist+jwt");
	const { header, payload } = verified(answer.text, key);
	assert.equal(header.typ, "statuslist+jwt");
	assert.equal(payload.sub, uri);
	assert.ok(payload.exp > Date.now() / 1000);
	assert.equal(payload.status_list.bits, 2);
	const bits = zlib.inflateSync(Buffer.from(payload.status_list.lst, "base64url"));
	return (bits[idx >> 2] >> ((idx & 3) * 2)) & 3;
}

async function sdJwt(person, license) {
	const answer = await must(
		200,
		as(person.token, "GET", `/api/v1/licenses/${license.id}/sd-jwt`),
	);
	const [jwt, ...rest] = answer.text.split("~");
	assert.equal(rest.pop(), "");
	return { jwt, disclosures: rest };
}

test("a license is shown as an SD-JWT; its holder discloses what they choose", async () => {
	const { person, license } = await licensedPerson(here.gateway, model, ["weights:read"]);
	const { iss, key } = await issuer();
	const { jwt, disclosures } = await sdJwt(person, license);
	const { header, payload } = verified(jwt, key);

	assert.deepEqual([header.alg, header.typ], ["EdDSA", "dc+sd-jwt"]);
	assert.deepEqual([payload.iss, payload.model], [iss, model]);
	assert.deepEqual(payload.rights, ["weights:read"]);
	assert.equal(payload.exp, Math.floor(Date.parse(license.expires) / 1000));
	assert.equal(payload.cnf.jwk.crv, "Ed25519");
	assert.ok(!JSON.stringify(payload).includes(person.id), "who it is stays hidden");
	const shown = Object.fromEntries(disclosures.map((one) => decode(one).slice(1)));
	assert.deepEqual(Object.keys(shown).sort(), ["license", "person", "request"]);
	assert.deepEqual([shown.license, shown.person], [license.id, person.id]);
	const digests = disclosures.map((one) =>
		crypto.createHash("sha256").update(one).digest("base64url"),
	);
	assert.deepEqual(payload._sd, digests.sort());
	await must(403, admin("GET", `/api/v1/licenses/${license.id}/sd-jwt`));
	const other = await addPerson(here.gateway);
	await must(404, as(other.token, "GET", `/api/v1/licenses/${license.id}/sd-jwt`));
});

test("the stock jose package verifies both kinds of token", async (t) => {
	const jose = await import("jose").catch(() => undefined);
	if (!jose) return t.skip("jose is not installed");
	const { person, license } = await licensedPerson(here.gateway, model, ["weights:read"]);
	const { iss, jwk } = await issuer();
	const key = await jose.importJWK(jwk, "EdDSA");
	const { jwt } = await sdJwt(person, license);
	const { payload } = await jose.jwtVerify(jwt, key, { issuer: iss, typ: "dc+sd-jwt" });
	const { uri } = payload.status.status_list;
	const list = await until("the list to be published", 20, () =>
		must(200, as(undefined, "GET", uri.slice(here.gateway.url.length))),
	);
	await jose.jwtVerify(list.text, key, { subject: uri, typ: "statuslist+jwt" });
});

test("the list of states follows each change, and tells of no place whose it is", async () => {
	const { person, license } = await licensedPerson(here.gateway, model, ["weights:read"]);
	const { key } = await issuer();
	const { payload } = verified((await sdJwt(person, license)).jwt, key);
	const place = payload.status.status_list;
	const change = (act) =>
		admin("POST", `/api/v1/licenses/${license.id}/${act}`, { reason: "x" });

	assert.equal(await stateAt(place, key), 0);
	await must(200, change("suspend"));
	await until("suspended", 20, async () => (await stateAt(place, key)) === 2);
	await must(200, change("reinstate"));
	await until("valid again", 20, async () => (await stateAt(place, key)) === 0);
	await must(200, change("revoke"));
	await until("invalid", 20, async () => (await stateAt(place, key)) === 1);
	await must(409, as(person.token, "GET", `/api/v1/licenses/${license.id}/sd-jwt`));
	const entries = sql(
		here.gateway,
		"SELECT count(*) FROM sallyport.audit_event WHERE kind = 'status.publish'",
	);
	assert.ok(Number(entries) >= 4, "each list has its entry");
	await must(404, as(undefined, "GET", "/api/v1/status/licenses/7"));
});

/** What `sallyport license verify` says: {code, text}. */
function verify(file, words, environment = {}) {
	try {
		const text = execFileSync(program, ["license", "verify", file, ...words], {
			env: { ...process.env, ...environment },
			encoding: "utf8",
			stdio: "pipe",
		});
		return { code: 0, text };
	} catch (error) {
		return { code: error.status, text: error.stderr + error.stdout };
	}
}

/** Somebody's license in a file, and the words by which it verifies. */
async function takenAlong(body = {}) {
	const one = await licensedPerson(here.gateway, model, ["weights:read"]);
	const target = `/api/v1/licenses/${one.license.id}/checkout`;
	const answer = await must(200, as(one.person.token, "POST", target, body));
	const shown = await must(
		200,
		as(one.person.token, "GET", `/api/v1/licenses/${one.license.id}`),
	);
	const vkey = await must(200, as(undefined, "GET", "/log/vkey"));
	const file = path.join(folder, `${one.license.id}.license`);

	fs.writeFileSync(file, answer.text);
	return {
		...one,
		file,
		text: answer.text,
		words: ["--key", shown.json.key, "--vkey", vkey.text.trim()],
	};
}

test("a license taken along verifies offline, and says what is wrong with it", async () => {
	const { person, license, file, text, words } = await takenAlong();
	const body = JSON.parse(
		Buffer.from(text.split("\n").slice(1, -2).join(""), "base64").toString(),
	);
	const checkout = JSON.parse(body.checkout);

	assert.equal(verify(file, words).code, 0, verify(file, words).text);
	const life = Date.parse(checkout.expires) - Date.parse(checkout.issued);
	assert.equal(life, 7 * 24 * 3600 * 1000);
	assert.match(checkout.recipient, /^ed25519:/);
	assert.equal(verify(file, [...words, "--for", checkout.recipient]).code, 0);
	assert.match(verify(file, [...words, "--for", "ed25519:AAAA"]).text, /another key/);

	const other = path.join(folder, "changed.license");
	const changed = (edit) => {
		const copy = structuredClone(body);
		edit(copy);
		const base64 = Buffer.from(JSON.stringify(copy)).toString("base64");
		const lines = text.split("\n");
		fs.writeFileSync(other, `${lines[0]}\n${base64}\n${lines.at(-2)}`);
		return verify(other, words);
	};
	const later = checkout.expires.replace(/^\d{4}/, "2099");
	assert.match(
		changed((c) => (c.checkout = c.checkout.replace(checkout.expires, later))).text,
		/signature does not verify/,
	);
	for (const part of ["nonce", "proof", "entry", "payload"]) {
		const broken = changed(({ receipt }) => {
			receipt[part] = receipt[part].replace(/\d/, "x");
		});
		assert.notEqual(broken.code, 0, part);
	}
	const wrong = crypto.randomBytes(32).toString("base64");
	assert.match(verify(file, ["--key", wrong, ...words.slice(2)]).text, /does not verify/);
	fs.writeFileSync(other, text.slice(0, 300));
	assert.notEqual(verify(other, words).code, 0);

	await must(
		400,
		as(person.token, "POST", `/api/v1/licenses/${license.id}/checkout`, { days: 31 }),
	);
	await must(403, admin("POST", `/api/v1/licenses/${license.id}/checkout`, {}));
});

test("who has no key takes nothing along, and a revoked license is not taken", async () => {
	const { person, license } = await takenAlong();
	const target = `/api/v1/licenses/${license.id}/checkout`;
	const nobody = { key_id: "00000000-0000-7000-8000-000000000000" };

	await must(400, as(person.token, "POST", target, nobody));
	await must(200, admin("POST", `/api/v1/licenses/${license.id}/revoke`, { reason: "x" }));
	await must(409, as(person.token, "POST", target, {}));
});
