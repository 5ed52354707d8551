// SPDX-License-Identifier: Apache-2.0
// Embeddings beside onnxruntime, in turn, in one run: the same weights (bench_embed writes them),
// the same texts, the same means. `node bench_embed.mjs BUILD [THREADS [ROUNDS [LENGTHS]]]`; needs
// the packages of tests/integration. Prints a line for each length, of texts of 2048 tokens
// together: medians of tokens a second, by the clock and by each process's CPU time, and ratios.
import { spawn } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

const [build = "build-release", threads = "2", rounds = "7", lengths = "16,128,512"] =
	 process.argv.slice(2);
const modules = new URL("../integration/", import.meta.url);
const ort = createRequire(modules)("onnxruntime-node");
const [layers, hidden, heads, wide, words, places] = [12, 768, 12, 3072, 1000, 512];
const size = hidden / heads;

// Just enough of protobuf and of onnx.proto to write a graph.
const varint = (n) => {
	const out = [];
	for (let rest = BigInt.asUintN(64, BigInt(n)); ; rest >>= 7n) {
		out.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
		if (rest < 128n) return Buffer.from(out);
	}
};
const number = (field, n) => Buffer.concat([varint(field << 3), varint(n)]);
const block = (field, ...parts) => {
	const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
	return Buffer.concat([varint((field << 3) | 2), varint(body.length), body]);
};
const real = (field, value) => {
	const bytes = Buffer.alloc(4);
	bytes.writeFloatLE(value);
	return Buffer.concat([varint((field << 3) | 5), bytes]);
};
const attribute = (name, value, type) =>
	type === "ints"
		? block(5, block(1, name), ...value.map((n) => number(8, n)), number(20, 7))
		: type === "float"
			? block(5, block(1, name), real(2, value), number(20, 1))
			: block(5, block(1, name), number(3, value), number(20, 2));
const tensor = (name, shape, type, bytes) =>
	block(
		5,
		...shape.map((n) => number(1, n)),
		number(2, type),
		block(8, name),
		block(9, bytes),
	);
const valueInfo = (field, name, type, shape) => {
	const dims = shape.map((n) => block(1, typeof n === "string" ? block(2, n) : number(1, n)));
	return block(field, block(1, name), block(2, block(1, number(1, type), block(2, ...dims))));
};

function graphOf(weights) {
	const parts = [];
	let at = 0;
	let made = 0;
	const node = (kind, inputs, ...attributes) => {
		const out = `t${made++}`;
		const names = inputs.map((name) => block(1, name));
		parts.push(block(1, ...names, block(2, out), block(4, kind), ...attributes));
		return out;
	};
	const take = (...shape) => {
		const name = `w${made++}`;
		const bytes = shape.reduce((a, b) => a * b, 4);
		parts.push(tensor(name, shape, 1, weights.subarray(at, at + bytes)));
		at += bytes;
		return name;
	};
	const ints = (name, values) => {
		const bytes = Buffer.alloc(8 * values.length);
		values.forEach((n, i) => bytes.writeBigInt64LE(BigInt(n), 8 * i));
		parts.push(tensor(name, [values.length], 7, bytes));
		return name;
	};
	// Weights lie as [outputs][inputs]: turned round once, when the session is made.
	const product = (x, outputs, inputs) => {
		const lying = take(outputs, inputs);
		const weight = node("Transpose", [lying], attribute("perm", [1, 0], "ints"));
		return node("Add", [node("MatMul", [x, weight]), take(outputs)]);
	};
	const norm = (x) =>
		node(
			"LayerNormalization",
			[x, take(hidden), take(hidden)],
			attribute("axis", -1),
			attribute("epsilon", 1e-12, "float"),
		);
	const split = ints("split", [0, 0, heads, size]);
	const join = ints("join", [0, 0, hidden]);
	const turn = (x, perm) =>
		node("Transpose", [node("Reshape", [x, split])], attribute("perm", perm, "ints"));
	const scalar = (name, value) => {
		const bytes = Buffer.alloc(4);
		bytes.writeFloatLE(value);
		parts.push(tensor(name, [], 1, bytes));
		return name;
	};
	const scale = scalar("scale", 1 / Math.sqrt(size));
	const half = scalar("half", 0.5);
	const one = scalar("one", 1);
	const root = scalar("root", Math.SQRT2);
	const gelu = (x) => {
		const erf = node("Erf", [node("Div", [x, root])]);
		return node("Mul", [node("Mul", [x, node("Add", [erf, one])]), half]);
	};

	let x = node("Gather", [take(words, hidden), "ids"]);
	x = node("Add", [x, node("Gather", [take(places, hidden), "places"])]);
	const segments = take(2, hidden);
	x = node("Add", [x, node("Gather", [segments, ints("first", [0])])]);
	x = norm(x);
	for (let i = 0; i < layers; i++) {
		const q = turn(product(x, hidden, hidden), [0, 2, 1, 3]);
		const k = turn(product(x, hidden, hidden), [0, 2, 3, 1]);
		const v = turn(product(x, hidden, hidden), [0, 2, 1, 3]);
		const scores = node("Mul", [node("MatMul", [q, k]), scale]);
		const mixed = node("MatMul", [node("Softmax", [scores], attribute("axis", -1)), v]);
		const back = node("Transpose", [mixed], attribute("perm", [0, 2, 1, 3], "ints"));
		x = norm(node("Add", [x, product(node("Reshape", [back, join]), hidden, hidden)]));
		x = norm(node("Add", [x, product(gelu(product(x, wide, hidden)), hidden, wide)]));
	}
	const axes = attribute("axes", [1], "ints");
	const mean = node("ReduceMean", [x], axes, attribute("keepdims", 0));
	parts.push(block(2, "bert"), valueInfo(11, "ids", 7, ["n", "m"]));
	parts.push(valueInfo(11, "places", 7, ["m"]), valueInfo(12, mean, 1, ["n", hidden]));
	const opset = block(8, block(1, ""), number(2, 17));
	return { mean, bytes: Buffer.concat([number(1, 8), block(7, ...parts), opset]) };
}

/** A line of the engine's half for each that it is asked. */
function start(folder) {
	const child = spawn(path.join(build, "tests/bench_embed"), [threads, folder], {
		stdio: ["pipe", "pipe", "inherit"],
	});
	const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
	const next = async () => JSON.parse((await lines.next()).value);
	return {
		ready: next(),
		ask: (length, texts) => {
			child.stdin.write(`${length} ${texts}\n`);
			return next();
		},
		end: () => child.stdin.end(),
	};
}

/** The same by onnxruntime. */
async function runTheirs(session, mean, length, texts) {
	const ids = new BigInt64Array(texts * length);
	ids.forEach((_, i) => (ids[i] = BigInt(((i % length) * 7) % words)));
	const places_ = new BigInt64Array(length).map((_, i) => BigInt(i));
	const feeds = {
		ids: new ort.Tensor("int64", ids, [texts, length]),
		places: new ort.Tensor("int64", places_, [length]),
	};
	const clock = performance.now();
	const cpu = process.cpuUsage();
	const out = (await session.run(feeds))[mean].data;
	const spent = process.cpuUsage(cpu);
	return {
		seconds: (performance.now() - clock) / 1000,
		cpu: (spent.user + spent.system) / 1e6,
		sum: out.reduce((a, b) => a + b, 0) / texts,
	};
}

const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];
const rounded = (n) => Number(n.toPrecision(4));

/** In turn, the first round not counted. */
async function race(ours, session, mean, length, texts) {
	const runs = { ours: [], theirs: [] };
	for (let round = 0; round <= Number(rounds); round++) {
		const one = await ours.ask(length, texts);
		const other = await runTheirs(session, mean, length, texts);
		if (round === 0) continue;
		runs.ours.push(one);
		runs.theirs.push(other);
	}
	const rate = (who, by) => (texts * length) / median(runs[who].map((run) => run[by]));
	console.log(
		JSON.stringify({
			bench: "embed",
			length,
			texts,
			threads: Number(threads),
			ours: rounded(rate("ours", "seconds")),
			onnxruntime: rounded(rate("theirs", "seconds")),
			ours_cpu: rounded(rate("ours", "cpu")),
			onnxruntime_cpu: rounded(rate("theirs", "cpu")),
			ratio: rounded(rate("ours", "seconds") / rate("theirs", "seconds")),
			ratio_cpu: rounded(rate("ours", "cpu") / rate("theirs", "cpu")),
			sums: [runs.ours[0].sum, rounded(runs.theirs[0].sum)],
		}),
	);
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "bench-embed-"));
const ours = start(folder);
await ours.ready;
const { mean, bytes } = graphOf(fs.readFileSync(path.join(folder, "weights.f32")));
fs.writeFileSync(path.join(folder, "bert.onnx"), bytes);
const session = await ort.InferenceSession.create(path.join(folder, "bert.onnx"), {
	intraOpNumThreads: Number(threads),
	interOpNumThreads: 1,
});
for (const length of lengths.split(","))
	await race(ours, session, mean, Number(length), Math.max(1, 2048 / Number(length)));
ours.end();
fs.rmSync(folder, { recursive: true });
