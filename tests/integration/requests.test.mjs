// SPDX-License-Identifier: Apache-2.0
// The whole life of an access request, by several people: its author, accessors, a lead, an
// official, handlers, reviewers, a committee. What each may do, what nobody may, and that a reader
// of the log can tell it all again.
import assert from "node:assert/strict";
import fs from "node:fs";
import test from "node:test";
import { sql } from "./database.mjs";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { addPerson, addTerms, createModel, enrollKey, freshName, requestBody } from "./people.mjs";

const BASE = "/api/v1/access-requests";
const RIGHTS = ["infer:generate", "weights:read"];
const here = gatewayForThisFile(async (gateway, holder) => {
	holder.terms = await addTerms(gateway, "Be kind.\n");
	holder.deciders = [];
	for (let i = 0; i < 4; i++)
		holder.deciders.push(await addPerson(gateway, ["requests:decide"]));
	holder.auditor = gateway.tokens.auditor;
	holder.researcher = await addPerson(gateway);
	holder.key = await enrollKey(gateway, holder.researcher.token);
});

const on = (who, method, path, options = {}) =>
	ask(here.gateway, method, path, { token: who.token ?? who, ...options });
const act = (who, id, name, body = {}, headers) =>
	on(who, "POST", `${BASE}/${id}/${name}`, { body, headers });
const look = async (who, id) =>
	(await expect(200, here.gateway, "GET", `${BASE}/${id}`, { token: who.token })).json;

async function ok(promise, status = 200) {
	const answer = await promise;
	assert.equal(answer.status, status, answer.text);
	return answer.json;
}

async function refused(promise, status, words) {
	const answer = await promise;
	assert.equal(answer.status, status, answer.text);
	if (words) assert.match(answer.json.detail, words);
}

/** A model with terms, and the rule its requests are decided by. */
async function modelWith(rule, settings = {}) {
	const name = `requests/${freshName("model")}`;
	await createModel(here.gateway, name, { terms_sha256: here.terms, ...settings });
	if (rule) await ok(setRule(name, rule));
	return name;
}

const setRule = (model, rule) =>
	on(here.gateway.tokens.admin, "PUT", `/api/v1/models/${model}/committee`, { body: rule });

async function bodyFor(model, more = {}, key = here.key) {
	return { ...(await requestBody(here.gateway, key, model, RIGHTS)), ...more };
}

/** The id of a request of the researcher (or another), submitted. */
async function submitted(model, more, who = here.researcher, key = here.key) {
	const answer = await on(who, "POST", BASE, { body: await bodyFor(model, more, key) });
	assert.equal(answer.status, 201, answer.text);
	return answer.json.id;
}

const histories = (request) => request.events.map((one) => `${one.act}>${one.to}`).join(" ");

/** An institution with these people, by SQL: its own routes are another's test. */
function institution(name, members, officials = []) {
	const rows = [
		...members.map((one) => [one.id, "member"]),
		...officials.map((one) => [one.id, "official"]),
	].map(([id, role]) => `(currval_id, '${id}', '${role}', now())`);
	const id = sql(
		here.gateway,
		`INSERT INTO institution (id, name, kind, created_at)
		VALUES (gen_random_uuid(), '${name}', 'university', now()) RETURNING id`,
	);
	for (const row of rows)
		sql(
			here.gateway,
			`INSERT INTO member (institution, person, role, since)
			VALUES ${row.replace("currval_id", `'${id}'`)}`,
		);
	return id;
}

test("a draft is its author's alone until it is submitted", async () => {
	const model = await modelWith();
	const [decider] = here.deciders;
	const draft = await ok(
		on(here.researcher, "POST", BASE, { body: { model, draft: true } }),
		201,
	);
	assert.equal(draft.state, "draft");
	await refused(on(decider, "GET", `${BASE}/${draft.id}`), 404);
	await refused(act(here.researcher, draft.id, "submit"), 400, /intended_use/);
	const body = await bodyFor(model);
	await ok(on(here.researcher, "PATCH", `${BASE}/${draft.id}`, { body }));
	await refused(on(decider, "PATCH", `${BASE}/${draft.id}`, { body }), 404);
	const again = await ok(act(here.researcher, draft.id, "submit"));
	assert.equal(again.state, "submitted");
	assert.equal(again.terms_signed, true);
	await refused(
		on(here.researcher, "PUT", `${BASE}/${draft.id}`, { body }),
		409,
		/only a draft/,
	);
	assert.equal((await look(decider, draft.id)).state, "submitted");
	await refused(on(here.gateway.tokens.stranger, "GET", `${BASE}/${draft.id}`), 404);
});

test("of two who edit the same draft, the later is told and undoes nothing", async () => {
	const { researcher } = here;
	const body = { ...(await bodyFor(await modelWith())), draft: true };
	const { id, changed } = await ok(on(researcher, "POST", BASE, { body }), 201);
	const edit = (intended_use, of) =>
		on(researcher, "PATCH", `${BASE}/${id}`, { body: { intended_use, changed: of } });

	const first = await ok(edit("foxes", changed));
	await refused(edit("wolves", changed), 409, /changed meanwhile/);
	await refused(edit("wolves", "yesterday"), 400);
	assert.equal((await look(researcher, id)).intended_use, "foxes");
	await ok(edit("wolves", first.changed));
	const race = await Promise.all([..."abcdef"].map((use) => edit(use, first.changed)));
	assert.ok(race.every((one) => one.status === 409));
});

test("what a draft was is told, and a signature under other words is none", async () => {
	const model = await modelWith();
	const body = await bodyFor(model, { draft: true });
	const { id } = await ok(on(here.researcher, "POST", BASE, { body }), 201);
	const changed = await ok(
		on(here.researcher, "PATCH", `${BASE}/${id}`, {
			body: { intended_use: "another" },
		}),
	);
	assert.equal(changed.terms_signed, false);
	assert.deepEqual(changed.rights, RIGHTS);
	const cleared = await ok(on(here.researcher, "PUT", `${BASE}/${id}`, { body: {} }));
	assert.equal(cleared.intended_use, "");
	const story = await look(here.researcher, id);
	assert.equal(histories(story), "save>draft save>draft save>draft");
	assert.equal(story.events[1].detail.intended_use, "another");
	await ok(act(here.researcher, id, "withdraw"));
});

test("a returned request says what to change, is changed, and waits in a new round", async () => {
	const model = await modelWith();
	const id = await submitted(model);
	const [decider] = here.deciders;
	await refused(act(decider, id, "return"), 400, /reason/);
	await ok(act(decider, id, "return", { reason: "too vague", changes: ["say which data"] }));
	const told = await look(here.researcher, id);
	assert.equal(told.state, "returned");
	assert.equal(told.clock, null);
	assert.deepEqual(told.events.at(-1).detail.changes, ["say which data"]);
	await refused(act(decider, id, "approve"), 409, /returned/);
	await ok(
		on(here.researcher, "PATCH", `${BASE}/${id}`, {
			body: { intended_use: "foxes of Finland" },
		}),
	);
	await ok(act(here.researcher, id, "submit", { reason: "said" }));
	assert.equal((await look(decider, id)).round, 2);
	const approval = await ok(act(decider, id, "approve"));
	assert.equal(approval.license.state, "active");
	assert.match(
		histories(await look(here.researcher, id)),
		/^submit>\S+ return>returned save>returned submit>submitted approve>approved$/,
	);
});

test("two of three decide, a vote may be changed, and one decision comes of it", async () => {
	const [a, b, c, d] = here.deciders;
	const model = await modelWith({ needed: 2, members: [a.name, b.name, c.name] });
	const id = await submitted(model);
	await refused(act(d, id, "approve"), 403, /none of those who decide/);
	const first = await ok(act(a, id, "approve", { reason: "good" }));
	assert.deepEqual(first.votes, { approve: 1, deny: 0, needed: 2 });
	assert.equal(first.state, "submitted");
	assert.equal(first.license, undefined);
	await ok(act(a, id, "vote", { vote: "deny", reason: "on reflection" }));
	await ok(act(b, id, "vote", { vote: "approve" }));
	assert.deepEqual(
		(await look(a, id)).votes.map((one) => one.vote),
		["deny", "approve"],
	);
	assert.equal((await look(here.researcher, id)).votes, undefined);
	const last = await ok(act(c, id, "approve", { rights: ["infer:generate"] }));
	assert.equal(last.state, "approved");
	assert.deepEqual(last.license.rights, ["infer:generate"]);
	await refused(act(a, id, "approve"), 409, /approved/);
	await refused(act(a, id, "recuse", { reason: "late" }), 409);
});

test("two denials of three deny, and any denial where the rule says so", async () => {
	const [a, b] = here.deciders;
	const model = await modelWith({ needed: 2 });
	const id = await submitted(model);
	assert.equal((await ok(act(a, id, "deny", { reason: "no" }))).state, "submitted");
	assert.equal((await ok(act(b, id, "deny", { reason: "no, too" }))).state, "denied");
	await ok(setRule(model, { any_denial_denies: true }));
	await ok(act(here.researcher, id, "appeal", { reason: "look again" }));
	const [, , c] = here.deciders;
	assert.equal((await ok(act(c, id, "deny", { reason: "still no" }))).state, "denied");
	await ok(act(c, id, "close", { reason: "done" }));
	assert.equal((await look(here.researcher, id)).state, "closed");
});

test("of deciders who race, all are answered, and exactly one license is issued", async () => {
	for (const needed of [1, 2]) {
		const model = await modelWith({ needed });
		const id = await submitted(model);
		const answers = await Promise.all(
			here.deciders.map((who, i) =>
				i === 3
					? act(who, id, "deny", { reason: "no" })
					: act(who, id, "approve"),
			),
		);
		const decided = answers.filter(
			(one) => one.status === 200 && one.json.state !== "submitted",
		);
		assert.equal(decided.length, 1, answers.map((one) => one.text).join("\n"));
		for (const one of answers)
			assert.ok(one.status === 200 || one.status === 409, one.text);
		const licenses = sql(
			here.gateway,
			`SELECT count(*) FROM license WHERE request = '${id}'`,
		);
		assert.equal(licenses, decided[0].json.state === "approved" ? "1" : "0");
		const steps = (await look(here.deciders[0], id)).events.filter(
			(one) => one.from !== one.to,
		);
		assert.equal(steps.length, 2);
	}
});

test("nobody decides where they have a stake", async () => {
	const [a, b, c, d] = here.deciders;
	const model = await modelWith({ not_same_institution: true });
	const other = await addPerson(here.gateway, ["requests:decide"]);
	institution(freshName("Institute"), [here.researcher, d]);
	const id = await submitted(model, { accessors: [a.name], lead: b.name });
	const stakes = [
		[a, /would get access/],
		[b, /lead of a project/],
		[d, /own institution/],
	];
	for (const [who, words] of stakes) {
		await refused(act(who, id, "approve"), 403, words);
		await refused(act(who, id, "deny", { reason: "no" }), 403, words);
	}
	await ok(act(c, id, "recuse", { reason: "we write a paper together" }));
	await refused(act(c, id, "approve"), 403, /conflict of interest/);
	await refused(act(c, id, "recuse", { reason: "again" }), 409, /already/);
	const own = await submitted(model, {}, other, await enrollKey(here.gateway, other.token));
	await refused(act(other, own, "approve"), 403, /their own request/);
	await ok(act(other, id, "deny", { reason: "no" }));
	await ok(act(here.researcher, id, "appeal", { reason: "look again" }));
	await refused(act(other, id, "approve"), 403, /denied a request/);
	await ok(act(here.gateway.tokens.admin, id, "approve"));
});

test("the database insists on it, whoever writes to it", async () => {
	const model = await modelWith({ needed: 2 });
	const id = await submitted(model);
	const by = here.deciders[0].id;
	assert.throws(
		() =>
			sql(
				here.gateway,
				`UPDATE access_request SET state = 'approved', decided_by = '${by}'
				WHERE id = '${id}'`,
			),
		/too few votes/,
	);
	assert.throws(
		() =>
			sql(
				here.gateway,
				`INSERT INTO access_vote (request, round, seat, person, vote, at)
				SELECT '${id}', 1, p.id, p.id, 'approve', now() FROM person p
				WHERE p.id = '${here.researcher.id}'`,
			),
		/conflict of interest/,
	);
});

test("a handler returns and comments, and does not decide", async () => {
	const handler = await addPerson(here.gateway, ["requests:handle"]);
	const model = await modelWith({ handlers_differ: true });
	const id = await submitted(model);
	await refused(act(handler, id, "approve"), 403);
	await refused(act(handler, id, "deny", { reason: "no" }), 403);
	await ok(act(handler, id, "comments", { text: "incomplete", audience: "committee" }), 201);
	const [a, b] = here.deciders;
	await ok(act(a, id, "return", { reason: "say more" }));
	await ok(act(here.researcher, id, "submit"));
	await refused(act(a, id, "approve"), 403, /handled/);
	await ok(act(b, id, "approve"));
});

test("comments reach those they are for", async () => {
	const model = await modelWith();
	const id = await submitted(model);
	const [a] = here.deciders;
	await ok(act(a, id, "comments", { text: "among us" }), 201);
	await ok(act(a, id, "comments", { text: "which data?", audience: "requester" }), 201);
	await ok(act(here.researcher, id, "comments", { text: "those" }), 201);
	await refused(
		act(here.researcher, id, "comments", { text: "x", audience: "committee" }),
		403,
		/committee/,
	);
	const texts = (request) => request.comments.map((one) => one.text);
	assert.deepEqual(texts(await look(a, id)), ["among us", "which data?", "those"]);
	const own = await look(here.researcher, id);
	assert.deepEqual(texts(own), ["which data?", "those"]);
	assert.ok(!JSON.stringify(own).includes("among us"));
});

test("a reviewer reads and remarks, and decides nothing", async () => {
	const model = await modelWith();
	const id = await submitted(model);
	const [a] = here.deciders;
	const reviewer = await addPerson(here.gateway);
	await refused(on(reviewer, "GET", `${BASE}/${id}`), 404);
	await refused(act(here.researcher, id, "reviewers", { person: reviewer.name }), 403);
	await refused(
		act(a, id, "reviewers", { person: here.researcher.name }),
		409,
		/named in this request/,
	);
	await ok(act(a, id, "reviewers", { person: reviewer.name }), 201);
	await refused(act(a, id, "reviewers", { person: reviewer.name }), 409, /already/);
	await ok(act(reviewer, id, "comments", { text: "sound method" }), 201);
	assert.equal((await look(reviewer, id)).you.reviewer, true);
	await refused(act(reviewer, id, "approve"), 403);
	await refused(act(reviewer, id, "reviewers", { person: a.name }), 403);
	assert.deepEqual((await look(a, id)).reviewers, [reviewer.name]);
	const list = await ok(on(reviewer, "GET", BASE));
	assert.deepEqual(
		list.requests.map((one) => one.id),
		[id],
	);
});

test("a delegate votes in the decider's place, once, until it ends", async () => {
	const [a, b] = here.deciders;
	const delegate = await addPerson(here.gateway);
	const model = await modelWith({ needed: 2 });
	const id = await submitted(model);
	const day = new Date(Date.now() + 86400000).toISOString();
	await refused(act(delegate, id, "approve"), 403);
	await refused(
		act(a, id, "delegate", { to: here.researcher.name, until: day }),
		409,
		/in conflict \(requester\)/,
	);
	await refused(act(a, id, "delegate", { to: delegate.name, until: "soon" }), 400);
	await ok(act(a, id, "delegate", { to: delegate.name, until: day, reason: "away" }), 201);
	const voted = await ok(act(delegate, id, "approve"));
	assert.equal(voted.votes.approve, 1);
	const seen = (await look(b, id)).votes;
	assert.deepEqual([seen[0].person, seen[0].seat], [delegate.name, a.name]);
	await ok(act(a, id, "approve"));
	assert.equal((await look(b, id)).votes.length, 1, "one seat, one vote");
	await refused(act(delegate, id, "deny", { reason: "no" }), 403);

	const other = await submitted(await modelWith());
	const { id: all } = await ok(
		on(b, "POST", "/api/v1/delegations", { body: { to: delegate.name, until: day } }),
		201,
	);
	assert.equal((await look(delegate, other)).you.decider, true);
	await refused(on(delegate, "DELETE", `/api/v1/delegations/${all}`), 404);
	assert.equal((await on(b, "DELETE", `/api/v1/delegations/${all}`)).status, 204);
	await refused(act(delegate, other, "approve"), 403);
	await refused(
		on(delegate, "POST", "/api/v1/delegations", { body: { to: b.name, until: day } }),
		403,
		/decide nothing/,
	);
});

test("each accessor accepts for themselves, and has a license of their own", async () => {
	const model = await modelWith();
	const [one, two, three] = [
		await addPerson(here.gateway),
		await addPerson(here.gateway),
		await addPerson(here.gateway),
	];
	const names = [one, two, three].map((who) => who.name);
	const id = await submitted(model, { accessors: names });
	await refused(act(one, id, "accept"), 400, /terms_sha256/);
	const key = await enrollKey(here.gateway, one.token);
	const { terms_sha256, terms_signature } = await bodyFor(model, {}, key);
	await refused(act(two, id, "accept", { terms_sha256, terms_signature }), 400, /key_id/);
	await ok(act(one, id, "accept", { terms_sha256, terms_signature }));
	await ok(act(two, id, "accept", { terms_sha256 }));
	await refused(act(here.researcher, id, "accept", { terms_sha256 }), 403, /not named/);
	const approval = await ok(act(here.deciders[0], id, "approve", { expires_days: 10 }));
	assert.deepEqual(
		approval.licenses.map((license) => license.person).sort(),
		[here.researcher.name, one.name, two.name].sort(),
	);
	assert.deepEqual(approval.left_out, [three.name]);
	for (const license of approval.licenses)
		assert.equal(JSON.parse(license.document).request, id);
	const mine = await ok(on(one, "GET", "/api/v1/licenses"));
	assert.equal(mine.licenses.length, 1);
	await refused(act(one, id, "accept", { terms_sha256 }), 409, /already/);
});

test("an accessor who accepts after the approval has the license of the decision", async () => {
	const model = await modelWith();
	const [one, two, three] = [
		await addPerson(here.gateway),
		await addPerson(here.gateway),
		await addPerson(here.gateway),
	];
	const terms_sha256 = here.terms;
	const id = await submitted(model, { accessors: [one.name, two.name, three.name] });
	const grant = { expires_days: 10, rights: ["infer:generate"], regions: ["DE"] };
	const approval = await ok(act(here.deciders[0], id, "approve", grant));
	assert.equal(approval.licenses.length, 1);

	await refused(act(one, id, "accept"), 400, /terms_sha256/);
	const both = await Promise.all(
		[1, 2].map(() => act(one, id, "accept", { terms_sha256 })),
	);
	assert.deepEqual(both.map((answer) => answer.status).sort(), [200, 409], both[1].text);
	const { license } = both.find((answer) => answer.status === 200).json;
	assert.equal(license.person, one.name);
	for (const name of ["rights", "expires", "regions"])
		assert.deepEqual(license[name], approval.license[name], name);
	const told = (await look(here.deciders[0], id)).accessors.find(
		(accessor) => accessor.person === one.name,
	);
	assert.equal(told.accepted, true);

	// A license that was taken away does not come back by accepting again.
	await ok(
		on(here.gateway.tokens.admin, "POST", `/api/v1/licenses/${license.id}/revoke`, {
			body: { reason: "left the project" },
		}),
	);
	await refused(act(one, id, "accept", { terms_sha256 }), 409, /already/);
	const mine = await ok(on(one, "GET", "/api/v1/licenses"));
	assert.equal(mine.licenses.filter((l) => l.state === "active").length, 0);

	// With the request's own license it is over for those who have not come.
	const first = `/api/v1/licenses/${approval.license.id}`;
	const change = (how, body = { reason: "x" }) =>
		ok(on(here.gateway.tokens.admin, "POST", `${first}/${how}`, { body }));
	await change("suspend");
	await refused(act(two, id, "accept", { terms_sha256 }), 409, /not in force/);
	await change("reinstate");
	await ok(act(two, id, "accept", { terms_sha256 }));
	await change("revoke");
	await refused(act(three, id, "accept", { terms_sha256 }), 409, /not in force/);
	assert.equal((await ok(on(three, "GET", "/api/v1/licenses"))).licenses.length, 0);
});

test("other words than those an accessor has accepted are accepted anew", async () => {
	const model = await modelWith();
	const accessor = await addPerson(here.gateway);
	const id = await submitted(model, { accessors: [accessor.name] });
	await ok(act(accessor, id, "accept", { terms_sha256: here.terms }));
	await ok(act(here.deciders[0], id, "return", { reason: "say more" }));
	const accepted = async () => (await look(here.researcher, id)).accessors[0].accepted;
	await ok(
		on(here.researcher, "PATCH", `${BASE}/${id}`, { body: { uses: ["DUO:0000042"] } }),
	);
	assert.equal(await accepted(), true);
	await ok(
		on(here.researcher, "PATCH", `${BASE}/${id}`, { body: { intended_use: "other" } }),
	);
	assert.equal(await accepted(), false);
});

test("a model may want the institution's word: a card, or a signature", async () => {
	const official = await addPerson(here.gateway);
	const member = await addPerson(here.gateway);
	const key = await enrollKey(here.gateway, member.token);
	const where = institution(freshName("Hospital"), [member], [official]);
	const cards = `/api/v1/institutions/${where}/library-cards`;
	const model = await modelWith({ needs_card: true });
	const [a] = here.deciders;

	const first = await submitted(model, {}, member, key);
	await refused(act(a, first, "approve"), 409, /official must countersign/);
	await refused(act(here.researcher, first, "countersign"), 404);
	await ok(act(official, first, "countersign", { reason: "ours" }));
	await refused(act(official, first, "countersign"), 409, /already/);
	assert.equal((await look(a, first)).countersigned_by, official.name);
	await ok(act(a, first, "approve"));

	const second = await submitted(model, {}, member, key);
	await refused(
		on(member, "POST", cards, { body: { person: member.name } }),
		403,
		/officials/,
	);
	await refused(
		on(official, "POST", cards, { body: { person: here.researcher.name } }),
		409,
		/does not belong/,
	);
	const card = await ok(
		on(official, "POST", cards, { body: { person: member.name, expires_days: 30 } }),
		201,
	);
	assert.equal((await look(member, second)).vouched_for, true);
	assert.equal((await on(official, "DELETE", `${cards}/${card.id}`)).status, 204);
	await refused(on(official, "DELETE", `${cards}/${card.id}`), 404);
	await refused(act(a, second, "approve"), 409, /countersign/);
	await ok(on(official, "POST", cards, { body: { person: member.name } }), 201);
	await ok(act(a, second, "approve"));
	assert.equal((await ok(on(official, "GET", cards))).library_cards.length, 2);
	await refused(on(member, "GET", cards), 403);
});

test("declared uses are weighed as advice, and go to the license", async () => {
	const [a] = here.deciders;
	const model = await modelWith({
		permitted_uses: ["DUO:0000006"],
		required_uses: ["MDU:no-clinical-decisions", "DUO:0000046"],
	});
	const id = await submitted(model, { uses: ["DUO:0000042", "MDU:no-clinical-decisions"] });
	const { advice } = await look(a, id);
	assert.equal(advice.algorithm, "uses/1");
	assert.equal(advice.verdict, "mismatch");
	assert.equal(advice.rationale.length, 3, advice.rationale.join("\n"));
	assert.match(advice.rationale.join("\n"), /DUO:0000046 .* does not say so/);
	const { license } = await ok(act(a, id, "approve", { uses: ["MDU:no-fine-tuning"] }));
	assert.deepEqual(license.uses, [
		"DUO:0000042",
		"MDU:no-fine-tuning",
		"MDU:no-clinical-decisions",
	]);
	const { uses } = await ok(on(a, "GET", "/api/v1/uses"));
	assert.equal(uses.length, 29);
	assert.ok(uses.every((one) => one.ours === one.code.startsWith("MDU:")));
});

test("those who approve narrow each other's conditions", async () => {
	const [a, b] = here.deciders;
	const model = await modelWith({ needed: 2 });
	const id = await submitted(model);
	const limit = (max) => [{ max, measure: "requests", per: "day" }];
	await ok(
		act(a, id, "approve", {
			regions: ["DE", "FI"],
			limits: limit(100),
			expires_days: 90,
		}),
	);
	const { license } = await ok(
		act(b, id, "approve", {
			regions: ["FI", "SE"],
			limits: limit(10),
			expires_days: 200,
		}),
	);
	assert.deepEqual(license.regions, ["FI"]);
	assert.deepEqual(license.limits, limit(10));
	const days = (new Date(license.expires) - new Date(license.not_before)) / 86400000;
	assert.equal(Math.round(days), 90);
});

test("those who approve nothing in common approve nothing", async () => {
	const [a, b] = here.deciders;
	const id = await submitted(await modelWith({ needed: 2 }));
	await ok(act(a, id, "approve", { rights: ["weights:read"] }));
	await refused(act(b, id, "approve", { rights: ["infer:generate"] }), 409, /in common/);
	assert.equal((await look(a, id)).state, "submitted");
	await ok(act(b, id, "approve"));
});

test("the same key and body answer the same; another body is refused", async () => {
	const model = await modelWith();
	const headers = { "idempotency-key": freshName("key") };
	const body = await bodyFor(model);
	const answers = await Promise.all(
		[1, 2, 3, 4].map(() => on(here.researcher, "POST", BASE, { body, headers })),
	);
	assert.equal(answers.filter((one) => one.status === 201).length >= 1, true);
	for (const one of answers) assert.ok([201, 409].includes(one.status), one.text);
	const first = answers.find((one) => one.status === 201);
	const again = await on(here.researcher, "POST", BASE, { body, headers });
	assert.equal(again.status, 201);
	assert.equal(again.headers["idempotent-replayed"], "true");
	assert.deepEqual(again.json, first.json);
	const other = { ...body, uses: ["DUO:0000042"] };
	const refusal = await on(here.researcher, "POST", BASE, { body: other, headers });
	assert.equal(refusal.status, 422);
	assert.equal(refusal.json.code, "IDEMPOTENCY_KEY_REUSED");

	const [a, b] = here.deciders;
	const { id } = first.json;
	const approval = await on(a, "POST", `${BASE}/${id}/approve`, { body: {}, headers });
	assert.equal(approval.status, 200, "a key is its person's");
	const repeated = await on(a, "POST", `${BASE}/${id}/approve`, { body: {}, headers });
	assert.deepEqual(repeated.json, approval.json);
	assert.equal(repeated.headers["x-audit-receipt"], approval.headers["x-audit-receipt"]);
	await refused(act(b, id, "approve", {}, headers), 409);
	await refused(
		act(b, id, "approve", {}, { "idempotency-key": "a b" }),
		400,
		/visible ASCII/,
	);
});

test("what failed leaves its key free", async () => {
	const model = await modelWith();
	const headers = { "idempotency-key": freshName("key") };
	const body = { model, intended_use: "x", rights: RIGHTS };
	await refused(on(here.researcher, "POST", BASE, { body, headers }), 400, /terms/);
	const right = { ...body, terms_sha256: here.terms };
	await ok(on(here.researcher, "POST", BASE, { body: right, headers }), 201);
});

test("many are decided at once, each with its answer", async () => {
	const [a] = here.deciders;
	const ids = [];
	for (let i = 0; i < 5; i++) ids.push(await submitted(await modelWith()));
	await ok(act(here.researcher, ids[1], "withdraw"));
	const none = "00000000-0000-7000-8000-000000000001";
	const all = [...ids, none, ids[0], "nonsense"];
	const { results } = await ok(
		on(a, "POST", `${BASE}/decide`, { body: { vote: "approve", ids: all } }),
	);
	assert.deepEqual(
		results.map((one) => one.status ?? one.state),
		["approved", 409, "approved", "approved", "approved", 404, 409, 400],
	);
	assert.deepEqual(
		results.map((one) => one.id),
		all,
	);
	assert.equal(
		new Set(results.filter((one) => one.license).map((l) => l.license.id)).size,
		4,
	);
	for (const body of [{ vote: "approve", ids: [] }, { ids }, { vote: "approve", ids: [1] }])
		await refused(on(a, "POST", `${BASE}/decide`, { body }), 400);
	const many = { vote: "deny", reason: "x", ids: Array(101).fill(none) };
	await refused(on(a, "POST", `${BASE}/decide`, { body: many }), 400, /1 to 100/);
	const mine = { vote: "approve", ids: [ids[2]] };
	const theirs = await ok(on(here.researcher, "POST", `${BASE}/decide`, { body: mine }));
	assert.equal(theirs.results[0].status, 403);
});

test("what many would come to is told before, by the gateway, and nothing is done", async () => {
	const [a, b] = here.deciders;
	const one = await submitted(await modelWith());
	const two = await submitted(await modelWith({ needed: 2 }));
	const gone = await submitted(await modelWith());
	await ok(act(here.researcher, gone, "withdraw"));
	const ids = [one, two, gone];
	const decide = (who, body) => on(who, "POST", `${BASE}/decide`, { body: { ids, ...body } });
	const preview = async (body) => (await ok(decide(a, { preview: true, ...body }))).results;
	const states = (results) => results.map((result) => result.status ?? result.state);

	const approved = await preview({ vote: "approve", expires_days: 30 });
	assert.deepEqual(states(approved), ["approved", "submitted", 409]);
	assert.deepEqual(approved[0].grant.rights, RIGHTS);
	assert.equal(approved[0].grant.licenses, 1);
	assert.equal(approved[0].license, undefined);
	assert.deepEqual(approved[1].votes, { approve: 1, deny: 0, needed: 2 });
	const reason = "no purpose";
	assert.deepEqual(states(await preview({ vote: "deny", reason })), [
		"denied",
		"submitted",
		409,
	]);
	assert.deepEqual(states(await preview({ vote: "return", reason })), [
		"returned",
		"returned",
		409,
	]);
	for (const id of [one, two]) {
		const { state, votes, deciders } = await look(a, id);
		assert.deepEqual([state, votes], ["submitted", []]);
		assert.equal(deciders.find((who) => who.person === b.name).vote, undefined);
	}
	await ok(decide(a, { vote: "approve" }));
	const { deciders } = await look(b, two);
	const voted = deciders.find((who) => who.person === a.name);
	assert.deepEqual([voted.vote, voted.cast_by], ["approve", a.name]);
	const { results } = await ok(decide(b, { vote: "return", reason, changes: ["say more"] }));
	assert.deepEqual(states(results), [409, "returned", 409]);
	assert.equal((await look(here.researcher, two)).reason, reason);
	assert.equal((await look(here.researcher, two)).deciders, undefined);
});

test("a request that waits too long is told of, once, and then goes to somebody else", async () => {
	const boss = await addPerson(here.gateway);
	const model = await modelWith({
		remind_days: 3,
		escalate_days: 7,
		escalate_to: boss.name,
	});
	const id = await submitted(model);
	const { clock } = await look(here.researcher, id);
	assert.equal(clock.escalates_to, boss.name);
	assert.equal(clock.ahead, 0);
	assert.equal(
		Math.round(
			(new Date(clock.reminder_at) - new Date(clock.waiting_since)) / 86400000,
		),
		3,
	);
	const age = (days) =>
		sql(
			here.gateway,
			`UPDATE access_request SET waiting_since = now() - interval '${days} days'
			WHERE id = '${id}'`,
		);
	const told = (words) =>
		until(words, 20, async () => {
			const text = histories(await look(here.researcher, id));
			return text === words && text;
		});
	age(8);
	await told("submit>submitted remind>submitted escalate>submitted");
	const [a] = here.deciders;
	const waiting = await ok(on(a, "GET", `${BASE}?sort=waiting&model=${model}`));
	assert.equal(waiting.requests[0].id, id);
	const path = `/api/v1/audit/events?kind=request.escalate&model=${model}`;
	const events = await until("its entry", 20, async () => {
		const found = (await ok(on(here.auditor, "GET", path))).events;
		return found.length && found;
	});
	assert.equal(events.length, 1);
	assert.equal(events[0].payload.escalated_to, boss.name);
	await ok(act(here.deciders[0], id, "deny", { reason: "no" }));
});

test("lists are filtered, counted, and read a page at a time", async () => {
	const [a, b] = here.deciders;
	const model = await modelWith({ members: [a.name] });
	const word = freshName("lemur");
	const ids = [];
	for (let i = 0; i < 5; i++) {
		const who = await addPerson(here.gateway);
		const key = await enrollKey(here.gateway, who.token);
		const body = await bodyFor(model, {}, key);
		delete body.terms_signature;
		body.intended_use = `about the ${word.toUpperCase()}, ${i}`;
		const answer = await ok(on(who, "POST", BASE, { body }), 201);
		ids.push(answer.id);
	}
	await ok(act(a, ids[0], "deny", { reason: "no" }));
	const list = async (who, query) =>
		(await ok(on(who, "GET", `${BASE}?model=${model}&${query}`))).requests.map(
			(one) => one.id,
		);
	assert.deepEqual(await list(a, `q=${word}`), [...ids].reverse());
	assert.deepEqual(await list(a, "sort=waiting"), ids.slice(1));
	assert.deepEqual(await list(a, "state=denied"), [ids[0]]);
	assert.equal((await list(a, "assigned=1")).length, 4);
	assert.deepEqual(await list(b, "assigned=1"), []);
	assert.deepEqual(await list(a, "mine=1"), []);
	assert.deepEqual(await list(here.researcher, ""), []);
	const { counts } = await ok(on(a, "GET", `${BASE}/counts?model=${model}`));
	assert.deepEqual(counts, { denied: 1, submitted: 4 });
	for (const sort of ["waiting", "created"]) {
		const seen = [];
		let path = `${BASE}?model=${model}&limit=2&sort=${sort}&state=submitted`;
		while (path) {
			const page = await on(a, "GET", path);
			seen.push(...page.json.requests.map((one) => one.id));
			path = /<([^>]+)>/.exec(page.headers.link ?? "")?.[1];
		}
		assert.deepEqual(seen.sort(), ids.slice(1).sort());
	}
	for (const query of ["sort=size", "limit=0", "cursor=abc", "cursor=MTpuby11dWlk"])
		await refused(on(a, "GET", `${BASE}?${query}`), 400);
});

test("an office for one model decides there and nowhere else", async () => {
	const local = await addPerson(here.gateway);
	const [mine, other] = [await modelWith(), await modelWith()];
	sql(
		here.gateway,
		`INSERT INTO office (person, office, scope, granted_at)
		VALUES ('${local.id}', 'requests:decide', '${mine}', now())`,
	);
	const [yes, no] = [await submitted(mine), await submitted(other)];
	await until("the office", 10, async () => {
		return (await on(local, "GET", `${BASE}/${yes}`)).status === 200;
	});
	await refused(on(local, "GET", `${BASE}/${no}`), 404);
	await refused(act(local, no, "approve"), 404);
	assert.deepEqual(
		(await ok(on(local, "GET", BASE))).requests.map((one) => one.id),
		[yes],
	);
	await ok(act(local, yes, "approve"));
});

test("a token that is narrowed to less decides nothing", async () => {
	const id = await submitted(await modelWith());
	const { token } = await ok(
		on(here.deciders[0], "POST", "/api/v1/tokens", {
			body: { name: "narrow", scope: { rights: ["metadata:read"] } },
		}),
		201,
	);
	await refused(on(token, "GET", `${BASE}/${id}`), 404);
	await refused(act(token, id, "approve"), 403);
});

const rules = [
	["no decider", { needed: 0 }],
	["more than there are", { needed: 3, members: ["admin"] }],
	["too many", { needed: 101 }],
	["a fraction", { needed: 1.5 }],
	["a name twice", { members: ["admin", "admin"] }],
	["a text for a list", { members: "admin" }],
	["a number for a name", { members: [1] }],
	["a comma in a name", { members: ["a,b"] }],
	["an unknown use", { permitted_uses: ["DUO:9999999"] }],
	["a use in other letters", { required_uses: ["mdu:no-fine-tuning"] }],
	["days of the past", { remind_days: -1 }],
	["too many days", { remind_days: 366 }],
	["escalation to nobody", { escalate_days: 3, escalate_to: "" }],
	["escalation to a stranger", { escalate_days: 3, escalate_to: "who-is-this" }],
	["a text for a flag", { needs_card: "yes" }],
	["a rule that is misspelt", { not_same_institutions: true }],
];

test("a rule that cannot be meant is refused, and the one before stands", async () => {
	const model = await modelWith({ needed: 2, remind_days: 5 });
	for (const [why, rule] of rules) {
		const answer = await setRule(model, rule);
		assert.equal(answer.status, 400, `${why}: ${answer.text}`);
	}
	await refused(setRule(model, { needed: 1, members: ["who-is-this"] }), 404, /no person/);
	const path = `/api/v1/models/${model}/committee`;
	const seen = await ok(on(here.researcher, "GET", path));
	assert.deepEqual([seen.needed, seen.member_count, seen.members], [2, 0, undefined]);
	const now = await ok(on(here.deciders[0], "GET", path));
	assert.deepEqual([now.needed, now.remind_days, now.members], [2, 5, []]);
	await refused(on(here.deciders[0], "PUT", path, { body: { needed: 1 } }), 403);
});

const forms = [
	["a text for rights", { rights: "weights:read" }],
	["an office for a right", { rights: ["requests:decide"] }],
	["a right twice", { rights: ["weights:read", "weights:read"] }],
	["no rights", { rights: [] }],
	["a number for a use", { intended_use: 5 }],
	["only spaces", { intended_use: "   " }],
	["too long", { intended_use: "x".repeat(10001) }],
	["an unknown use", { uses: ["MDU:everything"] }],
	["a text for uses", { uses: "DUO:0000042" }],
	["a stranger as lead", { lead: "who-is-this" }],
	["an institution of others", { institution: "Nowhere" }],
	["oneself as accessor", (who) => ({ accessors: [who.name] })],
	["an accessor twice", { accessors: ["admin", "admin"] }],
	["too many accessors", { accessors: Array.from({ length: 33 }, (_, i) => `p${i}`) }],
	["a text for a draft", { draft: "yes" }],
	["a short hash", { terms_sha256: "abc" }],
];

test("a request that cannot be meant is refused, with a sentence", async () => {
	const model = await modelWith();
	for (const [why, more] of forms) {
		const change = typeof more === "function" ? more(here.researcher) : more;
		const body = { ...(await bodyFor(model)), ...change };
		delete body.terms_signature;
		const answer = await on(here.researcher, "POST", BASE, { body });
		assert.equal(answer.status, 400, `${why}: ${answer.text}`);
		assert.ok(answer.json.detail.length > 10, why);
	}
	const nobody = await bodyFor(model, { accessors: ["who-is-this"] });
	await refused(on(here.researcher, "POST", BASE, { body: nobody }), 404, /accessors/);
	const kept = await ok(on(here.researcher, "GET", `${BASE}?model=${model}`));
	assert.deepEqual(kept.requests, [], "nothing of it is kept");
});

const ballots = [
	["approve", { rights: [] }],
	["approve", { rights: ["internals:read"] }],
	["approve", { rights: ["weights:read", "weights:read"] }],
	["approve", { expires_days: 0 }],
	["approve", { expires_days: 4000 }],
	["approve", { expires_days: "ten" }],
	["approve", { reason: "x".repeat(2001) }],
	["approve", { regions: [] }],
	["approve", { regions: ["Germany"] }],
	["approve", { limits: [{ max: 0, measure: "requests", per: "day" }] }],
	["approve", { uses: ["GRU"] }],
	["approve", { approval: { key_id: "x", statement: "", sig: "" } }],
	["deny", {}],
	["deny", { reason: " " }],
	["vote", {}],
	["vote", { vote: "abstain" }],
	["return", { reason: "x", changes: "all" }],
	["return", { reason: "x", changes: [""] }],
	["comments", { text: "" }],
	["comments", { text: "x", audience: "world" }],
	["recuse", {}],
	["delegate", { to: "admin" }],
	["delegate", { to: "admin", until: "2001-01-01T00:00:00Z" }],
	["delegate", { to: "admin", until: "2999-01-01T00:00:00Z" }],
];

test("an act that cannot be meant changes nothing", async () => {
	const id = await submitted(await modelWith());
	for (const [name, body] of ballots) {
		const answer = await act(here.deciders[0], id, name, body);
		assert.equal(answer.status, 400, `${name} ${JSON.stringify(body)}: ${answer.text}`);
	}
	const request = await look(here.deciders[0], id);
	assert.equal(histories(request), "submit>submitted");
	assert.deepEqual(request.votes, []);
});

test("a reader of the log can tell the whole request again", async () => {
	const [a, b, c] = here.deciders;
	const model = await modelWith({ needed: 2 });
	const body = await bodyFor(model, { draft: true, uses: ["DUO:0000042"] });
	const { id } = await ok(on(here.researcher, "POST", BASE, { body }), 201);
	await ok(act(here.researcher, id, "submit"));
	await ok(act(a, id, "return", { reason: "say more", changes: ["use"] }));
	await ok(on(here.researcher, "PATCH", `${BASE}/${id}`, { body: { intended_use: "more" } }));
	await ok(act(here.researcher, id, "submit"));
	await ok(act(b, id, "comments", { text: "fine by me" }), 201);
	await ok(act(c, id, "recuse", { reason: "a friend" }));
	await ok(act(a, id, "deny", { reason: "no" }));
	await ok(act(b, id, "approve"));
	await ok(act(a, id, "approve", { reason: "persuaded" }));
	const { events } = await ok(
		on(here.auditor, "GET", `/api/v1/audit/events?model=${model}&limit=100`),
	);
	const story = events
		.filter((one) => one.payload.request === id && one.kind.startsWith("request."))
		.reverse();
	const again = { state: "none", votes: {} };
	for (const { kind, payload, actor } of story) {
		assert.equal(payload.from, again.state, kind);
		again.state = payload.to;
		if (payload.intended_use) again.use = payload.intended_use;
		if (payload.detail?.uses) again.uses = payload.detail.uses;
		if (payload.detail?.vote) again.votes[actor] = payload.detail.vote;
		again.round = payload.round;
	}
	const now = await look(a, id);
	assert.equal(again.state, now.state);
	assert.equal(again.use, now.intended_use);
	assert.deepEqual(again.uses, now.uses);
	assert.deepEqual(again.votes, { [a.name]: "approve", [b.name]: "approve" });
	assert.deepEqual(
		story.map((one) => one.kind.replace("request.", "")),
		now.events.map((one) => one.act),
	);
	for (const one of now.events) assert.ok(one.act, "each names what it was");
});

test("the same by the command line", async () => {
	const { gateway } = here;
	const cli = async (who, ...words) => {
		const result = await gateway.cli(who.token ?? who, ...words, "--json");
		assert.equal(result.code, 0, `${words.join(" ")}: ${result.stderr}`);
		return result.stdout.trim() ? JSON.parse(result.stdout) : undefined;
	};
	const [a, b] = here.deciders;
	const author = await addPerson(gateway);
	const accessor = await addPerson(gateway);
	const reviewer = await addPerson(gateway);
	const model = await modelWith();
	const file = `${gateway.folder}/rule.json`;
	fs.writeFileSync(file, JSON.stringify({ needed: 2, remind_days: 9 }));
	await cli(gateway.tokens.admin, "committee", "set", model, "--file", file);
	assert.equal((await cli(author, "committee", "show", model)).needed, 2);
	const key = (who) => ["--key-file", `${gateway.folder}/${who.name}.key`];
	for (const who of [author, accessor]) await cli(who, "key", "enroll", ...key(who));
	const words = ["--use", "foxes", "--code", "DUO:0000042", "--accessor", accessor.name];
	words.push("--accept-terms", ...key(author));
	const { id } = await cli(author, "request", model, ...words);
	await cli(accessor, "accept", id, "--accept-terms", ...key(accessor));
	await cli(a, "return", id, "--reason", "say more", "--change", "the use");
	await cli(author, "submit", id);
	await cli(a, "comment", id, "what of it?", "--requester");
	await cli(a, "review", id, reviewer.name);
	await cli(reviewer, "comment", id, "fine");
	const waiting = await cli(a, "requests", "--assigned", "--model", model, "--waiting");
	assert.equal(waiting.requests[0].id, id);
	const day = new Date(Date.now() + 86400000).toISOString();
	await cli(b, "delegate", reviewer.name, "--until", day, "--request", id);
	assert.equal((await cli(a, "approve", id)).state, "submitted");
	const many = await cli(reviewer, "requests", "decide", "approve", id);
	assert.equal(many.results[0].state, "approved");
	assert.equal(many.results[0].licenses.length, 2);
	const shown = await gateway.cli(a.token, "requests", "show", id);
	assert.equal(shown.code, 0, shown.stderr);
	for (const word of ["foxes", "say more", "what of it?", reviewer.name])
		assert.ok(shown.stdout.includes(word), word);
	const bad = await gateway.cli(a.token, "requests", "decide", "perhaps", id);
	assert.equal(bad.code, 2);
});
