// SPDX-License-Identifier: Apache-2.0
// Persons who leave and come back, keys that are lost, institutions and who belongs to them, and
// an administrator where none is left.
import assert from "node:assert/strict";
import test from "node:test";
import { sql } from "./database.mjs";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import {
	addOperator,
	addPerson,
	enrollKey,
	freshName,
	licensedPerson,
	requestBody,
	submit,
} from "./people.mjs";

const here = gatewayForThisFile(async (gateway, holder) => {
	holder.operator = await addOperator(gateway);
});

const post = (target, body, token = here.operator.token) =>
	ask(here.gateway, "POST", target, { token, body });
const whoami = (token) => ask(here.gateway, "GET", "/api/whoami-v2", { token });

test("a suspended person uses nothing of theirs, until they are reinstated", async () => {
	const { gateway } = here;
	const { person } = await licensedPerson(gateway, gateway.model, ["weights:read"]);
	const file = `/${gateway.model}/resolve/main/config.json`;
	const read = () => ask(gateway, "GET", file, { token: person.token });
	const step = (name, body = { reason: "on leave" }) =>
		post(`/api/v1/persons/${person.id}/${name}`, body);

	assert.equal((await read()).status, 200);
	const suspended = await step("suspend");
	assert.equal(suspended.status, 200, suspended.text);
	assert.equal(suspended.json.state, "suspended");
	assert.ok(suspended.json.cut.edges >= 1);
	assert.equal((await read()).status, 403); // at once: the answer has waited for the edges
	assert.equal((await step("suspend")).status, 409);
	const events = await expect(
		200,
		gateway,
		"GET",
		"/api/v1/audit/events?kind=person.suspend",
		{
			token: gateway.tokens.auditor,
		},
	);
	assert.equal(events.json.events[0].payload.person, person.id);
	assert.equal(events.json.events[0].payload.reason, "on leave");
	assert.equal((await step("reinstate")).status, 200);
	assert.equal((await read()).status, 200);
	assert.equal((await step("reinstate")).status, 409);
	assert.equal((await step("suspend", { reason: 7 })).status, 400);
	const byThemselves = await post(`/api/v1/persons/${here.operator.id}/suspend`, {});
	assert.equal(byThemselves.status, 409);
	const byStranger = await post(
		`/api/v1/persons/${person.id}/suspend`,
		{},
		gateway.tokens.stranger,
	);
	assert.equal(byStranger.status, 403);
});

test("a lost key signs nothing more, and another takes its place", async () => {
	const { gateway } = here;
	const person = await addPerson(gateway);
	const other = await addPerson(gateway);
	const lost = await enrollKey(gateway, person.token);
	const body = await requestBody(gateway, lost, gateway.model, ["weights:read"]);

	assert.equal((await post(`/api/v1/keys/${lost.id}/revoke`, {}, other.token)).status, 404);
	const gone = await post(`/api/v1/keys/${lost.id}/revoke`, { reason: "lost" }, person.token);
	assert.equal(gone.status, 204, gone.text);
	assert.equal((await post(`/api/v1/keys/${lost.id}/revoke`, {}, person.token)).status, 404);
	const refused = await submit(gateway, person.token, body);
	assert.ok(refused.status >= 400 && refused.status < 500, refused.text);
	const fresh = await enrollKey(gateway, person.token);
	const again = await requestBody(gateway, fresh, gateway.model, ["weights:read"]);
	assert.equal((await submit(gateway, person.token, again)).status, 201);
	const { keys } = (await ask(gateway, "GET", "/api/v1/keys", { token: person.token })).json;
	assert.deepEqual(
		keys.map((key) => [key.id, key.revoked]),
		[
			[lost.id, true],
			[fresh.id, false],
		],
	);
	// Whoever administers persons may do it for them.
	assert.equal((await post(`/api/v1/keys/${fresh.id}/revoke`, {})).status, 204);
});

async function addInstitution(more = {}) {
	const answer = await post("/api/v1/institutions", {
		name: freshName("University of X"),
		kind: "university",
		country: "DE",
		domains: ["x.example", "med.x.example"],
		...more,
	});
	assert.equal(answer.status, 201, answer.text);
	return answer.json;
}

test("people belong to an institution, and leave it", async () => {
	const { gateway } = here;
	const institution = await addInstitution();
	const target = `/api/v1/institutions/${institution.id}`;
	const official = await addPerson(gateway);
	const member = await addPerson(gateway);
	const join = (person, role) => post(`${target}/members`, { person: person.id, role });
	const leave = (person, role) =>
		ask(gateway, "DELETE", `${target}/members/${person.id}?role=${role}`, {
			token: here.operator.token,
		});
	const seen = async (token) => (await expect(200, gateway, "GET", target, { token })).json;

	assert.equal((await join(official, "official")).status, 201);
	assert.equal((await join(member)).status, 201);
	assert.equal((await join(member)).status, 409);
	assert.equal((await join(member, "king")).status, 400);
	assert.equal((await join({ id: "00000000-0000-7000-8000-000000000001" })).status, 404);
	assert.equal((await seen(member.token)).members, undefined);
	assert.equal((await seen(official.token)).members.length, 2);
	assert.equal((await leave(member, "official")).status, 404);
	assert.equal((await leave(member, "member")).status, 204);
	assert.equal((await leave(member, "member")).status, 404);
	const past = (await seen(here.operator.token)).members.find(
		(m) => m.person === member.name,
	);
	assert.ok(past.until, "a membership ends and stays on record");
	assert.equal((await join(member)).status, 201, "and may begin again");
	assert.equal((await leave(official, "official")).status, 204);
	assert.equal((await seen(official.token)).members, undefined);
	const kinds = ["institution.add", "member.add", "member.end"];
	for (const kind of kinds) {
		const events = await expect(
			200,
			gateway,
			"GET",
			`/api/v1/audit/events?kind=${kind}`,
			{
				token: gateway.tokens.auditor,
			},
		);
		assert.equal(events.json.events[0].payload.institution, institution.id);
	}
});

test("an institution is suspended and reinstated; one name is one institution", async () => {
	const institution = await addInstitution();
	const step = (name) => post(`/api/v1/institutions/${institution.id}/${name}`);
	assert.equal((await step("suspend")).json.state, "suspended");
	assert.equal((await step("suspend")).status, 409);
	assert.equal((await step("reinstate")).json.state, "active");
	const same = await post("/api/v1/institutions", { name: institution.name });
	assert.equal(same.status, 409);
	for (const body of [
		{ name: "" },
		{ name: "x", kind: "church" },
		{ name: "x", country: "Germany" },
		{ name: "x", domains: ["X.example"] },
		{ name: "x", domains: ["a b"] },
		{ name: "x".repeat(201) },
		{},
	])
		assert.equal((await post("/api/v1/institutions", body)).status, 400);
	const byStranger = await post(
		"/api/v1/institutions",
		{ name: "y" },
		here.gateway.tokens.stranger,
	);
	assert.equal(byStranger.status, 403);
});

test("the same by the command line", async () => {
	const { gateway } = here;
	const run = async (...words) => {
		const done = await gateway.cli(here.operator.token, ...words);
		assert.equal(done.code, 0, done.stderr);
		return done.stdout;
	};
	const name = freshName("Institute");
	const person = await addPerson(gateway);
	await run("institution", "add", name, "--kind", "company", "--domain", "i.example");
	assert.match(await run("institution", "list"), new RegExp(name));
	await run("member", "add", name, person.name, "--official");
	assert.match(
		await run("institution", "show", name),
		new RegExp(`${person.name} +official`),
	);
	await run("member", "end", name, person.name, "--official");
	await run("institution", "suspend", name);
	await run("person", "suspend", person.name, "--reason", "left");
	assert.equal((await whoami(person.token)).status, 403);
	await run("person", "reinstate", person.name);
	assert.match(await run("person", "invite", person.name), /[0-9A-Z]{5}(-[0-9A-Z]{5}){4}/);
	await run(
		"office",
		"grant",
		person.name,
		"handler",
		"--scope",
		"a/*",
		"--until",
		"2090-01-01",
	);
	assert.match(
		await run("office", "list"),
		new RegExp(`${person.name} +requests:handle +a/\\*`),
	);
	await run("office", "revoke", person.name, "handler", "--scope", "a/*");
	await run("token", "create", "--person", person.name, "--model", "a/b", "--address", "::1");
});

test("persons are found by name, state, office and institution, a page at a time", async () => {
	const { gateway } = here;
	const { admin } = gateway.tokens;
	const stem = freshName("seek");
	const people = [];
	for (const name of ["c", "a", "b"]) {
		const body = { name: `${stem}.${name}`, email: `${name}@${stem}.example` };
		const made = await expect(201, gateway, "POST", "/api/v1/persons", {
			token: admin,
			body,
		});
		people.push(made.json);
	}
	const [c, a, b] = people;
	const find = async (query) => {
		const answer = await ask(gateway, "GET", `/api/v1/persons?${query}`, {
			token: admin,
		});
		assert.equal(answer.status, 200, answer.text);
		return answer;
	};
	const names = async (query) => (await find(query)).json.persons.map((one) => one.id);

	assert.deepEqual(await names(`q=${stem.toUpperCase()}`), [a.id, b.id, c.id]);
	assert.deepEqual(await names(`q=b@${stem}`), [b.id]);
	assert.deepEqual(await names(`name=${stem}.c`), [c.id]);
	assert.deepEqual(await names(`name=${stem}`), []);
	assert.deepEqual(await names("q=%25"), []);
	const first = await find(`q=${stem}&limit=2`);
	assert.deepEqual(
		first.json.persons.map((one) => one.id),
		[a.id, b.id],
	);
	const next = new URL(/<([^>]+)>/.exec(first.headers.link)[1]);
	const rest = await ask(gateway, "GET", next.pathname + next.search, { token: admin });
	assert.deepEqual(
		rest.json.persons.map((one) => one.id),
		[c.id],
	);
	assert.equal(rest.headers.link, undefined);
	await expect(200, gateway, "POST", `/api/v1/persons/${a.id}/suspend`, { token: admin });
	assert.deepEqual(await names(`q=${stem}&state=suspended`), [a.id]);
	await expect(201, gateway, "POST", `/api/v1/persons/${b.id}/offices`, {
		token: admin,
		body: { offices: ["requests:decide"], scope: "demo/*" },
	});
	assert.deepEqual(await names(`q=${stem}&office=requests:decide`), [b.id]);
	const institution = await expect(201, gateway, "POST", "/api/v1/institutions", {
		token: admin,
		body: { name: stem },
	});
	await expect(201, gateway, "POST", `/api/v1/institutions/${institution.json.id}/members`, {
		token: admin,
		body: { person: c.id },
	});
	assert.deepEqual(await names(`institution=${institution.json.id}`), [c.id]);
	for (const query of ["state=gone", "institution=x", `q=${"x".repeat(201)}`])
		await expect(400, gateway, "GET", `/api/v1/persons?${query}`, { token: admin });
	const one = await expect(200, gateway, "GET", `/api/v1/persons/${c.id}`, { token: admin });
	assert.equal(one.json.name, `${stem}.c`);
	assert.deepEqual(
		one.json.institutions.map(({ name, role }) => [name, role]),
		[[stem, "member"]],
	);
	assert.deepEqual([one.json.visas, one.json.sessions, one.json.keys], [[], [], []]);
});

test("where no administrator is left, the machine's operator lets one in", async () => {
	const { gateway } = here;
	// The trigger forbids it; a disaster does not ask.
	sql(
		gateway,
		`SET session_replication_role = replica; DELETE FROM office;
		UPDATE person SET state = 'suspended' WHERE name = 'operator';
		SET session_replication_role = origin; UPDATE access_epoch SET epoch = epoch + 1`,
	);
	const done = await gateway.cli(null, "recover-admin", "--config", gateway.config, "--json");
	assert.equal(done.code, 0, done.stderr);
	const { name, code } = JSON.parse(done.stdout);
	assert.equal(name, "operator");
	const redeem = () =>
		ask(gateway, "POST", "/api/v1/sessions", {
			body: { code, password: "a password that is long" },
		});
	const session = await until("the code to count", 10, async () => {
		const answer = await redeem();
		return answer.status === 201 && answer;
	});
	const cookie = session.headers["set-cookie"][0].split(";")[0];
	const persons = await ask(gateway, "GET", "/api/v1/persons", { headers: { cookie } });
	assert.equal(persons.status, 200, persons.text);
	assert.equal((await redeem()).status, 401);
	const events = await ask(gateway, "GET", "/api/v1/audit/events?limit=100", {
		headers: { cookie },
	});
	const kinds = events.json.events.map((event) => event.kind);
	for (const kind of ["office.grant", "person.invite", "person.reinstate", "session.start"])
		assert.ok(kinds.includes(kind), kind);
});
