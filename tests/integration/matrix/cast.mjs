// SPDX-License-Identifier: Apache-2.0
// The actors, with their tokens, and what each of them owns: made once, but anew for each route
// that says that it uses them up.
import crypto from "node:crypto";
import { sql } from "../database.mjs";
import { demoModel } from "../gateway.mjs";
import { ask, expect, until } from "../http.mjs";
import * as people from "../people.mjs";
import { makers, makeToken, models } from "./objects.mjs";
import { actors, local, offices } from "./rules.mjs";

const { addPerson, commit, createModel, freshName, readFolder, submit, termsOf } = people;

const ownerOf = (actor) => (offices[actor] ? actor : "all");

export class Cast {
	constructor(gateway) {
		this.gateway = gateway;
		this.persons = {}; // by name; "neighbor" is who owns what is other's
		this.tokens = {}; // by actor
		this.made = {}; // objects, by kind and owner
	}

	static async make(gateway) {
		const cast = new Cast(gateway);
		for (const name of [...Object.keys(offices), "neighbor", "chief"])
			cast.persons[name] = await addPerson(gateway);
		cast.giveOffices({ ...offices, chief: offices.administrator });
		cast.giveOffices({ local }, models.own);
		const token = cast.persons.chief.token;
		await until("the offices", 10, async () => {
			const answer = await ask(gateway, "GET", "/api/v1/persons", { token });
			return answer.status === 200;
		});
		await cast.makeModels();
		await cast.makeTokens();
		return cast;
	}

	/** By the operator at psql: over HTTP nobody gives more than they hold. */
	giveOffices(given, scope) {
		const where = scope ? `'${scope}'` : "NULL";
		const rows = Object.entries(given).flatMap(([name, list]) =>
			list.map((office) => `('${this.persons[name].id}', '${office}', ${where})`),
		);
		sql(
			this.gateway,
			`INSERT INTO office (person, office, scope, granted_at)
			SELECT p::uuid, o, s, now()
			FROM (VALUES ${rows.join(", ")}) AS given (p, o, s)`,
		);
	}

	async makeModels() {
		const files = readFolder(demoModel);
		for (const name of [models.own, models.other, models.open]) {
			const gate = name === models.open ? "no" : "manual";
			await createModel(this.gateway, name, { gate, open_paths: [] });
			const made = await commit(this.gateway, name, {
				"config.json": files["config.json"],
				"docs/a.txt": Buffer.from("a"),
			});
			if (made.status !== 200) throw new Error(made.text);
		}
		for (const model of [models.own, this.gateway.model])
			for (const name of ["researcher", "all"]) await this.license(name, model);
	}

	async makeTokens() {
		const { gateway, persons } = this;
		const all = persons.all.token;
		const revoked = (await makeToken(gateway, all)).json;
		const narrowed = await makeToken(gateway, all, ["metadata:read"]);

		for (const name of actors) this.tokens[name] = persons[name]?.token;
		this.tokens.narrowed = narrowed.json.token;
		const target = `/api/v1/tokens/${revoked.id}`;
		await expect(204, gateway, "DELETE", target, { token: all });
		this.tokens.revoked = revoked.token;
		persons.suspended = await addPerson(gateway);
		this.tokens.suspended = persons.suspended.token;
		await this.suspend(persons.suspended);
	}

	/** Somebody with every office and a license, so that only the suspension is in the way. */
	async suspend({ id, token }) {
		this.giveOffices({ suspended: offices.all });
		await this.license("suspended", models.own);
		sql(this.gateway, `UPDATE person SET state = 'suspended' WHERE id = '${id}'`);
		await until("the suspension", 10, async () => {
			const answer = await ask(this.gateway, "GET", "/api/v1/keys", { token });
			return answer.status === 403;
		});
	}

	async newModel() {
		const model = `matrix/${freshName("asked")}`;
		await createModel(this.gateway, model, { gate: "manual" });
		return model;
	}

	async request(name, model) {
		const rights = ["adapters:write", "infer:embed", "infer:generate", "internals:read",
			"weights:read"];
		const terms = await termsOf(this.gateway, model);
		const body = { model, intended_use: "to look", rights, terms_sha256: terms };
		const made = await submit(this.gateway, this.persons[name].token, body);
		if (made.status !== 201) throw new Error(made.text);
		return made;
	}

	async license(name, model) {
		const { json } = await this.request(name, model);
		const path = `/api/v1/access-requests/${json.id}/approve`;
		const token = this.persons.chief.token;
		const made = await expect(200, this.gateway, "POST", path, { token, body: {} });
		return made.json.license;
	}

	/** The id of one such object of this person; undefined: they cannot have one. */
	async object(kind, name) {
		if (!makers[kind]) throw new Error(`no object "${kind}": see README.md`);
		return makers[kind](this, name, this.persons[name].token);
	}

	/** The same, made once for all routes that only look at it. */
	shared(kind, name) {
		this.made[`${kind} ${name}`] ??= this.object(kind, name);
		return this.made[`${kind} ${name}`];
	}

	/**
	 * {own, other, missing} of a kind, for one actor; nobody owns nothing. `changes(which)`:
	 * the route will change it, so that it needs one of its own.
	 */
	async objects(kind, actor, changes) {
		const make = (name, which) =>
			changes(which) ? this.object(kind, name) : this.shared(kind, name);

		if (!kind) return { none: undefined };
		const { own: licensed, other, missing } = models;
		if (kind === "model") return { own: licensed, other, missing };
		if (kind === "served") return { own: this.gateway.model, other, missing };
		const isNobody = actor === "anonymous";
		const own = isNobody ? undefined : await make(ownerOf(actor), "own");
		return {
			...(own && { own }),
			other: await make("neighbor", "other"),
			missing: crypto.randomUUID(),
		};
	}
}
