// SPDX-License-Identifier: Apache-2.0
// Signed reports: made, read, printed, and checked by the browser, which finds out what was
// changed.
import assert from "node:assert/strict";
import { browserForThisFile, scenario } from "./harness.mjs";
import { sql } from "../integration/database.mjs";
import { expect, until } from "../integration/http.mjs";

const CALLS = 40; // numbered together: rows that share an entry

const here = browserForThisFile(async ({ gateway }) => {
	sql(
		gateway,
		`WITH fresh AS (INSERT INTO audit_event
			(id, at, kind, model, right_name, payload, nonce)
		 SELECT gen_random_uuid(), now(), 'infer.end', 'some/model', 'infer:generate',
			convert_to('{"actor":{"id":"","name":"gateway"},"completion_tokens":' ||
				i || ',"model":"some/model","right":"infer:generate"}', 'UTF8'),
			sha256(convert_to('nonce ' || i, 'UTF8'))
		 FROM generate_series(1, ${CALLS}) i RETURNING id)
		 INSERT INTO audit_outbox (event, is_usage) SELECT id, true FROM fresh`,
	);
	await expect(403, gateway, "GET", `/${gateway.model}/resolve/main/config.json`, {
		token: gateway.tokens.stranger,
	});
});

const make = async (name) => {
	const { gateway } = here;
	const token = gateway.tokens.auditor;
	const target = `/api/v1/reports/${name}`;
	return (await expect(201, gateway, "POST", target, { token, body: {} })).json;
};

const check = async (page) => {
	await page.getByRole("button", { name: "Check it" }).click();
};

scenario(here, "an auditor makes a report, reads it, and has it checked", async () => {
	const page = await here.open("auditor", "/audit/reports");

	await page.getByText("None yet").waitFor();
	await page.getByLabel("Which question").selectOption("R2");
	await page.getByText("Which files left the gateway").waitFor();
	await here.look(page, "audit-reports");
	await page.getByRole("button", { name: "Make and sign it" }).click();
	await page.waitForURL(/\/audit\/reports\/[0-9a-f-]{36}$/);
	await page.getByRole("heading", { name: "Downloads of weights" }).waitFor();
	const rows = page.getByRole("grid", { name: "Rows" });
	await rows.getByText("key.release").first().waitFor();
	await check(page);
	await page.getByText("It holds: signed, in the log").waitFor();
	assert.equal(await page.getByText("checked", { exact: true }).count(), 8);
	await here.look(page, "audit-report");
	await here.print(page, "audit-report");
	const coming = page.waitForEvent("download");
	await page.getByRole("link", { name: "CSV" }).click();
	assert.match((await coming).suggestedFilename(), /^downloads-.*\.csv$/);
	const printed = page.context().waitForEvent("page");
	await page.getByRole("link", { name: "Page to print" }).click();
	await (await printed).getByRole("heading", { name: /Downloads of weights/ }).waitFor();
	await rows.getByText("download.end").first().click();
	await page.getByText("It holds: the entry is in the log").waitFor();
});

scenario(here, "a report of every entry, and one of rows that share one, hold too", async () => {
	await until("the calls to be in the log", 30, async () => {
		return (await make("inference")).rows >= CALLS;
	});
	for (const name of ["completeness", "inference"]) {
		const { id } = await make(name);
		const page = await here.open("auditor", `/audit/reports/${id}`);
		await check(page);
		await page.getByText("It holds: signed, in the log").waitFor();
	}
});

scenario(here, "what was changed in a report is found", async () => {
	const { id } = await make("decisions");
	const page = await here.open("auditor", "/audit/reports");
	const forge = (form, change) =>
		page.route(`**/api/v1/reports/${id}.${form}`, async (route) => {
			const response = await route.fetch();
			await route.fulfill({ response, body: change(await response.text()) });
		});
	const bad = (step) =>
		page.getByRole("listitem").filter({ hasText: step }).getByText("does not hold");

	await forge("json", (text) => text.replace('"NO_LICENSE"', '"NO_PERMIT"'));
	await page.getByRole("link", { name: /Decisions about access/ }).click();
	await page.getByRole("grid", { name: "Rows" }).getByText("NO_PERMIT").waitFor();
	await check(page);
	await bad("digests that were signed").waitFor();
	await bad("Each cell is what its entry says").waitFor();
	await here.look(page, "audit-report-forged");
	await forge("note", (text) => text.replace(/^rows \d+$/m, "rows 99"));
	await check(page);
	await bad("The note is signed").waitFor();
});
