// SPDX-License-Identifier: Apache-2.0
// curl, as it is: weights come out byte for byte for whoever is licensed, and for nobody else.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { demoModel, gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { licensedPerson, sha256 } from "./people.mjs";

const here = gatewayForThisFile();
const weights = fs.readFileSync(path.join(demoModel, "model.safetensors"));
const gitSha1 = (bytes) =>
	crypto.createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");

const pathOf = (file, revision = "main") => `/${here.gateway.model}/resolve/${revision}/${file}`;

/** Run curl; resolves to {code, status, headers (of the last answer), body}. */
function curl(token, target, ...options) {
	const sign = token ? ["--header", `Authorization: Bearer ${token}`] : [];
	const words = [
		"--silent",
		"--show-error",
		"--cacert",
		here.gateway.caFile,
		"--include",
		...sign,
		...options,
		here.gateway.url + target,
	];

	return new Promise((resolve) => {
		execFile(
			"curl",
			words,
			{ encoding: "buffer", maxBuffer: 64 << 20 },
			(error, stdout) => {
				const end = stdout.indexOf("\r\n\r\n");
				const [first, ...lines] = stdout
					.subarray(0, end)
					.toString()
					.split("\r\n");
				const headers = Object.fromEntries(
					lines.map((line) => {
						const colon = line.indexOf(":");
						return [
							line.slice(0, colon).toLowerCase(),
							line.slice(colon + 1).trim(),
						];
					}),
				);
				resolve({
					code: error ? error.code : 0,
					status: Number(first.split(" ")[1]),
					headers,
					body: stdout.subarray(end + 4),
				});
			},
		);
	});
}

const asResearcher = (file, ...options) =>
	curl(here.gateway.tokens.researcher, pathOf(file), ...options);

test("HEAD says size, digest and revision, and releases nothing", async () => {
	const { status, headers, body } = await asResearcher("model.safetensors", "--head");

	assert.equal(status, 200);
	assert.equal(headers["content-length"], String(weights.length));
	assert.equal(headers.etag, `"${sha256(weights)}"`);
	assert.equal(headers["x-linked-etag"], headers.etag);
	assert.equal(headers["x-linked-size"], String(weights.length));
	assert.equal(headers["x-repo-commit"], here.gateway.revision);
	assert.equal(headers["accept-ranges"], "bytes");
	assert.equal(headers["x-audit-receipt"], undefined);
	assert.equal(body.length, 0);
});

test("GET brings the file byte for byte, with the receipt of its release", async () => {
	const { status, headers, body } = await asResearcher("model.safetensors");

	assert.equal(status, 200);
	assert.equal(sha256(body), sha256(weights));
	assert.match(headers["x-audit-receipt"], /^[0-9a-f-]{36}$/);
	assert.match(headers["cache-control"], /private/);
});

test("a small file has git's digest as its ETag", async () => {
	const config = fs.readFileSync(path.join(demoModel, "config.json"));
	const { headers, body } = await asResearcher("config.json");

	assert.deepEqual(body, config);
	assert.equal(headers.etag, `"${gitSha1(config)}"`);
	assert.equal(headers["x-linked-etag"], undefined);
});

test("a revision's own name brings the same file", async () => {
	const { gateway } = here;
	const { status, body } = await curl(
		gateway.tokens.researcher,
		pathOf("model.safetensors", gateway.revision),
	);
	assert.equal(status, 200);
	assert.equal(sha256(body), sha256(weights));
});

const size = weights.length;
const ranges = [
	["0-0", 206, 0, 0],
	["65530-65550", 206, 65530, 65550], // across the first chunk's end
	["1048576-", 206, 1048576, size - 1],
	["-5", 206, size - 5, size - 1],
	[`${size - 1}-${size + 1000}`, 206, size - 1, size - 1],
	[`${size}-`, 416],
	["-0", 416],
];

for (const [range, wanted, first, last] of ranges)
	test(`the range ${range} is answered by ${wanted}`, async () => {
		const { status, headers, body } = await asResearcher(
			"model.safetensors",
			"--header",
			`Range: bytes=${range}`,
		);
		assert.equal(status, wanted);
		if (wanted === 416) {
			assert.equal(headers["content-range"], `bytes */${size}`);
			return;
		}
		assert.equal(headers["content-range"], `bytes ${first}-${last}/${size}`);
		assert.deepEqual(body, weights.subarray(first, last + 1));
	});

test("a broken download is resumed by curl, and the whole is right", async () => {
	const { gateway } = here;
	const file = path.join(gateway.folder, "resumed");

	fs.writeFileSync(file, weights.subarray(0, 700001));
	await new Promise((resolve, reject) => {
		execFile(
			"curl",
			[
				"--silent",
				"--fail",
				"--cacert",
				gateway.caFile,
				"--header",
				`Authorization: Bearer ${gateway.tokens.researcher}`,
				"--continue-at",
				"-",
				"--output",
				file,
				gateway.url + pathOf("model.safetensors"),
			],
			(error) => (error ? reject(error) : resolve()),
		);
	});
	assert.equal(sha256(fs.readFileSync(file)), sha256(weights));
	fs.rmSync(file);
});

test("a stranger is told that the model is gated, why, and what to do", async () => {
	const { status, headers, body } = await curl(
		here.gateway.tokens.stranger,
		pathOf("model.safetensors"),
	);

	assert.equal(status, 403);
	assert.equal(headers["x-error-code"], "GatedRepo");
	assert.match(headers["x-error-message"], /NO_LICENSE/);
	assert.match(headers["x-hf-warning"], /needed: /);
	assert.match(JSON.parse(body).error, /license/);
});

test("an anonymous caller is told to sign in", async () => {
	const { status, headers } = await curl(null, pathOf("model.safetensors"));

	assert.equal(status, 401);
	assert.equal(headers["x-error-code"], "GatedRepo");
	assert.match(headers["www-authenticate"], /^Bearer/);
});

test("a file that is not there is missing for the licensed", async () => {
	const { status, headers } = await asResearcher("pytorch_model.bin");

	assert.equal(status, 404);
	assert.equal(headers["x-error-code"], "EntryNotFound");
	assert.equal(headers["x-repo-commit"], here.gateway.revision);
});

test("a stranger does not learn which files there are", async () => {
	const { status, headers } = await curl(
		here.gateway.tokens.stranger,
		pathOf("pytorch_model.bin"),
	);

	assert.equal(status, 403);
	assert.equal(headers["x-error-code"], "GatedRepo");
});

test("an unknown revision is named as such", async () => {
	const { status, headers } = await curl(
		here.gateway.tokens.researcher,
		pathOf("config.json", "0".repeat(40)),
	);
	assert.equal(status, 404);
	assert.equal(headers["x-error-code"], "RevisionNotFound");
});

test("an unknown model is named as such", async () => {
	const { status, headers } = await curl(
		here.gateway.tokens.researcher,
		"/nobody/nothing/resolve/main/config.json",
	);
	assert.equal(status, 404);
	assert.equal(headers["x-error-code"], "RepoNotFound");
});

test("the tree lists every file; digests are for the licensed", async () => {
	const { gateway } = here;
	const tree = `/api/models/${gateway.model}/tree/main?recursive=true`;
	const mine = await expect(200, gateway, "GET", tree, { token: gateway.tokens.researcher });
	const theirs = await expect(200, gateway, "GET", tree, { token: gateway.tokens.stranger });
	const large = (list) => list.json.find((file) => file.path === "model.safetensors");

	assert.deepEqual(
		mine.json.map((file) => file.path).sort(),
		fs
			.readdirSync(demoModel)
			.sort()
			.filter((name) => mine.json.some((file) => file.path === name)),
	);
	assert.ok(mine.json.length >= 4);
	assert.equal(large(mine).lfs.oid, sha256(weights));
	assert.equal(large(mine).size, size);
	assert.notEqual(large(theirs).lfs.oid, sha256(weights));
	for (const file of mine.json.filter((one) => !one.lfs))
		assert.equal(file.oid, gitSha1(fs.readFileSync(path.join(demoModel, file.path))));
});

test("refs, revision and whoami answer as the Hub's clients expect", async () => {
	const { gateway } = here;
	const token = gateway.tokens.researcher;
	const refs = await expect(200, gateway, "GET", `/api/models/${gateway.model}/refs`, {
		token,
	});
	const revision = await expect(
		200,
		gateway,
		"GET",
		`/api/models/${gateway.model}/revision/main`,
		{ token },
	);
	const who = await expect(200, gateway, "GET", "/api/whoami-v2", { token });

	assert.deepEqual(refs.json.branches, [
		{ name: "main", ref: "refs/heads/main", targetCommit: gateway.revision },
	]);
	assert.equal(revision.json.sha, gateway.revision);
	assert.equal(revision.json.gated, "manual");
	assert.ok(revision.json.siblings.some((file) => file.rfilename === "model.safetensors"));
	assert.equal(who.json.type, "user");
	assert.ok(who.json.name);
});

test("whoami without a token, or with a wrong one, is 401", async () => {
	assert.equal((await ask(here.gateway, "GET", "/api/whoami-v2")).status, 401);
	assert.equal(
		(await ask(here.gateway, "GET", "/api/whoami-v2", { token: "hf_no" })).status,
		401,
	);
});

test("all ranges of a file rest on one release, which one entry ends", async () => {
	const { gateway } = here;
	const { person } = await licensedPerson(gateway, gateway.model, ["weights:read"]);
	// On one connection: of several edges, each has releases of its own.
	const range = (bytes) =>
		expect(206, gateway, "GET", pathOf("config.json"), {
			token: person.token,
			headers: { range: `bytes=${bytes}` },
		});
	const receipt = (await range("10-19")).headers["x-audit-receipt"];
	const events = async (kind) =>
		(
			await expect(200, gateway, "GET", `/api/v1/audit/events?kind=${kind}`, {
				token: gateway.tokens.auditor,
			})
		).json.events;

	for (const bytes of ["30-", "0-9", "15-29"])
		assert.equal((await range(bytes)).headers["x-audit-receipt"], receipt);
	assert.ok((await events("key.release")).some((event) => event.id === receipt));
	// The file was sent whole: the release ends soon, not in ten minutes.
	const ofIt = async () =>
		(await events("download.end")).filter(({ payload }) => payload.release === receipt);
	await until("the entry of its end", 30, async () => (await ofIt()).length);
	const [end, ...others] = await ofIt();
	const { size } = end.payload;

	assert.deepEqual(others, []);
	assert.equal(end.payload.path, "config.json");
	assert.deepEqual(end.payload.ranges, [[0, size - 1]]);
	assert.equal(end.payload.transfers, 4);
	assert.equal(end.payload.bytes, size + 5);
	assert.notEqual((await range("0-9")).headers["x-audit-receipt"], receipt);
});
