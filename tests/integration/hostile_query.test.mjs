// SPDX-License-Identifier: Apache-2.0
// What an auditor's questions may hold: nothing in them is a pattern, a query or a program, each is
// answered or refused with its reason, and none holds the database longer than its time.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import test from "node:test";
import { sql } from "./database.mjs";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, until } from "./http.mjs";

const here = gatewayForThisFile();
const STOP_SECONDS = 15;

const get = (target) =>
	ask(here.gateway, "GET", `/api/v1/${target}`, { token: here.gateway.tokens.auditor });
const events = (query) => get(`audit/events?${query}`);
const enc = encodeURIComponent;

/** What stands for itself in a text, an actor's name and an institution's: it finds nothing. */
const LITERAL = [
	["LIKE", "100%_\\%"],
	["LIKE, all", "%%%"],
	["a regular expression", "(a+)+$"],
	["a long regular expression", `${"(a|".repeat(30)}b${")".repeat(30)}*`],
	["a tsquery", "'a' & !b:* <-> c"],
	["SQL", "' OR '1'='1"],
	["SQL, more", "'; DROP TABLE sallyport.audit_entry; --"],
	["SQL, escaped", "\\'; SELECT pg_sleep(60); --"],
	["a dollar quote", "$$; SELECT pg_sleep(60); $$"],
	["a parameter", "$1::text"],
	["a format", "%s%n%1$*2$d"],
	["JSON", '{"$gt":""}'],
	["an array", "{a,b}"],
	["a comment", "abc/**/--"],
	["a path", "../../../etc/passwd"],
	["template words", "${jndi:ldap://x/a}"],
	["right to left", "\u202eabc\u202c"],
	["emoji", "🦜🦜🦜"],
	["combining", "e\u0301e\u0301e\u0301"],
	["the longest letters", "\u{10ffff}\u{10ffff}"],
];

test("what looks like a pattern or a program stands for itself", async () => {
	for (const [why, word] of LITERAL) {
		for (const filter of ["text", "actor", "institution"]) {
			const query = `${filter}=${enc(word)}&kind=gateway.start`;
			for (const target of [
				`audit/events?${query}`,
				...(filter === "text"
					? []
					: [`audit/summary?by=day&${query}`]),
			]) {
				const { status, json } = await get(target);
				assert.equal(status, 200, `${why}: ${target}`);
				assert.deepEqual(json.events ?? json.groups, [], why);
			}
		}
		const answer = await get(`audit/export?kind=gateway.start&actor=${enc(word)}`);
		assert.match(answer.text, /^\{"end":\{"count":0,/, why);
	}
	assert.ok(Number(sql(here.gateway, "SELECT count(*) FROM audit_entry")) > 0);
});

const BIG = "9".repeat(19);
const REFUSED = [
	["a NUL", "text=abc%00def"],
	["a NUL, alone", "actor=%00"],
	["half a character", "text=abc%c3"],
	["an overlong form", "text=abc%c0%af"],
	["a surrogate", "text=abc%ed%a0%80"],
	["bytes", "actor=%ff%fe"],
	["a broken escape", "text=abc%zz"],
	["half an escape", "text=abc%"],
	["a name of bytes", "%ff=a"],
	["a name of a NUL", "act%00or=a"],
	["an empty name", "=a"],
	["a long name", `${"a".repeat(5000)}=1`],
	["a long value", `actor=${"a".repeat(1025)}`],
	["a long text", `text=${"a".repeat(201)}`],
	["a short text", "text=ab"],
	["twice", "actor=a&actor=a"],
	["twice, otherwise written", "actor=a&%61ctor=b"],
	["a thousand", Array.from({ length: 1000 }, (_, i) => `p${i}=1`).join("&")],
	["a thousand kinds", "kind=audit.query&".repeat(1000)],
	["a thousand kinds in one", `kind=${"audit.query,".repeat(90)}`],
	["a huge cursor", `cursor=${BIG}`],
	["a larger one", `cursor=${"9".repeat(1000)}`],
	["the largest that is too large", "cursor=140737488355327"],
	["a negative cursor", "cursor=-1"],
	["a signed cursor", "cursor=%2B1"],
	["a cursor of space", "cursor=%201"],
	["a cursor of digits elsewhere", "cursor=%D9%A1"],
	["a row too far", "cursor=1.65535"],
	["a cursor of hex", "cursor=0x10"],
	["a cursor with an exponent", "cursor=1e3"],
	["an order of SQL", "order=oldest;--"],
	["a limit below", "limit=-1"],
	["a limit of none", "limit=0"],
	["a limit above", `limit=${BIG}`],
	["a limit with a fraction", "limit=1.5"],
	["a limit of letters", "limit=NaN"],
	["a year too far", "from=99999-01-01T00:00:00Z"],
	["a month of 13", "from=2026-13-01T00:00:00Z"],
	["a time with a zone", "from=2026-01-01T00:00:00%2B01:00"],
	["a time of SQL", "from=now()"],
	["the end of time", "to=infinity"],
	["from behind to", "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z"],
	["a wildcard for a model", "model=*"],
	["more wildcards", "model=a*/b*"],
	["a right of nobody", "right=weights:read%27--"],
	["a code in small letters", "code=ok"],
	["a kind by a pattern", "kind=license.*"],
	["no license", "license=00000000-0000-0000-0000-000000000000"],
	["an address of too many", "address=10.0.0.0%2F33"],
	["an address by name", "address=localhost"],
	["an address of v6 too long", "address=::1%2F129"],
	["a saved filter by a path", "saved=..%2F..%2Fx"],
	["nothing known", "q=1"],
];

test("what cannot be meant is refused with its reason, wherever it is asked", async () => {
	for (const [why, query] of REFUSED)
		for (const target of ["audit/events?", "audit/summary?by=day&", "audit/export?"]) {
			const answer = await get(target + query);
			const { status, text, json } = answer;
			const where = `${why}: ${target} ${status} ${text.slice(0, 200)}`;

			assert.ok([400, 404, 413, 414, 431].includes(status), where);
			if (status < 414) assert.match(json.detail, /\w{3}/, where);
			assert.doesNotMatch(text, /SELECT|syntax error|auditor_/, where);
		}
});

test("all that may be asked at once is asked of the database once", async () => {
	const kinds = Array.from({ length: 10 }, () => "kind=audit,license,decision").join("&");
	const all = (from) =>
		`${kinds}&actor=a&institution=b&model=c%2F*&right=weights:read&decision=deny` +
		`&code=NOT_GRANTED&address=10.0.0.0%2F8&text=abcdef&from=${from}` +
		"&to=9999-12-31T23:59:59Z&license=01000000-0000-7000-8000-000000000001" +
		"&order=oldest&limit=200&cursor=0";
	const answer = await events(all("0001-01-01T00:00:00Z"));
	assert.equal(answer.status, 400, "before 1970 is no time of ours");
	const again = await events(all("1970-01-02T00:00:00Z"));
	assert.equal(again.status, 200, again.text);
	assert.deepEqual(again.json.events, []);
});

/** Somebody holds what is searched by, until the function returned is called. */
async function hold() {
	const child = spawn("psql", [here.gateway.psql, "-qXAt"], {
		stdio: ["pipe", "pipe", "ignore"],
	});
	let said = "";

	child.stdout.on("data", (part) => {
		said += part;
	});
	child.stdin.write(
		"BEGIN; LOCK TABLE sallyport.audit_class IN ACCESS EXCLUSIVE MODE; " +
			"SELECT 'held';\n",
	);
	await until("the lock", 10, () => said.includes("held"));
	return () => child.stdin.end("ROLLBACK;\n");
}

test("a question that takes too long is stopped, and says what to ask instead", async () => {
	const letGo = await hold();
	const began = Date.now();

	try {
		const answer = await events("kind=gateway.start");
		assert.equal(answer.status, 503, answer.text);
		assert.match(answer.json.detail, /did not answer this within 15 s.*shorter time/);
		assert.ok(Date.now() - began < 2 * STOP_SECONDS * 1000);
	} finally {
		letGo();
	}
	await until("the question to be answered", 20, async () => {
		return (await events("kind=gateway.start")).status === 200;
	});
});
