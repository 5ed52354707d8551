// SPDX-License-Identifier: Apache-2.0
// The log under kill -9: scribe, keeper and PostgreSQL die in turn, at a random moment, while
// people act and models are called, so often that calls share entries (usage.batch). No
// acknowledged entry is lost, no size has two roots, and nothing leaves a gap.
// SALLYPORT_ROUNDS says how often; soak/ runs some hundred rounds.
import assert from "node:assert/strict";
import path from "node:path";
import test from "node:test";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, until } from "./http.mjs";
import { freshName } from "./people.mjs";

const ROUNDS = Number(process.env.SALLYPORT_ROUNDS ?? 6);
const RECOVERY_SECONDS = 60;
const here = gatewayForThisFile();

/** A call of a model, which waits in the outbox for the others of its second. */
const tokenize = () =>
	ask(here.gateway, "POST", "/tokenize", {
		token: here.gateway.tokens.researcher,
		body: { model: here.gateway.model, prompt: "The fox" },
	});
const CALLS_AT_ONCE = 6;
const CALL_PAUSE_MS = 40; // some hundred a second, not all the machine can do

/** One that takes a while: there are so many at once that their entries are gathered. */
const complete = () =>
	ask(here.gateway, "POST", "/v1/completions", {
		token: here.gateway.tokens.researcher,
		body: { model: here.gateway.model, prompt: "The fox", max_tokens: 60 },
	});
const CROWD = 12;

/** An act (published before it is answered), and a refusal (durable before it is answered). */
const requests = [
	() =>
		ask(here.gateway, "POST", "/api/v1/persons", {
			token: here.gateway.tokens.admin,
			body: { name: freshName("crash") },
		}),
	() =>
		ask(here.gateway, "GET", `/${here.gateway.model}/resolve/main/config.json`, {
			token: here.gateway.tokens.stranger,
		}),
];

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Keeps asking, and keeps the receipts of what was acknowledged. */
async function lane(request, state, wait_ms = 0) {
	while (state.going) {
		try {
			const answer = await request();
			/* Two, where the first token's keeper died and another token was made. */
			const receipt = answer.headers["x-audit-receipt"];
			if (receipt && [200, 201, 403].includes(answer.status))
				receipt.split(", ").forEach((one) => state.receipts.add(one));
			else assert.ok([429, 503].includes(answer.status), answer.text);
			if (!receipt || wait_ms) await pause(wait_ms || 20);
		} catch (error) {
			if (error instanceof assert.AssertionError) state.wrong.push(error.message);
			await pause(20);
		}
	}
}

/** Looks at the public checkpoint all the time: one root a size, and never a shorter log. */
async function watch(state) {
	while (state.going) {
		const answer = await ask(here.gateway, "GET", "/log/checkpoint").catch(() => {});
		if (answer?.status === 200) {
			const [, size, root] = answer.text.split("\n");
			const known = state.roots.get(size);
			if (known !== undefined && known !== root)
				state.wrong.push(`two roots of size ${size}`);
			if (Number(size) < state.size)
				state.wrong.push(`${state.size}, then ${size}`);
			state.size = Number(size);
			state.roots.set(size, root);
		}
		await pause(5);
	}
}

const victims = ["sallyport-scribe", "sallyport-keeper", "postgres"];

/** Of PostgreSQL one of its children is enough: the server then ends them all, and recovers. */
function kill(name) {
	const all = here.gateway.processesNamed(name);
	const isChild = (one) => all.some((other) => other.id === one.parent);
	const may = name === "postgres" ? all.filter(isChild) : all;
	const one = may[Math.floor(Math.random() * may.length)];

	if (one) process.kill(one.id, "SIGKILL");
}

const receiptOf = (id) =>
	until(`the receipt ${id}`, RECOVERY_SECONDS, async () => {
		const got = await ask(here.gateway, "GET", `/api/v1/receipts/${id}`, {
			token: here.gateway.tokens.auditor,
		});
		return got.status === 200 && got.json;
	});

test(`${ROUNDS} rounds of kill -9 under load`, async () => {
	const { gateway } = here;
	const state = { going: true, receipts: new Set(), roots: new Map(), size: 0, wrong: [] };
	const running = [
		...requests.flatMap((request) => [lane(request, state), lane(request, state)]),
		...Array.from({ length: CALLS_AT_ONCE }, () =>
			lane(tokenize, state, CALL_PAUSE_MS),
		),
		...Array.from({ length: CROWD }, () => lane(complete, state)),
		watch(state),
	];

	try {
		for (let round = 0; round < ROUNDS; round++) {
			const before = state.receipts.size;
			await pause(Math.random() * 400);
			kill(victims[round % victims.length]);
			await until(`an answer after round ${round}`, RECOVERY_SECONDS, () => {
				return state.receipts.size > before + 8;
			});
		}
	} finally {
		state.going = false;
		await Promise.all(running);
	}
	assert.deepEqual(state.wrong, []);

	const places = new Set();
	const waiting = [...state.receipts];
	let rows = 0;
	const look = async () => {
		for (let id = waiting.pop(); id; id = waiting.pop()) {
			const { index, row } = await receiptOf(id);
			rows += row ? 1 : 0;
			places.add(`${index} ${row?.index ?? ""}`);
		}
	};
	await Promise.all(Array.from({ length: 8 }, look));
	assert.equal(places.size, state.receipts.size, "two events have one place");
	assert.ok(rows > 0, "no calls shared an entry");
	const done = await gateway.cli(
		gateway.tokens.auditor,
		"audit",
		"verify",
		"--state",
		path.join(gateway.folder, "crash.state"),
	);
	assert.equal(done.code, 0, done.stderr);
	await until("a gateway that is ready", RECOVERY_SECONDS, async () => {
		return (await ask(gateway, "GET", "/readyz")).status === 200;
	});
});
