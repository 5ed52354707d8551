// SPDX-License-Identifier: Apache-2.0
// Every page of the console in German, on a phone: longer words fit, and nothing is worse for it.
import assert from "node:assert/strict";
import fs from "node:fs";
import { browserForThisFile, PHONE, scenario } from "./harness.mjs";
import { expect } from "../integration/http.mjs";
import { licensedPerson } from "../integration/people.mjs";
import { prepareRequests, requestsScene } from "./requests_scene.mjs";

const SOURCES = new URL("../../gateway/console/src/pages/", import.meta.url);
const AREAS = {
	everybody: "researcher",
	researcher: "researcher",
	admin: "admin",
	audit: "auditor",
};

const here = browserForThisFile(async (it) => {
	await prepareRequests(it);
	it.samples = await prepareSamples(it);
});
const { as, makeModel, makeRequest } = requestsScene(here);

/** Something for each page that shows one of many: by its path, without the parameter's name. */
async function prepareSamples({ gateway }) {
	const { admin, researcher } = gateway.tokens;
	const model = await makeModel({ needed: 2, escalate_days: 3, escalate_to: "admin" });
	const { person, id } = await makeRequest(model);
	const denied = await makeRequest(await makeModel());
	const { license } = await licensedPerson(gateway, gateway.model, ["weights:read"]);
	const institution = { name: "Rheinische Friedrich-Wilhelms-Universität", country: "DE" };
	const made = await as(admin, 201, "POST", "/api/v1/institutions", institution);
	const at = `/api/v1/access-requests/${denied.id}`;
	const own = await expect(200, gateway, "GET", "/api/v1/licenses?mine=1", {
		token: researcher,
	});
	const mine = await as(researcher, 200, "GET", "/api/v1/access-requests?mine=1");

	await as(admin, 201, "POST", `/api/v1/institutions/${made.id}/members`, {
		person: person.id,
	});
	const referee = { name: "Prof. Dr. Rosalinde Fürsprecherin", email: "r@uni.example" };
	const referees = `/api/v1/persons/${person.id}/referees`;
	const { link } = await as(admin, 201, "POST", referees, referee);
	await as(admin, 200, "POST", `${at}/deny`, { reason: "no purpose" });
	await as(denied.person.token, 200, "POST", `${at}/appeal`, { reason: "there is one" });
	return {
		"/models/:": `/models/${gateway.model}`,
		"/requests/new": `/requests/new?model=${gateway.model}`,
		"/requests/:": `/requests/${mine.requests[0].id}`,
		"/licenses/:": `/licenses/${own.json.licenses[0].id}`,
		"/admin/requests/:": `/admin/requests/${id}`,
		"/admin/licenses/:": `/admin/licenses/${license.id}`,
		"/admin/people/:": `/admin/people/${person.id}`,
		"/admin/institutions/:": `/admin/institutions/${made.id}`,
		"/admin/models/:": `/admin/models/${gateway.model}`,
		"/references/:": link.replace(/^.*\/api\/v1/, ""),
		"/audit/reports/:": "/audit/reports/R1",
	};
}

/** The paths of an area's pages, as its list of pages says. */
function pathsOf(area) {
	const list = fs.readFileSync(new URL(`${area}/pages.ts`, SOURCES), "utf8");

	return [...list.matchAll(/path: "([^"]+)"/g)].map(([, path]) => path);
}

for (const [area, role] of Object.entries(AREAS))
	scenario(here, `pages for ${area} fit in German on a phone`, async (t) => {
		const options = { locale: "de-DE", viewport: PHONE };
		const context = await here.context(role, options);
		const page = await context.newPage();
		const faults = [];

		for (const path of pathsOf(area)) {
			const sample = here.samples[path.replace(/:.*$/, ":")];

			if (path.includes(":") && !sample) {
				t.diagnostic(`there is nothing to show at ${path}`);
				continue;
			}
			await page.goto(here.gateway.url + (sample ?? path));
			await page.locator("main h1").first().waitFor();
			await page.locator(".waiting").first().waitFor({ state: "detached" });
			const name = path.replace(/\W+/g, "-").replace(/^-|-$/g, "") || "home";
			await here
				.glance(page, `de-${name}`)
				.catch((error) => faults.push(error.message));
		}
		assert.deepEqual(faults, []);
	});
