// SPDX-License-Identifier: Apache-2.0
// Foreign vocabularies in each form that models bring them in, and who else reads the same: Hugging
// Face's tokenizers where there is a tokenizer.json, Google's SentencePiece for its own models.
import fs from "node:fs";
import path from "node:path";

const llama = { model_type: "llama" };
const t = "tokenizers/";
const tiny = "models/hf-trained-here/";

// `files` and `json`: of a folder for us; `gguf`: a file instead. `like`: the tokenizer.json of the
// reference, or `model` SentencePiece's; `size`: their ids. `around`: ids that we put before and
// behind a text, and SentencePiece does not.
export const vocabularies = [
	{
		name: "gpt2 tokenizer.json",
		size: 50257,
		files: { "tokenizer.json": `${t}gpt2/tokenizer.json` },
		like: `${t}gpt2/tokenizer.json`,
	},
	{
		name: "gpt2 vocab.json",
		size: 50257,
		files: { "vocab.json": `${t}gpt2/vocab.json`, "merges.txt": `${t}gpt2/merges.txt` },
		json: { "config.json": { model_type: "gpt2" } },
		like: `${t}gpt2/tokenizer.json`,
	},
	{
		name: "gpt2 gguf",
		size: 50257,
		gguf: "gguf_vocab/ggml-vocab-gpt-2.gguf",
		like: `${t}gpt2/tokenizer.json`,
	},
	{
		name: "bert tokenizer.json",
		size: 30522,
		files: { "tokenizer.json": `${t}bert/tokenizer.json` },
		like: `${t}bert/tokenizer.json`,
	},
	{
		name: "bert vocab.txt",
		size: 30522,
		files: { "vocab.txt": `${t}bert/vocab.txt` },
		json: { "config.json": { model_type: "bert" } },
		like: `${t}bert/tokenizer.json`,
	},
	{
		name: "bert gguf",
		size: 30522,
		gguf: "gguf_vocab/ggml-vocab-bert-bge.gguf",
		like: `${t}bert/tokenizer.json`,
	},
	{
		name: "qwen2 vocab.json",
		size: 151643,
		like: "qwen2",
		files: {
			"vocab.json": `${t}qwen2/vocab.json`,
			"merges.txt": `${t}qwen2/merges.txt`,
			"tokenizer_config.json": `${t}qwen2/tokenizer_config.json`,
		},
	},
	{
		name: "bloom gguf",
		size: 1024,
		gguf: `${tiny}bloom/tiny-bloom.gguf`,
		like: `${tiny}bloom/tokenizer.json`,
	},
	{
		name: "bloom tokenizer.json",
		size: 1024,
		files: { "tokenizer.json": `${tiny}bloom/tokenizer.json` },
		like: `${tiny}bloom/tokenizer.json`,
	},
	{
		name: "llama2 tokenizer.json",
		size: 32000,
		files: { "tokenizer.json": `${t}llama2/tokenizer_phi3.json` },
		like: `${t}llama2/tokenizer_phi3.json`,
	},
	{
		name: "t5 tokenizer.json",
		size: 32000,
		files: { "tokenizer.json": `${t}t5/tokenizer.json` },
		like: `${t}t5/tokenizer.json`,
	},
	{
		name: "stories tokenizer.json",
		size: 512,
		files: { "tokenizer.json": "models/stories260K/tokenizer.json" },
		like: "models/stories260K/tokenizer.json",
	},
	{
		name: "llama2 tokenizer.model",
		size: 32000,
		files: { "tokenizer.model": `${t}llama2/tokenizer.model` },
		json: { "config.json": llama },
		model: `${t}llama2/tokenizer.model`,
		around: [[1], []],
	},
	{
		name: "llama2 gguf",
		size: 32000,
		gguf: "gguf_vocab/ggml-vocab-llama-spm.gguf",
		model: `${t}llama2/tokenizer.model`,
		around: [[1], []],
	},
	{
		name: "t5 spiece.model",
		size: 32000,
		files: { "spiece.model": `${t}t5/spiece.model` },
		json: { "config.json": { model_type: "t5" } },
		model: `${t}t5/spiece.model`,
		around: [[], [1]],
	},
	{
		name: "english tokenizer.model",
		size: 1000,
		files: { "tokenizer.model": `${t}sentencepiece/test_model.model` },
		json: { "config.json": llama },
		model: `${t}sentencepiece/test_model.model`,
		around: [[1], []],
	},
	{
		name: "japanese tokenizer.model",
		size: 1000,
		files: { "tokenizer.model": `${t}sentencepiece/test_ja_model.model` },
		json: { "config.json": llama },
		model: `${t}sentencepiece/test_ja_model.model`,
		around: [[1], []],
	},
];

// The folder or file to give to our program.
export function place(vocabulary, shared, folder) {
	if (vocabulary.gguf) return path.join(shared, "data", vocabulary.gguf);
	const at = path.join(folder, vocabulary.name.replace(/ /gu, "_"));
	fs.mkdirSync(at);
	for (const [name, from] of Object.entries(vocabulary.files))
		fs.symlinkSync(path.join(shared, "data", from), path.join(at, name));
	for (const [name, value] of Object.entries(vocabulary.json ?? {}))
		fs.writeFileSync(path.join(at, name), JSON.stringify(value));
	return at;
}

// A tokenizer.json as text; Qwen2's lies in its three parts.
export function reference(vocabulary, shared) {
	const read = (name) => fs.readFileSync(path.join(shared, "data", name), "utf8");
	if (vocabulary.like !== "qwen2") return read(vocabulary.like);
	const whole = JSON.parse(read(`${t}qwen2/tokenizer_rest.json`));
	whole.model.vocab = JSON.parse(read(`${t}qwen2/vocab.json`));
	whole.model.merges = read(`${t}qwen2/merges.txt`)
		.split("\n")
		.filter((line) => line && !line.startsWith("#version"));
	return JSON.stringify(whole);
}
