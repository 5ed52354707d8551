// SPDX-License-Identifier: Apache-2.0
// Publishing with @huggingface/hub as it is, and what its calls cannot say: commits that are whole
// or not there, branches and tags, and the order of calls of Python's `hf upload`.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import { execFile } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { demoModel, gatewayForThisFile } from "./gateway.mjs";
import { ask, expect } from "./http.mjs";
import { createModel, freshName, importFiles, readFolder, sha256 } from "./people.mjs";

const here = gatewayForThisFile();
const script = fileURLToPath(new URL("hub_call.mjs", import.meta.url));
const demoFiles = readFolder(demoModel);
const admin = () => here.gateway.tokens.admin;

/** One call of the client; rejects with {status, message} of what it threw. */
function hub(name, parameters, token = admin()) {
	return new Promise((resolve, reject) => {
		const child = execFile(
			process.execPath,
			[script, name],
			{
				env: { ...process.env, NODE_EXTRA_CA_CERTS: here.gateway.caFile },
				maxBuffer: 64 << 20,
				timeout: 120000,
			},
			(failure, stdout, stderr) => {
				if (failure) return reject(new Error(stderr || failure.message));
				const { result, error } = JSON.parse(stdout);
				if (error) reject(Object.assign(new Error(error.message), error));
				else resolve(result);
			},
		);
		child.stdin.end(
			JSON.stringify({
				hubUrl: here.gateway.url,
				accessToken: token,
				...parameters,
			}),
		);
	});
}

function fileOf(bytes) {
	const name = path.join(here.gateway.folder, freshName("file"));
	fs.writeFileSync(name, bytes);
	return { file: name };
}

async function freshModel(files) {
	const model = `tests/${freshName("pub")}`;
	if (files) await importFiles(here.gateway, model, files, { gate: "no" });
	else await createModel(here.gateway, model, { gate: "no" });
	return model;
}

const call = (method, where, body, token = admin()) =>
	ask(here.gateway, method, where, { token, body });
const filesOf = async (model, revision) =>
	(await expect(200, here.gateway, "GET", `/api/models/${model}/tree/${revision}`)).json
		.map((one) => one.path)
		.sort();
const headOf = async (model, revision = "main") =>
	(
		await expect(
			200,
			here.gateway,
			"GET",
			`/api/models/${model}/revision/${encodeURIComponent(revision)}`,
		)
	).json.sha;

/** Commit lines as they are; `where` is the branch, with a query perhaps. */
const commitLines = (model, where, lines) =>
	ask(here.gateway, "POST", `/api/models/${model}/commit/${where}`, {
		token: admin(),
		headers: { "content-type": "application/x-ndjson" },
		body: lines
			.map((one) => (typeof one === "string" ? one : JSON.stringify(one)))
			.join("\n"),
	});
const header = (more = {}) => ({ key: "header", value: { summary: "s", ...more } });
const small = (name, text) => ({
	key: "file",
	value: { path: name, encoding: "base64", content: Buffer.from(text).toString("base64") },
});

test("@huggingface/hub makes a repository and uploads a model into it", async () => {
	const name = `tests/${freshName("client")}`;
	await hub("createRepo", { repo: { type: "model", name } });
	const files = Object.entries(demoFiles).map(([file, bytes]) => ({
		path: file,
		content: fileOf(bytes),
	}));
	const made = await hub("uploadFiles", { repo: name, files, title: "the demo model" });

	assert.match(made.commit.oid, /^[0-9a-f]{40}$/);
	assert.equal(await headOf(name), made.commit.oid);
	assert.deepEqual(await filesOf(name, "main"), Object.keys(demoFiles).sort());
	await assert.rejects(hub("createRepo", { repo: { type: "model", name } }), {
		status: 409,
	});
});

test("@huggingface/hub sends a large file in parts, and it comes out the same", async () => {
	const bytes = crypto.randomBytes((64 << 20) + 4321);
	const model = await freshModel();
	await hub("uploadFile", {
		repo: model,
		file: { path: "deep/model.safetensors", content: fileOf(bytes) },
	});
	const file = await expect(
		200,
		here.gateway,
		"GET",
		`/${model}/resolve/main/deep/model.safetensors`,
		{ token: admin() },
	);
	assert.equal(sha256(file.body), sha256(bytes));
	const [entry] = (
		await expect(200, here.gateway, "GET", `/api/models/${model}/tree/main/deep`, {
			token: admin(),
		})
	).json;
	const pointer =
		"version https://git-lfs.github.com/spec/v1\n" +
		`oid sha256:${sha256(bytes)}\nsize ${bytes.length}\n`;
	assert.equal(entry.lfs.oid, sha256(bytes));
	assert.equal(
		entry.oid,
		crypto
			.createHash("sha1")
			.update(`blob ${pointer.length}\0${pointer}`)
			.digest("hex"),
		"git knows a large file by its pointer",
	);
});

test("@huggingface/hub commits, deletes and works on branches", async () => {
	const model = await freshModel({
		"a.txt": Buffer.from("a"),
		"b/c.txt": Buffer.from("c"),
	});
	const before = await headOf(model);
	await hub("createBranch", { repo: model, branch: "work/one" });
	await assert.rejects(hub("createBranch", { repo: model, branch: "work/one" }), {
		status: 409,
	});
	await hub("commit", {
		repo: model,
		branch: "work/one",
		title: "on a branch",
		operations: [
			{ operation: "addOrUpdate", path: "d.txt", content: fileOf("d") },
			{ operation: "delete", path: "a.txt" },
		],
	});
	assert.equal(await headOf(model), before, "main stays where it is");
	assert.deepEqual(await filesOf(model, "work%2Fone"), ["b", "d.txt"]);
	await hub("deleteFiles", { repo: model, branch: "work/one", paths: ["d.txt"] });
	assert.deepEqual(await filesOf(model, "work%2Fone"), ["b"]);
	await hub("createBranch", {
		repo: model,
		branch: "work/one",
		revision: before,
		overwrite: true,
	});
	assert.equal(await headOf(model, "work/one"), before);
	await hub("deleteBranch", { repo: model, branch: "work/one" });
	await assert.rejects(hub("deleteBranch", { repo: model, branch: "work/one" }), {
		status: 404,
	});
	await assert.rejects(hub("deleteBranch", { repo: model, branch: "main" }), {
		status: 409,
	});
	await assert.rejects(
		hub("uploadFile", {
			repo: model,
			branch: "none",
			file: { path: "x", content: fileOf("x") },
		}),
		{ status: 404 },
	);
	await assert.rejects(
		hub("commit", {
			repo: model,
			title: "a request",
			isPullRequest: true,
			operations: [{ operation: "delete", path: "a.txt" }],
		}),
		{ status: 400 },
	);
});

test("a revision is found by branch, tag and id, and each change of a name is logged", async () => {
	const { gateway } = here;
	const model = await freshModel({ "a.txt": Buffer.from("one") });
	const first = await headOf(model);
	const base = `/api/models/${model}`;

	assert.equal(
		(await call("POST", `${base}/tag/main`, { tag: "v1", message: "m" })).status,
		200,
	);
	const made = await commitLines(model, "main", [header(), small("a.txt", "two")]);
	assert.equal(made.status, 200, made.text);
	assert.equal(
		(await call("POST", `${base}/branch/old`, { startingPoint: "v1" })).status,
		200,
	);
	for (const name of ["v1", "old", first]) {
		assert.equal(await headOf(model, name), first);
		const file = await expect(
			200,
			gateway,
			"GET",
			`/${model}/resolve/${name}/a.txt`,
			{
				token: gateway.tokens.stranger,
			},
		);
		assert.equal(file.text, "one");
		const commits = await expect(200, gateway, "GET", `${base}/commits/${name}`);
		assert.deepEqual(
			commits.json.map((one) => one.id),
			[first],
		);
	}
	const refs = (await expect(200, gateway, "GET", `${base}/refs`)).json;
	assert.deepEqual(
		refs.branches.map((one) => [one.name, one.ref, one.targetCommit]),
		[
			["main", "refs/heads/main", made.json.commitOid],
			["old", "refs/heads/old", first],
		],
	);
	assert.deepEqual(refs.tags, [{ name: "v1", ref: "refs/tags/v1", targetCommit: first }]);

	assert.equal((await commitLines(model, "v1", [header(), small("x", "x")])).status, 404);
	assert.equal((await commitLines(model, first, [header(), small("x", "x")])).status, 404);
	assert.equal((await call("POST", `${base}/tag/main`, { tag: "v1" })).status, 409);
	assert.equal((await call("POST", `${base}/tag/main`, { tag: "old" })).status, 409);
	assert.equal((await call("POST", `${base}/branch/v1`, {})).status, 409);
	assert.equal((await call("POST", `${base}/tag/none`, { tag: "v2" })).status, 404);
	assert.equal((await call("DELETE", `${base}/tag/v1`)).status, 200);
	assert.equal((await call("DELETE", `${base}/tag/v1`)).status, 404);
	assert.equal((await call("DELETE", `${base}/branch/old`)).status, 200);
	for (const kind of ["tag.create", "tag.delete", "branch.create", "branch.delete"]) {
		const { events } = (
			await expect(
				200,
				gateway,
				"GET",
				`/api/v1/audit/events?kind=${kind}&model=${model}`,
				{
					token: gateway.tokens.auditor,
				},
			)
		).json;
		assert.equal(events.length, 1, kind);
		assert.equal(events[0].payload.revision, first, kind);
	}
});

test("a name reaches no other model's revision, and names are checked", async () => {
	const one = await freshModel({ "a.txt": Buffer.from("1") });
	const two = await freshModel({ "a.txt": Buffer.from("2") });
	const foreign = await headOf(one);
	const base = `/api/models/${two}`;

	assert.equal((await call("POST", `${base}/tag/${foreign}`, { tag: "mine" })).status, 404);
	assert.equal(
		(await call("POST", `${base}/branch/mine`, { startingPoint: foreign })).status,
		404,
	);
	for (const name of [
		"a..b",
		".a",
		"a b",
		"x.lock",
		"HEAD",
		"f".repeat(101),
		"a".repeat(40),
	])
		for (const answer of [
			await call("POST", `${base}/tag/main`, { tag: name }),
			await call("POST", `${base}/branch/${encodeURIComponent(name)}`, {}),
		])
			assert.equal(answer.status, 400, `${name}: ${answer.text}`);
	const researcher = here.gateway.tokens.researcher;
	assert.equal(
		(await call("POST", `${base}/tag/main`, { tag: "v" }, researcher)).status,
		403,
	);
	assert.equal((await call("POST", `${base}/branch/b`, {}, researcher)).status, 403);
	assert.equal(
		(await call("DELETE", `${base}/branch/b`, undefined, researcher)).status,
		403,
	);
});

test("of two commits on one parent one wins, and the other is told as the Hub does", async () => {
	const model = await freshModel({ "a.txt": Buffer.from("0") });
	const parentCommit = await headOf(model);
	const answers = await Promise.all(
		[1, 2, 3, 4].map((n) =>
			commitLines(model, "main", [
				header({ parentCommit }),
				small(`${n}.txt`, `${n}`),
			]),
		),
	);

	assert.deepEqual(answers.map((one) => one.status).sort(), [200, 412, 412, 412]);
	for (const answer of answers.filter((one) => one.status === 412))
		assert.match(answer.json.error, /A commit has happened since/);
	assert.equal((await filesOf(model, "main")).length, 2);
});

test("a commit that changes nothing is the revision that is there", async () => {
	const model = await freshModel({ "a.txt": Buffer.from("same") });
	const before = await headOf(model);
	const again = await commitLines(model, "main", [header(), small("a.txt", "same")]);

	assert.equal(again.status, 200, again.text);
	assert.equal(again.json.commitOid, before);
	assert.equal(await headOf(model), before);
	assert.equal((await commitLines(model, "main", [header()])).status, 400);
});

test("a commit is whole or not there, and says which line is wrong", async () => {
	const model = await freshModel({
		"a.txt": Buffer.from("a"),
		"f/b.txt": Buffer.from("b"),
	});
	const before = await headOf(model);
	const good = small("new.txt", "new");
	const rows = [
		[[header(), good, '{"key":"file"'], /line 3/],
		[[header(), good, { key: "file", value: { path: "x" } }], /line 3.*content/],
		[[header(), good, small("../x", "x")], /line 3/],
		[[header(), good, small("a//x", "x")], /line 3/],
		[
			[header(), good, { key: "file", value: { path: "x", content: "%%%" } }],
			/line 3/,
		],
		[[header(), good, { key: "lfsFile", value: { path: "x", oid: "zz" } }], /line 3/],
		[
			[
				header(),
				good,
				{ key: "lfsFile", value: { path: "x", oid: sha256("no") } },
			],
			/not uploaded/,
		],
		[[header(), good, { key: "deletedFile", value: { path: "none" } }], /not there/],
		[[header(), good, { key: "copyFile", value: { path: "x" } }], /line 3.*copyFile/],
		[[header(), good, { key: "surprise", value: {} }], /line 3.*surprise/],
		[
			[
				header(),
				{ key: "deletedFolder", value: { path: "f/" } },
				small("b", "x".repeat(1 << 21)),
			],
			/line 3/,
		],
	];

	for (const [lines, reason] of rows) {
		const answer = await commitLines(model, "main", lines);
		assert.ok([400, 413].includes(answer.status), answer.text);
		assert.match(answer.json.error, reason);
	}
	assert.equal(await headOf(model), before);
	const refused = await commitLines(model, "main?create_pr=1", [header(), good]);
	assert.equal(refused.status, 400);
	assert.match(refused.json.error, /pull requests/);
	const done = await commitLines(model, "main", [
		header(),
		good,
		{ key: "deletedFolder", value: { path: "f/" } },
		{ key: "deletedFile", value: { path: "a.txt" } },
	]);
	assert.equal(done.status, 200, done.text);
	assert.deepEqual(await filesOf(model, "main"), ["new.txt"]);
});

test("the CLI imports into a branch, and main stays as it is", async () => {
	const model = await freshModel({ "a.txt": Buffer.from("a") });
	const before = await headOf(model);
	const folder = path.join(here.gateway.folder, freshName("folder"));
	fs.mkdirSync(folder);
	fs.writeFileSync(path.join(folder, "b.txt"), "b");
	const done = await here.gateway.cli(
		admin(),
		"model",
		"import",
		model,
		folder,
		"--revision",
		"next",
		"--gated",
		"no",
	);

	assert.equal(done.code, 0, done.stderr);
	assert.deepEqual(await filesOf(model, "next"), ["b.txt"]);
	assert.equal(await headOf(model), before);
	const again = await here.gateway.cli(
		admin(),
		"model",
		"import",
		model,
		folder,
		"--revision",
		"next",
	);
	assert.equal(again.code, 0, again.stderr);
});

test("the order of calls of `hf upload`: create, preupload, batch, verify, commit", async () => {
	const name = freshName("py");
	const model = `tests/${name}`;
	const weights = crypto.randomBytes(200000);
	const created = await call("POST", "/api/repos/create", {
		name,
		organization: "tests",
		type: "model",
		private: false,
	});
	assert.equal(created.status, 200);
	const exists = await call("POST", "/api/repos/create", { name, organization: "tests" });
	assert.equal(exists.status, 409); // and the client goes on, exist_ok
	const files = [
		{ path: "w.safetensors", size: weights.length, sample: "" },
		{ path: "README.md", size: 2, sample: "aGk=" },
	];
	const preupload = () =>
		expect(200, here.gateway, "POST", `/api/models/${model}/preupload/main`, {
			token: admin(),
			body: { files, gitIgnore: "" },
		});
	assert.deepEqual(
		(await preupload()).json.files.map((one) => [
			one.uploadMode,
			one.shouldIgnore,
			one.oid,
		]),
		[
			["lfs", false, undefined],
			["regular", false, undefined],
		],
	);
	const batch = await expect(
		200,
		here.gateway,
		"POST",
		`/${model}.git/info/lfs/objects/batch`,
		{
			token: admin(),
			headers: {
				accept: "application/vnd.git-lfs+json",
				"content-type": "application/vnd.git-lfs+json",
			},
			body: {
				operation: "upload",
				transfers: ["basic", "multipart"],
				objects: [{ oid: sha256(weights), size: weights.length }],
				hash_algo: "sha256",
				ref: { name: "main" },
			},
		},
	);
	const { upload } = batch.json.objects[0].actions;
	await expect(200, here.gateway, "PUT", upload.href, { body: weights });
	const verify = { oid: sha256(weights), size: weights.length };
	const where = `/${model}.git/info/lfs/objects/verify`;
	assert.equal((await call("POST", where, verify)).status, 200);
	assert.equal((await call("POST", where, { ...verify, size: 1 })).status, 400);
	const made = await commitLines(model, "main", [
		header({ description: "" }),
		small("README.md", "hi"),
		{ key: "lfsFile", value: { path: "w.safetensors", algo: "sha256", ...verify } },
	]);
	assert.equal(made.status, 200, made.text);
	// The next run learns what is there, and sends nothing.
	const oids = (await preupload()).json.files.map((one) => one.oid);
	assert.equal(oids[0], sha256(weights));
	assert.equal(oids[1], crypto.createHash("sha1").update("blob 2\0hi").digest("hex"));
});
