// SPDX-License-Identifier: Apache-2.0
// What is known of a person is erased by two others, what has been kept long enough goes by itself,
// and every proof holds as before.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import https from "node:https";
import path from "node:path";
import test from "node:test";
import { noPython, secondOpinion } from "../conformance/second_opinion.mjs";
import { sql } from "./database.mjs";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { addPerson, enrollKey, licensedPerson, requestBody, submit } from "./people.mjs";
import { Issuer } from "./visas.mjs";

const OFFICES = ["persons:manage"];
const rights = ["weights:read", "infer:generate"];
const ADDRESS = "127.0.0.77"; // nobody else's in this file

const here = gatewayForThisFile(async (gateway, holder) => {
	holder.second = await addPerson(gateway, OFFICES);
	holder.vkey = (await expect(200, gateway, "GET", "/log/vkey")).text.trim();
});

const call = (status, token, method, target, body) =>
	expect(status, here.gateway, method, `/api/v1${target}`, { token, body });
const admin = (status, method, target, body) =>
	call(status, here.gateway.tokens.admin, method, `/audit/${target}`, body);
const second = (status, method, target, body) =>
	call(status, here.second.token, method, `/audit/${target}`, body);
const reads = (target) => call(200, here.gateway.tokens.auditor, "GET", target);
const events = async (query) => (await reads(`/audit/events?limit=200&${query}`)).json.events;
const receipt = async (id) => (await reads(`/receipts/${id}`)).json;
const dump = () =>
	execFileSync("pg_dump", ["--inserts", here.gateway.psql], {
		encoding: "latin1",
		maxBuffer: 1 << 30,
	});
const hex = (text) => Buffer.from(text).toString("hex");
/** In clear, in bytea, in base64 of any shift. */
const traces = (text, mark) =>
	[mark, hex(mark), ...[0, 1, 2].map((n) => base64Of(mark, n))].filter((one) =>
		text.includes(one),
	);

function base64Of(mark, shift) {
	const whole = Buffer.from("\0".repeat(shift) + mark).toString("base64");
	return whole.slice(shift && 4, -4);
}

/** As `ask`, from another address of this machine. */
function askFrom(localAddress, target, token, body) {
	const bytes = JSON.stringify(body);
	return new Promise((resolve, reject) => {
		const request = https.request(
			here.gateway.url + target,
			{
				method: "POST",
				localAddress,
				ca: here.gateway.ca,
				headers: {
					authorization: `Bearer ${token}`,
					"content-type": "application/json",
					"content-length": Buffer.byteLength(bytes),
				},
			},
			(response) => {
				response.resume();
				response.on("end", () => resolve(response.statusCode));
			},
		);
		request.on("error", reject);
		request.end(bytes);
	});
}

const isReady = async () => (await ask(here.gateway, "GET", "/readyz")).status === 200;

async function state(id) {
	return (await admin(200, "GET", `erasures/${id}`)).json;
}

async function erased(subject, more = {}) {
	const question = { subject, reason: "asked for", ...more };
	const asked = await admin(201, "POST", "erasures", question);
	await second(200, "POST", `erasures/${asked.json.id}/confirm`, {});
	return until("the erasure", 60, async () => {
		const now = await state(asked.json.id);
		return ["waiting", "done"].includes(now.state) && now;
	});
}

const audit = (...words) => here.gateway.cli(here.gateway.tokens.auditor, "audit", ...words);

async function exported(name) {
	const folder = path.join(here.gateway.folder, name);
	const done = await audit("export", folder, "--state", `${folder}.state`);
	assert.equal(done.code, 0, done.stderr);
	return folder;
}

function verified(folder, seen = `${folder}.fresh`) {
	return audit("verify", "--dir", folder, "--vkey", here.vkey, "--state", seen);
}

/** Somebody with a mark in each field that people fill: {mark, id, token, request, license}. */
async function markedPerson() {
	const { gateway } = here;
	const mark = `zq${crypto.randomBytes(6).toString("hex")}`;
	const added = await call(201, gateway.tokens.admin, "POST", "/persons", {
		name: `${mark}-name`,
		email: `${mark}@mail.example`,
		offices: [],
	});
	const { id, token } = added.json;
	const mine = (status, method, target, body) => call(status, token, method, target, body);
	const issuer = await new Issuer("ES256").list(gateway);
	const said = { value: `https://${mark}.example/value` };
	await mine(201, "POST", "/visas", { visa: issuer.visa(`${mark}-sub`, { visa: said }) });
	await mine(201, "POST", "/tokens", { name: `${mark}-token`, rights: ["metadata:read"] });
	await mine(201, "POST", `/persons/${id}/referees`, {
		name: `Prof. ${mark}`,
		email: `r@${mark}.example`,
	});
	const key = await enrollKey(gateway, token);
	const body = await markedRequest(key, mark);
	const request = await submit(gateway, token, body);
	assert.equal(request.status, 201, request.text);
	const at = `/access-requests/${request.json.id}`;
	await mine(201, "POST", `${at}/comments`, { text: `I am ${mark}` });
	const approved = await call(200, gateway.tokens.admin, "POST", `${at}/approve`, {
		reason: `${mark} was met in person`,
	});
	return { mark, id, token, key, request: request.json, license: approved.json.license };
}

/** As requestBody, but with a use that tells who it is. */
async function markedRequest(key, mark) {
	const plain = await requestBody(here.gateway, key, here.gateway.model, rights);
	const statement = { ...plain, intended_use: `for the laboratory of ${mark}` };
	delete statement.terms_signature;
	const signed = "sallyport/terms/v1\n" + JSON.stringify(statement);
	return {
		...statement,
		terms_signature: { key_id: key.id, sig: key.sign(Buffer.from(signed)) },
	};
}

/** What they do, from an address of their own; and they are done. */
async function useAndClose(person, address) {
	const { gateway } = here;
	const said = { model: gateway.model, prompt: "A fox", max_tokens: 3 };
	assert.equal(await askFrom(address, "/v1/completions", person.token, said), 200);
	const file = await ask(gateway, "GET", `/${gateway.model}/resolve/main/config.json`, {
		token: person.token,
	});
	assert.equal(file.status, 200);
	const close = `/licenses/${person.license.id}/close`;
	await call(200, person.token, "POST", close, closing(person));
}

function closing({ key, license, mark }) {
	const statement = {
		attestation: `deleted, says ${mark}`,
		license: license.id,
		model: here.gateway.model,
		reason: "PROJECT_COMPLETED",
	};
	const sig = key.sign(Buffer.from(`sallyport/close/v1\n${JSON.stringify(statement)}`));
	return {
		reason: statement.reason,
		attestation: statement.attestation,
		signature: { key_id: key.id, sig },
	};
}

test("an erasure takes a reason, two people, and neither is its subject", async () => {
	const person = await addPerson(here.gateway);
	const { name: subject } = person;
	const refused = (status, body) => admin(status, "POST", "erasures", body);
	await refused(400, { subject });
	await refused(400, { subject, reason: "" });
	await refused(400, { subject, reason: "x", scope: "half" });
	await refused(400, { subject, reason: "x".repeat(2001) });
	await refused(400, { subject, reason: "x", more: 1 });
	await refused(400, { subject: "", reason: "x" });
	await refused(404, { subject: "nobody.at.all", reason: "x" });
	// What is written down of it stays: it must not tell the name again.
	await refused(400, { subject, reason: `${subject.toUpperCase()} asked` });
	await refused(400, { subject, reason: "x", override: `so says ${subject}` });
	await second(409, "POST", "erasures", { subject: here.second.id, reason: "my own" });
	await call(403, person.token, "POST", "/audit/erasures", { subject, reason: "x" });

	const { json } = await admin(201, "POST", "erasures", { subject, reason: "left" });
	assert.equal(json.state, "asked");
	assert.ok(json.preview.entries.length > 0);
	await admin(409, "POST", "erasures", { subject: person.id, reason: "again" });
	await admin(409, "POST", `erasures/${json.id}/confirm`, {});
	await admin(409, "POST", `erasures/${json.id}/reject`, { reason: "no" });
	await second(400, "POST", `erasures/${json.id}/reject`, {});
	await second(400, "POST", `erasures/${json.id}/confirm`, { because: "x" });
	await second(404, "POST", `erasures/${here.second.id}/confirm`, {});
	const not = await second(200, "POST", `erasures/${json.id}/reject`, { reason: "stays" });
	assert.equal(not.json.state, "rejected");
	await second(409, "POST", `erasures/${json.id}/confirm`, {});
	await expect(200, here.gateway, "GET", "/api/whoami-v2", { token: person.token });
	const list = (await admin(200, "GET", "erasures?state=rejected")).json.erasures;
	const seen = (await reads("/audit/erasures?state=rejected")).json.erasures;
	assert.deepEqual(seen, list);
	assert.equal((await reads(`/audit/erasures/${json.id}`)).json.state, "rejected");
	await call(403, person.token, "GET", "/audit/erasures");
	await call(403, person.token, "GET", "/audit/holds");
	await until("entries of the auditor's looking", 20, async () => {
		const looks = await events("kind=audit.query");
		const what = looks.map(({ payload }) => payload.read);
		return what.includes("erasures") && what.includes("erasure");
	});
	assert.ok(list.some((one) => one.id === json.id));
});

test("how long what is kept is changed by two people, never below the law", async () => {
	const retention = async () => (await reads("/audit/retention")).json;
	const periodOf = async (rule) =>
		(await retention()).rules.find((one) => one.rule === rule).period;
	const wish = { usage_months: 24, reason: "the funder wants two years" };

	for (const body of [
		{ usage_months: 5, reason: "x" },
		{ record_years: 9, reason: "x" },
		{ usage_months: 24 },
		{ ...wish, days: 3 },
	])
		await admin(400, "POST", "retention", body);
	const { json } = await admin(201, "POST", "retention", wish);
	assert.deepEqual([json.state, json.usage_months, json.record_years], ["asked", 24, 10]);
	assert.equal(await periodOf("usage"), 12);
	await second(409, "POST", "retention", wish); // one at a time
	await admin(409, "POST", `retention/${json.id}/confirm`, {});
	await admin(409, "POST", `retention/${json.id}/reject`, { reason: "I" });
	await second(400, "POST", `retention/${json.id}/reject`, {});
	await second(200, "POST", `retention/${json.id}/confirm`, {});
	await second(409, "POST", `retention/${json.id}/confirm`, {});
	assert.equal(await periodOf("usage"), 24);
	assert.equal(await periodOf("record"), 10);
	const back = await second(201, "POST", "retention", { usage_months: 12, reason: "back" });
	const not = await admin(200, "POST", `retention/${back.json.id}/reject`, { reason: "no" });
	assert.equal(not.json.state, "rejected");
	assert.equal(await periodOf("usage"), 24);
	const again = await second(201, "POST", "retention", { usage_months: 12, reason: "back" });
	await admin(200, "POST", `retention/${again.json.id}/confirm`, {});
	assert.equal(await periodOf("usage"), 12);
	assert.deepEqual(
		(await retention()).changes.map(({ state }) => state),
		["stands", "rejected", "past"],
	);
	await until("its entries", 20, async () => {
		const said = await Promise.all(
			["ask", "confirm", "reject"].map((act) => events(`kind=retention.${act}`)),
		);
		return said.map(({ length }) => length).join() === "3,2,1";
	});
});

test("who holds a license, or has a request open, is not erased", async () => {
	const { person, license } = await licensedPerson(here.gateway, here.gateway.model, rights);
	const asked = await admin(201, "POST", "erasures", { subject: person.id, reason: "left" });
	const confirm = `erasures/${asked.json.id}/confirm`;
	assert.match((await second(409, "POST", confirm, {})).text, /license in force/);
	await call(200, here.gateway.tokens.admin, "POST", `/licenses/${license.id}/revoke`, {
		reason: "left",
	});
	await second(200, "POST", confirm, {});
});

test("what must be kept stays until its day, and the account is gone at once", async () => {
	const person = await markedPerson();
	await useAndClose(person, "127.0.0.1");
	const mine = await events(`actor=${person.id}`);
	assert.ok(mine.length > 5);
	const now = await erased(person.id);

	assert.equal(now.state, "waiting");
	assert.equal(now.erased, 0);
	assert.ok(now.kept > 5);
	assert.ok(Date.parse(now.file_until) > Date.now() + 9 * 365 * 86400e3);
	assert.match(now.subject.name, /^erased-[0-9a-f]{32}$/);
	const gone = await ask(here.gateway, "GET", "/api/whoami-v2", { token: person.token });
	assert.equal(gone.status, 401);
	const again = await events(`actor=${person.id}`);
	assert.ok(again.length >= mine.length);
	for (const one of again) {
		assert.equal(one.actor, "");
		assert.equal(one.erased, undefined); // AI Act: six months, ten years
	}
	const tables = "person, person_key, access_token, session, identity, visa, referee";
	for (const table of tables.split(", ")) {
		const marked = `SELECT count(*) FROM ${table} t
			WHERE t::text LIKE '%${person.mark}%'`;
		assert.equal(sql(here.gateway, marked), "0", table);
	}
	const [confirmed] = await events(`kind=erasure.confirm&order=newest`);
	assert.equal(confirmed.payload.person, person.id);
	assert.equal(confirmed.payload.override, false);
});

test("with an override nothing of a person is in the database, and every proof holds", async () => {
	const person = await markedPerson();
	await useAndClose(person, ADDRESS);
	await until("what was done is there to be found", 20, async () => {
		const kinds = (await events(`actor=${person.id}`)).map((one) => one.kind);
		return kinds.includes("download.end") && kinds.includes("infer.end");
	});
	const before = await exported("before");
	const mine = await events(`actor=${person.id}`);
	const proved = new Map();
	for (const { id } of mine) proved.set(id, await receipt(id));
	assert.ok(traces(dump(), person.mark).length > 0);
	assert.ok(dump().includes(ADDRESS));
	await events(`actor=${person.mark}-name`); // what an auditor asks stands in the log, too
	const asked = `erasure-preview?subject=${person.id}&override=1`;
	const would = (await admin(200, "GET", asked)).json.entries;
	assert.ok(would.some((one) => one.now > 5 && one.later === 0));

	const done = await erased(person.id, { override: "a court has said so" });
	assert.equal(done.state, "done");
	assert.ok(done.erased >= mine.length);
	const whole = dump();
	assert.deepEqual(traces(whole, person.mark), []);
	assert.ok(!whole.includes(ADDRESS), "the address is still there");

	// The entries: who says that they are erased, and the same leaf in the same place.
	const all = await events("kind=erasure.run");
	const runs = all.filter((one) => one.payload.erasure === done.id);
	const ranges = runs.flatMap((one) => one.payload.ranges);
	const covers = (index) => ranges.some(([a, b]) => a <= index && index <= b);
	for (const { id, index } of mine) {
		const now = await receipt(id);
		const { entry, nonce } = proved.get(id);
		assert.equal(now.entry, entry);
		assert.equal(now.index, index);
		assert.equal(now.payload, undefined);
		assert.equal(now.nonce, undefined);
		assert.ok(nonce.length > 40);
		assert.ok(runs.some((run) => run.index === now.erased.by));
		assert.ok(covers(index), `no entry says that ${index} is erased`);
	}
	assert.equal(
		runs.reduce((sum, { payload }) => sum + payload.entries, 0),
		done.erased,
	);
	const overrides = await events("kind=erasure.override");
	assert.ok(overrides.some((one) => one.payload.reason === "a court has said so"));

	// Found by what names nobody; shown as erased.
	const found = await events(`actor=${person.id}`);
	assert.deepEqual(
		found.map(({ index }) => index).sort(),
		mine.map(({ index }) => index).sort(),
	);
	assert.ok(found.every((one) => one.erased && !one.payload && !one.address && !one.actor));
	assert.equal((await events(`license=${person.license.id}&kind=license.close`)).length, 1);
	assert.deepEqual(await events(`text=${person.mark}`), []);
	const lines = await reads(`/audit/export?format=jsonl&actor=${person.id}`);
	assert.ok(lines.text.includes('"erased":true'));

	// Who looks after licenses and requests still sees that there were some.
	const { tokens } = here.gateway;
	for (const target of [
		`/access-requests/${person.request.id}`,
		`/licenses/${person.license.id}`,
		"/access-requests?state=approved",
		"/persons",
	])
		await call(200, tokens.admin, "GET", target);

	// The offline proofs: the copy of before, and the log of now, that follows from it.
	assert.equal((await verified(before)).code, 0);
	const after = await exported("after");
	const both = await verified(after, `${before}.state`);
	assert.equal(both.code, 0, both.stderr);
	const file = path.join(here.gateway.folder, "receipt.json");
	fs.writeFileSync(file, JSON.stringify(await receipt(mine[0].id)));
	const proof = await audit("receipt", file, "--offline", "--vkey", here.vkey);
	assert.equal(proof.code, 0, proof.stderr);

	// Nothing is left out of their entries, though these say nothing any more.
	for (const words of [["--actor", person.id], ["--license", person.license.id]]) {
		const answer = path.join(here.gateway.folder, "complete.jsonl");
		const whole = await audit("verify", ...words, "--out", answer);
		assert.equal(whole.code, 0, whole.stderr);
		assert.match(whole.stdout, /nothing is left out[^]*were erased, as entries of/);
		const demanding = await audit("verify", ...words, "--whole");
		assert.match(demanding.stderr, /were erased, and --whole was asked for/);
		if (!noPython) assert.equal(secondOpinion(answer, here.vkey).status, 0);
	}
});

test("the log's files are made again from a database with erased entries", async () => {
	const { gateway } = here;
	const tiles = path.join(gateway.dir, "log/tile");
	const [scribe] = gateway.processesNamed("sallyport-scribe");
	assert.ok(fs.existsSync(tiles), "the log's folder has another name");
	process.kill(scribe.id, "SIGKILL");
	fs.renameSync(tiles, path.join(gateway.folder, "tiles.before"));
	const isMade = () => fs.existsSync(tiles) && fs.readdirSync(tiles).length > 1;
	await until("the tiles", 30, isMade);
	await until("the gateway", 30, isReady);
	let tries = 0;
	const folder = await until("a log to copy", 20, () => exported(`made-${++tries}`));
	const done = await verified(folder, path.join(gateway.folder, "before.state"));
	assert.equal(done.code, 0, done.stderr);
});

test("an edge that is killed meanwhile erases nothing twice and forgets nothing", async () => {
	const { gateway } = here;
	const person = await addPerson(gateway);
	const denied = () =>
		ask(gateway, "GET", `/${gateway.model}/resolve/main/config.json`, {
			token: person.token,
		});
	for (let i = 0; i < 10; i++) await Promise.all(Array.from({ length: 20 }, denied));
	const question = { subject: person.id, reason: "left", override: "a court" };
	const asked = await admin(201, "POST", "erasures", question);
	await second(200, "POST", `erasures/${asked.json.id}/confirm`, {});
	for (let i = 0; i < 3; i++) {
		const [edge] = gateway.processesNamed("sallyport-edge");
		process.kill(edge.id, "SIGKILL");
		await until("the gateway", 30, isReady);
	}
	const done = await until("the erasure", 60, async () => {
		const now = await state(asked.json.id);
		return now.state === "done" && now;
	});
	const entries = "(convert_from(payload, 'UTF8')::json ->> 'entries')::integer";
	const runs = `SELECT sum(${entries}) FROM audit_event WHERE kind = 'erasure.run'
		AND convert_from(payload, 'UTF8')::json ->> 'erasure' = '${done.id}'`;
	const rows = `SELECT count(*) FROM audit_event e JOIN audit_event r ON r.id = e.erased_by
		WHERE convert_from(r.payload, 'UTF8')::json ->> 'erasure' = '${done.id}'`;
	assert.ok(done.erased > 200);
	assert.equal(sql(gateway, runs), String(done.erased));
	assert.equal(sql(gateway, rows), String(done.erased));
	const left = `SELECT count(*) FROM audit_event WHERE actor = '${person.id}'
		AND payload IS NOT NULL`;
	assert.equal(sql(gateway, left), "0");
});

test("a keeper from a backup is brought erased entries, and keeps what they closed", async () => {
	const { gateway } = here;
	const journal = path.join(gateway.dir, "keeper/journal");
	const { person, license } = await licensedPerson(gateway, gateway.model, rights);
	const old = fs.readFileSync(journal);
	const revoked = `/licenses/${license.id}/revoke`;
	await call(200, gateway.tokens.admin, "POST", revoked, { reason: "they left" });
	const done = await erased(person.id, { override: "a court" });
	assert.equal(done.state, "done");
	const [gone] = await events(`kind=license.revoke&license=${license.id}`);
	assert.ok(gone.erased);
	const facts = `SELECT convert_from(facts, 'UTF8') FROM audit_reduced r
		JOIN audit_event e ON e.id = r.event WHERE e.license = '${license.id}'`;
	assert.equal(sql(gateway, facts), `{"license":"${license.id}"}`);
	assert.ok(fs.statSync(journal).size > old.length);

	const folder = await exported("ahead");
	await gateway.serveWith({}, async () => fs.writeFileSync(journal, old));
	await until("an act", 60, async () => addPerson(gateway));
	const both = await verified(await exported("caught-up"), `${folder}.state`);
	assert.equal(both.code, 0, both.stderr);
});

test("a keeper that starts again goes on behind erased entries", async () => {
	const { gateway } = here;
	const [keeper] = gateway.processesNamed("sallyport-keeper");
	process.kill(keeper.id, "SIGKILL");
	await until("the gateway", 30, isReady);
	await until("an act", 30, async () => addPerson(gateway));
});

test("a legal hold stops an erasure until it is lifted", async () => {
	const person = await addPerson(here.gateway);
	const bad = (status, body) => admin(status, "POST", "holds", body);
	await bad(400, { on: "person", target: person.id });
	await bad(400, { on: "planet", target: person.id, reason: "x" });
	await bad(404, { on: "model", target: "no/such", reason: "x" });
	await bad(404, { on: "license", target: person.id, reason: "x" });
	const hold = await admin(201, "POST", "holds", {
		on: "person",
		target: person.name,
		reason: "case 12",
	});
	await bad(409, { on: "person", target: person.id, reason: "twice" });
	const asked = await admin(201, "POST", "erasures", { subject: person.id, reason: "left" });
	assert.equal(asked.json.preview.held, true);
	const confirm = `erasures/${asked.json.id}/confirm`;
	assert.match((await second(409, "POST", confirm, {})).text, /legal hold/);
	await second(400, "POST", `holds/${hold.json.id}/lift`, {});
	await second(200, "POST", `holds/${hold.json.id}/lift`, { reason: "closed" });
	await second(404, "POST", `holds/${hold.json.id}/lift`, { reason: "closed" });
	await second(200, "POST", confirm, {});
	const kinds = (await events("kind=hold.place&kind=hold.lift")).map((one) => one.kind);
	assert.ok(kinds.includes("hold.place") && kinds.includes("hold.lift"));
});

test("what has been kept long enough goes by itself, and says so", async () => {
	const { gateway } = here;
	const free = await licensedPerson(gateway, gateway.model, rights);
	const kept = await licensedPerson(gateway, gateway.model, rights);
	const hold = await admin(201, "POST", "holds", {
		on: "license",
		target: kept.license.id,
		reason: "case 13",
	});
	for (const { person } of [free, kept])
		await expect(200, gateway, "GET", `/${gateway.model}/resolve/main/config.json`, {
			token: person.token,
		});
	const releases = (of) => events(`kind=key.release&license=${of.license.id}`);
	const both = async () => [...(await releases(free)), ...(await releases(kept))];
	await until("the releases", 20, async () => (await both()).length === 2);
	const rule = async () =>
		(await reads("/audit/retention")).json.rules.find((one) => one.rule === "usage");
	assert.deepEqual([(await rule()).period, (await rule()).unit], [12, "months"]);
	const ago = async (interval) => {
		const [{ index }] = (await both()).sort((a, b) => b.index - a.index);
		sql(
			gateway,
			`SET session_replication_role = replica;
			 UPDATE audit_event SET at = at - interval '${interval}' WHERE id IN
				(SELECT event FROM audit_leaf WHERE seq <= ${index});
			 UPDATE audit_entry SET at = at - interval '${interval}'
				WHERE place <= ${index}::bigint * 65536`,
		);
	};

	await ago("11 months"); // not yet
	const runs = (await events("kind=retention.run")).length;
	const passes = async () =>
		Number(
			(await ask(gateway, "GET", "/metrics")).text.match(
				/^sallyport_retention_runs_total\S* (\d+)/m,
			)[1],
		);
	const before = await passes();
	await until("two passes of the job", 40, async () => (await passes()) > before + 1);
	assert.equal((await events("kind=retention.run")).length, runs);
	await ago("2 months");
	const [gone] = await until("the end of its time", 40, async () => {
		const now = await releases(free);
		return now[0].erased?.by && now;
	});
	assert.equal((await releases(kept))[0].erased, undefined); // held
	const issued = await events(`kind=license.issue&license=${free.license.id}`);
	assert.equal(issued[0].erased, undefined); // a record: ten years
	const now = await events("kind=retention.run");
	const run = now.find((one) => one.index === gone.erased.by);
	assert.equal(run.payload.rule, "usage");
	assert.equal(run.payload.months, 12);
	assert.ok(run.payload.ranges.some(([a, b]) => a <= gone.index && gone.index <= b));
	assert.ok((await rule()).erased > 0);

	await second(200, "POST", `holds/${hold.json.id}/lift`, { reason: "closed" });
	await until("what the hold kept", 40, async () => (await releases(kept))[0].erased);
	const metrics = (await ask(gateway, "GET", "/metrics")).text;
	assert.match(metrics, /sallyport_erased_entries_total\{why="retention"[^}]*\} [1-9]/);
	const folder = await exported("retained");
	assert.equal((await verified(folder)).code, 0);
});

test("administrators do it from the command line", async () => {
	const person = await addPerson(here.gateway);
	const run = async (token, ...words) => {
		const done = await here.gateway.cli(token, "audit", ...words);
		assert.equal(done.code, 0, done.stderr);
		return done.stdout;
	};
	const { admin: token } = here.gateway.tokens;
	assert.match(await run(token, "erase", person.name, "--preview"), /record/);
	const asked = await run(token, "erase", person.name, "--reason", "left", "--json");
	const { id } = JSON.parse(asked);
	assert.match(await run(here.second.token, "erase", "--list"), new RegExp(id));
	await run(here.second.token, "erase", "--confirm", id);
	await run(token, "hold", "model", here.gateway.model, "--reason", "case 14");
	const holds = JSON.parse(await run(token, "hold", "--json")).holds;
	const mine = holds.find((one) => one.reason === "case 14");
	await run(token, "hold", "--lift", mine.id, "--reason", "closed");
	assert.match(await run(here.gateway.tokens.auditor, "retention", "--dry-run"), /usage/);
	const why = ["--reason", "the funder", "--json"];
	const months = JSON.parse(await run(token, "retention", "--usage-months", "36", ...why));
	await run(here.second.token, "retention", "--reject", months.id, "--reason", "no");
	const years = JSON.parse(await run(token, "retention", "--record-years", "12", ...why));
	await run(here.second.token, "retention", "--confirm", years.id);
	assert.match(await run(token, "retention", "--changes"), /stands.*12.*the funder/);
	const five = ["retention", "--usage-months", "5", ...why];
	const less = await here.gateway.cli(token, "audit", ...five);
	assert.match(less.stderr, /the law's least/);
	const none = await here.gateway.cli(token, "audit", "erase");
	assert.notEqual(none.code, 0);
});
