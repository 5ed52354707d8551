// SPDX-License-Identifier: Apache-2.0
// Criteria in the console: written with their faults in sight, compared and tried before they
// count, proposed by one person and let hold by another.
import assert from "node:assert/strict";
import { browserForThisFile, scenario } from "./harness.mjs";
import { expect } from "../integration/http.mjs";
import { addPerson, createModel, freshName } from "../integration/people.mjs";
import { Issuer } from "../integration/visas.mjs";

const BONA_FIDE = "https://doi.org/10.1038/s41431-018-0219-y";
const OFFICES = ["models:manage", "requests:decide"];

const here = browserForThisFile(async ({ gateway }) => {
	here.issuer = await new Issuer("ES256").list(gateway);
	here.second = await addPerson(gateway, OFFICES);
	const path = `/api/v1/persons/${here.second.id}/invitation`;
	gateway.codes[here.second.name] = (await as(gateway.tokens.admin, 201, "POST", path)).code;
});
const as = async (token, status, method, path, body) =>
	(await expect(status, here.gateway, method, path, { token, body })).json;
const addressOf = (model, tab = "") =>
	`/admin/criteria?model=${encodeURIComponent(model)}${tab && `&tab=${tab}`}`;

async function makeModel() {
	const model = `admin/${freshName("criteria")}`;

	await createModel(here.gateway, model, { gate: "manual" });
	return model;
}

/** Somebody whose status is verified has asked for the model. */
async function makeRequest(model) {
	const person = await addPerson(here.gateway);
	const visa = here.issuer.visa(freshName("sub"), {
		visa: { value: BONA_FIDE, by: "so" },
	});

	await as(person.token, 201, "POST", "/api/v1/visas", { visa });
	await as(person.token, 201, "POST", "/api/v1/access-requests", {
		model,
		rights: ["infer:generate"],
		intended_use: "to see what it says",
	});
	return person;
}

const written = (page) => page.getByLabel("Criteria (JSON)");

scenario(here, "criteria are written with their faults in sight, tried, and kept", async () => {
	const model = await makeModel();
	const person = await makeRequest(model);
	const page = await here.open("admin", "/admin/criteria");

	await here.look(page, "criteria-none");
	await page.getByLabel("Model", { exact: true }).fill(model);
	await page.keyboard.press("Enter");
	await page.getByRole("button", { name: "Begin with an example" }).click();
	await page.getByText("No fault").waitFor();
	const sound = await written(page).inputValue();
	await written(page).fill(sound.replace('"kind": "company"', '"kind": "circus"'));
	await page.getByText("2 faults").first().waitFor();
	await page.getByRole("button", { name: /^Line \d+, column/ }).last().click();
	const marked = await written(page).evaluate((area) =>
		area.value.slice(area.selectionStart).slice(0, 8),
	);
	assert.equal(marked, '"circus"');
	await here.look(page, "criteria-fault");
	await written(page).fill(sound);
	await page.getByText("No fault").waitFor();
	await page.getByText("Researchers whose status is verified.").waitFor();
	await here.look(page, "criteria-write");

	await page.getByRole("tab", { name: "What it changes" }).click();
	await page.getByText("There are no active criteria to compare with").waitFor();
	await page.getByRole("button", { name: "Run over past requests" }).click();
	await page.getByText("1 would be approved").waitFor();
	await page.getByRole("grid").getByText(person.name).waitFor();
	await here.look(page, "criteria-effect");

	await page.getByRole("tab", { name: "Try on a person" }).click();
	await page.getByLabel("Person", { exact: true }).fill(person.name);
	await page.getByRole("button", { name: "Try", exact: true }).click();
	await page.getByText("would be approved").waitFor();
	await here.look(page, "criteria-try");
	await page.getByLabel("Person", { exact: true }).fill("admin");
	await page.getByRole("button", { name: "Try", exact: true }).click();
	await page.getByText("people would decide").waitFor();
	await page.getByText("Missing for an approval").waitFor();

	await page.getByRole("tab", { name: "Write" }).click();
	await page.getByRole("button", { name: "Keep as a draft" }).click();
	await page.getByText("Kept as a draft").waitFor();
	const path = `/api/v1/models/${model}/criteria/versions`;
	const { versions } = await as(here.gateway.tokens.admin, 200, "GET", path);
	assert.equal(versions[0].state, "draft");
});

scenario(here, "one proposes, another gives it a day, and who looks too late is told", async () => {
	const { admin } = here.gateway.tokens;
	const model = await makeModel();
	const at = `/api/v1/models/${model}/criteria`;
	const rule = {
		id: "bona-fide",
		effect: "approve",
		when: { claim: { type: "ResearcherStatus", value: BONA_FIDE } },
		text: "Bona fide researchers.",
	};
	const draft = async (name) =>
		(await as(admin, 201, "POST", at, { v: 1, name, rules: [rule] })).sha256;
	const late = await draft("Too late");
	await draft("With a day");

	const mine = await here.open("admin", addressOf(model, "versions"));
	const card = (page, name) =>
		page.locator("section").filter({ has: page.getByRole("heading", { name }) });
	for (const name of ["With a day", "Too late"]) {
		await card(mine, name).getByRole("button", { name: "Propose" }).click();
		await card(mine, name).getByText("You have proposed it").waitFor();
	}
	await here.look(mine, "criteria-versions");

	const theirs = await here.open(here.second.name, addressOf(model, "versions"));
	await card(theirs, "Too late").getByRole("button", { name: "Let it hold" }).click();
	const dialog = theirs.getByRole("dialog");
	await dialog.getByText("Bona fide researchers.").waitFor();
	await here.look(theirs, "criteria-decide");
	const other = (await as(admin, 201, "POST", at, { v: 1, name: "First", rules: [rule] }))
		.sha256;
	await as(admin, 200, "POST", `${at}/${other}/propose`);
	await as(here.second.token, 200, "POST", `${at}/${other}/activate`);
	await dialog.getByLabel("I have seen what changes").check();
	await dialog.getByRole("button", { name: "Let it hold" }).click();
	await dialog.getByText("Meanwhile others have changed").waitFor();
	await here.look(theirs, "criteria-overtaken");
	await dialog.getByRole("button", { name: "Read anew" }).click();
	await dialog.getByText("Meanwhile others have changed").waitFor({ state: "detached" });
	await theirs.keyboard.press("Escape");

	await card(theirs, "With a day").getByRole("button", { name: "Let it hold" }).click();
	await dialog.getByLabel("From").selectOption("a day and time");
	await dialog.getByLabel("Day and time").fill("2020-01-01T00:00");
	await dialog.getByLabel("I have seen what changes").check();
	await dialog.getByRole("button", { name: "Let it hold" }).click();
	await dialog.getByText("A time that is still to come").waitFor();
	const day = new Date(Date.now() + 9 * 24 * 3600 * 1000).toISOString().slice(0, 16);
	await dialog.getByLabel("Day and time").fill(day);
	await dialog.getByRole("button", { name: "Let it hold" }).click();
	await card(theirs, "With a day").getByText("has its day").waitFor();
	const shown = await as(admin, 200, "GET", at);
	assert.equal(shown.criteria.name, "First");
	assert.equal(shown.next.criteria.name, "With a day");

	await theirs.goto(`${here.gateway.url}/models/${model}?tab=criteria`);
	await theirs.getByText("These hold from").waitFor();
	const { versions } = await as(admin, 200, "GET", `${at}/versions`);
	assert.equal(versions.find((one) => one.sha256 === late).state, "proposed");
});

scenario(here, "an issuer is listed, a key revoked, and withdrawn, its impact seen", async () => {
	const { admin } = here.gateway.tokens;
	const issuer = new Issuer("ES256");
	const page = await here.open("admin", "/admin/issuers");
	const dialog = page.getByRole("dialog");
	const card = page
		.locator("section")
		.filter({ has: page.getByRole("heading", { name: issuer.iss }) });

	await page.getByRole("button", { name: "Add an issuer" }).click();
	await dialog.getByLabel("Issuer", { exact: true }).fill(issuer.iss);
	await dialog.getByLabel("Keys", { exact: true }).selectOption("pinned");
	await dialog.getByLabel("Its keys (JWKS)").fill("no JSON");
	await dialog.getByRole("button", { name: "Add an issuer" }).click();
	await dialog.getByText("This is no JSON.").waitFor();
	await dialog.getByLabel("Its keys (JWKS)").fill(JSON.stringify(issuer.jwks));
	await here.look(page, "issuer-add");
	await dialog.getByRole("button", { name: "Add an issuer" }).click();
	await card.getByText(issuer.jwks.keys[0].kid).waitFor();
	await here.look(page, "issuers");

	const person = await addPerson(here.gateway);
	const visa = issuer.visa(freshName("sub"), { visa: { value: BONA_FIDE } });
	await as(person.token, 201, "POST", "/api/v1/visas", { visa });
	await card.getByRole("button", { name: "Withdraw" }).click();
	await dialog.getByText("1 visa of 1 person").waitFor();
	await here.look(page, "issuer-withdraw");
	await dialog.getByLabel("Type the issuer").fill("another");
	await dialog.getByRole("button", { name: "Withdraw" }).click();
	await dialog.getByText("That is not it.").waitFor();
	await page.keyboard.press("Escape");

	await card.getByRole("button", { name: "Revoke a key" }).click();
	await dialog.getByLabel("Reason").fill("a test");
	await dialog.getByRole("button", { name: "Revoke a key" }).click();
	await card.getByText("Revoked keys").waitFor();
	await card.getByRole("button", { name: "Withdraw" }).click();
	await dialog.getByLabel("Type the issuer").fill(issuer.iss);
	await dialog.getByRole("button", { name: "Withdraw" }).click();
	await card.waitFor({ state: "detached" });
	const { issuers } = await as(admin, 200, "GET", "/api/v1/issuers");
	assert.ok(!issuers.some((one) => one.iss === issuer.iss));
});
