// SPDX-License-Identifier: Apache-2.0
// A GGUF file of a gated model, fetched in the order and by the rules of llama.cpp's `-hf`.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { isValidToken, Llama } from "./clients/llama.mjs";
import { gatewayForThisFile } from "./gateway.mjs";
import { addTerms, importFiles, licensedPerson, sha256 } from "./people.mjs";

const model = "clients/tiny-gguf";
const name = "tiny Q8_0.gguf"; // it builds its addresses from names as they are
const weights = Buffer.concat([Buffer.from("GGUF"), crypto.randomBytes(5 << 20)]);

const here = gatewayForThisFile(async (gateway, holder) => {
	const terms_sha256 = await addTerms(gateway, "Use it well.\n");
	const files = { [name]: weights, "config.json": Buffer.from("{}") };
	await importFiles(gateway, model, files, { gate: "manual", terms_sha256 });
	holder.token = (await licensedPerson(gateway, model, ["weights:read"])).person.token;
});

const cacheOf = (folder) => path.join(here.gateway.folder, folder);

function llama(token, folder) {
	const { url, ca } = here.gateway;
	return new Llama({ url, ca, token, cache: cacheOf(folder) });
}

test("our tokens are of the form it lets through", () => {
	for (const token of [here.token, ...Object.values(here.gateway.tokens)])
		assert.ok(isValidToken(token));
	assert.equal(isValidToken("hf_" + "a".repeat(33)), false);
	assert.equal(isValidToken("hf_" + "a".repeat(254)), false);
	assert.equal(isValidToken("hf_" + "a".repeat(40) + "_"), false);
});

test("refs, tree, HEAD, GET: in this order, and the file is whole", async () => {
	const client = llama(here.token, "whole");
	const file = (await client.files(model)).find((one) => one.path === name);

	assert.equal(file.oid, sha256(weights));
	assert.equal(await client.download(file), 200);
	assert.equal(sha256(fs.readFileSync(path.join(cacheOf("whole"), file.oid))), file.oid);
	const [refs, tree, head, get, ...more] = client.trace;
	assert.equal(refs, `GET /api/models/${model}/refs token`);
	assert.match(tree, /^GET \/api\/models\/.*\/tree\/[0-9a-f]{40}\?recursive=true token$/);
	assert.match(head, /^HEAD .*\/resolve\/[0-9a-f]{40}\/tiny%20Q8_0\.gguf token$/);
	assert.equal(get, head.replace("HEAD", "GET"));
	assert.deepEqual(more, []);
	assert.equal(await client.download(file), 304, "what is in the cache is not asked for");
	client.close();
});

test("a run that was killed is taken up by the next, at its very byte", async () => {
	const first = llama(here.token, "resumed");
	const file = (await first.files(model)).find((one) => one.path === name);
	const at = (3 << 20) + 12345;
	assert.equal(await first.download(file, { stopAfter: at }), "killed");
	first.close();

	const second = llama(here.token, "resumed");
	assert.equal(await second.download(file), 200);
	second.close();
	assert.match(second.trace.at(-1), new RegExp(`^GET .* bytes=${at}- token$`));
	assert.equal(sha256(fs.readFileSync(path.join(cacheOf("resumed"), file.oid))), file.oid);
});

test("who may not read sees masked digests, and so nothing to fetch", async () => {
	for (const token of [here.gateway.tokens.stranger, undefined]) {
		const client = llama(token, "none");
		const paths = (await client.files(model)).map((one) => one.path);
		assert.equal(paths.includes(name), false);
		client.close();
	}
});

test("who asks for the file all the same is refused at HEAD, and asks no further", async () => {
	const licensed = llama(here.token, "refused");
	const [file] = await licensed.files(model);
	licensed.close();

	for (const [token, status] of [
		[here.gateway.tokens.stranger, 403],
		[undefined, 401],
		["hf_not-one-of-ours", 401],
	]) {
		const client = llama(token, "refused");
		assert.equal(await client.download(file), status);
		assert.equal(client.trace.length, 1);
		client.close();
	}
	assert.ok(!fs.existsSync(cacheOf("refused")));
});

test("a model that is not there is told with its reason", async () => {
	const client = llama(here.token, "missing");
	await assert.rejects(client.files("clients/none"), /\(404\).*clients\/none/);
	client.close();
});
