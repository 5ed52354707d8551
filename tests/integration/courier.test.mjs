// SPDX-License-Identifier: Apache-2.0
// Models from other hubs: from another Sallyport whole, and from hubs that lie not at all.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import test, { after, before } from "node:test";
import { gitHash, sha256 } from "./hostile.mjs";
import { ask, until } from "./http.mjs";
import { configure, here, importOf, isRefused, setUp, tearDown, tokenFile, usual } from
	"./import_scene.mjs";
import { freshName } from "./people.mjs";

before(() => setUp());
after(() => tearDown());

test("without a setting nothing is fetched", async () => {
	await isRefused(`${here.upstream.url}/${here.upstream.model}`, /not a host that may/);
});

test("a listed host at a private address is refused unless that is allowed", async () => {
	await configure(
		usual().map((line) =>
			line.replace("allow_private = yes", "allow_private = no"),
		),
	);
	here.bad.asked.length = 0;
	await isRefused(`${here.bad.url}/bad/any`, /must not be connected to/);
	assert.equal(here.bad.asked.length, 0);
});

test("a certificate that nobody vouches for is refused", async () => {
	await configure(usual().filter((line) => !line.startsWith("ca_file")));
	await isRefused(`${here.bad.url}/bad/any`, /certificate .* is not trusted/);
});

test("a model comes from another gateway, and answers", async () => {
	await configure(usual());
	const { gateway, upstream } = here;
	const source = `${upstream.url}/${upstream.model}`;
	const name = freshName("tests/copy");
	const token = tokenFile(upstream.tokens.researcher);

	await isRefused(source, /give a token/);
	const done = await importOf(source, name, "--source-token-file", token, "--json");
	assert.equal(done.code, 0, done.stderr);
	const told = JSON.parse(done.stdout);
	assert.equal(told.sent, told.files);
	const [there, here_] = await Promise.all(
		[
			[upstream, upstream.model],
			[gateway, name],
		].map(([at, model]) =>
			ask(at, "GET", `/${model}/resolve/main/model.safetensors`, {
				token:
					at === upstream
						? at.tokens.researcher
						: at.tokens.stranger,
			}),
		),
	);
	assert.equal(here_.status, 200, here_.text.slice(0, 300));
	assert.equal(sha256(here_.body), sha256(there.body));
	const words = await ask(gateway, "POST", "/v1/completions", {
		token: gateway.tokens.stranger,
		body: { model: name, prompt: "The fox", max_tokens: 5 },
	});
	assert.equal(words.status, 200, words.text);
	const events = await ask(
		gateway,
		"GET",
		`/api/v1/audit/events?kind=model.commit&model=${encodeURIComponent(name)}`,
		{ token: gateway.tokens.auditor },
	);
	const payload = events.json.events[0].payload;
	const text = typeof payload === "string" ? payload : JSON.stringify(payload);
	assert.ok(text.includes(source), `the source is not in the log: ${text.slice(0, 500)}`);
	assert.ok(!text.includes(upstream.tokens.researcher));

	const again = await importOf(source, name, "--source-token-file", token, "--json");
	assert.equal(again.code, 0, again.stderr);
	assert.ok(
		JSON.parse(again.stdout).sent < told.sent,
		"sealed weights were fetched again",
	);
	const through = await importOf(
		`hf:${upstream.model}`,
		freshName("tests/endpoint"),
		"--endpoint",
		upstream.url,
		"--source-token-file",
		token,
	);
	assert.equal(through.code, 0, through.stderr);
});

test("an import whose client goes is stopped, and taken up by the next", async () => {
	const bytes = crypto.randomBytes(3 << 20);
	let stalled = true,
		cut;
	const isCut = new Promise((resolve) => {
		cut = resolve;
	});

	here.bad.models.slow = {
		size: bytes.length,
		sha256: sha256(bytes),
		send(request, response) {
			if (!stalled) return response.end(bytes);
			response.setHeader("content-length", bytes.length);
			const timer = setInterval(
				() => response.write(bytes.subarray(0, 1024)),
				100,
			);
			request.socket.once("close", () => {
				clearInterval(timer);
				cut();
			});
		},
	};
	const name = freshName("tests/slow");
	const { process: client, done } = here.gateway.cliStarted(
		here.gateway.tokens.admin,
		"model",
		"import",
		name,
		`${here.bad.url}/bad/slow`,
		"--gated",
		"no",
	);
	await until("the transfer", 20, () =>
		here.bad.asked.some((one) => one.url.includes("/bad/slow/resolve")),
	);
	client.kill("SIGKILL");
	await done;
	await isCut; // the courier gave up by itself
	stalled = false;
	const again = await importOf(`${here.bad.url}/bad/slow`, name);
	assert.equal(again.code, 0, again.stderr);
});

test("a transfer that breaks off is taken up where it stopped", async () => {
	const bytes = crypto.randomBytes(2 << 20);
	const ranges = [];

	here.bad.models.broken = {
		size: bytes.length,
		sha256: sha256(bytes),
		send(request, response) {
			const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? "");
			const from = range ? Number(range[1]) : 0;
			ranges.push(from);
			response.statusCode = range ? 206 : 200;
			response.setHeader("content-length", bytes.length - from);
			if (ranges.length > 2) return response.end(bytes.subarray(from));
			response.write(bytes.subarray(from, from + 500000), () =>
				setTimeout(() => request.socket.destroy(), 200),
			);
		},
	};
	const done = await importOf(`${here.bad.url}/bad/broken`);
	assert.equal(done.code, 0, done.stderr);
	assert.equal(ranges.length, 3);
	assert.ok(ranges[0] === 0 && ranges[1] > 0 && ranges[2] > ranges[1], ranges.join());
});

test("a hub that lies, stalls or leads inside imports nothing", async (t) => {
	const bytes = crypto.randomBytes(300000);
	const small = Buffer.from("# read me\n");
	const good = { size: bytes.length, sha256: sha256(bytes) };
	const redirect = (to) => (request, response) => {
		response.statusCode = 302;
		response.setHeader("location", to);
		response.end();
	};
	const listed = (more) => [
		{
			type: "file",
			path: "README.md",
			size: small.length,
			oid: gitHash(small),
			...more,
		},
	];
	const rows = [
		[
			"more",
			{ ...good, send: (q, r) => r.end(Buffer.concat([bytes, bytes])) },
			/had announced|sends more/,
		],
		[
			"fewer",
			{ ...good, send: (q, r) => r.end(bytes.subarray(1)) },
			/had announced/,
		],
		[
			"endless",
			{
				...good,
				send: (q, r) => {
					r.write(bytes);
					r.end(bytes);
				},
			},
			/more than/,
		],
		[
			"hash",
			{ ...good, send: (q, r) => r.end(crypto.randomBytes(bytes.length)) },
			/SHA-256/,
		],
		[
			"small-hash",
			{ tree: listed(), send: (q, r) => r.end("# READ ME\n") },
			/hash/,
		],
		[
			"small-size",
			{ tree: listed(), send: (q, r) => r.end("#\n") },
			/had announced/,
		],
		[
			"stall",
			{
				...good,
				send: (q, r) => {
					r.write(bytes.subarray(0, 1000));
				},
			},
			/stalled/,
		],
		["silent", { ...good, send: () => {} }, /stalled/],
		[
			"metadata",
			{
				...good,
				send: redirect("https://169.254.169.254/latest/meta-data/"),
			},
			/must not be connected to/,
		],
		[
			"inside",
			{ ...good, send: redirect("https://127.0.0.1:1/") },
			/not a host that may/,
		],
		["plain", { ...good, send: redirect("http://127.0.0.1/") }, /https/],
		["file", { ...good, send: redirect("file:///etc/passwd") }, /https/],
		["round", { ...good, send: (q, r) => redirect(q.url)(q, r) }, /redirects/],
		["paths", { tree: listed({ path: "../../etc/passwd" }) }, /\.\./],
		["twice", { tree: [...listed(), ...listed()] }, /twice/],
		["sizes", { tree: listed({ size: -1 }) }, /below zero/],
		["empty", { tree: [] }, /no files/],
		[
			"gated",
			{
				refuse: (r) => {
					r.statusCode = 403;
					r.setHeader("x-error-message", "Access is restricted");
					r.end();
				},
			},
			/Access is restricted.*accept its terms there/,
		],
	];

	for (const [name, model, why] of rows) {
		here.bad.models[name] = model;
		await t.test(name, () => isRefused(`${here.bad.url}/bad/${name}`, why));
	}
});

test("a token goes to the host it is for, and not on to another", async () => {
	const bytes = crypto.randomBytes(100000);

	here.bad.models.away = {
		size: bytes.length,
		sha256: sha256(bytes),
		send(request, response) {
			if (request.headers.host.startsWith("localhost"))
				return response.end(bytes);
			response.statusCode = 302;
			response.setHeader(
				"location",
				`https://localhost:${here.bad.port}${request.url}`,
			);
			response.end();
		},
	};
	here.bad.asked.length = 0;
	const done = await importOf(
		`${here.bad.url}/bad/away`,
		undefined,
		"--source-token-file",
		tokenFile("hf_secret"),
	);
	assert.equal(done.code, 0, done.stderr);
	const away = here.bad.asked.filter((one) => one.host.startsWith("localhost"));
	const home = here.bad.asked.filter((one) => one.host.startsWith("127.0.0.1"));
	assert.equal(away.length, 1);
	assert.ok(away.every((one) => one.authorization === undefined));
	assert.ok(
		home.length >= 3 &&
			home.every((one) => one.authorization === "Bearer hf_secret"),
	);
});
