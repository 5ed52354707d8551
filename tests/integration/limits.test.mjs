// SPDX-License-Identifier: Apache-2.0
// Limits are exact: whatever number of edges is asked at once, whoever dies, whatever is given up.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import https from "node:https";
import test from "node:test";
import OpenAI from "openai";
import { sql as sqlIn } from "./database.mjs";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import {
	addPerson,
	addTerms,
	enrollKey,
	freshName,
	importFiles,
	requestBody,
	submit,
} from "./people.mjs";

/** SQL, and what it prints (the last line). */
const sql = (text) => sqlIn(here.gateway, text).split("\n").at(-1);

const bytes = crypto.randomBytes(1 << 20);
const large = "tests/limited";
const file = `/${large}/resolve/main/large.bin`;

const here = gatewayForThisFile(async (gateway) => {
	const settings = { gate: "manual", terms_sha256: await addTerms(gateway, "Be kind.") };
	await importFiles(gateway, large, { "large.bin": bytes }, settings);
});

/** A person with a license that is limited so: {person, license}. */
async function limited(model, rights, limits) {
	const { gateway } = here;
	const person = await addPerson(gateway);
	const key = await enrollKey(gateway, person.token);
	const request = await submit(
		gateway,
		person.token,
		await requestBody(gateway, key, model, rights),
	);
	const answer = await expect(
		200,
		gateway,
		"POST",
		`/api/v1/access-requests/${request.json.id}/approve`,
		{ token: gateway.tokens.admin, body: { limits } },
	);
	return { person, license: answer.json.license };
}

const download = (token, range, agent = here.gateway.agent) =>
	ask(Object.create(here.gateway, { agent: { value: agent } }), "GET", file, {
		token,
		headers: range ? { range } : {},
	});

const complete = (token, body = {}, agent = here.gateway.agent) =>
	ask({ ...here.gateway, url: here.gateway.url, agent }, "POST", "/v1/completions", {
		token,
		body: { model: here.gateway.model, prompt: "The fox", max_tokens: 4, ...body },
	});

/** What is left of this person's limits: {"license requests/day": 7}. */
async function left(token) {
	const { json } = await expect(200, here.gateway, "GET", "/api/v1/usage", { token });
	return Object.fromEntries(
		json.limits.map((one) => [`${one.of} ${one.measure}/${one.per}`, one.left]),
	);
}

/** A use that has ended for its client may be settled a moment later. */
const settles = (token, expected) =>
	until(`${JSON.stringify(expected)} to be left`, 20, async () => {
		assert.deepEqual(await left(token), expected);
		return true;
	});

/** A hundred at once over connections of their own, which fall to all edges. */
async function hundred(one) {
	const agents = Array.from(
		{ length: 16 },
		() => new https.Agent({ ca: here.gateway.ca, keepAlive: true, maxSockets: 1 }),
	);
	const answers = await Promise.all(
		Array.from({ length: 100 }, (_, i) => one(agents[i % agents.length], i)),
	);
	for (const agent of agents) agent.destroy();
	return answers;
}

const countOf = (answers, status) => answers.filter((one) => one.status === status).length;

async function exactlyTenCalls() {
	const { person } = await limited(
		large,
		["weights:read"],
		[{ measure: "requests", per: "license", max: 13 }],
	);
	for (let i = 0; i < 3; i++)
		assert.equal((await download(person.token, "bytes=0-9")).status, 206);
	const answers = await hundred((agent) => download(person.token, "bytes=0-9", agent));

	assert.equal(countOf(answers, 206), 10);
	assert.equal(countOf(answers, 429), 90);
	await settles(person.token, { "license requests/license": 0 });
}

async function exactlyTheBytes() {
	const { person } = await limited(
		large,
		["weights:read"],
		[
			{ measure: "bytes", per: "month", max: 10999 },
			{ measure: "requests", per: "day", max: 1000 },
		],
	);
	const answers = await hundred((agent) => download(person.token, "bytes=0-999", agent));

	assert.equal(countOf(answers, 206), 10);
	assert.equal(countOf(answers, 429), 90);
	// A refused call has raised no other counter.
	await settles(person.token, {
		"license bytes/month": 999,
		"license requests/day": 990,
	});
}

async function noMoreThanTheTokens() {
	const prompt = "The fox";
	const each = prompt.length + 8 + 4; // reserved: bytes of the prompt, spare, max_tokens
	const { person } = await limited(
		here.gateway.model,
		["infer:generate"],
		[{ measure: "tokens", per: "license", max: 10 * each }],
	);
	const answers = await hundred((agent) =>
		complete(person.token, { prompt, temperature: 0 }, agent),
	);
	const passed = answers.filter((one) => one.status === 200);
	const used = passed.reduce((sum, one) => sum + one.json.usage.total_tokens, 0);

	assert.equal(passed.length + countOf(answers, 429), 100);
	assert.ok(passed.length >= 1);
	assert.ok(used <= 10 * each, "what was used is within the limit");
	// What was reserved and not used is back: the counter is exactly what the answers say.
	await settles(person.token, { "license tokens/license": 10 * each - used });
}

/** The same folder, served by so many edges. */
async function serveEdges(count) {
	const { gateway } = here;
	const settings = { edges: count, engines: Math.max(count, 2), workers: 16 };

	if (!gateway.database) return gateway.serveWith(settings);
	let config = fs.readFileSync(gateway.config, "utf8");
	for (const [name, value] of Object.entries(settings))
		config = config.replace(new RegExp(`^${name} = \\d+$`, "m"), `${name} = ${value}`);
	await gateway.stopChild();
	fs.writeFileSync(gateway.config, config);
	gateway.serve();
	await until("the gateway to serve again", 60, async () => {
		return (await ask(gateway, "GET", "/readyz")).status === 200;
	});
}

// The last number is what the other tests run with.
for (const edges of process.env.SALLYPORT_EDGES ? [0] : [1, 4, 2]) {
	const where = edges ? ` (edges: ${edges})` : "";

	test(`of a hundred calls exactly ten pass a quota with ten left${where}`, async () => {
		if (edges) await serveEdges(edges);
		await exactlyTenCalls();
	});
	test(`of a hundred ranges at once exactly those pass that fit${where}`, exactlyTheBytes);
	test(`of a hundred generations none is above the tokens${where}`, noMoreThanTheTokens);
}

test("a limit of a person is theirs, one of an institution its members'", async () => {
	const { gateway } = here;
	const people = await Promise.all(
		[0, 1].map(() => limited(large, ["weights:read"], undefined)),
	);
	const institution = crypto.randomUUID();
	sql(`INSERT INTO institution (id, name, kind, created_at) VALUES ('${institution}',
		'${freshName("university")}', 'university', now())`);
	for (const { person } of people)
		sql(`INSERT INTO member VALUES
			('${institution}', '${person.id}', 'member', now())`);
	const { admin } = gateway.tokens;
	const put = (path, limits) =>
		expect(200, gateway, "PUT", path, { token: admin, body: { limits } });
	await put(`/api/v1/institutions/${institution}/limits`, [
		{ measure: "requests", per: "day", max: 5 },
	]);
	await put(`/api/v1/persons/${people[0].person.id}/limits`, [
		{ measure: "requests", per: "month", max: 2 },
	]);
	const expected = { "person requests/month": 2, "institution requests/day": 5 };
	await settles(people[0].person.token, expected);

	const first = await Promise.all(
		Array.from({ length: 4 }, () => download(people[0].person.token, "bytes=0-9")),
	);
	assert.equal(countOf(first, 206), 2);
	const second = await Promise.all(
		Array.from({ length: 6 }, () => download(people[1].person.token, "bytes=0-9")),
	);
	assert.equal(countOf(second, 206), 3);
	const refused = second.find((one) => one.status === 429);
	assert.match(refused.text, /institution requests\/day/);
	await put(`/api/v1/institutions/${institution}/limits`, []);
	await until("the limit to be gone", 10, async () => {
		return (await download(people[1].person.token, "bytes=0-9")).status === 206;
	});
});

test("limits of a person hold where a model needs no license", async () => {
	const { gateway } = here;
	const person = await addPerson(gateway);
	const model = `tests/${freshName("open")}`;
	await importFiles(gateway, model, { "a.bin": bytes }, { gate: "no" });
	await expect(200, gateway, "PUT", `/api/v1/persons/${person.id}/limits`, {
		token: gateway.tokens.admin,
		body: { limits: [{ measure: "requests", per: "license", max: 1 }] },
	});
	const path = `/${model}/resolve/main/a.bin`;
	await expect(200, gateway, "GET", path, { token: person.token });
	const refused = await expect(429, gateway, "GET", path, { token: person.token });
	assert.match(refused.headers["x-error-message"], /QUOTA_EXCEEDED/);
});

test("HEAD and what fails cost nothing", async () => {
	const { person } = await limited(
		large,
		["weights:read"],
		[
			{ measure: "requests", per: "license", max: 2 },
			{ measure: "bytes", per: "license", max: 5000 },
		],
	);
	const all = { "license requests/license": 2, "license bytes/license": 5000 };

	for (let i = 0; i < 3; i++) await expect(200, here.gateway, "HEAD", file, person);
	await expect(404, here.gateway, "GET", file.replace("large", "nothing"), person);
	await expect(416, here.gateway, "GET", file, {
		token: person.token,
		headers: { range: `bytes=${bytes.length}-` },
	});
	const whole = await download(person.token); // more than the bytes that are left
	assert.equal(whole.status, 429);
	assert.deepEqual(await left(person.token), all);
	assert.equal((await download(person.token, "bytes=0-4999")).status, 206);
	await settles(person.token, { "license requests/license": 1, "license bytes/license": 0 });
});

test("a download that is given up counts what was sent, and frees its place", async () => {
	const { person } = await limited(
		large,
		["weights:read"],
		[{ measure: "concurrent", per: "license", max: 1 }],
	);
	const agent = new https.Agent({ ca: here.gateway.ca });
	const response = await new Promise((resolve, reject) => {
		https
			.get(
				here.gateway.url + file,
				{ headers: { authorization: `Bearer ${person.token}` }, agent },
				resolve,
			)
			.on("error", reject);
	});
	response.pause();
	// It may have left for the kernel whole: so it is looked at only where it is still running.
	const second = await download(person.token, "bytes=0-9");
	assert.ok([206, 429].includes(second.status));
	response.destroy();
	await settles(person.token, { "license concurrent/license": 1 });
	assert.equal((await download(person.token, "bytes=0-9")).status, 206);
});

const signalEngines = (signal) => {
	for (const { id } of here.gateway.processesNamed("sallyport-engine"))
		process.kill(id, signal);
};

/** Holds that nobody has settled or given back, of this license. */
const holdsOf = (license) =>
	Number(
		sql(
			`SELECT count(*) FROM quota_hold WHERE items::text LIKE '%${license.id}%'
				AND NOT is_given_back`,
		),
	);

/**
 * A streamed generation that runs until `during` has returned: the engines stand still meanwhile.
 * Its edge has the model loaded.
 */
async function whileGenerating({ person, license }, during) {
	const agent = new https.Agent({ ca: here.gateway.ca, keepAlive: true, maxSockets: 1 });
	const one = Object.create(here.gateway, { agent: { value: agent } });
	const warm = await ask(one, "POST", "/v1/completions", {
		token: here.gateway.tokens.researcher,
		body: { model: here.gateway.model, prompt: "The fox", max_tokens: 1 },
	});
	assert.equal(warm.status, 200, warm.text);
	signalEngines("SIGSTOP");
	try {
		const request = https.request(`${here.gateway.url}/v1/completions`, {
			method: "POST",
			agent,
			headers: {
				authorization: `Bearer ${person.token}`,
				"content-type": "application/json",
			},
		});
		request.on("error", () => {});
		request.end(
			JSON.stringify({
				model: here.gateway.model,
				prompt: "The fox",
				max_tokens: 480,
				stream: true,
			}),
		);
		await until("it to run", 20, () => holdsOf(license) === 1);
		await during(request);
	} finally {
		signalEngines("SIGCONT");
		agent.destroy();
	}
}

test("one generation at a time; one that is given up makes room", async () => {
	const holder = await limited(
		here.gateway.model,
		["infer:generate"],
		[
			{ measure: "concurrent", per: "license", max: 1 },
			{ measure: "tokens", per: "license", max: 1000000 },
		],
	);
	const { token } = holder.person;
	await whileGenerating(holder, async (request) => {
		const refused = await complete(token);
		assert.equal(refused.status, 429);
		assert.equal(refused.json.error.code, "rate_limit_exceeded");
		assert.match(refused.json.error.message, /license concurrent: limit 1, 0 left/);
		request.destroy();
	});
	// The place is free again; what was read and written until then counts, and nothing else.
	await until("the place to be free", 20, async () => {
		const now = await left(token);
		return (
			now["license concurrent/license"] === 1 &&
			now["license tokens/license"] >= 1000000 - 485
		);
	});
	assert.equal((await complete(token)).status, 200);
});

test("a minute that is over begins anew", async () => {
	const { person, license } = await limited(
		large,
		["weights:read"],
		[{ measure: "requests", per: "minute", max: 1 }],
	);
	await until("the minute", 70, async () => {
		// Not across the turn of a real minute.
		if (new Date().getSeconds() > 55) return false;
		return (await download(person.token, "bytes=0-9")).status === 206;
	});
	const refused = await download(person.token, "bytes=0-9");
	assert.equal(refused.status, 429);
	const wait = Number(refused.headers["retry-after"]);
	assert.ok(wait >= 1 && wait <= 60);
	assert.match(refused.headers.ratelimit, new RegExp(`^"api";r=0;t=${wait}$`));
	assert.match(refused.headers["ratelimit-policy"], /^"fixed window";"api";q=1;w=60$/);
	sql(
		`UPDATE quota_counter SET window_start = window_start - interval '1 minute'
			WHERE subject = '${license.id}'`,
	);
	assert.equal((await download(person.token, "bytes=0-9")).status, 206);
});

test("an edge that is killed gives back what it held", async () => {
	const { gateway } = here;
	const holder = await limited(
		gateway.model,
		["infer:generate"],
		[
			{ measure: "concurrent", per: "license", max: 1 },
			{ measure: "requests", per: "license", max: 100 },
		],
	);
	const { token } = holder.person;
	await whileGenerating(holder, async () => {
		const before = gateway.processesNamed("sallyport-edge").map(({ id }) => id);
		for (const id of before) process.kill(id, "SIGKILL");
		await until("other edges", 20, () =>
			gateway
				.processesNamed("sallyport-edge")
				.every(({ id }) => !before.includes(id)),
		);
		assert.equal(holdsOf(holder.license), 1, "nobody has settled it");
	});
	// One place: the next generation is allowed because the dead edge's is given back for it.
	await until("the gateway to generate again", 60, async () => {
		return (await complete(token)).status === 200;
	});
	await settles(token, { "license concurrent/license": 1, "license requests/license": 99 });
});

test("a refusal is a decision: recorded, logged, explained, and told in each dialect", async () => {
	const { gateway } = here;
	const limits = [{ measure: "requests", per: "day", max: 1 }];
	const { person, license } = await limited(gateway.model, ["infer:generate"], limits);
	const allowed = await complete(person.token);
	assert.equal(allowed.status, 200);
	assert.match(
		allowed.headers["ratelimit-policy"],
		/^"license_requests_day";q=1;qu="requests";w=86400$/,
	);
	assert.match(allowed.headers.ratelimit, /^"license_requests_day";r=0;t=\d+$/);
	const refused = await complete(person.token);

	assert.equal(refused.status, 429);
	assert.equal(refused.json.error.code, "insufficient_quota");
	assert.equal(refused.json.error.type, "insufficient_quota");
	assert.equal(refused.json.error.reason, "QUOTA_EXCEEDED");
	assert.match(refused.json.error.message, /You exceeded your current quota.*requests\/day/);
	assert.equal(refused.headers["x-should-retry"], "false");
	const record = await expect(
		200,
		gateway,
		"GET",
		`/api/v1/decisions/${refused.headers["x-request-id"]}`,
		person,
	);
	assert.equal(record.json.rule, "license.quota");
	assert.equal(record.json.code, "QUOTA_EXCEEDED");
	assert.equal(record.json.facts.quota, "license requests/day");
	assert.equal(record.json.license, license.id);
	const { json } = await expect(
		200,
		gateway,
		"GET",
		`/api/v1/audit/events?kind=decision.deny&license=${license.id}`,
		{ token: gateway.tokens.auditor },
	);
	assert.ok(json.events.length <= 1);
	// OpenAI's own client knows what it is.
	const client = new OpenAI({
		apiKey: person.token,
		baseURL: `${gateway.url}/v1`,
		httpAgent: gateway.agent,
	});
	await assert.rejects(
		client.completions.create({ model: gateway.model, prompt: "The fox" }),
		(error) => {
			assert.ok(error instanceof OpenAI.RateLimitError);
			return error.code === "insufficient_quota";
		},
	);
});

test("a limit of a minute is a rate limit to OpenAI's clients", async () => {
	const { person } = await limited(
		here.gateway.model,
		["infer:generate"],
		[{ measure: "tokens", per: "minute", max: 5 }],
	);
	const refused = await complete(person.token);

	assert.equal(refused.status, 429);
	assert.equal(refused.json.error.code, "rate_limit_exceeded");
	assert.equal(refused.json.error.type, "tokens");
	assert.ok(Number(refused.headers["retry-after"]) >= 1);
});

test("bad limits are refused, and say why", async () => {
	const { gateway } = here;
	const person = await addPerson(gateway);
	const rows = [
		["no list", 7],
		["an object", { max: 1 }],
		["a text in it", ["requests"]],
		["no max", [{ measure: "requests", per: "day" }]],
		["nothing at all", [{ measure: "requests", per: "day", max: 0 }]],
		["less than nothing", [{ measure: "requests", per: "day", max: -1 }]],
		["a part", [{ measure: "requests", per: "day", max: 1.5 }]],
		["a text", [{ measure: "requests", per: "day", max: "10" }]],
		["too much", [{ measure: "requests", per: "day", max: 9007199254740993 }]],
		["an unknown measure", [{ measure: "seconds", per: "day", max: 1 }]],
		["an unknown period", [{ measure: "requests", per: "year", max: 1 }]],
		["at once, in a day", [{ measure: "concurrent", per: "day", max: 1 }]],
		["a word too much", [{ measure: "requests", per: "day", max: 1, x: 1 }]],
		[
			"the same twice",
			[
				{ measure: "requests", per: "day", max: 1 },
				{ measure: "requests", per: "day", max: 2 },
			],
		],
	];
	for (const [why, limits] of rows) {
		const answer = await ask(gateway, "PUT", `/api/v1/persons/${person.id}/limits`, {
			token: gateway.tokens.admin,
			body: { limits },
		});
		assert.ok([400, 413].includes(answer.status), `${why}: ${answer.text}`);
		assert.ok(answer.json.detail, why);
	}
	await expect(400, gateway, "PUT", `/api/v1/persons/${person.id}/limits`, {
		token: gateway.tokens.admin,
		body: {},
	});
	await expect(404, gateway, "PUT", `/api/v1/persons/${crypto.randomUUID()}/limits`, {
		token: gateway.tokens.admin,
		body: { limits: [] },
	});
	await expect(403, gateway, "PUT", `/api/v1/persons/${person.id}/limits`, {
		token: person.token,
		body: { limits: [] },
	});
});

test("the command line sets limits and shows what is left", async () => {
	const { gateway } = here;
	const { person } = await limited(large, ["weights:read"], [
		{ measure: "requests", per: "day", max: 9 },
	]);
	const set = await gateway.cli(
		gateway.tokens.admin,
		...["limits", "set", "person", person.id, "--limit", "bytes/month=4096"],
		...["--limit", "concurrent=2"],
	);
	assert.equal(set.code, 0, set.stderr);
	assert.match(set.stdout, /bytes\s+month\s+4096/);
	await settles(person.token, {
		"license requests/day": 9,
		"person bytes/month": 4096,
		"person concurrent/license": 2,
	});
	const usage = await gateway.cli(person.token, "usage");
	assert.equal(usage.code, 0, usage.stderr);
	assert.match(usage.stdout, /license\s+tests\/limited\s+requests\s+day\s+9\s+0\s+9/);
	assert.match(usage.stdout, /person\s+-?\s*bytes\s+month\s+4096\s+0\s+4096/);
	const bad = await gateway.cli(
		gateway.tokens.admin,
		...["limits", "set", "person", person.id, "--limit", "bytes"],
	);
	assert.equal(bad.code, 2);
});
