// SPDX-License-Identifier: Apache-2.0
// What two readers could understand differently is refused, and so is what is too much.
import assert from "node:assert/strict";
import test from "node:test";
import tls from "node:tls";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect } from "./http.mjs";

const here = gatewayForThisFile();

/** Send raw bytes over TLS; resolves to {status (0: closed without an answer), text}. */
function raw(bytes, { ends = false } = {}) {
	const { hostname, port } = new URL(here.gateway.url);

	return new Promise((resolve, reject) => {
		const socket = tls.connect({ host: hostname, port, ca: here.gateway.ca });
		let text = "";
		const done = () => {
			socket.destroy();
			resolve({
				status: Number(text.match(/^HTTP\/1\.1 (\d+)/)?.[1] ?? 0),
				text,
			});
		};
		socket.setTimeout(20000, () =>
			reject(new Error("neither answer nor close in 20 s")),
		);
		socket.on("secureConnect", () => (ends ? socket.end(bytes) : socket.write(bytes)));
		socket.on("data", (part) => {
			text += part.toString("latin1");
			if (text.includes("\r\n\r\n")) done();
		});
		socket.on("close", done);
		socket.on("error", (error) => {
			if (error.code === "ECONNRESET" || error.code === "EPIPE") done();
			else reject(error);
		});
	});
}

const get = (more) => `GET /healthz HTTP/1.1\r\nHost: x\r\n${more}\r\n`;
const post = (more, body = "") =>
	`POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n${more}\r\n${body}`;

const accepted = [
	["a plain request", get(""), 200],
	["a Host with a port, and OWS around a value", get("Accept:  \t*/* \r\n"), 200],
	["a chunked body", post("Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n\r\n"), 400],
];

test("the nearest well-formed requests are understood", async () => {
	for (const [why, bytes, status] of accepted) {
		const answer = await raw(bytes);
		assert.equal(answer.status, status, why);
	}
	// The chunked body was read: what is refused is the missing model, in JSON.
	assert.match((await raw(accepted[2][1])).text, /application\/json/);
});

const refused = [
	[
		"Content-Length and Transfer-Encoding",
		post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
	],
	[
		"two different Content-Lengths",
		post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!"),
	],
	["two equal Content-Lengths", post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello")],
	["a blank before the colon", post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n")],
	["gzip before chunked", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n")],
	["xchunked", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n")],
	["chunked twice", post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n")],
	["a sign in Content-Length", post("Content-Length: +5\r\n", "hello")],
	["a list in Content-Length", post("Content-Length: 5, 5\r\n", "hello")],
	["a Content-Length beyond 2^64", post("Content-Length: 18446744073709551621\r\n", "hello")],
	["bare LF", "GET /healthz HTTP/1.1\nHost: x\n\n"],
	["a folded header", get("Accept: a\r\n b\r\n")],
	["NUL in a value", get("Accept: a\0b\r\n")],
	["a bare CR in a value", get("Accept: a\rb\r\n")],
	["no Host", "GET /healthz HTTP/1.1\r\n\r\n"],
	["two Hosts", get("Host: y\r\n")],
	["a chunk size of 0x1", post("Transfer-Encoding: chunked\r\n", "0x1\r\na\r\n0\r\n\r\n")],
	["a negative chunk size", post("Transfer-Encoding: chunked\r\n", "-1\r\na\r\n0\r\n\r\n")],
	["a chunk without its end", post("Transfer-Encoding: chunked\r\n", "1\r\nab\r\n0\r\n\r\n")],
	["headers of 20 KB", get(`X-Long: ${"a".repeat(20000)}\r\n`)],
	["a target of 9 KB", `GET /${"a".repeat(9000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
	["HTTP/2.0 in the request line", "GET /healthz HTTP/2.0\r\nHost: x\r\n\r\n"],
	["two blanks in the request line", "GET  /healthz HTTP/1.1\r\nHost: x\r\n\r\n"],
	["a TLS hello within TLS", Buffer.from("16030100a5010000a10303", "hex"), true],
];

for (const [why, bytes, ends] of refused)
	test(`${why}: refused, and the connection is closed`, async () => {
		const { status, text } = await raw(bytes, { ends });
		assert.ok(status === 0 || [400, 414, 431, 501, 505].includes(status), text);
		if (status !== 0) assert.match(text, /^connection: close/im);
	});

test("a request hidden behind a refused body is not answered", async () => {
	const hidden = get("");
	const { text } = await raw(
		post("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", `0\r\n\r\n${hidden}`),
		{ ends: true },
	);
	assert.equal(text.match(/HTTP\/1\.1 /g).length, 1);
	assert.match(text, /^HTTP\/1\.1 400/);
});

const deep = (levels) => "[".repeat(levels) + "]".repeat(levels);
const bodies = [
	["too deep", `{"model":"x","messages":${deep(40)}}`, 400],
	["deep by a hundred thousand levels", deep(100000), 400],
	["too large", `{"model":"${"a".repeat(3 << 20)}"}`, 413],
	["not UTF-8", Buffer.from('{"model":"\xff\xfe"}', "latin1"), 400],
	["an overlong encoding", Buffer.from('{"model":"\xc0\xaf"}', "latin1"), 400],
	["half a surrogate pair", '{"model":"\\ud800"}', 400],
	["a name given twice", '{"model":"a","model":"b"}', 400],
	["followed by more", '{"model":"a"} {}', 400],
	["cut off", '{"model":', 400],
	["empty", "", 400],
	["not an object", "[]", 400],
];

for (const [why, body, status] of bodies)
	test(`JSON that is ${why} is answered by ${status}`, async () => {
		const { gateway } = here;
		const answer = await ask(gateway, "POST", "/v1/chat/completions", {
			token: gateway.tokens.researcher,
			body,
		});
		assert.equal(answer.status, status, answer.text);
	});

const paths = [
	"../../../etc/passwd",
	"..%2f..%2fgateway.ini",
	"%2e%2e/%2e%2e/gateway.ini",
	"config.json%00",
	"%2e/config.json",
	"a//config.json",
	"config.json/",
	"config.json%2f..",
	"..\\config.json",
	"%c0%ae%c0%ae/gateway.ini",
	"config.json%",
	"config.json%zz",
	"%252e%252e/gateway.ini",
];

for (const path of paths)
	test(`the path ${path} leads nowhere`, async () => {
		const { gateway } = here;
		const { status, text } = await raw(
			`GET /${gateway.model}/resolve/main/${path} HTTP/1.1\r\nHost: x\r\n` +
				`Authorization: Bearer ${gateway.tokens.researcher}\r\n\r\n`,
		);
		assert.ok(status === 400 || status === 404, `${status}: ${text.slice(0, 300)}`);
	});

test("the log's folder serves tiles and checkpoint only", async () => {
	for (const path of [
		"..%2fgateway.ini",
		"%2e%2e/gateway.ini",
		"tile",
		"state",
		".",
		"vkey/x",
	]) {
		const { status } = await raw(`GET /log/${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
		assert.ok(status === 400 || status === 404, `${path}: ${status}`);
	}
	await expect(200, here.gateway, "GET", "/log/checkpoint");
});

test("an unknown method is refused, and the known ones are named", async () => {
	const answer = await ask(here.gateway, "DELETE", "/healthz");
	assert.equal(answer.status, 405);
	assert.match(answer.headers.allow, /GET/);
});

test("every answer has a request id of its own", async () => {
	const ids = new Set();
	for (const path of [
		"/healthz",
		"/nothing/here/at/all/or/so",
		"/v1/models",
		"/api/v1/licenses",
	])
		ids.add((await ask(here.gateway, "GET", path)).headers["x-request-id"]);
	assert.equal(ids.size, 4);
	assert.ok(!ids.has(undefined));
});

test("TLS below 1.2 and plain HTTP are not spoken", async () => {
	const { hostname, port } = new URL(here.gateway.url);
	const connect = (options) =>
		new Promise((resolve, reject) => {
			const socket = tls.connect(
				{ host: hostname, port, ca: here.gateway.ca, ...options },
				() => resolve(socket.destroy()),
			);
			socket.on("error", reject);
		});

	await connect({ minVersion: "TLSv1.2", maxVersion: "TLSv1.2" });
	await connect({ minVersion: "TLSv1.3" });
	await assert.rejects(
		connect({
			minVersion: "TLSv1",
			maxVersion: "TLSv1.1",
			ciphers: "DEFAULT@SECLEVEL=0",
		}),
	);
	await assert.rejects(fetch(here.gateway.url.replace("https:", "http:") + "/healthz"));
});
