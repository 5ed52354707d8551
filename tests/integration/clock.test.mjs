// SPDX-License-Identifier: Apache-2.0
// The clock of a gateway at work is set back an hour, forward a year, and right again: the log's
// order is its own, questions about a time find what has that time, and each jump is an entry.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { Database } from "./database.mjs";
import { build, gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";

const HOUR = 3600_000;
const YEAR = 365 * 24 * HOUR;
const shifted = path.join(build, "tests/shifted");

/** Our programs, with those in place that read the test's clock. */
function programs(folder) {
	const bin = path.join(folder, "bin");

	fs.cpSync(path.join(build, "bin"), bin, { recursive: true });
	fs.cpSync(shifted, bin, { recursive: true, force: true });
	return path.join(bin, "sallyport");
}

let shift = 0;
function setClock(ms) {
	const bytes = Buffer.alloc(8);
	const file = fs.openSync(path.join(here.gateway.dir, "clock-shift"), "r+");

	bytes.writeBigInt64LE(BigInt(ms));
	fs.writeSync(file, bytes, 0, 8, 0);
	fs.closeSync(file);
	shift = ms;
}
const now = () => Date.now() + shift;

const here = gatewayForThisFile(async (gateway) => {
	const database = new Database(gateway);

	await gateway.stopChild();
	fs.writeFileSync(path.join(gateway.dir, "clock-shift"), Buffer.alloc(8), { mode: 0o644 });
	gateway.atStop = () => database.stop();
	gateway.database = database;
	await database.start();
	gateway.child = spawn(
		programs(gateway.folder),
		["serve", "--config", gateway.config],
		{ stdio: "ignore" },
	);
	await until("the gateway to serve again", 60, async () => (await readyz()).status === 200);
});

const readyz = () => ask(here.gateway, "GET", "/readyz");
const events = async (query) =>
	(
		await expect(200, here.gateway, "GET", `/api/v1/audit/events?${query}`, {
			token: here.gateway.tokens.auditor,
		})
	).json;
const act = async () => {
	const answer = await ask(here.gateway, "POST", "/api/v1/tokens", {
		token: here.gateway.tokens.researcher,
		body: { name: "t", days: 1 },
	});
	return answer;
};
const size = async () =>
	Number((await ask(here.gateway, "GET", "/log/checkpoint")).text.split("\n")[1]);
const timeOf = (ms) => encodeURIComponent(new Date(ms).toISOString());

async function verify() {
	const done = await here.gateway.cli(here.gateway.tokens.auditor, "audit", "verify");
	assert.equal(done.code, 0, done.stderr);
}

/** Set it, and wait until the gateway has noticed. */
async function jump(to) {
	const before = (await readyz()).json.clock_jumps ?? 0;
	const by = to - shift;

	setClock(to);
	const answer = await until("the jump to be noticed", 10, async () => {
		const { json } = await readyz();
		return json.clock_jumps > before && json;
	});
	assert.ok(Math.abs(answer.clock_jumped_by_ms - by) < 2000, `${answer.clock_jumped_by_ms}`);
	assert.equal(answer.ready, true);
	return by;
}

async function expectEntry(by) {
	const { events: found } = await until("the entry of the jump", 10, async () => {
		const page = await events("kind=clock.jump&limit=1");
		const last = page.events[0]?.payload.by_ms;
		return Math.abs(last - by) < 2000 && page;
	});
	const [entry] = found;
	const before = Date.parse(entry.payload.before);
	assert.ok(Math.abs(Date.parse(entry.at) - entry.payload.by_ms - before) < 3000);
}

test("an hour back: the log goes on in its order, and times find their entries", async () => {
	assert.equal((await act()).status, 201);
	const page = await events("limit=5");
	const before = await size();

	await expectEntry(await jump(-HOUR));
	assert.equal((await act()).status, 201);
	const [last] = (await events("kind=token.create&limit=1")).events;
	assert.ok(last.index > page.events[0].index, "what came later stands behind");
	assert.ok(last.at < page.events[0].at, "and says the time that it was");
	// Its time finds it, and the time before the jump finds what was then.
	const then = await events(
		`kind=token.create&from=${timeOf(now() - 60_000)}&to=${timeOf(now() + 60_000)}`,
	);
	assert.deepEqual(
		then.events.map(({ index }) => index),
		[last.index],
	);
	const earlier = await events(`kind=token.create&from=${timeOf(now() + HOUR / 2)}`);
	assert.ok(earlier.events.length > 0);
	assert.ok(earlier.events.every(({ index }) => index < last.index));
	// A cursor is a place, and no time.
	const rest = await events(`limit=5&cursor=${page.next}`);
	assert.ok(rest.events.every(({ index }) => index < page.events.at(-1).index));
	assert.ok((await size()) > before);
	await verify();
});

test("a year forward: what has expired has expired, until it is right again", async () => {
	await jump(YEAR + 24 * HOUR);
	const refused = await act();
	assert.equal(refused.status, 401, refused.text);
	assert.match(refused.text, /CREDENTIAL_EXPIRED/);
	await jump(0);
	await until("the token to be good again", 10, async () => (await act()).status === 201);
	const { events: jumps } = await until("the entries of both jumps", 10, async () => {
		const found = await events("kind=clock.jump");
		return found.events.length === 3 && found;
	});
	const indexes = jumps.map(({ index }) => index);
	assert.deepEqual(indexes, [...indexes].sort((a, b) => b - a));
	await verify();
});
