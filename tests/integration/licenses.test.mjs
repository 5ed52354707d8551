// SPDX-License-Identifier: Apache-2.0
// The life of a license: it goes on with a report, ends at its date or when its holder is done, is
// taken from many at once after a look, sits on an institution's seats, outlives a recall.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import https from "node:https";
import path from "node:path";
import test from "node:test";
import { sql } from "./database.mjs";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { addPerson, addTerms, commit, importFiles, licensedPerson } from "./people.mjs";

const model = "tests/life";
const file = `/${model}/resolve/main/large.bin`;
const big = crypto.randomBytes(48 << 20);
const edges = Number(process.env.SALLYPORT_EDGES ?? 1);
const everywhere = { edges, confirmed: edges, lapsed: 0 };
const rights = ["weights:read"];

const here = gatewayForThisFile(async (gateway) => {
	const settings = { gate: "manual", terms_sha256: await addTerms(gateway, "Be kind.") };
	const files = { "large.bin": big, "small.txt": Buffer.from("a") };
	await importFiles(gateway, model, files, settings);
});

const as = (token, method, path, body) => ask(here.gateway, method, path, { token, body });
const admin = (method, path, body) => as(here.gateway.tokens.admin, method, path, body);
const must = async (status, promise) => {
	const answer = await promise;
	assert.equal(answer.status, status, answer.text);
	return answer.json;
};

/** A download that has begun, and is read no further than it must until it ends. */
function download(token, path = file) {
	return new Promise((resolve, reject) => {
		const headers = { authorization: `Bearer ${token}` };
		const agent = new https.Agent({ ca: here.gateway.ca });
		const request = https.get(here.gateway.url + path, { headers, agent });

		request.on("error", reject);
		request.on("response", (response) => {
			const transfer = { status: response.statusCode, count: 0 };

			transfer.closed = new Promise((done) => response.on("close", done));
			response.on("error", (error) => (transfer.error = error));
			response.on("data", (part) => {
				transfer.count += part.length;
				response.pause();
				setTimeout(() => response.resume(), 10);
			});
			resolve(transfer);
		});
	});
}

async function underWay(token) {
	const transfer = await download(token);
	assert.equal(transfer.status, 200);
	await until("the download to be under way", 30, () => transfer.count > 1 << 20);
	return transfer;
}

async function assertCut(transfer) {
	await transfer.closed;
	assert.ok(transfer.error, "the client sees an error");
	assert.ok(transfer.count < big.length);
}

/** Canonical JSON of flat ASCII objects: names in order, no spaces. */
const canonical = (object) => JSON.stringify(object, Object.keys(object).sort());

function attested(key, domain, statement) {
	const sig = key.sign(Buffer.from(`${domain}\n${canonical(statement)}`));
	return { attestation: statement.attestation, signature: { key_id: key.id, sig } };
}

test("a license that runs out ends the download that runs on it", async () => {
	const { person, license } = await licensedPerson(here.gateway, model, rights);
	// The database says when it ends; its document, and with it the keeper, allow a year more.
	sql(
		here.gateway,
		`UPDATE sallyport.license SET expires_at = now() + interval '4 s', ` +
			`not_before = now() - interval '1 s' WHERE id = '${license.id}'`,
	);
	await until("the edge to know", 10, async () => {
		const seen = await as(person.token, "GET", `/api/v1/licenses/${license.id}`);
		return Date.parse(seen.json.expires) < Date.now() + 10000;
	});
	const transfer = await underWay(person.token);
	await assertCut(transfer);
	const after = await as(person.token, "GET", file);
	assert.equal(after.status, 403);
	assert.match(after.headers["x-error-message"], /LICENSE_EXPIRED/);
});

test("a holder asks for renewal with a report, others grant or decline it", async () => {
	const { person, license } = await licensedPerson(here.gateway, model, rights);
	const path = `/api/v1/licenses/${license.id}/renewal-request`;
	const report = { report: "two papers", publications: ["https://example.org/a"] };

	await must(400, as(person.token, "POST", path, {}));
	await must(
		400,
		as(person.token, "POST", path, { ...report, publications: ["javascript:1"] }),
	);
	await must(404, as(here.gateway.tokens.stranger, "POST", path, report));
	const asked = await must(201, as(person.token, "POST", path, report));
	assert.equal(asked.state, "submitted");
	await must(409, as(person.token, "POST", path, report));
	await must(403, as(person.token, "POST", `/api/v1/renewals/${asked.id}/grant`, {}));

	const waiting = await must(200, admin("GET", "/api/v1/renewals?state=submitted"));
	assert.deepEqual(waiting.renewals.map((one) => one.id), [asked.id]);
	await must(400, admin("POST", `/api/v1/renewals/${asked.id}/deny`, { reason: " " }));
	await must(
		200,
		admin("POST", `/api/v1/renewals/${asked.id}/deny`, { reason: "too short" }),
	);
	await must(409, admin("POST", `/api/v1/renewals/${asked.id}/grant`, {}));

	const again = await must(201, as(person.token, "POST", path, report));
	const granted = await must(
		200,
		admin("POST", `/api/v1/renewals/${again.id}/grant`, { expires_days: 30 }),
	);
	assert.notEqual(granted.id, license.id);
	assert.equal(
		Date.parse(granted.expires) - Date.parse(license.expires),
		30 * 24 * 3600 * 1000,
	);
	const own = await must(200, as(person.token, "GET", "/api/v1/renewals"));
	assert.deepEqual(
		own.renewals.map((one) => [one.state, one.renewed_as ?? one.reason]),
		[
			["denied", "too short"],
			["granted", granted.id],
		],
	);
	// The pinned way, without being asked, grants what is open as well.
	await must(201, as(person.token, "POST", path.replace(license.id, granted.id), report));
	await must(200, admin("POST", `/api/v1/licenses/${granted.id}/renew`, {}));
	const rest = await must(200, admin("GET", "/api/v1/renewals?state=submitted"));
	assert.equal(rest.renewals.length, 0);
});

test("a holder is reminded once of each date before the end", async () => {
	const { license } = await licensedPerson(here.gateway, model, rights);
	const told = () =>
		sql(
			here.gateway,
			`SELECT string_agg(days::text, ',' ORDER BY days DESC) FROM ` +
				`sallyport.license_reminder WHERE license = '${license.id}'`,
		).trim();
	const endsIn = (interval) =>
		sql(
			here.gateway,
			`UPDATE sallyport.license SET issued_at = now() - interval '1 year', ` +
				`expires_at = now() + interval '${interval}' ` +
				`WHERE id = '${license.id}'`,
		);

	endsIn("6 days 23 hours");
	await until("the reminder of seven days", 75, () => told() === "7");
	const entry = sql(
		here.gateway,
		`SELECT convert_from(payload, 'UTF8')::json ->> 'days' ` +
			`FROM sallyport.audit_event ` +
			`WHERE kind = 'license.remind' AND license = '${license.id}'`,
	).trim();
	assert.equal(entry, "7");
});

test("a holder closes a license and attests, and what ran on it ends", async () => {
	const { person, key, license } = await licensedPerson(here.gateway, model, rights);
	const path = `/api/v1/licenses/${license.id}/close`;
	const statement = {
		attestation: "all copies are deleted",
		license: license.id,
		model,
		reason: "PROJECT_COMPLETED",
	};
	const signed = attested(key, "sallyport/close/v1", statement);
	const body = { reason: statement.reason, ...signed };
	const transfer = await underWay(person.token);

	await must(400, as(person.token, "POST", path, { ...body, reason: "BORED" }));
	await must(400, as(person.token, "POST", path, { ...body, signature: undefined }));
	await must(400, as(person.token, "POST", path, { ...body, attestation: "some are" }));
	await must(403, admin("POST", path, body));
	const closed = await must(200, as(person.token, "POST", path, body));
	assert.deepEqual([closed.state, closed.signed, closed.cut], ["closed", true, everywhere]);
	await assertCut(transfer);
	const after = await as(person.token, "GET", file);
	assert.match(after.headers["x-error-message"], /LICENSE_EXPIRED/);
	await must(409, as(person.token, "POST", path, body));
	await must(409, admin("POST", `/api/v1/licenses/${license.id}/renew`, {}));
	const kept = sql(
		here.gateway,
		`SELECT attestation FROM sallyport.closeout WHERE license = '${license.id}'`,
	).trim();
	assert.equal(kept, statement.attestation);
});

test("who would lose what is shown, and exactly that happens", async () => {
	const { person, license } = await licensedPerson(here.gateway, model, rights);
	const select = { person: person.name };
	const reason = "a test";
	const transfer = await underWay(person.token);
	const seen = await must(
		200,
		admin("POST", "/api/v1/licenses/preview", { act: "suspend", select }),
	);

	assert.equal(seen.count, 1);
	assert.equal(seen.licenses[0].id, license.id);
	assert.equal(seen.running.downloads, edges === 1 ? 1 : seen.running.downloads);
	assert.match(seen.running.known, edges === 1 ? /only one/ : /answers only/);
	const act = { act: "suspend", select, reason, preview: seen.preview };
	const done = await must(200, admin("POST", "/api/v1/licenses/withdraw", act));
	assert.deepEqual([done.count, done.more, done.cut], [1, false, everywhere]);
	await assertCut(transfer);

	// What was seen is no more: the same act is refused, and nothing happens.
	await must(409, admin("POST", "/api/v1/licenses/withdraw", act));
	const back = { act: "reinstate", select, reason };
	assert.equal((await must(200, admin("POST", "/api/v1/licenses/withdraw", back))).count, 1);
	await must(200, as(person.token, "HEAD", file).then((a) => ({ ...a, json: {} })));
});

test("what is withdrawn may be chosen by issuer, institution, model or license", async () => {
	const { license } = await licensedPerson(here.gateway, model, rights);
	const look = (select, act = "revoke") =>
		admin("POST", "/api/v1/licenses/preview", { act, select });

	assert.equal((await must(200, look({ license: license.id }))).count, 1);
	assert.ok((await must(200, look({ model }))).count > 1);
	await must(200, look({ issuer: "https://nobody.example" }));
	await must(404, look({ institution: "Nowhere" }));
	await must(404, look({ person: "nobody at all" }));
	await must(400, look({ person: "a", model }));
	await must(400, look({}));
	await must(400, look({ model }, "destroy"));
	await must(403, as(here.gateway.tokens.researcher, "POST", "/api/v1/licenses/preview", {}));
});

/** An institution with an official and so many members. */
async function institution(count) {
	const id = crypto.randomUUID();
	const official = await addPerson(here.gateway);
	const members = [];

	for (let i = 0; i < count; i++) members.push(await addPerson(here.gateway));
	sql(
		here.gateway,
		`INSERT INTO sallyport.institution (id, name, kind, created_at) VALUES ('${id}', ` +
			`'Institute ${id}', 'university', now());` +
			`INSERT INTO sallyport.member (institution, person, role, since) VALUES ` +
			[official, ...members]
				.map(
					(one, i) =>
						`('${id}', '${one.id}', ` +
						`'${i ? "member" : "official"}', now())`,
				)
				.join(","),
	);
	return { id, official, members };
}

const issueTo = async (id, seats) =>
	must(
		201,
		admin("POST", "/api/v1/institution-licenses", {
			institution: id,
			model,
			rights,
			seats,
			uses: ["MDU:no-redistribution"],
		}),
	);

test("officials name members, and of those who race as many as there are seats win", async () => {
	const { id, official, members } = await institution(8);
	const parent = await issueTo(id, 3);
	const path = `/api/v1/institution-licenses/${parent.id}/members`;
	const outsider = await addPerson(here.gateway);

	await must(409, as(official.token, "POST", path, { person: outsider.name }));
	await must(404, as(members[0].token, "POST", path, { person: members[1].name }));
	await must(403, as(official.token, "POST", path, { person: official.name }));
	const answers = await Promise.all(
		members.map((one) => as(official.token, "POST", path, { person: one.name })),
	);
	const won = answers.filter((one) => one.status === 201).map((one) => one.json);
	assert.equal(won.length, 3, answers.map((one) => one.text).join("\n"));
	assert.ok(answers.every((one) => one.status === 201 || one.status === 409));

	const document = JSON.parse(won[0].document);
	assert.equal(document.institution, id);
	assert.deepEqual(document.uses, ["MDU:no-redistribution"]);
	const seats = await must(
		200,
		as(official.token, "GET", `/api/v1/institution-licenses/${parent.id}`),
	);
	assert.deepEqual([seats.seats, seats.seats_taken, seats.members.length], [3, 3, 3]);

	const sitting = members.filter((one) => won.some((license) => license.person === one.name));
	const transfer = await underWay(sitting[0].token);
	const removed = await must(200, as(official.token, "DELETE", `${path}/${sitting[0].name}`));
	assert.deepEqual(removed.cut, everywhere);
	await assertCut(transfer);
	const late = members.find((one) => !sitting.includes(one));
	await must(201, as(official.token, "POST", path, { person: late.name }));
	await must(409, as(official.token, "POST", path, { person: sitting[0].name }));
});

test("who leaves the institution loses the seat's license", async () => {
	const { id, official, members } = await institution(1);
	const parent = await issueTo(id, 1);
	const path = `/api/v1/institution-licenses/${parent.id}/members`;
	const license = await must(
		201,
		as(official.token, "POST", path, { person: members[0].id }),
	);
	const transfer = await underWay(members[0].token);

	sql(
		here.gateway,
		`UPDATE sallyport.member SET until = now() WHERE person = '${members[0].id}'`,
	);
	await assertCut(transfer);
	const seen = await must(200, admin("GET", `/api/v1/licenses/${license.id}`));
	assert.equal(seen.state, "suspended");
	assert.match(seen.reason, /membership/);
});

test("the institution's license revoked takes those of its members in one act", async () => {
	const { id, official, members } = await institution(2);
	const parent = await issueTo(id, 5);
	const path = `/api/v1/institution-licenses/${parent.id}`;
	const licenses = [];

	for (const one of members)
		licenses.push(
			await must(
				201,
				as(official.token, "POST", `${path}/members`, { person: one.id }),
			),
		);
	const transfers = await Promise.all(members.map((one) => underWay(one.token)));
	await must(403, as(official.token, "POST", `${path}/revoke`, { reason: "x" }));
	const done = await must(
		200,
		admin("POST", `${path}/revoke`, { reason: "the contract ended" }),
	);
	assert.deepEqual([done.count, done.cut], [2, everywhere]);
	await Promise.all(transfers.map(assertCut));
	for (const one of licenses)
		assert.equal((await must(
			200,
			admin("GET", `/api/v1/licenses/${one.id}`),
		)).state, "revoked");
	const late = await addPerson(here.gateway);
	await must(409, as(official.token, "POST", `${path}/members`, { person: late.id }));
	await must(409, admin("POST", `${path}/reinstate`, { reason: "x" }));
});

test("a recalled revision is given to nobody, and who has it attests", async () => {
	const [{ person, key }, other] = [
		await licensedPerson(here.gateway, model, rights),
		await licensedPerson(here.gateway, model, rights),
	];
	const info = await must(200, admin("GET", `/api/models/${model}`));
	const path = `/api/v1/models/${model}/revisions/${info.sha}/recall`;
	const small = `/${model}/resolve/${info.sha}/small.txt`;

	assert.equal((await as(person.token, "GET", small)).text, "a");
	const transfer = await underWay(person.token);
	await must(400, admin("POST", path, { reason: "" }));
	await must(403, as(here.gateway.tokens.researcher, "POST", path, { reason: "x" }));
	const recall = await must(
		201,
		admin("POST", path, { reason: "it leaks its training data" }),
	);
	assert.deepEqual(recall.cut, everywhere);
	await assertCut(transfer);
	await must(409, admin("POST", path, { reason: "again" }));

	const refused = await as(other.person.token, "GET", small);
	assert.equal(refused.status, 403);
	assert.equal(refused.headers["x-error-message"], "Access to this resource is disabled.");
	assert.match(refused.headers["x-hf-warning"], /recalled: it leaks its training data/);
	// Another revision of it is good.
	await commit(here.gateway, model, { "small.txt": Buffer.from("b") });
	const now = await as(other.person.token, "GET", `/${model}/resolve/main/small.txt`);
	assert.equal(now.text, "b");
	assert.equal((await as(other.person.token, "GET", small)).status, 403);

	const mine = await must(200, as(person.token, "GET", "/api/v1/recalls"));
	assert.deepEqual([mine.recalls[0].id, mine.recalls[0].duty.files], [recall.id, 2]);
	const theirs = await must(200, as(other.person.token, "GET", "/api/v1/recalls"));
	assert.equal(theirs.recalls.length, 0);
	const before = await must(200, admin("GET", `/api/v1/recalls/${recall.id}`));
	assert.ok(before.duties.some((duty) => duty.person === person.name && !duty.attested));

	const attest = `/api/v1/recalls/${recall.id}/attest`;
	const statement = { attestation: "gone", model, recall: recall.id, revision: info.sha };
	const body = attested(key, "sallyport/recall/v1", statement);
	await must(400, as(person.token, "POST", attest, { attestation: "gone" }));
	assert.equal((await must(200, as(person.token, "POST", attest, body))).signed, true);
	await must(409, as(person.token, "POST", attest, body));
	const after = await must(200, admin("GET", "/api/v1/recalls"));
	assert.equal(after.recalls[0].outstanding, before.duties.length - 1);
});

test("who is blocked for all models has none until that ends", async () => {
	const { person } = await licensedPerson(here.gateway, model, rights);
	const list = "/api/v1/blocklist";
	const small = `/${model}/resolve/main/small.txt`;
	const refused = async () => {
		const answer = await as(person.token, "GET", small);
		assert.equal(answer.status, 403, answer.text);
		assert.match(answer.headers["x-error-message"], /SUBJECT_BLOCKED/);
	};

	assert.equal((await as(person.token, "GET", small)).status, 200);
	const transfer = await underWay(person.token);
	const body = { person: person.id, reason: "sold weights" };
	await must(400, admin("POST", list, { person: person.id }));
	await must(404, admin("POST", list, { ...body, person: "nobody" }));
	await must(404, admin("POST", list,
		{ ...body, person: "00000000-0000-7000-8000-000000000000" }));
	await must(403, as(person.token, "POST", list, body));
	const self = (await must(200, admin("GET", "/api/v1/persons"))).persons
		.find((one) => one.name === "admin");
	await must(409, admin("POST", list, { ...body, person: self.id }));

	const entry = await must(201, admin("POST", list, body));
	assert.deepEqual([entry.model, entry.person, entry.cut], [null, person.id, everywhere]);
	await assertCut(transfer);
	await refused();
	const explained = await as(person.token, "GET",
		`/api/v1/explain?model=${model}&right=weights:read`);
	assert.match(explained.text, /SUBJECT_BLOCKED/);
	// They are here all the same: their licenses and requests are theirs to see.
	const own = await must(200, as(person.token, "GET", "/api/v1/licenses"));
	assert.equal(own.licenses[0].state, "active");
	await must(409, admin("POST", list, body));
	assert.deepEqual((await must(200, admin("GET", list))).blocked.map((one) => one.id),
		[entry.id]);

	// A model's own list is another one.
	const ofModel = `/api/v1/models/${model}/blocklist`;
	assert.deepEqual((await must(200, admin("GET", ofModel))).blocked.map((one) => one.id),
		[entry.id]);
	await must(404, admin("DELETE", `${ofModel}/${entry.id}`));
	const second = await must(201, admin("POST", ofModel, body));
	assert.equal(second.cut, undefined);
	await must(404, admin("DELETE", `${list}/${second.id}`));
	await refused();

	assert.equal((await admin("DELETE", `${list}/${entry.id}`)).status, 204);
	await must(404, admin("DELETE", `${list}/${entry.id}`));
	assert.equal((await as(person.token, "GET", small)).status, 200);
	const told = await until("the entries", 10, async () => {
		const of = (kind) => as(here.gateway.tokens.auditor, "GET",
			`/api/v1/audit/events?kind=${kind}`);
		const [on, off] = [await of("policy.block"), await of("policy.unblock")];
		return on.text.includes(entry.id) && off.text.includes(entry.id);
	});
	assert.ok(told);
});

/** The command line as one person, with their key and texts of theirs in files. */
async function shellOf(person) {
	const folder = path.join(here.gateway.folder, `shell-${person.name}`);
	const key = path.join(folder, "key");
	const run = async (code, ...words) => {
		const done = await here.gateway.cli(person.token, ...words);
		assert.equal(done.code, code, `${words.join(" ")}: ${done.stderr}${done.stdout}`);
		return code === 0 && words.includes("--json") ? JSON.parse(done.stdout) : done;
	};
	const write = (name, text) => {
		fs.writeFileSync(path.join(folder, name), text);
		return path.join(folder, name);
	};

	fs.mkdirSync(folder, { recursive: true });
	await run(0, "key", "enroll", "--key-file", key);
	return { key, run, write };
}

const adminShell = async (code, ...words) => {
	const done = await here.gateway.cli(here.gateway.tokens.admin, ...words);
	assert.equal(done.code, code, `${words.join(" ")}: ${done.stderr}${done.stdout}`);
	return code === 0 && words.includes("--json") ? JSON.parse(done.stdout) : done;
};

test("the command line reports, and others grant or deny there", async () => {
	const { person, license } = await licensedPerson(here.gateway, model, rights);
	const shell = await shellOf(person);
	const report = shell.write("report.md", "Two papers.\n");
	const words = ["license", "report", license.id, report];

	await shell.run(1, "license", "report", license.id, shell.write("empty.md", " \n"));
	const bad = await shell.run(1, ...words, "--publication", "http://plain.example");
	assert.match(bad.stderr, /https:/);
	const first = await shell.run(0, ...words, "--publication", "https://example.org/a",
		"--publication", "https://example.org/b", "--json");
	assert.deepEqual([first.report, first.publications],
		["Two papers.", ["https://example.org/a", "https://example.org/b"]]);
	await shell.run(1, ...words);
	await shell.run(1, "renewal", "grant", first.id);

	const { renewals } = await adminShell(0, "renewals", "--state", "submitted", "--json");
	assert.deepEqual(renewals.map((one) => one.id), [first.id]);
	await adminShell(2, "renewal", "deny", first.id);
	await adminShell(0, "renewal", "deny", first.id, "--reason", "say more");
	const again = await shell.run(0, ...words, "--json");
	const granted = await adminShell(0, "renewal", "grant", again.id, "--days", "30", "--json");
	assert.equal(Date.parse(granted.expires) - Date.parse(license.expires), 30 * 86400000);
	await adminShell(1, "renewal", "grant", again.id);
	const own = await shell.run(0, "renewals");
	assert.match(own.stdout, /denied/);
	assert.match(own.stdout, /granted/);
	const denied = await shell.run(0, "renewals", "--state", "denied");
	assert.doesNotMatch(denied.stdout, /granted/);
});

test("the command line closes a license with a signed attestation", async () => {
	const { person, license } = await licensedPerson(here.gateway, model, rights);
	const shell = await shellOf(person);
	const attest = shell.write("attest.txt", "All copies are deleted.\n");
	const words = ["license", "close", license.id, "--attest", attest];
	const signed = [...words, "--key-file", shell.key];

	await shell.run(2, ...words);
	const bored = await shell.run(1, ...signed, "--reason", "BORED");
	assert.match(bored.stderr, /PROJECT_COMPLETED/);
	await shell.run(1, ...words, "--reason", "SUPERSEDED", "--key-file", `${shell.key}.none`);
	const closed = await shell.run(0, ...signed, "--reason", "SUPERSEDED", "--json");
	assert.deepEqual([closed.state, closed.reason, closed.signed],
		["closed", "SUPERSEDED", true]);
	await shell.run(1, ...signed, "--reason", "SUPERSEDED");
});

test("the command line lists recalls and attests that the copies are gone", async () => {
	const { person } = await licensedPerson(here.gateway, model, rights);
	const shell = await shellOf(person);
	const { sha } = await must(200, admin("GET", `/api/models/${model}`));
	const got = await as(person.token, "GET", `/${model}/resolve/${sha}/small.txt`);
	assert.equal(got.status, 200, got.text);
	const recall = await adminShell(0, "recall", model, sha, "--reason", "it leaks", "--json");
	await commit(here.gateway, model, { "small.txt": Buffer.from(`after ${sha}`) });

	const { recalls } = await shell.run(0, "recalls", "--json");
	assert.equal(recalls.find((one) => one.id === recall.id).duty.attested, false);
	const words = ["recall", "attest", recall.id, "--attest", shell.write("gone.txt", "Gone.")];
	await shell.run(2, ...words.slice(0, 3));
	const done = await shell.run(0, ...words, "--key-file", shell.key, "--json");
	assert.deepEqual([done.attested, done.signed], [true, true]);
	await shell.run(1, ...words, "--key-file", shell.key);
	assert.match((await shell.run(0, "recalls")).stdout, /it leaks/);
});

test("the command line blocks a person for all models, and ends that", async () => {
	const { person } = await licensedPerson(here.gateway, model, rights);
	const get = async () =>
		(await as(person.token, "GET", `/${model}/resolve/main/small.txt`)).status;

	assert.equal(await get(), 200);
	await adminShell(2, "person", "block", person.name);
	const words = ["person", "block", person.name, "--reason", "sold weights", "--json"];
	const entry = await adminShell(0, ...words);
	assert.equal(await get(), 403);
	assert.match((await adminShell(0, "person", "blocked")).stdout, /sold weights/);
	await adminShell(0, "person", "unblock", entry.id);
	assert.equal(await get(), 200);
	await adminShell(1, "person", "unblock", entry.id);
});
