// SPDX-License-Identifier: Apache-2.0
// Somebody has broken into the edge. The gateway is real, but for an edge with two routes more by
// which they write what entries they like and speak to the keeper and the engines directly
// (tests/hostile/forger.c). What they gain by it is counted here: no license, no approver, no open
// gate, no key, no token of an engine without an entry.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { Signer, approversOf, asApproval, asEntry, canonical } from "./approver.mjs";
import { sql } from "./database.mjs";
import { build, gatewayForThisFile, makeFolder } from "./gateway.mjs";
import { ask, expect } from "./http.mjs";
import { enrollKey, requestBody, submit } from "./people.mjs";

const KEY_RELEASE = 0x0207, LICENSE_SIGN = 0x0209, PASS_ISSUE = 0x020d;
const ENGINE_GENERATE = 0x0705, PORTER = 4;
const DAY = 86400000;

/** The programs, with the forger where the edge belongs. */
function takeOver() {
	const folder = makeFolder();

	for (const name of fs.readdirSync(path.join(build, "bin")))
		fs.copyFileSync(path.join(build, "bin", name), path.join(folder, name));
	fs.copyFileSync(
		path.join(build, "tests/hostile/sallyport-forger"),
		path.join(folder, "sallyport-edge"),
	);
	return folder;
}

const programs = takeOver();
const here = gatewayForThisFile(
	async (gateway) => {
		const { approvers, gateway: origin } = await approversOf(gateway);
		here.origin = origin;
		here.admin = approvers.find((one) => one.person_name === "admin");
		here.approver = Signer.ofFile(gateway.approver);
	},
	() => ({ demo: path.join(programs, "sallyport"), words: ["--signed"] }),
);
test.after(() => fs.rmSync(programs, { recursive: true, force: true }));

const u8 = (n) => Buffer.from([n]);
const u16 = (n) => Buffer.from([n >> 8, n & 255]);
const u32 = (n) => {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32BE(n);
	return bytes;
};
const u64 = (n) => {
	const bytes = Buffer.alloc(8);
	bytes.writeBigUInt64BE(BigInt(n));
	return bytes;
};
const float = (n) => {
	const bytes = Buffer.alloc(4);
	bytes.writeFloatBE(n);
	return bytes;
};
const block = (bytes) => Buffer.concat([u32(Buffer.byteLength(bytes)), Buffer.from(bytes)]);
const id = (text) => Buffer.from(text.replaceAll("-", ""), "hex");
const none = Buffer.alloc(64);

/** An entry, written as any edge can; it is published like all others. */
async function write(kind, payload, given = crypto.randomUUID()) {
	const body = { kind, payload, id: given };
	return (await expect(200, here.gateway, "POST", "/broken/entry", { body })).json.id;
}

/** A message to a peer: {frames} or {refused, why}. */
async function say(role, type, bytes, index = 0) {
	const body = { role, index, type, body: Buffer.concat(bytes).toString("hex") };
	return (await expect(200, here.gateway, "POST", "/broken/call", { body })).json;
}

function assertRefused(answer, kinds, what) {
	assert.ok(answer.refused, `${what}: it was not refused: ${JSON.stringify(answer)}`);
	assert.ok(kinds.includes(answer.refused), `${what}: ${answer.refused}, ${answer.why}`);
}

/** A license document of the edge's own making. */
function license(changes = {}) {
	return {
		entry: crypto.randomUUID(),
		expires: new Date(Date.now() + 30 * DAY).toISOString(),
		id: crypto.randomUUID(),
		issued: new Date().toISOString(),
		model: here.gateway.model,
		not_before: new Date().toISOString(),
		person: crypto.randomUUID(),
		request: crypto.randomUUID(),
		rights: ["infer:generate", "weights:read"],
		terms_sha256: "0".repeat(64),
		v: 1,
		...changes,
	};
}

/** What an approver would sign for it. */
function subjectOf({ entry, id: itself, issued, v, ...subject }) {
	return subject;
}

/** Writes the entry, and has the keeper asked for the signature with these approvals. */
async function mint(wanted, approvals) {
	const document = canonical(wanted);
	const digest = crypto.createHash("sha256").update(document).digest("hex");

	await write("license.issue", { license: wanted.id, license_sha256: digest }, wanted.entry);
	return say("keeper", LICENSE_SIGN, [
		id(wanted.entry), block(document), block(""), none, u16(approvals.length),
		...approvals.flatMap((one) => [one.key, block(one.statement), one.signature]),
	]);
}

test("no license is minted on an entry, a forged, stale or foreign signature", async () => {
	const { approver, origin } = here;
	const stranger = Signer.fresh();
	const wanted = license();
	const stated = (signer, more = {}) => {
		const { kind = "license", gateway = origin, ago = 0, subject = {} } = more;
		return signer.state(gateway, kind, { ...subjectOf(wanted), ...subject }, ago);
	};
	const spoilt = stated(approver);
	spoilt.signature = Buffer.from(spoilt.signature);
	spoilt.signature[5] ^= 1;
	const attempts = {
		"without any": [],
		"by a key of its own": [stated(stranger)],
		"by its own key under an approver's name":
			[{ ...stated(stranger), key: approver.public }],
		"with a bit changed": [spoilt],
		"signed eight days ago": [stated(approver, { ago: 8 * DAY })],
		"signed tomorrow": [stated(approver, { ago: -DAY })],
		"signed for another gateway": [stated(approver, { gateway: "else.example/log" })],
		"signed to open a gate": [stated(approver, { kind: "gate" })],
		"signed for somebody else":
			[stated(approver, { subject: { person: crypto.randomUUID() } })],
		"signed for another model": [stated(approver, { subject: { model: "a/b" } })],
		"signed for another request":
			[stated(approver, { subject: { request: crypto.randomUUID() } })],
		"signed for fewer rights":
			[stated(approver, { subject: { rights: ["infer:generate"] } })],
		"signed for a shorter time": [stated(approver, {
			subject: { expires: new Date(Date.now() + DAY).toISOString() },
		})],
		"signed for other terms":
			[stated(approver, { subject: { terms_sha256: "1".repeat(64) } })],
		"signed with a limit": [stated(approver, { subject: { uses: ["DUO:0000042"] } })],
	};

	for (const [what, approvals] of Object.entries(attempts)) {
		const another = { ...wanted, id: crypto.randomUUID(), entry: crypto.randomUUID() };
		assertRefused(await mint(another, approvals), ["denied"], what);
	}
	// The same by a signature that holds: what was refused was refused for its approvals.
	const signed = await mint(wanted, [stated(approver)]);
	assert.equal(signed.frames.at(-1)?.type, "LICENSE_SIGNED", JSON.stringify(signed));
});

test("an approval is one license: it is not used again", async () => {
	const { approver, origin } = here;
	const first = license();
	const approval = approver.state(origin, "license", subjectOf(first));

	assert.equal((await mint(first, [approval])).frames.at(-1)?.type, "LICENSE_SIGNED");
	const second = { ...first, id: crypto.randomUUID(), entry: crypto.randomUUID() };
	const answer = await mint(second, [approval]);
	assertRefused(answer, ["denied"], "used twice");
	assert.match(answer.why, /used already/);
});

test("an approval for several persons is stretched neither to others nor to a second license",
	async () => {
		const { approver, origin, admin } = here;
		const [one, two, stranger] = [1, 2, 3].map(() => crypto.randomUUID());
		const { person, ...shared } = subjectOf(license());
		const naming = (persons, more = {}) =>
			approver.state(origin, "license", { ...shared, persons, ...more });
		const approval = naming([one, two]);
		const mintFor = (who, by = approval, more = {}) =>
			mint(license({ ...shared, ...more, person: who }), [by]);
		const isSigned = (answer) => answer.frames?.at(-1)?.type === "LICENSE_SIGNED";

		assertRefused(await mintFor(stranger), ["denied"], "somebody else");
		const wider = {
			"another request": { request: crypto.randomUUID() },
			"another model": { model: "a/b" },
			"a right more": { rights: ["infer:embed", ...shared.rights] },
			"a day more": { expires: new Date(Date.now() + 31 * DAY).toISOString() },
			"other terms": { terms_sha256: "1".repeat(64) },
		};
		for (const [what, more] of Object.entries(wider))
			assertRefused(await mintFor(two, approval, more), ["denied"], what);
		assert.ok(isSigned(await mintFor(one)));
		const again = await mintFor(one);
		assertRefused(again, ["denied"], "a second license");
		assert.match(again.why, /used already/);
		// The persons of a statement are part of what is signed.
		const bent = { ...approval, statement: Buffer.from(
			approval.statement.toString().replace(two, stranger)) };
		assertRefused(await mintFor(stranger, bent), ["denied"], "a name put in");
		assert.ok(isSigned(await mintFor(two)), "the other one still has theirs");
		assertRefused(await mintFor(two), ["denied"], "theirs, too, is one");

		const twice = naming([one, one]);
		assert.ok(isSigned(await mintFor(one, twice)));
		assertRefused(await mintFor(one, twice), ["denied"], "named twice");
		const odd = { nobody: [], all: ["*"], "no list": one, "a person, too": [one],
			"another spelling": [one, one.replace("-", "")] };
		for (const [what, persons] of Object.entries(odd)) {
			const more = what === "a person, too" ? { person: two } : {};
			assertRefused(await mintFor(one, naming(persons, more)), ["denied"], what);
		}
		const own = naming([one, admin.person]);
		for (const who of [one, admin.person]) {
			const answer = await mintFor(who, own);
			assertRefused(answer, ["denied"], "the approver among them");
			assert.match(answer.why, /themselves/);
		}
	});

test("what was approved over HTTP is no second license either", async () => {
	const { gateway, approver, admin } = here;
	const token = gateway.tokens.stranger;
	const key = await enrollKey(gateway, token);
	const wish = await requestBody(gateway, key, gateway.model, ["infer:generate"]);
	const request = (await submit(gateway, token, wish)).json;
	const at = `/api/v1/access-requests/${request.id}`;
	const stated = await expect(200, gateway, "POST", `${at}/statement`,
		{ token: gateway.tokens.admin, body: {} });
	const approval = approver.sign(stated.json.statement);
	const { v, kind, gateway: origin, signed, ...subject } = JSON.parse(stated.json.statement);

	const refused = await ask(gateway, "POST", `${at}/approve`,
		{ token: gateway.tokens.admin, body: {} });
	assert.equal(refused.status, 403);
	assert.equal(refused.json.code, "APPROVAL_NEEDED");
	await expect(200, gateway, "POST", `${at}/approve`, {
		token: gateway.tokens.admin,
		body: { approval: asApproval(admin.key_id, approval) },
	});
	// The edge has seen the signature pass, and tries it for itself.
	const again = license(subject);
	assertRefused(await mint(again, [approval]), ["denied"], "what it saw pass");
});

test("nobody's own key approves what is for themselves", async () => {
	const { approver, origin, admin } = here;
	const own = license({ person: admin.person });
	const answer = await mint(own, [approver.state(origin, "license", subjectOf(own))]);

	assertRefused(answer, ["denied"], "for the approver");
	assert.match(answer.why, /themselves/);
});

test("no entry makes an approver, removes one, or changes how many must sign", async () => {
	const { approver, origin } = here;
	const intruder = Signer.fresh();
	const subject = { key: intruder.public.toString("base64"), person: crypto.randomUUID() };
	const other = { ...subject, person: crypto.randomUUID() };
	const before = await approversOf(here.gateway);
	const attempts = [
		[],
		[intruder.state(origin, "approver.enroll", subject)],
		[{ ...intruder.state(origin, "approver.enroll", subject), key: approver.public }],
		[approver.state(origin, "approver.enroll", other)],
		[approver.state(origin, "approver.remove", subject)],
		[approver.state("else.example/log", "approver.enroll", subject)],
		[approver.state(origin, "approver.enroll", subject, 8 * DAY)],
	];

	for (const approvals of attempts)
		await write("approver.enroll", { ...subject, approvals: approvals.map(asEntry) });
	await write("approver.remove", { key: approver.public.toString("base64") });
	await write("approver.rule", { model: "", needed: 1, approvals: [] });
	await write("gateway.init", { approver: subject.key, person: subject.person });
	const after = await approversOf(here.gateway);
	assert.deepEqual([after.persons, after.needed], [before.persons, before.needed]);
	const wanted = license();
	const own = intruder.state(origin, "license", subjectOf(wanted));
	assertRefused(await mint(wanted, [own]), ["denied"], "the intruder's license");
});

/** One file of the model and its sealed header, as any edge reads it. */
function sealedFile() {
	const [revision, name, header] = sql(here.gateway, `SELECT r.id, f.path,
		encode(f.header, 'hex') FROM sallyport.revision_file f
		JOIN sallyport.model m ON m.id = f.model JOIN sallyport.revision r
		ON r.model = f.model AND r.id = f.revision
		WHERE m.name = '${here.gateway.model}' AND f.path = 'model.safetensors' LIMIT 1`)
		.split("|");
	return { revision, name, header: Buffer.from(header, "hex") };
}

async function release(file, payload, document = "", signature = none) {
	const handle = crypto.randomInt(1, 2 ** 40);
	const event = await write("key.release", {
		model: here.gateway.model, revision: file.revision, path: file.name,
		role: "porter", index: 0, handle, ...payload,
	});
	return say("keeper", KEY_RELEASE, [id(event), block(document), signature,
		block(file.header), block(file.name), u8(PORTER), u8(0), u64(handle)]);
}

async function licenseOfResearcher() {
	const { gateway } = here;
	const token = gateway.tokens.researcher;
	const list = await expect(200, gateway, "GET", "/api/v1/licenses", { token });
	const { json } = await expect(200, gateway, "GET",
		`/api/v1/licenses/${list.json.licenses[0].id}`, { token });
	return { id: json.id, document: json.document,
		signature: Buffer.from(json.signature, "base64") };
}

test("no entry opens a gate, and no key is released without a license", async () => {
	const { model } = here.gateway;
	const file = sealedFile();
	const open = { basis: "open" };

	for (const kind of ["model.settings", "model.create", "model.commit"]) {
		await write(kind, { model, gate: "public", open_paths: ["**", file.name],
			revision: file.revision, serve: true, files: [] });
		assertRefused(await release(file, open), ["denied"], kind);
		assertRefused(await release(file, { ...open, pattern: "**" }), ["denied"], kind);
	}
	const forged = license();
	const answer = await release(file, { basis: "license", license: forged.id },
		canonical(forged), crypto.randomBytes(64));
	assertRefused(answer, ["forged"], "a license it signed itself");
	const theirs = await licenseOfResearcher();
	const altered = theirs.document.replace(/"expires":"20\d\d/, '"expires":"2099');
	assertRefused(
		await release(file, { basis: "license", license: theirs.id }, altered,
			theirs.signature),
		["forged"], "a license made longer");
	// With the license as it is, and an entry that says so, the key is released.
	const honest = await release(file, { basis: "license", license: theirs.id },
		theirs.document, theirs.signature);
	assert.equal(honest.frames.at(-1)?.type, "KEY_RELEASED", JSON.stringify(honest));
});

/** Begin a sequence in the first engine under this number. */
function generate(pass) {
	return say("engine", ENGINE_GENERATE, [u64(pass), u32(4), float(0), float(1), u32(0),
		float(0), float(0), u8(0), u64(0), u8(0), u8(0), u8(0), u8(0),
		float(0), float(0), u8(0), u8(0), u8(0), u8(0), u8(0), u8(0), u16(0), u8(0), u32(0),
		id("00000000-0000-0000-0000-000000000000"), u8(0), block(""),
		u16(0), u16(0), block("Once upon a time")]);
}

async function givePass(payload, document = "", signature = none, right = "infer:generate") {
	const { model } = here.gateway;
	const pass = crypto.randomInt(1, 2 ** 40);
	const event = payload && await write("infer.pass",
		{ model, right, role: "engine", index: 0, pass, ...payload });
	const answer = await say("keeper", PASS_ISSUE, [id(event ?? crypto.randomUUID()),
		block(document), signature, block(model), block(right), u8(0), u64(pass)]);
	return { pass, answer };
}

test("an engine gives no token without an entry and a license", async () => {
	const theirs = await licenseOfResearcher();
	const { document, signature } = theirs;
	const attempts = {
		"without an entry": [null, document, signature],
		"as if the model were open": [{ basis: "open" }],
		"without a license": [{ basis: "license", license: theirs.id }],
		"by a forged one": [{ basis: "license", license: theirs.id }, document,
			crypto.randomBytes(64)],
		"by an entry of another license":
			[{ basis: "license", license: crypto.randomUUID() }, document, signature],
		"for a right it does not give": [{ basis: "license", license: theirs.id }, document,
			signature, "infer:embed"],
		"for another engine": [{ basis: "license", license: theirs.id, index: 1 }, document,
			signature],
	};

	assertRefused(await generate(4711), ["denied", "expired", "not-found"], "a number made up");
	for (const [what, given] of Object.entries(attempts)) {
		const { pass, answer } = await givePass(...given);
		assertRefused(answer, ["denied", "forged", "not-found", "conflict"], what);
		assertRefused(await generate(pass), ["denied", "expired", "not-found"], what);
	}
	// The model is in service, and under a pass that is logged it writes.
	const { pass, answer } = await givePass({ basis: "license", license: theirs.id }, document,
		signature);
	assert.equal(answer.frames.at(-1)?.type, "PASS_ISSUED", JSON.stringify(answer));
	const written = await generate(pass);
	assert.equal(written.frames.at(-1)?.type, "ENGINE_DONE", JSON.stringify(written));
	assert.ok(written.frames.some((frame) => frame.type === "ENGINE_DELTA"));
});

test("all of it stands in the log, which still verifies", async () => {
	const { gateway } = here;
	const verified = await gateway.cli(gateway.tokens.auditor, "audit", "verify");

	assert.equal(verified.code, 0, verified.stderr);
	const found = await expect(200, gateway, "GET",
		"/api/v1/audit/events?kind=approver.enroll&limit=100",
		{ token: gateway.tokens.auditor });
	assert.ok(found.json.events.length >= 9, "the intruder's attempts are there to be read");
});
