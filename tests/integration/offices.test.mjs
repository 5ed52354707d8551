// SPDX-License-Identifier: Apache-2.0
// Offices for some models and for a time: what they let in, what not, and who may give them.
import assert from "node:assert/strict";
import test from "node:test";
import { sql } from "./database.mjs";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { addOperator, addPerson, createModel, freshName } from "./people.mjs";

const here = gatewayForThisFile(async (gateway, holder) => {
	holder.me = await addOperator(gateway);
	holder.operator = holder.me.token;
});

const offices = (person) => `/api/v1/persons/${person.id}/offices`;

function grant(person, body, token = here.operator) {
	return ask(here.gateway, "POST", offices(person), { token, body });
}

function revoke(person, query, token = here.operator) {
	return ask(here.gateway, "DELETE", `${offices(person)}?${query}`, { token });
}

test("an office for a namespace counts for its models and for no other", async () => {
	const { gateway } = here;
	const space = freshName("space");
	const one = `${space}/one`;
	const person = await addPerson(gateway);
	await createModel(gateway, one);
	const settings = (model) =>
		ask(gateway, "PUT", `/api/models/${model}/settings`, {
			token: person.token,
			body: { gated: "manual" },
		});

	assert.equal((await settings(one)).status, 403);
	const given = await grant(person, { offices: ["models:manage"], scope: `${space}/*` });
	assert.equal(given.status, 201, given.text);
	assert.deepEqual(given.json.held, [
		{ office: "models:manage", scope: `${space}/*`, until: null },
	]);
	assert.equal((await settings(one)).status, 200);
	const other = await settings(gateway.model);
	assert.equal(other.status, 403);
	assert.match(other.text, /for this model/);
	const create = (organization) =>
		ask(gateway, "POST", "/api/repos/create", {
			token: person.token,
			body: { organization, name: "two", type: "model" },
		});
	assert.equal((await create(space)).status, 200);
	assert.equal((await create(`${space}x`)).status, 403);
	assert.equal((await revoke(person, `office=models:manage`)).status, 404);
	assert.equal((await revoke(person, `office=operator&scope=${space}/*`)).status, 204);
	assert.equal((await settings(one)).status, 403);
});

test("an auditor of one model reads what happened to it, and only until the day", async () => {
	const { gateway } = here;
	const mine = `${freshName("audited")}/m`;
	const auditor = await addPerson(gateway);
	await createModel(gateway, mine);
	const events = (query = "") =>
		ask(gateway, "GET", `/api/v1/audit/events?limit=200&${query}`, {
			token: auditor.token,
		});

	assert.equal((await events()).status, 403);
	const soon = new Date(Date.now() + 3600_000).toISOString();
	const given = await grant(auditor, { offices: ["auditor"], scope: mine, until: soon });
	assert.equal(given.status, 201, given.text);
	const seen = await events();
	assert.equal(seen.status, 200, seen.text);
	assert.ok(seen.json.events.length > 0);
	assert.ok(seen.json.events.every((event) => event.model === mine));
	assert.deepEqual((await events(`model=${gateway.model}`)).json.events, []);
	const all = await expect(200, gateway, "GET", "/api/v1/audit/events?kind=license.issue", {
		token: gateway.tokens.auditor,
	});
	const foreign = all.json.events[0].id;
	const receipt = await ask(gateway, "GET", `/api/v1/receipts/${foreign}`, {
		token: auditor.token,
	});
	assert.equal(receipt.status, 404);
	const own = await ask(gateway, "GET", `/api/v1/receipts/${seen.json.events[0].id}`, {
		token: auditor.token,
	});
	assert.equal(own.status, 200);
	sql(gateway, `UPDATE office SET until = now() WHERE person = '${auditor.id}'`);
	await until("the office to be over", 10, async () => (await events()).status === 403);
});

test("nobody gives more than they hold, nor for longer", async () => {
	const { gateway } = here;
	const space = freshName("deputy");
	const deputy = await addPerson(gateway);
	const person = await addPerson(gateway);
	const day = new Date(Date.now() + 86400_000).toISOString();
	const scope = `${space}/*`;

	const made = await grant(deputy, { offices: ["administrator"], scope, until: day });
	assert.equal(made.status, 201, made.text);
	const give = (body) => grant(person, body, deputy.token);
	const wider = [
		{ offices: ["decider"], until: day },
		{ offices: ["decider"], scope },
		{ offices: ["decider"], scope: "other/*", until: day },
		{ offices: ["auditor"], scope, until: day },
	];
	for (const body of wider) assert.equal((await give(body)).status, 403);
	const within = await give({ offices: ["decider"], scope: `${space}/m`, until: day });
	assert.equal(within.status, 201, within.text);
	// What an administrator of models may do with persons ends there.
	const add = await ask(gateway, "POST", "/api/v1/persons", {
		token: deputy.token,
		body: { name: freshName("nobody") },
	});
	assert.equal(add.status, 403);
	const admin = await grant(person, { offices: ["auditor"] }, gateway.tokens.admin);
	assert.equal(admin.status, 403);
});

const broken = [
	["no office of that name", { offices: ["king"] }],
	["a right on models", { offices: ["weights:read"] }],
	["none", { offices: [] }],
	["a scope of three parts", { offices: ["auditor"], scope: "a/b/c" }],
	["a star alone", { offices: ["auditor"], scope: "*" }],
	["a day that has passed", { offices: ["auditor"], until: "2020-01-01T00:00:00Z" }],
	["a day that is none", { offices: ["auditor"], until: "soon" }],
	["a text for a list", { offices: "auditor" }],
];

for (const [what, body] of broken)
	test(`an office is refused: ${what}`, async () => {
		const person = await addPerson(here.gateway);
		assert.equal((await grant(person, body)).status, 400);
	});

const dismiss = (one) => revoke({ id: one.person_id }, "office=persons:manage");

test("the last administrator cannot be removed", async () => {
	const { gateway } = here;
	const all = await expect(200, gateway, "GET", "/api/v1/offices", { token: here.operator });
	const admins = all.json.offices.filter(
		(one) => one.office === "persons:manage" && !one.scope && !one.until,
	);
	assert.ok(admins.length >= 2);
	const operator = admins.find((one) => one.person_id === here.me.id);
	for (const one of admins.filter((other) => other !== operator))
		assert.equal((await dismiss(one)).status, 204);
	const last = await dismiss(operator);
	assert.equal(last.status, 409, last.text);
	assert.match(last.json.detail, /appoint another/);
	// Not even by giving it an end.
	const dated = await grant(
		{ id: operator.person_id },
		{ offices: ["persons:manage"], until: new Date(Date.now() + 1e6).toISOString() },
	);
	assert.equal(dated.status, 409, dated.text);
	const heir = await addPersonAs(here.operator);
	assert.equal((await grant(heir, { offices: ["persons:manage"] })).status, 201);
	assert.equal((await dismiss(operator)).status, 204);
});

function addPersonAs(token) {
	return expect(201, here.gateway, "POST", "/api/v1/persons", {
		token,
		body: { name: freshName("heir") },
	}).then((answer) => answer.json);
}
