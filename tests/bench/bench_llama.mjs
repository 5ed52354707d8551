// SPDX-License-Identifier: Apache-2.0
// The engine beside llama.cpp (npm @node-llama-cpp/linux-x64), in turn, on the same files of random
// weights: `node bench_llama.mjs BUILD [SHAPES] [THREADS] [FOLDER]`, SHAPES of S, M, L ("SM").
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

const [build = "build-release", shapes = "SM", threads = "1", kept] = process.argv.slice(2);
const program = path.resolve(build, "tests/bench_llama");
const library = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname),
	"../integration/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64");
const folder = kept ?? fs.mkdtempSync(path.join(os.tmpdir(), "bench-llama-"));

/** Rounds enough for a median, and not for a coffee. */
const roundsOf = { S: "41", M: "15", L: "5" };

function fileOf(shape, type) {
	const file = path.join(folder, `${shape}-${type}.gguf`);

	if (!fs.existsSync(file)) execFileSync(program, ["write", shape, type, file]);
	return file;
}

function measure(kind, shape, type, number, rounds) {
	const words = [kind, library, fileOf(shape, type), threads, String(number), rounds];
	const line = execFileSync(program, words, { encoding: "utf8" });
	process.stdout.write(line);
	return JSON.parse(line);
}

/** Rows of bytes beside our own Q8_0 of the same run; llama.cpp's Q8_0, in both, is the measure. */
function measureBytes(shape, blocks) {
	const bytes = measure("w8a8", shape, "Q8_0", 512, "5");
	const ratio = (by) => Number((bytes[`ratio${by}`] / blocks[`ratio${by}`]).toFixed(2));
	const facts = { bench: "w8a8 to Q8_0", file: bytes.file, threads: bytes.threads };
	console.log(JSON.stringify({ ...facts, ratio: ratio(""), ratio_cpu: ratio("_cpu") }));
}

for (const shape of shapes) {
	const types = shape === "L" ? ["Q8_0", "Q4_0"] : ["Q8_0", "Q4_0", "F16", "BF16", "F32"];
	const prefill = {};

	for (const type of types) measure("run", shape, type, 1, roundsOf[shape]);
	measure("run", shape, "Q8_0", 8, roundsOf[shape]);
	for (const type of types) prefill[type] = measure("prefill", shape, type, 512, "5");
	measureBytes(shape, prefill.Q8_0);
}
if (!kept) fs.rmSync(folder, { recursive: true });
