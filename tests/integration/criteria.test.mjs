// SPDX-License-Identifier: Apache-2.0
// Published criteria: linted when they are written, made active by two people, weighed when access
// is asked for, explained to everybody, and tried on what was asked before.
import assert from "node:assert/strict";
import test from "node:test";
import { sql } from "./database.mjs";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { addPerson, createModel, freshName } from "./people.mjs";
import { Issuer } from "./visas.mjs";

const BONA_FIDE = "https://doi.org/10.1038/s41431-018-0219-y";
const here = gatewayForThisFile(async (gateway, holder) => {
	holder.issuer = await new Issuer("ES256").list(gateway);
	holder.second = await addPerson(gateway, ["models:manage"]);
});

const rules = {
	blocked: {
		id: "blocked",
		effect: "deny",
		when: { blocked: true },
		text: "You are on the blocklist.",
	},
	weights: {
		id: "weights",
		effect: "refer",
		when: { rights: { include: "weights:read" } },
		text: "Who wants the weights talks to us.",
	},
	bonaFide: {
		id: "bona-fide",
		effect: "approve",
		when: { claim: { type: "ResearcherStatus", value: BONA_FIDE, max_age_days: 365 } },
		text: "Bona fide researchers may run it.",
	},
};

function criteria(change = {}) {
	return { v: 1, name: "test", rules: Object.values(rules), ...change };
}

const admin = () => here.gateway.tokens.admin;
const at = (model, rest = "") => `/api/v1/models/${model}/criteria${rest}`;

function post(path, token, body) {
	return ask(here.gateway, "POST", path, { token, body });
}

const get = (path, token) => ask(here.gateway, "GET", path, { token });

async function draft(model, document) {
	const answer = await post(at(model), admin(), document);
	assert.ok([200, 201].includes(answer.status), answer.text);
	return answer.json.sha256;
}

async function activate(model, document) {
	const sha256 = await draft(model, document);
	const proposed = await post(at(model, `/${sha256}/propose`), admin());
	assert.equal(proposed.status, 200, proposed.text);
	const active = await post(at(model, `/${sha256}/activate`), here.second.token);
	assert.equal(active.status, 200, active.text);
	return sha256;
}

/** A model of its own, with active criteria. */
async function scene(gate, document) {
	const model = `demo/${freshName("criteria")}`;
	await createModel(here.gateway, model, { gate });
	if (document) await activate(model, document);
	return model;
}

async function researcher() {
	const person = await addPerson(here.gateway);
	const visa = here.issuer.visa(freshName("sub"), { visa: { value: BONA_FIDE } });
	await expect(201, here.gateway, "POST", "/api/v1/visas", {
		token: person.token,
		body: { visa },
	});
	return person;
}

async function apply(model, person, rights = ["infer:generate"], more = {}) {
	const body = { model, rights, intended_use: "to see what it says", ...more };
	const answer = await post("/api/v1/access-requests", person.token, body);
	assert.equal(answer.status, 201, answer.text);
	return answer.json;
}

test("faults of a draft are told with their lines, and nothing is kept", async () => {
	const model = await scene("manual");
	const text = `{"v":1,"name":"x",
		"rules":[
			{"id":"a","effect":"deny","text":"t",
			 "when":{"country":{"in":["DE","XX"]}}}]}`;
	const answer = await post(at(model), admin(), text);

	assert.equal(answer.status, 400);
	assert.equal(answer.json.code, "BAD_REQUEST");
	assert.equal(answer.json.faults.length, 1);
	assert.equal(answer.json.faults[0].line, 4);
	assert.equal(answer.json.faults[0].column, text.split("\n")[3].indexOf('"XX"') + 1);
	assert.match(answer.json.faults[0].text, /unknown code/);
	const { json } = await expect(200, here.gateway, "GET", at(model, "/versions"), {
		token: admin(),
	});
	assert.deepEqual(json.versions, []);
});

test("it takes two people to make criteria active, and all versions stay", async () => {
	const model = await scene("manual");
	const sha256 = await draft(model, criteria());
	const step = (name, token) => post(at(model, `/${sha256}/${name}`), token);

	assert.equal((await step("activate", admin())).status, 409, "a draft");
	assert.equal((await step("propose", admin())).status, 200);
	assert.equal((await step("propose", admin())).status, 409, "twice");
	const own = await step("activate", admin());
	assert.equal(own.status, 409);
	assert.match(own.json.detail, /second person/);
	assert.equal((await ask(here.gateway, "GET", at(model))).status, 404, "not public yet");
	const active = await step("activate", here.second.token);
	assert.equal(active.status, 200, active.text);
	assert.ok(active.headers["x-audit-receipt"]);

	const shown = await expect(200, here.gateway, "GET", at(model));
	assert.equal(shown.json.sha256, sha256);
	assert.deepEqual(shown.json.criteria, criteria());
	assert.equal(shown.json.proposed_by, undefined);

	const next = await activate(model, criteria({ name: "stricter" }));
	const { json } = await expect(200, here.gateway, "GET", at(model, "/versions"), {
		token: admin(),
	});
	assert.deepEqual(
		json.versions.map((one) => [one.sha256, one.state]),
		[
			[next, "active"],
			[sha256, "retired"],
		],
	);
	const events = await expect(
		200,
		here.gateway,
		"GET",
		`/api/v1/audit/events?model=${model}&limit=20`,
		{ token: here.gateway.tokens.auditor },
	);
	const kinds = events.json.events
		.map((one) => one.kind)
		.filter((kind) => kind.startsWith("policy"));
	assert.deepEqual(kinds.sort(), [
		"policy.activate",
		"policy.activate",
		"policy.draft",
		"policy.draft",
		"policy.propose",
		"policy.propose",
	]);
});

/** Proposed by the administrator: its digest. */
async function propose(model, document) {
	const sha256 = await draft(model, document);
	await expect(200, here.gateway, "POST", at(model, `/${sha256}/propose`), {
		token: admin(),
	});
	return sha256;
}

test("criteria are staged for a day, shown to everybody, and hold when it comes", async () => {
	const model = await scene("manual", criteria());
	const next = await propose(model, criteria({ name: "next" }));
	const other = await propose(model, criteria({ name: "other" }));
	const from = new Date(Date.now() + 7 * 24 * 3600 * 1000).toISOString();
	const activate = (sha256, token, body) =>
		post(at(model, `/${sha256}/activate`), token, body);

	assert.equal((await activate(next, admin(), { from })).status, 409, "its proposer");
	for (const over of ["2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "soon"])
		assert.equal((await activate(next, here.second.token, { from: over })).status, 400);
	const staged = await activate(next, here.second.token, { from });
	assert.equal(staged.status, 200, staged.text);
	assert.equal(staged.json.state, "staged");
	assert.equal(staged.json.from.slice(0, 19), from.slice(0, 19));
	const second = await activate(other, here.second.token, { from });
	assert.equal(second.status, 409, "one a time");

	const shown = (await expect(200, here.gateway, "GET", at(model))).json;
	assert.equal(shown.criteria.name, "test");
	assert.equal(shown.next.sha256, next);
	assert.equal(shown.next.criteria.name, "next");

	sql(
		here.gateway,
		`UPDATE sallyport.criteria SET starts_at = now()
		WHERE sha256 = decode('${next}', 'hex')`,
	);
	const now = await until("the day has come", 30, async () => {
		const { json } = await expect(200, here.gateway, "GET", at(model));
		return json.sha256 === next && json;
	});
	assert.equal(now.next, undefined);
	const { versions } = (await get(at(model, "/versions"), admin())).json;
	const started = versions.find((one) => one.sha256 === next);
	assert.equal(started.activated_by, here.second.id);
});

test("what is proposed or staged can be withdrawn by one person", async () => {
	const model = await scene("manual");
	const sha256 = await propose(model, criteria());
	const step = (name, token, body) => post(at(model, `/${sha256}/${name}`), token, body);
	const from = new Date(Date.now() + 3600 * 1000).toISOString();

	assert.equal((await step("activate", here.second.token, { from })).json.state, "staged");
	const back = await step("withdraw", admin());
	assert.equal(back.status, 200, back.text);
	assert.equal(back.json.state, "draft");
	assert.equal(back.json.from, undefined);
	assert.equal((await step("withdraw", admin())).status, 409, "a draft");
});

test("who has compared with criteria that hold no more is told so", async () => {
	const model = await scene("manual", criteria());
	const active = (await expect(200, here.gateway, "GET", at(model))).json.sha256;
	const next = await propose(model, criteria({ name: "next" }));
	const activate = (replaces) =>
		post(at(model, `/${next}/activate`), here.second.token, { replaces });

	for (const wrong of ["none", "0".repeat(64)]) {
		const refused = await activate(wrong);
		assert.equal(refused.status, 409, refused.text);
		assert.match(refused.json.detail, /look again/);
	}
	assert.equal((await activate("x")).status, 400);
	assert.equal((await activate(active)).json.state, "active");
});

test("criteria are checked and tried on a person without being kept", async () => {
	const model = await scene("manual");
	const person = await researcher();
	const check = await post(at(model, "/check"), admin(), criteria());

	assert.equal(check.status, 200, check.text);
	assert.equal(check.json.state, undefined);
	assert.match(check.json.rules[2].words, /a verified claim ResearcherStatus/);
	const broken = await post(at(model, "/check"), admin(), '{"v":1,\n"rules":[]');
	assert.equal(broken.status, 400);
	assert.equal(broken.json.faults[0].line, 2);

	const asked = { criteria: criteria(), rights: ["infer:generate"] };
	const tried = (token, more) => post(at(model, "/test"), token, { ...asked, ...more });
	const theirs = await tried(admin(), { person: person.name });
	assert.equal(theirs.status, 200, theirs.text);
	assert.equal(theirs.json.outcome, "approve");
	assert.equal(theirs.json.person, person.id);
	const own = (await tried(here.second.token)).json;
	assert.equal(own.outcome, "refer");
	assert.match(own.missing[0].need, /ResearcherStatus/);
	assert.equal((await tried(here.second.token, { person: person.id })).status, 403);
	assert.equal((await tried(admin(), { person: "nobody-at-all" })).status, 404);
	const { versions } = (await get(at(model, "/versions"), admin())).json;
	assert.deepEqual(versions, []);
});

test("who manages other models only, or none, may not write criteria", async () => {
	const model = await scene("manual");
	const stranger = here.gateway.tokens.stranger;

	const tries = [
		await post(at(model), stranger, criteria()),
		await post("/api/v1/policy/replay", stranger, { model, criteria: criteria() }),
		await get(at(model, "/versions"), stranger),
	];

	assert.deepEqual(
		tries.map((answer) => answer.status),
		[403, 403, 403],
	);
});

test("what the criteria approve has its license at once, where the gate is auto", async () => {
	const model = await scene("auto", criteria());
	const request = await apply(model, await researcher());

	assert.equal(request.state, "approved");
	assert.equal(request.criteria.outcome, "approve");
	assert.deepEqual(
		request.criteria.rules.map((rule) => [rule.id, rule.text]),
		[["bona-fide", rules.bonaFide.text]],
	);
});

test("where the gate is manual an approval is advice, unless the criteria decide", async () => {
	const advice = await apply(await scene("manual", criteria()), await researcher());
	const decided = await apply(
		await scene("manual", criteria({ decides: true })),
		await researcher(),
	);

	assert.equal(advice.state, "submitted");
	assert.equal(advice.criteria.outcome, "approve");
	assert.equal(decided.state, "approved");
	const shown = await expect(
		200,
		here.gateway,
		"GET",
		`/api/v1/access-requests/${advice.id}`,
		{
			token: admin(),
		},
	);
	assert.equal(shown.json.criteria.outcome, "approve");
	assert.equal(shown.json.criteria.facts.claims[0].value, BONA_FIDE);
});

test("what is referred waits, and says what is missing for an approval", async () => {
	const model = await scene("auto", criteria());
	const stranger = await addPerson(here.gateway);
	const nothing = await apply(model, stranger);
	const referred = await apply(model, await researcher(), ["weights:read"]);

	assert.equal(nothing.state, "submitted");
	assert.equal(nothing.criteria.default, true);
	assert.equal(nothing.criteria.nearest, "bona-fide");
	assert.match(nothing.criteria.missing[0].need, /ResearcherStatus.*365 days/);
	assert.equal(nothing.criteria.missing[0].href, "/api/v1/visas");
	assert.equal(referred.state, "submitted");
	assert.deepEqual(
		referred.criteria.rules.map((rule) => rule.id),
		["weights", "bona-fide"],
	);
});

test("a denial gives its public text, and can be appealed to people", async () => {
	const model = await scene("manual", criteria());
	const person = await researcher();
	const list = `/api/v1/models/${model}/blocklist`;
	const entry = await expect(201, here.gateway, "POST", list, {
		token: admin(),
		body: { person: person.id, reason: "sold weights" },
	});
	assert.equal((await post(list, admin(), { person: person.id, reason: "x" })).status, 409);
	const denied = await apply(model, person);

	assert.equal(denied.state, "denied");
	const path = `/api/v1/access-requests/${denied.id}`;
	const shown = await expect(200, here.gateway, "GET", path, { token: person.token });
	assert.equal(shown.json.reason, rules.blocked.text);
	const appeal = await post(`${path}/appeal`, person.token, { reason: "it was my twin" });
	assert.equal(appeal.status, 200, appeal.text);
	const one = `${list}/${entry.json.id}`;
	await expect(204, here.gateway, "DELETE", one, { token: admin() });
	await expect(404, here.gateway, "DELETE", one, { token: admin() });
});

test("anybody may try what the criteria would say before asking", async () => {
	const model = await scene("auto", criteria());
	const person = await researcher();
	const tried = (token, body) => post(at(model, "/try"), token, body);
	const mine = await tried(person.token, { rights: ["infer:generate"] });
	const others = await tried(here.gateway.tokens.stranger, { rights: ["infer:generate"] });

	assert.equal(mine.json.criteria.outcome, "approve");
	assert.equal(others.json.criteria.outcome, "refer");
	assert.equal((await tried(person.token, { uses: ["DUO:9"] })).status, 400);
	const requests = await expect(200, here.gateway, "GET", "/api/v1/access-requests", {
		token: person.token,
	});
	assert.deepEqual(requests.json.requests, [], "nothing is kept");
});

test("a draft is tried on all that was asked before: who would gain, who would lose", async () => {
	const model = await scene("auto");
	const trained = await researcher();
	const other = await addPerson(here.gateway);
	const first = await apply(model, trained);
	const second = await apply(model, other);
	const replay = (document) =>
		expect(200, here.gateway, "POST", "/api/v1/policy/replay", {
			token: admin(),
			body: { model, criteria: document },
		});

	assert.deepEqual([first.state, second.state], ["approved", "approved"]);
	const strict = (await replay(criteria())).json;
	assert.equal(strict.requests, 2);
	assert.equal(strict.same, 1);
	assert.equal(strict.lose, 1);
	assert.deepEqual(
		strict.loses.map((one) => [one.request, one.before, one.after]),
		[[second.id, "approve", "refer"]],
	);
	assert.match(strict.loses[0].missing[0].need, /ResearcherStatus/);
	await activate(model, criteria({ default: "deny" }));
	const third = await apply(model, await addPerson(here.gateway));
	assert.equal(third.state, "denied");
	const few = { accessors: { at_most: 3 } };
	const open = { id: "all", effect: "approve", when: few, text: "t" };
	const gains = (await replay(JSON.stringify(criteria({ rules: [open] })))).json;
	assert.equal(gains.gain, 1);
	assert.equal(gains.gains[0].request, third.id);
	assert.equal(gains.complete, true);
});

/** As if all that was asked for the model had been asked, and decided, two days ago. */
function age(model) {
	const requests = `(SELECT r.id FROM access_request r JOIN model m ON m.id = r.model
		WHERE m.name = '${model}')`;
	sql(
		here.gateway,
		`SET session_replication_role = replica;
		UPDATE access_request SET created_at = now() - interval '3 days'
			WHERE id IN ${requests};
		UPDATE access_request_event SET at = now() - interval '3 days'
			WHERE to_state = 'submitted' AND request IN ${requests};
		UPDATE access_request_event SET at = now() - interval '2 days'
			WHERE to_state <> 'submitted' AND request IN ${requests};
		DELETE FROM transparency_report`,
	);
}

function join(kind, country, people) {
	const name = freshName(kind);
	const ids = people.map((one) => one.id).join("','");
	sql(
		here.gateway,
		`INSERT INTO institution (id, name, kind, country, created_at)
		VALUES (gen_random_uuid(), '${name}', '${kind}', '${country}', now());
		INSERT INTO member (institution, person, role, since)
		SELECT i.id, p, 'member', now()
		FROM institution i, unnest(ARRAY['${ids}']::uuid[]) p WHERE i.name = '${name}'`,
	);
}

test("the public report shows how access is given, and nobody alone", async () => {
	const text = 'Only <b>& "friends"</b>';
	const model = await scene(
		"auto",
		criteria({ rules: [{ ...rules.bonaFide, text }], default: "deny" }),
	);
	const people = [];
	for (let i = 0; i < 14; i++)
		people.push(i % 2 ? await researcher() : await addPerson(here.gateway));
	join("university", "DE", people.slice(0, 11));
	join("company", "US", people.slice(11, 13));
	await Promise.all(people.map((person) => apply(model, person)));
	age(model);

	const report = (await expect(200, here.gateway, "GET", "/api/v1/transparency")).json;
	const one = report.models.find((other) => other.model === model);
	assert.equal(report.k, 5);
	assert.deepEqual(one.outcomes, [
		{ group: "all", people: 14, approved: 7, denied: 7, waiting: 0 },
	]);
	assert.equal(one.median_waiting_hours, 24);
	for (const table of [one.by_institution_kind, one.by_country]) {
		const sum = table.reduce((so_far, group) => so_far + group.people, 0);
		assert.equal(sum, 14);
		for (const group of table)
			for (const number of [group.people, group.approved, group.denied])
				assert.ok(number === 0 || number >= 5, JSON.stringify(table));
	}
	const hidden = await scene("auto", criteria());
	await expect(200, here.gateway, "PUT", `/api/models/${hidden}/settings`, {
		token: admin(),
		body: { hidden: true },
	});
	age(model);
	const page = await expect(200, here.gateway, "GET", "/transparency");
	assert.match(page.headers["content-type"], /text\/html/);
	assert.match(page.headers["content-security-policy"], /default-src 'none'/);
	assert.ok(page.text.includes("Only &lt;b&gt;&amp; &quot;friends&quot;&lt;/b&gt;"));
	assert.ok(!page.text.includes("<script"));
	assert.ok(page.text.includes(model) && !page.text.includes(hidden));
});
