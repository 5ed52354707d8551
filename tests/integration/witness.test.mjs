// SPDX-License-Identifier: Apache-2.0
// Two real witnesses and a real gateway: what they cosign anybody can verify, one that is down
// holds up nothing, and a gateway that was put back to a backup is caught.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import test from "node:test";
import { gatewayForThisFile, program } from "./gateway.mjs";
import { agentOf, ask, expect, until } from "./http.mjs";

const WAIT = 40;

function freePort() {
	return new Promise((resolve) => {
		const server = net.createServer();
		server.listen(0, "127.0.0.1", () => {
			const { port } = server.address();
			server.close(() => resolve(port));
		});
	});
}

/** A witness in a folder of its own, asked over HTTPS as a gateway is. */
class Witness {
	constructor(folder, name) {
		this.dir = path.join(folder, `witness-${name}`);
		this.name = name;
		this.vkey = JSON.parse(execFileSync(program, ["witness", "init", "--json",
			"--dir", this.dir, "--name", `${name}.example/w`])).vkey;
		this.caFile = path.join(this.dir, "ca.pem");
		this.agent = agentOf(fs.readFileSync(this.caFile));
	}

	know(vkey) {
		execFileSync(program, ["witness", "add-log", vkey, "--dir", this.dir]);
	}

	async start() {
		this.port ??= await freePort();
		this.url = `https://localhost:${this.port}`;
		this.child = spawn(program, ["witness", "--dir", this.dir, "--listen",
			`127.0.0.1:${this.port}`], { stdio: "ignore" });
		process.once("exit", () => this.child.kill("SIGTERM"));
		await until(`witness ${this.name}`, 20, async () => {
			try {
				return (await ask(this, "GET", "/vkey")).text.trim() === this.vkey;
			} catch {
				return false;
			}
		});
	}

	async stop() {
		if (!this.child) return;
		const ended = new Promise((resolve) => this.child.once("exit", resolve));
		this.child.kill("SIGTERM");
		await ended;
	}

	/** The size it has cosigned, of this log; 0: none. */
	async size(origin) {
		const hex = crypto.createHash("sha256").update(origin).digest("hex");
		const answer = await ask(this, "GET", `/${hex}/checkpoint`);
		return answer.status === 200 ? Number(answer.text.split("\n")[1]) : 0;
	}
}

const here = gatewayForThisFile(async (gateway, holder) => {
	holder.vkey = (await expect(200, gateway, "GET", "/log/vkey")).text.trim();
	holder.origin = holder.vkey.split("+")[0];
	holder.witnesses = ["one", "two"].map((name) => new Witness(gateway.folder, name));
	holder.policy = path.join(gateway.folder, "policy");
	for (const witness of holder.witnesses) {
		witness.know(holder.vkey);
		await witness.start();
	}
	fs.writeFileSync(holder.policy, [`log ${holder.vkey} ${gateway.url}/log`,
		...holder.witnesses.map((w) => `witness ${w.name} ${w.vkey} ${w.url}`),
		"group all-of-them all one two", "quorum all-of-them", ""].join("\n"));
	const authorities = path.join(gateway.folder, "witnesses.pem");
	fs.writeFileSync(authorities,
		holder.witnesses.map((w) => fs.readFileSync(w.caFile, "utf8")).join(""));
	const hosts = holder.witnesses.map((w) => `localhost:${w.port}`).join(" ");
	await gateway.serveWith({ witness_policy: holder.policy }, async () => {
		fs.appendFileSync(gateway.config, "\n[courier]\nallow_private = yes\n" +
			`allow = ${hosts}\nca_file = ${authorities}\n`);
	});
});

test.after(async () => {
	for (const witness of here.witnesses ?? []) await witness.stop();
});

/** An act whose entry grows the log; resolves to the id of the entry. */
async function act() {
	const { gateway } = here;
	const answer = await expect(200, gateway, "GET",
		`/${gateway.model}/resolve/main/config.json`, { token: gateway.tokens.researcher });
	return answer.headers["x-audit-receipt"];
}

async function published() {
	const lines = (await expect(200, here.gateway, "GET", "/log/checkpoint")).text.split("\n");
	return { size: Number(lines[1]), lines: lines.filter((line) => line.startsWith("— ")) };
}

const audit = (what, policy) =>
	here.gateway.cli(here.gateway.tokens.auditor, "audit", what, "--policy", policy);

/** Both have cosigned what is published now. */
const settled = () => until("both cosignatures", WAIT, async () => {
	const now = await published();
	return now.lines.length === 3 && now;
});

test("what is published gets the cosignatures of both, and an auditor checks them", async () => {
	const { gateway, policy } = here;

	const event = await act();
	const now = await settled();
	for (const witness of here.witnesses)
		assert.ok(await witness.size(here.origin) >= now.size);
	const verified = await audit("verify", policy);
	assert.equal(verified.code, 0, verified.stderr);
	assert.match(verified.stdout, /cosigned by: one, two/);
	const receipt = await until("a cosigned receipt", WAIT, async () => {
		const done = await gateway.cli(gateway.tokens.researcher, "audit", "receipt", event,
			"--policy", policy);
		return done.code === 0 && done;
	});
	assert.match(receipt.stdout, /cosigned by one, two/);
	const [{ id }] = (await expect(200, gateway, "GET", "/api/v1/licenses",
		{ token: gateway.tokens.researcher })).json.licenses;
	const whole = await gateway.cli(gateway.tokens.researcher, "audit", "verify", "--license",
		id, "--policy", policy);
	assert.equal(whole.code, 0, whole.stderr);
	assert.match(whole.stdout, /nothing is left out[^]*cosigned by: one, two/);
	const state = (await expect(200, gateway, "GET", "/api/v1/log/witnesses",
		{ token: gateway.tokens.auditor })).json;
	assert.deepEqual(state.witnesses.map((w) => [w.name, w.failures]),
		[["one", 0], ["two", 0]]);
	assert.equal(state.quorum, "all-of-them");
	assert.match((await expect(200, gateway, "GET", "/metrics")).text,
		/^sallyport_log_witnessed_size [1-9]/m);
});

test("a policy that nobody has met is not met", async () => {
	const { gateway, policy } = here;
	const stranger = new Witness(gateway.folder, "stranger");
	const other = path.join(gateway.folder, "other-policy");

	fs.writeFileSync(other, fs.readFileSync(policy, "utf8").replace(/^group[^]*/m,
		`witness stranger ${stranger.vkey}\nquorum stranger\n`));
	const verified = await audit("verify", other);
	assert.equal(verified.code, 1);
	assert.match(verified.stderr, /quorum "stranger"/);
});

test("a witness that is down holds up nothing, and catches up", async () => {
	const { gateway, policy, witnesses: [, two] } = here;

	await settled();
	await two.stop();
	const before = await two.size(here.origin).catch(() => "down");
	assert.equal(before, "down");
	await act();
	await until("the failure to be told", WAIT, async () => {
		const state = (await expect(200, gateway, "GET", "/api/v1/log/witnesses",
			{ token: gateway.tokens.auditor })).json;
		return state.witnesses[1].failures > 0 && state.witnesses[1].reason;
	});
	assert.equal((await ask(gateway, "GET", "/readyz")).status, 200);
	const verified = await audit("verify", policy);
	assert.equal(verified.code, 0, `what both have cosigned verifies: ${verified.stderr}`);
	const size = Number(/verifies: (\d+) entries/.exec(verified.stdout)[1]);
	assert.ok(size < (await published()).size, "it is not the newest");
	await two.start();
	await settled();
});

/** A stopped gateway with its database, as a folder. */
async function down(then) {
	await here.gateway.stopChild();
	await here.gateway.database.stop();
	then();
	await here.gateway.database.start();
	here.gateway.serve();
}

test("a gateway that was put back to a backup is caught", async () => {
	const { gateway } = here;
	const backup = path.join(gateway.folder, "backup");
	const answers = (status) => until(`/readyz says ${status}`, WAIT, async () => {
		const answer = await ask(gateway, "GET", "/readyz").catch(() => undefined);
		return answer?.status === status && answer;
	});

	await settled();
	await down(() => execFileSync("cp", ["-a", gateway.dir, backup]));
	await answers(200);
	await act();
	const lost = await settled();
	here.copy = path.join(gateway.folder, "old-log");
	const copied = await gateway.cli(gateway.tokens.auditor, "audit", "export", here.copy);
	assert.equal(copied.code, 0, copied.stderr);
	await down(() => {
		execFileSync("rm", ["-rf", gateway.dir]);
		execFileSync("mv", [backup, gateway.dir]);
	});
	const ready = await until("the halt", WAIT, async () => {
		const answer = await ask(gateway, "GET", "/readyz").catch(() => undefined);
		return answer?.status === 503 && answer.json?.read_only && answer;
	});
	assert.match(ready.json.reason, new RegExp(`cosigned ${lost.size} entries.*backup`));
	const refused = await until("a refusal", WAIT, async () => {
		const answer = await ask(gateway, "GET",
			`/${gateway.model}/resolve/main/config.json`,
			{ token: gateway.tokens.researcher });
		return answer.status === 503 && answer;
	});
	assert.match(refused.text, /AUDIT_UNAVAILABLE/);
	assert.ok((await published()).size < lost.size, "nothing was published over it");
	for (const witness of here.witnesses)
		assert.equal(await witness.size(here.origin), lost.size);
});

test("and goes on under a new origin, which says what it continues", async () => {
	const { gateway, origin, witnesses, policy } = here;
	const hex = crypto.createHash("sha256").update(origin).digest("hex");
	const old = (await expect(200, witnesses[0], "GET", `/${hex}/checkpoint`)).text;
	const file = path.join(gateway.folder, "old-checkpoint");
	const next = `${origin}/2`;
	const words = ["log", "new-origin", "--config", gateway.config, "--checkpoint", file];

	fs.writeFileSync(file, old.replace(origin, "another.example/log"));
	const wrong = await gateway.cli("", ...words, "--origin", next);
	assert.match(wrong.stderr, /another.example/);
	fs.writeFileSync(file, old);
	await gateway.stopChild();
	const done = await gateway.cli("", ...words, "--origin", next);
	assert.equal(done.code, 0, done.stderr);
	gateway.serve();
	await until("the gateway to write again", WAIT, async () =>
		(await ask(gateway, "GET", "/readyz").catch(() => ({}))).status === 200);
	const vkey = (await expect(200, gateway, "GET", "/log/vkey")).text.trim();
	assert.ok(vkey.startsWith(`${next}+`));
	for (const witness of witnesses) witness.know(vkey);
	await act();
	await settled();
	const { events } = (await expect(200, gateway, "GET",
		"/api/v1/audit/events?kind=log.continue", { token: gateway.tokens.auditor })).json;
	assert.equal(events.length, 1);
	const { payload } = events[0];
	assert.deepEqual([payload.old_origin, payload.old_size, payload.old_checkpoint],
		[origin, Number(old.split("\n")[1]), old]);
	assert.ok(events[0].index >= payload.kept && payload.kept < payload.old_size);
	fs.writeFileSync(policy, fs.readFileSync(policy, "utf8").replace(here.vkey, vkey));
	await settled(); // that question was an entry, too
	const verified = await gateway.cli(gateway.tokens.auditor, "audit", "verify", "--policy",
		policy, "--state", path.join(gateway.folder, "new-state"));
	assert.equal(verified.code, 0, verified.stderr);
	const follow = ["--state", path.join(gateway.folder, "followed"), "--vkey", vkey];
	const audits = (...more) => gateway.cli(gateway.tokens.auditor, "audit", "verify",
		...follow, "--old-vkey", ...more);
	const followed = await audits(here.vkey, "--old", here.copy);
	assert.equal(followed.code, 0, followed.stderr);
	assert.match(followed.stdout, /it continues .* were lost/);
	assert.match(followed.stdout, /the entries kept are the old log's/);
	assert.equal((await audits(vkey)).code, 1, "the new key is not the old one's");
	const again = await gateway.cli("", ...words, "--origin", `${origin}/3`);
	assert.equal(again.code, 1, "a log that goes on needs no new origin");
});
