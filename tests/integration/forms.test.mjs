// SPDX-License-Identifier: Apache-2.0
// A model asks what its card says, or what its administrator says: those who ask for it answer, and
// are told which answer is wrong.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { demoModel, gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { addPerson, commit, createModel, freshName, readFolder, submit } from "./people.mjs";

const here = gatewayForThisFile();
const files = readFolder(demoModel);
const admin = () => here.gateway.tokens.admin;

const card = (front) => Buffer.from(`---\n${front}---\n# A model\n`);
const asked = `license: other
extra_gated_prompt: You agree to do no harm.
extra_gated_fields:
  Company: text
  Country: country
  Born: date_picker
  I want it for:
    type: select
    options: [Research, {label: Something else, value: other}]
  Remarks: {type: text, required: false}
  I agree: checkbox
`;
const answers = {
	Company: "Fox & Sons",
	Country: "DE",
	Born: "2000-02-29",
	"I want it for": "other",
	"I agree": true,
};

/** A gated model whose README.md is this. */
async function modelWith(readme) {
	const name = `forms/${freshName("model")}`;
	await createModel(here.gateway, name, { gate: "manual" });
	const made = await commit(here.gateway, name, {
		"README.md": readme,
		"config.json": files["config.json"],
	});
	assert.equal(made.status, 200, made.text);
	return name;
}

const formOf = async (model, token) =>
	(await expect(200, here.gateway, "GET", `/api/v1/models/${model}/form`, { token })).json;
const putForm = (model, body, token = admin()) =>
	ask(here.gateway, "PUT", `/api/v1/models/${model}/form`, { token, body });

async function requestWith(model, fields, token) {
	const person = token ?? (await addPerson(here.gateway)).token;
	const body = { model, intended_use: "to read", rights: ["weights:read"], fields };
	return submit(here.gateway, person, body);
}

test("the form of a card is shown to all, canonical, under its SHA-256", async () => {
	const model = await modelWith(card(asked));
	const { form, ...about } = await formOf(model);

	assert.equal(about.source, "card");
	assert.equal(about.version, 1);
	assert.equal(about.required, true);
	assert.equal(form.extra_gated_prompt, "You agree to do no harm.");
	assert.deepEqual(
		form.extra_gated_fields.map((field) => field.label),
		["Company", "Country", "Born", "I want it for", "Remarks", "I agree"],
	);
	// The answer's objects are in canonical order, and have no numbers.
	const digest = crypto.createHash("sha256").update(JSON.stringify(form)).digest("hex");
	assert.equal(about.sha256, digest);
});

test("answers are kept with the version of the form, in the request and in the log", async () => {
	const model = await modelWith(card(asked));
	const made = await requestWith(model, answers);

	assert.equal(made.status, 201, made.text);
	const target = `/api/v1/access-requests/${made.json.id}`;
	const shown = await expect(200, here.gateway, "GET", target, { token: admin() });
	assert.deepEqual(shown.json.fields, answers);
	assert.equal(shown.json.form_version, 1);
	const events = await until("the entry to be listed", 10, async () => {
		const path = `/api/v1/audit/events?kind=request.submit&model=${model}`;
		const found = await ask(here.gateway, "GET", path, {
			token: here.gateway.tokens.auditor,
		});
		return found.json.events.length && found.json.events;
	});
	assert.deepEqual(events[0].payload.fields, answers);
	assert.equal(events[0].payload.form_sha256, (await formOf(model)).sha256);
});

const wrong = [
	["nothing", undefined, /"Company".*required/],
	["one left out", { ...answers, Country: undefined }, /"Country".*required/],
	["a number for a text", { ...answers, Company: 7 }, /"Company".*text/],
	["no such day", { ...answers, Born: "2001-02-29" }, /"Born".*date/],
	["no such country", { ...answers, Country: "UK" }, /"Country".*ISO/],
	["no such option", { ...answers, "I want it for": "Something" }, /"I want.*options/],
	["no consent", { ...answers, "I agree": false }, /"I agree".*confirmed/],
	["a field nobody asked for", { ...answers, Age: "7" }, /"Age".*no such field/],
	["a list", [], /\{label: answer\}/],
];

test("each wrong answer is named, and leaves no request", async (t) => {
	const model = await modelWith(card(asked));
	const { token } = await addPerson(here.gateway);

	for (const [why, fields, said] of wrong)
		await t.test(why, async () => {
			const refused = await requestWith(model, fields, token);
			assert.equal(refused.status, 400, refused.text);
			assert.equal(refused.json.code, "BAD_REQUEST");
			assert.match(refused.json.detail, said);
		});
	assert.equal((await requestWith(model, answers, token)).status, 201);
});

test("the country of an address is not guessed", async () => {
	const model = await modelWith(card("extra_gated_fields: {geo: ip_location}\n"));
	const union = await modelWith(card("extra_gated_eu_disallowed: true\n"));

	const refused = await requestWith(model, {});
	assert.equal(refused.status, 400);
	assert.match(refused.json.detail, /"geo".*not known/);
	assert.equal((await requestWith(model, { geo: "DE" })).status, 400);
	const closed = await requestWith(union, {});
	assert.equal(closed.status, 403);
	assert.match(closed.json.detail, /European Union/);
});

test("a draft need not answer all; submitted, or sent back, what it has counts", async () => {
	const model = await modelWith(card(asked));
	const { token } = await addPerson(here.gateway);
	const { Company, ...rest } = answers;
	const body = { model, draft: true, intended_use: "to read", rights: ["weights:read"] };
	const draft = await submit(here.gateway, token, { ...body, fields: { Company } });
	assert.equal(draft.status, 201, draft.text);
	const target = `/api/v1/access-requests/${draft.json.id}`;
	const send = (fields) =>
		ask(here.gateway, "POST", `${target}/submit`, { token, body: { fields } });

	assert.match((await send()).json.detail, /"Country".*required/);
	assert.equal((await send({ ...rest, Company: 7 })).status, 400);
	assert.equal((await send(answers)).status, 200);
	await expect(200, here.gateway, "POST", `${target}/return`, {
		token: admin(),
		body: { reason: "say more" },
	});
	assert.equal((await send()).status, 200, "the answers are there");
	const shown = await expect(200, here.gateway, "GET", target, { token });
	assert.deepEqual(shown.json.fields, answers);
});

test("a new card is a new version; one that says the same is none", async () => {
	const model = await modelWith(card(asked));
	const change = async (front) => {
		const made = await commit(here.gateway, model, { "README.md": card(front) });
		assert.equal(made.status, 200, made.text);
		return made.json.commitOid;
	};

	await change(asked + "tags: [x]\n");
	assert.equal((await formOf(model)).version, 1);
	const revision = await change("extra_gated_fields: {Name: text}\n");
	const changed = await formOf(model);
	assert.deepEqual([changed.version, changed.revision], [2, revision]);
	await change("license: mit\n");
	assert.equal((await formOf(model)).form, null);
	assert.equal((await requestWith(model, undefined)).status, 201);
});

test("what the administrator says wins over the card until it is deleted", async () => {
	const model = await modelWith(card(asked));
	const target = `/api/v1/models/${model}/form`;

	const put = await putForm(model, { extra_gated_fields: { Name: "text" } });
	assert.equal(put.status, 200, put.text);
	assert.equal(put.json.source, "api");
	await commit(here.gateway, model, { "README.md": card("extra_gated_fields: {X: text}\n") });
	assert.equal((await formOf(model)).form.extra_gated_fields[0].label, "Name");
	assert.equal((await requestWith(model, { Name: "Fox" })).status, 201);
	assert.equal((await putForm(model, {})).json.required, false, "it asks nothing, and wins");
	const back = await expect(200, here.gateway, "DELETE", target, { token: admin() });
	assert.equal(back.json.form.extra_gated_fields[0].label, "X");
});

test("a form can be put as it was got", async () => {
	const model = await modelWith(card(asked));
	const before = await formOf(model);
	const after = (await putForm(model, before.form)).json;

	assert.equal(after.sha256, before.sha256);
});

test("a form that is not understood is refused, by the API and in a card", async () => {
	const model = await modelWith(card("license: mit\n"));
	const bad = await putForm(model, { extra_gated_fields: { Age: "number" } });
	const made = await commit(here.gateway, model, {
		"README.md": card("extra_gated_fields:\n  Age: number\n"),
	});
	const bomb = await commit(here.gateway, model, {
		"README.md": card("a: &a [x]\nextra_gated_fields: [*a, *a]\n"),
	});
	const asks = (content) =>
		ask(here.gateway, "POST", "/api/validate-yaml", {
			token: admin(),
			body: { content: content.toString(), repoType: "model" },
		});
	const told = await asks(card("extra_gated_fields: {Age: number}\n"));

	assert.match(bad.json.detail, /"Age".*number/);
	assert.equal(made.status, 400);
	assert.match(made.json.error, /README.md.*"Age"/);
	assert.match(bomb.json.error, /line 2.*anchors/);
	assert.equal(told.status, 400, "huggingface_hub raises what the answer says");
	assert.match(told.json.errors[0].message, /"Age"/);
	assert.deepEqual((await asks(card(asked))).json, { errors: [], warnings: [] });
	assert.equal((await formOf(model)).form, null);
});

test("the program shows a form, sets it from a file, and answers it", async () => {
	const { gateway } = here;
	const model = await modelWith(card(asked));
	const { token } = await addPerson(gateway);
	const file = path.join(gateway.folder, "form.json");
	const fields = { Company: "text", "I agree": "checkbox" };
	fs.writeFileSync(file, JSON.stringify({ extra_gated_fields: fields }));
	const wish = ["request", model, "--use", "to read", "--field"];

	const shown = await gateway.cli(token, "model", "form", model);
	assert.equal(shown.code, 0, shown.stderr);
	assert.match(shown.stdout, /You agree to do no harm[^]*Company +text/);
	const refused = await gateway.cli(token, "model", "form", model, file);
	assert.equal(refused.code, 1);
	const set = await gateway.cli(admin(), "model", "form", model, file);
	assert.equal(set.code, 0, set.stderr);
	const wrong = await gateway.cli(token, ...wish, "Company=Fox");
	assert.deepEqual([wrong.code, /"I agree".*confirmed/.test(wrong.stderr)], [1, true]);
	const words = [...wish, "Company=a=b", "--field", "I agree=true", "--json"];
	const made = await gateway.cli(token, ...words);
	assert.equal(made.code, 0, made.stderr);
	const target = `/api/v1/access-requests/${JSON.parse(made.stdout).id}`;
	const kept = (await expect(200, gateway, "GET", target, { token })).json.fields;
	assert.deepEqual(kept, { Company: "a=b", "I agree": true });
	assert.equal((await gateway.cli(admin(), "model", "form", model, "--card")).code, 0);
	assert.equal((await formOf(model)).source, "card");
});

test("only those who manage models set forms, and a hidden model's is not shown", async () => {
	const model = await modelWith(card(asked));
	const { token } = await addPerson(here.gateway, ["requests:decide"]);

	assert.equal((await putForm(model, {}, token)).status, 403);
	await expect(200, here.gateway, "PUT", `/api/models/${model}/settings`, {
		token: admin(),
		body: { hidden: true },
	});
	assert.equal((await ask(here.gateway, "GET", `/api/v1/models/${model}/form`)).status, 401);
	assert.equal((await formOf(model, admin())).version, 1);
});

test("the country of an address comes from the operator's table", async () => {
	const table = path.join(here.gateway.folder, "countries.csv");
	const model = await modelWith(card("extra_gated_fields: {geo: ip_location}\n"));
	const union = await modelWith(card("extra_gated_eu_disallowed: true\n"));
	fs.writeFileSync(table, "127.0.0.0/8,JP\n");
	fs.chmodSync(table, 0o644);
	await here.gateway.serveWith({ country_table: table });

	const asking = await addPerson(here.gateway);
	const made = await requestWith(model, undefined, asking.token);
	assert.equal(made.status, 201, made.text);
	const target = `/api/v1/access-requests/${made.json.id}`;
	const shown = await expect(200, here.gateway, "GET", target, { token: admin() });
	assert.deepEqual(shown.json.fields, { geo: "JP" });
	await expect(200, here.gateway, "POST", `${target}/return`, {
		token: admin(),
		body: { reason: "say more" },
	});
	await expect(200, here.gateway, "POST", `${target}/submit`, { token: asking.token });
	const again = await expect(200, here.gateway, "GET", target, { token: admin() });
	assert.deepEqual(again.json.fields, { geo: "JP" }, "found out anew");
	assert.equal((await requestWith(union, undefined)).status, 201);
	assert.equal((await requestWith(model, { geo: "DE" })).status, 400, "nobody says it");
});

test("who keeps models sees all of them, and what rests on each", async () => {
	const { admin, stranger } = here.gateway.tokens;
	const empty = `demo/${freshName("care")}`;
	await createModel(here.gateway, empty, { gate: "manual" });
	const get = (path, token = admin) => ask(here.gateway, "GET", path, { token });

	const list = (await get(`/api/v1/models?q=${empty.slice(5)}`)).json.models;
	assert.deepEqual(
		list.map((one) => [one.model, one.main, one.revisions, one.quantize]),
		[[empty, "", 0, "none"]],
	);
	const first = await get("/api/v1/models?limit=1");
	assert.match(first.headers.link, /rel="next"/);
	const one = (await get(`/api/v1/models/${here.gateway.model}`)).json;
	assert.equal(one.state, "active");
	assert.ok(one.licenses >= 1 && one.bytes > 0 && one.memory.least_bytes > 0);
	assert.equal(one.history[0].id, one.main);
	assert.ok(one.history[0].names.includes("main"));
	assert.deepEqual(one.under_way, []);
	const file = (path) => one.files_of_main.find((other) => other.path === path);
	assert.equal(file("README.md").open, true);
	assert.deepEqual(file("model.safetensors").open, false);
	assert.equal((await get(`/api/v1/models/${empty}`, stranger)).status, 403);
	assert.equal((await get("/api/v1/models", stranger)).status, 403);
});

test("settings are not changed over what somebody else has changed unseen", async () => {
	const { admin } = here.gateway.tokens;
	const model = `demo/${freshName("seen")}`;
	await createModel(here.gateway, model, { gate: "manual" });
	const version = async () =>
		(await ask(here.gateway, "GET", `/api/v1/models/${model}`, { token: admin })).json
			.settings_version;
	const put = (body) =>
		ask(here.gateway, "PUT", `/api/models/${model}/settings`, { token: admin, body });
	const seen = await version();

	assert.equal((await put({ open_paths: ["README.md", "*.txt"], seen })).status, 200);
	const late = await put({ hidden: true, seen });
	assert.equal(late.status, 409, late.text);
	assert.match(late.json.error ?? late.json.detail, /somebody else has changed/);
	assert.equal((await put({ hidden: true, seen: await version() })).status, 200);
});
