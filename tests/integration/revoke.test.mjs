// SPDX-License-Identifier: Apache-2.0
// What is withdrawn ends, also where it runs: the act is answered when every edge has cut what
// rested on it, or can serve nobody any more.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import http2 from "node:http2";
import https from "node:https";
import test from "node:test";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { addPerson, addTerms, importFiles, licensedPerson } from "./people.mjs";

// What our kernel may still hold when the answer comes, and what the client's may have taken.
const HELD = 1 << 20;
const IN_FLIGHT = Number(fs.readFileSync("/proc/sys/net/ipv4/tcp_rmem", "utf8").split(/\s+/)[2]);
const edges = Number(process.env.SALLYPORT_EDGES ?? 1);
const everywhere = { edges, confirmed: edges, lapsed: 0 };
const big = crypto.randomBytes(64 << 20);
const model = "tests/large";
const file = `/${model}/resolve/main/large.bin`;

const here = gatewayForThisFile(async (gateway) => {
	const settings = { gate: "manual", terms_sha256: await addTerms(gateway, "Be kind.") };
	await importFiles(gateway, model, { "large.bin": big }, settings);
	await importFiles(gateway, "tests/open", { "large.bin": big }, { gate: "no" });
});

const admin = (method, path, body = method === "DELETE" ? undefined : {}) =>
	ask(here.gateway, method, path, { token: here.gateway.tokens.admin, body });

/** Takes what comes, a little at a time: {count, isComplete, error} grow while it runs. */
function readSlowly(stream, transfer) {
	stream.on("data", (part) => {
		transfer.count += part.length;
		if (transfer.isHurried) return;
		stream.pause();
		setTimeout(() => stream.resume(), 5);
	});
	stream.on("end", () => {
		transfer.isComplete = transfer.count === big.length;
	});
	stream.on("error", (error) => {
		transfer.error = error;
	});
	transfer.closed = new Promise((resolve) => stream.on("close", resolve));
}

const overHttp1 = (token, path) =>
	new Promise((resolve, reject) => {
		const headers = { authorization: `Bearer ${token}` };
		const agent = new https.Agent({ ca: here.gateway.ca });
		const request = https.get(here.gateway.url + path, { headers, agent });
		request.on("error", reject);
		request.on("response", (response) => {
			const transfer = { status: response.statusCode, count: 0 };
			readSlowly(response, transfer);
			resolve(transfer);
		});
	});

const overHttp2 = (token, path) =>
	new Promise((resolve, reject) => {
		const session = http2.connect(here.gateway.url, { ca: here.gateway.ca });
		const headers = { ":path": path, authorization: `Bearer ${token}` };
		session.on("error", reject);
		const stream = session.request(headers);
		stream.on("response", (answer) => {
			const transfer = { status: answer[":status"], count: 0 };
			readSlowly(stream, transfer);
			transfer.closed.then(() => session.close());
			resolve(transfer);
		});
		stream.on("error", reject);
	});

/** A download that is well under way. */
async function underWay(start, token, path = file) {
	const transfer = await start(token, path);

	assert.equal(transfer.status, 200);
	await until("the download to be under way", 30, () => transfer.count > 1 << 20);
	return transfer;
}

/** It broke off, and after `count` bytes no more came than was on its way. */
async function assertCut(transfer, count) {
	await transfer.closed;
	assert.ok(transfer.error, "the client sees an error");
	assert.ok(!transfer.isComplete, "a part is not taken for the whole");
	const after = transfer.count - count;
	assert.ok(after <= HELD + IN_FLIGHT, `${after} bytes came after the answer`);
}

const refusal = async (token, path = file) => {
	const answer = await ask(here.gateway, "HEAD", path, { token });
	return `${answer.status} ${answer.headers["x-error-message"]}`;
};

const withdrawals = [
	{
		what: "a revoked license",
		act: ({ license }) => admin("POST", `/api/v1/licenses/${license.id}/revoke`),
		says: /^403 .*LICENSE_REVOKED/,
	},
	{
		what: "a suspended license",
		act: ({ license }) => admin("POST", `/api/v1/licenses/${license.id}/suspend`),
		says: /^403 .*LICENSE_SUSPENDED/,
	},
	{
		what: "a revoked token",
		act: ({ person }) => admin("DELETE", `/api/v1/tokens/${person.token_id}`),
		says: /^401 .*CREDENTIAL_REVOKED/,
	},
	{
		what: "a disabled model",
		act: () => admin("POST", `/api/v1/models/${model}/disable`, { reason: "a test" }),
		says: /^403 .*disabled/,
		undo: () => admin("POST", `/api/v1/models/${model}/enable`),
	},
];

/** What the answer says of the cut, in its body or in its header. */
function cutOf(answer) {
	if (answer.status !== 204) return answer.json.cut;
	const pairs = answer.headers["x-cut"].split(" ").map((pair) => pair.split("="));
	return Object.fromEntries(pairs.map(([name, value]) => [name, Number(value)]));
}

const protocols = Object.entries({ "HTTP/1.1": overHttp1, "HTTP/2": overHttp2 });

for (const { what, act, says, undo } of withdrawals)
	for (const [protocol, start] of protocols)
		test(`${what} ends a download over ${protocol} before its answer`, async () => {
			const one = await licensedPerson(here.gateway, model, ["weights:read"]);
			const transfer = await underWay(start, one.person.token);
			const answer = await act(one);
			const { count } = transfer;

			try {
				assert.ok([200, 204].includes(answer.status), answer.text);
				assert.deepEqual(cutOf(answer), everywhere);
				await assertCut(transfer, count);
				assert.match(await refusal(one.person.token), says);
			} finally {
				await undo?.();
			}
		});

test("a gate that closes ends the downloads of those who have no license", async () => {
	const person = await addPerson(here.gateway);
	const path = "/tests/open/resolve/main/large.bin";
	const transfer = await underWay(overHttp1, person.token, path);
	const answer = await admin("PUT", "/api/models/tests/open/settings", { gate: "manual" });
	const { count } = transfer;

	assert.equal(answer.status, 200);
	assert.deepEqual(answer.json.cut, everywhere);
	await assertCut(transfer, count);
});

test("a person suspended in the database itself has no download left", async () => {
	const { person } = await licensedPerson(here.gateway, model, ["weights:read"]);
	const transfer = await underWay(overHttp1, person.token);

	execFileSync("psql", [
		here.gateway.psql,
		"--quiet",
		"--command",
		`UPDATE sallyport.person SET state = 'suspended' WHERE id = '${person.id}'`,
	]);
	await transfer.closed;
	assert.ok(transfer.error && !transfer.isComplete);
	assert.match(await refusal(person.token), /^403 .*SUBJECT_SUSPENDED/);
});

test("who holds another license is not disturbed", async () => {
	const one = await licensedPerson(here.gateway, model, ["weights:read"]);
	const other = await licensedPerson(here.gateway, model, ["weights:read"]);
	const transfer = await underWay(overHttp1, other.person.token);

	await admin("POST", `/api/v1/licenses/${one.license.id}/revoke`);
	transfer.isHurried = true;
	await transfer.closed;
	assert.ok(transfer.isComplete);
});

test("what was sent until the cut is in the entry that ends the release", async () => {
	const { gateway } = here;
	const { person, license } = await licensedPerson(gateway, model, ["weights:read"]);
	const transfer = await underWay(overHttp1, person.token);

	await admin("POST", `/api/v1/licenses/${license.id}/revoke`);
	await transfer.closed;
	const [end] = await until("the entry of its end", 30, async () => {
		const path = `/api/v1/audit/events?kind=download.end&license=${license.id}`;
		const answer = await ask(gateway, "GET", path, { token: gateway.tokens.auditor });
		return answer.json.events.length && answer.json.events;
	});
	const { bytes, size, ranges, transfers } = end.payload;

	assert.equal(size, big.length);
	assert.equal(transfers, 1);
	assert.deepEqual(ranges, [[0, bytes - 1]]);
	assert.ok(bytes >= transfer.count && bytes < size, `${bytes} of ${size}`);
});

/** A streamed generation whose engine has been stopped in the middle: {events, ended}. */
async function generationUnderWay(token) {
	const { gateway } = here;
	const engines = gateway.processesNamed("sallyport-engine");
	const signal = (name) => engines.forEach(({ id }) => process.kill(id, name));
	const body = JSON.stringify({
		model: gateway.model,
		prompt: "The fox",
		max_tokens: 200,
		temperature: 1.5,
		stream: true,
	});

	for (;;) {
		const stream = await new Promise((resolve, reject) => {
			const request = https.request(gateway.url + "/v1/completions", {
				method: "POST",
				agent: new https.Agent({ ca: gateway.ca }),
				headers: {
					authorization: `Bearer ${token}`,
					"content-type": "application/json",
				},
			});
			request.on("error", reject).on("response", resolve).end(body);
		});
		const generation = { text: "", status: stream.statusCode };
		generation.ended = new Promise((resolve) => {
			stream.on("close", resolve).on("error", () => {});
		});
		await new Promise((resolve) => {
			stream.on("data", (part) => {
				signal("SIGSTOP");
				generation.text += part;
				resolve();
			});
		});
		generation.goOn = () => signal("SIGCONT");
		// Everything may have been said before the engine stood still.
		await new Promise((resolve) => setTimeout(resolve, 200));
		assert.equal(generation.status, 200, generation.text);
		if (!generation.text.includes("[DONE]")) return generation;
		generation.goOn();
		await generation.ended;
	}
}

test("a revoked license ends a generation with an error event", async () => {
	const { gateway } = here;
	const rights = ["infer:generate"];
	const { person, license } = await licensedPerson(gateway, gateway.model, rights);
	const generation = await generationUnderWay(person.token);

	try {
		const answer = await admin("POST", `/api/v1/licenses/${license.id}/revoke`);
		assert.deepEqual(answer.json.cut, everywhere);
		await generation.ended;
	} finally {
		generation.goOn();
	}
	const last = generation.text.trim().split("\n\n").at(-1);
	assert.equal(JSON.parse(last.replace(/^data: /, "")).error.code, "access_withdrawn");
	assert.ok(!generation.text.includes("[DONE]"));
});

test("an edge that cannot reach its database serves nobody, and its streams end", async () => {
	const { gateway } = here;
	const { person } = await licensedPerson(gateway, model, ["weights:read"]);
	const transfer = await underWay(overHttp1, person.token);
	const all = gateway.processesNamed("postgres").map(({ id }) => id);

	// It stands still: nothing is refused, nothing is answered.
	all.forEach((id) => process.kill(id, "SIGSTOP"));
	try {
		await transfer.closed;
		assert.ok(transfer.error && !transfer.isComplete);
		const answer = await ask(gateway, "GET", file, { token: person.token });
		assert.equal(answer.status, 503);
	} finally {
		all.forEach((id) => process.kill(id, "SIGCONT"));
	}
	await until("it to serve again", 30, async () => {
		const answer = await ask(gateway, "HEAD", file, { token: person.token });
		return answer.status === 200;
	});
	await expect(200, gateway, "GET", "/readyz");
});
