// SPDX-License-Identifier: Apache-2.0
// The components under the gateway's own policy: a page of them takes the place of the console's
// script, and nothing else of what the edge serves.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { browserForThisFile, scenario } from "./harness.mjs";

const require = createRequire(new URL("../../gateway/console/package.json", import.meta.url));
const modules = fileURLToPath(new URL("../../gateway/console/node_modules", import.meta.url));
const entry = fileURLToPath(new URL("components_page.tsx", import.meta.url));
let script;
const here = browserForThisFile(async () => {
	const built = await require("esbuild").build({
		entryPoints: [entry],
		bundle: true,
		format: "esm",
		write: false,
		outdir: "/",
		jsx: "automatic",
		jsxImportSource: "preact",
		nodePaths: [modules],
		logLevel: "error",
	});
	script = built.outputFiles.find((file) => file.path.endsWith(".js")).text;
});

async function openComponents() {
	const context = await here.context(null);
	const page = await context.newPage();

	await page.route("**/assets/index-*.js", async (route) => {
		const response = await route.fetch();
		await route.fulfill({ response, body: script });
	});
	await page.goto(`${here.gateway.url}/`);
	await page.getByRole("heading", { name: "Components" }).waitFor();
	return page;
}

scenario(here, "a table of 100,000 rows keeps few in the page, scrolls, sorts, opens", async () => {
	const page = await openComponents();
	const grid = page.getByRole("grid", { name: "Rows" });
	const rows = grid.getByRole("row");

	assert.equal(await grid.getAttribute("aria-rowcount"), "100001");
	assert.ok((await rows.count()) < 60, "rows in the page");
	await grid.evaluate((box) => box.scrollTo(0, box.scrollHeight));
	await grid.getByText("row 99999", { exact: true }).waitFor();
	assert.ok((await rows.count()) < 60, "rows in the page, at the end");
	await grid.focus();
	await page.keyboard.press("Home");
	await page.keyboard.press("ArrowDown");
	await page.keyboard.press("Enter");
	await page.getByText("opened: row 1", { exact: true }).waitFor();
	await page.keyboard.press("End");
	await page.keyboard.press("Enter");
	await page.getByText("opened: row 99999", { exact: true }).waitFor();
	await page.keyboard.press("Home");
	await grid.getByRole("button", { name: "Size" }).click();
	assert.equal(
		await grid.getByRole("columnheader", { name: "Size" }).getAttribute("aria-sort"),
		"ascending",
	);
	await grid.getByText("row 0", { exact: true }).waitFor();
	await grid.getByRole("button", { name: "Size" }).click();
	const first = await rows.nth(1).getByRole("gridcell").nth(1).textContent();
	assert.equal(Number(first), 100002);
});

scenario(here, "a chart has the same numbers as a table", async () => {
	const page = await openComponents();

	await page.locator(".chart canvas").waitFor();
	await page.getByRole("button", { name: "Show as a table" }).click();
	assert.equal(
		await page.getByRole("region", { name: "Decisions" }).getByRole("row").count(),
		49,
	);
});

scenario(here, "a dialog keeps the focus, ends with Escape, and gives the focus back", async () => {
	const page = await openComponents();
	const ask = page.getByRole("button", { name: "Ask" });

	await ask.click();
	const dialog = page.getByRole("dialog", { name: "Really?" });
	await dialog.waitFor();
	for (let i = 0; i < 6; i++) {
		await page.keyboard.press("Tab");
		const where = await page.evaluate(
			() =>
				document.activeElement === document.body ||
				document.activeElement.closest("dialog") !== null,
		);
		assert.ok(where, "the focus is not behind the dialog");
	}
	await here.look(page, "dialog");
	await page.keyboard.press("Escape");
	await dialog.waitFor({ state: "detached" });
	assert.ok(await ask.evaluate((button) => button === document.activeElement));
});

scenario(here, "all of them are accessible in both themes", async () => {
	const page = await openComponents();

	await here.look(page, "components");
});
