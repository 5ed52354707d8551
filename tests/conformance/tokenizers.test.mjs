// SPDX-License-Identifier: Apache-2.0
// Our tokenizers beside those that models were made with: the same ids and the same texts, or a
// difference that tokenizers/differences.mjs names.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { decoded, differences } from "./tokenizers/differences.mjs";
import { fuzzed, mixed, random } from "./tokenizers/text.mjs";
import { place, reference, vocabularies } from "./tokenizers/vocabularies.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const build = path.resolve(process.env.SALLYPORT_BUILD ?? path.join(here, "../../build"));
const shared = path.resolve(process.env.SALLYPORT_SHARED ?? path.join(here, "../../../shared"));
const program = path.join(build, "tests/tokenize");
const seed = Number(process.env.SALLYPORT_SEED ?? 1);
// The one that Debian's package is for; another in the path may not have it.
const python = fs.existsSync("/usr/bin/python3") ? "/usr/bin/python3" : "python3";

const haveData = fs.existsSync(path.join(shared, "data/tokenizers"));
const { Tokenizer } = await import("tokenizers").then(
	(module) => module.default ?? module,
	() => ({}),
);
const havePieces = spawnSync(python, ["-c", "import sentencepiece"]).status === 0;

function whyNot(vocabulary) {
	if (!haveData) return "there is no foreign data (SALLYPORT_SHARED)";
	if (vocabulary.like && !Tokenizer) return "npm's tokenizers has no binary for this machine";
	if (vocabulary.model && !havePieces)
		return "SentencePiece is missing (python3-sentencepiece)";
	return false;
}

// A line of JSON for each of `values`, answered by a line each.
function answers(command, args, values) {
	const input = values.map((value) => `${JSON.stringify(value)}\n`).join("");
	const done = spawnSync(command, args, { input, maxBuffer: 1 << 30, encoding: "utf8" });
	assert.equal(done.status, 0, done.stderr);
	const lines = done.stdout.trimEnd().split("\n");
	assert.equal(lines.length, values.length);
	return lines.map((line) => JSON.parse(line));
}

const remembered = new Map();

// What the reference says to all texts and lists; asked once for each, however many forms it has.
async function theirs(vocabulary, texts, lists) {
	const key = vocabulary.like ?? vocabulary.model;
	if (remembered.has(key)) return remembered.get(key);
	let answer;
	if (vocabulary.like) {
		const tokenizer = Tokenizer.fromString(reference(vocabulary, shared));
		const encodings = await tokenizer.encodeBatch(texts);
		answer = {
			ids: encodings.map((encoding) => encoding.getIds()),
			texts: await tokenizer.decodeBatch(lists, true),
		};
	} else {
		const script = path.join(here, "tokenizers/sentencepiece_ids.py");
		const args = [script, path.join(shared, "data", vocabulary.model)];
		const all = answers(python, args, [...texts, ...lists]);
		answer = { ids: all.slice(0, texts.length), texts: all.slice(texts.length) };
	}
	remembered.set(key, answer);
	return answer;
}

// Lists of ids that no text gives; every third of small ones, where byte tokens are.
function randomLists(size) {
	const draw = random(seed + 77);
	return Array.from({ length: 3000 }, (_, i) =>
		Array.from({ length: draw(12) }, () => draw(i % 3 ? size : Math.min(size, 300))),
	);
}

// Every difference has a name; says how often each was met.
function explain(t, vocabulary, names, different) {
	const counts = new Map();
	for (const { what, explained } of different) {
		const named = names.find(
			(one) =>
				one.vocabularies.test(vocabulary.name) &&
				one.explains(...explained),
		);
		assert.ok(named, `${vocabulary.name}: ${JSON.stringify(what)}`);
		counts.set(named.name, (counts.get(named.name) ?? 0) + 1);
	}
	for (const [name, count] of counts) t.diagnostic(`${count} differ: ${name}`);
}

const texts = haveData ? [...mixed(shared, seed, 1 << 20), ...fuzzed(seed + 1, 10000)] : [];
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "tokenizers-"));
test.after(() => fs.rmSync(folder, { recursive: true }));

for (const vocabulary of vocabularies)
	test(
		`${vocabulary.name} cuts texts and joins tokens as its reference`,
		{ skip: whyNot(vocabulary) },
		async (t) => {
			const lists = randomLists(vocabulary.size);
			const plain = vocabulary.model ? ["--plain"] : [];
			const all = answers(
				program,
				[...plain, place(vocabulary, shared, folder)],
				[...texts, ...lists],
			);
			const [before, behind] = vocabulary.around ?? [[], []];
			const expected = await theirs(vocabulary, texts, lists);
			const ids = [];
			const joined = [];

			texts.forEach((text, i) => {
				const theirIds = [...before, ...expected.ids[i], ...behind];
				if (all[i].join() !== theirIds.join())
					ids.push({
						what: [text, all[i], theirIds],
						explained: [text],
					});
			});
			lists.forEach((list, i) => {
				const ours = all[texts.length + i];
				if (ours !== expected.texts[i])
					joined.push({
						what: [list, ours, expected.texts[i]],
						explained: [ours, expected.texts[i], list],
					});
			});
			explain(t, vocabulary, differences, ids);
			explain(t, vocabulary, decoded, joined);
		},
	);

test("a difference without a name would be found", () => {
	const diagnose = { diagnostic: () => {} };
	assert.throws(() =>
		explain(diagnose, { name: "gpt2 gguf" }, differences, [
			{ what: "x", explained: ["x"] },
		]),
	);
	assert.throws(() =>
		explain(diagnose, { name: "llama2 gguf" }, decoded, [
			{ what: "x", explained: ["a b", "ab", []] },
		]),
	);
});
