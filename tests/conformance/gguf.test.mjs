// SPDX-License-Identifier: Apache-2.0
// GGUF files beside llama.cpp: its prebuilt library and our engine in one program (llama_cpp/),
// of trained models, of made ones with what those lack, and of every type that they quantize to.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { build, makeFolder, root, shared } from "../integration/gateway.mjs";

const library = path.join(root,
	"tests/integration/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64");
const program = path.join(build, "tests/llama_cpp");
const trained = path.join(shared, "data/models");
const types = ["F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "IQ4_NL", "Q2_K", "Q3_K",
	"Q4_K", "Q5_K", "Q6_K"];
const skip = fs.existsSync(library)
	? false : "npm @node-llama-cpp/linux-x64 is not installed (it is made for Linux on x86-64)";
const wikitext = path.join(shared, "data/eval/wikitext-2/test.txt");
const skipTrained = skip || (fs.existsSync(trained) ? false : `no ${trained}`);
const scratch = makeFolder();

function run(...words) {
	const { status, stdout, stderr } = spawnSync(program, [library, ...words], {
		encoding: "utf8" });
	return { status, stderr, lines: stdout.trim().split("\n") };
}

// Its logits and ours: within 1e-3 of the largest (its GELU is a table of F16).
function compare(file, type) {
	const { status, stderr, lines } = run("model", file, type, scratch);

	assert.equal(status, 0, `${path.basename(file)} as ${type}: ${stderr} ${lines[0]}`);
	return JSON.parse(lines[0]);
}

function made(name) {
	const file = path.join(scratch, `${name}.gguf`);

	if (!fs.existsSync(file)) assert.equal(run("made", name, file).status, 0);
	return file;
}

test("random blocks of every type become the very same bits", { skip }, () => {
	const { status, stderr, lines } = run("blocks");
	const done = lines.map((line) => JSON.parse(line));

	assert.equal(status, 0, stderr);
	assert.equal(done.length, 11 + 2); // two types are made, too
	for (const one of done) assert.equal(one.different, 0, one.type ?? one.quantized);
});

test("trained models of each family have its logits", { skip: skipTrained }, () => {
	const files = fs.readdirSync(trained, { recursive: true })
		.filter((name) => name.endsWith(".gguf"));

	assert.ok(files.length >= 9);
	for (const name of files) compare(path.join(trained, name), "F32");
});

test("so have models with what those lack: stretched positions, wide heads", { skip }, () => {
	const names = run("made", "list", "-").lines;

	assert.ok(names.length >= 7);
	for (const name of names) compare(made(name), "F32");
});

test("what it quantizes is read as it reads it", { skip }, () => {
	for (const type of types) {
		const { tensors } = compare(made("wide"), type);
		assert.ok(tensors >= 16, `${tensors} tensors of type ${type}`);
	}
});

test("trained models too", { skip: skipTrained }, () => {
	for (const name of ["stories260K/stories260K.gguf", "hf-trained-here/bloom/tiny-bloom.gguf",
		"hf-trained-here/t5/tiny-t5.gguf"])
		for (const type of ["Q8_0", "Q4_0"]) compare(path.join(trained, name), type);
});

// Kernels over blocks, ours and its, as both run them: each also rounds activations to eight bits.
test("blocks are multiplied as well as it multiplies them", { skip: skipTrained }, (t) => {
	for (const name of ["stories260K/stories260K.gguf", "hf-trained-here/gpt2/tiny-gpt2.gguf"])
		for (const type of ["F16", "BF16", "Q8_0", "Q4_0"]) {
			const { status, stderr, lines } = run("blocks_of", path.join(trained, name),
				type, scratch);
			assert.equal(status, 0, `${name} as ${type}: ${stderr} ${lines[0]}`);
			t.diagnostic(lines[0]);
		}
});

// Trained on other texts, they know little of this one; what the test is about is the difference.
for (const name of ["stories260K/stories260K.gguf", "hf-trained-here/gpt2/tiny-gpt2.gguf"])
	test(`${name}: Q8_0 reads wikitext-2 as well as F32`, { skip: skipTrained }, (t) => {
		const perplexity = {};

		for (const type of ["F32", "Q8_0", "Q4_0"]) {
			const file = path.join(scratch, `perplexity-${type}.gguf`);
			const done = run("quantize", path.join(trained, name), type, file);
			assert.equal(done.status, 0, done.stderr);
			const { status, stdout, stderr } = spawnSync(
				path.join(build, "tests/bench_perplexity"),
				[file, wikitext, "10000"], { encoding: "utf8" });
			assert.equal(status, 0, stderr);
			t.diagnostic(`${type} ${stdout.trim()}`);
			perplexity[type] = JSON.parse(stdout).perplexity;
		}
		assert.ok(Math.abs(perplexity.Q8_0 / perplexity.F32 - 1) < 0.005);
		assert.ok(Math.abs(perplexity.Q4_0 / perplexity.F32 - 1) < 0.15);
		assert.notEqual(perplexity.Q4_0, perplexity.Q8_0);

		// The same weights as rows of bytes; keys and values in fewer bits than 32.
		const whole = path.join(scratch, "perplexity-F32.gguf");
		for (const [weights, cache, most] of [
			["w8a8", "f32", 0.01],
			["stored", "f16", 0.0005],
			["stored", "q8", 0.005],
		]) {
			const { status, stdout, stderr } = spawnSync(
				path.join(build, "tests/bench_perplexity"),
				[whole, wikitext, "10000", weights, cache], { encoding: "utf8" });
			assert.equal(status, 0, stderr);
			t.diagnostic(`${weights} ${cache} ${stdout.trim()}`);
			const away = JSON.parse(stdout).perplexity / perplexity.F32 - 1;
			assert.ok(Math.abs(away) < most, `${weights} ${cache} ${away}`);
		}
	});

test("a model that was changed is told from it", { skip }, () => {
	const file = made("linear");
	const changed = path.join(scratch, "changed.gguf");
	const bytes = fs.readFileSync(file);

	// The sign of one weight, in what llama.cpp reads alone.
	bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 0x80, bytes.length - 1);
	fs.writeFileSync(changed, bytes);
	assert.equal(run("pair", file, file).status, 0);
	assert.equal(run("pair", file, changed).status, 1);
});
