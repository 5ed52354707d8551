// SPDX-License-Identifier: Apache-2.0
// The console's files as the edge serves them: addresses, headers, encodings, and how much it is.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import zlib from "node:zlib";
import { gatewayForThisFile, root } from "./gateway.mjs";
import { ask } from "./http.mjs";

const BUDGET = 150 * 1024; // of what the first view loads, compressed
const POLICY = [
	"default-src 'none'",
	"script-src 'self'",
	"style-src 'self'",
	"frame-ancestors 'none'",
	"base-uri 'none'",
	"require-trusted-types-for 'script'",
	"trusted-types 'none'",
];
const here = gatewayForThisFile();
const get = (address, headers, method = "GET") => ask(here.gateway, method, address, { headers });
const assetsOf = (page) =>
	[...page.text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((m) => m[1]);

/** The page, or null in a build without the console, which must say so. */
async function thePage(t) {
	const page = await get("/");

	assert.equal(page.status, 200);
	if (page.headers["content-type"].startsWith("text/html")) return page;
	assert.match(page.text, /built without its web console[\s\S]*nodejs/);
	assert.equal((await get("/models")).status, 404);
	t.skip("this build is without the console");
	return null;
}

test("the page is served at / and at every place of the console, and nowhere else", async (t) => {
	const page = await thePage(t);
	if (!page) return;
	const places = fs.readFileSync(path.join(root, "gateway/console/places.h"), "utf8");
	const names = [...places.matchAll(/X\("([^"]+)"\)/g)].map((m) => m[1]);

	assert.ok(names.length > 5);
	for (const name of names)
		for (const address of [`/${name}`, `/${name}/a`, `/${name}/a/b?c=d`]) {
			const answer = await get(address);
			assert.equal(answer.text, page.text, address);
			assert.equal(answer.status, 200, address);
		}
	for (const address of [
		"/nothing",
		"/models/a/b/c",
		"/api/v1/nothing",
		"/v1/nothing",
		"/api/nothing",
		"/assets/",
		"/assets/nothing.js",
		"/index.html",
		"/assets/..%2Findex.html",
		"/assets//index.html",
		"/assets/index.html%00",
	])
		assert.ok([400, 404].includes((await get(address)).status), address);
	assert.match((await get("/api/v1/nothing")).headers["content-type"], /problem\+json/);
	for (const method of ["POST", "PUT", "DELETE"])
		assert.equal((await get("/", {}, method)).status, 405, method);
});

test("pages of the console and places of the edge are the same", async () => {
	const folder = path.join(root, "gateway/console/src/pages");
	const places = fs.readFileSync(path.join(root, "gateway/console/places.h"), "utf8");
	const lists = fs.readdirSync(folder).map((area) => path.join(folder, area, "pages.ts"));
	const paths = lists.flatMap((file) =>
		[...fs.readFileSync(file, "utf8").matchAll(/path: "([^"]+)"/g)].map((m) => m[1]),
	);

	assert.ok(paths.length > 5);
	for (const one of paths.filter((address) => address !== "/")) {
		const parts = one.split("/").slice(1);
		assert.ok(
			places.includes(`X("${parts[0]}")`),
			`${one}: add it to gateway/console/places.h`,
		);
		assert.ok(parts.length <= 3, `${one}: a place is served two parts deep`);
	}
});

test("every answer carries the policy, and may be kept as long as its name says", async (t) => {
	const page = await thePage(t);
	if (!page) return;
	for (const address of ["/", "/models/a/b", ...assetsOf(page)]) {
		const { headers } = await get(address);
		const policy = headers["content-security-policy"].split("; ");
		for (const part of POLICY) assert.ok(policy.includes(part), `${address}: ${part}`);
		assert.doesNotMatch(headers["content-security-policy"], /unsafe|https?:|\*/);
		assert.equal(headers["x-content-type-options"], "nosniff");
		assert.equal(headers["referrer-policy"], "same-origin");
		assert.equal(headers["cross-origin-opener-policy"], "same-origin");
		assert.equal(headers["cross-origin-resource-policy"], "same-origin");
		assert.match(headers["permissions-policy"], /camera=\(\)/);
		assert.match(headers.vary, /Accept-Encoding/);
		assert.match(
			headers["cache-control"],
			address.startsWith("/assets/") ? /immutable/ : /^no-cache$/,
		);
	}
});

test("each encoding is the same bytes, with a tag of its own, answered 304", async (t) => {
	const page = await thePage(t);
	if (!page) return;
	const decode = {
		identity: (bytes) => bytes,
		gzip: (bytes) => zlib.gunzipSync(bytes),
		br: (bytes) => zlib.brotliDecompressSync(bytes),
	};

	for (const address of ["/", ...assetsOf(page).filter((name) => /\.(js|css)$/.test(name))]) {
		const plain = (await get(address)).body;
		const tags = new Set();
		for (const [encoding, open] of Object.entries(decode)) {
			const ways = { "accept-encoding": encoding };
			const answer = await get(address, ways);
			assert.equal(
				answer.headers["content-encoding"] ?? "identity",
				encoding,
				address,
			);
			assert.ok(open(answer.body).equals(plain), `${address} ${encoding}`);
			tags.add(answer.headers.etag);
			const head = await get(address, ways, "HEAD");
			assert.equal(head.headers["content-length"], String(answer.body.length));
			assert.equal(head.body.length, 0);
			const kept = await get(address, {
				...ways,
				"if-none-match": answer.headers.etag,
			});
			assert.equal(kept.status, 304);
			assert.equal(kept.body.length, 0);
			assert.equal(kept.headers.etag, answer.headers.etag);
		}
		assert.equal(tags.size, 3, address);
	}
});

test("what is served has no inline script or style, and no address elsewhere", async (t) => {
	const page = await thePage(t);
	if (!page) return;
	assert.doesNotMatch(page.text, /<script(?![^>]*\bsrc=)/);
	assert.doesNotMatch(page.text, /<style|\son\w+=|\sstyle=|https?:/);
});

test("the first view is within its budget", async (t) => {
	const page = await thePage(t);
	if (!page) return;
	let size = 0;

	for (const address of ["/", ...assetsOf(page)])
		size += (await get(address, { "accept-encoding": "br, gzip" })).body.length;
	t.diagnostic(`first view: ${size} bytes, of ${BUDGET} it may have`);
	assert.ok(size <= BUDGET, `${size} bytes`);
});
