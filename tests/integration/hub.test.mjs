// SPDX-License-Identifier: Apache-2.0
// The Hub's surface, row by row: what is listed, paged, described, opened, hidden and refused.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { addPerson, commit, enrollKey, importFiles, requestBody, sha256, submit }
	from "./people.mjs";

const MODEL = "tests/partly";
const weights = Buffer.alloc(5000, "weights ");
const files = {
	"README.md": Buffer.from("# Partly open\n"),
	LICENSE: Buffer.from("Ask first.\n"),
	"config.json": Buffer.from('{"model_type":"none"}'),
	"docs/a.md": Buffer.from("a\n"),
	"docs/deep/b.md": Buffer.from("b\n"),
	"docs.txt": Buffer.from("not a folder\n"),
	"empty.txt": Buffer.alloc(0),
	"model.safetensors": weights,
	"tokenizer.json": Buffer.from("{}"),
};
const first = {};
const here = gatewayForThisFile(async (gateway) => {
	first.revision = (await importFiles(gateway, MODEL, files, { gate: "manual" })).commitOid;
});

const as = (name) => here.gateway.tokens[name];
const file = (name, revision = "main") => `/${MODEL}/resolve/${revision}/${name}`;
const api = (rest = "") => `/api/models/${MODEL}${rest}`;

async function get(path_, token, status = 200, options = {}) {
	return expect(status, here.gateway, "GET", path_, { token, ...options });
}

async function settings(body, status = 200, model = MODEL) {
	return expect(status, here.gateway, "PUT", `/api/models/${model}/settings`, {
		token: as("admin"),
		body,
	});
}

/** A person with a license for the model that lasts so many days. */
async function licensed(model, days) {
	const person = await addPerson(here.gateway);
	const key = await enrollKey(here.gateway, person.token);
	const body = await requestBody(here.gateway, key, model, ["weights:read"]);
	if (!body.terms_sha256) {
		delete body.terms_sha256;
		delete body.terms_signature;
	}
	const request = await submit(here.gateway, person.token, body);
	assert.equal(request.status, 201, request.text);
	await expect(200, here.gateway, "POST",
		`/api/v1/access-requests/${request.json.id}/approve`,
		{ token: as("admin"), body: { expires_days: days } });
	return person;
}

/** The pages of a list, by its Link headers. */
async function pages(start, token) {
	const all = [];
	for (let next = start; next; ) {
		const answer = await get(next, token);
		const link = /^<([^>]+)>; rel="next"$/.exec(answer.headers.link ?? "");
		all.push(answer);
		next = link?.[1];
		if (next) assert.ok(next.startsWith(`${here.gateway.url}/`), "an absolute address");
		assert.ok(all.length < 50, "it ends");
	}
	return all;
}

/** Run with other settings of the edge, which reads them when it starts. */
async function withSettings(lines, act) {
	const { gateway } = here;
	const plain = fs.readFileSync(gateway.config, "utf8");
	const restart = async (text) => {
		const [old] = gateway.processesNamed("sallyport-edge");
		fs.writeFileSync(gateway.config, text);
		process.kill(old.id, "SIGKILL");
		gateway.agent.destroy();
		await until("another edge", 30, async () => {
			const now = gateway.processesNamed("sallyport-edge");
			if (now.length !== 1 || now[0].id === old.id) return false;
			return (await ask(gateway, "GET", "/readyz")).status === 200;
		});
	};

	await restart(plain.replace("[gateway]\n", `[gateway]\n${lines.join("\n")}\n`));
	try {
		return await act();
	} finally {
		await restart(plain);
	}
}

async function events(kind) {
	const query = `kind=${kind}&model=${MODEL}&limit=200`;
	return (await get(`/api/v1/audit/events?${query}`, as("auditor"))).json.events;
}

test("a new model's card and license text are for everybody, the rest is gated", async () => {
	for (const name of ["README.md", "LICENSE"]) {
		const answer = await get(file(name));
		assert.deepEqual(answer.body, files[name]);
		assert.equal(answer.headers["x-repo-commit"], first.revision);
	}
	for (const name of ["config.json", "model.safetensors", "no-such-file"])
		for (const [token, status] of [[undefined, 401], [as("stranger"), 403]]) {
			const answer = await get(file(name), token, status);
			assert.equal(answer.headers["x-error-code"], "GatedRepo");
		}
	assert.equal((await get(file("LICENSE.md"), undefined, 404)).headers["x-error-code"],
		"EntryNotFound");
});

test("what is opened rests on its pattern, in the decision and in the log", async () => {
	const answer = await get(file("README.md"), as("stranger"));
	const id = answer.headers["x-audit-receipt"];
	const entry = (await events("key.release")).find((one) => one.id === id);
	const decision = await get(`/api/v1/decisions/${entry.payload.decision}`, as("stranger"));
	const explained = (name) =>
		get(
			`/api/v1/explain?model=${MODEL}&right=weights:read&path=${name}`,
			as("stranger"),
		);

	assert.equal(entry.payload.basis, "open");
	assert.equal(entry.payload.pattern, "README.md");
	assert.equal(decision.json.rule, "path.open");
	assert.equal(decision.json.path, "README.md");
	assert.equal((await explained("README.md")).json.rule, "path.open");
	assert.equal((await explained("model.safetensors")).json.code, "NO_LICENSE");
});

test("one release serves a client for all it reads of an open file", async () => {
	const count = async () => (await events("key.release")).filter(
		(one) => one.payload.path === "LICENSE").length;

	await get(file("LICENSE"));
	const before_ = await count();
	await get(file("LICENSE"));
	await get(file("LICENSE"), undefined, 206, { headers: { range: "bytes=1-3" } });
	assert.equal(await count(), before_);
});

test("settings replace the list, and weights are never opened", async () => {
	const answer = await settings({ open_paths: ["config.json", "docs/**", "token*", "*"] });

	assert.deepEqual(answer.json.open_paths, ["config.json", "docs/**", "token*", "*"]);
	assert.deepEqual((await get(file("docs/deep/b.md"))).body, files["docs/deep/b.md"]);
	await get(file("tokenizer.json"));
	await get(file("model.safetensors"), undefined, 401);
	await settings({ open_paths: ["config.json"] });
	await get(file("config.json"));
	await get(file("README.md"), undefined, 401);
	await get(file("docs/deep/b.md"), as("stranger"), 403);
	await settings({ gate: "auto" }); // says nothing of paths
	await get(file("config.json"));
	await settings({ gate: "manual", open_paths: [] });
	await get(file("config.json"), undefined, 401);
	await settings({ open_paths: ["README.md", "LICENSE"] });
	assert.deepEqual((await get(api())).json.sallyport.open_paths, ["README.md", "LICENSE"]);
});

for (const [why, open_paths, said] of [
	["weights by name", ["*.safetensors"], /weights, which stay gated/],
	["weights in disguise", ["a/model.GGUF"], /weights/],
	["a way up", ["../x"], /no "\."/],
	["a class of signs", ["[ab]"], /\* and \*\* only/],
	["too many", Array(33).fill("x"), /at most 32/],
	["a long one", ["x".repeat(257)], /1 to 256 bytes/],
	["no list", "README.md", /open_paths/],
	["no texts", [1], /text|string/],
])
	test(`open paths with ${why} are refused, and nothing changes`, async () => {
		const answer = await settings({ open_paths }, 400);

		assert.match(answer.json.error, said);
		assert.equal(answer.headers["x-error-message"].length > 10, true);
		assert.deepEqual((await get(api())).json.sallyport.open_paths,
			["README.md", "LICENSE"]);
	});

test("a database that opens a file without an entry of the log opens nothing", async () => {
	const sql = (list) => {
		const statement =
			`UPDATE sallyport.model SET open_paths = '${list}' ` +
			`WHERE name = '${MODEL}'`;
		execFileSync("psql", ["-qX", "-d", here.gateway.psql, "-c", statement]);
	};

	sql("docs.txt");
	try {
		const answer = await until("the edge to know of it", 10, async () => {
			const now = await ask(here.gateway, "GET", file("docs.txt"));
			return now.status !== 503 && now;
		});
		assert.equal(answer.status, 403);
		assert.match(answer.json.error, /not among the model's open paths/);
		await expect(200, here.gateway, "HEAD", file("docs.txt")); // which releases nothing
	} finally {
		sql("README.md");
	}
	await until("the edge to know of it", 10, async () => {
		return (await ask(here.gateway, "GET", file("README.md"))).status === 200;
	});
});

test("digests of open files are shown, those of gated ones are masked", async () => {
	await settings({ open_paths: ["README.md", "config.json"] });
	const mine = (await get(api("/tree/main?recursive=true"))).json;
	const by = Object.fromEntries(mine.map((one) => [one.path, one]));

	assert.match(by["README.md"].oid, /^[0-9a-f]{40}$/);
	assert.match(by["config.json"].oid, /^[0-9a-f]{40}$/);
	assert.match(by["tokenizer.json"].oid, /^\*{40}$/);
	assert.match(by["model.safetensors"].lfs.oid, /^\*{64}$/);
	const blobs = (await get(api("?blobs=true"))).json.siblings;
	const large = blobs.find((one) => one.rfilename === "model.safetensors");
	const card = blobs.find((one) => one.rfilename === "README.md");
	assert.deepEqual(large.lfs, { sha256: "*".repeat(64), size: 5000, pointerSize: 134 });
	assert.equal(card.blobId, by["README.md"].oid);
	assert.equal(card.size, files["README.md"].length);
	const admin = (await get(api("?blobs=true"), (await licensed(MODEL, 100)).token)).json;
	assert.equal(admin.siblings.find((one) => one.rfilename === "model.safetensors").lfs.sha256,
		sha256(weights));
});

test("a license that ends soon is announced wherever a client looks first", async () => {
	const soon = await licensed(MODEL, 5);
	const late = await licensed(MODEL, 60);
	const announced = new RegExp(
		`^license; Your license for ${MODEL} expires on \\d{4}-\\d\\d-\\d\\d\\. ` +
			`Renew it: sallyport request ${MODEL}$`,
	);

	for (const path_ of [file("model.safetensors"), file("README.md"), api("/revision/main"),
		api(), api("/tree/main")]) {
		const warned = await expect(200, here.gateway, "HEAD", path_, {
			token: soon.token,
		});
		assert.match(warned.headers["x-hf-warning"], announced, path_);
		assert.equal((await get(path_, late.token)).headers["x-hf-warning"], undefined);
	}
});

test("trees come a page at a time, whole and in order", async () => {
	const all = (await get(api("/tree/main?recursive=true"))).json.map((one) => one.path);
	const typed = (one) => `${one.type} ${one.path}`;
	const flat = (await get(api("/tree/main"))).json.map(typed);

	assert.deepEqual(all, Object.keys(files).sort());
	for (const limit of [1, 2, 4]) {
		const paged = await pages(api(`/tree/main?recursive=true&limit=${limit}`));
		assert.ok(paged.every((one) => one.json.length <= limit));
		assert.deepEqual(paged.flatMap((one) => one.json).map((one) => one.path), all);
		const flatly = await pages(api(`/tree/main?limit=${limit}`));
		assert.deepEqual(flatly.flatMap((one) => one.json).map(typed), flat);
	}
	assert.ok(flat.includes("directory docs") && flat.includes("file docs.txt"));
	assert.deepEqual((await get(api("/tree/main/docs"))).json.map((one) => one.path),
		["docs/a.md", "docs/deep"]);
	assert.equal((await get(api("/tree/main/nowhere"), undefined, 404))
		.headers["x-error-code"], "EntryNotFound");
});

test("a limit or cursor that is none is refused with a word of advice", async () => {
	for (const bad of ["limit=0", "limit=many", "cursor=!", "cursor=AA"])
		for (const list of [api("/tree/main"), api("/commits/main"), "/api/models"]) {
			const answer = await get(`${list}?${bad}`, undefined, 400);
			assert.match(answer.json.error, /number from 1|begin without/);
		}
});

test("commits follow the revision's own line, and files name their last change", async () => {
	const { gateway } = here;
	const second = (await commit(gateway, MODEL, { "config.json": Buffer.from("{}") })).json;
	const third = (await commit(gateway, MODEL, { "new.txt": Buffer.from("n") })).json;
	const line = [third.commitOid, second.commitOid, first.revision];

	for (const limit of [1, 2, 3, 100]) {
		const paged = await pages(api(`/commits/main?limit=${limit}`));
		assert.deepEqual(paged.flatMap((one) => one.json).map((one) => one.id), line);
		assert.ok(paged.every((one) => one.headers["x-total-count"] === "3"));
	}
	const older = await get(api(`/commits/${second.commitOid}`));
	assert.deepEqual(older.json.map((one) => one.id), line.slice(1));
	assert.equal(older.headers["x-total-count"], "2");

	const tree = (await get(api("/tree/main?recursive=true&expand=true"))).json;
	const changed = Object.fromEntries(tree.map((one) => [one.path, one.lastCommit.id]));
	assert.equal(changed["new.txt"], third.commitOid);
	assert.equal(changed["config.json"], second.commitOid);
	assert.equal(changed["README.md"], first.revision);
	const { lastCommit } = tree[0];
	assert.ok(lastCommit.title);
	assert.match(lastCommit.date, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
	assert.equal((await get(api("/tree/main?recursive=true"))).json[0].lastCommit, undefined);
	const { json: before_ } = await get(
		api(`/tree/${second.commitOid}?recursive=true&expand=true`),
	);
	assert.equal(before_.find((one) => one.path === "config.json").lastCommit.id,
		second.commitOid);
});

test("models are listed a page at a time, searched by name and by author", async () => {
	const names = (list) => list.flatMap((one) => one.json).map((one) => one.id);

	await importFiles(here.gateway, "tests/another", { "README.md": Buffer.from("x") });
	const all = names([await get("/api/models")]);
	assert.deepEqual(all, [...all].sort());
	assert.deepEqual(names(await pages("/api/models?limit=1")), all);
	assert.deepEqual(names(await pages("/api/models?author=tests&limit=1")),
		["tests/another", MODEL]);
	assert.deepEqual(names([await get("/api/models?search=PARTL&expand[]=likes")]), [MODEL]);
	assert.deepEqual(names([await get("/api/models?search=%25")]), []);
	assert.match((await get("/api/models?search=%ff", undefined, 400)).json.error, /UTF-8/);
});

test("paths-info answers a form as it answers JSON, folders too", async () => {
	const options = { token: as("stranger") };
	const form = await expect(200, here.gateway, "POST", api("/paths-info/main"), {
		...options,
		body: "paths=README.md&paths=docs&paths=no+such&paths=docs%2Fa.md&expand=True",
		headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
	});
	const json = await expect(200, here.gateway, "POST", api("/paths-info/main"), {
		...options,
		body: { paths: ["README.md", "docs/", "no such", "docs/a.md"], expand: true },
	});

	assert.deepEqual(form.json, json.json);
	assert.deepEqual(form.json.map((one) => `${one.type} ${one.path}`),
		["file README.md", "file docs/a.md", "directory docs"]);
	assert.equal(form.json[0].lastCommit.id, first.revision);
	for (const paths of [undefined, "x", [1], Array(1001).fill("x")])
		await expect(400, here.gateway, "POST", api("/paths-info/main"), {
			...options,
			body: { paths },
		});
	await expect(400, here.gateway, "POST", api("/paths-info/main"), {
		...options,
		body: "paths=%zz",
		headers: { "content-type": "application/x-www-form-urlencoded" },
	});
});

test("names of revisions are understood, or refused by name", async () => {
	assert.equal((await get(api("/revision/HEAD"))).json.sha,
		(await get(api("/revision/main?expand=sha&expand=likes"))).json.sha);
	for (const path_ of ["/revision/refs%2Fpr%2F1", "/tree/refs%2Fpr%2F1", "/commits/nowhere"])
		assert.equal((await get(api(path_), undefined, 404)).headers["x-error-code"],
			"RevisionNotFound");
	const head = await expect(404, here.gateway, "HEAD", file("README.md", "refs%2Fpr%2F1"));
	assert.equal(head.headers["x-error-code"], "RevisionNotFound");
	assert.match(head.headers["x-error-message"], /refs\/pr\/1/);
	assert.deepEqual((await get(api(
		"/tree/main/additional_chat_templates?recursive=false&expand=false"))).json, []);
});

test("calls that are only noise are nothing here, and say so", async () => {
	assert.ok((await get("/api/agent-harnesses", undefined, 404)).json.error);
	const head = await expect(404, here.gateway, "HEAD", "/api/telemetry/hf_hub/x");
	assert.ok(head.headers["x-error-message"]);
	const info = (await get(api("?securityStatus=true&unknown=1"))).json;
	assert.equal(info.securityRepoStatus.scansDone, false);
});

test("files are sent as they are, with what clients read of them", async () => {
	const { token } = await licensed(MODEL, 30);
	const options = { headers: { "accept-encoding": "gzip, br, deflate" } };
	const large = await get(file("model.safetensors"), token, 200, options);
	const head = (status, path_) =>
		expect(status, here.gateway, "HEAD", path_, { token, ...options });
	const small = await head(200, file("docs/a.md"));
	const none = await get(file("empty.txt"), token, 200, { headers: { range: "bytes=0-0" } });
	const raw = await head(200, `/${MODEL}/raw/main/config.json`);
	const missing = await head(404, file("none.txt"));
	const past = await get(file("docs/a.md"), token, 416, { headers: { range: "bytes=99-" } });

	assert.deepEqual(large.body, weights);
	assert.equal(large.headers.etag, `"${sha256(weights)}"`);
	assert.equal(large.headers["x-linked-etag"], large.headers.etag);
	assert.equal(large.headers["x-linked-size"], "5000");
	assert.match(large.headers["content-disposition"], /filename="model\.safetensors";$/);
	for (const { headers } of [large, small, none, raw]) {
		assert.equal(headers["content-encoding"], undefined);
		assert.equal(headers["x-xet-hash"], undefined);
		assert.equal(headers["accept-ranges"], "bytes");
		assert.match(headers["x-repo-commit"], /^[0-9a-f]{40}$/);
	}
	assert.equal(none.headers["content-range"], "bytes */0");
	assert.equal(missing.headers["x-error-code"], "EntryNotFound");
	assert.ok(missing.headers["x-repo-commit"] && missing.headers["x-error-message"]);
	assert.equal(past.headers["content-range"], `bytes */${files["docs/a.md"].length}`);
	assert.match(past.json.error, /behind the end/);
});

test("who may read and who may write is answered without a try", async () => {
	const check = (who, rest, status) =>
		expect(status, here.gateway, "GET", api(`/auth-check${rest}`), { token: who });

	await check(undefined, "", 401);
	await check(as("stranger"), "", 403);
	await check((await licensed(MODEL, 30)).token, "", 200);
	await check(undefined, "/write", 401);
	await check(as("stranger"), "/write", 403);
	await check(as("admin"), "/write", 200);
	await expect(404, here.gateway, "GET", "/api/models/tests/none/auth-check/write",
		{ token: as("admin") });
});

test("whoami tells what the token is called and whether it may write", async () => {
	const told = async (token) =>
		(await get("/api/whoami-v2", token)).json.auth.accessToken;
	const narrow = await expect(201, here.gateway, "POST", "/api/v1/tokens", {
		token: as("admin"),
		body: { name: "laptop", scope: { rights: ["weights:read"] } },
	});

	assert.equal((await told(as("admin"))).role, "write");
	assert.equal((await told(as("stranger"))).role, "read");
	assert.ok((await told(as("stranger"))).displayName);
	const { displayName, role, createdAt } = await told(narrow.json.token);
	assert.deepEqual([displayName, role], ["laptop", "read"]);
	assert.match(createdAt, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
});

test("a name without a namespace works on every route", async () => {
	await importFiles(here.gateway, "plain", { "README.md": Buffer.from("plain") });
	assert.equal((await get("/plain/resolve/main/README.md")).text, "plain");
	for (const rest of ["", "/revision/main", "/tree/main", "/refs", "/commits/main"])
		await get(`/api/models/plain${rest}`);
});

test("a hidden model is as if it were not there, but for those it concerns", async () => {
	const model = "tests/hidden";
	const list = async (token) => (await get("/api/models", token)).json.map((one) => one.id);
	await importFiles(here.gateway, model, files, { gate: "manual" });
	const holder = await licensed(model, 30);
	await settings({ private: true }, 200, model);

	for (const path_ of [`/api/models/${model}`, `/api/models/${model}/tree/main`,
		`/api/models/${model}/auth-check`, `/${model}/resolve/main/README.md`,
		`/${model}/resolve/main/model.safetensors`])
		for (const [token, status] of [[undefined, 401], [as("stranger"), 404]]) {
			const got = await get(path_, token, status);
			const head = await expect(status, here.gateway, "HEAD", path_, { token });
			assert.equal(got.headers["x-error-code"], "RepoNotFound", path_);
			assert.equal(head.headers["x-error-code"], "RepoNotFound");
			const other = path_.replace(model, "tests/nihil");
			const nothing = await get(other, token, status);
			assert.equal(
				got.json.error.replaceAll(model, "tests/nihil"),
				nothing.json.error,
			);
		}
	assert.equal((await submit(here.gateway, as("stranger"),
		{ model, intended_use: "to find out", rights: ["weights:read"] })).status, 404);
	await get(`/api/v1/explain?model=${model}&right=weights:read`, as("stranger"), 404);
	assert.ok(!(await list()).includes(model) && !(await list(as("stranger"))).includes(model));
	for (const token of [holder.token, as("admin")]) {
		assert.equal((await get(`/api/models/${model}`, token)).json.private, true);
		assert.ok((await list(token)).includes(model));
	}
	assert.deepEqual((await get(`/${model}/resolve/main/model.safetensors`, holder.token)).body,
		weights);
	await settings({ visibility: "public" }, 200, model);
	await get(`/${model}/resolve/main/README.md`);
});

test("a repository created as private is hidden from the start", async () => {
	await expect(200, here.gateway, "POST", "/api/repos/create", {
		token: as("admin"),
		body: { organization: "tests", name: "secret", type: "model", private: true },
	});
	await get("/api/models/tests/secret", as("stranger"), 404);
	assert.equal((await get("/api/models/tests/secret", as("admin"))).json.private, true);
});

test("a disabled model says so in the words that clients know, open files too", async () => {
	const model = "tests/stopped";
	await importFiles(here.gateway, model, files, { gate: "manual" });
	await expect(200, here.gateway, "POST", `/api/v1/models/${model}/disable`, {
		token: as("admin"),
		body: { reason: "takedown" },
	});
	for (const name of ["README.md", "model.safetensors"])
		for (const method of ["GET", "HEAD"]) {
			const answer = await expect(403, here.gateway, method,
				`/${model}/resolve/main/${name}`, { token: as("stranger") });
			assert.equal(answer.headers["x-error-message"],
				"Access to this resource is disabled.");
			assert.equal(answer.headers["x-error-code"], undefined);
		}
	assert.equal((await get(`/api/models/${model}`)).json.disabled, true);
});

test("pages of listed origins may call, others learn nothing", async () => {
	const page = "https://lab.example";
	const cors = (answer) => answer.headers["access-control-allow-origin"];
	const routes = [api(), file("model.safetensors"), "/api/whoami-v2", "/v1/chat/completions"];
	const preflight = (status, path_, origin) =>
		expect(status, here.gateway, "OPTIONS", path_, {
			headers: { origin, "access-control-request-method": "GET" },
		});

	for (const path_ of routes) // the default: none
		assert.equal(cors(await preflight(204, path_, page)), undefined);
	await withSettings([`cors_origins = http://localhost:3000 ${page}`], async () => {
		for (const path_ of routes) {
			const yes = await preflight(204, path_, page);
			const allowed = (what) => yes.headers[`access-control-allow-${what}`];
			assert.equal(cors(yes), page);
			assert.match(yes.headers.allow, /GET|POST/);
			assert.match(allowed("headers"), /Authorization, Range/);
			assert.match(allowed("methods"), /HEAD, POST, PUT/);
			const no = await preflight(204, path_, "https://evil.example");
			assert.equal(cors(no), undefined);
			assert.equal(no.headers.vary, "Origin");
		}
		await preflight(404, "/nowhere", page);
		for (const [path_, status] of [
			[file("README.md"), 200],
			[file("model.safetensors"), 401],
			["/nowhere", 404],
			[api("/commit/main"), 405],
		]) {
			const from = (origin) =>
				get(path_, undefined, status, { headers: { origin } });
			const { headers } = await from(page);
			const foreign = await from("null");
			assert.equal(headers["access-control-allow-origin"], page, path_);
			assert.match(
				headers["access-control-expose-headers"],
				/X-Repo-Commit.*ETag/,
			);
			assert.equal(headers["access-control-allow-credentials"], undefined);
			assert.equal(cors(foreign), undefined);
			assert.equal(foreign.headers.vary, "Origin");
		}
	});
});

test("who comes when all places are taken is told how long to wait", async () => {
	const chat = () => ask(here.gateway, "POST", "/v1/chat/completions", {
		token: as("researcher"),
		body: { model: here.gateway.model, max_tokens: 60,
			messages: [{ role: "user", content: "Once upon a time" }] },
	});

	await withSettings(["workers = 4"], async () => {
		const busy = await until("all places to be taken", 60, async () =>
			(await Promise.all(Array.from({ length: 12 }, chat)))
				.find((answer) => answer.status === 429));
		assert.equal(busy.headers.ratelimit, '"api";r=0;t=1');
		assert.match(busy.headers["ratelimit-policy"], /^"fixed window";"api";q=2;w=1$/);
		assert.equal(busy.headers["retry-after"], "1");
	});
});

test("the command line opens files at import, and shows them", async () => {
	const folder = path.join(here.gateway.folder, "to-import");
	fs.mkdirSync(folder);
	fs.writeFileSync(path.join(folder, "notes.txt"), "free\n");
	fs.writeFileSync(path.join(folder, "model.safetensors"), weights);
	const cli = (...words) => here.gateway.cli(as("admin"), ...words);
	const made = await cli("model", "import", "tests/by-cli", folder, "--gated", "manual",
		"--open", "*.txt", "--open", "docs/**");
	assert.equal(made.code, 0, made.stderr);
	const shown = await cli("model", "show", "tests/by-cli");

	assert.match(shown.stdout, /open_paths\s+.*\*\.txt.*docs\/\*\*/);
	assert.match(shown.stdout, /gate\s+manual/);
	assert.equal((await get("/tests/by-cli/resolve/main/notes.txt")).text, "free\n");
	await get("/tests/by-cli/resolve/main/model.safetensors", undefined, 401);
	const refused = await cli("model", "import", "tests/by-cli", folder, "--open", "*.bin");
	assert.equal(refused.code, 1);
	assert.match(refused.stderr, /weights, which stay gated/);
});

test("what was done to it all verifies in the log", async () => {
	const settings_ = await events("model.settings");
	assert.ok(settings_.some((one) => one.payload.open_paths?.includes("docs/**")));
	const [made] = await events("model.create");
	assert.deepEqual(made.payload.open_paths,
		["README.md", "LICENSE", "LICENSE.md", "LICENSE.txt"]);
	assert.equal((await here.gateway.cli(as("auditor"), "audit", "verify")).code, 0);
});
