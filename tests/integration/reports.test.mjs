// SPDX-License-Identifier: Apache-2.0
// Signed reports: made of the log, fetched in all forms, verified by their files alone, and refused
// when any part of them was altered.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { sql } from "./database.mjs";
import { gatewayForThisFile, program } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { addOperator, addPerson, licensedPerson } from "./people.mjs";

const ROWS = Number(process.env.SALLYPORT_REPORT_ROWS ?? 20000);
const NAMES = [
	..."decisions downloads inference safety keys policy".split(" "),
	..."dossier bias incidents erasures extraction completeness".split(" "),
];

const here = gatewayForThisFile(async (gateway, holder) => {
	const { model, tokens } = gateway;

	holder.out = path.join(gateway.folder, "reports");
	holder.vkey = (await expect(200, gateway, "GET", "/log/vkey")).text.trim();
	await ask(gateway, "GET", `/${model}/resolve/main/config.json`, { token: tokens.stranger });
	const rights = ["internals:read", "infer:generate"];
	const { person, license } = await licensedPerson(gateway, model, rights);
	holder.person = person;
	await expect(200, gateway, "POST", "/v1/internals", {
		token: person.token,
		body: { model, input: "Once", read: [{ at: "blocks.0.hook_resid_post" }] },
	});
	await expect(200, gateway, "POST", `/api/v1/licenses/${license.id}/suspend`, {
		token: tokens.admin,
		body: { reason: "=HYPERLINK(1)<script>alert(1)</script>" },
	});
});

const api = (status, method, target, options = {}) =>
	expect(status, here.gateway, method, `/api/v1/reports${target}`, {
		token: here.gateway.tokens.auditor,
		...options,
	});

const make = async (name, body = {}) => (await api(201, "POST", `/${name}`, { body })).json;
const form = async (made, name) => (await api(200, "GET", `/${made.id}.${name}`)).text;
const sha256 = (bytes) => crypto.createHash("sha256").update(bytes).digest("hex");

/** The CLI with nothing but its words: no gateway, no login, no memory of a log. */
function offline(...words) {
	const empty = path.join(here.gateway.folder, "nobody");
	const env = { PATH: process.env.PATH, HOME: empty, XDG_STATE_HOME: empty };

	return new Promise((resolve) => {
		execFile(program, words, { env, timeout: 120000 }, (error, stdout, stderr) =>
			resolve({ code: error ? error.code : 0, stdout, stderr }),
		);
	});
}

const verify = (file, ...words) =>
	offline("audit", "verify", file, "--vkey", here.vkey, ...words);

/** Made from the command line; the stem of its files. */
async function taken(name, ...words) {
	const { gateway, out } = here;
	const done = await gateway.cli(
		...[gateway.tokens.auditor, "audit", "report", name],
		...["--out", out, "--json", ...words],
	);
	assert.equal(done.code, 0, done.stderr);
	return JSON.parse(done.stdout).file.replace(/\.json$/, "");
}

/** Another auditor, of these models ("": of all). */
async function auditor(scope) {
	const { gateway } = here;
	here.operator ??= await addOperator(gateway);
	const person = await addPerson(gateway);

	await expect(201, gateway, "POST", `/api/v1/persons/${person.id}/offices`, {
		token: here.operator.token,
		body: { offices: ["audit:read"], ...(scope ? { scope } : {}) },
	});
	return person;
}

/** Rows of CSV as objects (RFC 4180). */
function readCsv(text) {
	const rows = [[]];
	const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
	for (let at; (at = cell.exec(text)); ) {
		rows.at(-1).push(at[1] === undefined ? at[2] : at[1].replaceAll('""', '"'));
		if (at[3] !== ",") rows.push([]);
	}
	const [head, ...rest] = rows.slice(0, -1);
	return rest.map((row) => Object.fromEntries(row.map((value, i) => [head[i], value])));
}

test("twelve reports say what they answer, and what they do not have", async () => {
	const { reports } = (await api(200, "GET", "")).json;

	assert.deepEqual(reports.map(({ name }) => name), NAMES);
	assert.deepEqual(reports.map(({ code }) => code), NAMES.map((_, i) => `R${i + 1}`));
	for (const one of reports) {
		assert.ok(one.question.endsWith("?") && one.columns.length > 3, one.name);
		for (const { what, why } of one.missing) assert.ok(what && why, one.name);
	}
	const bias = reports.find(({ name }) => name === "bias");
	assert.match(bias.missing[0].why, /runs no bias suite/);
});

for (const [i, name] of NAMES.entries()) {
	test(`R${i + 1} ${name} is made in every form and verifies offline`, async () => {
		const stem = await taken(`R${i + 1}`);
		const read = (end) => fs.readFileSync(`${stem}.${end}`, "utf8");
		const json = JSON.parse(read("json"));
		const rows = readCsv(read("csv"));

		assert.equal(json.report.name, name);
		assert.equal(json.rows.length, json.end.totals.rows);
		assert.equal(rows.length, json.rows.length);
		rows.forEach((row, k) => assert.equal(Number(row.index), json.rows[k].index));
		for (const end of ["json", "csv"])
			assert.ok(read("note").includes(`${end} ${sha256(read(end))}\n`), end);
		assert.match(read("note"), /^sallyport report\/v1\n/);
		assert.ok(read("html").includes("<h2>Signature</h2>"));
		const done = await verify(`${stem}.json`);
		assert.equal(done.code, 0, done.stderr);
		assert.match(done.stdout, /the report holds/);
		assert.match(done.stdout, /compared: CSV, page/);
	});
}

test("what happened is in the reports that are about it", async () => {
	const of = async (name) => readCsv(await form(await make(name), "csv"));
	const { model, person } = { ...here.gateway, person: here.person };
	const kinds = (rows) => new Set(rows.map(({ kind }) => kind));

	const decisions = await of("decisions");
	assert.ok(decisions.some((row) => row.kind === "request.approve" && row.needed === "1"));
	assert.ok(decisions.some((row) => row.kind === "decision.deny" && row.outcome));
	const isWhole = (row) => row.kind === "download.end" && row.bytes === row.size;
	const downloads = await until("the end of a download", 30, async () => {
		const rows = await of("downloads");
		return rows.some(isWhole) && rows;
	});
	assert.ok(downloads.some((row) => row.kind === "key.release" && row.model === model));
	const calls = await of("inference");
	const hasTold = (row) => row.kind === "infer.end" && Number(row.completion_tokens) > 0;
	assert.ok(calls.some(hasTold));
	assert.ok((await of("safety")).some((row) => row.kind === "license.suspend"));
	assert.ok(kinds(await of("keys")).has("key.enroll"));
	assert.ok(kinds(await of("policy")).has("gateway.init"));
	assert.ok((await of("dossier")).some((row) => row.paths.includes("model.safetensors")));
	const told = (await of("extraction")).filter((row) => Number(row.scalars) > 0);
	assert.equal(told.length, 1);
	assert.equal(told[0].actor_id, person.id);
	assert.ok((await of("incidents")).some((row) => row.reason.includes("HYPERLINK")));
	assert.deepEqual(await of("bias"), []);
});

test("the log is complete, entry by entry", async () => {
	const made = await make("completeness");
	const { rows, end } = JSON.parse(await form(made, "json"));

	assert.equal(rows.length, made.size);
	assert.equal(end.totals.left_out, 0);
	rows.forEach((row, i) => assert.equal(row.index, i));
	const part = await make("completeness", { from: rows[5].cells[1], size: made.size });
	assert.ok(part.rows >= made.size - 6 && part.rows < made.size);
});

test("the same report made again has the same digests", async () => {
	const first = await make("policy", { to: "2100-01-01T00:00:00Z" });
	const other = await auditor("");
	const again = await api(201, "POST", "/policy", {
		token: other.token,
		body: { to: "2100-01-01T00:00:00Z", size: first.size },
	});
	assert.notEqual(again.json.id, first.id);
	assert.equal(again.json.root, first.root);
	assert.deepEqual(again.json.sha256, first.sha256);
	for (const one of ["json", "csv"])
		assert.equal(sha256(await form(first, one)), first.sha256[one]);
});

test("making it is an entry that names the digests", async () => {
	const answer = await api(201, "POST", "/keys", { body: {} });
	const made = answer.json;

	assert.equal(answer.headers["x-audit-receipt"], made.id);
	const receipt = JSON.parse(await form(made, "receipt"));
	const { report } = JSON.parse(receipt.payload);
	assert.equal(JSON.parse(receipt.entry).ev, "report.make");
	for (const one of ["json", "csv", "html"]) assert.equal(report[one], made.sha256[one]);
	assert.ok(receipt.index >= made.size);
	const { made: list } = (await api(200, "GET", "")).json;
	assert.equal(list[0].id, made.id);
	assert.deepEqual((await api(200, "GET", `/${made.id}`)).json.sha256, made.sha256);
});

test("a page to print runs nothing, and a cell of CSV is no formula", async () => {
	const made = await make("safety");
	const page = await api(200, "GET", `/${made.id}.html`);
	const policy = page.headers["content-security-policy"];
	const style = /<style>(.*?)<\/style>/s.exec(page.text)[1];
	const digest = crypto.createHash("sha256").update(style).digest("base64");

	assert.match(policy, /default-src 'none'/);
	assert.ok(policy.includes(`style-src 'sha256-${digest}'`), policy);
	assert.ok(!/<script|<img|<link|javascript:|src=|href=/i.test(page.text));
	assert.ok(page.text.includes("&#60;script&#62;alert(1)"));
	for (const part of ["<caption>", 'scope="col"', 'lang="en"', "@page", "table-header-group"])
		assert.ok(page.text.includes(part), part);
	assert.ok((await form(made, "csv")).includes(`"'=HYPERLINK(1)`));
});

test("whatever part is altered is named", async () => {
	const stem = await taken("decisions");
	const other = await taken("decisions");
	const bad = path.join(here.out, "bad");
	const ends = ["json", "csv", "html", "note", "receipt.json"];
	const copy = (from, end) => fs.copyFileSync(`${from}.${end}`, `${bad}.${end}`);
	const alter = (end, from, to) => {
		const before = fs.readFileSync(`${bad}.${end}`, "utf8");
		const after = before.replace(from, to);
		assert.notEqual(after, before, `${end}: ${from}`);
		fs.writeFileSync(`${bad}.${end}`, after);
	};
	const cases = [
		["json", /"cells":\[(\d+)/, '"cells":[1$1', /JSON .* row 1: its cell "index"/],
		["json", /"rows":(\d+),"sums"/, '"rows":1$1,"sums"', /its totals/],
		["json", /"question":"Who/, '"question":"Why', /is not the one that the entry/],
		["json", /"size":\d+/, '"size":3', /row \d+: the log has only 3 entries/],
		["csv", /request\.approve/, "request.deny", /the CSV form: its SHA-256/],
		["html", /request\.approve/, "request.deny", /the page: its SHA-256/],
		["html", /It is signed by/, "It is not signed by", /the page: it does not end in/],
		["html", /<\/html>\n$/, "</html>\n<script></script>", /the page/],
		["note", /rows (\d+)/, "rows 1$1", /the note: /],
		["note", /— (.*)\/report /, "— $1/other ", /the note: /],
		["receipt.json", /\\"rows\\":(\d+)/, '\\"rows\\":1$1', /the receipt: .*commit/],
		["receipt.json", /"consistency":\["./, '"consistency":["_', /does not go on/],
		["receipt.json", /"consistency":\[.*?\]/, '"consistency":[]', /does not go on/],
	];

	for (const [end, from, to, why] of cases) {
		for (const one of ends) copy(stem, one);
		alter(end, from, to);
		const done = await verify(`${bad}.json`);
		assert.equal(done.code, 1, `${end} ${from}`);
		assert.match(done.stderr, why);
	}
	for (const [end, why] of [
		["json", /SHA-256 is not the one that the entry/],
		["note", /the note: it is signed, but for another report/],
		["receipt.json", /SHA-256 is not the one that the entry/],
	]) {
		for (const one of ends) copy(one === end ? other : stem, one);
		const done = await verify(`${bad}.json`);
		assert.equal(done.code, 1, end);
		assert.match(done.stderr, why);
	}
	for (const one of ends) copy(stem, one);
	for (const end of ["csv", "html"]) fs.rmSync(`${bad}.${end}`);
	assert.equal((await verify(`${bad}.json`)).code, 0);
	fs.rmSync(`${bad}.note`);
	assert.match((await verify(`${bad}.json`)).stderr, /the note: /);
});

test("another log's key, no key, or too few witnesses: refused", async () => {
	const stem = await taken("keys");
	const origin = here.vkey.slice(0, here.vkey.indexOf("+"));
	const vkey = (name, type) => {
		const raw = Buffer.concat([Buffer.from([type]), crypto.randomBytes(32)]);
		const id = sha256(Buffer.concat([Buffer.from(`${name}\n`), raw])).slice(0, 8);
		return `${name}+${id}+${raw.toString("base64")}`;
	};
	const forged = vkey(origin, 1);
	const wrong = await offline("audit", "verify", `${stem}.json`, "--vkey", forged);
	assert.equal(wrong.code, 1);
	assert.match(wrong.stderr, /the receipt: /);
	const none = await offline("audit", "verify", `${stem}.json`);
	assert.equal(none.code, 1);
	assert.match(none.stderr, /--vkey KEY/);

	const file = path.join(here.out, "policy");
	const witness = vkey("one.example", 4);
	const both = ["audit", "verify", `${stem}.json`, "--policy", file];
	fs.writeFileSync(file, `log ${here.vkey}\nquorum none\n`);
	assert.equal((await offline(...both)).code, 0);
	fs.writeFileSync(file, `log ${here.vkey}\nwitness one ${witness}\nquorum one\n`);
	const few = await offline(...both);
	assert.equal(few.code, 1, few.stdout);
	assert.match(few.stderr, /the checkpoint: /);
});

test("a copy of the log shows a row that is missing", async () => {
	const { gateway, out } = here;
	const copy = path.join(out, "log");
	const since = ["--from", "2020-01-01T00:00:00Z"];
	const whole = await taken("policy", ...since);
	const byModel = await taken("downloads", "--model", gateway.model);
	// Signed by a gateway that does not tell all.
	const move = (by) =>
		sql(gateway, `UPDATE audit_entry SET at = at ${by} WHERE kind = 'gateway.init'`);
	move("- interval '20 years'");
	const lacking = await taken("policy", ...since);
	move("+ interval '20 years'");
	const done = await gateway.cli(gateway.tokens.auditor, "audit", "export", copy);
	assert.equal(done.code, 0, done.stderr);

	const held = await verify(`${whole}.json`, "--dir", copy);
	assert.equal(held.code, 0, held.stderr);
	assert.match(held.stdout, /no entry/);
	assert.equal((await verify(`${lacking}.json`)).code, 0);
	const found = await verify(`${lacking}.json`, "--dir", copy);
	assert.equal(found.code, 1);
	assert.match(found.stderr, /copy of the log: it has \d+ entries of the report's kinds/);
	await make("policy"); // an entry that the copy does not have
	const late = await verify(`${await taken("policy")}.json`, "--dir", copy);
	assert.match(late.stderr, /the report rests on/);
	const filtered = await verify(`${byModel}.json`, "--dir", copy);
	assert.equal(filtered.code, 1);
	assert.match(filtered.stderr, /with filters/);
});

test("who may, and what cannot be asked", async () => {
	const { gateway } = here;
	const made = await make("bias");

	for (const who of ["researcher", "stranger", "admin"]) {
		const token = gateway.tokens[who];
		await api(403, "GET", "", { token });
		await api(403, "POST", "/bias", { token, body: {} });
		await api(403, "GET", `/${made.id}.json`, { token });
	}
	await api(404, "POST", "/nothing", { body: {} });
	await api(404, "GET", `/${made.id}.pdf`);
	await api(404, "GET", "/00000000-0000-7000-8000-000000000000.json");
	for (const body of [
		{ form: "2026" },
		{ from: "yesterday" },
		{ from: "2026-01-02T00:00:00Z", to: "2026-01-01T00:00:00Z" },
		{ size: 1e12 },
		{ size: -1 },
		{ model: "nothing" },
		{ license: "x" },
		{ actor: "researcher" },
	])
		await api(400, "POST", "/keys", { body });
	await api(400, "POST", "/completeness", { body: { model: gateway.model } });
});

test("filters narrow a report, and an auditor of some models sees these", async () => {
	const { gateway } = here;
	const all = await make("decisions");
	const few = await make("decisions", { model: "sallyport/*", actor: here.person.id });

	assert.ok(few.rows > 0 && few.rows < all.rows);
	const stem = await taken("downloads", "--model", gateway.model);
	assert.equal((await verify(`${stem}.json`)).code, 0);
	const some = await auditor("elsewhere/*");
	const narrow = await api(201, "POST", "/downloads", { token: some.token, body: {} });
	assert.equal(narrow.json.rows, 0);
	assert.equal(narrow.json.filters.models, "elsewhere/*");
	await api(404, "GET", `/${all.id}.json`, { token: some.token });
	await api(200, "GET", `/${narrow.json.id}.json`, { token: some.token });
	const { made } = (await api(200, "GET", "", { token: some.token })).json;
	assert.deepEqual(made.map(({ id }) => id), [narrow.json.id]);
});

const slow = { timeout: 600000 };

test(`a report of ${ROWS} rows passes through bounded memory`, slow, async () => {
	const { gateway } = here;
	// Events as the edge would write them, every other one to be a row of a batch; the scribe
	// and the keeper do the rest.
	sql(
		gateway,
		`WITH fresh AS (INSERT INTO audit_event
			(id, at, kind, model, right_name, payload, nonce)
		 SELECT gen_random_uuid(), now(), 'infer.end', 'bulk/model', 'infer:generate',
			convert_to('{"actor":{"id":"","name":"gateway"},"completion_tokens":' ||
				i || ',"finish":"stop","model":"bulk/model","prompt_tokens":1,' ||
				'"right":"infer:generate"}', 'UTF8'),
			sha256(convert_to('nonce ' || i, 'UTF8'))
		 FROM generate_series(1, ${ROWS}) i RETURNING id)
		 INSERT INTO audit_outbox (event, is_usage)
		 SELECT id, row_number() OVER () % 2 = 0 FROM fresh`,
	);
	const published = `SELECT NOT EXISTS (SELECT FROM audit_outbox) AND
		(SELECT max(size) FROM audit_checkpoint) > (SELECT max(seq) FROM audit_leaf)`;
	await until("the entries to be published", 300, async () => {
		return sql(gateway, published) === "t";
	});
	const status = ({ id }) => fs.readFileSync(`/proc/${id}/status`, "utf8");
	const peakOf = (one) => Number(/VmHWM:\s+(\d+)/.exec(status(one))[1]);
	const peak = (command) => Math.max(...gateway.processesNamed(command).map(peakOf));
	await until("the entries to be found", 120, async () => {
		const { json } = await ask(gateway, "GET", "/api/v1/audit/events?limit=1", {
			token: gateway.tokens.auditor,
		});
		return json.behind === undefined;
	});
	const kib = peak("sallyport-edge");
	const began = Date.now();
	const stem = await taken("inference", "--model", "bulk/model");
	const seconds = (Date.now() - began) / 1000;
	const batched = Number(
		sql(
			gateway,
			"SELECT count(*) FROM audit_row r JOIN audit_event e ON e.id = r.event " +
			"WHERE e.model = 'bulk/model'"),
	);
	assert.ok(batched > ROWS / 4, `${batched} rows of batches`);
	const grown = peak("sallyport-edge") - kib;
	const mib = fs.statSync(`${stem}.json`).size / 1048576;

	assert.ok(grown < 32 * 1024, `the edge grew by ${grown} KiB`);
	const limited = await new Promise((resolve) => {
		const words = ["-c", 'ulimit -v 131072; exec "$@"', "sh", program];
		const file = `${stem}.json`;
		const all = [...words, "audit", "verify", file, "--vkey", here.vkey, "--json"];
		execFile("sh", all, { timeout: 300000 }, (error, stdout, stderr) =>
			resolve({ code: error ? error.code : 0, stdout, stderr }),
		);
	});
	assert.equal(limited.code, 0, limited.stderr);
	assert.equal(JSON.parse(limited.stdout).rows, ROWS);
	console.log(
		`# ${ROWS} rows: ${mib.toFixed(0)} MiB of JSON, made, fetched in all forms and ` +
			`verified in ${seconds.toFixed(1)} s; the edge grew by ${grown} KiB`,
	);
});

test("a payload that is gone is never given as if it were there", async () => {
	const made = await make("decisions");
	const [entry] = JSON.parse(await form(made, "json")).rows;
	const { id } = JSON.parse(entry.entry);

	sql(
		here.gateway,
		`SET session_replication_role = replica;
		 UPDATE audit_event SET payload = NULL, nonce = NULL, erased_by = gen_random_uuid()
		 WHERE id = '${id}'`,
	);
	await assert.rejects(form(made, "json")); // the connection is reset before its end
	await assert.rejects(form(made, "csv"));
	const again = await make("decisions", { size: made.size });
	assert.notEqual(again.sha256.json, made.sha256.json);
	const report = JSON.parse(await form(again, "json"));
	assert.equal(report.end.totals.erased, 1);
	assert.equal(report.rows[0].payload, null);
	assert.equal(report.rows[0].entry, entry.entry);
	const stem = await taken("decisions");
	assert.equal((await verify(`${stem}.json`)).code, 0);
});
