// SPDX-License-Identifier: Apache-2.0
// Any part may die at any moment: what was acknowledged stays, what cannot be logged does not
// happen, and all of it comes back by itself.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import https from "node:https";
import path from "node:path";
import test from "node:test";
import { demoModel, gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { addPerson, freshName, importFiles, sha256 } from "./people.mjs";
import { Database } from "./database.mjs";

const RECOVERY_SECONDS = 30;
const weights = fs.readFileSync(path.join(demoModel, "model.safetensors"));
const big = crypto.randomBytes(48 << 20);

const here = gatewayForThisFile(async (gateway, holder) => {
	holder.database = gateway.database ?? new Database(gateway);
	gateway.atStop = () => holder.database.stop();
	await importFiles(gateway, "tests/big", { "big.bin": big }, { gate: "no" });
});

const chat = (seed) =>
	ask(here.gateway, "POST", "/v1/completions", {
		token: here.gateway.tokens.researcher,
		body: { model: here.gateway.model, prompt: "The fox", max_tokens: 12, seed },
	});
const download = () =>
	ask(here.gateway, "GET", `/${here.gateway.model}/resolve/main/model.safetensors`, {
		token: here.gateway.tokens.researcher,
	});
const add = (name) =>
	ask(here.gateway, "POST", "/api/v1/persons", {
		token: here.gateway.tokens.admin,
		body: { name },
	});

/** Everything works: each kind of request is answered as on the first day. */
async function assertAllWorks() {
	await until("everything to work again", RECOVERY_SECONDS, async () => {
		const answers = await Promise.all([
			chat(1),
			download(),
			add(freshName("after")),
			ask(here.gateway, "GET", "/readyz"),
		]);
		return (
			answers.map((answer) => answer.status).join(" ") === "200 200 201 200" &&
			sha256(answers[1].body) === sha256(weights)
		);
	});
}

/** The log verifies and continues what earlier calls of this saw. */
async function assertLogVerifies() {
	const done = await here.gateway.cli(
		here.gateway.tokens.auditor,
		"audit",
		"verify",
		"--state",
		path.join(here.gateway.folder, "log.state"),
	);
	assert.equal(done.code, 0, done.stderr);
}

/**
 * Requests of every kind, one after the other in four lanes, until `act` is over and a little
 * more has been asked. Resolves to what was acknowledged, and what was answered otherwise.
 */
async function whileRequestsRun(act) {
	const seen = { events: [], names: [], others: [], wrong: [] };
	let going = true;
	const note = ({ status, text }) => seen.others.push(status === 503 ? 503 : text);
	const lane = async (request, keep) => {
		while (going) {
			try {
				const answer = await request();
				if (answer.status < 300) keep(answer);
				else note(answer);
			} catch (error) {
				seen.others.push(error.code ?? error.message);
				await new Promise((resolve) => setTimeout(resolve, 20));
			}
		}
	};
	const event = (answer) => seen.events.push(answer.headers["x-audit-receipt"]);
	const lanes = [
		lane(() => chat(2), event),
		lane(() => chat(3), event),
		lane(download, (answer) => {
			event(answer);
			if (sha256(answer.body) !== sha256(weights)) seen.wrong.push(answer);
		}),
		lane(
			() => add(freshName("during")),
			(answer) => seen.names.push(answer.json.name),
		),
	];

	try {
		await until(
			"requests to run",
			20,
			() => seen.events.length > 3 && seen.names.length > 1,
		);
		await act();
		const before = seen.events.length;
		await until(
			"requests to be answered again",
			RECOVERY_SECONDS,
			() => seen.events.length > before + 3,
		);
	} finally {
		going = false;
		await Promise.all(lanes);
	}
	return seen;
}

/** Whatever a client was told is there: events in the log, with receipts; persons. */
async function assertNothingLost({ events, names, others, wrong }) {
	const { gateway } = here;

	assert.deepEqual(wrong, [], "a whole answer of wrong bytes");
	assert.ok(events.every(Boolean));
	for (const event of new Set(events))
		await until(
			`the receipt of ${event}`,
			RECOVERY_SECONDS,
			async () =>
				(
					await ask(gateway, "GET", `/api/v1/receipts/${event}`, {
						token: gateway.tokens.auditor,
					})
				).status === 200,
		);
	const { json } = await expect(200, gateway, "GET", "/api/v1/persons", {
		token: gateway.tokens.admin,
	});
	const known = new Set(json.persons.map((person) => person.name));
	assert.deepEqual(
		names.filter((name) => !known.has(name)),
		[],
	);
	const broken = [503, "ECONNRESET", "ECONNREFUSED", "EPIPE", "aborted", "socket hang up"];
	assert.deepEqual(
		others.filter((one) => !broken.includes(one)),
		[],
		"answers other than success, 503 and a broken connection",
	);
}

for (const role of ["edge", "keeper", "scribe", "porter", "engine"])
	test(`${role} killed while requests run: all comes back, and nothing is lost`, async () => {
		const command = `sallyport-${role}`;
		const before = here.gateway.processesNamed(command);
		assert.ok(before.length > 0, `there is a ${command}`);

		const seen = await whileRequestsRun(async () => {
			for (const one of before) process.kill(one.id, "SIGKILL");
			await until(`another ${role}`, RECOVERY_SECONDS, () => {
				const now = here.gateway.processesNamed(command);
				return (
					now.length === before.length &&
					now.every((one) => !before.some((old) => old.id === one.id))
				);
			});
		});
		await assertAllWorks();
		await assertNothingLost(seen);
		await assertLogVerifies();
	});

test("a porter killed in mid-download breaks it off; no whole and wrong file comes", async () => {
	const { gateway } = here;
	const got = await new Promise((resolve, reject) => {
		const request = https.get(`${gateway.url}/tests/big/resolve/main/big.bin`, {
			ca: gateway.ca,
			agent: false,
			headers: { authorization: `Bearer ${gateway.tokens.researcher}` },
		});
		let begun = false;
		request.on("error", (error) => {
			if (!begun) reject(error);
		}); // else it broke off
		request.on("response", (response) => {
			let size = 0;
			let broken = false;
			response.once("data", () => {
				begun = true;
				response.pause();
				for (const one of gateway.processesNamed("sallyport-porter"))
					process.kill(one.id, "SIGKILL");
				setImmediate(() => response.resume());
			});
			response.on("data", (part) => {
				if (!part.equals(big.subarray(size, size + part.length)))
					broken = true;
				size += part.length;
			});
			response.on("error", () => {});
			response.on("close", () =>
				resolve({ size, broken, complete: response.complete }),
			);
		});
	});

	assert.equal(got.complete, false);
	assert.ok(got.size < big.length, `${got.size}`);
	assert.equal(got.broken, false);
	await assertAllWorks();
	const whole = await until("the whole file", RECOVERY_SECONDS, async () => {
		const answer = await ask(gateway, "GET", "/tests/big/resolve/main/big.bin", {
			token: gateway.tokens.researcher,
		});
		return answer.status === 200 && answer.body;
	});
	assert.equal(sha256(whole), sha256(big));
});

/** curl fetches the big file into `file`, going on where it ends; resolves to its exit code. */
function curlBig(version, file, ...more) {
	const { gateway } = here;
	const child = spawn("curl", [
		...["--silent", "--fail", version, "--cacert", gateway.caFile],
		...["--header", `Authorization: Bearer ${gateway.tokens.researcher}`],
		...["--continue-at", "-", "--output", file, ...more],
		`${gateway.url}/tests/big/resolve/main/big.bin`,
	]);
	return new Promise((resolve) => child.on("close", resolve));
}

for (const version of ["--http1.1", "--http2"])
	test(`curl ${version} sees that a porter was killed, and resumes`, async () => {
		const file = path.join(here.gateway.folder, "resumed");
		const begun = curlBig(version, file, "--limit-rate", "8M");
		await until("some megabytes", RECOVERY_SECONDS, () => {
			return fs.existsSync(file) && fs.statSync(file).size > 4 << 20;
		});
		for (const one of here.gateway.processesNamed("sallyport-porter"))
			process.kill(one.id, "SIGKILL");

		assert.notEqual(await begun, 0);
		const part = fs.readFileSync(file);
		assert.ok(part.length < big.length);
		assert.ok(part.equals(big.subarray(0, part.length)), "a wrong byte came");
		await until("curl to resume", RECOVERY_SECONDS, async () => {
			return (await curlBig(version, file)) === 0;
		});
		assert.equal(sha256(fs.readFileSync(file)), sha256(big));
		fs.rmSync(file);
	});

test("without PostgreSQL acts are refused with 503; nothing is lost", async () => {
	const { gateway, database } = here;
	const seen = await whileRequestsRun(async () => {
		await database.stop();
		const refused = [await add("nobody"), await download(), await chat(1)];
		assert.deepEqual(
			refused.map((answer) => answer.status),
			[503, 503, 503],
		);
		assert.equal(refused[0].json.code, "AUDIT_UNAVAILABLE");
		assert.ok(refused[0].headers["retry-after"]);
		await expect(200, gateway, "GET", "/healthz");
		await expect(200, gateway, "GET", "/log/checkpoint");
		const ready = await expect(503, gateway, "GET", "/readyz");
		assert.equal(ready.json.database, "down");
		await database.start();
	});

	await assertAllWorks();
	await assertNothingLost(seen);
	await assertLogVerifies();
	const { json } = await expect(200, gateway, "GET", "/api/v1/persons", {
		token: gateway.tokens.admin,
	});
	assert.ok(!json.persons.some((person) => person.name === "nobody"));
});

test("PostgreSQL killed without a goodbye loses nothing that was acknowledged", async () => {
	const { database } = here;
	const seen = await whileRequestsRun(async () => {
		await database.crash();
		await database.start();
	});

	await assertAllWorks();
	await assertNothingLost(seen);
	await assertLogVerifies();
});

test("a PostgreSQL that stands still is answered for with 503, and goes on later", async () => {
	const known = freshName("known");

	assert.equal((await add(known)).status, 201);
	const standing = here.database.processes();
	assert.ok(standing.length > 6, standing.join(" "));
	standing.forEach((id) => process.kill(id, "SIGSTOP"));
	try {
		const answers = await Promise.all([add(freshName("stopped")), download()]);
		answers.forEach(({ status, text }) => assert.equal(status, 503, text));
	} finally {
		standing.forEach((id) => process.kill(id, "SIGCONT"));
	}
	await assertAllWorks();
	assert.equal((await add(known)).status, 409);
});

test("a gateway that starts before its PostgreSQL serves as soon as that is there", async () => {
	const { gateway, database } = here;
	const before = Number(
		(await expect(200, gateway, "GET", "/log/checkpoint")).text.split("\n")[1],
	);

	await gateway.stopChild();
	await database.stop();
	await gateway.serve();
	await until(
		"a sign of life",
		RECOVERY_SECONDS,
		async () => (await ask(gateway, "GET", "/healthz")).status === 200,
	);
	assert.equal((await add("nobody-either")).status, 503);
	assert.equal((await ask(gateway, "GET", "/readyz")).status, 503);
	await database.start();
	await assertAllWorks();
	await assertLogVerifies();
	const person = await addPerson(gateway);
	assert.ok(person.token);
	const after = Number(
		(await expect(200, gateway, "GET", "/log/checkpoint")).text.split("\n")[1],
	);
	assert.ok(after > before);
});
