// SPDX-License-Identifier: Apache-2.0
// What auditors look for in the log: filters, counts, exports that are whole, saved filters.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { sql } from "./database.mjs";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";

const DENIED = 12;

const here = gatewayForThisFile(async (gateway) => {
	for (let i = 0; i < DENIED; i++)
		await ask(gateway, "GET", `/${gateway.model}/resolve/main/config.json`, {
			token: gateway.tokens.stranger,
		});
	await until("the entries of all denials", 20, async () => {
		const all = await events("kind=decision.deny&limit=200");
		return all.length >= DENIED;
	});
});

const api = (status, target, options = {}) =>
	expect(status, here.gateway, options.method ?? "GET", `/api/v1/audit/${target}`, {
		token: here.gateway.tokens.auditor,
		...options,
	});

const page = async (query) => (await api(200, `events?${query}`)).json;
const events = async (query) => (await page(query)).events;
const cli = (...words) => here.gateway.cli(here.gateway.tokens.auditor, "audit", ...words);

/** Every page of a question. */
async function allPages(query) {
	const list = [];
	let cursor;

	do {
		const one = await page(`${query}${cursor ? `&cursor=${cursor}` : ""}`);
		list.push(...one.events);
		cursor = one.next;
	} while (cursor);
	return list;
}

test("filters narrow one another", async () => {
	const { model } = here.gateway;
	const name = (await events("kind=decision.deny"))[0].actor;
	const about = encodeURIComponent(model);
	const narrow = `kind=decision.deny&actor=${name}&model=${about}&decision=deny`;
	const found = await events(narrow);

	assert.ok(found.length >= DENIED);
	for (const one of found) {
		assert.equal(one.actor, name);
		assert.equal(one.model, model);
		assert.equal(one.decision, "deny");
	}
	assert.deepEqual(await events(`${narrow}&code=OK`), []);
	assert.deepEqual(await events(`${narrow}&to=2020-01-01T00:00:00Z`), []);
	const { code } = found[0];
	assert.deepEqual(
		(await events(`${narrow}&code=${code}`)).map(({ index }) => index),
		found.filter((one) => one.code === code).map(({ index }) => index),
	);
	const namespace = encodeURIComponent(`${model.split("/")[0]}/*`);
	assert.ok((await events(`kind=decision&model=${namespace}`)).length >= DENIED);
	assert.ok((await events("kind=gateway.start&kind=decision.deny")).length > DENIED);
	const from = (range) => events(`kind=infer.generate&address=${encodeURIComponent(range)}`);
	assert.ok((await from("127.0.0.0/8")).length > 0);
	assert.ok((await from("127.0.0.1")).length > 0);
	assert.deepEqual(await from("10.0.0.0/8"), []);
	assert.deepEqual(await from("::1/128"), []);
});

test("a text is found wherever it stands in the payload, as it is written", async () => {
	const [query] = await events("kind=audit.query&limit=1");
	assert.ok(query);
	await events("text=albatross&kind=model.shred");
	const found = await until("the entry of that question", 10, async () => {
		const list = await events("text=ALBATROSS&kind=audit.query&order=oldest");
		return list.length ? list : undefined;
	});
	assert.match(found[0].payload.query, /albatross/i);
	assert.deepEqual(await events("text=albatros_&kind=model.commit"), []);
});

test("pages forward and backward hold the same entries", async () => {
	const until = (await events("limit=1"))[0].at;
	const back = await allPages(`to=${until}&limit=7`);
	const forth = await allPages(`to=${until}&limit=5&order=oldest`);

	assert.ok(back.length > DENIED);
	assert.deepEqual(
		back.map(({ index }) => index).reverse(),
		forth.map(({ index }) => index),
	);
});

test("what happens is streamed, from where the last stream was left", async () => {
	const { gateway } = here;
	const seen = (await events("limit=1"))[0].index;
	const behind = (seconds) => new Date(Date.now() + seconds * 1000).toISOString();
	const live = async (cursor, query) => {
		const { text } = await api(200, `live?cursor=${cursor}&to=${behind(4)}&${query}`);
		return text
			.split("\n\n")
			.filter(Boolean)
			.map((one) => one.split("\n").map((line) => line.split(/: (.*)/s)))
			.map((fields) => Object.fromEntries(fields));
	};

	await ask(gateway, "GET", `/${gateway.model}/resolve/main/config.json`, {
		token: gateway.tokens.stranger,
	});
	const told = (await live(`${seen}.65534`, "kind=decision.deny")).filter(
		({ event }) => event === "event",
	);
	assert.equal(told.length, 1);
	const one = JSON.parse(told[0].data);
	assert.equal(one.kind, "decision.deny");
	assert.equal(one.index, Number(told[0].id));
	const later = await live(told[0].id, "kind=decision.deny");
	assert.ok(later.every(({ event }) => event === "place"));
	await api(400, "live?order=oldest");
	await api(400, "live?cursor=x");
});

test("what cannot be understood is refused, and named", async () => {
	for (const [query, why] of [
		["modell=a/b", /unknown parameter "modell"/],
		["actor=a&actor=b", /"actor" is given twice/],
		["actor=", /"actor" is empty/],
		["kind=license.isue", /knows no "license\.isue"/],
		["kind=license.issue,,", /knows no/],
		["model=nothing", /"org\/model"/],
		["model=a%2Fb*", /"org\/model"/],
		["license=1", /id of a license/],
		["right=weights:reed", /no right/],
		["decision=perhaps", /code|decision/],
		["region=de", /country/],
		["region=XX", /country/],
		["address=300.1.1.1", /address|range/i],
		["address=10.0.0.0%2F33", /address|range|prefix/i],
		["from=yesterday", /time|RFC|form/i],
		["from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", /before/],
		["text=a", /3 to 200/],
		["text=%ff%ff%ff", /UTF-8/],
		["text=a%00bc", /decoded|UTF-8/],
		["limit=0", /1 to 200/],
		["limit=201", /1 to 200/],
		["cursor=-1", /cursor/],
		["cursor=1.x", /cursor/],
		["cursor=99999999999999999999", /cursor/],
		["order=up", /order/],
		["saved=none", /saved filter/],
		["kind=audit.query&".repeat(40), /at most/],
	]) {
		const answer = await ask(here.gateway, "GET", `/api/v1/audit/events?${query}`, {
			token: here.gateway.tokens.auditor,
		});
		assert.ok([400, 404, 413].includes(answer.status), `${query}: ${answer.status}`);
		assert.match(answer.json.detail, why, query);
	}
	for (const target of ["summary", "summary?by=color", "export?format=xml", "export?limit=3"])
		await api(400, target);
	const hostile = encodeURIComponent("' OR 1=1; DROP TABLE sallyport.audit_entry; --");
	assert.deepEqual(await events(`actor=${hostile}`), []);
	assert.deepEqual(await events(`text=${hostile}&kind=model.commit`), []);
});

test("counts agree with the entries", async () => {
	const { groups } = (await api(200, "summary?by=kind")).json;
	const denied = groups.find(({ key }) => key === "decision.deny");
	assert.equal(denied.count, (await allPages("kind=decision.deny&limit=200")).length);
	for (const by of "day hour model person license right decision code".split(" ")) {
		const answer = (await api(200, `summary?by=${by}&kind=decision.deny`)).json;
		const sum = answer.groups.reduce((all, { count }) => all + count, 0);
		assert.equal(sum, denied.count, by);
	}
	await api(400, "summary?by=day&text=word");
});

/** Splits an export into its lines and what the last one says, having checked it. */
function whole(text) {
	const at = text.trimEnd().lastIndexOf("\n") + 1;
	const digest = crypto.createHash("sha256").update(text.slice(0, at)).digest("hex");
	const end = text.slice(at);

	assert.ok(end.includes(digest), end);
	return { lines: text.slice(0, at).trimEnd().split(/\r?\n/), end };
}

test("an export is whole, and says so", async () => {
	const answer = await api(200, "export?kind=decision.deny");
	const { lines, end } = whole(answer.text);
	const rows = lines.map((line) => JSON.parse(line));

	assert.match(
		answer.headers["content-disposition"],
		/attachment; filename="audit-\d+\.jsonl"/,
	);
	assert.equal(JSON.parse(end).end.count, rows.length);
	assert.deepEqual(
		rows.map(({ index }) => index),
		(await allPages("kind=decision.deny&order=oldest")).map(({ index }) => index),
	);
	for (const row of rows) {
		assert.deepEqual(Object.keys(row), Object.keys(rows[0]));
		assert.equal(typeof JSON.parse(row.payload), "object");
	}
});

test("a cell of a CSV is no formula", async () => {
	const [entry] = await events("kind=decision.deny&order=oldest&limit=1");
	sql(
		here.gateway,
		`SET session_replication_role = replica;
		 UPDATE audit_event SET actor_name = '=1+1' WHERE id = '${entry.id}'`,
	);
	const { lines, end } = whole(
		(await api(200, "export?format=csv&kind=decision.deny")).text,
	);

	assert.match(lines[0], /^index,row,id,at,kind,actor,/);
	assert.match(lines[1], /,"'=1\+1",/);
	assert.doesNotMatch(lines[2], /"'/);
	assert.match(end, new RegExp(`^# end count=${lines.length - 1} sha256=`));
});

test("filters are saved, shared, run, and removed", async () => {
	const filters = { kind: "decision.deny", decision: "deny" };

	await api(201, "saved", { method: "POST", body: { name: "denials", filters } });
	await api(409, "saved", { method: "POST", body: { name: "denials", filters } });
	for (const body of [
		{ name: "../x", filters },
		{ name: "x", filters: {} },
		{ name: "x", filters: { limit: "3" } },
		{ name: "x", filters: { kind: "none.such" } },
		{ name: "x", filters: { kind: 3 } },
	])
		await api(400, "saved", { method: "POST", body });
	const { saved } = (await api(200, "saved")).json;
	assert.deepEqual(saved.find(({ name }) => name === "denials").filters, filters);
	for (const one of await events("saved=denials")) assert.equal(one.kind, "decision.deny");
	assert.deepEqual(await events("saved=denials&code=OK"), []);
	await expect(403, here.gateway, "GET", "/api/v1/audit/saved", {
		token: here.gateway.tokens.researcher,
	});
	await api(204, "saved/denials", { method: "DELETE" });
	await api(404, "saved/denials", { method: "DELETE" });
});

test("each reading is an entry", async () => {
	await api(200, "summary?by=code");
	const { end } = whole((await api(200, "export?kind=gateway.start")).text);
	const { sha256 } = JSON.parse(end).end;

	await until("the entries of what was read", 10, async () => {
		const all = await events("kind=audit.query&limit=200");
		const read = all.map(({ payload }) => payload);
		return (
			["events", "summary", "export", "saved", "saved.add", "saved.remove"].every(
				(what) => read.some((one) => one.read === what),
			) && read.some((one) => one.read === "export.end" && one.sha256 === sha256)
		);
	});
});

test("an erased payload is shown as erased", async () => {
	const [entry] = await events("kind=decision.deny&order=oldest&limit=1");
	sql(
		here.gateway,
		`SET session_replication_role = replica;
		 UPDATE audit_event SET payload = NULL, nonce = NULL, erased_by = (SELECT event
			FROM audit_leaf WHERE seq = 0) WHERE id = '${entry.id}'`,
	);
	const [again] = await events("kind=decision.deny&order=oldest&limit=1");
	assert.deepEqual(again.erased, { by: 0 });
	assert.equal(again.payload, undefined);
	const { lines } = whole((await api(200, "export?kind=decision.deny")).text);
	const row = JSON.parse(lines[0]);
	assert.equal(row.erased, true);
	assert.equal(row.payload, null);
});

test("an auditor does it from the command line", async () => {
	const file = path.join(here.gateway.folder, "denials.csv");
	const run = async (...words) => {
		const done = await cli(...words);
		assert.equal(done.code, 0, done.stderr);
		return done.stdout;
	};

	assert.match(await run("query", "--kind", "decision.deny"), /decision\.deny/);
	assert.match(await run("summary", "kind"), /decision\.deny/);
	whole(await run("query", "--kind", "decision.deny", "--format", "jsonl"));
	await run("export-events", file, "--format", "csv", "--kind", "decision.deny");
	assert.match(fs.readFileSync(file, "utf8"), /^index,row,id/);
	await run("save", "mine", "--kind", "decision");
	assert.match(await run("saved"), /mine/);
	assert.match(await run("query", "--saved", "mine"), /decision\.deny/);
	await run("forget", "mine");
	assert.notEqual((await cli("query", "--saved", "mine")).code, 0);
});
