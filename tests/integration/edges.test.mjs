// SPDX-License-Identifier: Apache-2.0
// Two edges serve one port: a client cannot tell, whichever it meets; a withdrawal reaches both;
// one of them may die.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import https from "node:https";
import test from "node:test";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import {
	addTerms,
	commit,
	createModel,
	importFiles,
	licensedPerson,
	sha256,
	uploadAddress,
} from "./people.mjs";

const big = crypto.randomBytes(32 << 20);
const model = "tests/large";
const file = `/${model}/resolve/main/large.bin`;
const EDGES = 2;

const here = gatewayForThisFile(async (gateway, holder) => {
	if (!process.env.SALLYPORT_EDGES) await gateway.serveWith({ edges: EDGES });
	const settings = { gate: "manual", terms_sha256: await addTerms(gateway, "Be kind.") };
	await importFiles(gateway, model, { "large.bin": big }, settings);
	holder.edges = await edgesOf(gateway);
});

/** The gateway as each of its edges serves it: a connection that is kept stays with its edge. */
async function edgesOf(gateway) {
	const found = [];

	await until("a connection to each edge", 60, async () => {
		const agent = new https.Agent({ ca: gateway.ca, keepAlive: true, maxSockets: 1 });
		const seen = Object.create(gateway, { agent: { value: agent } });
		const { text } = await expect(200, seen, "GET", "/metrics");
		const index = Number(/^sallyport_downloads_total\{edge="(\d+)"\}/m.exec(text)[1]);
		if (found[index]) agent.destroy();
		else found[index] = seen;
		return found.filter(Boolean).length === EDGES;
	});
	return found;
}

/** A download that nobody reads on: {status, count, error, finish()}. */
const stalled = (gateway, token) =>
	new Promise((resolve, reject) => {
		const agent = new https.Agent({ ca: gateway.ca });
		const headers = { authorization: `Bearer ${token}` };
		const request = https.get(gateway.url + file, { headers, agent });
		request.on("error", reject);
		request.on("response", (response) => {
			const transfer = { status: response.statusCode, count: 0 };
			response.on("data", (part) => {
				transfer.count += part.length;
			});
			response.on("error", (error) => {
				transfer.error = error;
			});
			transfer.closed = new Promise((done) => response.on("close", done));
			response.pause();
			transfer.finish = () => {
				response.resume();
				return transfer.closed;
			};
			resolve(transfer);
		});
	});

/** The process that is the edge of that index. */
const processOf = (index) =>
	here.gateway
		.processesNamed("sallyport-edge")
		.map(({ id }) => id)
		.find((id) => {
			const words = fs.readFileSync(`/proc/${id}/cmdline`, "utf8").split("\0");
			return words[words.indexOf("--index") + 1] === String(index);
		});

const bothServe = () =>
	until("both edges to serve", 30, async () => {
		const answers = await Promise.all(
			here.edges.map((edge) => ask(edge, "GET", "/readyz")),
		);
		return answers.every((answer) => answer.status === 200);
	});

const revoke = (edge, license) =>
	expect(200, edge, "POST", `/api/v1/licenses/${license.id}/revoke`, {
		token: here.gateway.tokens.admin,
		body: {},
	});

test("each edge licenses, delivers and generates", async () => {
	const { gateway, edges } = here;

	for (const edge of edges) {
		const rights = ["weights:read", "infer:generate"];
		const { person } = await licensedPerson(edge, gateway.model, rights);
		for (const server of edges) {
			const path = `/${gateway.model}/resolve/main/config.json`;
			await expect(200, server, "GET", path, { token: person.token });
			const answer = await expect(200, server, "POST", "/v1/completions", {
				token: person.token,
				body: { model: gateway.model, prompt: "The fox", max_tokens: 8 },
			});
			assert.ok(answer.json.choices[0].text);
		}
	}
});

test("what one edge lets upload, the other takes", async () => {
	const [one, other] = here.edges;
	const bytes = crypto.randomBytes(1 << 20);

	await createModel(one, "tests/passed-on", { gate: "no" });
	const href = await uploadAddress(one, "tests/passed-on", sha256(bytes), bytes.length);
	await expect(200, other, "PUT", href, { body: bytes });
	const made = await commit(one, "tests/passed-on", { "a.bin": bytes }, ["a.bin"]);
	assert.equal(made.status, 200, made.text);
	const answer = await expect(200, other, "GET", "/tests/passed-on/resolve/main/a.bin", {
		token: here.gateway.tokens.researcher,
	});
	assert.equal(sha256(answer.body), sha256(bytes));
});

test("a revocation ends the downloads of both edges", async () => {
	const { edges } = here;
	const { person, license } = await licensedPerson(edges[0], model, ["weights:read"]);
	// Fresh connections fall to either edge: enough of them fall to both.
	const transfers = await Promise.all(
		Array.from({ length: 16 }, () => stalled(here.gateway, person.token)),
	);
	for (const edge of edges) {
		const { text } = await expect(200, edge, "GET", "/metrics");
		const [, count] = /^sallyport_streams\{[^}]*\} (\d+)/m.exec(text);
		assert.ok(count > 0, "each edge serves some of them");
	}
	const answer = await revoke(edges[0], license);

	assert.deepEqual(answer.json.cut, { edges: EDGES, confirmed: EDGES, lapsed: 0 });
	for (const transfer of transfers) {
		await transfer.finish();
		assert.ok(transfer.error && transfer.count < big.length);
	}
	for (const edge of edges) {
		const refused = await ask(edge, "HEAD", file, { token: person.token });
		assert.match(refused.headers["x-error-message"], /LICENSE_REVOKED/);
	}
});

test("an edge that stands still holds a revocation up for its lease and no longer", async () => {
	const { gateway, edges } = here;
	const { person, license } = await licensedPerson(edges[0], model, ["weights:read"]);
	const transfers = await Promise.all(
		Array.from({ length: 16 }, () => stalled(gateway, person.token)),
	);
	const other = processOf(1);

	process.kill(other, "SIGSTOP");
	try {
		const answer = await revoke(edges[0], license);
		assert.deepEqual(answer.json.cut, { edges: EDGES, confirmed: 1, lapsed: 1 });
	} finally {
		process.kill(other, "SIGCONT");
	}
	for (const transfer of transfers) {
		await transfer.finish();
		assert.ok(transfer.error && transfer.count < big.length);
	}
	await bothServe();
});

test("an edge that is killed takes nobody along, and comes back", async () => {
	const { gateway } = here;
	const { person, license } = await licensedPerson(gateway, model, ["weights:read"]);
	const transfers = await Promise.all(
		Array.from({ length: 16 }, () => stalled(gateway, person.token)),
	);

	process.kill(processOf(0), "SIGKILL");
	// No pause: whoever comes now is served by the other one.
	for (let i = 0; i < 8; i++) {
		const fresh = Object.create(gateway, {
			agent: { value: new https.Agent({ ca: gateway.ca }) },
		});
		await until("an answer", 10, async () => {
			const answer = await ask(fresh, "HEAD", file, { token: person.token });
			return answer.status === 200;
		});
	}
	await Promise.all(transfers.map((transfer) => transfer.finish()));
	const whole = transfers.filter((transfer) => transfer.count === big.length);
	const broken = transfers.filter((transfer) => transfer.error);
	assert.ok(whole.length > 0, "the other edge's downloads went on");
	assert.equal(whole.length + broken.length, transfers.length);
	here.edges = await edgesOf(gateway);
	await bothServe();
	const { json } = await revoke(here.edges[1], license);
	assert.equal(json.cut.confirmed, EDGES);
});
