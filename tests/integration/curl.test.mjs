// SPDX-License-Identifier: Apache-2.0
// curl, as it is: resumes, parallel ranges, HTTP/1.1 and HTTP/2, and asking only for what changed.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { demoModel, gatewayForThisFile } from "./gateway.mjs";
import { sha256 } from "./people.mjs";

const here = gatewayForThisFile();
const weights = fs.readFileSync(path.join(demoModel, "model.safetensors"));
const etag = `"${sha256(weights)}"`;
const folderOf = (name) => path.join(here.gateway.folder, name);
const urlOf = (file) => `${here.gateway.url}/${here.gateway.model}/resolve/main/${file}`;

/** What every transfer of a curl needs. */
const common = (person) => [
	"--cacert",
	here.gateway.caFile,
	"--header",
	`Authorization: Bearer ${here.gateway.tokens[person]}`,
];

/** Run curl as this person; resolves to {code, out}. */
function curlAs(person, ...words) {
	const all = ["--silent", "--show-error", ...common(person), ...words];

	return new Promise((resolve) => {
		execFile("curl", all, { maxBuffer: 64 << 20 }, (error, out) =>
			resolve({ code: error ? error.code : 0, out }),
		);
	});
}

const curl = (...words) => curlAs("researcher", ...words);
const weightsTo = (to, ...words) =>
	curl("--output", folderOf(to), ...words, urlOf("model.safetensors"));

/** Status, version, size and one header of what such a request gets. */
async function probe(...words) {
	const written = "%{http_code} %{http_version} %{size_download} %header{etag}";
	const { out } = await weightsTo("probe", "--write-out", written, ...words);
	const [status, version, size, tag] = out.split(" ");

	return { status: Number(status), version, size: Number(size), tag };
}

for (const version of ["--http1.1", "--http2"]) {
	test(`a part is resumed by -C - and whole afterwards (${version})`, async () => {
		const to = `resumed${version}`;
		fs.writeFileSync(folderOf(to), weights.subarray(0, 700001));
		const { code, out } = await weightsTo(
			to,
			version,
			"--continue-at",
			"-",
			"--write-out",
			"%{http_code} %{size_download}",
		);

		assert.equal(code, 0);
		assert.equal(out, `206 ${weights.length - 700001}`);
		assert.equal(sha256(fs.readFileSync(folderOf(to))), sha256(weights));
	});

	test(`ranges asked for at once come together as the file (${version})`, async () => {
		const count = 6;
		const step = Math.ceil(weights.length / count);
		const parts = Array.from({ length: count }, (_, i) => `part${version}-${i}`);
		const words = parts.flatMap((part, i) => [
			...(i ? ["--next", ...common("researcher")] : []),
			version,
			"--range",
			`${i * step}-${(i + 1) * step - 1}`,
			"--output",
			folderOf(part),
			urlOf("model.safetensors"),
		]);
		const { code } = await curl("--parallel", "--parallel-immediate", ...words);

		assert.equal(code, 0);
		const whole = Buffer.concat(parts.map((part) => fs.readFileSync(folderOf(part))));
		assert.equal(sha256(whole), sha256(weights));
	});

	test(`HEAD tells what GET would bring (${version})`, async () => {
		const { out } = await curl("--head", version, urlOf("model.safetensors"));

		assert.match(out, /^HTTP\/[\d.]+ 200/);
		assert.match(out, new RegExp(`content-length: ${weights.length}\r`, "i"));
		assert.match(out, new RegExp(`etag: ${etag}\r`, "i"));
	});
}

test("it speaks HTTP/2 where it is asked to, and by itself", async () => {
	assert.equal((await probe("--http2")).version, "2");
	assert.equal((await probe()).version, "2");
	assert.equal((await probe("--http1.1")).version, "1.1");
});

test("what the client has already is not sent again", async () => {
	const saved = folderOf("etag");
	await weightsTo("first", "--etag-save", saved);
	const again = await probe("--etag-compare", saved);

	assert.deepEqual([again.status, again.size, again.tag], [304, 0, etag]);
	for (const list of [`W/${etag}`, `"other", ${etag}`, "*"]) {
		const { status, size } = await probe("--header", `If-None-Match: ${list}`);
		assert.deepEqual([status, size], [304, 0], list);
	}
	const { out } = await curl(
		"--head",
		"--header",
		`If-None-Match: ${etag}`,
		urlOf("model.safetensors"),
	);
	assert.match(out, /^HTTP\/[\d.]+ 304/);
	const changed = await probe("--header", 'If-None-Match: "of-an-older-one"');
	assert.deepEqual([changed.status, changed.size], [200, weights.length]);
});

test("a part of another file is not continued: the whole comes", async () => {
	const same = await probe("--range", "100-", "--header", `If-Range: ${etag}`);
	const other = await probe("--range", "100-", "--header", 'If-Range: "of-an-older-one"');
	const date = await probe(
		"--range",
		"100-",
		"--header",
		"If-Range: Sun, 22 Nov 2026 06:00:00 GMT",
	);

	assert.deepEqual([same.status, same.size], [206, weights.length - 100]);
	assert.deepEqual([other.status, other.size], [200, weights.length]);
	assert.deepEqual([date.status, date.size], [200, weights.length]);
});

test("conditions on dates do not count, and If-Match that fails is 412", async () => {
	const since = await probe("--time-cond", "2030-01-01");
	const failed = await probe("--header", 'If-Match: "of-an-older-one"');
	const met = await probe("--header", `If-Match: ${etag}`);

	assert.deepEqual([since.status, since.size], [200, weights.length]);
	assert.equal(failed.status, 412);
	assert.equal(met.status, 200);
});

test("conditions tell nothing to who may not read", async () => {
	for (const words of [
		["--header", "If-None-Match: *"],
		["--header", 'If-Match: "x"'],
	]) {
		const to = ["--output", folderOf("probe"), "--write-out", "%{http_code}"];
		const { out } = await curlAs(
			"stranger",
			...words,
			...to,
			urlOf("model.safetensors"),
		);
		assert.equal(out, "403");
	}
});
