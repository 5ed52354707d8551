// SPDX-License-Identifier: Apache-2.0
// Chat templates beside npm @huggingface/jinja: every template of the shared data, over
// conversations made by a seed. What differs must have a name here.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { Template } from "@huggingface/jinja";

const root = fileURLToPath(new URL("../../", import.meta.url));
const build = path.resolve(process.env.SALLYPORT_BUILD ?? path.join(root, "build"));
const shared = path.resolve(process.env.SALLYPORT_SHARED ?? path.join(root, "../shared"));
const folder = path.join(shared, "data/chat/templates");
const skip = fs.existsSync(folder) ? false : "no data/chat/templates below SALLYPORT_SHARED";
const now = 1752148800;
const rounds = 60;

globalThis.Date = class extends Date {
	constructor(...given) {
		super(...(given.length ? given : [now * 1000]));
	}
};

/** Numbers of a seed: mulberry32. */
function randomOf(seed) {
	return () => {
		seed = (seed + 0x6d2b79f5) | 0;
		let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
}

const words = [
	"Hello",
	"weather?",
	"Zürich",
	"日本語",
	"🦊",
	"a < b",
	'"quoted"',
	"\\n",
	"line\nbreak",
	"{{ x }}",
	"</think>",
	"<think>",
	"<|im_end|>",
	"[INST]",
	"<tool_call>",
	"  two  blanks ",
	"\t",
	"É",
	"0.5",
];

function conversation(random) {
	const pick = (list) => list[Math.floor(random() * list.length)];
	const text = () =>
		Array.from({ length: Math.floor(random() * 5) }, () => pick(words)).join(" ");
	const number = () => pick([0, 1, -7, 2.5, true, null]);
	const tool = (name) => ({
		type: "function",
		function: {
			name,
			description: text(),
			parameters: {
				type: "object",
				properties: {
					city: { type: "string", description: text() },
					days: { type: "integer" },
					kind: { type: "string", enum: [text(), "b"] },
					list: { type: "array", items: { type: "number" } },
				},
				required: ["city"],
			},
		},
	});
	const messages = random() < 0.5 ? [{ role: "system", content: text() }] : [];
	const turns = 1 + Math.floor(random() * 3);
	for (let i = 0; i < turns; i++) {
		messages.push({ role: "user", content: text() });
		if (random() < 0.4) {
			const args = {
				city: text(),
				days: number(),
				deep: { a: [number(), text()] },
			};
			const call = { name: "weather", arguments: args };
			messages.push({
				role: "assistant",
				content: random() < 0.5 ? "" : text(),
				tool_calls: [
					{ id: "abcdefghi", type: "function", function: call },
				],
			});
			messages.push({
				role: "tool",
				tool_call_id: "abcdefghi",
				name: "weather",
				content: text(),
			});
		}
		if (i + 1 < turns || random() < 0.2)
			messages.push({ role: "assistant", content: text() });
	}
	return {
		messages,
		bos_token: "<s>",
		eos_token: "</s>",
		add_generation_prompt: random() < 0.7,
		...(random() < 0.5 && { tools: [tool("weather"), tool("clock")] }),
		...(random() < 0.2 && { enable_thinking: random() < 0.5 }),
	};
}

function reference(parsed, context) {
	try {
		return parsed.render(context);
	} catch (error) {
		return { error: String(error.message) };
	}
}

/** Why the two may differ, by name; how often each was met is told. */
const differences = [
	{
		why: "it refuses what Python's Jinja passes over: undefined in a loop or trimmed",
		may: (name, theirs) => name.includes("tool_use") && theirs.error,
	},
	{
		why: "it refuses to write none as a string",
		may: (name, theirs) => theirs.error?.includes('"string" to type: NullValue'),
	},
];

// Its strip('\n') strips all white space, whatever is named; Python's does not, nor does ours
// (tests/data/template/renders.json has it by Python). Here both strip all.
const withoutNamedStrips = (text) => text.replace(/strip\((['"])\\n\1\)/g, "strip()");

test("templates render as @huggingface/jinja does", { skip }, () => {
	const random = randomOf(Number(process.env.SALLYPORT_SEED ?? 1));
	const rows = [];
	for (const name of fs.readdirSync(folder).sort()) {
		const text = withoutNamedStrips(fs.readFileSync(path.join(folder, name), "utf8"));
		const parsed = new Template(text);
		for (let i = 0; i < rounds; i++) {
			const context = conversation(random);
			rows.push({
				name,
				text,
				context,
				theirs: reference(parsed, structuredClone(context)),
			});
		}
	}
	const input = rows.map(({ text, context }) =>
		JSON.stringify({ template: text, context: { ...context, now_seconds: now } }),
	);
	const program = path.join(build, "tests/render");
	const done = spawnSync(program, { input: input.join("\n") + "\n", maxBuffer: 1 << 28 });
	assert.equal(done.status, 0, done.stderr.toString());
	const answers = done.stdout
		.toString()
		.trimEnd()
		.split("\n")
		.map((line) => JSON.parse(line));
	assert.equal(answers.length, rows.length);
	const counts = { same: 0, refused: 0 };
	rows.forEach(({ name, context, theirs }, i) => {
		const ours = answers[i];
		if (ours === theirs) counts.same++;
		else if (ours.error && theirs.error) counts.refused++;
		else {
			const known = differences.find((one) => one.may(name, theirs));
			assert.ok(
				known,
				JSON.stringify({ name, context, ours, theirs }, null, 1),
			);
			const key = `${known.why} (${name})`;
			counts[key] = (counts[key] ?? 0) + 1;
		}
	});
	console.log(counts);
	assert.ok(counts.same > rows.length / 2);
});
