// SPDX-License-Identifier: Apache-2.0
// Clients that can send no header get an address that is the credential: one model, for a while,
// carried by the license of whoever made it. With the unmodified @huggingface/transformers.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import test, { after } from "node:test";
import { fileURLToPath } from "node:url";
import { ClientProcess } from "./clients/client.mjs";
import { demoModel, gatewayForThisFile } from "./gateway.mjs";
import { ask, expect, until } from "./http.mjs";
import { addPerson, commit, createModel, licensedPerson, readFolder, sha256 } from "./people.mjs";

let transformers;
const other = "clients/second"; // a model that is not the capability's
const here = gatewayForThisFile(async (gateway) => {
	const module = fileURLToPath(new URL("clients/transformers.mjs", import.meta.url));
	transformers = await ClientProcess.start(gateway, module);
	await createModel(gateway, other, { gate: "no" });
	await commit(gateway, other, { "config.json": Buffer.from("{}") });
});
after(() => transformers?.stop());

const files = readFolder(demoModel);

/** A capability of this person for the demo's model: {id, capability, url, expires}. */
async function make(token, wish = {}) {
	const answer = await expect(201, here.gateway, "POST", "/api/v1/capabilities", {
		token,
		body: { model: here.gateway.model, ...wish },
	});
	assert.equal(answer.headers["cache-control"], "no-store");
	return answer.json;
}

const researcher = () => here.gateway.tokens.researcher;
const pathBy = (capability, file = "config.json", { model, revision = "main" } = {}) =>
	`/c/${capability}/${model ?? here.gateway.model}/resolve/${revision}/${file}`;
const get = (capability, file, where, options) =>
	ask(here.gateway, "GET", pathBy(capability, file, where), options);

/** Refused with this status and these words, and still kept from caches and other sites. */
function assertRefused(answer, status, ...words) {
	assert.equal(answer.status, status, answer.text);
	for (const word of words) assert.match(answer.headers["x-error-message"], word);
	assert.equal(answer.headers["referrer-policy"], "no-referrer");
	assert.equal(answer.headers["cache-control"], "private, no-store");
}

const events = async (query) =>
	(
		await expect(200, here.gateway, "GET", `/api/v1/audit/events?${query}`, {
			token: here.gateway.tokens.auditor,
		})
	).json.events;

test("transformers.js loads a gated model's tokenizer and config, with no header", async () => {
	const { url } = await make(researcher());
	const text = "Once upon a time, a brave patient";

	await transformers.call("configure", { host: url });
	const read = await transformers.call("tokenize", { model: here.gateway.model, text });
	const config = await transformers.call("config", { model: here.gateway.model });

	assert.equal(read.text, text);
	assert.ok(read.tokens.length > 3);
	assert.equal(config.type, JSON.parse(files["config.json"]).model_type);
});

test("transformers.js does the same with a token, by its own setting for fetch", async () => {
	await transformers.call("configure", { host: `${here.gateway.url}/`, token: researcher() });
	const { type } = await transformers.call("config", { model: here.gateway.model });

	assert.equal(type, "llama");
});

test("transformers.js says that it may not: without anything, and once it is revoked", async () => {
	const { url, id } = await make(researcher());
	const model = here.gateway.model;

	await transformers.call("configure", { host: `${here.gateway.url}/` });
	await assert.rejects(transformers.call("config", { model }), /Unauthorized|401/);
	await expect(204, here.gateway, "DELETE", `/api/v1/capabilities/${id}`, {
		token: researcher(),
	});
	await transformers.call("configure", { host: url });
	await assert.rejects(transformers.call("config", { model }), /Unauthorized|401/);
});

test("files come by GET, by HEAD and by ranges, and into no cache", async () => {
	const { capability, url } = await make(researcher());
	const weights = files["model.safetensors"];
	const whole = await get(capability, "model.safetensors");
	const part = await get(
		capability,
		"model.safetensors",
		{},
		{ headers: { range: "bytes=7-99" } },
	);
	const head = await ask(here.gateway, "HEAD", pathBy(capability, "model.safetensors"));

	assert.equal(url, `${here.gateway.url}/c/${capability}/`);
	assert.equal(sha256(whole.body), sha256(weights));
	assert.equal(part.status, 206);
	assert.deepEqual(part.body, weights.subarray(7, 100));
	assert.equal(head.headers["content-length"], String(weights.length));
	for (const { headers } of [whole, part, head]) {
		assert.equal(headers["referrer-policy"], "no-referrer");
		assert.equal(headers["cache-control"], "private, no-store");
	}
});

test("it serves this model's files and nothing else", async () => {
	const { capability } = await make(researcher());

	const elsewhere = await get(capability, "config.json", { model: other });
	assertRefused(elsewhere, 403, /RIGHT_NOT_GRANTED/);
	assert.equal(elsewhere.headers["x-error-code"], "GatedRepo");
	assert.equal((await get(capability, "none")).headers["x-error-code"], "EntryNotFound");
	const missing = await get(capability, "config.json", { revision: "none" });
	assert.equal(missing.headers["x-error-code"], "RevisionNotFound");
	for (const rest of ["api/whoami-v2", `api/models/${here.gateway.model}`, "v1/models"]) {
		const answer = await ask(here.gateway, "GET", `/c/${capability}/${rest}`);
		assertRefused(answer, 404, /serves files only/);
		assert.equal(answer.headers["x-error-code"], "EntryNotFound");
	}
});

test("a capability is no token, and a token no capability", async () => {
	const { capability } = await make(researcher());
	const asToken = await ask(here.gateway, "GET", "/api/whoami-v2", { token: capability });
	const asAddress = await get(researcher());
	const both = await get(capability, "config.json", {}, { token: "nonsense" });

	assert.equal(asToken.status, 401);
	assert.match(asToken.text, /not as an access token.*CREDENTIAL_MALFORMED/);
	assertRefused(asAddress, 401, /never into an address/);
	assert.equal(both.status, 200, "the address decides, whatever else is sent");
	// Nor can one make another, or anything.
	const again = await ask(here.gateway, "POST", "/api/v1/capabilities", {
		token: capability,
		body: { model: here.gateway.model },
	});
	assert.equal(again.status, 401);
});

test("forged, altered and expired ones are refused, each with its reason", async () => {
	const { capability } = await make(researcher(), { expires_seconds: 1 });
	const last = capability.at(-1) === "0" ? "1" : "0";

	assertRefused(await get(capability.slice(0, -1) + last), 401, /CREDENTIAL_BAD_SIGNATURE/);
	assertRefused(await get("hf_" + "a".repeat(121)), 401, /CREDENTIAL_MALFORMED/);
	assertRefused(await get("x"), 401, /CREDENTIAL_MALFORMED/);
	const late = await until("its end", 10, async () => {
		const answer = await get(capability);
		return answer.status !== 200 && answer;
	});
	assertRefused(late, 401, /CREDENTIAL_EXPIRED/);
});

test("one for a revision does not follow the branch", async () => {
	const { revision } = here.gateway;
	const model = "clients/moving";
	const token = here.gateway.tokens.admin;
	await createModel(here.gateway, model, { gate: "no" });
	const first = (await commit(here.gateway, model, { a: Buffer.from("1") })).json.commitOid;
	const bound = await make(token, { model, revision: "main" });
	const free = await make(token, { model });

	assert.equal(bound.revision, first);
	assert.equal((await get(bound.capability, "a", { model })).text, "1");
	await commit(here.gateway, model, { a: Buffer.from("2") });
	assertRefused(await get(bound.capability, "a", { model }), 403, /RIGHT_NOT_GRANTED/);
	assert.equal((await get(bound.capability, "a", { model, revision: first })).text, "1");
	assert.equal((await get(free.capability, "a", { model })).text, "2");
	await expect(404, here.gateway, "POST", "/api/v1/capabilities", {
		token,
		body: { model, revision },
	});
});

test("only who may read the weights makes one, and not for long", async () => {
	const { model, tokens } = here.gateway;
	const post = (token, body) =>
		ask(here.gateway, "POST", "/api/v1/capabilities", { token, body });

	assert.equal((await post(tokens.stranger, { model })).json.code, "NO_LICENSE");
	assert.equal((await post(undefined, { model })).json.code, "NOT_AUTHENTICATED");
	assert.equal((await post(researcher(), { model: "none/none" })).status, 404);
	for (const expires_seconds of [0, -1, 86401, 2 ** 40, "60"]) {
		const answer = await post(researcher(), { model, expires_seconds });
		assert.equal(answer.status, 400, JSON.stringify(expires_seconds));
	}
	assert.equal((await post(researcher(), {})).status, 400);
	const narrow = await expect(201, here.gateway, "POST", "/api/v1/tokens", {
		token: researcher(),
		body: { name: "chat only", scope: { rights: ["infer:generate"] } },
	});
	assert.equal((await post(narrow.json.token, { model })).json.code, "RIGHT_NOT_GRANTED");
});

test("whatever ends the access of its maker ends it", async () => {
	const { gateway } = here;
	const admin = gateway.tokens.admin;
	const { person, license } = await licensedPerson(gateway, gateway.model, ["weights:read"]);
	const second = await expect(201, gateway, "POST", "/api/v1/tokens", {
		token: person.token,
		body: { name: "browser" },
	});
	const ofSecond = await make(second.json.token);
	const ofFirst = await make(person.token);

	assert.equal((await get(ofSecond.capability)).status, 200);
	await expect(204, gateway, "DELETE", `/api/v1/tokens/${second.json.id}`, {
		token: person.token,
	});
	assertRefused(await get(ofSecond.capability), 401, /CREDENTIAL_REVOKED/);
	assert.equal((await get(ofFirst.capability)).status, 200);

	await expect(200, gateway, "POST", `/api/v1/models/${gateway.model}/disable`, {
		token: admin,
		body: { reason: "for a test" },
	});
	assertRefused(await get(ofFirst.capability), 403, /disabled/);
	await expect(200, gateway, "POST", `/api/v1/models/${gateway.model}/enable`, {
		token: admin,
		body: { reason: "again" },
	});

	for (const [act, code] of [
		["suspend", /LICENSE_SUSPENDED/],
		["revoke", /LICENSE_REVOKED/],
	]) {
		assert.equal((await get(ofFirst.capability)).status, 200);
		await expect(200, gateway, "POST", `/api/v1/licenses/${license.id}/${act}`, {
			token: admin,
			body: { reason: "for a test" },
		});
		assertRefused(await get(ofFirst.capability), 403, code);
		if (act === "suspend")
			await expect(
				200,
				gateway,
				"POST",
				`/api/v1/licenses/${license.id}/reinstate`,
				{
					token: admin,
					body: { reason: "again" },
				},
			);
	}
});

test("no model is named as the addresses that capabilities stand in", async () => {
	for (const body of [{ name: "c" }, { organization: "c", name: "m" }]) {
		const answer = await ask(here.gateway, "POST", "/api/repos/create", {
			token: here.gateway.tokens.admin,
			body: { ...body, type: "model" },
		});
		assert.equal(answer.status, 400, answer.text);
		assert.match(answer.text, /not api, c, log, upload or v1/);
	}
});

test("a suspended person's capability is refused", async () => {
	const { gateway } = here;
	const person = await addPerson(gateway);
	const { capability } = await make(person.token, { model: other });

	assert.equal((await get(capability, "config.json", { model: other })).status, 200);
	execFileSync("psql", [
		"--no-psqlrc",
		"--quiet",
		gateway.psql,
		"--command",
		`UPDATE sallyport.person SET state = 'suspended' WHERE id = '${person.id}'`,
	]);
	// Behind the gateway's back: its edge hears of it from the database, a little later.
	const answer = await until("the edge to know of it", 10, async () => {
		const now = await get(capability, "config.json", { model: other });
		return now.status === 403 && now;
	});
	assertRefused(answer, 403, /SUBJECT_SUSPENDED/);
});

test("they are listed and revoked by their maker, apart from tokens", async () => {
	const { gateway } = here;
	const made = await make(researcher());
	const one = `/api/v1/capabilities/${made.id}`;
	const list = async (name) =>
		(await expect(200, gateway, "GET", `/api/v1/${name}`, { token: researcher() }))
			.json[name];
	const mine = async () => (await list("capabilities")).find(({ id }) => id === made.id);

	assert.equal((await mine()).model, gateway.model);
	assert.equal((await mine()).revoked, false);
	assert.equal(
		(await list("tokens")).some(({ id }) => id === made.id),
		false,
	);
	await expect(404, gateway, "DELETE", one, { token: gateway.tokens.stranger });
	await expect(404, gateway, "DELETE", `/api/v1/tokens/${made.id}`, { token: researcher() });
	assert.equal((await get(made.capability)).status, 200);
	await expect(204, gateway, "DELETE", one, { token: researcher() });
	assert.equal((await mine()).revoked, true);
	assertRefused(await get(made.capability), 401, /CREDENTIAL_REVOKED/);
});

test("the log names it by its id, and nothing holds its text", async () => {
	const { gateway } = here;
	const { id, capability } = await make(researcher());
	await get(capability, "tokenizer.json");
	await get(capability, "config.json", { model: other });

	const [created] = await events("kind=capability.create&limit=1");
	assert.equal(created.payload.credential, id);
	assert.equal(created.payload.model, gateway.model);
	assert.match(created.payload.made_by, /^[0-9a-f-]{36}$/);
	for (const kind of ["key.release", "download.end", "decision.deny"])
		await until(`a ${kind} of it`, 20, async () =>
			(await events(`kind=${kind}&limit=20`)).some(
				({ payload }) => payload.capability === id,
			),
		);
	const everything = await events("limit=200");
	assert.equal(JSON.stringify(everything).includes(capability), false);
	for (const file of fs.readdirSync(gateway.dir).filter((name) => name.endsWith(".log"))) {
		const text = fs.readFileSync(path.join(gateway.dir, file), "utf8");
		assert.equal(text.includes(capability.slice(3)), false, file);
	}
	assert.equal(gateway.said().includes(capability.slice(3)), false, "standard error");
});

test("the command line makes, lists and ends them", async () => {
	const { gateway } = here;
	const cli = (...words) => gateway.cli(researcher(), "capability", ...words);
	const made = await cli("create", gateway.model, "--minutes", "5", "--json");
	const { id, url, capability } = JSON.parse(made.stdout);

	assert.equal(made.code, 0, made.stderr);
	assert.ok(url.includes(capability));
	assert.equal((await get(capability)).status, 200);
	assert.match((await cli("list")).stdout, new RegExp(id));
	assert.equal((await cli("revoke", id)).code, 0);
	assertRefused(await get(capability), 401, /CREDENTIAL_REVOKED/);
	const refused = await gateway.cli(
		gateway.tokens.stranger,
		"capability",
		"create",
		gateway.model,
	);
	assert.equal(refused.code, 1);
	assert.match(refused.stderr, /NO_LICENSE/);
});
