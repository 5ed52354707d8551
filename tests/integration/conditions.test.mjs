// SPDX-License-Identifier: Apache-2.0
// What holds at every call: region, purpose, limits of use; what outside decision points say of
// requests; and that all of it is decided the same again from what was recorded.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { sql } from "./database.mjs";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { allowCourier, Outside } from "./outside.mjs";
import { addPerson, createModel, freshName, licensedPerson } from "./people.mjs";
import { Issuer } from "./visas.mjs";

const here = gatewayForThisFile(async (gateway, holder) => {
	const table = path.join(gateway.folder, "countries.csv");

	fs.writeFileSync(table, "# made for this test\n127.0.0.0/8,DE\n127.0.0.2/32,FR\n");
	await gateway.serveWith({ country_table: table });
	holder.opa = await Outside.start(gateway.folder, "opa");
	await allowCourier(gateway, [`127.0.0.1:${holder.opa.port}`], [holder.opa.file]);
	holder.second = await addPerson(gateway, ["models:manage"]);
});

test.after(() => here.opa?.close());

const admin = () => here.gateway.tokens.admin;

/** A license of the demo's model, with what an approval may add to it. */
async function holder(change) {
	const { person, license } = await licensedPerson(here.gateway, here.gateway.model, [
		"weights:read",
		"infer:generate",
	]);
	const sets = Object.entries(change).map(
		([name, list]) => `${name} = '{${list.join(",")}}'`,
	);
	if (sets.length)
		sql(
			here.gateway,
			`UPDATE license SET ${sets.join(", ")} WHERE id = '${license.id}'`,
		);
	return person;
}

/** The decision on a right, once the edge knows what the database says. */
async function decided(person, code, right = "weights:read", headers = {}) {
	const address = `/api/v1/explain?model=${here.gateway.model}&right=${right}`;
	let answer;
	await until(`${code}`, 10, async () => {
		answer = await expect(200, here.gateway, "GET", address, {
			token: person.token,
			headers,
		});
		return answer.json.code === code;
	});
	return answer.json;
}

test("a license for some regions is good there, by the operator's table, only", async () => {
	const german = await decided(await holder({ regions: ["DE", "AT"] }), "OK");
	const french = await holder({ regions: ["FR"] });
	const denied = await decided(french, "LOCATION_NOT_ALLOWED");

	assert.equal(german.facts.country, "DE");
	assert.equal(german.facts.country_source, "table");
	assert.equal(denied.rule, "license.region");
	const download = await ask(
		here.gateway,
		"GET",
		`/${here.gateway.model}/resolve/main/model.safetensors`,
		{ token: french.token },
	);
	assert.equal(download.status, 403);
	assert.equal(download.headers["x-error-code"], "GatedRepo");
});

test("a license for inference only gives no weights, whatever rights it lists", async () => {
	const person = await holder({ uses: ["MDU:inference-only"] });

	assert.equal((await decided(person, "PURPOSE_MISMATCH")).rule, "license.uses");
	assert.equal((await decided(person, "OK", "infer:generate")).rule, "license");
});

test("a declared purpose must lie within the license's uses", async () => {
	const person = await holder({ uses: ["DUO:0000006"] });
	const say = (code) => ({ "X-Sallyport-Purpose": code });

	await decided(person, "OK", "weights:read");
	await decided(person, "OK", "weights:read", say("DUO:0000007"));
	const refused = (code) =>
		decided(person, "PURPOSE_MISMATCH", "weights:read", say(code));
	assert.equal((await refused("DUO:0000042")).rule, "license.purpose");
	assert.equal((await refused("fun")).rule, "purpose.code");
});

async function apply(document) {
	const model = `demo/${freshName("outside")}`;
	const at = `/api/v1/models/${model}/criteria`;
	const post = (rest, token, body) => ask(here.gateway, "POST", at + rest, { token, body });

	await createModel(here.gateway, model, { gate: "auto" });
	const { sha256 } = (await post("", admin(), document)).json;
	await post(`/${sha256}/propose`, admin());
	const active = await post(`/${sha256}/activate`, here.second.token);
	assert.equal(active.status, 200, active.text);
	const person = await addPerson(here.gateway);
	const answer = await expect(201, here.gateway, "POST", "/api/v1/access-requests", {
		token: person.token,
		body: { model, rights: ["infer:generate"], intended_use: "to ask it" },
	});
	return { ...answer.json, token: person.token };
}

const asking = (url, change = {}) => ({
	v: 1,
	name: "opa",
	rules: [
		{
			id: "opa",
			effect: "external",
			text: "The university decides.",
			when: { accessors: { at_most: 1 } },
			external: { url, timeout_seconds: 1, ...change },
		},
	],
});

const answers = [
	["true", { result: true }, "approved"],
	["false", { result: false }, "denied"],
	["an effect", { result: { effect: "approve", reason: "known" } }, "approved"],
	["refer", { result: "refer" }, "submitted"],
	["allow: false", { result: { allow: false, reason: "no" } }, "denied"],
	["undefined", {}, "submitted"],
	["a number", { result: 1 }, "submitted"],
	["allow that is no boolean", { result: { allow: "yes" } }, "submitted"],
];
for (const [name, value, state] of answers)
	test(`OPA's data API answers ${name}: the request is ${state}`, async () => {
		const place = `/v1/data/${freshName("p").replaceAll("-", "/")}`;
		const request = await apply(asking(here.opa.json(place, () => value)));

		assert.equal(request.state, state);
		const asked = here.opa.asked.filter((one) => one.url === place);
		assert.equal(asked.length, 1);
		assert.equal(asked[0].method, "POST");
		const { input } = JSON.parse(asked[0].body);
		assert.deepEqual(input.rights, ["infer:generate"]);
		assert.deepEqual(input.country, { code: "DE", source: "table" });
		const shown = await expect(
			200,
			here.gateway,
			"GET",
			`/api/v1/access-requests/${request.id}`,
			{ token: request.token },
		);
		assert.equal(shown.json.criteria.facts.answers[0].rule, "opa");
	});

test("who does not answer, answers late, or is not listed, approves nobody", async () => {
	const broken = here.opa.on("/v1/data/broken", (request, response) =>
		response.writeHead(500).end('{"result":true}'),
	);
	const slow = here.opa.on("/v1/data/slow", (request, response) => {
		setTimeout(() => response.end('{"result":true}'), 5000).unref();
	});
	const moved = here.opa.on("/v1/data/moved", (request, response) =>
		response.writeHead(307, { location: "/v1/data/yes" }).end(),
	);
	here.opa.json("/v1/data/yes", () => ({ result: true }));

	for (const url of [broken, slow, moved, "https://not-listed.example/v1/data/x"]) {
		assert.equal((await apply(asking(url))).state, "submitted", url);
		const denied = await apply(asking(url, { on_failure: "deny" }));
		assert.equal(denied.state, "denied", url);
	}
	assert.equal(here.opa.visits("/v1/data/yes"), 0, "a redirect was followed");
});

test("recorded decisions give the same answer; one that was changed is found", async () => {
	const cli = (...words) => here.gateway.cli(here.gateway.tokens.auditor, ...words);
	const all = await cli("policy", "replay", "--decisions", "--json");
	const told = JSON.parse(all.stdout);

	assert.equal(all.code, 0, all.stderr);
	assert.ok(told.decisions > 10);
	assert.equal(told.same, told.decisions);
	const one = await decided(await holder({ regions: ["FR"] }), "LOCATION_NOT_ALLOWED");
	sql(
		here.gateway,
		`SET session_replication_role = replica;
		UPDATE decision SET record = convert_to(replace(convert_from(record, 'UTF8'),
		'"country":"DE"', '"country":"FR"'), 'UTF8') WHERE id = '${one.decision}'`,
	);
	const changed = await cli("policy", "replay", "--decisions");
	assert.equal(changed.code, 1);
	assert.match(changed.stdout, /1 different/);
	assert.ok(changed.stdout.includes(one.decision));
});

test("criteria are checked offline, with exit codes and places", async () => {
	const file = path.join(here.gateway.folder, "criteria.json");
	const check = () => here.gateway.cli("", "policy", "check", file);

	fs.writeFileSync(file, JSON.stringify(asking("https://opa.example/v1/data/x")));
	assert.equal((await check()).code, 0);
	fs.writeFileSync(file, '{"v":1,\n "name":"n",\n "rules":[{"id":"a"}]}');
	const bad = await check();
	assert.equal(bad.code, 1);
	assert.match(bad.stdout, /criteria\.json:3:11: "effect" is missing/);
	assert.equal((await here.gateway.cli("", "policy", "check")).code, 2);
});

test("a license that criteria gave ends with the claims it rests on", async () => {
	const model = `demo/${freshName("rests")}`;
	const at = `/api/v1/models/${model}/criteria`;
	const post = (rest, token, body) => ask(here.gateway, "POST", at + rest, { token, body });
	const issuer = await new Issuer("ES256").list(here.gateway);
	const person = await addPerson(here.gateway);
	const course = "https://courses.example/ethics";
	const rule = {
		id: "trained",
		effect: "approve",
		text: "Who is trained.",
		when: {
			all: [
				{ training: { course, max_age_days: 365 } },
				{ affiliation: { domain: "example.org" } },
			],
		},
	};
	await createModel(here.gateway, model, { gate: "auto" });
	const { sha256 } = (await post("", admin(), { v: 1, name: "n", rules: [rule] })).json;
	await post(`/${sha256}/propose`, admin());
	await post(`/${sha256}/activate`, here.second.token);
	const visas = [];
	for (const visa of [
		{ type: "TrainingCertificate", value: course },
		{ type: "AffiliationAndRole", value: "faculty@example.org" },
	]) {
		const taken = await expect(201, here.gateway, "POST", "/api/v1/visas", {
			token: person.token,
			body: { visa: issuer.visa("ann", { visa }) },
		});
		visas.push(taken.json.id);
	}
	const request = await expect(201, here.gateway, "POST", "/api/v1/access-requests", {
		token: person.token,
		body: { model, rights: ["weights:read"], intended_use: "to read it" },
	});
	assert.equal(request.json.state, "approved", request.text);
	const address = `/api/v1/explain?model=${model}&right=weights:read`;
	const decision = () =>
		expect(200, here.gateway, "GET", address, { token: person.token });

	const allowed = (await decision()).json;
	assert.equal(allowed.code, "OK");
	assert.deepEqual(allowed.claims.sort(), visas.sort()); // what it rests on, by id
	const ended = async (type, code) => {
		sql(
			here.gateway,
			`DELETE FROM visa WHERE person = '${person.id}' AND type = '${type}'`,
		);
		await until(code, 10, async () => (await decision()).json.code === code);
		return (await decision()).json;
	};
	const answer = await ended("AffiliationAndRole", "AFFILIATION_ENDED");
	assert.equal(answer.rule, "license.requires");
	assert.equal(answer.missing[0].href, "/api/v1/visas");
	assert.equal((await ended("TrainingCertificate", "TRAINING_EXPIRED")).allow, false);
});
