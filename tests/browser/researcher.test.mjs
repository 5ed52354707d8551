// SPDX-License-Identifier: Apache-2.0
// What somebody who works with models does all day.
import assert from "node:assert/strict";
import fs from "node:fs";
import { Issuer } from "../integration/visas.mjs";
import { browserForThisFile, scenario } from "./harness.mjs";
import { expect } from "../integration/http.mjs";
import {
	addPerson,
	addTerms,
	createModel,
	enrollKey,
	freshName,
	requestBody,
} from "../integration/people.mjs";

const here = browserForThisFile();
const post = async (token, path, body, status = 200) =>
	(await expect(status, here.gateway, "POST", path, { token, body })).json;

async function gatedModel() {
	const name = `desk/${freshName("model")}`;
	await createModel(here.gateway, name, { gate: "manual" });
	return name;
}

scenario(here, "a request is followed, answered when it comes back, and withdrawn", async () => {
	const { tokens } = here.gateway;
	const model = await gatedModel();
	const base = "/api/v1/access-requests";
	const { id } = await post(
		tokens.stranger,
		base,
		{ model, intended_use: "<i>foxes</i>", rights: ["weights:read"] },
		201,
	);
	const handler = await addPerson(here.gateway, ["requests:handle", "requests:decide"]);
	const page = await here.open("stranger", "/requests");

	await page.getByText("waits for a decision").waitFor();
	await here.look(page, "requests");
	await page.getByRole("link", { name: model }).click();
	await page.getByRole("heading", { name: `Request for ${model}` }).waitFor();
	await page.getByText("<i>foxes</i>").waitFor();
	await page.getByLabel("Write to those who decide").fill("It is <b>urgent</b>");
	await page.getByRole("button", { name: "Send" }).click();
	await page.getByText("It is <b>urgent</b>").waitFor();
	await here.look(page, "request-waiting");
	await post(handler.token, `${base}/${id}/return`, {
		reason: "too vague",
		changes: ["say which foxes"],
	});
	await page.reload();
	await page.getByText("say which foxes").first().waitFor();
	await here.look(page, "request-returned");
	await page.getByLabel("Intended use").fill("foxes of Finland");
	await page.getByRole("button", { name: "Submit again" }).click();
	await page.getByText("waits for a decision").first().waitFor();
	await page.getByRole("button", { name: "Withdraw" }).click();
	await page
		.getByRole("dialog")
		.getByRole("button", { name: "Withdraw", exact: true })
		.click();
	await page.getByText("withdrawn", { exact: true }).waitFor();
	await here.look(page, "request-withdrawn");
});

const formOfModel = {
	extra_gated_heading: "Before you begin",
	extra_gated_fields: {
		Company: "text",
		Country: "country",
		"I want it for": { type: "select", options: ["Research", "Teaching"] },
		"I agree to do no harm": "checkbox",
	},
};

scenario(
	here,
	"access is asked for: a draft, the model's questions, its terms signed",
	async () => {
		const { gateway } = here;
		const model = await gatedModel();
		const token = gateway.tokens.admin;
		const terms = await addTerms(gateway, "Be **kind**.\n");
		await expect(200, gateway, "PUT", `/api/models/${model}/settings`, {
			token,
			body: { terms_sha256: terms },
		});
		const form = `/api/v1/models/${model}/form`;
		await expect(200, gateway, "PUT", form, { token, body: formOfModel });
		const page = await here.open("stranger", `/models/${model}`);

		await page.getByRole("link", { name: "Request access" }).click();
		await page.getByRole("heading", { name: "Before you begin" }).waitFor();
		await here.look(page, "request-new");
		await page.getByLabel("Intended use").fill("to measure “foxes” in Zürich");
		await page.getByLabel("download weights").check();
		await page.getByLabel("Company").fill("Fox & <Sons>");
		await page.getByRole("button", { name: "Save draft" }).click();
		await page.getByText("The draft is saved").waitFor();
		await page.goto(`${gateway.url}/requests`);
		await page.getByRole("link", { name: model }).click();
		await page.getByRole("link", { name: "Go on with the draft" }).click();
		await page.getByLabel("Country").selectOption("CH");
		await page.getByLabel("I want it for").selectOption("Teaching");
		await page.getByLabel("I agree to do no harm").check();
		await page.getByLabel("I accept these terms").check();
		await page.getByRole("button", { name: "Sign and submit" }).click();
		await page.getByText("waits for a decision").first().waitFor();
		await page.getByText("Fox & <Sons>").waitFor();
		const id = new URL(page.url()).pathname.split("/").at(-1);
		const asked = `/api/v1/access-requests/${id}`;
		const kept = (await expect(200, gateway, "GET", asked, { token })).json;
		assert.equal(kept.terms_signed, true);
		assert.equal(kept.fields.Country, "CH");
		await here.look(page, "request-sent");
	},
);

scenario(here, "a model is tried: streamed, counted, stopped, token by token", async () => {
	const page = await here.open("researcher", "/playground");
	const send = page.getByRole("button", { name: "Send" });
	const counted = page.getByText(/tokens read, \d+ written/);

	await page.getByText("word by word").waitFor();
	await page.getByText("More parameters").click();
	await page.getByText("This call in a program").click();
	await here.look(page, "playground");
	await page.getByLabel("Temperature").fill("0");
	await page.getByLabel("Probabilities").selectOption("3");
	await page.getByLabel("Others, as JSON").fill("[1]");
	await page.getByText("That is no JSON object").waitFor();
	await page.getByLabel("Others, as JSON").fill('{"logit_bias": {"5": -1}}');
	await page.getByLabel("Message", { exact: true }).fill("What is a 'license'?");
	await page.getByText("What is a '\\''license'\\''?").waitFor(); // as a shell reads it
	await page.getByRole("tab", { name: "Python" }).click();
	await page.getByText("client.chat.completions.create(").waitFor();
	await send.click();
	await counted.waitFor();
	const tokens = page.getByRole("group", { name: "Tokens" });
	await tokens.getByRole("button").first().click();
	await page.keyboard.press("ArrowRight");
	await tokens.getByRole("button", { pressed: true }).and(page.locator(":focus")).waitFor();
	await page.getByText("The likeliest in its place").waitFor();
	await here.look(page, "playground-chat");
	await page.getByRole("button", { name: "Show as a table" }).click();
	await page.getByRole("columnheader", { name: "Probability" }).waitFor();
	await here.look(page, "playground-tokens");
	await page.getByLabel("As", { exact: true }).selectOption("text");
	// An answer that does not come until it is stopped.
	await page.route("**/v1/completions", async () => {});
	await page.getByLabel("Beginning of the text").fill("Once upon a time");
	await send.click();
	await page.getByRole("button", { name: "Stop" }).click();
	await page.getByText("Stopped; what came before stays.").waitFor();
	await page.unroute("**/v1/completions");
	await page.getByText("More parameters").click();
	await page.getByLabel("Answers", { exact: true }).fill("2");
	await send.click();
	await counted.waitFor();
	await page.getByText("Model, answer 2").waitFor();
	await here.look(page, "playground-text");
});

scenario(here, "texts are compared as vectors", async () => {
	const { gateway } = here;
	const { admin, researcher } = gateway.tokens;
	const key = await enrollKey(gateway, researcher);
	const asked = await requestBody(gateway, key, gateway.model, ["infer:embed"]);
	const { id } = await post(researcher, "/api/v1/access-requests", asked, 201);
	await post(admin, `/api/v1/access-requests/${id}/approve`, {});
	const page = await here.open("researcher", "/playground?mode=embed");

	await page.getByLabel("Texts").fill("a fox\na <b>license</b>");
	await page.getByRole("button", { name: "Compare" }).click();
	await page.getByText(/2 texts of \d+ tokens/).waitFor();
	await page.getByRole("rowheader", { name: "2. a <b>license</b>" }).waitFor();
	await here.look(page, "playground-vectors");
});

/** What a link gives to keep. */
async function saved(page, name) {
	const saving = page.waitForEvent("download");

	await page.getByRole("link", { name }).click();
	return fs.readFileSync(await (await saving).path(), "utf8");
}

scenario(here, "a license says how to use it, is asked to be renewed, and given back", async () => {
	const { gateway } = here;
	const page = await here.open("researcher", "/licenses");

	await page.getByText("days left").first().waitFor();
	await here.look(page, "licenses");
	await page.getByRole("link", { name: gateway.model }).last().click(); // the oldest
	await page.getByText(`hf download ${gateway.model}`).waitFor();
	await here.print(page, "license");
	const sdJwt = await saved(page, "As SD-JWT");
	assert.match(sdJwt, /^ey[\w-]+\.[\w-]+\.[\w-]+~/);
	await page.getByRole("button", { name: "As visa" }).click();
	const visa = await saved(page, "Save the visa");
	const claims = JSON.parse(Buffer.from(visa.split(".")[1], "base64url"));
	assert.equal(claims.ga4gh_visa_v1.type, "ControlledAccessGrants");
	await here.look(page, "license");
	await page.getByRole("tab", { name: "openai" }).click();
	await page.getByText(`base_url="${gateway.url}/v1"`).waitFor();
	await page.getByRole("button", { name: "Ask for renewal" }).click();
	await page.getByLabel("What came of it so far?").fill("two <b>papers</b>");
	await page.getByLabel("Publications").fill("https://example.org/a");
	await here.look(page, "license-renew");
	await page.getByRole("button", { name: "Send" }).click();
	await page.getByText("You have asked for its renewal").waitFor();
	await page.getByRole("button", { name: "Close out" }).click();
	await page.getByLabel("This is true").check();
	await here.look(page, "license-close");
	await page.getByRole("button", { name: "Sign and close" }).click();
	await page.getByText("closed by you").waitFor();
	await here.look(page, "license-closed");
});

scenario(here, "what was used is counted, and each receipt is checked here", async () => {
	const page = await here.open("researcher", "/usage");

	await page.getByText("generate text").first().waitFor();
	await here.look(page, "usage");
	await page.getByRole("link", { name: "My receipts" }).click();
	await page
		.getByRole("button", { name: /^Check it: / })
		.first()
		.waitFor();
	await here.look(page, "receipts");
	await page
		.getByRole("button", { name: /^Check it: / })
		.first()
		.click();
	await page.getByText("It holds: the entry is in the log").waitFor();
	await here.look(page, "receipt-checked");
});

scenario(here, "all that is kept about me comes as one file, with receipts that hold", async () => {
	const page = await here.open("researcher", "/settings/data");

	await here.look(page, "my-data");
	await page.getByRole("button", { name: "Gather my data" }).click();
	const saving = page.waitForEvent("download");
	await page.getByRole("link", { name: "Save the file" }).click();
	const file = await (await saving).path();
	const all = JSON.parse(fs.readFileSync(file, "utf8"));
	assert.equal(all.person.person.name, "researcher");
	assert.ok(all.receipts.length > 0 && all.receipts.length === all.acts.length);
	assert.ok(
		all.receipts.every((one) => one.proof),
		"each receipt is whole",
	);
	assert.ok(all.requests[0].events.length > 0, "requests have their history");
	for (const part of ["licenses", "tokens", "keys", "visas", "usage", "sessions"])
		assert.ok(!all[part].refused, part);
	assert.ok(!JSON.stringify(all).includes(here.gateway.tokens.researcher));
	await here.look(page, "my-data-made");
});

scenario(here, "a visa is presented and counts, until its issuer is listed no more", async () => {
	const { gateway } = here;
	const issuer = await new Issuer("ES256").list(gateway);
	const page = await here.open("stranger", "/settings/credentials");
	const box = page.getByLabel("The visa or passport");
	const send = page.getByRole("button", { name: "Present" });

	await page.getByRole("heading", { name: "You have presented no visa" }).waitFor();
	await here.look(page, "credentials-none");
	await box.fill("eyJub25lIn0.e30.x");
	await send.click();
	await page.getByText("This is no visa and no passport").waitFor();
	await box.fill(issuer.visa("fox", { claims: { iat: 1, exp: 2 } }));
	await send.click();
	await page
		.getByRole("alert")
		.getByText(/expired/)
		.waitFor();
	await page.getByLabel("From a file").setInputFiles({
		name: "visa.jwt",
		mimeType: "application/jwt",
		buffer: Buffer.from(`${issuer.visa("fox")}\n`),
	});
	await send.click();
	await page.getByText("counts", { exact: true }).waitFor();
	await page.getByText("ResearcherStatus").waitFor();
	await here.look(page, "credentials");
	await expect(
		204,
		gateway,
		"DELETE",
		`/api/v1/issuers?iss=${encodeURIComponent(issuer.iss)}`,
		{
			token: gateway.tokens.admin,
		},
	);
	await page.reload();
	await page.getByText("does not count").waitFor();
	await here.look(page, "credentials-countless");
});

scenario(here, "new terms are read and accepted, and a new license follows", async () => {
	const { gateway } = here;
	const { admin, researcher } = gateway.tokens;
	const model = await gatedModel();
	const settings = { terms_sha256: await addTerms(gateway, "Be kind.\n") };
	await expect(200, gateway, "PUT", `/api/models/${model}/settings`, {
		token: admin,
		body: settings,
	});
	const key = await enrollKey(gateway, researcher);
	const wish = await requestBody(gateway, key, model, ["weights:read"]);
	const base = "/api/v1/access-requests";
	const { id } = await post(researcher, base, wish, 201);
	const { license } = await post(admin, `${base}/${id}/approve`, {});
	const stricter = { text: "Be **very** kind.", grace_days: 7 };
	await post(admin, `/api/v1/models/${model}/terms`, stricter, 201);
	const page = await here.open("researcher", `/licenses/${license.id}`);

	await page.getByText("has new terms, which you have not accepted").waitFor();
	await page.getByText("under the old ones until").waitFor();
	await page.getByText("very", { exact: true }).waitFor();
	await here.look(page, "license-new-terms");
	await page.getByLabel("I accept these terms").check();
	await page.getByRole("button", { name: "Sign and accept" }).click();
	await page.getByText("this is your license now").waitFor();
	await page.waitForURL((url) => !url.pathname.endsWith(license.id));
	await page.getByRole("heading", { name: "New terms" }).waitFor({ state: "detached" });
});
