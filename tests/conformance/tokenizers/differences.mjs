// SPDX-License-Identifier: Apache-2.0
// Where we and the reference differ, by name, with the reason. A difference that is not among these
// fails; how often each was met is told by the test. `explains`: could this text, or could these
// two texts of a list of ids, differ for that reason?

// Every single character for which Hugging Face's tokenizers 0.23.2 and ours differ in BERT's
// classes (found by trying all 1,112,064): each was assigned, or got another class, after Unicode
// 8, whose tables its crate unicode_categories has; utf8proc's are of Unicode 15.
const newer =
	"61d 7fd 890-891 898-89f 8ca-8e2 9fd-9fe a76 afa-aff b55 c04 c3c c77 c84 d00 " +
	"d3b-d3c d81 eba " +
	"ece 166d 1734 180f 1885-1886 1abf-1ace 1b7d-1b7e 1df6-1dfb 2e43-2e4f 2e52-2e5d " +
	"a82c a8c5 a8ff " +
	"a9bd 10d24-10d27 10eab-10ead 10efd-10eff 10f46-10f50 10f55-10f59 10f82-10f89 " +
	"11070 11073-11074 " +
	"110c2 110cd 111c9 111cf 1123e 11241 1133b 11438-1143f 11442-11444 11446 " +
	"1144b-1144f 1145a-1145b " +
	"1145d-1145e 11660-1166c 116b9 1182f-11837 11839-1183b 1193b-1193c 1193e " +
	"11943-11946 119d4-119d7 " +
	"119da-119db 119e0 119e2 11a01-11a0a 11a33-11a38 11a3b-11a47 11a51-11a56 " +
	"11a59-11a5b 11a8a-11a96 " +
	"11a98-11a9c 11a9e-11aa2 11b00-11b09 11c30-11c36 11c38-11c3d 11c3f 11c41-11c45 " +
	"11c70-11c71 " +
	"11c92-11ca7 11caa-11cb0 11cb2-11cb3 11cb5-11cb6 11d31-11d36 11d3a 11d3c-11d3d " +
	"11d3f-11d45 11d47 " +
	"11d90-11d91 11d95 11d97 11ef3-11ef4 11ef7-11ef8 11f00-11f01 11f36-11f3a 11f40 " +
	"11f42-11f4f 11fff " +
	"12ff1-12ff2 13430-13440 13447-13455 16e97-16e9a 16f4f 16fe2 16fe4 1cf00-1cf2d " +
	"1cf30-1cf46 " +
	"1e000-1e006 1e008-1e018 1e01b-1e021 1e023-1e024 1e026-1e02a 1e08f 1e130-1e136 " +
	"1e2ae 1e2ec-1e2ef " +
	"1e4ec-1e4ef 1e944-1e94a 1e95e-1e95f";

// Letters and numbers of Unicode 15 to 17 (DerivedAge.txt).
const unicode15 =
	"88f 1c89-1c8a a7ce-a7cf a7d2 a7d4 a7cb-a7cd a7da-a7dc a7f1 105c0-105f3 10d40-10d8f " +
	"10ec2-10ec7 11240-11241 11380-113e2 116d0-116e3 11bc0-11bf9 11f00-11f59 13460-143fa " +
	"16100-16139 16d40-16d79 1d2c0-1d2d3 1df25-1df2a 1e030-1e06d 1e4d0-1e4f9 1e5d0-1e5fa " +
	"2b739-2b73f 2b81e-2b81f 2cea2-2ceaf 2ebf0-2ee5d 31350-33479";

const characters = (ranges) =>
	new RegExp(
		`[${ranges.replace(/[0-9a-f]+/gu, (hex) => `\\u{${hex}}`).replace(/ /gu, "")}]`,
		"u",
	);

export const differences = [
	{
		name: "newer characters",
		reason:
			"the reference's tables of classes are those of Unicode 8, ours of " +
			"utf8proc's " +
			"Unicode 15: marks and punctuation assigned since",
		vocabularies: /^bert/u,
		explains: (text) => characters(newer).test(text),
	},
	{
		name: "newer marks in a normal form",
		reason:
			"NFC puts marks in order by their combining class; the reference's " +
			"crate has none for " +
			"marks assigned after its Unicode version",
		vocabularies: /^qwen2/u,
		explains: (text) => characters(newer).test(text.normalize("NFD")),
	},
	{
		name: "newer letters and numbers",
		reason:
			"what was assigned since Unicode 14, which Debian 12's PCRE2 has: " +
			"\\p{L} and \\p{N} are as new as the installed PCRE2",
		vocabularies: /^(qwen2|gpt2|bloom)/u,
		explains: (text) => characters(unicode15).test(text),
	},
	{
		name: "a special token out of other characters",
		reason:
			"fullwidth signs become an <unk> by normalization, and the reference's " +
			"Unigram takes it for the special token; ours never makes one of a text",
		vocabularies: /^t5 tokenizer\.json/u,
		explains: (text) => /<unk>|<pad>|<\/s>/u.test(text.normalize("NFKC")),
	},
];

const isByte = (id) => id >= 3 && id < 259; // of LLaMA

const bare = (text) => text.replace(/\ufffd/gu, "");

export const decoded = [
	{
		name: "the unknown token",
		reason:
			"SentencePiece writes two question marks; we leave it out with the other " +
			"special tokens, as transformers does",
		vocabularies: /(tokenizer|spiece)\.model$|^llama2 gguf/u,
		explains: (ours, theirs) =>
			ours.trimStart() === theirs.replace(/ \u2047 /gu, "").trimStart(),
	},
	{
		name: "bytes that are no text",
		reason:
			"SentencePiece writes a U+FFFD for each byte; we, like a stream, one " +
			"for the longest beginning of a character",
		vocabularies: /^llama2/u,
		explains: (ours, theirs) =>
			/\ufffd/u.test(ours) &&
			bare(ours) === bare(theirs).replace(/ \u2047 /gu, ""),
	},
	{
		name: "a special token between two bytes of a character",
		reason:
			"SentencePiece's run of bytes ends there; ours goes on, since special " +
			"tokens are left out before, as in transformers",
		vocabularies: /^llama2/u,
		explains: (_ours, _theirs, ids) =>
			ids.some((id, i) => id < 3 && isByte(ids[i - 1])),
	},
	{
		name: "more than one space at the beginning",
		reason:
			"a model that strips spaces loses all of them at the beginning of a " +
			"text in SentencePiece; we, token by token, that of the first token",
		vocabularies: /(tokenizer|spiece)\.model$/u,
		explains: (ours, theirs) =>
			ours.trimStart() === theirs.trimStart() && ours.startsWith(" "),
	},
];
