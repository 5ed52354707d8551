// SPDX-License-Identifier: Apache-2.0
// The event explorer with 100,000 events: each can be reached, and few are in the page.
import assert from "node:assert/strict";
import { browserForThisFile, scenario } from "./harness.mjs";
import { fillWithEvents } from "./many_events.mjs";

const EVENTS = 100_000;
const MOST_ROWS = 60; // in the page, whatever is scrolled to

const here = browserForThisFile(async ({ gateway }) => fillWithEvents(gateway, EVENTS));

const loaded = (grid) => grid.getAttribute("aria-rowcount").then((count) => Number(count) - 1);

scenario(here, "100,000 events are scrolled through, and few are in the page", async () => {
	const page = await here.open("auditor", "/audit/events?model=many/events");
	const grid = page.getByRole("grid", { name: "Events" });
	let before = 0;

	await grid.getByText("event 0", { exact: true }).waitFor();
	while (before < EVENTS) {
		await grid.evaluate((box) => box.scrollTo(0, box.scrollHeight));
		await page.waitForFunction(
			(least) =>
				Number(document.querySelector("[role=grid]").ariaRowCount) - 1 >
				least,
			before,
		);
		before = await loaded(grid);
		const rows = await grid.getByRole("row").count();
		assert.ok(rows < MOST_ROWS, `${rows} rows in the page of ${before}`);
	}
	assert.equal(before, EVENTS);
	for (const index of [99_999, 54_321, 12_345, 0]) {
		await grid.evaluate((box, at) => box.scrollTo(0, at * 41), index);
		await grid.getByText(`event ${index}`, { exact: true }).waitFor();
		assert.ok((await grid.getByRole("row").count()) < MOST_ROWS);
	}
	await grid.focus();
	await page.keyboard.press("End");
	await grid.getByText("event 99999", { exact: true }).waitFor();
});
