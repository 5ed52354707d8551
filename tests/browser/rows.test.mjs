// SPDX-License-Identifier: Apache-2.0
// Lists as long as they get in years: each page of one comes when it is scrolled to, few rows are
// in the page at a time, and the last is reached. The rows are put into the database as they are.
import assert from "node:assert/strict";
import { sql } from "../integration/database.mjs";
import { expect } from "../integration/http.mjs";
import { createModel } from "../integration/people.mjs";
import { browserForThisFile, scenario } from "./harness.mjs";

const ROWS = 10_000;
const MODEL = "rows/many";

/** ROWS people, each with a request and a license; as many closed ones of the researcher. */
function fill(gateway) {
	const insert = `
		CREATE TEMPORARY TABLE n AS SELECT i, gen_random_uuid() AS id,
			'row-' || lpad(i::text, 5, '0') AS name,
			date_trunc('second', now()) - i * interval '1 minute' AS at
			FROM generate_series(1, ${ROWS}) i;
		INSERT INTO person (id, name, state, created_at)
			SELECT id, name, 'active', at FROM n;
		INSERT INTO access_request (id, model, person, state, intended_use, rights,
			created_at, changed_at, waiting_since)
			SELECT gen_random_uuid(), m.id, n.id, 'submitted', 'row ' || i,
				'{weights:read}', at, at, at
			FROM n, model m WHERE m.name = '${MODEL}';
		INSERT INTO access_request (id, model, person, state, intended_use, rights,
			created_at, changed_at)
			SELECT gen_random_uuid(), m.id, p.id, 'withdrawn', 'row ' || i,
				'{weights:read}', at, at FROM n, model m, person p
			WHERE m.name = '${MODEL}' AND p.name = 'researcher';
		INSERT INTO license (id, model, person, state, rights, not_before,
			expires_at, document, signature, issued_at, changed_at)
			SELECT gen_random_uuid(), m.id, p.id, 'revoked', '{weights:read}', at,
				at + interval '1 year', '{}', decode(repeat('00', 64), 'hex'),
				at, at FROM n, model m, person p
			WHERE m.name = '${MODEL}' AND p.id IN (n.id,
				(SELECT id FROM person WHERE name = 'researcher'));`;

	sql(gateway, `SET session_replication_role = replica; ${insert}`);
}

const here = browserForThisFile(async ({ gateway }) => {
	await createModel(gateway, MODEL, { gate: "manual" });
	fill(gateway);
});

/** Scroll down until all have come and `last` is in sight; few rows are in the page at any time. */
async function scrollTo(page, list, count, last) {
	const grid = page.getByRole("grid", { name: list });
	const deadline = Date.now() + 60_000;
	let most = 0;

	await grid.waitFor();
	const isThere = async () =>
		Number(await grid.getAttribute("aria-rowcount")) === count + 1 &&
		(await grid.getByText(last).count()) > 0;
	while (!(await isThere())) {
		assert.ok(Date.now() < deadline, `${last} is not in the list`);
		most = Math.max(most, await grid.getByRole("row").count());
		await grid.evaluate((box) => {
			box.scrollTo(0, box.scrollHeight);
			return new Promise((resolve) => requestAnimationFrame(resolve));
		});
	}
	assert.ok(most > 0 && most < 60, `${most} rows in the page`);
}

scenario(here, "10,000 requests wait in the queue, and the last of them is reached", async () => {
	const page = await here.open("admin", `/admin/requests?model=${MODEL}`);

	await page.getByText("(10000)").first().waitFor({ state: "attached" });
	await page.getByRole("link", { name: "row-10000" }).waitFor(); // it has waited longest
	await scrollTo(page, "Requests", ROWS, "row-00001");
	await page.getByLabel("Search").fill("row-07777");
	await page.getByRole("link", { name: "row-07777" }).waitFor();
});

scenario(here, "20,000 licenses are found by the gateway and reached by scrolling", async () => {
	const page = await here.open("admin", "/admin/licenses?q=row-");

	await scrollTo(page, "Licenses", ROWS, "row-10000");
	await page.getByText("10,000 licenses", { exact: true }).waitFor();
	await page.getByLabel("Search").fill("row-07777");
	await page.getByText("1 license", { exact: true }).waitFor();
	await page.getByLabel("State").selectOption("active");
	await page.getByText("No license is here").waitFor();
});

scenario(here, "whoever has asked 10,000 times sees all of it", async () => {
	const page = await here.open("researcher", "/requests");

	await scrollTo(page, "My requests", ROWS + 1, MODEL);
	await page.goto(`${here.gateway.url}/licenses`);
	await scrollTo(page, "My licenses", ROWS + 1, MODEL);
	await here.look(page, "licenses-10000");
});

scenario(here, "pages of licenses are whole, and nothing is in two of them", async () => {
	const { gateway } = here;
	const seen = new Set();
	let path = "/api/v1/licenses?mine=1&limit=1000";

	while (path) {
		const { json, headers } = await expect(200, gateway, "GET", path, {
			token: gateway.tokens.researcher,
		});
		for (const one of json.licenses) seen.add(one.id);
		path = /<https:\/\/[^/]+([^>]+)>; rel="next"/.exec(headers.link ?? "")?.[1];
	}
	assert.equal(seen.size, ROWS + 1);
	await expect(400, gateway, "GET", "/api/v1/licenses?cursor=x", {
		token: gateway.tokens.researcher,
	});
});
