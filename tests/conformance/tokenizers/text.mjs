// SPDX-License-Identifier: Apache-2.0
// Texts for comparing tokenizers: a mebibyte of every script, and strings made to be difficult. The
// same seed gives the same texts; of foreign files only words are taken, at run time.
import fs from "node:fs";
import path from "node:path";

// First and last of the blocks that are drawn from; each as likely as the other.
const blocks = [
	[0x20, 0x7e],
	[0x20, 0x7e],
	[0x20, 0x7e],
	[0xa0, 0xff],
	[0x100, 0x24f],
	[0x250, 0x2ff],
	[0x300, 0x36f],
	[0x370, 0x3ff],
	[0x400, 0x52f],
	[0x531, 0x58f],
	[0x591, 0x5f4],
	[0x600, 0x6ff],
	[0x700, 0x74f],
	[0x900, 0x97f],
	[0x980, 0x9ff],
	[0xa00, 0xaff],
	[0xb80, 0xbff],
	[0xc00, 0xcff],
	[0xd00, 0xdff],
	[0xe01, 0xe5b],
	[0xe80, 0xedf],
	[0xf00, 0xfda],
	[0x1000, 0x109f],
	[0x10a0, 0x10ff],
	[0x1100, 0x11ff],
	[0x1200, 0x139f],
	[0x13a0, 0x13ff],
	[0x1780, 0x17ff],
	[0x1800, 0x18aa],
	[0x1e00, 0x1fff],
	[0x2000, 0x206f],
	[0x2070, 0x20cf],
	[0x2100, 0x23ff],
	[0x2460, 0x25ff],
	[0x2600, 0x27bf],
	[0x2e80, 0x2fd5],
	[0x3000, 0x30ff],
	[0x3100, 0x33ff],
	[0x3400, 0x4dbf],
	[0x4e00, 0x9fff],
	[0x4e00, 0x9fff],
	[0xa000, 0xa4cf],
	[0xa640, 0xa7ff],
	[0xac00, 0xd7a3],
	[0xf900, 0xfaff],
	[0xfb00, 0xfdff],
	[0xfe00, 0xfe6f],
	[0xff01, 0xffef],
	[0x10000, 0x100fa],
	[0x10300, 0x1034a],
	[0x11000, 0x110cd],
	[0x12000, 0x123ff],
	[0x13000, 0x1342e],
	[0x1d100, 0x1d1ff],
	[0x1d400, 0x1d7ff],
	[0x1f000, 0x1f2ff],
	[0x1f300, 0x1f64f],
	[0x1f680, 0x1faff],
	[0x20000, 0x2ffff],
	[0xe0000, 0xe01ef],
	[0x1, 0x1f],
	[0x7f, 0x9f],
];

// What tokenizers tell apart: white space, joiners, marks, look-alikes of their own signs.
const difficult = [
	" ",
	"  ",
	"   ",
	"\t",
	"\n",
	"\n\n",
	"\r\n",
	"\r",
	"\u00a0",
	"\u3000",
	"\u2028",
	"\u0085",
	"\u200b",
	"\u200d",
	"\u00ad",
	"\ufeff",
	"\ufffd",
	"\u2581",
	"\u2581\u2581",
	"\u0120",
	"##",
	"'s",
	"'S",
	"'re",
	"n't",
	" 'll",
	"I'm",
	"don\u2019t",
	"<0x41>",
	"<0xC3>",
	"<unk",
	"s>",
	"[UNK",
	"|>",
	"1234567",
	"3.14",
	"\u00bd",
	"\u0664",
	"\u2167",
	"e\u0301",
	"\u00e9",
	"\u1112\u1161\u11ab",
	"\ud55c",
	"\ufb01",
	"\uff21",
	"\u2460",
	"\u0130",
	"\u1e9e",
	"\u03a3",
	"\u01c5",
	"\u{1f468}\u200d\u{1f469}\u200d\u{1f467}",
	"\u{1f1e9}\u{1f1ea}",
	"\u2764\ufe0f",
	"!!!",
	"...",
	"?!",
	"--",
	"__",
	"\\n",
	"{}[]()",
	"http://",
	"a_b",
	"camelCase",
	"ALLCAPS",
];

// Marsaglia's xorshift32: enough for texts, the same everywhere.
export function random(seed) {
	let state = seed >>> 0 || 1;
	return (below) => {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		state >>>= 0;
		return state % below;
	};
}

function wordsOf(shared) {
	const files = ["eval/tinyshakespeare.txt", "eval/wikitext-2/test.txt"];
	const words = [];
	for (const file of files)
		words.push(
			...fs
				.readFileSync(path.join(shared, "data", file), "utf8")
				.split(/ +/u)
				.slice(0, 60000),
		);
	return words;
}

function fromBlocks(draw) {
	const [first, last] = blocks[draw(blocks.length)];
	let text = "";
	for (let n = 1 + draw(8); n > 0; n--)
		text += String.fromCodePoint(first + draw(last - first + 1));
	return text;
}

// Lines of some hundred bytes, `bytes` in all.
export function mixed(shared, seed, bytes) {
	const words = wordsOf(shared);
	const draw = random(seed);
	const lines = [];
	for (let size = 0; size < bytes;) {
		let line = "";
		for (let n = 1 + draw(60); n > 0; n--) {
			const kind = draw(10);
			if (kind < 5) line += words[draw(words.length)] + " ";
			else if (kind < 8) line += fromBlocks(draw) + (draw(3) ? " " : "");
			else line += difficult[draw(difficult.length)];
		}
		lines.push(line);
		size += Buffer.byteLength(line);
	}
	return lines;
}

// Short strings of difficult parts, with what changes one: doubled, cut, turned round.
export function fuzzed(seed, count) {
	const draw = random(seed);
	const texts = ["", " ", "\n", "\u2581", "\u0000"];
	while (texts.length < count) {
		let text = "";
		for (let n = draw(10); n > 0; n--)
			text += draw(2) ? difficult[draw(difficult.length)] : fromBlocks(draw);
		const characters = [...text];
		const at = draw(characters.length + 1);
		const change = draw(5);
		if (change === 0) characters.splice(at, 1);
		else if (change === 1) characters.splice(at, 0, ...characters.slice(at, at + 3));
		else if (change === 2) characters.reverse();
		else if (change === 3)
			characters.splice(at, 0, ...difficult[draw(difficult.length)]);
		texts.push(characters.join(""));
	}
	return texts;
}
