// SPDX-License-Identifier: Apache-2.0
// What the browser proves of the log by itself: any stretch of it, that it goes on from what was
// seen before, and that nothing of a person or a license is left out; and what it finds out.
import assert from "node:assert/strict";
import { browserForThisFile, scenario } from "./harness.mjs";
import { sql } from "../integration/database.mjs";
import { expect, until } from "../integration/http.mjs";

const MORE = 700; // more than two bundles of entries

const here = browserForThisFile(async ({ gateway }) => {
	sql(
		gateway,
		`WITH fresh AS (INSERT INTO audit_event
			(id, at, kind, actor_name, payload, nonce)
		 SELECT gen_random_uuid(), now(), 'gateway.start', 'gateway',
			convert_to('{"actor":{"id":"","name":"gateway"},"n":' || i || '}', 'UTF8'),
			sha256(convert_to('nonce ' || i, 'UTF8'))
		 FROM generate_series(1, ${MORE}) i RETURNING id)
		 INSERT INTO audit_outbox (event, is_usage) SELECT id, false FROM fresh`,
	);
	await until("the entries", 30, async () => (await size(gateway)) > MORE);
});

async function size(gateway) {
	const { text } = await expect(200, gateway, "GET", "/log/checkpoint");
	return Number(text.split("\n")[1]);
}

const change = (page, address, how) =>
	page.route(address, async (route) => {
		const response = await route.fetch();
		await route.fulfill({ response, body: how(await response.body()) });
	});

scenario(here, "an auditor has the whole log hashed by the browser, and a part of it", async () => {
	const page = await here.open("auditor", "/audit/verify");

	await page.getByRole("button", { name: "Check them" }).click();
	await page.getByText(/^All [\d,]+ entries are in the log of/).waitFor();
	await page.getByRole("link", { name: "gateway.start" }).waitFor();
	await here.look(page, "audit-verify");
	await page.getByLabel("From number").fill("250");
	await page.getByLabel("To number").fill("515");
	await page.getByRole("button", { name: "Check them" }).click();
	await page.getByText(/^All 266 entries are in the log of/).waitFor();
	await page.waitForURL(/first=250&last=515/);
	await page.goto(`${here.gateway.url}/audit/verify?kind=license.issue`);
	await page.getByRole("button", { name: "What these filters find" }).click();
	await page.getByRole("button", { name: "Check them" }).click();
	await page.getByText(/^All 1 entries/).waitFor();
});

scenario(here, "an entry, a tile or a checkpoint that was changed is found out", async () => {
	const page = await here.open("auditor", "/audit/verify?first=300&last=310");
	const check = () => page.getByRole("button", { name: "Check them" }).click();
	const flip = (body) => {
		body[body.length - 1] ^= 1;
		body[0] ^= 1;
		return body;
	};

	await change(page, "**/log/tile/entries/001", (body) =>
		Buffer.from(
			body.toString("latin1").replace("gateway.start", "gateway.stars"),
			"latin1",
		),
	);
	await check();
	await page.getByText(/^All 11 entries/).waitFor(); // the change lies before them
	await page.getByLabel("From number").fill("256");
	await check();
	await page.getByText("These entries are not those").waitFor();
	await here.look(page, "audit-verify-forged");
	await page.unroute("**/log/tile/entries/001");
	await change(page, "**/log/tile/1/000*/*", flip);
	await page.getByRole("button", { name: "Newest checkpoint" }).click();
	await page.reload();
	await check();
	await page.getByText("These entries are not those").waitFor();
});

scenario(here, "a log that does not go on from what was seen is found out", async () => {
	const page = await here.open("auditor", "/log-status");

	await page.getByText("keeps the log's checkpoint from now on").waitFor();
	await page.reload();
	await page.getByText("the log goes on from these").waitFor();
	await page.evaluate(() => {
		const kept = JSON.parse(localStorage.getItem("sallyport.log"));
		const lines = kept.note.split("\n");
		lines[1] = "300"; // a tree that never had this root
		localStorage.setItem(
			"sallyport.log",
			JSON.stringify({ ...kept, note: lines.join("\n") }),
		);
	});
	await page.reload();
	await page.getByText("another one than before").waitFor();
	await here.look(page, "log-rewritten");
	await page.getByRole("button", { name: "Believe the log" }).click();
	await page.getByText("keeps the log's checkpoint from now on").waitFor();
});

scenario(here, "nothing of a person or of a license is left out", async () => {
	const page = await here.open("auditor", "/audit/events?kind=license.issue");

	await page.getByRole("grid", { name: "Events" }).getByText("license.issue").first().click();
	await page.getByText("It holds: the entry is in the log").waitFor();
	await page.getByRole("link", { name: "Is this license's record whole?" }).click();
	await page.getByRole("button", { name: "Get and check them" }).click();
	await page.getByText(/^Nothing is left out: \d+ entries/).waitFor();
	await here.look(page, "audit-completeness");
	await page.getByRole("grid", { name: "The entries" }).getByText("license.issue").click();
	await page.getByText("It holds: the entry is in the log").waitFor();
	await page.goto(`${here.gateway.url}/audit/completeness`);
	await page.getByLabel("Person (name or id)").fill("researcher");
	await page.getByRole("button", { name: "Get and check them" }).click();
	await page.getByText(/^Nothing is left out: \d+ entries/).waitFor();
	await page.waitForURL(/actor=[0-9a-f-]{36}/);
});

scenario(here, "an entry that was left out of a person's is missed", async () => {
	const page = await here.open("auditor", "/audit/completeness");
	const checked = async (how) => {
		await page.unroute("**/audit/completeness?*");
		await change(page, "**/audit/completeness?*", (body) => {
			const lines = body.toString().trimEnd().split("\n");
			return `${how(lines).join("\n")}\n`;
		});
		await page.getByRole("button", { name: "Get and check them" }).click();
		await page.getByText("It does not hold: something is left out").waitFor();
	};

	await page.getByLabel("Person (name or id)").fill("researcher");
	await checked((lines) => lines.filter((_, i) => i !== 2));
	await page.getByText("An entry is left out: the next one").waitFor();
	await checked((lines) => {
		const end = JSON.stringify({ end: { count: lines.length - 3 } });
		return [...lines.slice(0, -2), end];
	});
	await page.getByText("There are fewer entries than").waitFor();
	await checked(([first, second, ...rest]) => [
		first,
		second.replace('payload":"{', 'payload":"{ '),
		...rest,
	]);
	await page.getByText("commits to something else").waitFor();
	assert.equal(await page.getByText("Nothing is left out").count(), 0);
});
