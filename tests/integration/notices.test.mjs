// SPDX-License-Identifier: Apache-2.0
// People and programs are told of what concerns them: by mail through a real SMTP server, and by
// signed webhooks, whatever these do. What is told holds nothing that may not leave.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import https from "node:https";
import path from "node:path";
import { after, test } from "node:test";
import { SMTPServer } from "smtp-server";
import { Webhook } from "standardwebhooks";
import { sqlMeanwhile } from "./database.mjs";
import { gatewayForThisFile } from "./gateway.mjs";
import { makeCertificate } from "./hostile.mjs";
import { ask, expect, until } from "./http.mjs";
import { addTerms, createModel, enrollKey, freshName, requestBody, submit } from "./people.mjs";

const FROM = "gateway@example.org";
const PASSWORD = "of the mail server";
const model = "tests/told";
const mails = [];
const posts = [];
const behaviour = {}; // of the mail server: what it refuses

/* The mail server and the endpoints live in this process: it must not stand still for psql. */
const sql = async (text) => (await sqlMeanwhile(here.gateway, text)).split("\n").at(-1);

const here = gatewayForThisFile(async (gateway, holder) => {
	holder.certificate = makeCertificate(gateway.folder, "outside");
	holder.mail = await listenMail(holder.certificate);
	holder.hook = await listenHooks(holder.certificate);
	const password = path.join(gateway.dir, "mail-password");
	fs.writeFileSync(password, `${PASSWORD}\n`, { mode: 0o644 });
	fs.appendFileSync(
		gateway.config,
		[
			"\n[courier]",
			`allow = 127.0.0.1:${holder.hook.address().port}`,
			"allow_private = yes",
			`ca_file = ${holder.certificate.file}`,
			"\n[mail]",
			`server = smtp://127.0.0.1:${holder.mail.server.address().port}`,
			`from = ${FROM}`,
			"user = gateway",
			`password_file = ${password}\n`,
		].join("\n"),
	);
	await gateway.serveWith({});
	await createModel(gateway, model, {
		gate: "manual",
		terms_sha256: await addTerms(gateway, "Be kind, and tell nobody."),
	});
	holder.decider = await personWithMail(["requests:decide", "licenses:manage"]);
});

after(() => {
	here.mail?.close(() => {});
	here.hook?.closeAllConnections();
	here.hook?.close();
});

/** A mail server with STARTTLS and a login, which keeps what it is given. */
async function listenMail({ key, certificate }, options = {}) {
	const server = new SMTPServer({
		key,
		cert: certificate,
		disableReverseLookup: true, // there is no name server here
		onAuth: ({ username, password }, _, done) =>
			username === "gateway" && password === PASSWORD
				? done(null, { user: username })
				: done(new Error("no such user")),
		onRcptTo: ({ address }, session, done) => {
			const code = behaviour[address];
			if (!code) return done();
			return done(Object.assign(new Error("not now"), { responseCode: code }));
		},
		onData: (stream, session, done) => {
			const parts = [];
			stream.on("data", (part) => parts.push(part));
			stream.on("end", () => {
				mails.push({
					from: session.envelope.mailFrom.address,
					to: session.envelope.rcptTo.map(({ address }) => address),
					isSecure: session.secure,
					user: session.user,
					text: Buffer.concat(parts).toString(),
				});
				done();
			});
		},
		...options,
	});
	server.on("error", () => {}); // a client that breaks off
	await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
	return server;
}

/** Receivers by their path: /NAME is answered by receivers[NAME], or with 204. */
const receivers = {};

async function listenHooks({ key, certificate }) {
	const server = https.createServer({ key, cert: certificate }, (request, response) => {
		const parts = [];
		request.on("data", (part) => parts.push(part));
		request.on("end", () => {
			const name = request.url.slice(1);
			const post = {
				name,
				method: request.method,
				headers: request.headers,
				body: Buffer.concat(parts).toString(),
			};
			posts.push(post);
			if (receivers[name]) return receivers[name](response, post);
			response.statusCode = 204;
			return response.end();
		});
	});
	await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
	return server;
}

async function personWithMail(offices = []) {
	const { gateway } = here;
	const email = `${freshName("someone")}@example.org`;
	const { json } = await expect(201, gateway, "POST", "/api/v1/persons", {
		token: gateway.tokens.admin,
		body: { name: freshName("person"), email, offices },
	});
	return { ...json, email };
}

async function hook(kinds, options = {}) {
	const name = freshName("hook");
	const { gateway } = here;
	const url = `https://127.0.0.1:${here.hook.address().port}/${name}`;
	const { json } = await expect(201, gateway, "POST", "/api/v1/webhooks", {
		token: gateway.tokens.admin,
		body: { url, kinds, ...options },
	});
	return { ...json, name };
}

const postsTo = ({ name }) => posts.filter((post) => post.name === name);

const logOf = async ({ id }) => {
	const { gateway } = here;
	const { json } = await expect(200, gateway, "GET", `/api/v1/webhooks/${id}`, {
		token: gateway.tokens.admin,
	});
	return json;
};

/** Nobody waits for a retry here. */
/* What waits for its next try is due. What is due already keeps its turn: if all were due anew each
 * time, the same few would be tried again and again, and the last never. */
const hurry = () =>
	sql(`UPDATE notice_delivery SET next_at = now()
		WHERE state = 'waiting' AND next_at > now()`);

const mailsTo = (person, subject) =>
	mails.filter(({ to, text }) => to.includes(person.email) && subject.test(text));

const mailTo = (person, subject) =>
	until(`a mail to ${person.email}: ${subject}`, 30, () => mailsTo(person, subject)[0]);

const USE = "to find out what the foxes do at night";

/** {person, request}: asked for, with words that are nobody else's business. */
async function requested(person) {
	const { gateway } = here;
	const key = await enrollKey(gateway, person.token);
	const body = await requestBody(gateway, key, model, ["weights:read"]);
	const answer = await submit(gateway, person.token, body);
	assert.equal(answer.status, 201, answer.text);
	return answer.json;
}

const act = (what, id, body = {}) =>
	expect(200, here.gateway, "POST", `/api/v1/${what.replace("ID", id)}`, {
		token: here.gateway.tokens.admin,
		body,
	});

async function licensed(person) {
	const request = await requested(person);
	const { json } = await act("access-requests/ID/approve", request.id);
	return json.license;
}

test("a request, its approval and a revocation reach those concerned, by mail", async () => {
	const person = await personWithMail();
	const request = await requested(person);
	const { json } = await act("access-requests/ID/approve", request.id, {
		reason: "a secret of the committee",
	});
	await act("licenses/ID/revoke", json.license.id, { reason: "found on a fox" });
	const asked = await mailTo(here.decider, /^Subject: Access to tests\/told is asked for/m);
	const approved = await mailTo(person, /^Subject: Access to tests\/told was approved/m);
	const revoked = await mailTo(person, /^Subject: The license for tests\/told was revoked/m);
	await mailTo(here.decider, /^Subject: The license for tests\/told was revoked/m);

	for (const mail of [asked, approved, revoked]) {
		assert.ok(mail.isSecure, "by TLS");
		assert.equal(mail.user, "gateway");
		assert.equal(mail.from, FROM);
		assert.match(mail.text, /^From: gateway@example.org\r$/m);
		assert.match(mail.text, /^Auto-Submitted: auto-generated\r$/m);
		assert.match(mail.text, /^Message-ID: <[0-9a-f-]{36}@example.org>\r$/m);
		assert.match(mail.text, /^Date: \w{3}, \d\d \w{3} \d{4} [\d:]{8} \+0000\r$/m);
		assert.ok(mail.text.includes(person.name), "who");
		assert.match(mail.text, new RegExp(`^See:  ${here.gateway.url}/api/v1/`, "m"));
		assert.doesNotMatch(mail.text, /foxes|fox|secret|hf_/, "why, and what for");
	}
	assert.ok(asked.text.includes(`/api/v1/access-requests/${request.id}`));
	assert.ok(revoked.text.includes(`/api/v1/licenses/${json.license.id}`));
	assert.equal(mailsTo(person, /^Subject: Access to tests\/told is asked for/m).length, 0);
});

test("each act is told to whom it concerns; a renewal is no revocation", async () => {
	const [returned, denied, holder] = [
		await personWithMail(),
		await personWithMail(),
		await personWithMail(),
	];
	await act("access-requests/ID/return", (await requested(returned)).id, { reason: "why?" });
	await act("access-requests/ID/deny", (await requested(denied)).id, { reason: "no" });
	const license = await licensed(holder);
	await act("licenses/ID/suspend", license.id);
	await act("licenses/ID/reinstate", license.id);
	await act("licenses/ID/renew", license.id, { expires_days: 10 });
	await act(`models/${model}/disable`, "", { reason: "x" });
	await act(`models/${model}/enable`, "");

	await mailTo(returned, /^Subject: Your request for tests\/told needs a change/m);
	await mailTo(denied, /^Subject: Access to tests\/told was denied/m);
	await mailTo(holder, /^Subject: The license for tests\/told is suspended/m);
	await mailTo(holder, /^Subject: The license for tests\/told holds again/m);
	await mailTo(holder, /^Subject: The license for tests\/told was renewed/m);
	await mailTo(holder, /^Subject: tests\/told is disabled/m);
	await mailTo(holder, /^Subject: tests\/told is enabled again/m);
	assert.equal(mailsTo(holder, /was revoked/).length, 0, "it was renewed");
	assert.equal(mailsTo(denied, /is disabled/).length, 0, "they have no license");
});

test("a person chooses what comes by mail", async () => {
	const { gateway } = here;
	const person = await personWithMail();
	const choose = (choices, status = 200) =>
		expect(status, gateway, "PUT", "/api/v1/notifications", {
			token: person.token,
			body: { choices },
		});
	await choose([
		{ kind: "*", mail: false },
		{ kind: "license.*", mail: true },
		{ kind: "license.suspend", mail: false },
	]);
	const license = await licensed(person);
	await act("licenses/ID/suspend", license.id);
	await act("licenses/ID/revoke", license.id);
	await mailTo(person, /^Subject: The license for tests\/told was revoked/m);
	assert.equal(mailsTo(person, /Subject: (Access|The license for tests\/told is)/).length, 0);
	const { json } = await expect(200, gateway, "GET", "/api/v1/notifications", person);
	assert.equal(json.choices.length, 3);
	for (const kind of ["infer.end", "license.", "nothing.*", "", 7])
		await choose([{ kind, mail: false }], 400);
	await choose("all", 400);
	await choose([]);
});

test("who holds an office for other models, or no longer, is not told", async () => {
	const [here_, there, past] = [
		await personWithMail(),
		await personWithMail(),
		await personWithMail(),
	];
	const office = (person, scope, until) =>
		sql(`INSERT INTO office (person, office, scope, until, granted_at)
			VALUES ('${person.id}', 'requests:handle', '${scope}', ${until}, now())`);
	await office(here_, "tests/*", "NULL");
	await office(there, "others/*", "NULL");
	await office(past, model, "now() - interval '1 day'");
	await requested(await personWithMail());
	await mailTo(here_, /^Subject: Access to tests\/told is asked for/m);
	await mailTo(here.decider, /^Subject: Access to tests\/told is asked for/m);
	for (const person of [there, past])
		assert.equal(mailsTo(person, /is asked for/).length, 0);
	await sql(`DELETE FROM office WHERE person = '${here_.id}'`);
});

test("the command line administers webhooks and wishes", async () => {
	const { gateway } = here;
	const url = `https://127.0.0.1:${here.hook.address().port}/cli`;
	const run = async (token, ...words) => {
		const done = await gateway.cli(token, ...words);
		assert.equal(done.code, 0, done.stderr);
		return done.stdout;
	};
	const { admin, researcher } = gateway.tokens;
	const added = await run(admin, "webhook", "add", url, "--kind", "terms.*", "--json");
	const { id, secret } = JSON.parse(added);
	assert.match(secret, /^whsec_/);
	assert.match(await run(admin, "webhook", "list"), new RegExp(`${id}.*active.*terms`));
	await run(admin, "webhook", "show", id);
	assert.match(await run(admin, "webhook", "remove", id), /removed/);
	const chosen = await run(researcher, "notifications", "--no-mail", "request.*");
	assert.match(chosen, /request\.\*\s+(no|false)/);
	assert.match(await run(researcher, "notifications"), /request\.\*/);
	assert.doesNotMatch(await run(researcher, "notifications", "--all"), /request/);
});

test("a mailbox that is refused for good is left, one that is busy is tried again", async () => {
	const gone = await personWithMail();
	const busy = await personWithMail();
	behaviour[gone.email] = 550;
	behaviour[busy.email] = 451;
	await licensed(gone);
	await licensed(busy);
	const stateOf = (person) =>
		sql(`SELECT state || ' ' || status FROM notice_delivery d JOIN notice n
			ON n.id = d.notice WHERE d.person = '${person.id}'
			AND n.kind = 'request.approve'`);
	await until("the refusal", 20, async () => (await stateOf(gone)) === "failed 550");
	await until("the other one", 20, async () => (await stateOf(busy)) === "waiting 451");
	delete behaviour[busy.email];
	await until("it to be done", 20, async () => {
		await hurry();
		return (await stateOf(busy)).startsWith("sent");
	});
	await mailTo(busy, /was approved/);
});

test("a webhook's signature verifies; its secret is shown once", async () => {
	const { gateway } = here;
	const all = await hook(["*"]);
	const some = await hook(["license.revoke", "request.*"], { model: "tests/*" });
	const elsewhere = await hook(["*"], { model: "others/*" });
	const person = await personWithMail();
	const license = await licensed(person);
	await act("licenses/ID/revoke", license.id);
	const post = await until("the revocation", 30, () =>
		postsTo(some).find(({ body }) => JSON.parse(body).type === "license.revoke"),
	);

	assert.match(some.secret, /^whsec_/);
	const event = new Webhook(some.secret).verify(post.body, post.headers);
	assert.equal(event.type, "license.revoke");
	assert.equal(event.data.license, license.id);
	assert.equal(event.data.model, model);
	assert.deepEqual(event.data.person, { id: person.id, name: person.name });
	assert.equal(post.method, "POST");
	assert.equal(post.headers["content-type"], "application/json");
	assert.throws(() => new Webhook(all.secret).verify(post.body, post.headers));
	assert.throws(() => new Webhook(some.secret).verify(post.body + " ", post.headers));
	const later = { ...post.headers, "webhook-timestamp": "1" };
	assert.throws(() => new Webhook(some.secret).verify(post.body, later));

	const kinds = (receiver) => postsTo(receiver).map(({ body }) => JSON.parse(body).type);
	await until("all of it", 20, () => kinds(all).includes("license.revoke"));
	assert.deepEqual(kinds(some).sort(), [
		"license.revoke",
		"request.approve",
		"request.submit",
	]);
	assert.deepEqual(kinds(elsewhere), []);
	for (const { body } of posts) assert.doesNotMatch(body, /foxes|hf_|whsec_/);
	const { text } = await expect(200, gateway, "GET", "/api/v1/webhooks", {
		token: gateway.tokens.admin,
	});
	assert.doesNotMatch(text, /whsec_|secret/);
	const log = await logOf(some);
	assert.equal(log.deliveries.filter(({ state }) => state === "sent").length, 3);
	for (const one of [all, some, elsewhere])
		await expect(204, gateway, "DELETE", `/api/v1/webhooks/${one.id}`, {
			token: gateway.tokens.admin,
		});
	await expect(404, gateway, "GET", `/api/v1/webhooks/${all.id}`, {
		token: gateway.tokens.admin,
	});
});

/** One event for every webhook that hears of it. */
async function cause() {
	const license = await licensed(await personWithMail());
	await act("licenses/ID/suspend", license.id);
	return license;
}

test("a webhook that fails is tried again, under the same id", async () => {
	const failing = await hook(["license.suspend"]);
	const answers = [500, 503, 204];
	receivers[failing.name] = (response) => {
		response.statusCode = answers.shift() ?? 204;
		response.end();
	};
	await cause();
	await until("the first try", 20, () => postsTo(failing).length === 1);
	for (const tries of [2, 3]) {
		await until(`try ${tries}`, 20, async () => {
			await hurry();
			return postsTo(failing).length === tries;
		});
	}
	await until("it to be done", 10, async () => {
		const [delivery] = (await logOf(failing)).deliveries;
		return delivery.state === "sent" && delivery.attempts === 3;
	});
	const ids = postsTo(failing).map(({ headers }) => headers["webhook-id"]);
	assert.equal(new Set(ids).size, 1);
	for (const { body, headers } of postsTo(failing))
		new Webhook(failing.secret).verify(body, headers);
	assert.equal((await logOf(failing)).failing_since, undefined);
});

test("one that is slow, redirects or lies holds up nobody, and gets no more", async () => {
	const target = await hook(["terms.*"]);
	const bad = {
		slow: await hook(["license.suspend"]),
		redirects: await hook(["license.suspend"]),
		lies: await hook(["license.suspend"]),
		floods: await hook(["license.suspend"]),
	};
	const good = await hook(["license.suspend"]);
	receivers[bad.slow.name] = () => {}; // never answers
	receivers[bad.redirects.name] = (response) => {
		response.writeHead(307, { location: target.url });
		response.end();
	};
	receivers[bad.lies.name] = (response) => {
		response.writeHead(200, { "content-length": 1000 });
		response.write("less");
		response.destroy();
	};
	receivers[bad.floods.name] = (response) => {
		response.end(Buffer.alloc(1 << 20, "a"));
	};
	await cause();
	await until("the good one to hear of it", 30, () => postsTo(good).length === 1);
	for (const [name, problem] of [
		["slow", /took too long|stalled/],
		["redirects", /redirects, which is not followed/],
		["lies", /127\.0\.0\.1/],
		["floods", /more than/],
	])
		await until(name, 30, async () => {
			const [delivery] = (await logOf(bad[name])).deliveries;
			return delivery.state === "waiting" && problem.test(delivery.problem);
		});
	assert.equal(postsTo(target).length, 0, "no redirect was followed");
	for (const one of Object.values(bad))
		await expect(204, here.gateway, "DELETE", `/api/v1/webhooks/${one.id}`, {
			token: here.gateway.tokens.admin,
		});
});

test("one that is gone, or fails for long, is disabled; somebody hears of it", async () => {
	const { gateway } = here;
	const gone = await hook(["license.suspend"]);
	const dead = await hook(["license.suspend"]);
	receivers[gone.name] = (response) => {
		response.statusCode = 410;
		response.end();
	};
	receivers[dead.name] = (response) => {
		response.statusCode = 500;
		response.end();
	};
	await cause();
	await until("the one that is gone", 30, async () => {
		return (await logOf(gone)).state === "disabled";
	});
	await until("the other one's first try", 20, () => postsTo(dead).length === 1);
	assert.equal((await logOf(dead)).state, "active");
	await sql(`UPDATE webhook SET failing_since = now() - interval '12 hours'
			WHERE id = '${dead.id}';
		UPDATE notice_delivery SET next_at = now(), until = now()
			WHERE webhook = '${dead.id}'`);
	await until("the dead one", 30, async () => (await logOf(dead)).state === "disabled");
	await mailTo(here.decider, /^Subject: A webhook was disabled/m);
	await until("both entries to be published", 20, async () => {
		const path = "/api/v1/audit/events?kind=webhook.disable";
		const { json } = await expect(200, gateway, "GET", path, {
			token: gateway.tokens.auditor,
		});
		return json.events.length === 2;
	});
});

test("an edge that is killed while it posts loses nothing", async () => {
	const { gateway } = here;
	const held = await hook(["license.suspend"]);
	let isHeld = true;
	receivers[held.name] = (response) => {
		if (isHeld) return; // until the edge is dead
		response.statusCode = 204;
		response.end();
	};
	await cause();
	await until("the post", 30, () => postsTo(held).length === 1);
	const [edge] = gateway.processesNamed("sallyport-edge");
	process.kill(edge.id, "SIGKILL");
	isHeld = false;
	await until("another edge", 30, async () => {
		const now = gateway.processesNamed("sallyport-edge");
		const ready = await ask(gateway, "GET", "/readyz");
		return now.length === 1 && now[0].id !== edge.id && ready.status === 200;
	});
	await until("the post again", 30, async () => {
		await hurry();
		return postsTo(held).length >= 2;
	});
	const [first, second] = postsTo(held).map(({ headers }) => headers["webhook-id"]);
	assert.equal(first, second);
	await until("it to be done", 10, async () => {
		return (await logOf(held)).deliveries[0].state === "sent";
	});
});

test("what no webhook may be is refused, and says why", async () => {
	const { gateway } = here;
	const good = `https://127.0.0.1:${here.hook.address().port}/x`;
	const rows = [
		[{ kinds: ["*"] }, /url/],
		[{ url: good.replace("https", "http"), kinds: ["*"] }, /https/],
		[{ url: "https://169.254.169.254/x", kinds: ["*"] }, /courier\.allow/],
		[{ url: "https://elsewhere.example/x", kinds: ["*"] }, /courier\.allow/],
		[{ url: good.replace("//", "//user:pass@"), kinds: ["*"] }, /./],
		[{ url: good, kinds: [] }, /kinds/],
		[{ url: good, kinds: "all" }, /kinds/],
		[{ url: good, kinds: ["infer.end"] }, /names nothing that is told/],
		[{ url: good, kinds: [7] }, /./],
		[{ url: good, kinds: ["*"], model: "a b" }, /./],
		[{ url: good, kinds: ["*"], model: "*" }, /./],
		[{ url: `${good}${"x".repeat(1000)}`, kinds: ["*"] }, /1000/],
	];
	for (const [body, why] of rows) {
		const answer = await ask(gateway, "POST", "/api/v1/webhooks", {
			token: gateway.tokens.admin,
			body,
		});
		assert.equal(answer.status, 400, `${JSON.stringify(body)}: ${answer.text}`);
		assert.match(answer.json.detail, why);
	}
	const person = await personWithMail();
	await expect(403, gateway, "POST", "/api/v1/webhooks", {
		token: person.token,
		body: { url: good, kinds: ["*"] },
	});
});

test("a mail server without TLS gets nothing, one that is away gets it later", async (t) => {
	const { gateway } = here;
	const { port } = here.mail.server.address();
	await new Promise((resolve) => here.mail.close(resolve));
	const plain = await listenMail(here.certificate, { disabledCommands: ["STARTTLS"] });
	t.after(() => plain.close(() => {}));
	const config = fs.readFileSync(gateway.config, "utf8");
	const other = plain.server.address().port;
	const before = mails.length;
	const restart = async (text) => {
		fs.writeFileSync(gateway.config, text);
		const [old] = gateway.processesNamed("sallyport-courier");
		process.kill(old.id, "SIGTERM");
		await until("another courier", 20, () => {
			const now = gateway.processesNamed("sallyport-courier");
			return now.length === 1 && now[0].id !== old.id;
		});
	};
	await restart(config.replace(`smtp://127.0.0.1:${port}`, `smtp://127.0.0.1:${other}`));
	const person = await personWithMail();
	await licensed(person);
	const problem = () =>
		sql(`SELECT string_agg(problem, '|') FROM notice_delivery
			WHERE person = '${person.id}' AND state = 'waiting'`);
	await until("the refusal", 30, async () => {
		await hurry();
		return /no STARTTLS, and nothing is sent without/.test(await problem());
	});
	assert.equal(mails.length, before, "not a word in the clear");
	await new Promise((resolve) => plain.close(resolve));
	await until("it to be away", 30, async () => {
		await hurry();
		return /the mail server: /.test(await problem());
	});
	here.mail = await listenMail(here.certificate);
	const now = here.mail.server.address().port;
	await restart(config.replace(`smtp://127.0.0.1:${port}`, `smtp://127.0.0.1:${now}`));
	await until("the mail", 40, async () => {
		await hurry();
		return mailsTo(person, /was approved/).length > 0;
	});
});
