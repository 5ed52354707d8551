// SPDX-License-Identifier: Apache-2.0
// A person without the command line signs in their browser: terms, new terms, attestations.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import test from "node:test";
import { canonical } from "./approver.mjs";
import { browserKey, enrollBrowserKey } from "./browser.mjs";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect } from "./http.mjs";
import { addPerson, addTerms, enrollKey, importFiles, sha256 } from "./people.mjs";

const here = gatewayForThisFile();
const kinds = ["p256", "ed25519"];
// The order of P-256: (r, n - s) is as good as (r, s).
const order = BigInt("0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
let counter = 0;

const post = (token, path, body) => ask(here.gateway, "POST", path, { token, body });
const must = async (status, call) => {
	const answer = await call;
	assert.equal(answer.status, status, answer.text);
	return answer.text ? answer.json : undefined;
};

/** A model of its own under terms: {model, terms}. */
async function modelUnderTerms() {
	const model = `tests/browser-${++counter}`;
	const terms = await addTerms(here.gateway, `Terms of ${model}.`);
	await importFiles(here.gateway, model, { "weights.bin": Buffer.from("weights") },
		{ gate: "manual", terms_sha256: terms });
	return { model, terms };
}

const rights = ["weights:read"];
const use = "to measure what it knows about foxes";

async function timed(key, model, terms, spoil = (sig) => sig) {
	const time = new Date().toISOString();
	const statement = { model, rights, terms_sha256: terms, time,
		use_sha256: sha256(Buffer.from(use)), v: 1 };
	const sig = await key.sign(Buffer.from("sallyport/terms/v2\n" + canonical(statement)));
	return { terms_sha256: terms, terms_signature: { key_id: key.id, sig: spoil(sig), time } };
}

async function untimed(key, model, terms) {
	const statement = { intended_use: use, model, rights, terms_sha256: terms };
	const sig = await key.sign(Buffer.from("sallyport/terms/v1\n" + canonical(statement)));
	return { terms_sha256: terms, terms_signature: { key_id: key.id, sig } };
}

/** The other signature that is as good. */
function twin(sig) {
	const bytes = Buffer.from(sig, "base64");
	const s = BigInt("0x" + bytes.subarray(32).toString("hex"));
	const other = (order - s).toString(16).padStart(64, "0");
	return Buffer.concat([bytes.subarray(0, 32), Buffer.from(other, "hex")]).toString("base64");
}

for (const kind of kinds)
	test(`requests, new terms and attestations are signed in a browser (${kind})`, async () => {
		const { gateway } = here;
		const { model, terms } = await modelUnderTerms();
		const { token } = await addPerson(gateway);
		const key = await enrollBrowserKey(gateway, token, kind);
		const wish = { model, rights, intended_use: use };
		const request = await must(201, post(token, "/api/v1/access-requests",
			{ ...wish, ...await untimed(key, model, terms) }));
		const { license } = await must(200, post(gateway.tokens.admin,
			`/api/v1/access-requests/${request.id}/approve`, {}));

		const next = await must(201, post(gateway.tokens.admin,
			`/api/v1/models/${model}/terms`, { text: "Stricter.", grace_days: 7 }));
		const accepted = await must(200, post(token,
			`/api/v1/licenses/${license.id}/accept-terms`,
			await timed(key, model, next.sha256)));
		assert.equal(JSON.parse(accepted.document).terms_sha256, next.sha256);

		const close = `/api/v1/licenses/${accepted.id}/close`;
		const statement = { attestation: "all copies are deleted", license: accepted.id,
			model, reason: "PROJECT_COMPLETED" };
		const { attestation, reason } = statement;
		const unsigned = await must(400, post(token, close, { attestation, reason }));
		assert.match(unsigned.detail, /you have a key enrolled/);
		const text = Buffer.from("sallyport/close/v1\n" + canonical(statement));
		const sig = await key.sign(text);
		const closed = await must(200, post(token, close,
			{ attestation, reason, signature: { key_id: key.id, sig } }));
		assert.equal(closed.signed, true);
	});

test("a signature that counts once does not count again as its twin", async () => {
	const { gateway } = here;
	const { model, terms } = await modelUnderTerms();
	const { token } = await addPerson(gateway);
	const key = await enrollBrowserKey(gateway, token, "p256");
	const good = { model, rights, intended_use: use, ...await timed(key, model, terms) };
	const again = { ...good, terms_signature: { ...good.terms_signature,
		sig: twin(good.terms_signature.sig) } };

	const first = await must(201, post(token, "/api/v1/access-requests", good));
	await must(200, post(token, `/api/v1/access-requests/${first.id}/withdraw`, {}));
	for (const body of [again, good]) {
		const replayed = await must(409, post(token, "/api/v1/access-requests", body));
		assert.match(replayed.detail, /used already/);
	}
});

test("the twin of a signature is as good, when it comes first", async () => {
	const { gateway } = here;
	const { model, terms } = await modelUnderTerms();
	const { token } = await addPerson(gateway);
	const key = await enrollBrowserKey(gateway, token, "p256");
	await must(201, post(token, "/api/v1/access-requests",
		{ model, rights, intended_use: use, ...await timed(key, model, terms, twin) }));
});

test("bad signatures of a browser's key are told apart", async () => {
	const { gateway } = here;
	const { model, terms } = await modelUnderTerms();
	const { token } = await addPerson(gateway);
	const key = await enrollBrowserKey(gateway, token, "p256");
	const other = await browserKey("p256");
	const wish = { model, rights, intended_use: use };
	const toDer = (sig) => {
		const raw = Buffer.from(sig, "base64");
		const number = (part) => Buffer.concat([Buffer.from([2, 33, 0]), part]);
		const both = Buffer.concat([number(raw.subarray(0, 32)), number(raw.subarray(32))]);
		return Buffer.concat([Buffer.from([0x30, both.length]), both]).toString("base64");
	};
	const bytes = (count, value) => () => Buffer.alloc(count, value).toString("base64");
	const rows = [
		["DER", await timed(key, model, terms, toDer), /looks like DER.*64 bytes/],
		["too short", await timed(key, model, terms, bytes(63, 1)), /63 bytes, 64/],
		["too long", await timed(key, model, terms, bytes(65, 1)), /65 bytes, 64 expected/],
		["zeros", await timed(key, model, terms, bytes(64, 0)), /does not verify/],
		["high bits", await timed(key, model, terms, bytes(64, 255)), /does not verify/],
		["another key's", await timed({ ...other, id: key.id }, model, terms),
			/does not verify/],
		["of other terms", { ...await timed(key, model, "0".repeat(64)),
			terms_sha256: terms }, /does not verify/],
	];

	for (const [what, body, why] of rows) {
		const answer = await post(token, "/api/v1/access-requests", { ...wish, ...body });
		assert.equal(answer.status, 400, `${what}: ${answer.text}`);
		assert.match(answer.json.detail, why, what);
	}
	const theirs = await enrollBrowserKey(gateway, (await addPerson(gateway)).token, "p256");
	const stranger = await post(token, "/api/v1/access-requests",
		{ ...wish, ...await timed(theirs, model, terms) });
	assert.equal(stranger.status, 400, stranger.text);
	assert.match(stranger.json.detail, /no Ed25519 or P-256 key that you have enrolled/);
});

test("what is no point of P-256 is not enrolled", async () => {
	const { token } = await addPerson(here.gateway);
	const key = await browserKey("p256");
	const raw = Buffer.from(key.public, "base64");
	const spki = Buffer.from(await globalThis.crypto.subtle.exportKey("spki", key.publicKey));
	const changed = (at, value) => Buffer.from(raw.map((b, i) => (i === at ? value(b) : b)));
	const rows = [
		["SPKI", spki, /65 bytes, this has 91/],
		["compressed", Buffer.concat([Buffer.from([2]), raw.subarray(1, 33)]),
			/this has 33/],
		["hybrid", changed(0, () => 6 + (raw[64] & 1)), /begins with 04/],
		["off the curve", changed(64, (byte) => byte ^ 1), /point on the curve/],
		["high bits", Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 255)]),
			/point on the curve/],
		["zeros", Buffer.concat([Buffer.from([4]), Buffer.alloc(64)]),
			/point on the curve/],
		["empty", Buffer.alloc(0), /this has 0/],
	];

	for (const [what, bytes, why] of rows) {
		const answer = await post(token, "/api/v1/keys",
			{ kind: "p256", public: bytes.toString("base64") });
		assert.equal(answer.status, 400, `${what}: ${answer.text}`);
		assert.match(answer.json.detail, why, what);
	}
	const jwk = await post(token, "/api/v1/keys", { kind: "p256",
		public: await globalThis.crypto.subtle.exportKey("jwk", key.publicKey) });
	assert.equal(jwk.status, 400, jwk.text);
	const unknown = await must(400, post(token, "/api/v1/keys",
		{ kind: "p384", public: key.public }));
	assert.match(unknown.detail, /ed25519, p256 or age-x25519/);
	const swapped = await must(400, post(token, "/api/v1/keys",
		{ kind: "ed25519", public: key.public }));
	assert.match(swapped.detail, /65 bytes, 32 expected/);

	const body = { kind: "p256", public: key.public };
	const made = await must(201, post(token, "/api/v1/keys", body));
	assert.deepEqual([made.kind, made.public], ["p256", key.public]);
	await must(409, post(token, "/api/v1/keys", body));
	const { keys } = await must(200, ask(here.gateway, "GET", "/api/v1/keys", { token }));
	assert.deepEqual(keys.map((one) => [one.kind, one.public]), [["p256", key.public]]);
});

test("a browser's key is nobody's approver key, and no license is lent to it", async () => {
	const { gateway } = here;
	const { model, terms } = await modelUnderTerms();
	const { token } = await addPerson(gateway);
	const key = await enrollBrowserKey(gateway, token, "p256");
	const refused = await must(400, post(gateway.tokens.admin, "/api/v1/approvers",
		{ key: key.public }));
	assert.match(refused.detail, /approver's key is an Ed25519 key.*p256/);

	const request = await must(201, post(token, "/api/v1/access-requests",
		{ model, rights, intended_use: use, ...await timed(key, model, terms) }));
	const { license } = await must(200, post(gateway.tokens.admin,
		`/api/v1/access-requests/${request.id}/approve`, {}));
	const checkout = `/api/v1/licenses/${license.id}/checkout`;
	const lent = await must(400, post(token, checkout, { key_id: key.id }));
	assert.match(lent.detail, /Ed25519 or age key/);
});

test("a key that was revoked signs nothing, and asks for no signature", async () => {
	const { gateway } = here;
	const { model, terms } = await modelUnderTerms();
	const { token } = await addPerson(gateway);
	const key = await enrollBrowserKey(gateway, token, "p256");
	const ours = await enrollKey(gateway, token);
	const wish = { model, rights, intended_use: use };
	const request = await must(201, post(token, "/api/v1/access-requests",
		{ ...wish, ...await timed(key, model, terms) }));
	const { license } = await must(200, post(gateway.tokens.admin,
		`/api/v1/access-requests/${request.id}/approve`, {}));

	for (const one of [key, ours])
		await must(204, post(token, `/api/v1/keys/${one.id}/revoke`, { reason: "lost" }));
	const late = await post(token, "/api/v1/access-requests",
		{ ...wish, ...await timed(key, model, terms) });
	assert.equal(late.status, 400, late.text);
	const closed = await must(200, post(token, `/api/v1/licenses/${license.id}/close`,
		{ attestation: "all is gone", reason: "PROJECT_COMPLETED" }));
	assert.equal(closed.signed, false);
});

test("entries tell which key signed, and its public part", async () => {
	const { gateway } = here;
	const { token } = await addPerson(gateway);
	const key = await enrollBrowserKey(gateway, token, "p256");
	const hex = Buffer.from(key.public, "base64").toString("hex");
	const raw = crypto.createPublicKey({ key: { kty: "EC", crv: "P-256",
		x: Buffer.from(hex.slice(2, 66), "hex").toString("base64url"),
		y: Buffer.from(hex.slice(66), "hex").toString("base64url") }, format: "jwk" });
	assert.equal(raw.asymmetricKeyDetails.namedCurve, "prime256v1");
	const { events } = (await expect(200, gateway, "GET",
		"/api/v1/audit/events?kind=key.enroll&limit=100",
		{ token: gateway.tokens.auditor })).json;
	assert.ok(events.some((one) => JSON.stringify(one).includes(hex)));
});
