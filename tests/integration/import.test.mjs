// SPDX-License-Identifier: Apache-2.0
// The way in: whole or not at all, sealed from the first byte, and out again by the stock age tool.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import https from "node:https";
import path from "node:path";
import test from "node:test";
import { demoModel, gatewayForThisFile, shared } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { commit, createModel, importFiles, readFolder, sha256, uploadAddress } from "./people.mjs";
import { readTensors, shard, writeTensors } from "./safetensors.mjs";

const here = gatewayForThisFile();
const demoFiles = readFolder(demoModel);
const stories = path.join(shared, "data/models/stories260K");

/** Write {name: bytes} into a fresh folder below the gateway's; "a/b" makes a subfolder. */
function folderOf(name, files) {
	const folder = path.join(here.gateway.folder, name);

	for (const [file, bytes] of Object.entries(files)) {
		fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
		fs.writeFileSync(path.join(folder, file), bytes);
	}
	return folder;
}

const infoOf = (model) =>
	ask(here.gateway, "GET", `/api/models/${model}`, { token: here.gateway.tokens.stranger });

async function write(model, prompt, more = {}) {
	return ask(here.gateway, "POST", "/v1/completions", {
		token: here.gateway.tokens.stranger,
		body: { model, prompt, temperature: 0, max_tokens: 20, ...more },
	});
}

const cli = (...words) => here.gateway.cli(here.gateway.tokens.admin, ...words);

function temporaryBlobs() {
	const folder = path.join(here.gateway.dir, "store/tmp");
	return fs.existsSync(folder) ? fs.readdirSync(folder) : [];
}

test("a sharded model is imported by the CLI and writes what the whole one writes", async () => {
	const { "model.safetensors": weights, ...rest } = demoFiles;
	const folder = folderOf("sharded", { ...rest, ...shard(weights, 3) });
	const whole = folderOf("whole", demoFiles);

	const done = await cli("model", "import", "tests/sharded", folder, "--gated", "no");
	assert.equal(done.code, 0, done.stderr);
	const again = await cli("model", "import", "tests/whole", whole, "--gated", "no");
	assert.equal(again.code, 0, again.stderr);
	const info = (await infoOf("tests/sharded")).json;
	assert.match(info.sha, /^[0-9a-f]{40}$/);
	assert.equal(info.sallyport.inference, true, info.sallyport.inference_reason);
	const [one, other] = await Promise.all(
		["tests/sharded", "tests/whole"].map((model) =>
			write(model, "The fox and the crow"),
		),
	);
	assert.equal(one.status, 200, one.text);
	assert.equal(one.json.choices[0].text, other.json.choices[0].text);
	assert.ok(one.json.choices[0].text.length > 20);
});

test("files in subfolders, empty and strange ones come out as they went in", async () => {
	const files = {
		"README.md": Buffer.from("# Notes\n"),
		"empty.txt": Buffer.alloc(0),
		"deep/er/data.bin": Buffer.from([0, 255, 1, 254]),
		"with space.txt": Buffer.from("a b\n"),
	};
	const done = await cli(
		"model",
		"import",
		"tests/odd",
		folderOf("odd", files),
		"--gated",
		"no",
	);

	assert.equal(done.code, 0, done.stderr);
	for (const [name, bytes] of Object.entries(files)) {
		const answer = await expect(
			200,
			here.gateway,
			"GET",
			"/tests/odd/resolve/main/" +
				name.split("/").map(encodeURIComponent).join("/"),
			{ token: here.gateway.tokens.stranger },
		);
		assert.deepEqual(answer.body, bytes, name);
	}
});

test("the manifest of a revision stands in the log, with each file's SHA-256", async () => {
	const { gateway } = here;
	const { events } = (
		await expect(
			200,
			gateway,
			"GET",
			`/api/v1/audit/events?kind=model.commit&model=${gateway.model}`,
			{ token: gateway.tokens.auditor },
		)
	).json;
	const [{ payload }] = events;

	assert.equal(payload.revision, gateway.revision);
	const listed = Object.fromEntries(payload.files.map((file) => [file.path, file.sha256]));
	for (const [name, digest] of Object.entries(listed))
		assert.equal(digest, sha256(demoFiles[name]), name);
	assert.ok(listed["model.safetensors"]);
});

test("an import that is killed leaves nothing to see, and can be done again", async () => {
	const big = Buffer.alloc(192 << 20, "not all of it gets through ");
	const folder = folderOf("killed", {
		"config.json": Buffer.from("{}"),
		"model.safetensors": big,
	});
	const started = here.gateway.cliStarted(
		here.gateway.tokens.admin,
		"model",
		"import",
		"tests/killed",
		folder,
		"--gated",
		"no",
	);

	await until("the upload to begin", 60, () => temporaryBlobs().length > 0);
	started.process.kill("SIGKILL");
	assert.notEqual((await started.done).code, 0);
	const info = await infoOf("tests/killed");
	if (info.status === 200) {
		assert.deepEqual(info.json.siblings, []);
		assert.equal(info.json.sha, undefined);
	}
	for (const file of ["config.json", "model.safetensors"])
		assert.equal(
			(
				await ask(
					here.gateway,
					"GET",
					`/tests/killed/resolve/main/${file}`,
					{ token: here.gateway.tokens.stranger },
				)
			).status,
			404,
		);
	await until("the half upload to be gone", 20, () => temporaryBlobs().length === 0);

	fs.writeFileSync(path.join(folder, "model.safetensors"), big.subarray(0, 3 << 20));
	const again = await cli("model", "import", "tests/killed", folder, "--gated", "no");
	assert.equal(again.code, 0, again.stderr);
	assert.equal((await infoOf("tests/killed")).json.siblings.length, 2);
	fs.rmSync(folder, { recursive: true });
});

test("an upload that breaks off is no upload: its commit is refused", async () => {
	const { gateway } = here;
	const bytes = Buffer.alloc(3 << 20, 7);
	const href = await createModel(gateway, "tests/broken").then(() =>
		uploadAddress(gateway, "tests/broken", sha256(bytes), bytes.length),
	);

	await new Promise((resolve) => {
		const request = https.request(href, {
			method: "PUT",
			ca: gateway.ca,
			headers: { "content-length": bytes.length },
		});
		request.on("error", resolve);
		request.write(bytes.subarray(0, 2 << 20), () => request.destroy());
		request.on("close", resolve);
	});
	const answer = await commit(gateway, "tests/broken", { "model.safetensors": bytes }, [
		"model.safetensors",
	]);
	assert.equal(answer.status, 400, answer.text);
	assert.match(answer.json.error, /not uploaded/);
	await until("the half upload to be gone", 20, () => temporaryBlobs().length === 0);
});

test("bytes other than those announced are refused", async () => {
	const { gateway } = here;
	const bytes = Buffer.alloc(100000, 1);
	const others = Buffer.alloc(100000, 2);

	await createModel(gateway, "tests/other-bytes");
	const href = await uploadAddress(gateway, "tests/other-bytes", sha256(bytes), bytes.length);
	const put = (body, address = href) => ask(gateway, "PUT", address, { body });
	const answer = await put(others);
	assert.equal(answer.status, 400, answer.text);
	assert.match(answer.text, /SHA-256|sha256|digest/i);
	assert.equal((await put(bytes.subarray(1))).status, 400);
	const at = href.length - 20;
	const forged = href.slice(0, at) + (href[at] === "A" ? "B" : "A") + href.slice(at + 1);
	assert.equal((await put(bytes, forged)).status, 401);
	assert.equal(
		(await commit(gateway, "tests/other-bytes", { "a.bin": bytes }, ["a.bin"])).status,
		400,
	);
	assert.equal((await put(bytes)).status, 200);
	assert.equal(
		(await commit(gateway, "tests/other-bytes", { "a.bin": bytes }, ["a.bin"])).status,
		200,
	);
});

test("only whoever manages models imports", async () => {
	const { gateway } = here;
	const body = { name: "mine", organization: "tests", type: "model" };

	for (const [token, status] of [
		[gateway.tokens.researcher, 403],
		[undefined, 401],
	])
		assert.equal(
			(await ask(gateway, "POST", "/api/repos/create", { token, body })).status,
			status,
		);
	const done = await gateway.cli(
		gateway.tokens.researcher,
		"model",
		"import",
		"tests/mine",
		demoModel,
	);
	assert.equal(done.code, 1);
	assert.match(done.stderr, /models:manage/);
	assert.equal((await infoOf("tests/mine")).status, 404);
});

const badPaths = ["../up.txt", "/etc/passwd", "a//b", "a/./b", "a\\b", "a\u0000b", ""];

for (const name of badPaths)
	test(`a commit with the path ${JSON.stringify(name)} is refused`, async () => {
		const model = `tests/path-${badPaths.indexOf(name)}`;
		await createModel(here.gateway, model);
		const answer = await commit(here.gateway, model, { [name]: Buffer.from("x") });
		assert.ok([400, 413].includes(answer.status), answer.text);
		assert.deepEqual((await infoOf(model)).json.siblings, []);
	});

const config = JSON.parse(demoFiles["config.json"]);
const unusual = [
	["another family", { model_type: "mamba" }, /mamba|model_type/],
	["another activation", { hidden_act: "relu2" }, /hidden_act|relu2/],
	[
		"scaled positions of an unknown kind",
		{ rope_scaling: { type: "surprise", factor: 2 } },
		/rope_scaling|surprise/,
	],
	[
		"quantized weights",
		{ quantization_config: { quant_method: "awq", bits: 4 } },
		/quantization_config/,
	],
	["heads that do not divide", { num_attention_heads: 3 }, /heads/],
];

for (const [what, change, reason] of unusual)
	test(`a model with ${what} is download only, and says by which key`, async () => {
		const { gateway } = here;
		const model = `tests/unusual-${unusual.findIndex((row) => row[0] === what)}`;
		const files = {
			...demoFiles,
			"config.json": Buffer.from(JSON.stringify({ ...config, ...change })),
		};
		const made = await importFiles(gateway, model, files, { gate: "no" });

		assert.match(made.hookOutput, /^download only: /);
		assert.match(made.hookOutput, reason);
		const { sallyport } = (await infoOf(model)).json;
		assert.equal(sallyport.inference, false);
		assert.match(sallyport.inference_reason, reason);
		const answer = await write(model, "The fox");
		assert.equal(answer.status, 400);
		assert.match(answer.json.error.message, reason);
		const file = await expect(
			200,
			gateway,
			"GET",
			`/${model}/resolve/main/model.safetensors`,
			{ token: gateway.tokens.stranger },
		);
		assert.equal(sha256(file.body), sha256(demoFiles["model.safetensors"]));
	});

const whole = readTensors(demoFiles["model.safetensors"]);
const flawed = [
	[
		"overlapping tensors",
		writeTensors(whole, (header) => {
			const [a, b] = whole.tensors.map((one) => header[one.name]);
			const size = b.data_offsets[1] - b.data_offsets[0];
			b.data_offsets = [a.data_offsets[0], a.data_offsets[0] + size];
		}),
	],
	[
		"a tensor past the end",
		writeTensors(whole, (header) => {
			const last = header[whole.tensors.at(-1).name];
			last.data_offsets = last.data_offsets.map((at) => at + (1 << 20));
		}),
	],
	[
		"a header larger than the file",
		Buffer.concat([
			Buffer.from("ffffffffffffff7f", "hex"),
			demoFiles["model.safetensors"].subarray(8),
		]),
	],
	["a missing tensor", writeTensors({ ...whole, tensors: whole.tensors.slice(1) })],
	["nothing in it", Buffer.from("none")],
];

for (const [what, bytes] of flawed)
	test(`weights with ${what} are kept, but not run; the engine goes on`, async () => {
		const model = `tests/flawed-${flawed.findIndex((row) => row[0] === what)}`;
		await importFiles(
			here.gateway,
			model,
			{ ...demoFiles, "model.safetensors": bytes },
			{ gate: "no" },
		);
		const answer = await write(model, "The fox");
		assert.ok(answer.status >= 400 && answer.status < 500, answer.text);
		assert.ok(answer.json.error.message.length > 20, answer.text);
		const good = await ask(here.gateway, "POST", "/v1/completions", {
			token: here.gateway.tokens.researcher,
			body: { model: here.gateway.model, prompt: "The fox", max_tokens: 4 },
		});
		assert.equal(good.status, 200, good.text);
	});

test("stock age opens a sealed file with the escrow identity, byte for byte", async (t) => {
	if (spawnSync("age", ["--version"]).error) return t.skip("age is not installed");
	const { gateway } = here;
	const sealed = path.join(gateway.folder, "sealed.age");
	const done = await cli("model", "sealed", gateway.model, "model.safetensors", sealed);

	assert.equal(done.code, 0, done.stderr);
	const bytes = fs.readFileSync(sealed);
	assert.ok(bytes.subarray(0, 21).equals(Buffer.from("age-encryption.org/v1")));
	const opened = execFileSync("age", ["--decrypt", "--identity", gateway.escrow, sealed], {
		maxBuffer: 64 << 20,
		stdio: ["ignore", "pipe", "pipe"],
	});
	assert.equal(sha256(opened), sha256(demoFiles["model.safetensors"]));

	bytes[bytes.length - 1000] ^= 1;
	fs.writeFileSync(sealed, bytes);
	assert.notEqual(
		spawnSync("age", ["--decrypt", "--identity", gateway.escrow, sealed]).status,
		0,
	);
	fs.rmSync(sealed);
});

test("a sealed file is given to whoever manages models, and to nobody else", async () => {
	const { gateway } = here;
	const sealed = path.join(gateway.folder, "not-mine.age");
	const done = await gateway.cli(
		gateway.tokens.researcher,
		"model",
		"sealed",
		gateway.model,
		"model.safetensors",
		sealed,
	);

	assert.equal(done.code, 1);
	assert.match(done.stderr, /models:manage/);
	assert.ok(!fs.existsSync(sealed));
});

test("a real trained model writes its published greedy text, all 198 tokens", async (t) => {
	if (!fs.existsSync(stories)) return t.skip(`${stories} is not there (SALLYPORT_SHARED)`);
	const wanted = ["config.json", "model.safetensors", "tokenizer.json"];
	const files = Object.fromEntries(
		wanted.map((name) => [name, fs.readFileSync(path.join(stories, name))]),
	);
	const done = await cli(
		"model",
		"import",
		"tests/stories260K",
		folderOf("stories", files),
		"--gated",
		"no",
	);
	assert.equal(done.code, 0, done.stderr);
	// Published from the beginning-of-sequence token alone: an empty prompt.
	const { greedy_ids: ids } = JSON.parse(
		fs.readFileSync(path.join(stories, "greedy_ids_llamacpp.json"), "utf8"),
	);
	const {
		model: { vocab },
	} = JSON.parse(files["tokenizer.json"]);
	const pieces = new Map(Object.entries(vocab).map(([piece, id]) => [id, piece]));
	const expected = ids
		.map((id) => pieces.get(id))
		.join("")
		.replaceAll("\u2581", " ")
		.replaceAll("<0x0A>", "\n");
	const answer = await write("tests/stories260K", "", { max_tokens: ids.length });

	assert.equal(answer.status, 200, answer.text);
	assert.equal(answer.json.usage.completion_tokens, ids.length);
	assert.equal(answer.json.choices[0].text.trim(), expected.trim());
	const published = fs.readFileSync(path.join(stories, "expected_greedy.txt"), "utf8").trim();
	const longer = await write("tests/stories260K", "", { max_tokens: ids.length + 12 });
	assert.ok(longer.json.choices[0].text.trim().startsWith(published));
	fs.rmSync(path.join(here.gateway.folder, "stories"), { recursive: true });
});
