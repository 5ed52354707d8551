// SPDX-License-Identifier: Apache-2.0
// What auditors do: find events, follow them from a person to a license to the proof, and count.
import assert from "node:assert/strict";
import { browserForThisFile, scenario } from "./harness.mjs";
import { expect } from "../integration/http.mjs";

const here = browserForThisFile(async ({ gateway }) => {
	await joinInstitution(gateway);
	await expect(403, gateway, "GET", `/${gateway.model}/resolve/main/config.json`, {
		token: gateway.tokens.stranger,
	});
	await expect(200, gateway, "POST", "/v1/completions", {
		token: gateway.tokens.researcher,
		body: { model: gateway.model, prompt: "Once", max_tokens: 2 },
	});
});

/** From now on the researcher is a member of an institution in Germany. */
async function joinInstitution(gateway) {
	const token = gateway.tokens.admin;
	const whoami = await expect(200, gateway, "GET", "/api/v1/sessions/current", {
		token: gateway.tokens.researcher,
	});
	const { json } = await expect(201, gateway, "POST", "/api/v1/institutions", {
		token,
		body: { name: "Charité", kind: "hospital", country: "DE" },
	});
	await expect(201, gateway, "POST", `/api/v1/institutions/${json.id}/members`, {
		token,
		body: { person: whoami.json.person.id, role: "member" },
	});
}

scenario(here, "an auditor finds an event by its filters, and checks its proof", async () => {
	const page = await here.open("auditor", "/audit/events");
	const table = page.getByRole("grid", { name: "Events" });

	await table.getByRole("row").nth(3).waitFor();
	await here.look(page, "audit-events");
	await page.getByLabel("Kind", { exact: true }).fill("license.issue");
	await page.getByRole("button", { name: "Find" }).click();
	await page.waitForURL(/kind=license\.issue/);
	await table.getByText("license.issue").first().waitFor();
	assert.equal(await table.getByText("audit.query").count(), 0);
	await page.reload();
	await table.getByText("license.issue").first().click();
	await page.getByText("It holds: the entry is in the log").waitFor();
	await here.look(page, "audit-event");
	await page.getByRole("link", { name: "All of this license" }).click();
	await page.waitForURL(/\/audit\/events\?license=[0-9a-f-]{36}$/);
	await table.getByText("infer.generate").first().waitFor();
});

scenario(here, "denials are one press away, exported, and saved for all auditors", async () => {
	const page = await here.open("auditor", "/audit/events");
	const table = page.getByRole("grid", { name: "Events" });

	await page.getByRole("button", { name: "Denials only" }).click();
	await page.waitForURL(/decision=deny/);
	await table.getByText("decision.deny").first().waitFor();
	assert.equal(await table.getByText("allowed").count(), 0);
	const coming = page.waitForEvent("download");
	await page.getByRole("link", { name: "JSON Lines" }).click();
	assert.match((await coming).suggestedFilename(), /^audit-\d+\.jsonl$/);
	await page.getByText("Saved filters").click();
	await page.getByRole("button", { name: "Save these filters" }).click();
	await page.getByLabel("Name", { exact: true }).fill("denials");
	await here.look(page, "audit-save");
	await page.getByRole("dialog").getByRole("button", { name: "Save these filters" }).click();
	await page.getByText("The filters are saved").waitFor();
	await page.getByRole("button", { name: "No filter" }).click();
	await page.getByRole("link", { name: "denials", exact: true }).click();
	await page.waitForURL(/decision=deny/);
	await page.getByRole("button", { name: "Forget “denials”" }).click();
	await page.getByText("None yet.").waitFor();
});

scenario(here, "charts count what the filters find, and a bar leads to its events", async () => {
	const page = await here.open("auditor", "/audit/charts?kind=infer.generate");
	const bars = (name) => page.getByRole("region", { name, exact: true });

	await page.locator(".chart canvas").waitFor();
	await bars("By institution").getByRole("link", { name: "Charité" }).waitFor();
	await bars("By person").getByRole("link").first().waitFor();
	await bars("By right").getByRole("link", { name: "infer:generate" }).waitFor();
	await here.look(page, "audit-charts");
	await page.getByLabel("Bars show").selectOption("tokens");
	await page.waitForURL(/measure=tokens/);
	const row = bars("By region").getByRole("row", { name: /Germany \(DE\)/ });
	const count = Number(await row.getByRole("cell").first().textContent());
	assert.ok(count > 0);
	await row.getByRole("link").click();
	await page.waitForURL(/\/audit\/events\?.*region=DE/);
	const table = page.getByRole("grid", { name: "Events" });
	await table.getByText("infer.generate").first().waitFor();
	assert.equal(await table.getAttribute("aria-rowcount"), String(count + 1));
});

scenario(here, "what is done appears live, is held, and goes on", async () => {
	const { gateway } = here;
	const page = await here.open("auditor", "/audit/live?kind=decision.deny");
	const deny = () =>
		expect(403, gateway, "GET", `/${gateway.model}/resolve/main/config.json`, {
			token: gateway.tokens.stranger,
		});
	const rows = page.getByRole("grid", { name: "Live" });
	const has = (count) => page.locator(`[role=grid][aria-rowcount="${count + 1}"]`).waitFor();

	await page.getByText("live", { exact: true }).waitFor();
	await deny();
	await rows.getByText("decision.deny").first().waitFor();
	await has(1);
	await here.look(page, "audit-live");
	await page.getByRole("button", { name: "Hold" }).click();
	await deny();
	await page.getByText("1 more came meanwhile.").waitFor();
	await has(1);
	await page.getByRole("button", { name: "Go on" }).click();
	await has(2);
	await rows.getByText("decision.deny").first().click();
	await page.getByText("It holds: the entry is in the log").waitFor();
});
