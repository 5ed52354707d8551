// SPDX-License-Identifier: Apache-2.0
// bench_tokenizers.mjs BUILD SHARED: ours beside npm `tokenizers` (Hugging Face's own, on one
// thread), on the same mebibyte as one prompt, in turn. Needs tests/conformance/node_modules.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { mixed } from "../conformance/tokenizers/text.mjs";
import { place, reference, vocabularies } from "../conformance/tokenizers/vocabularies.mjs";

process.env.RAYON_NUM_THREADS = "1";
const [build, shared] = process.argv.slice(2);
const require = createRequire(new URL("../conformance/package.json", import.meta.url));
const { Tokenizer } = require("tokenizers");
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "tokenizers-"));
const text = {
	prose: fs
		.readFileSync(path.join(shared, "data/eval/wikitext-2/test.txt"), "utf8")
		.slice(0, 1 << 20),
	mixed: mixed(shared, 1, 1 << 20).join("\n"),
};

async function theirMilliseconds(vocabulary, prompt) {
	const tokenizer = Tokenizer.fromString(reference(vocabulary, shared));
	let best = Infinity;
	for (let i = 0; i < 3; i++) {
		const start = performance.now();
		await tokenizer.encode(prompt);
		best = Math.min(best, performance.now() - start);
	}
	return best;
}

try {
	for (const [kind, prompt] of Object.entries(text)) {
		const file = path.join(folder, kind);
		fs.writeFileSync(file, prompt);
		for (const vocabulary of vocabularies.filter((one) => one.like && one.files)) {
			const at = place(
				{ ...vocabulary, name: `${kind} ${vocabulary.name}` },
				shared,
				folder,
			);
			const ours = spawnSync(
				path.join(build, "tests/bench_tokenize"),
				[at, file],
				{
					encoding: "utf8",
				},
			);
			const lines = ours.stdout
				.trim()
				.split("\n")
				.map((line) => JSON.parse(line));
			const theirs = await theirMilliseconds(vocabulary, prompt);
			console.log(
				JSON.stringify({
					bench: "tokenizers",
					vocabulary: vocabulary.name,
					text: kind,
					bytes: lines[2].bytes,
					ms: lines[2].ms,
					ms_of_a_quarter: lines[0].ms,
					their_ms: Number(theirs.toFixed(1)),
					ratio: Number((theirs / lines[2].ms).toFixed(2)),
				}),
			);
		}
	}
} finally {
	fs.rmSync(folder, { recursive: true });
}
