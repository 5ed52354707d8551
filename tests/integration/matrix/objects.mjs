// SPDX-License-Identifier: Apache-2.0
// What somebody may own, and how it is made: one function a kind, of the cast, the owner's name and
// their token. It gives the id; undefined where they can have none ("neighbor" has one of each).
import crypto from "node:crypto";
import { sql } from "../database.mjs";
import { expect } from "../http.mjs";
import { freshName } from "../people.mjs";
import { offices } from "./rules.mjs";

/** One is "own" (licensed to the researcher), one nobody's, one not there; one is for all. */
export const models = {
	own: "matrix/licensed",
	other: "matrix/closed",
	missing: "matrix/none",
	open: "matrix/open",
};

export function makeToken(gateway, token, rights) {
	const body = { name: freshName("token"), ...(rights && { scope: { rights } }) };
	return expect(201, gateway, "POST", "/api/v1/tokens", { token, body });
}

export const makers = {
	async request(cast, name) {
		return (await cast.request(name, await cast.newModel())).json.id;
	},

	async license(cast, name) {
		return (await cast.license(name, await cast.newModel())).id;
	},

	async person(cast, name) {
		return cast.persons[name].id;
	},

	async token({ gateway }, name, token) {
		return (await makeToken(gateway, token)).json.id;
	},

	async capability({ gateway }, name, token) {
		const asking = { token, body: { model: models.open } };
		const made = await expect(201, gateway, "POST", "/api/v1/capabilities", asking);
		return made.json.id;
	},

	async decision({ gateway }, name, token) {
		const target = `/${models.other}/resolve/main/config.json`;
		const denied = await expect(403, gateway, "GET", target, { token });
		return denied.headers["x-request-id"];
	},

	async receipt({ gateway }, name, token) {
		return (await makeToken(gateway, token)).headers["x-audit-receipt"];
	},

	/** Of those who decide; the neighbor's is the chief's. */
	async delegation(cast, name, own) {
		const decides = offices[name]?.includes("requests:decide");
		const token = decides ? own : cast.persons.chief.token;
		const until = new Date(Date.now() + 86400000).toISOString();
		const body = { to: cast.persons.stranger.name, until };
		const options = { token, body };

		if (!decides && name !== "neighbor") return undefined;
		const target = "/api/v1/delegations";
		return (await expect(201, cast.gateway, "POST", target, options)).json.id;
	},

	/** For the model that nobody administers alone; without files. */
	async adapter({ gateway, persons }, name) {
		const id = crypto.randomUUID();
		sql(
			gateway,
			`INSERT INTO adapter (id, model, owner, name, created_at, changed_at)
			SELECT '${id}', m.id, '${persons[name].id}', '${freshName("adapter")}',
				now(), now() FROM model m WHERE m.name = '${models.other}'`,
		);
		return id;
	},

	/** One whose official they are. */
	async institution({ gateway, persons }, name) {
		const id = crypto.randomUUID();
		sql(
			gateway,
			`INSERT INTO institution (id, name, kind, created_at)
			VALUES ('${id}', '${freshName("institution")}', 'other', now());
			INSERT INTO member (institution, person, role, since)
			VALUES ('${id}', '${persons[name].id}', 'official', now())`,
		);
		return id;
	},

	/** Nobody's. */
	async webhook({ gateway }) {
		const id = crypto.randomUUID();
		sql(
			gateway,
			`INSERT INTO webhook (id, url, secret, kinds, created_at)
			VALUES ('${id}', 'https://127.0.0.1:1/', sha256('a'), '{terms.*}', now())`,
		);
		return id;
	},
};
