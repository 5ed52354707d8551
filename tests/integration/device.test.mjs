// SPDX-License-Identifier: Apache-2.0
// A device without a browser signs in: its person approves it elsewhere, and says for what.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { sql } from "./database.mjs";
import { gatewayForThisFile, program } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { addPerson } from "./people.mjs";

const here = gatewayForThisFile();
const GRANT = "urn:ietf:params:oauth:grant-type:device_code";

function form(target, fields, options = {}) {
	return ask(here.gateway, "POST", target, {
		...options,
		body: new URLSearchParams(fields).toString(),
		headers: {
			"content-type": "application/x-www-form-urlencoded",
			...options.headers,
		},
	});
}

async function begin(client = "a notebook") {
	const answer = await form("/oauth/device", { client_id: client });
	assert.equal(answer.status, 200, answer.text);
	return answer.json;
}

/** As the device asks, without its patience. */
function poll(device, fields = {}) {
	sql(here.gateway, "UPDATE device_login SET polled_at = NULL");
	return form("/oauth/token", {
		grant_type: GRANT,
		device_code: device.device_code,
		...fields,
	});
}

function approve(device, body = {}, token = here.gateway.tokens.researcher) {
	return ask(here.gateway, "POST", "/api/v1/device/approve", {
		token,
		body: { user_code: device.user_code, ...body },
	});
}

const whoami = (token) => ask(here.gateway, "GET", "/api/whoami-v2", { token });

test("a device gets a token of whoever approved it, once", async () => {
	const device = await begin();
	assert.match(device.user_code, /^[A-Z]{4}-[A-Z]{4}$/);
	assert.equal(device.verification_uri, `${here.gateway.url}/device`);
	const early = await poll(device);
	assert.equal(early.status, 400);
	assert.equal(early.json.error, "authorization_pending");
	const approval = await approve({ user_code: device.user_code.toLowerCase() });
	assert.equal(approval.status, 200, approval.text);
	assert.equal(approval.json.client, "a notebook");
	const got = await poll(device);
	assert.equal(got.status, 200, got.text);
	assert.match(got.json.access_token, /^hf_[0-9A-Za-z]{121}$/);
	assert.match(got.headers["cache-control"], /no-store/);
	const mine = (await whoami(here.gateway.tokens.researcher)).json;
	assert.equal((await whoami(got.json.access_token)).json.id, mine.id);
	assert.equal((await poll(device)).json.error, "invalid_grant");
	assert.equal((await approve(device)).status, 404);
	for (const kind of ["device.approve", "token.create"]) {
		const events = await expect(
			200,
			here.gateway,
			"GET",
			`/api/v1/audit/events?kind=${kind}`,
			{
				token: here.gateway.tokens.auditor,
			},
		);
		assert.equal(events.json.events[0].actor_id, mine.id);
	}
});

test("the token is for what the approval says, no more than the approver may", async () => {
	const { gateway } = here;
	const device = await begin();
	const scope = { rights: ["metadata:read", "weights:read"], models: ["nobody/none"] };
	const narrow = await expect(201, gateway, "POST", "/api/v1/tokens", {
		token: gateway.tokens.researcher,
		body: { name: "narrow", expires_days: 1, scope },
	});
	assert.equal((await approve(device, {}, narrow.json.token)).status, 403);
	assert.equal((await approve(device, { scope }, narrow.json.token)).status, 200);
	const { access_token, expires_in } = (await poll(device)).json;
	assert.ok(expires_in <= 86400);
	const file = `/${gateway.model}/resolve/main/config.json`;
	assert.equal((await ask(gateway, "GET", file, { token: access_token })).status, 403);
	assert.equal((await whoami(access_token)).status, 200);
});

test("a device that was turned away, forgotten or made up gets nothing", async () => {
	const denied = await begin();
	assert.equal((await approve(denied, { deny: true })).status, 200);
	assert.equal((await poll(denied)).json.error, "access_denied");
	const late = await begin();
	sql(here.gateway, "UPDATE device_login SET expires_at = now() - interval '1 s'");
	assert.equal((await poll(late)).json.error, "expired_token");
	assert.equal((await approve(late)).status, 404);
	const made = { device_code: "x".repeat(43), user_code: "BCDF-GHJK" };
	assert.equal((await poll(made)).json.error, "expired_token");
	assert.equal((await approve(made)).status, 404);
	assert.equal((await approve({ user_code: "AEIO-UAEI" })).status, 400);
	assert.equal(
		(await poll(made, { grant_type: "password" })).json.error,
		"unsupported_grant_type",
	);
	const suspended = await addPerson(here.gateway);
	const device = await begin();
	assert.equal((await approve(device, {}, suspended.token)).status, 200);
	sql(here.gateway, `UPDATE person SET state = 'suspended' WHERE id = '${suspended.id}'`);
	assert.equal((await poll(device)).json.error, "access_denied");
});

test("a device that asks too often is slowed down", async () => {
	const device = await begin();
	const fields = { grant_type: GRANT, device_code: device.device_code };
	assert.equal((await form("/oauth/token", fields)).json.error, "authorization_pending");
	assert.equal((await form("/oauth/token", fields)).json.error, "slow_down");
	const interval = sql(
		here.gateway,
		`SELECT interval_seconds FROM device_login
		WHERE user_code = '${device.user_code.replace("-", "")}'`,
	);
	assert.equal(Number(interval), device.interval + 5);
});

test("of many who take one token at once, one gets it", async () => {
	const device = await begin();
	await approve(device);
	const fields = { grant_type: GRANT, device_code: device.device_code };
	const answers = await Promise.all(
		Array.from({ length: 8 }, () => form("/oauth/token", fields)),
	);
	assert.equal(answers.filter((answer) => answer.status === 200).length, 1);
});

test("the page asks who is signed in, shows what asks, and takes the answer", async () => {
	const { gateway } = here;
	const person = await addPerson(gateway);
	const { code } = (
		await expect(201, gateway, "POST", `/api/v1/persons/${person.id}/invitation`, {
			token: gateway.tokens.admin,
		})
	).json;
	const session = await ask(gateway, "POST", "/api/v1/sessions", {
		body: { code, password: "a password that is long" },
	});
	const cookie = session.headers["set-cookie"][0].split(";")[0];
	const device = await begin('<script>alert("x")</script>');
	const page = (headers) =>
		ask(gateway, "GET", `/device?user_code=${device.user_code}`, { headers });
	assert.match((await page({})).text, /not signed in/);
	const shown = await page({ cookie });
	assert.match(shown.headers["content-type"], /^text\/html/);
	assert.match(shown.headers["content-security-policy"], /default-src 'none'/);
	assert.ok(!shown.text.includes("<script>"), shown.text);
	assert.ok(shown.text.includes(person.name));
	const answer = (origin) =>
		form(
			"/device",
			{ user_code: device.user_code, answer: "approve" },
			{ headers: { cookie, ...(origin && { origin }) } },
		);
	assert.equal((await answer("https://evil.example")).status, 401);
	assert.equal((await answer()).status, 401);
	assert.equal((await poll(device)).json.error, "authorization_pending");
	assert.equal((await answer(gateway.url)).status, 200);
	assert.equal((await whoami((await poll(device)).json.access_token)).json.id, person.id);
});

test("`sallyport login` without a token waits for a browser, and keeps what it gets", async () => {
	const { gateway } = here;
	const home = path.join(gateway.folder, "home");
	const child = spawn(program, ["login", "--url", gateway.url, "--ca", gateway.caFile], {
		env: { PATH: process.env.PATH, HOME: home, XDG_CONFIG_HOME: home },
		stdio: ["ignore", "pipe", "pipe"],
	});
	let said = "";
	child.stderr.on("data", (part) => (said += part));
	const ended = new Promise((resolve) => child.once("close", resolve));
	const code = await until("the code", 20, () => /type the code ([A-Z-]+)/.exec(said)?.[1]);
	const approval = await gateway.cli(gateway.tokens.researcher, "device", "approve", code);
	assert.equal(approval.code, 0, approval.stderr);
	assert.equal(await ended, 0, said);
	const kept = JSON.parse(fs.readFileSync(path.join(home, "sallyport/login.json"), "utf8"));
	assert.equal((await whoami(kept.token)).status, 200);
});
