// SPDX-License-Identifier: Apache-2.0
// huggingface_hub, RECORDED: Python's client is in no package that this project may depend on, so
// what it sends (1.29.0.dev0, written down by a proxy between it and the gateway: requests, their
// headers and order, bodies) is sent again, and what it reads of the answers is looked at. The
// client itself was run by hand; README.md says how.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import https from "node:https";
import test from "node:test";
import { demoModel, gatewayForThisFile } from "./gateway.mjs";
import { ask, expect } from "./http.mjs";
import { readFolder, sha256 } from "./people.mjs";

const here = gatewayForThisFile();
const files = readFolder(demoModel);
const uploaded = crypto.randomBytes(17 << 20);
const repo = "clients/recorded";
const CHUNK = 10 << 20; // what it reads at a time, and where it resumes

/** The headers of each of its requests. */
const always = (type) => ({
	Accept: "*/*",
	"Accept-Encoding": "gzip, deflate",
	"user-agent": "unknown/None; hf_hub/1.29.0.dev0; python/3.11.2",
	"X-Amzn-Trace-Id": crypto.randomUUID(),
	...(type && { "Content-Type": type }),
});

/** Send what it sends: JSON as Python spaces it. */
function send(person, method, target, { type, body, headers = {} } = {}) {
	return ask(here.gateway, method, target, {
		token: person && here.gateway.tokens[person],
		headers: { ...always(type), ...headers },
		body,
	});
}

const identity = { headers: { "Accept-Encoding": "identity" } };
const json = (body) => ({ type: "application/json", body });

/** What it takes from a HEAD of a file; without one of these it raises FileMetadataError. */
function metadataOf({ headers }) {
	const etag = headers["x-linked-etag"] ?? headers.etag;

	assert.match(headers["x-repo-commit"], /^[0-9a-f]{40}$/);
	assert.match(etag, /^"[0-9a-f]{40}([0-9a-f]{24})?"$/, "it becomes the name of a file");
	assert.equal(headers["x-xet-hash"], undefined, "or it would go another way");
	assert.equal(headers["content-encoding"], undefined);
	return {
		commit: headers["x-repo-commit"],
		etag: etag.slice(1, -1),
		size: Number(headers["x-linked-size"] ?? headers["content-length"]),
	};
}

test("whoami has what `hf auth login` reads", async () => {
	const { status, json: me } = await send("researcher", "GET", "/api/whoami-v2");

	assert.equal(status, 200);
	assert.equal(me.name, "researcher");
	assert.equal(typeof me.auth.accessToken.displayName, "string");
	assert.match(me.auth.accessToken.role, /^(read|write)$/);
});

test("snapshot_download: revision, tree, then HEAD and GET of each file", async () => {
	const { model } = here.gateway;
	const info = await send("researcher", "GET", `/api/models/${model}/revision/main`);
	const { sha } = info.json;
	const tree = await send(
		"researcher",
		"GET",
		`/api/models/${model}/tree/${sha}?recursive=true&expand=false`,
	);

	assert.deepEqual(tree.json.map((one) => one.path).sort(), Object.keys(files).sort());
	for (const entry of tree.json) {
		const target = `/${model}/resolve/${sha}/${entry.path}`;
		const head = await send("researcher", "HEAD", target, identity);
		const { commit, etag, size } = metadataOf(head);
		assert.equal(head.status, 200);
		assert.equal(commit, sha);
		assert.equal(etag, entry.lfs?.oid ?? entry.oid, "`hf cache verify` compares them");
		assert.equal(size, entry.size);
		const got = await send("researcher", "GET", target);
		assert.equal(got.status, 200);
		assert.equal(got.headers["content-length"], String(size));
		assert.equal(sha256(got.body), sha256(files[entry.path]));
	}
});

test("get_safetensors_metadata reads the head of the file by one range", async () => {
	const target = `/${here.gateway.model}/resolve/main/model.safetensors`;
	const head = await send("researcher", "HEAD", target, identity);
	const part = await send("researcher", "GET", target, {
		headers: { range: "bytes=0-100000" },
	});

	assert.equal(metadataOf(head).etag, sha256(files["model.safetensors"]));
	assert.equal(part.status, 206);
	const size = Number(part.body.readBigUInt64LE(0));
	assert.ok(JSON.parse(part.body.subarray(8, 8 + size))["model.embed_tokens.weight"]);
});

test("refs and commits are what list_repo_refs and list_repo_commits read", async () => {
	const { model, revision } = here.gateway;
	const refs = (await send("researcher", "GET", `/api/models/${model}/refs`)).json;
	const commits = (await send("researcher", "GET", `/api/models/${model}/commits/main`)).json;

	const main = refs.branches.find((one) => one.name === "main");
	assert.deepEqual(main, { name: "main", ref: "refs/heads/main", targetCommit: revision });
	assert.deepEqual([refs.converts, refs.tags], [[], []]);
	assert.equal(commits[0].id, revision);
	assert.match(commits[0].date, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

const refusals = [
	["a missing file", "researcher", "none.bin", 404, "EntryNotFound", true],
	["a missing revision", "researcher", "none", 404, "RevisionNotFound"],
	["a stranger", "stranger", "config.json", 403, "GatedRepo"],
	["nobody", "", "config.json", 401, "GatedRepo"],
];

for (const [who, person, name, status, code, hasCommit] of refusals)
	test(`hf_hub_download by HEAD: ${who} is refused as ${code}`, async () => {
		const [revision, file] = name === "none" ? ["none", "config.json"] : ["main", name];
		const target = `/${here.gateway.model}/resolve/${revision}/${file}`;
		const { headers, ...head } = await send(person, "HEAD", target, identity);

		assert.equal(head.status, status);
		assert.equal(headers["x-error-code"], code);
		assert.ok(headers["x-error-message"].length > 10, "HEAD has no body to say it in");
		assert.equal(Boolean(headers["x-repo-commit"]), Boolean(hasCommit));
		if (person === "stranger")
			assert.match(headers["x-hf-warning"], /^access; .*no license.*NO_LICENSE/);
	});

test("auth_check tells the licensed from the others", async () => {
	const target = `/api/models/${here.gateway.model}/auth-check`;

	assert.equal((await send("researcher", "GET", target)).status, 200);
	const { status, headers } = await send("stranger", "GET", target);
	assert.deepEqual([status, headers["x-error-code"]], [403, "GatedRepo"]);
});

test("upload_folder: create, card, preupload, LFS, PUT without a token, commit", async () => {
	const create = json('{"name": "recorded", "organization": "clients"}');
	const card = json('{"content": "# x\\n", "repoType": "model"}');
	const oid = sha256(uploaded);
	const size = uploaded.length;
	const sample = uploaded.subarray(0, 512).toString("base64");

	const made = await send("admin", "POST", "/api/repos/create", create);
	const again = await send("admin", "POST", "/api/repos/create", create);
	assert.equal(made.json.url, `${here.gateway.url}/${repo}`);
	assert.deepEqual([again.status, again.json.url], [409, made.json.url], "exist_ok reads it");
	assert.equal((await send("admin", "POST", "/api/validate-yaml", card)).status, 200);
	const modes = await send(
		"admin",
		"POST",
		`/api/models/${repo}/preupload/main`,
		json(
			'{"files": [{"path": "README.md", "sample": "IyB4Cg==", "size": 4}, ' +
				`{"path": "w.bin", "sample": "${sample}", "size": ${size}}]}`,
		),
	);
	const uploadModes = modes.json.files.map((one) => [one.path, one.uploadMode]);
	assert.deepEqual(uploadModes, [
		["README.md", "regular"],
		["w.bin", "lfs"],
	]);

	const batch = await send("admin", "POST", `/${repo}.git/info/lfs/objects/batch`, {
		type: "application/vnd.git-lfs+json",
		headers: { Accept: "application/vnd.git-lfs+json" },
		body:
			'{"operation": "upload", "transfers": ["basic", "multipart"], "objects": ' +
			`[{"oid": "${oid}", "size": ${size}}], ` +
			'"hash_algo": "sha256", "ref": {"name": "main"}}',
	});
	const { upload } = batch.json.objects[0].actions;
	// To this address it sends no token, and another User-Agent.
	const put = await ask(here.gateway, "PUT", upload.href, {
		headers: { Accept: "*/*", "User-Agent": "python-httpx/0.23.3", ...upload.header },
		body: uploaded,
	});
	assert.equal(put.status, 200, put.text);

	const commit = await send("admin", "POST", `/api/models/${repo}/commit/main`, {
		type: "application/x-ndjson",
		body:
			'{"key": "header", "value": {"summary": "folder", "description": ""}}\n' +
			'{"key": "file", "value": {"content": "IyB4Cg==", "path": "README.md", ' +
			'"encoding": "base64"}}\n' +
			'{"key": "lfsFile", "value": {"path": "w.bin", "algo": "sha256", ' +
			`"oid": "${oid}", "size": ${size}}}\n`,
	});
	assert.equal(commit.status, 200, commit.text);
	assert.match(commit.json.commitOid, /^[0-9a-f]{40}$/);
	assert.ok(commit.json.commitUrl.endsWith(commit.json.commitOid));
	await expect(200, here.gateway, "PUT", `/api/models/${repo}/settings`, {
		token: here.gateway.tokens.admin,
		body: { gate: "no" },
	});
});

/** GET, and hang up after so many bytes, as a line that breaks does. */
function getUntil(target, most) {
	return new Promise((resolve, reject) => {
		const parts = [];
		let size = 0;
		const request = https.request(here.gateway.url + target, {
			ca: here.gateway.ca,
			headers: {
				...always(),
				authorization: `Bearer ${here.gateway.tokens.researcher}`,
			},
		});
		request.on("error", reject);
		request.on("response", (response) => {
			response.on("error", () => {}); // that was us
			response.on("data", (part) => {
				parts.push(part);
				size += part.length;
				if (size < most) return;
				resolve(Buffer.concat(parts));
				request.destroy();
			});
		});
		request.end();
	});
}

test("a line that breaks at 15 MB is taken up at 10 MiB", async () => {
	const target = `/${repo}/resolve/main/w.bin`;
	const first = await getUntil(target, 15e6);
	const kept = first.subarray(0, Math.floor(first.length / CHUNK) * CHUNK);
	const rest = await send("researcher", "GET", target, {
		headers: { range: `bytes=${kept.length}-` },
	});

	assert.equal(kept.length, CHUNK);
	assert.equal(rest.status, 206);
	const range = `bytes ${CHUNK}-${uploaded.length - 1}/${uploaded.length}`;
	assert.equal(rest.headers["content-range"], range);
	assert.equal(sha256(Buffer.concat([kept, rest.body])), sha256(uploaded));
});

test("delete_file is a commit, and a stranger's upload is refused at its first step", async () => {
	const gone = await send("admin", "POST", `/api/models/${repo}/commit/main`, {
		type: "application/x-ndjson",
		body:
			'{"key": "header", "value": {"summary": ' +
			'"Delete README.md with huggingface_hub", "description": ""}}\n' +
			'{"key": "deletedFile", "value": {"path": "README.md"}}\n',
	});
	const target = `/api/models/${repo}/preupload/main`;
	const body = json('{"files": [{"path": "x", "sample": "eA==", "size": 1}]}');
	const { status, headers } = await send("stranger", "POST", target, body);

	assert.equal(gone.status, 200, gone.text);
	assert.equal(status, 403);
	assert.match(headers["x-error-message"], /models:manage/);
});
