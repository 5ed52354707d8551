// SPDX-License-Identifier: Apache-2.0
// Every field that people fill says markup: on every page where another reads it, it is text.
// That no policy is broken by it, each scenario checks by itself (scenario in harness.mjs).
import assert from "node:assert/strict";
import { sql } from "../integration/database.mjs";
import { ask, expect, until } from "../integration/http.mjs";
import { addTerms, importFiles } from "../integration/people.mjs";
import { browserForThisFile, scenario } from "./harness.mjs";

/** Markup that tells by its number where it ran. */
const evil = (n) =>
	`"'><img src=x onerror="globalThis.wasRun=${n}"><script>globalThis.wasRun=${n}</script>` +
	`<svg/onload=globalThis.wasRun=${n}>{{7*7}}` +
	`<a href="javascript:globalThis.wasRun=${n}">x`;
const MODEL = "hostile/fields";
const FORM = {
	extra_gated_heading: evil(1),
	extra_gated_description: evil(2),
	extra_gated_prompt: `${evil(3)} [x](javascript:globalThis.wasRun=3)`,
	extra_gated_fields: {
		Name: "text",
		"I want it for": { type: "select", options: ["Research", evil(4)] },
	},
};
const CRITERIA = {
	v: 1,
	name: evil(5),
	rules: [{ id: "one", effect: "refer", text: evil(6), when: { terms_signed: true } }],
};
const made = {};
/** Done, or the test ends with what was said instead. */
async function as(token, method, path, body) {
	const answer = await ask(here.gateway, method, path, { token, body });

	assert.ok(answer.status < 300, `${method} ${path}: ${answer.text}`);
	return answer.json;
}

const here = browserForThisFile(async ({ gateway }) => {
	const { admin, stranger } = gateway.tokens;
	const terms = await addTerms(gateway, `${evil(7)}\n\n[x](javascript:globalThis.wasRun=7)`);
	const file = `<img src=x onerror=globalThis.wasRun=8>.txt`;

	await importFiles(
		gateway,
		MODEL,
		{ "README.md": Buffer.from(`# ${evil(9)}`), [file]: Buffer.from("x") },
		{ gate: "manual", terms_sha256: terms },
	);
	await as(admin, "PUT", `/api/v1/models/${MODEL}/form`, FORM);
	await as(admin, "POST", `/api/v1/models/${MODEL}/criteria`, CRITERIA);
	made.institution = await as(admin, "POST", "/api/v1/institutions", { name: evil(10) });
	await as(admin, "POST", `/api/v1/institutions/${made.institution.id}/members`, {
		person: sql(gateway, "SELECT id FROM person WHERE name = 'stranger'"),
	});
	await as(stranger, "POST", "/api/v1/tokens", { name: evil(11).slice(0, 60) });
	made.request = await as(stranger, "POST", "/api/v1/access-requests", {
		model: MODEL,
		terms_sha256: terms,
		intended_use: evil(12),
		rights: ["weights:read"],
		fields: { Name: evil(13), "I want it for": evil(4) },
	});
	const at = `/api/v1/access-requests/${made.request.id}`;
	await as(stranger, "POST", `${at}/comments`, {
		text: evil(14),
		audience: "requester",
	});
	await as(admin, "POST", `${at}/return`, { reason: evil(15), changes: [evil(16)] });
	await as(stranger, "POST", `${at}/submit`, { reason: evil(17) });
	// A program's own name for itself, which stands with its session or its entries.
	await expect(200, gateway, "GET", "/api/v1/licenses", {
		token: stranger,
		headers: { "user-agent": evil(18) },
	});
});

/** Each text is there to be read, and none of it has run. */
async function reads(page, ...numbers) {
	for (const n of numbers)
		await page
			.getByText(`globalThis.wasRun=${n}"`)
			.first()
			.waitFor({ state: "attached", timeout: 30_000 });
	assert.equal(await page.evaluate(() => globalThis.wasRun), undefined);
	assert.equal(await page.locator("main img, main svg[onload], main script").count(), 0);
	assert.equal(await page.locator('a[href^="javascript"]').count(), 0);
}

scenario(here, "those who decide read what was written, and nothing of it runs", async () => {
	const page = await here.open("admin", `/admin/requests/${made.request.id}`);

	await reads(page, 12, 13, 14, 15, 17);
	await here.look(page, "hostile-review");
	await page.goto(`${here.gateway.url}/admin/requests?q=wasRun`);
	await page.getByRole("link", { name: "stranger" }).waitFor();
	await reads(page);
	await page.getByLabel("Search").fill(evil(19));
	await page.getByText("No request is here").or(page.getByText("Nothing")).first().waitFor();
	await reads(page);
});

scenario(here, "whoever has written it reads it again, and the form of a model", async () => {
	const { url } = here.gateway;
	const page = await here.open("stranger", `/requests/${made.request.id}`);

	await reads(page, 12, 13, 14, 15, 16, 17);
	await page.goto(`${url}/tokens`);
	await page.getByText(evil(11).slice(0, 60)).first().waitFor();
	await reads(page);
	await as(
		here.gateway.tokens.admin,
		"POST",
		`/api/v1/access-requests/${made.request.id}/deny`,
		{
			reason: evil(20),
		},
	);
	await page.goto(`${url}/requests/${made.request.id}`);
	await reads(page, 20);
	await page.goto(`${url}/requests/new?model=${encodeURIComponent(MODEL)}`);
	await reads(page, 1, 2, 4);
	await page.getByLabel("Intended use").fill(evil(21));
	await here.look(page, "hostile-form");
});

scenario(here, "a model's card, files, terms and criteria are text", async () => {
	const page = await here.open("stranger", `/models/${MODEL}`);

	await reads(page, 9);
	for (const tab of ["Terms", "Who gets it", "Files"]) {
		await page.getByRole("tab", { name: tab }).click();
		await page.getByRole("tabpanel").waitFor();
		await reads(page);
	}
	await page.getByText("<img src=x onerror=globalThis.wasRun=8>.txt").first().waitFor();
	for (const address of ["/models?q=", "/requests?q="]) {
		await page.goto(here.gateway.url + address + encodeURIComponent(evil(22)));
		await page.locator("main h1").first().waitFor();
		await reads(page);
	}
});

scenario(here, "auditors read entries of it", async () => {
	const page = await here.open("auditor", `/audit/events?text=${encodeURIComponent("<img")}`);

	await page.locator("main h1").first().waitFor();
	await page.goto(`${here.gateway.url}/audit/events?kind=request.deny`);
	await page.getByRole("grid").first().focus();
	await until("an entry", 30, async () => (await page.getByRole("row").count()) > 1);
	await page.keyboard.press("Enter");
	await reads(page);
});

scenario(here, "what a model says is text, however it says it", async () => {
	const said = { index: 0, delta: { content: evil(23) }, finish_reason: null };
	const usage = { prompt_tokens: 1, completion_tokens: 2 };
	const body =
		`data: ${JSON.stringify({ choices: [said] })}\n\n` +
		`data: ${JSON.stringify({ choices: [], usage })}\n\n` +
		"data: [DONE]\n\n";
	const page = await here.open("researcher", "/playground");

	await page.route("**/v1/chat/completions", (route) =>
		route.fulfill({ contentType: "text/event-stream", body }),
	);
	await page.getByLabel("Message", { exact: true }).fill(evil(24));
	await page.getByRole("button", { name: "Send" }).click();
	await page.getByText("1 tokens read, 2 written").waitFor();
	await reads(page, 23, 24);
	await here.look(page, "hostile-playground");
});

scenario(here, "a name that is none comes from nowhere", async () => {
	// Names of people are letters and digits: the database insists, whoever writes to it.
	assert.throws(() =>
		sql(here.gateway, `UPDATE person SET name = '<b>' WHERE name = 'stranger'`),
	);
});
