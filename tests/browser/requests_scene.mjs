// SPDX-License-Identifier: Apache-2.0
// Models with criteria and committees, and people with visas who ask for them.
import { expect } from "../integration/http.mjs";
import { addPerson, createModel, freshName } from "../integration/people.mjs";
import { Issuer } from "../integration/visas.mjs";

const BONA_FIDE = "https://doi.org/10.1038/s41431-018-0219-y";
export const HOSTILE = `<img src=x onerror="alert(1)"> to see what it says`;
const CRITERIA = {
	v: 1,
	name: "test",
	rules: [
		{
			id: "bona-fide",
			effect: "approve",
			when: { claim: { type: "ResearcherStatus", value: BONA_FIDE } },
			text: "Bona fide researchers may run it.",
		},
	],
};

/** For browserForThisFile: an issuer of visas, and who activates what the admin proposes. */
export async function prepareRequests(here) {
	here.issuer = await new Issuer("ES256").list(here.gateway);
	here.second = await addPerson(here.gateway, ["models:manage"]);
}

export function requestsScene(here) {
	const as = async (token, status, method, path, body) =>
		(await expect(status, here.gateway, method, path, { token, body })).json;

	/** A model whose criteria advise, decided by its `rule`. */
	async function makeModel(rule) {
		const { admin } = here.gateway.tokens;
		const model = `admin/${freshName("model")}`;
		const at = `/api/v1/models/${model}/criteria`;

		await createModel(here.gateway, model, { gate: "manual" });
		const { sha256 } = await as(admin, 201, "POST", at, CRITERIA);
		await as(admin, 200, "POST", `${at}/${sha256}/propose`);
		await as(here.second.token, 200, "POST", `${at}/${sha256}/activate`);
		if (rule) await as(admin, 200, "PUT", `/api/v1/models/${model}/committee`, rule);
		return model;
	}

	/** Somebody with a visa asks for the model: {person, id}. */
	async function makeRequest(model) {
		const person = await addPerson(here.gateway);
		const visa = here.issuer.visa(freshName("sub"), { visa: { value: BONA_FIDE } });

		await as(person.token, 201, "POST", "/api/v1/visas", { visa });
		const { id } = await as(person.token, 201, "POST", "/api/v1/access-requests", {
			model,
			rights: ["infer:generate", "weights:read"],
			intended_use: HOSTILE,
		});
		return { person, id };
	}

	return { as, makeModel, makeRequest };
}
