// SPDX-License-Identifier: Apache-2.0
// make_tokenizer_fixtures.mjs - what Hugging Face's own tokenizer says about many strings.
//
// Run it from a folder where `npm install tokenizers` has been done (version 0.23.2 made the files):
//   node make_tokenizer_fixtures.mjs OUT_DIR NAME=TOKENIZER_JSON...     writes OUT_DIR/NAME-cases.json
//                                                                       and OUT_DIR/NAME-decode-cases.json
//   node make_tokenizer_fixtures.mjs --check TOKENIZER_JSON IDS_JSON    compares {"text","ids"} of another encoder
//
// cases: {"text", "ids", "decoded"}: ids with the special tokens of the post_processor (<s> first), decoded
// from these ids with special tokens skipped. decode-cases: {"ids", "decoded"}: ids no text gives, among them
// byte tokens that are not UTF-8. No text holds U+0000, which JSON readers may refuse.
import { createRequire } from 'node:module';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const { Tokenizer } = createRequire(path.join(process.cwd(), 'x.js'))('tokenizers');

const TEXTS = [
	// nothing, spaces, line ends, tabs
	'', ' ', '  ', '   ', '        ', '\n', '\n\n', '\r\n', '\t', '\t\t', ' \n', '\n ', ' \n ', '\v\f', '\u00a0', '\u2003',
	'\u3000', '\u200b', '\ufeff', ' a', 'a ', ' a ', '  a', 'a  ', 'a  b', 'a   b', 'a    b    c', '\na', 'a\n', 'a\nb',
	'a\n\nb', 'a \nb', 'a\n b', '\ta\tb', 'a\tb', 'a\r\nb', 'a\u00a0b', '\u2581', '\u2581a', 'a\u2581b', ' \u2581 a', '\u2581\u2581',
	// what the demo is asked
	'Tell me about the harbor.', 'What is a license?', 'Once upon a time', 'Who keeps the gate?', 'hello', 'hi', 'Hello, world!',
	'Tell me about the harbor.\n', 'What is a license?\n', 'tell me about the harbor', 'TELL ME ABOUT THE HARBOR',
	'You are a helpful assistant.\nHello!\n', 'Hello! How can I help you?', 'The keeper writes down who comes for a key.',
	'Hello\nHello! I can tell you about the river.\nTell me about the river.\n', 'She said, "Do not worry," and smiled.',
	'Once upon a time, there was a little girl named Lily.', 'Dear keeper, thank you for your help at the harbor.',
	'"What shall I do?" she asked.', 'In the end, they became friends.', 'The harbor master counts the ships every evening.',
	// words
	'the', 'The', 'THE', 'tHe', ' the', 'thethe', 'the the', 'them', 'other', 'harbor', 'harbors', 'Harbor', 'harborharbor',
	'a', 'I', 'x', 'Z', 'qqqq', 'zzzzzzzzzz', 'xylophone', 'antidisestablishmentarianism', 'pneumonoultramicroscopicsilicovolcanoconiosis',
	'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
	"don't", "it's", "I'm sorry", 'well-known', 'snake_case_name', 'camelCaseName', 'e.g.', 'i.e., this', 'U.S.A.',
	// numbers and signs
	'0', '7', '42', '1234567890', '3.14159', '-1', '1,000,000', '1e-5', '2026-11-22', '12:34:56', '50%', '$9.99', '#1', 'a1b2c3', '0x1F',
	'.', '..', '...', '!', '?', '?!', '!!!', ',', ';:', "'", '"', '""', '()', '[]{}', '<>', '/\\|', '@#$%^&*', '`~', '+-=_', 'a.b,c;d',
	'Hello , world !', 'name@example.org', 'path/to/file.txt', '{"key": [1, 2, null]}', 'if (a < b) { return a; }', '--- ***',
	// special tokens and things that look like them
	'<s>', '</s>', '<unk>', '<s>hello', 'hello</s>', 'hello<s>world', 'hello <s> world', '<s> hello </s>', '</s><s>', '<s><s>', 'a</s>\nb',
	'< s >', '<S>', '<s', 's>', '<0x0A>', '<0x41>', '<pad>', '<|im_start|>user', '[INST] hi [/INST]', ' <s>', '<s> ', '<unk> <unk>',
	// other scripts, signs outside the pieces
	'caf\u00e9', 'cafe\u0301', 'na\u00efve r\u00e9sum\u00e9', '\u00dcbergr\u00f6\u00dfe', '\u00bfQu\u00e9 tal?', '\u00e6\u00f8\u00e5', 'fa\u00e7ade \u2014 \u201cquoted\u201d', '\u2026', '\u20ac5', '\u00a9 \u00ae \u2122',
	'\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440', '\u0393\u03b5\u03b9\u03ac \u03c3\u03bf\u03c5', '\u05e9\u05dc\u05d5\u05dd', '\u0645\u0631\u062d\u0628\u0627', '\u0928\u092e\u0938\u094d\u0924\u0947', '\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35', '\u4f60\u597d', '\u4f60\u597d\uff0c\u4e16\u754c\u3002', '\u3053\u3093\u306b\u3061\u306f',
	'\u30ab\u30bf\u30ab\u30ca', '\uc548\ub155\ud558\uc138\uc694', '\u1100\u1161\u11a8', 'the \u4e2d the', 'harbor\u6e2f', '\u6e2f harbor \u6e2f', '\ud842\udfb7\u91ce', 'a\u0301\u0323b', '\u0301', 'o\u0308\u0304', 'Z\u0335\u0321a\u0321l\u0335g\u0335o\u0321',
	'\u{1f600}', '\u{1f600}\u{1f600}', 'hi \u{1f44b}\u{1f3fd} there', '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}', '\u{1f1e9}\u{1f1ea}', '\u2764\ufe0f', 'ship \u26f5 harbor \u2693', '\u{1d400}\u{1d401}', '\u{10ffff}', '\ufffd', '\ufffe',
	'A \u0411 \u0393 \u05d3 \u4e94', 'H\u2082O', 'x\u00b2', '\u00bd', '\ufb01n', '\uff21\uff22\uff23', '\u0130i\u0131I', '\u202eright\u202c', '\u061c', 'soft\u00adhyphen',
	// control characters
	'\u0001', '\u0007', '\u001b[31mred\u001b[0m', '\u007f', '\u0080', '\u0085', 'a\bb', '\u2028', '\u2029', '\u001f the \u0002',
];

const byte = (...values) => values.map((v) => v + 3);
const DECODE = [
	[], [1], [2], [0], [1, 2], [1, 1, 1], [0, 0],
	byte(0x0a), byte(0x0a, 0x0a), byte(0x20), byte(0x41),
	byte(0xff), byte(0xff, 0xff), byte(0x80), byte(0xc3), byte(0xc3, 0xa9), byte(0xe4, 0xbd), byte(0xe4, 0xbd, 0xa0), byte(0xe4, 0xbd, 0xa0, 0xe5),
	byte(0xf0, 0x9f, 0x98, 0x80), byte(0xf0, 0x9f, 0x98), byte(0xc0, 0x80), byte(0xed, 0xa0, 0x80), byte(0xf5, 0x80, 0x80, 0x80),
	[...byte(0xc3), 300], [300, ...byte(0xc3), 301], [300, ...byte(0xc3, 0xa9), 301], [1, 300, ...byte(0xe4, 0xbd, 0xa0), 2],
	[...byte(0xc3), 1, ...byte(0xa9)], [...byte(0x0a), 300], [300, ...byte(0x0a), 300], [...byte(0x20), 300], [1, ...byte(0x20), 300],
	[259], [260], [300, 301, 302], [1, 300, 2, 301], [300, 0, 301], [400, 400], [511],
];

async function answer(tokenizer, text) {
	const ids = (await tokenizer.encode(text, null, { addSpecialTokens: true })).getIds();
	return { text, ids: [...ids], decoded: await tokenizer.decode([...ids], true) };
}

const ascii = (value) => JSON.stringify(value).replace(/[\u007f-\uffff]/g, (c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));
const lines = (rows) => '[\n' + rows.map(ascii).join(',\n') + '\n]\n';

const [first, ...rest] = process.argv.slice(2);
if (first === '--check') {
	const tokenizer = Tokenizer.fromFile(rest[0]);
	const theirs = JSON.parse(readFileSync(rest[1], 'utf8'));
	let wrong = 0;
	for (const { text, ids } of theirs) {
		const ours = (await answer(tokenizer, text)).ids;
		if (JSON.stringify(ours) !== JSON.stringify(ids)) {
			wrong++;
			console.log(ascii({ text, ids, ours }));
		}
	}
	console.log(`${theirs.length - wrong} of ${theirs.length} equal`);
	process.exit(wrong ? 1 : 0);
}
mkdirSync(first, { recursive: true });
for (const pair of rest) {
	const [name, file] = pair.split('=');
	const tokenizer = Tokenizer.fromFile(file);
	const cases = [];
	for (const text of new Set(TEXTS))
		cases.push(await answer(tokenizer, text));
	const decoded = [];
	for (const ids of DECODE)
		decoded.push({ ids, decoded: await tokenizer.decode(ids, true) });
	writeFileSync(path.join(first, `${name}-cases.json`), lines(cases));
	writeFileSync(path.join(first, `${name}-decode-cases.json`), lines(decoded));
	console.log(`${name}: ${cases.length} texts, ${decoded.length} id lists`);
}
