// SPDX-License-Identifier: Apache-2.0
// The log under kill -9: scribe, keeper and PostgreSQL die in turn, at a random moment, while
// people act. No acknowledged entry is lost, no size has two roots, and nothing leaves a gap.
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
async function lane(request, state) {
	while (state.going) {
		try {
			const answer = await request();
			/* Two, where the first token's keeper died and another token was made. */
			const receipt = answer.headers["x-audit-receipt"];
			if (receipt && (answer.status === 201 || answer.status === 403))
				receipt.split(", ").forEach((one) => state.receipts.add(one));
			else assert.equal(answer.status, 503, answer.text);
			if (!receipt) await pause(20);
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

test(`${ROUNDS} rounds of kill -9 under load`, async () => {
	const { gateway } = here;
	const state = { going: true, receipts: new Set(), roots: new Map(), size: 0, wrong: [] };
	const running = [
		...requests.flatMap((request) => [lane(request, state), lane(request, state)]),
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

	const indexes = new Set();
	for (const receipt of state.receipts) {
		const address = `/api/v1/receipts/${receipt}`;
		const answer = await until(`the receipt ${receipt}`, RECOVERY_SECONDS, async () => {
			const got = await ask(gateway, "GET", address, {
				token: gateway.tokens.auditor,
			});
			return got.status === 200 && got;
		});
		indexes.add(answer.json.index);
	}
	assert.equal(indexes.size, state.receipts.size, "two events have one index");
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
