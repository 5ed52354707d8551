// SPDX-License-Identifier: Apache-2.0
// The Hub's access-request API: scripts that administer gated models there run here unchanged, on
// the same requests and licenses as our own routes. huggingface_hub's requests are RECORDED, as in
// python_recorded.test.mjs; @huggingface/hub has no call for them, but for the settings' effects.
import assert from "node:assert/strict";
import test, { after } from "node:test";
import { ClientProcess } from "./clients/client.mjs";
import { demoModel, gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import * as people from "./people.mjs";

const { addPerson, addTerms, commit, createModel, freshName, readFolder, submit } = people;
let client;
const here = gatewayForThisFile(async (gateway) => {
	client = await ClientProcess.start(gateway, "@huggingface/hub");
});
after(() => client?.stop());

const config = readFolder(demoModel)["config.json"];
const admin = () => here.gateway.tokens.admin;

async function gatedModel(settings = {}) {
	const name = `gated/${freshName("model")}`;
	await createModel(here.gateway, name, { gate: "manual", ...settings });
	const made = await commit(here.gateway, name, { "config.json": config });
	assert.equal(made.status, 200, made.text);
	return name;
}

/** As huggingface_hub sends it: its headers, its spacing of JSON. */
function python(token, method, target, body) {
	const headers = {
		Accept: "*/*",
		"Accept-Encoding": "gzip, deflate",
		"user-agent": "unknown/None; hf_hub/1.29.0.dev0; python/3.11.2",
		...(body && { "Content-Type": "application/json" }),
	};
	return ask(here.gateway, method, target, { token, headers, body });
}

const base = (model) => `/api/models/${model}/user-access-request`;
const list = async (model, status, query = "") =>
	python(admin(), "GET", `${base(model)}/${status}${query}`);
const names = async (model, status) =>
	(await list(model, status)).json.map((one) => one.user.user);

/** accept_access_request, reject_access_request, cancel_access_request (which makes it pending). */
function handle(model, user, status, reason, token = admin()) {
	const why = reason ? `, "rejectionReason": "${reason}"` : "";
	const body = `{"user": "${user}", "status": "${status}"${why}}`;
	return python(token, "POST", `${base(model)}/handle`, body);
}

const grant = (model, user, token = admin()) =>
	python(token, "POST", `${base(model)}/grant`, `{"user": "${user}"}`);

async function requester(model) {
	const person = await addPerson(here.gateway);
	const body = { model, intended_use: "to read", rights: ["weights:read"] };
	const made = await submit(here.gateway, person.token, body);
	assert.equal(made.status, 201, made.text);
	return { ...person, request: made.json.id };
}

const read = (model, { token }) =>
	ask(here.gateway, "GET", `/${model}/resolve/main/config.json`, { token });
const stateOf = async ({ request, token }) =>
	(await expect(200, here.gateway, "GET", `/api/v1/access-requests/${request}`, { token }))
		.json;

test("list_pending_access_requests reads who asked, when and what they answered", async () => {
	const model = await gatedModel();
	const { name, id } = await requester(model);
	const { status, json } = await list(model, "pending");

	assert.equal(status, 200);
	assert.equal(json.length, 1);
	const [{ user, timestamp, ...rest }] = json;
	assert.deepEqual(user, {
		_id: id,
		user: name,
		fullname: name,
		avatarUrl: "",
		isPro: false,
		type: "user",
	});
	assert.match(timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
	assert.deepEqual(rest, { status: "pending" });
});

test("accept_access_request approves: a license, a reader, an entry", async () => {
	const model = await gatedModel();
	const person = await requester(model);
	const accepted = await handle(model, person.name, "accepted");

	assert.equal(accepted.status, 200, accepted.text);
	assert.match(accepted.headers["x-audit-receipt"], /^[0-9a-f-]{36}$/);
	assert.equal((await read(model, person)).status, 200);
	assert.equal((await stateOf(person)).state, "approved");
	assert.deepEqual(await names(model, "pending"), []);
	const [one] = (await list(model, "accepted")).json;
	assert.equal(one.user.user, person.name);
	assert.match(one.reviewedAt, /\.\d{3}Z$/);
	const again = await handle(model, person.name, "accepted");
	assert.equal(again.status, 404, "as the Hub says it");
	assert.match(again.json.error, /already/);
});

test("reject_access_request denies with its reason, and can be taken back", async () => {
	const model = await gatedModel();
	const person = await requester(model);

	assert.equal((await handle(model, person.name, "rejected", "no affiliation")).status, 200);
	const denied = await stateOf(person);
	assert.deepEqual([denied.state, denied.reason], ["denied", "no affiliation"]);
	assert.deepEqual(await names(model, "rejected"), [person.name]);
	assert.equal((await handle(model, person.name, "pending")).status, 200);
	assert.equal((await stateOf(person)).state, "submitted");
	assert.equal((await handle(model, person.name, "rejected")).status, 200);
	assert.equal((await handle(model, person.name, "accepted")).status, 200);
	assert.equal((await read(model, person)).status, 200);
});

for (const status of ["pending", "rejected"])
	test(`from accepted to ${status}: the license is revoked with it`, async () => {
		const model = await gatedModel();
		const person = await requester(model);
		await handle(model, person.name, "accepted");
		const taken = await handle(model, person.name, status);

		assert.equal(taken.status, 200, taken.text);
		assert.equal((await read(model, person)).status, 403);
		assert.deepEqual(await names(model, status), [person.name]);
		const path = "/api/v1/licenses";
		const own = await expect(200, here.gateway, "GET", path, { token: person.token });
		assert.deepEqual(
			own.json.licenses.map((one) => one.state),
			["revoked"],
		);
		const told = `/api/v1/audit/events?kind=license.revoke&model=${model}`;
		const { auditor } = here.gateway.tokens;
		await until("the entry", 10, async () => {
			const found = await ask(here.gateway, "GET", told, { token: auditor });
			return found.json.events.length === 1;
		});
		assert.equal((await handle(model, person.name, "accepted")).status, 200);
		assert.equal((await read(model, person)).status, 200);
	});

test("a license that was revoked elsewhere counts as rejected, and can be accepted", async () => {
	const model = await gatedModel();
	const person = await requester(model);
	await handle(model, person.name, "accepted");
	const own = await expect(200, here.gateway, "GET", "/api/v1/licenses", {
		token: person.token,
	});
	const [{ id }] = own.json.licenses;
	await expect(200, here.gateway, "POST", `/api/v1/licenses/${id}/revoke`, {
		token: admin(),
		body: { reason: "left" },
	});

	assert.deepEqual(await names(model, "accepted"), []);
	assert.deepEqual(await names(model, "rejected"), [person.name]);
	assert.equal((await handle(model, person.name, "accepted")).status, 200);
	assert.equal((await read(model, person)).status, 200);
});

test("grant_access lets in who did not ask, and says by whom", async () => {
	const model = await gatedModel();
	const person = await addPerson(here.gateway);
	const granted = await grant(model, person.name);

	assert.equal(granted.status, 200, granted.text);
	assert.equal((await read(model, person)).status, 200);
	const [one] = (await list(model, "accepted")).json;
	assert.equal(one.grantedBy.user, "admin");
	const again = await grant(model, person.name);
	assert.deepEqual([again.status, /access already/.test(again.json.error)], [400, true]);
	const nobody = await grant(model, "no-such-person");
	assert.deepEqual([nobody.status, /no-such-person/.test(nobody.json.error)], [404, true]);
	const asked = await requester(model);
	assert.equal((await grant(model, asked.name)).status, 200, "what they asked for");
	assert.equal((await stateOf(asked)).state, "approved");
});

test("who was granted access to a model with terms accepts them before reading it", async () => {
	const terms_sha256 = await addTerms(here.gateway, `be kind ${Date.now()}`);
	const model = await gatedModel({ terms_sha256 });
	const person = await addPerson(here.gateway);

	assert.equal((await grant(model, person.name)).status, 200);
	const refused = await read(model, person);
	assert.equal(refused.status, 403);
	assert.match(refused.headers["x-error-message"], /TERMS/);
});

test("nobody grants or accepts their own, and the denied are told so", async () => {
	const model = await gatedModel();
	const own = { model, intended_use: "x", rights: ["weights:read"] };
	const self = await expect(200, here.gateway, "GET", "/api/whoami-v2", { token: admin() });

	assert.equal((await grant(model, self.json.name)).status, 403);
	assert.equal((await submit(here.gateway, admin(), own)).status, 201);
	const refused = await handle(model, self.json.name, "accepted");
	assert.equal(refused.status, 403, refused.text);
	assert.match(refused.json.error, /own/);
});

test("a model that needs two votes stays pending after one, and says so", async () => {
	const model = await gatedModel();
	const person = await requester(model);
	await expect(200, here.gateway, "PUT", `/api/v1/models/${model}/committee`, {
		token: admin(),
		body: { needed: 2 },
	});
	const second = await addPerson(here.gateway, ["requests:decide"]);

	const first = await handle(model, person.name, "accepted");
	assert.equal(first.status, 200, first.text);
	assert.match(first.headers["x-hf-warning"], /^access; .*1 of 2/);
	assert.deepEqual(await names(model, "pending"), [person.name]);
	assert.equal((await read(model, person)).status, 403);
	const last = await handle(model, person.name, "accepted", "", second.token);
	assert.equal(last.status, 200, last.text);
	assert.equal((await read(model, person)).status, 200);
});

test("of scripts that accept at once, one does: there is one license", async () => {
	const model = await gatedModel();
	const person = await requester(model);
	const deciders = [await addPerson(here.gateway, ["requests:decide"])];
	deciders.push(await addPerson(here.gateway, ["requests:decide"]), { token: admin() });
	const answers = await Promise.all(
		deciders.map(({ token }) => handle(model, person.name, "accepted", "", token)),
	);
	const states = answers.map((one) => one.status).sort();

	assert.equal(states[0], 200);
	for (const status of states.slice(1)) assert.ok([400, 404].includes(status), `${states}`);
	const own = await expect(200, here.gateway, "GET", "/api/v1/licenses", {
		token: person.token,
	});
	assert.equal(own.json.licenses.length, 1);
});

test("batch handles each by itself", async () => {
	const model = await gatedModel();
	const [a, b] = [await requester(model), await requester(model)];
	const body = { status: "accepted", requests: [a.name, { user: b.name }, "nobody", 7] };
	const done = await expect(200, here.gateway, "POST", `${base(model)}/batch`, {
		token: admin(),
		body,
	});

	assert.deepEqual(
		done.json.map((one) => one.ok),
		[true, true, false, false],
	);
	assert.match(done.json[2].error, /"nobody"/);
	for (const person of [a, b]) assert.equal((await read(model, person)).status, 200);
	const many = { status: "accepted", requests: Array(101).fill("x") };
	const options = { token: admin(), body: many };
	assert.equal(
		(await ask(here.gateway, "POST", `${base(model)}/batch`, options)).status,
		400,
	);
});

test("pages follow by Link, back by before, and names are found by q", async () => {
	const model = await gatedModel();
	const made = [];
	for (let i = 0; i < 5; i++) made.unshift((await requester(model)).name);
	const seen = [];
	let next = `${base(model)}/pending?limit=2`;
	const pages = [];

	while (next) {
		const page = await python(admin(), "GET", next);
		pages.push(next);
		seen.push(...page.json.map((one) => one.user.user));
		next = page.headers.link?.match(/^<([^>]+)>; rel="next"$/)?.[1];
	}
	assert.deepEqual(seen, made, "newest first, none twice");
	assert.equal(pages.length, 3);
	const last = new URL(pages[2]).searchParams.get("after");
	const before = await list(model, "pending", `?limit=2&before=${last}`);
	assert.deepEqual(
		before.json.map((one) => one.user.user),
		made.slice(1, 3),
	);
	const found = await list(model, "pending", `?q=${made[3].toUpperCase()}`);
	assert.deepEqual(
		found.json.map((one) => one.user.user),
		[made[3]],
	);
	for (const query of ["?limit=0", "?limit=x", "?after=x", "?before=0"])
		assert.equal((await list(model, "pending", query)).status, 400, query);
	assert.equal((await list(model, "unknown")).status, 400);
});

const form = `---
extra_gated_fields:
  Company: text
  I agree: checkbox
---
`;

test("ask-access takes the form of the card, from a page and from a script", async () => {
	const model = await gatedModel();
	await commit(here.gateway, model, { "README.md": Buffer.from(form) });
	const asking = async (type, body) => {
		const { token, name } = await addPerson(here.gateway);
		const headers = { "content-type": type };
		const options = { token, body, headers };
		return [name, await ask(here.gateway, "POST", `/${model}/ask-access`, options)];
	};
	const page = "application/x-www-form-urlencoded";

	const [name, asked] = await asking(page, "Company=Fox+%26+Sons&I+agree=on");
	assert.equal(asked.status, 303, asked.text);
	assert.equal(asked.headers.location, `/${model}`);
	const [one] = (await list(model, "pending")).json;
	assert.equal(one.user.user, name);
	assert.deepEqual(one.fields, { Company: "Fox & Sons", "I agree": true });
	const script = JSON.stringify({ Company: "Fox", "I agree": true, intended_use: "to read" });
	assert.equal((await asking("application/json", script))[1].status, 303);
	const [, wrong] = await asking(page, "Company=Fox");
	assert.equal(wrong.status, 400);
	assert.match(wrong.json.error, /"I agree".*confirmed/);
	assert.equal((await asking(page, "Company=a&Company=b"))[1].status, 400);
	assert.equal((await asking("text/plain", "Company=a"))[1].status, 400);
});

test("cancel withdraws one's own request; without one there is none", async () => {
	const model = await gatedModel();
	const person = await requester(model);
	const target = `${base(model)}/cancel`;
	const cancel = () => ask(here.gateway, "POST", target, { token: person.token });

	assert.deepEqual((await cancel()).json, { ok: true });
	assert.equal((await stateOf(person)).state, "withdrawn");
	assert.equal((await cancel()).status, 404);
	assert.deepEqual(await names(model, "pending"), []);
});

test("the report is a file of all", async () => {
	const model = await gatedModel();
	const [a, b] = [await requester(model), await requester(model)];
	await handle(model, a.name, "accepted");
	const report = await python(admin(), "GET", `/${model}/user-access-report`);

	assert.match(report.headers["content-disposition"], /^attachment; filename="user-access-/);
	assert.deepEqual(
		report.json.map((one) => [one.user, one.status]),
		[
			[b.name, "pending"],
			[a.name, "accepted"],
		],
	);
	assert.deepEqual(Object.keys(report.json[0]).sort(), [
		"email",
		"fullname",
		"status",
		"time",
		"user",
	]);
});

test("a model without a gate has no such requests: RepoNotGated", async () => {
	const model = await gatedModel({ gate: "no" });
	const calls = [
		list(model, "pending"),
		handle(model, "x", "accepted"),
		grant(model, "x"),
		python(admin(), "POST", `${base(model)}/batch`, "{}"),
		python(admin(), "POST", `${base(model)}/cancel`),
		python(admin(), "GET", `/${model}/user-access-report`),
		python(admin(), "POST", `/${model}/ask-access`, "{}"),
	];

	for (const { status, headers } of await Promise.all(calls))
		assert.deepEqual([status, headers["x-error-code"]], [400, "RepoNotGated"]);
});

test("a stranger and nobody see nothing of it", async () => {
	const model = await gatedModel();
	const { stranger } = here.gateway.tokens;

	for (const [token, wanted] of [
		[stranger, 403],
		[undefined, 401],
	])
		for (const call of [
			python(token, "GET", `${base(model)}/pending`),
			handle(model, "x", "accepted", "", token ?? ""),
			python(token, "GET", `/${model}/user-access-report`),
		])
			assert.equal((await call).status, wanted);
	assert.equal((await list("gated/none", "pending")).status, 404);
	assert.equal((await handle(model, "stranger", "accepted")).status, 404, "no request");
	assert.equal((await handle(model, "stranger", "maybe")).status, 400);
	assert.equal((await handle(model, "", "accepted")).status, 400);
});

test("update_repo_settings: the gate, and whom to tell", async () => {
	const model = await gatedModel({ gate: "no" });
	const target = `/api/models/${model}/settings`;
	const set = (body) => python(admin(), "PUT", target, body);
	const info = () =>
		client.call("modelInfo", {
			hubUrl: here.gateway.url,
			accessToken: admin(),
			name: model,
		});

	assert.equal((await set('{"gated": "manual"}')).status, 200);
	assert.equal((await info()).gated, "manual");
	const told = '{"gated": "auto", "gatedNotificationsMode": "real-time", ';
	const mail = '"gatedNotificationsEmail": "dac@example.org"}';
	assert.equal((await set(told + mail)).status, 200);
	assert.equal((await info()).gated, "auto");
	assert.equal((await set('{"gatedNotificationsMode": "never"}')).status, 400);
	assert.equal((await set('{"gatedNotificationsEmail": "nobody"}')).status, 400);
	assert.equal((await set('{"gated": false}')).status, 200);
	assert.equal((await info()).gated, false);
});
