// SPDX-License-Identifier: Apache-2.0
// @huggingface/hub, as it is: with hubUrl and a token set it lists, downloads and uploads, and who
// may not is told why.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test, { after } from "node:test";
import { ClientProcess } from "./clients/client.mjs";
import { demoModel, gatewayForThisFile } from "./gateway.mjs";
import { expect } from "./http.mjs";
import { readFolder, sha256 } from "./people.mjs";

let client;
const here = gatewayForThisFile(async (gateway) => {
	client = await ClientProcess.start(gateway, "@huggingface/hub");
});
after(() => client?.stop());

const files = readFolder(demoModel);
const weights = files["model.safetensors"];
const ours = "clients/odd-names"; // a model that this file uploads

/** Call one function as this person ("" is nobody). */
const as = (person) => (name, params, slices) =>
	client.call(
		name,
		{
			hubUrl: here.gateway.url,
			...(person && { accessToken: here.gateway.tokens[person] }),
			...params,
		},
		slices,
	);
const researcher = as("researcher");
const admin = as("admin");
const folderOf = (name) => path.join(here.gateway.folder, name);

const refused =
	(status, ...words) =>
	(error) => {
		assert.equal(error.statusCode, status, error.message);
		for (const word of words) assert.match(error.message, word);
		return true;
	};

test("it finds out who one is, and what models there are", async () => {
	const { model: name, revision } = here.gateway;
	const me = await researcher("whoAmI", {});
	const info = await researcher("modelInfo", { name, additionalFields: ["sha", "siblings"] });
	const models = await researcher("listModels", { limit: 10 });

	assert.equal(me.name, "researcher");
	assert.equal(me.type, "user");
	assert.equal(info.sha, revision);
	assert.equal(info.gated, "manual");
	assert.deepEqual(
		info.siblings.map((one) => one.rfilename).sort(),
		Object.keys(files).sort(),
	);
	assert.ok(models.some((one) => one.name === name));
	assert.equal(await researcher("repoExists", { repo: name }), true);
	assert.equal(await researcher("repoExists", { repo: "sallyport/none" }), false);
	await researcher("checkRepoAccess", { repo: name });
	await assert.rejects(
		researcher("checkRepoAccess", { repo: "sallyport/none" }),
		refused(404),
	);
});

test("it lists files, paths and commits", async () => {
	const { model: repo, revision } = here.gateway;
	const list = await researcher("listFiles", { repo, recursive: true, expand: true });
	const paths = ["config.json", "model.safetensors", "no-such-file"];
	const infos = await researcher("pathsInfo", { repo, paths, expand: true });
	const commits = await researcher("listCommits", { repo });

	assert.deepEqual(list.map((one) => one.path).sort(), Object.keys(files).sort());
	for (const one of list) assert.equal(one.size, files[one.path].length, one.path);
	assert.deepEqual(infos.map((one) => one.path).sort(), paths.slice(0, 2));
	assert.equal(infos.find((one) => one.lfs).lfs.oid, sha256(weights));
	assert.equal(commits[0].oid, revision);
	assert.equal(await researcher("countCommits", { repo }), commits.length);
});

test("it downloads a file whole, in slices and by parallel ranges", async () => {
	const { model: repo } = here.gateway;
	const file = { repo, path: "model.safetensors" };
	const info = await researcher("fileDownloadInfo", file);
	const whole = await researcher("downloadFile", file);
	const parallel = await researcher("downloadFile", { ...file, parallelDownloads: true });
	const at = [
		[0, 8],
		[65530, 65550],
		[weights.length - 1, weights.length],
	];
	const slices = await researcher("downloadFile", file, at);

	assert.equal(info.size, weights.length);
	assert.equal(info.etag, `"${sha256(weights)}"`);
	assert.equal(sha256(whole), sha256(weights));
	assert.equal(sha256(parallel), sha256(weights));
	at.forEach(([from, to], i) => assert.deepEqual(slices[i], weights.subarray(from, to)));
	assert.equal(await researcher("fileExists", file), true);
});

test("it keeps files and snapshots in the cache that other tools share", async () => {
	const { model: repo, revision } = here.gateway;
	const one = await researcher("downloadFileToCacheDir", {
		repo,
		path: "config.json",
		cacheDir: folderOf("cache-file"),
	});
	const snapshot = await researcher("snapshotDownload", {
		repo,
		cacheDir: folderOf("cache-snapshot"),
	});

	assert.deepEqual(fs.readFileSync(one), files["config.json"]);
	assert.equal(path.basename(snapshot), revision);
	for (const [name, bytes] of Object.entries(files))
		assert.equal(
			sha256(fs.readFileSync(path.join(snapshot, name))),
			sha256(bytes),
			name,
		);
});

test("it reads the header of a safetensors file by a range", async () => {
	const { header, sharded } = await researcher("parseSafetensorsMetadata", {
		repo: here.gateway.model,
	});

	assert.equal(sharded, false);
	assert.equal(header["model.embed_tokens.weight"].dtype, "F16");
});

test("what does not exist is told apart: file, revision, model", async () => {
	const { model: repo } = here.gateway;

	assert.equal(await researcher("fileExists", { repo, path: "none" }), false);
	assert.equal(await researcher("fileDownloadInfo", { repo, path: "none" }), null);
	assert.equal(await researcher("downloadFile", { repo, path: "none" }), null);
	await assert.rejects(
		researcher("downloadFile", { repo, path: "config.json", revision: "none" }),
		refused(404, /Revision none not found/),
	);
	await assert.rejects(
		researcher("listFiles", { repo, revision: "none" }),
		refused(404, /none/),
	);
	await assert.rejects(
		researcher("modelInfo", { name: "sallyport/none" }),
		refused(404, /sallyport\/none/),
	);
});

test("nobody and a stranger are told why they may not", async () => {
	const { model: repo } = here.gateway;
	const calls = [
		["fileDownloadInfo", { repo, path: "config.json" }],
		["downloadFile", { repo, path: "config.json" }],
		["snapshotDownload", { repo, cacheDir: folderOf("cache-none") }],
	];

	for (const [name, params] of calls) {
		await assert.rejects(as("")(name, params), refused(401, /NOT_AUTHENTICATED/));
		await assert.rejects(
			as("stranger")(name, params),
			refused(403, /no license for this model; request access/),
		);
	}
	// It asks by HEAD, whose answer has no body: at least the status gets through.
	const file = { repo, path: "config.json" };
	await assert.rejects(as("")("fileExists", file), refused(401, /status 401/));
	await assert.rejects(as("stranger")("fileExists", file), refused(403, /status 403/));
	await assert.rejects(
		as("")("whoAmI", { accessToken: "hf_" + "a".repeat(40) }),
		refused(401, /CREDENTIAL_MALFORMED/),
	);
});

const content = {
	"README.md": Buffer.from("# A model\n"),
	"a folder/größe ✓ 日本.txt": Buffer.from("names as they come"),
	"empty.txt": Buffer.alloc(0),
	"weights of 3 MiB.bin": Buffer.alloc(3 << 20, "sealed while it streams in "),
};
const asFiles = (names) => names.map((name) => ({ path: name, content: content[name] }));

test("it makes a model and uploads to it", async () => {
	const [first, ...rest] = Object.keys(content);

	assert.match((await admin("createRepo", { repo: ours })).repoUrl, /clients\/odd-names$/);
	await assert.rejects(admin("createRepo", { repo: ours }), refused(409, /already/));
	const one = await admin("uploadFile", { repo: ours, file: asFiles([first])[0] });
	const more = await admin("uploadFiles", {
		repo: ours,
		files: asFiles(rest),
		commitTitle: "the rest",
	});
	const steps = await admin("uploadFilesWithProgress", {
		repo: ours,
		files: [{ path: "extra.bin", content: Buffer.alloc(1 << 20, 1) }],
	});
	const commits = await admin("listCommits", { repo: ours });

	assert.ok(steps.some((step) => step.event === "fileProgress" && step.progress === 1));
	assert.deepEqual(
		commits.slice(1).map((c) => c.oid),
		[more.commit.oid, one.commit.oid],
	);
	assert.equal(commits[1].title, "the rest");
});

test("files come back as they were, empty and oddly named ones too", async () => {
	await expect(200, here.gateway, "PUT", `/api/models/${ours}/settings`, {
		token: here.gateway.tokens.admin,
		body: { gate: "no" }, // anyone who has signed in
	});
	for (const [name, bytes] of Object.entries(content)) {
		const file = { repo: ours, path: name };
		assert.equal(sha256(await researcher("downloadFile", file)), sha256(bytes), name);
		assert.equal((await researcher("fileDownloadInfo", file)).size, bytes.length, name);
		assert.equal(await researcher("fileExists", file), true, name);
		const [info] = await researcher("pathsInfo", { repo: ours, paths: [name] });
		assert.equal(info.size, bytes.length, name);
	}
});

test("it commits additions with deletions, and deletes", async () => {
	const before = (await admin("listCommits", { repo: ours }))[0].oid;

	await admin("commit", {
		repo: ours,
		title: "both at once",
		operations: [
			{ operation: "addOrUpdate", path: "new.txt", content: Buffer.from("new") },
			{ operation: "delete", path: "README.md" },
		],
	});
	await admin("deleteFile", { repo: ours, path: "extra.bin" });
	await admin("deleteFiles", { repo: ours, paths: ["new.txt", "empty.txt"] });
	await assert.rejects(
		admin("deleteFile", { repo: ours, path: "never-was" }),
		refused(400, /"never-was" is not there/),
	);
	const names = async (revision) =>
		(await researcher("listFiles", { repo: ours, recursive: true, revision }))
			.filter((one) => one.type === "file")
			.map((one) => one.path)
			.sort();
	assert.deepEqual(await names(), ["a folder/größe ✓ 日本.txt", "weights of 3 MiB.bin"]);
	assert.deepEqual(await names(before), [...Object.keys(content), "extra.bin"].sort());
});

test("uploads of people without the office are refused with the reason", async () => {
	const file = { path: "x", content: Buffer.from("x") };

	for (const [name, params] of [
		["createRepo", { repo: "clients/not-mine" }],
		["uploadFile", { repo: ours, file }],
		["deleteFile", { repo: ours, path: "README.md" }],
	])
		await assert.rejects(
			as("stranger")(name, params),
			refused(403, /models:manage.*RIGHT_NOT_GRANTED/),
		);
	await assert.rejects(
		as("")("uploadFile", { repo: ours, file }),
		refused(401, /NOT_AUTHENTICATED/),
	);
	await assert.rejects(
		admin("uploadFile", { repo: "clients/none", file }),
		refused(404, /clients\/none/),
	);
});
