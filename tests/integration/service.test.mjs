// SPDX-License-Identifier: Apache-2.0
// Models in service: several at once in the memory there is, loaded when they are asked for, gone
// when others need the room, kept when an administrator says so; and nothing of them left behind.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { sql } from "./database.mjs";
import { gatewayForThisFile, shared } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { addTerms, importFiles, licensedPerson, readFolder } from "./people.mjs";
import { canSearch, memoryHolds, statusOf } from "./processes.mjs";
import { readTensors, writeTensors } from "./safetensors.mjs";

const data = path.join(shared, "data/models");
const skip = !fs.existsSync(data) && "no models below SALLYPORT_SHARED";
const MIB = 1 << 20;
const [qwen, gpt, stories] = ["service/qwen", "service/gpt", "service/stories"];
const [altered, cut, endless] = ["service/altered", "service/cut", "service/endless"];
const [large, gated, below] = ["service/large", "service/gated", "service/below"];
const SPARE_MIB = 2; // beside two models: less than any third needs

const needed = ["config.json", "tokenizer.json", "model.safetensors"];
const folderOf = (name) =>
	Object.fromEntries(
		Object.entries(readFolder(path.join(data, name))).filter(([file]) =>
			needed.includes(file),
		),
	);
const withWeights = (files, change) => {
	const parts = readTensors(files["model.safetensors"]);
	change(parts.tensors);
	return { ...files, "model.safetensors": writeTensors(parts) };
};

/** One element of one tensor is no number. */
const spoil = (tensor, value) => (tensors) => {
	const one = tensors.find(({ name }) => name.includes(tensor));
	one.bytes = Buffer.from(one.bytes);
	one.bytes.writeFloatLE(value, 4 * 1234);
};

/** A description of a model that no memory here holds: its weights are not needed to refuse it. */
const hugeConfig = (files) => ({
	...files,
	"config.json": Buffer.from(
		JSON.stringify({
			...JSON.parse(files["config.json"]),
			num_hidden_layers: 96,
			layer_types: undefined,
			hidden_size: 16384,
			intermediate_size: 65536,
			num_attention_heads: 128,
			num_key_value_heads: 128,
		}),
	),
});

const blobOf = (gateway, model) => {
	const id = sql(
		gateway,
		`SELECT replace(f.blob::text, '-', '') FROM revision_file f JOIN model m
		ON m.id = f.model WHERE m.name = '${model}' AND f.path = 'model.safetensors'`,
	);
	return path.join(gateway.dir, "store", id.slice(0, 2), id);
};

const most = (gateway, model) =>
	Number(
		sql(
			gateway,
			`SELECT most_bytes FROM revision_need n JOIN model m ON m.id = n.model
			WHERE m.name = '${model}'`,
		),
	);

const here = gatewayForThisFile(async (gateway, holder) => {
	if (skip) return;
	const open = { gate: "no" };
	const files = folderOf("hf-trained-here/qwen2");
	const terms_sha256 = await addTerms(gateway, "Be kind.");

	await importFiles(gateway, qwen, files, open);
	await importFiles(gateway, gpt, folderOf("hf-trained-here/gpt2"), open);
	await importFiles(gateway, stories, folderOf("stories260K"), open);
	await importFiles(gateway, altered, files, open);
	await importFiles(gateway, cut, files, open);
	const nan = spoil("layers.1.mlp.up_proj", Number.NaN);
	const infinite = spoil("layers.0.self_attn.o_proj", -Infinity);
	await importFiles(gateway, endless, withWeights(files, nan), open);
	await importFiles(gateway, below, withWeights(files, infinite), open);
	await importFiles(gateway, gated, files, { gate: "manual", terms_sha256 });
	holder.import = await importFiles(gateway, large, hugeConfig(files), open);
	holder.files = files;
	const bytes = most(gateway, qwen) + most(gateway, stories);
	holder.limit = Math.ceil(bytes / MIB) + SPARE_MIB;
	// Other processes than those that the files came in by.
	await gateway.serveWith(
		{
			engines: 3,
			engine_threads: 1000, // no machine has
			log_level: "debug",
			inference_memory_mib: holder.limit,
			load_wait_seconds: 2,
		},
		async () => {
			const file = blobOf(gateway, altered);
			const sealed = fs.readFileSync(file);
			sealed[sealed.length >> 1] ^= 1;
			fs.writeFileSync(file, sealed);
			fs.truncateSync(blobOf(gateway, cut), sealed.length - 70000);
		},
	);
});

const complete = (model, more = {}, token = here.gateway.tokens.researcher) =>
	ask(here.gateway, "POST", "/v1/completions", {
		token,
		body: { model, prompt: "Once", max_tokens: 2, temperature: 0, ...more },
	});

const admin = (method, route, body) =>
	ask(here.gateway, method, route, { token: here.gateway.tokens.admin, body });

const view = async () => (await admin("GET", "/api/v1/engines")).json;

/** The engines that have this model, by the state they are in. */
const enginesOf = async (model) => (await view()).engines.filter((one) => one.model === model);
const stateOf = async (model) => (await enginesOf(model))[0]?.state;
const isState = (model, state) =>
	until(`${model} to be ${state}`, 20, async () => (await stateOf(model)) === state);

const gauge = async (name) => {
	const { text } = await ask(here.gateway, "GET", "/metrics");
	return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)[1]);
};

const enginePids = () => here.gateway.processesNamed("sallyport-engine").map(({ id }) => id);

function signal(pid, name) {
	try {
		process.kill(pid, name);
	} catch {
		// It is gone by now.
	}
}

/** Do something while no engine gets on, those that begin meanwhile neither. */
async function whileStopped(act) {
	const pids = new Set();
	const stop = () => {
		for (const pid of enginePids()) {
			if (pids.has(pid)) continue;
			pids.add(pid);
			signal(pid, "SIGSTOP");
		}
	};

	stop();
	const watch = setInterval(stop, 5);
	try {
		return await act(pids);
	} finally {
		clearInterval(watch);
		for (const pid of pids) signal(pid, "SIGCONT");
	}
}

async function unload(model) {
	const answer = await admin("POST", `/api/v1/models/${model}/unload`, { running: "wait" });
	assert.equal(answer.status, 200, answer.text);
	await isState(model, undefined);
}

/** Nothing is loaded, and all engines are there: those that were killed take a while. */
async function unloadAll() {
	for (const { model, state } of (await view()).engines)
		if (model && state === "ready") await unload(model);
	await until("three empty engines", 60, async () => {
		return (await view()).engines.every(({ up, state }) => up && state === "empty");
	});
}

/** Asked for as clients do: again, if the gateway says so. */
const ready = (model, token) =>
	until(`${model} to be there`, 60, async () => {
		const answer = await complete(model, {}, token);
		if (![200, 429, 503].includes(answer.status)) assert.fail(answer.text);
		return answer.status === 200;
	});

test("models are loaded beside each other when they are asked for", { skip }, async () => {
	await Promise.all([ready(qwen), ready(stories)]);
	const { engines, memory } = await until("the calls to be over", 10, async () => {
		const seen = await view();
		return seen.engines.every(({ sequences }) => !sequences) && seen;
	});
	const [one, two] = engines.filter(({ state }) => state === "ready");

	assert.deepEqual([one.model, two.model].sort(), [qwen, stories]);
	assert.equal(one.loaded_bytes, one.total_bytes);
	assert.ok(one.memory_bytes > MIB && one.pinned === false);
	assert.equal(memory.limit_bytes, here.limit * MIB);
	assert.equal(memory.free_bytes, memory.limit_bytes - one.memory_bytes - two.memory_bytes);
	assert.equal(await gauge("sallyport_inference_memory_limit_bytes"), memory.limit_bytes);
	assert.equal(await gauge('sallyport_engines{state="ready"}'), 2);
});

test("the least recently used idle model makes room", { skip }, async () => {
	const mayGo = async (model) => (await enginesOf(model))[0]?.evictable;
	for (const model of [stories, qwen]) {
		await ready(model); // qwen was used last
		await until(`${model} to have been there for a while`, 20, () => mayGo(model));
	}
	await ready(gpt);
	await isState(stories, undefined);
	assert.equal(await stateOf(qwen), "ready");
	assert.equal(await stateOf(gpt), "ready");
	assert.ok((await gauge("sallyport_model_evictions")) >= 1);
});

test("calls of one model share its load, others load beside it", { skip }, async () => {
	await unloadAll();
	const before = await gauge("sallyport_model_loads");
	const calls = await whileStopped(async () => {
		const begun = [qwen, qwen, qwen, stories, stories].map((model) => complete(model));
		await isState(qwen, "loading");
		await isState(stories, "loading");
		return begun;
	});
	for (const answer of await Promise.all(calls)) assert.equal(answer.status, 200);
	assert.equal((await gauge("sallyport_model_loads")) - before, 2);
});

test("who waits too long is told how far it is, and finds it later", { skip }, async () => {
	await unloadAll();
	const answer = await whileStopped(() => complete(qwen));
	assert.equal(answer.status, 503, answer.text);
	assert.ok(Number(answer.headers["retry-after"]) >= 1);
	assert.equal(answer.json.error.code, "model_not_ready");
	assert.match(answer.json.error.message, /is being loaded \(.* of .*\); ask again in \d+ s/);
	await isState(qwen, "ready");
	await ready(qwen);
});

test("one that cannot fit is refused before its load, and at import", { skip }, async () => {
	const loads = await gauge("sallyport_model_loads");
	const answer = await complete(large);

	assert.equal(answer.status, 400);
	assert.match(answer.json.error.message, /does not fit: it needs .* TiB of memory/);
	assert.match(answer.json.error.message, /and .* MiB may be used/);
	assert.match(answer.json.error.message, /inference_memory_mib/);
	assert.equal(await gauge("sallyport_model_loads"), loads);
	assert.ok((await gauge("sallyport_model_refusals")) >= 1);
	assert.match(here.import.hookOutput, /does not fit: it needs/);
	const pinned = await admin("PUT", `/api/v1/models/${large}/pin`);
	assert.equal(pinned.status, 400);
	assert.match(pinned.json.detail, /does not fit/);
});

/** The process of a slot. */
const pidOf = (slot) =>
	enginePids().find((pid) => {
		const words = fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
		return words[words.indexOf("--index") + 1] === String(slot);
	});

test("a load ends when its model, or the last right to it, is withdrawn", { skip }, async () => {
	const { person, license } = await licensedPerson(here.gateway, gated, ["infer:generate"]);
	const acts = [
		[gated, person.token, `/api/v1/licenses/${license.id}/revoke`],
		[qwen, undefined, `/api/v1/models/${qwen}/disable`],
	];

	for (const [model, token, act] of acts) {
		await unloadAll();
		const answer = await whileStopped(async () => {
			const call = complete(model, {}, token);
			await isState(model, "loading");
			await admin("POST", act, { reason: "a test" });
			return call; // is answered before any engine gets on
		});
		assert.equal(answer.status, 403, answer.text);
		await isState(model, undefined);
	}
	assert.equal((await admin("POST", `/api/v1/models/${qwen}/enable`, {})).status, 200);
});

/** Some calls that are under way, and cannot get on until `act` is over. */
async function duringCalls(model, act) {
	await ready(model);
	// Long enough for all to have begun: one that came later would have it loaded again.
	const calls = Array.from({ length: 2 }, () =>
		complete(model, { max_tokens: 450, n: 8 }).catch((error) => error),
	);
	await until("the calls to run", 10, async () => {
		return (await enginesOf(model))[0]?.sequences === calls.length;
	});
	await whileStopped(act);
	return Promise.all(calls);
}

test("who has a batch license waits for who has an interactive one", { skip }, async () => {
	const { gateway } = here;
	const holder = (plan) =>
		licensedPerson(gateway, gated, ["infer:generate"], plan && { plan });
	const slow = await holder("batch");
	const fast = await holder("interactive");
	const usual = await holder();
	const ended = [];
	// More than there are pages for: somebody has to give theirs back, and to wait.
	const [many, n, max_tokens] = [6, 8, 100];
	const calls = (who, name) =>
		Array.from({ length: many }, async () => {
			const body = { n, max_tokens, ignore_eos: true };
			const answer = await complete(gated, body, who.person.token);
			assert.equal(answer.status, 200, answer.text);
			ended.push(name);
		});

	await assert.rejects(holder("gold"), /interactive, standard or batch, not .*gold/);
	for (const [who, plan] of [
		[slow, "batch"],
		[fast, "interactive"],
		[usual, "standard"],
	]) {
		const { token } = who.person;
		const { json } = await expect(200, gateway, "GET",
			`/api/v1/licenses/${who.license.id}`, { token });
		assert.equal(json.plan, plan);
		assert.equal(JSON.parse(json.document).plan ?? "standard", plan, "it is signed");
		const why = await gateway.cli(token, "explain", gated, "infer:generate");
		assert.match(why.stdout, new RegExp(`plan +${plan}`));
	}
	await ready(gated, slow.person.token);
	assert.equal((await complete(gated, {}, fast.person.token)).status, 200);
	const running = await whileStopped(async () => {
		const first = calls(slow, "batch");
		await until("those to wait", 30, async () => {
			return (await enginesOf(gated))[0].sequences === many;
		});
		const second = calls(fast, "interactive");
		await until("all to wait", 30, async () => {
			return (await enginesOf(gated))[0].sequences === 2 * many;
		});
		return first.concat(second);
	});
	await Promise.all(running);
	const first = ended.slice(0, many).filter((name) => name === "interactive");
	assert.ok(first.length >= many - 1, `who came later: ${ended}`); // a share, not a rank
});

const cores = () =>
	Number(execFileSync("nproc", { env: { PATH: process.env.PATH } }).toString());

/** What the supervisor has lent, at each moment in which all at work have been told: [[[first,
 * count], ...], ...]. */
function lentIn(log) {
	const atWork = new Map();
	const moments = [];
	let told = 0;

	for (const line of log.split("\n")) {
		const [, index, first, count] =
			/cores\.lent.* index=(\d+) first=(\d+) count=(\d+)/.exec(line) ?? [];
		const [, who, is] = /cores\.work.* index=(\d+) is_at_work=(\d)/.exec(line) ?? [];

		if (who !== undefined) {
			if (is === "1") atWork.set(who);
			else atWork.delete(who);
			told = 0;
		}
		if (index === undefined) continue;
		atWork.set(index, [Number(first), Number(count)]);
		if (++told === atWork.size) moments.push([...atWork.values()]);
	}
	return moments;
}

/** Calls of both models at once, and what was lent for them. */
async function bothAtOnce() {
	const file = path.join(here.gateway.folder, "serve.log");
	const before = fs.readFileSync(file, "utf8").length;
	const running = await whileStopped(async () => {
		const begun = [qwen, stories, qwen, stories].map((model) =>
			complete(model, { n: 4, max_tokens: 100, ignore_eos: true }),
		);
		await until("all to wait", 30, async () => {
			const { engines } = await view();
			return engines.reduce((sum, one) => sum + (one.sequences ?? 0), 0) === 4;
		});
		return begun;
	});

	const answers = await Promise.all(running);
	for (const { status, text } of answers) assert.equal(status, 200, text);
	return until("both to have been at work", 10, () => {
		const moments = lentIn(fs.readFileSync(file, "utf8").slice(before));
		return moments.some((one) => one.length === 2) && moments;
	});
}

const ticksOf = (pid) => {
	const fields = fs.readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
	return Number(fields[11]) + Number(fields[12]);
};

test("engines at work share the cores, and idle ones use none", { skip }, async () => {
	const all = cores();
	const status = fs.readFileSync("/proc/self/status", "utf8");
	const [, allowed] = /^Cpus_allowed_list:\s+(\S+)$/m.exec(status);
	const family = [here.gateway.child.pid]
		.concat(here.gateway.processesNamed("sallyportd").map(({ id }) => id));
	const tie = (to) => {
		for (const pid of [...family, ...enginePids()])
			execFileSync("taskset", ["-acp", to, String(pid)], { stdio: "ignore" });
	};

	await unloadAll();
	await Promise.all([ready(qwen), ready(stories)]);
	for (const pid of enginePids())
		assert.ok(fs.readdirSync(`/proc/${pid}/task`).length <= all + 1, "threads");
	for (const lent of await bothAtOnce()) {
		const taken = lent.flatMap(([first, count]) =>
			Array.from({ length: count }, (_, i) => first + i),
		);
		const isShared = lent.length > all;
		assert.ok(isShared || taken.length <= all, `${JSON.stringify(lent)} of ${all}`);
		assert.ok(isShared || new Set(taken).size === taken.length, "none is lent twice");
		assert.ok(taken.every((core) => core < all));
	}
	tie(/^\d+/.exec(allowed)[0]); // more engines than cores: one each, and both get on
	const shared = await bothAtOnce();
	const isOne = ([first, count]) => first === 0 && count === 1;
	assert.ok(shared.every((lent) => lent.every(isOne)), JSON.stringify(shared));
	tie(allowed);
	await until("all to be idle", 20, async () =>
		(await view()).engines.every(({ sequences }) => !sequences),
	);
	const pids = enginePids();
	const before = pids.map(ticksOf);
	await new Promise((resolve) => setTimeout(resolve, 1000));
	const used = pids.map((pid, i) => ticksOf(pid) - before[i]);
	assert.ok(used.every((ticks) => ticks <= 5), `hundredths of a second: ${used}`);
});

test("an unload waits for those who use the model, or cuts them off", { skip }, async () => {
	const route = `/api/v1/models/${stories}/unload`;
	const waited = await duringCalls(stories, async () => {
		const answer = await admin("POST", route, { running: "wait" });
		assert.ok(answer.json.sequences >= 1, answer.text);
		assert.equal(await stateOf(stories), "ending");
	});
	for (const answer of waited) assert.equal(answer.status, 200, answer.text);
	await isState(stories, undefined);
	const cutOff = await duringCalls(stories, () => admin("POST", route, { running: "cut" }));
	assert.ok(cutOff.some(({ status }) => status !== 200));
	await isState(stories, undefined);
	assert.equal((await admin("POST", route, { running: "soon" })).status, 400);
});

test("weights are kept in as many bits as an administrator says", { skip }, async () => {
	const measure = async (quantize) => {
		const route = `/api/v1/models/${gpt}/quantize`;
		const answer = await admin("PUT", route, { quantize });
		assert.equal(answer.status, 200, answer.text);
		assert.equal(answer.json.quantize, quantize);
		await unloadAll();
		const call = await complete(gpt, { max_tokens: 8 });
		assert.equal(call.status, 200, call.text);
		return { bytes: (await enginesOf(gpt))[0].memory_bytes, text: call.text };
	};
	const stored = await measure("none");
	const eight = await measure("q8_0");
	const four = await measure("q4_0");

	assert.ok(eight.bytes < stored.bytes && four.bytes < eight.bytes,
		`${stored.bytes} ${eight.bytes} ${four.bytes}`);
	const rows = await measure("w8a8");
	assert.ok(rows.bytes < stored.bytes, `${stored.bytes} ${rows.bytes}`);
	assert.equal((await measure("none")).bytes, stored.bytes);
	const wrong = await admin("PUT", `/api/v1/models/${gpt}/quantize`, { quantize: "q2" });
	assert.equal(wrong.status, 400, wrong.text);
	assert.match(wrong.json.detail, /"none", "q8_0", "q4_0" or "w8a8"/);
});

/** A column of the first sixteen rows of a matrix, as the engine has them side by side. */
const columnsOf = (weights) =>
	readTensors(weights)
		.tensors.filter(({ name }) => /embed_tokens|up_proj|down_proj/.test(name))
		.map(({ bytes, shape }) => {
			const size = bytes.length / (shape[0] * shape[1]);
			const element = (_, row) => {
				const at = (row * shape[1] + (shape[1] >> 1)) * size;
				return bytes.subarray(at, at + size);
			};
			return Buffer.concat(Array.from({ length: 16 }, element));
		});

test("of what was unloaded nothing is left anywhere", { skip }, async (t) => {
	await unloadAll();
	await ready(qwen);
	const [engine] = await enginesOf(qwen);
	const pid = pidOf(engine.slot);
	const weights = here.files["model.safetensors"];
	const inFile = readTensors(weights)
		.tensors.filter(({ name }) => /embed_tokens|up_proj|down_proj/.test(name))
		.map(({ bytes }) => bytes.subarray(bytes.length >> 1, (bytes.length >> 1) + 64));
	const patterns = inFile.concat(columnsOf(weights));
	const everyone = ["sallyport", "sallyportd", "sallyport-edge", "sallyport-keeper"]
		.concat(["sallyport-scribe", "sallyport-porter", "sallyport-courier"])
		.concat(["sallyport-engine"]);

	if (!canSearch(pid)) return t.skip("this user may not look into other processes");
	assert.ok(memoryHolds(pid, columnsOf(weights)), "where they are, they are found");
	assert.ok(statusOf(pid, "VmLck") > weights.length, "they are locked");
	assert.equal(statusOf(pid, "VmSwap"), 0);
	await unload(qwen);
	await until("its process to end", 20, () => !fs.existsSync(`/proc/${pid}`));
	for (const name of everyone)
		for (const { id } of here.gateway.processesNamed(name))
			assert.equal(memoryHolds(id, patterns), false, `in ${name} ${id}`);
	for (const file of fs.readdirSync(here.gateway.dir, { recursive: true })) {
		const whole = path.join(here.gateway.dir, file);
		assert.doesNotMatch(path.basename(whole), /^core(\.|$)/);
		if (!fs.statSync(whole, { throwIfNoEntry: false })?.isFile()) continue;
		const bytes = fs.readFileSync(whole);
		assert.ok(patterns.every((one) => bytes.indexOf(one) < 0), whole);
	}
});

test("what is spoiled is refused by name, and no part of it serves", { skip }, async () => {
	await unloadAll();
	for (const [model, tensor] of [
		[endless, /layers\.1\.mlp\.up_proj\.weight.*not a number/],
		[below, /layers\.0\.self_attn\.o_proj\.weight.*(infinite|not a number)/],
	]) {
		const refused = await complete(model);
		assert.equal(refused.status, 400, refused.text);
		assert.match(refused.json.error.message, tensor);
	}
	for (const model of [altered, cut]) {
		const answer = await complete(model);
		assert.ok(answer.status >= 400, answer.text);
	}
	for (const model of [endless, below, altered, cut])
		await until(`nothing of ${model}`, 20, async () => {
			const found = await enginesOf(model);
			return found.every(({ state }) => state === "ending") && found.length === 0;
		});
	await ready(qwen);
});

const pinned = async () =>
	(await view()).engines.filter((one) => one.pinned).map(({ model }) => model);

test("a pinned model is there unasked, and stays", { skip }, async () => {
	const { gateway } = here;
	const act = (...words) => gateway.cli(gateway.tokens.admin, ...words);

	await unloadAll();
	assert.equal((await act("model", "pin", qwen)).code, 0);
	await isState(qwen, "ready");
	await ready(stories);
	await ready(gpt);
	assert.deepEqual(await pinned(), [qwen]);
	assert.equal(await stateOf(qwen), "ready", "used the longest ago, and not evicted");
	const { stdout } = await act("engines");
	assert.match(stdout, /service\/qwen/);
	assert.match(stdout, /are free/);
	const [{ slot }] = await enginesOf(qwen);
	process.kill(pidOf(slot), "SIGKILL");
	await isState(qwen, undefined);
	await isState(qwen, "ready");
	const refused = await admin("POST", `/api/v1/models/${qwen}/unload`, {});
	assert.equal(refused.status, 409, refused.text);
});

test("pins that do not fit together are refused, calls beside them, too", { skip }, async () => {
	assert.equal((await admin("PUT", `/api/v1/models/${stories}/pin`)).status, 200);
	await isState(stories, "ready");
	const third = await admin("PUT", `/api/v1/models/${gpt}/pin`);
	assert.equal(third.status, 400, third.text);
	assert.match(third.json.detail, /cannot be pinned: .* 2 of 3 engines and .* MiB of /);
	const call = await complete(gpt);
	assert.equal(call.status, 400, call.text);
	assert.match(call.json.error.message, /beside the models that are pinned/);
	assert.equal((await admin("PUT", `/api/v1/models/${stories}/pin`)).status, 409);
	assert.equal((await admin("DELETE", `/api/v1/models/${stories}/pin`)).status, 200);
	assert.equal((await admin("DELETE", `/api/v1/models/${stories}/pin`)).status, 404);
	await ready(gpt);
	const kinds = await Promise.all(
		["model.pin", "model.unpin", "model.unload"].map((kind) =>
			expect(200, here.gateway, "GET", `/api/v1/audit/events?kind=${kind}`, {
				token: here.gateway.tokens.auditor,
			}),
		),
	);
	for (const { json } of kinds) assert.ok(json.events.length >= 1);
});

/** The call for a model whose engine is killed so many times while it loads. */
async function killWhileItLoads(model, times) {
	await unloadAll();
	return whileStopped(async () => {
		const call = complete(model);
		let killed;

		for (let i = 0; i < times; i++) {
			await until("a load in another process", 20, async () => {
				const [one] = await enginesOf(model);
				// Before that its process may be replaced, and no attempt is lost.
				const isBegun = one?.state === "loading" && one.begun;
				const pid = isBegun && pidOf(one.slot);
				if (!pid || pid === killed) return false;
				killed = pid;
				return true;
			});
			process.kill(killed, "SIGKILL");
		}
		return { call };
	});
}

test("an engine that dies while it loads is replaced, once", { skip }, async () => {
	assert.equal((await admin("DELETE", `/api/v1/models/${qwen}/pin`)).status, 200);
	const once = await (await killWhileItLoads(stories, 1)).call;
	assert.equal(once.status, 200, once.text);
	const twice = await (await killWhileItLoads(stories, 2)).call;
	assert.equal(twice.status, 503, twice.text);
	assert.match(twice.json.error.message, /neither at the second attempt/);
});

test("every edge loads what is pinned, and unloads what it is told to", { skip }, async () => {
	const { gateway } = here;
	const edgesWith = async (model, state) =>
		(await enginesOf(model))
			.filter((one) => one.state === state)
			.map(({ edge }) => edge);
	const inBoth = (model) => async () =>
		new Set(await edgesWith(model, "ready")).size === 2;

	assert.equal((await admin("PUT", `/api/v1/models/${qwen}/pin`)).status, 200);
	const config = fs.readFileSync(gateway.config, "utf8");
	fs.writeFileSync(gateway.config, config.replace("[gateway]\n", "[gateway]\nedges = 2\n"));
	await gateway.stopChild();
	gateway.serve(); // the database has stayed
	await until("the gateway to serve again", 60, async () => {
		return (await ask(gateway, "GET", "/readyz")).status === 200;
	});
	await until("the pinned model in both edges", 20, inBoth(qwen));
	assert.equal((await view()).memory.limit_bytes, (here.limit * MIB) / 2);
	assert.equal((await admin("DELETE", `/api/v1/models/${qwen}/pin`)).status, 200);
	assert.equal((await admin("POST", `/api/v1/models/${qwen}/unload`, {})).status, 200);
	await until("it to be gone from both", 20, async () => !(await stateOf(qwen)));
});
