// SPDX-License-Identifier: Apache-2.0
// The formats that weights come in: a GGUF file is a model by itself, a pickle is not taken in.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { gatewayForThisFile, makeFolder, shared } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { commit, createModel, importFiles, sha256, uploadAddress } from "./people.mjs";

const here = gatewayForThisFile();
const admin = () => here.gateway.tokens.admin;
const models = path.join(shared, "data/models");
const skip = fs.existsSync(models) ? false : `no ${models}`;
const read = (name) => fs.readFileSync(path.join(models, name));

// What torch.save writes, and what Python's pickle.dumps gives.
const archive = Buffer.concat([
	Buffer.from("504b03040000080800000000000000000000000000000000000010001200", "hex"),
	Buffer.from("archive/data.pkl"),
	Buffer.alloc(100),
]);
const pickle = Buffer.from("8004950500000000000000 5d944b012e".replace(" ", ""), "hex");

const infoOf = async (model) =>
	(await expect(200, here.gateway, "GET", `/api/models/${model}`, { token: admin() })).json;

function complete(model, prompt, more = {}) {
	const body = { model, prompt, temperature: 0, max_tokens: 40, ...more };
	return ask(here.gateway, "POST", "/v1/completions", { token: admin(), body });
}

async function logged(kind, model) {
	const query = `kind=${kind}&model=${encodeURIComponent(model)}&limit=50`;
	const token = here.gateway.tokens.auditor;
	return (await expect(200, here.gateway, "GET", `/api/v1/audit/events?${query}`, { token }))
		.json.events;
}

/** A GGUF file is sealed before anyone can read it: an engine looks at it soon after. */
const looked = (model) =>
	until("an engine has looked at it", 20, async () => {
		const info = (await infoOf(model)).sallyport;
		return info.inference_state !== "checking" && info;
	});

test("a GGUF file is looked at before its first user", { skip }, async () => {
	const model = "formats/unused";
	const file = read("stories260K/stories260K.gguf");

	await importFiles(here.gateway, model, { "stories260K.gguf": file }, { gate: "no" });
	const known = await looked(model);
	assert.equal(known.inference_state, "yes");
	assert.ok(known.tasks.includes("generate"));
	assert.equal(known.inference_reason, null);
});

test("a GGUF file alone is a model that writes", { skip }, async () => {
	const model = "formats/stories";
	const file = read("stories260K/stories260K.gguf");

	await importFiles(here.gateway, model, { "stories260K.gguf": file }, { gate: "no" });
	assert.equal((await infoOf(model)).sallyport.inference, true);
	const answer = await complete(model, "Once upon a time");
	assert.equal(answer.status, 200, answer.text);
	const told = read("stories260K/expected_greedy.txt").toString();
	const text = answer.json.choices[0].text;
	assert.ok(text.length > 40);
	assert.equal(told.slice(0, "Once upon a time".length + text.length),
		"Once upon a time" + text);
});

test("of another architecture it is kept, and refused by its key", { skip }, async () => {
	const model = "formats/other";
	const file = Buffer.from(read("stories260K/stories260K.gguf"));
	const at = file.indexOf("llama", file.indexOf("general.architecture"));

	file.write("gemma", at);
	await importFiles(here.gateway, model, { "other.gguf": file }, { gate: "no" });
	const why = /other\.gguf: "general\.architecture" is "gemma", which this engine does/;
	const known = await looked(model); // nobody has used it
	assert.equal(known.inference_state, "no");
	assert.equal(known.inference, false);
	assert.match(known.inference_reason, why);
	const answer = await complete(model, "Once");
	assert.notEqual(answer.status, 200);
	assert.match(answer.text.replaceAll("\\", ""), why);
	await expect(200, here.gateway, "GET", `/${model}/resolve/main/other.gguf`, {
		token: admin() });
});

test("a file that is cut short is refused with its name and the place", { skip }, async () => {
	const model = "formats/cut";
	const file = read("stories260K/stories260K.gguf").subarray(0, 500000);

	await importFiles(here.gateway, model, { "cut.gguf": file }, { gate: "no" });
	const answer = await complete(model, "Once");
	assert.notEqual(answer.status, 200);
	assert.match(answer.text, /cut\.gguf: at byte \d+: tensor .* goes beyond the end of/);
});

test("two GGUF files are not one model", { skip }, async () => {
	const model = "formats/two";
	const file = read("stories260K/stories260K.gguf");

	await importFiles(here.gateway, model, { "a.gguf": file, "b.gguf": file }, { gate: "no" });
	const info = (await infoOf(model)).sallyport;
	assert.equal(info.inference, false);
	assert.match(info.inference_reason, /more than one GGUF file/);
});

test("a pickle is refused by its name before it is sent, with what to do", async () => {
	const model = "formats/pickled";

	await createModel(here.gateway, model, { gate: "no" });
	for (const name of ["pytorch_model.bin", "sub/last.ckpt", "model.PT"]) {
		const answer = await ask(here.gateway, "POST",
			`/api/models/${model}/preupload/main`, {
			token: admin(), body: { files: [{ path: name, size: 10 }] } });
		assert.equal(answer.status, 400, answer.text);
		assert.match(answer.text, /Python pickle/);
		assert.match(answer.text, /Convert the weights to safetensors/);
		assert.match(answer.text, /allow_pickle/);
	}
	await expect(200, here.gateway, "POST", `/api/models/${model}/preupload/main`, {
		token: admin(), body: { files: [{ path: "weights.bin", size: 10 }] } });
});

test("a pickle under another name is refused by its content", async () => {
	const model = "formats/pickled";

	for (const [name, bytes] of [["weights.bin", archive], ["a.dat", pickle]]) {
		const inline = await commit(here.gateway, model, { [name]: bytes });
		assert.equal(inline.status, 400, inline.text);
		assert.match(inline.text, /Python pickle/);
		const href = await uploadAddress(here.gateway, model, sha256(bytes), bytes.length);
		if (href) await expect(200, here.gateway, "PUT", href, { body: bytes });
		const large = await commit(here.gateway, model, { [name]: bytes }, [name]);
		assert.equal(large.status, 400, large.text);
		assert.match(large.text, /Python pickle/);
	}
	const plain = await commit(here.gateway, model, { "weights.bin": Buffer.alloc(300, "x") });
	assert.equal(plain.status, 200, plain.text);
});

test("an administrator lets a model carry pickles, and the log says so", async () => {
	const model = "formats/pickled";
	const set = (allow_pickle, token) =>
		ask(here.gateway, "PUT", `/api/models/${model}/settings`, {
			token, body: { allow_pickle } });

	assert.equal((await set(true, here.gateway.tokens.researcher)).status, 403);
	assert.equal((await set("yes", admin())).status, 400);
	assert.equal((await set(true, admin())).json.allow_pickle, true);
	assert.equal((await infoOf(model)).sallyport.allow_pickle, true);
	const events = await logged("model.settings", model);
	assert.ok(events.some((one) => JSON.stringify(one).includes('"allow_pickle":true')));
	const made = await commit(here.gateway, model, { "pytorch_model.bin": archive });
	assert.equal(made.status, 200, made.text);
	const back = await expect(200, here.gateway, "GET",
		`/${model}/resolve/main/pytorch_model.bin`, { token: admin() });
	assert.deepEqual(back.body, archive);
});

test("what is there stays when the setting is taken back, and nothing is added", async () => {
	const model = "formats/pickled";

	await expect(200, here.gateway, "PUT", `/api/models/${model}/settings`, {
		token: admin(), body: { allow_pickle: false } });
	const again = await commit(here.gateway, model, { "pytorch_model.bin": archive,
		"note.txt": Buffer.from("the same file") });
	assert.equal(again.status, 200, again.text);
	const more = await commit(here.gateway, model, { "more.pth": Buffer.from("x") });
	assert.equal(more.status, 400, more.text);
	assert.match(more.text, /more\.pth.*Python pickle/);
});

test("the command line carries them when told to", async () => {
	const folder = makeFolder();

	fs.writeFileSync(path.join(folder, "model.pt"), archive);
	const refused = await here.gateway.cli(admin(), "model", "import", "formats/by-cli",
		folder);
	assert.equal(refused.code, 1);
	assert.match(refused.stderr, /model\.pt.*Python pickle/s);
	const done = await here.gateway.cli(admin(), "model", "import", "formats/by-cli", folder,
		"--allow-pickle");
	assert.equal(done.code, 0, done.stderr);
});
