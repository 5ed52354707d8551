// SPDX-License-Identifier: Apache-2.0
// The catalogue and the page of a model, as a stranger and as a licensee see them.
import assert from "node:assert/strict";
import { browserForThisFile, scenario } from "./harness.mjs";
import { hostileModel } from "./hostile_model.mjs";

const here = browserForThisFile();
const address = () => `/models/${here.gateway.model}`;

scenario(
	here,
	"a stranger reads card, terms and criteria, and is told what is missing",
	async () => {
		const page = await here.open("stranger", "/models");

		await page.getByRole("link", { name: here.gateway.model }).click();
		await page.getByRole("heading", { name: "How to prompt it" }).waitFor();
		await page.getByText("a license: submit an access request").first().waitFor();
		assert.equal(await page.getByText("not allowed").count(), 3);
		await here.look(page, "model");
		await page.getByRole("tab", { name: "Terms" }).click();
		await page.getByText("No sharing.").waitFor();
		await here.look(page, "model-terms");
		await page.keyboard.press("ArrowRight");
		await page.getByRole("heading", { name: "No criteria are published" }).waitFor();
		assert.equal(new URL(page.url()).searchParams.get("tab"), "criteria");
		await page.keyboard.press("ArrowRight");
		await page.getByText("model.safetensors").waitFor();
		await here.look(page, "model-files");
	},
);

scenario(here, "a licensee is told what is allowed", async () => {
	const page = await here.open("researcher", address());

	await page.getByText("allowed", { exact: true }).first().waitFor();
	await here.look(page, "model-licensed");
});

scenario(here, "published criteria are said in plain words", async () => {
	const { name } = await hostileModel(here.gateway);
	const page = await here.open(null, `/models/${name}?tab=criteria`);

	await page.getByText("Whoever has been verified as a researcher").waitFor();
	await page.getByText("a verified claim").waitFor();
	await here.look(page, "model-criteria");
});

scenario(here, "whatever a card holds, nothing of it runs or is fetched", async () => {
	const { name } = await hostileModel(here.gateway);
	const page = await here.open("stranger", `/models/${name}`);

	await page.getByText("after all of it").waitFor();
	assert.equal(await page.evaluate(() => globalThis.wasRun), undefined);
	assert.equal(
		await page.locator("main img, main script, main iframe, main style").count(),
		0,
	);
	const links = await page
		.locator("main .prose a")
		.evaluateAll((all) => all.map((a) => a.href));
	assert.ok(links.length > 0);
	for (const link of links) assert.match(link, /^(https?|mailto):/);
	await here.look(page, "model-hostile");
});
