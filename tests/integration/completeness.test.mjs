// SPDX-License-Identifier: Apache-2.0
// Nothing is left out: what a licensee, a person and an auditor get of a license's or a person's
// entries, checked here by hand and by `sallyport audit verify --license`.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { gatewayForThisFile } from "./gateway.mjs";
import { noPython, secondOpinion } from "../conformance/second_opinion.mjs";
import { sql } from "./database.mjs";
import { ask, expect, until } from "./http.mjs";

const here = gatewayForThisFile(async (gateway, holder) => {
	holder.vkey = (await expect(200, gateway, "GET", "/log/vkey")).text.trim();
	const token = gateway.tokens.researcher;
	const { json } = await expect(200, gateway, "GET", "/api/v1/licenses", { token });
	holder.license = json.licenses[0].id;
	await download();
	for (let i = 0; i < 3; i++) await tokenize();
	holder.actor = (await answer(`license=${holder.license}`)).statement.actor.id;
});

const ADDRESS = "/api/v1/audit/completeness";

async function download() {
	const { gateway } = here;
	const address = `/${gateway.model}/resolve/main/config.json`;
	const token = gateway.tokens.researcher;
	const { headers } = await expect(200, gateway, "GET", address, { token });
	return headers["x-audit-receipt"];
}

/** A call, which has an entry each time. */
async function tokenize() {
	const { headers } = await expect(200, here.gateway, "POST", "/tokenize", {
		token: here.gateway.tokens.researcher,
		body: { model: here.gateway.model, prompt: "The fox" },
	});
	return headers["x-audit-receipt"];
}

/** The answer's parts: head, its statement's payload, entries, end. */
async function answer(query, who = "researcher") {
	const token = here.gateway.tokens[who];
	const { text } = await expect(200, here.gateway, "GET", `${ADDRESS}?${query}`, { token });
	const lines = text
		.trimEnd()
		.split("\n")
		.map((line) => JSON.parse(line));
	const head = lines[0].completeness;
	const statement = JSON.parse(head.statement.payload);
	return { head, statement, entries: lines.slice(1, -1), end: lines.at(-1).end };
}

const sha256 = (...parts) =>
	parts.reduce((hash, part) => hash.update(part), crypto.createHash("sha256")).digest();

/** RFC 9162 2.1.3.2 */
function rootBy(index, size, entry, hashes) {
	let [fn, sn, root] = [index, size - 1, sha256(Buffer.from([0]), entry)];
	for (const text of hashes) {
		const hash = Buffer.from(text, "base64");
		assert.ok(sn > 0, "the path is too long");
		if (fn % 2 === 1 || fn === sn) {
			root = sha256(Buffer.from([1]), hash, root);
			while (fn % 2 === 0 && fn !== 0)
				[fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
		} else root = sha256(Buffer.from([1]), root, hash);
		[fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
	}
	assert.equal(sn, 0, "the path is too short");
	return root.toString("base64");
}

function checkByHand({ head, statement, entries, end }, of, id) {
	const [, size, root] = head.checkpoint.split("\n");
	assert.equal(Number(size), head.size);
	assert.equal(entries.length, head.count);
	assert.equal(end.count, head.count);
	assert.equal(entries.at(-1).index, head.last);
	assert.deepEqual(
		[statement.of, statement.id, statement.size, statement.count, statement.last],
		[of, id, head.size, head.count, head.last],
	);
	assert.ok(head.statement.index >= head.size);
	let previous = null;
	for (const [i, { index, entry, nonce, payload, path: hashes }] of entries.entries()) {
		const said = JSON.parse(payload);
		const mac = crypto.createHmac("sha256", Buffer.from(nonce, "base64"));
		mac.update(`audit/v1\n${payload}`);
		assert.equal(rootBy(index, head.size, entry, hashes), root);
		assert.equal(JSON.parse(entry).c, mac.digest("base64url"));
		assert.equal(of === "license" ? said.license : said.actor.id, id);
		assert.deepEqual(said.chain[of], { n: i + 1, prev: previous });
		previous = index;
	}
}

test("a licensee gets all entries of their license, each proved and naming the last", async () => {
	const { license } = here;
	const got = await answer(`license=${license}`);

	checkByHand(got, "license", license);
	const kinds = got.entries.map((one) => JSON.parse(one.entry).ev);
	assert.equal(kinds[0], "license.issue");
	assert.ok(kinds.includes("key.release") && kinds.length > 3);
});

test("a person gets all of their own, and an auditor those of anybody", async () => {
	const { actor, license } = here;
	const own = await answer(`actor=${actor}`);

	checkByHand(own, "actor", actor);
	assert.ok(own.entries.length > 5);
	const audited = await answer(`actor=${actor}`, "auditor");
	checkByHand(audited, "actor", actor);
	assert.ok(audited.entries.length > own.entries.length, "the statement is one of theirs");
	assert.ok(audited.entries.some((one) => one.index === own.head.statement.index));
	checkByHand(await answer(`license=${license}`, "auditor"), "license", license);
});

test("what it is asked for must be known, and somebody's business", async () => {
	const { gateway, license, actor } = here;
	const none = "00000000-0000-7000-8000-000000000000";
	const rows = [
		["stranger", `license=${license}`, 404],
		["stranger", `license=${none}`, 404],
		["stranger", `actor=${actor}`, 403],
		["researcher", `license=${none}`, 404],
		["researcher", `actor=${none}`, 403],
		["researcher", "", 400],
		["researcher", `license=${license}&actor=${actor}`, 400],
		["researcher", "license=1", 400],
		["researcher", `license=${license}&witnessed=maybe`, 400],
		["researcher", `license=${license}&witnessed=yes`, 404],
		["auditor", `license=${none}`, 404],
	];

	for (const [who, query, status] of rows) {
		const token = gateway.tokens[who];
		const got = await ask(gateway, "GET", `${ADDRESS}?${query}`, { token });
		assert.equal(got.status, status, `${who} ${query}: ${got.text}`);
	}
	const anonymous = await ask(gateway, "GET", `${ADDRESS}?license=${license}`);
	assert.equal(anonymous.status, 401);
	const nobody = await answer(`actor=${none}`, "auditor");
	assert.deepEqual([nobody.head.count, nobody.head.last, nobody.entries], [0, null, []]);
});

const file = (name) => path.join(here.gateway.folder, name);
const verify = (who, ...words) =>
	here.gateway.cli(who && here.gateway.tokens[who], "audit", "verify", ...words);
const offline = (name, ...words) =>
	verify("", "--from", name, "--vkey", here.vkey, "--url", "https://none.invalid", ...words);

async function holds(done, said) {
	const { code, stdout, stderr } = await done;
	assert.equal(code, 0, stderr);
	assert.match(stdout, said);
}

async function fails(done, why) {
	const { code, stdout, stderr } = await done;
	assert.equal(code, 1, stdout);
	assert.match(stderr, why);
}

test("the command says what was proved and what was not", async () => {
	const { license, actor } = here;
	const said = /nothing is left out: \d+ entries[^]*not proved, but the gateway's word/;

	await holds(verify("researcher", "--license", license), said);
	await holds(verify("researcher", "--actor", actor), said);
	await holds(verify("auditor", "--license", license), said);
	const json = await verify("auditor", "--actor", actor, "--json");
	const { of, id, count, bare, erased } = JSON.parse(json.stdout);
	assert.deepEqual([of, id, bare, erased], ["actor", actor, 0, 0]);
	assert.ok(count > 5);
	await fails(verify("stranger", "--license", license), /NOT_FOUND/);
	assert.equal((await verify("auditor", "--license", license, "--actor", actor)).code, 2);
});

test("a filter is refused: the answer would not be complete", async () => {
	const get = (words) =>
		ask(here.gateway, "GET", `${ADDRESS}?license=${here.license}${words}`, {
			token: here.gateway.tokens.auditor,
		});

	for (const words of ["&from=2026-01-01T00:00:00Z", "&limit=3", `&license=${here.license}`])
		assert.deepEqual(
			await get(words).then(({ status, json }) => [status, json.code]),
			[400, "BAD_REQUEST"],
			words,
		);
});

test("a saved answer is judged by itself, whoever it is about", async () => {
	const { license } = here;
	const saved = file("whole.jsonl");

	await holds(verify("researcher", "--license", license, "--out", saved), /nothing is/);
	await holds(offline(saved, "--license", license), /nothing is left out/);
	await holds(offline(saved), new RegExp(`of the license ${license}`));
	await fails(offline(saved, "--actor", license), /this is about the license/);
	await fails(verify("", "--from", saved), /--from needs --vkey/);
});

test("who holds a receipt finds its entry among them, or learns that it is missing", async () => {
	const { gateway, license } = here;
	const held = file("held.json");
	const save = async (who, id) => {
		const words = ["audit", "receipt", id, "--out", held];
		const done = await gateway.cli(gateway.tokens[who], ...words);
		assert.equal(done.code, 0, done.stderr);
	};

	const id = await download();
	const saved = file("held.jsonl");
	await holds(verify("researcher", "--license", license, "--out", saved), /is left out/);
	await save("researcher", id);
	await holds(offline(saved, "--receipt", held), /nothing is left out/);
	await save("researcher", await tokenize());
	await fails(offline(saved, "--receipt", held), /ask again/);
	const address = `/${gateway.model}/resolve/main/config.json`;
	const denied = await ask(gateway, "GET", address, { token: gateway.tokens.stranger });
	await save("stranger", denied.headers["x-audit-receipt"]);
	const words = ["--license", license, "--receipt", held];
	await fails(verify("researcher", ...words), /not among them/);
});

test("what was answered before must still hold later", async () => {
	const { license } = here;
	const [first, second] = [file("first.jsonl"), file("second.jsonl")];
	const words = ["--license", license];

	await holds(verify("researcher", ...words, "--out", first), /nothing is left out/);
	await tokenize();
	words.push("--earlier", first);
	await holds(verify("researcher", ...words, "--out", second), /nothing is left out/);
	await holds(offline(second, "--earlier", first), /nothing is left out/);
	const broken = file("broken.jsonl");
	fs.writeFileSync(broken, fs.readFileSync(first, "utf8").replace(/\n[^\n]*\n/, "\n"));
	await fails(offline(second, "--earlier", broken), /given before it/);
});

const parse = (name) => fs.readFileSync(file(name), "utf8").trimEnd().split("\n");
const edit = (i, change) => (lines) =>
	lines.with(i, JSON.stringify(change(structuredClone(JSON.parse(lines.at(i))))));
const head = (change) =>
	edit(0, ({ completeness: had }) => ({ completeness: { ...had, ...change(had) } }));
const without = (i) => (lines) => lines.toSpliced(i, 1);
const counted = (change) => (lines) => {
	const fewer = change(lines);
	return fewer.with(-1, JSON.stringify({ end: { count: fewer.length - 2 } }));
};

const entry = (change) => edit(2, (e) => ({ ...e, ...change(e) }));
const lies = [
	["the first left out", counted(without(1)), /given before it/],
	["one left out", counted(without(3)), /given before it/],
	["the last left out", counted(without(-2)), /are stated, the last being/],
	["one left out, counted", without(3), /given before it/],
	["one twice", (lines) => lines.toSpliced(3, 0, lines[3]), /is number|behind entry/],
	["two swapped", (l) => l.with(2, l[3]).with(3, l[2]), /is number|given before/],
	["no head", without(0), /completeness/],
	["no end", without(-1), /not whole: its last line/],
	["nothing at all", () => [], /not whole: its first line/],
	["something behind the end", (lines) => [...lines, lines[1]], /behind the last line/],
	["a line cut short", (l) => l.with(2, l[2].slice(0, -9)), /JSON|premature|near/],
	["another payload", entry((e) => ({ payload: e.payload.replace("c", "d") })), /not commit/],
	["another nonce", entry(() => ({ nonce: `${"A".repeat(43)}=` })), /not commit/],
	["another entry", entry((e) => ({ entry: e.entry.replace("v", "w") })), /not lead to/],
	["another index", entry((e) => ({ index: e.index + 1 })), /not lead to/],
	["an index below all", entry(() => ({ index: -1 })), /negative/],
	["a hash fewer", entry((e) => ({ path: e.path.slice(1) })), /not lead to/],
	["hashes in another order", entry((e) => ({ path: e.path.toReversed() })), /not lead to/],
	["a hash of no length", entry(() => ({ path: ["AAAA"] })), /no base64 of 32/],
	["more hashes than levels", entry((e) => ({ path: Array(65).fill(e.path[0]) })), /than 64/],
	["a payload withheld", entry(() => ({ payload: undefined })), /payload/],
	["another count", head(({ count }) => ({ count: count - 1 })), /states something else/],
	["another last", head(({ last }) => ({ last: last - 1 })), /states something else/],
	["a last of no kind", head(() => ({ last: [1] })), /INDEX or \[INDEX,ROW\]/],
	["another size", head(({ size }) => ({ size: size - 1 })), /not that of the checkpoint/],
	["another id", head(() => ({ id: "x" })), /this is about/],
	[
		"another checkpoint",
		head((had) => ({ checkpoint: had.checkpoint.replace(/\n\d/, "\n9") })),
		/no good signature/,
	],
	["no statement", head(() => ({ statement: {} })), /entry/],
	[
		"a changed statement",
		head(({ statement: had }) => ({
			statement: { ...had, payload: had.payload.replace("count", "kount") },
		})),
		/does not commit/,
	],
	[
		"a statement without payload",
		head(({ statement: had }) => ({ statement: { ...had, payload: undefined } })),
		/payload is missing/,
	],
];

for (const [what, change, why] of lies)
	test(`an answer with ${what} is refused`, async () => {
		const { license } = here;
		if (!fs.existsSync(file("lies.jsonl")))
			await holds(verify("researcher", "--license", license, "--out",
				file("lies.jsonl")), /nothing is left out/);
		const lines = change(parse("lies.jsonl"));
		fs.writeFileSync(file("lie.jsonl"), lines.map((line) => `${line}\n`).join(""));
		await fails(offline(file("lie.jsonl"), "--license", license), why);
	});

test("the statement of one license is none of another person's", async () => {
	const { license, actor } = here;
	const two = await answer(`actor=${actor}`);
	const lines = parse("lies.jsonl");
	const swapped = head(() => ({ statement: two.head.statement }))(lines);

	fs.writeFileSync(file("lie.jsonl"), `${swapped.join("\n")}\n`);
	await fails(offline(file("lie.jsonl"), "--license", license), /states something else/);
});

test("calls that share an entry with others are among them, each as a row", async () => {
	const { gateway, license, actor } = here;
	const token = gateway.tokens.researcher;
	const body = { model: gateway.model, prompt: "The fox" };
	const call = () => ask(gateway, "POST", "/tokenize", { token, body });
	const isRow = await until("a call that is a row", 60, async () => {
		const answers = await Promise.all(Array.from({ length: 24 }, call));
		const all = answers.map(({ headers }) => headers["x-audit-receipt"]);
		const ids = all.filter(Boolean);
		const words = ["audit", "receipt", ids.at(-1), "--out", file("row.json")];
		const done = await gateway.cli(token, ...words);
		return /the receipt holds: row \d+ of entry/.test(done.stdout);
	});
	assert.ok(isRow);
	const saved = file("rows.jsonl");
	const words = ["--license", license, "--receipt", file("row.json"), "--out", saved];
	await holds(verify("researcher", ...words), /nothing is left out/);
	await holds(verify("researcher", "--actor", actor), /nothing is left out/);
	const lines = parse("rows.jsonl");
	const rows = lines.filter((line) => JSON.parse(line).row);
	assert.ok(rows.length > 16, `${rows.length} rows`);
	const place = lines.indexOf(rows.at(-1));
	fs.writeFileSync(file("lie.jsonl"), `${lines.toSpliced(place, 1).join("\n")}\n`);
	await fails(offline(file("lie.jsonl")), /before it|counts other|is number/);
	if (!noPython) assert.equal(secondOpinion(saved, here.vkey).status, 0);
});

test("leaves that the database loses come back from the files, proofs and all", async () => {
	const { gateway, license, actor } = here;
	const early = await download();
	const receipt = () =>
		ask(gateway, "GET", `/api/v1/receipts/${early}`, {
			token: gateway.tokens.researcher,
		});
	const held = (await until("the receipt", 20, async () => {
		const got = await receipt();
		return got.status === 200 && got;
	})).json;
	const before = Number(sql(gateway, "SELECT max(seq) FROM audit_leaf"));

	sql(gateway, "SET session_replication_role = replica; DELETE FROM audit_leaf");
	gateway.processesNamed("sallyport-scribe").forEach(({ id }) => process.kill(id, "SIGKILL"));
	await until("the leaves to be there again", 30, () => {
		return Number(sql(gateway, "SELECT count(*) FROM audit_leaf")) > before;
	});
	await until("a gateway that is ready", 30, async () => {
		return (await ask(gateway, "GET", "/readyz")).status === 200;
	});
	const again = (await receipt()).json;
	assert.deepEqual(
		[again.entry, again.nonce, again.payload, again.index],
		[held.entry, held.nonce, held.payload, held.index],
	);
	await download();
	await holds(verify("researcher", "--license", license), /nothing is left out/);
	await holds(verify("auditor", "--actor", actor), /nothing is left out/);
	await holds(verify("auditor"), /the log verifies/);
	const { json } = await expect(
		200,
		gateway,
		"GET",
		"/api/v1/audit/events?kind=log.rebuilt",
		{ token: gateway.tokens.auditor },
	);
	assert.equal(json.events.length, 1);
	assert.equal(json.events[0].payload.from, 0);
});
