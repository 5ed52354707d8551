// SPDX-License-Identifier: Apache-2.0
// Client certificates that an institution requires of its members: whose certificate counts, over
// which connection, and from when.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import fs from "node:fs";
import http2 from "node:http2";
import https from "node:https";
import path from "node:path";
import test from "node:test";
import tls from "node:tls";
import { gatewayForThisFile } from "./gateway.mjs";
import { ask, expect } from "./http.mjs";
import { addOperator, addPerson, freshName, licensedPerson } from "./people.mjs";

let folder;
const pem = (name) => path.join(folder, `${name}.pem`);
const openssl = (...words) => execFileSync("openssl", words, { stdio: "pipe" });
const newKey = (name) => [
	"-newkey",
	"ec",
	"-pkeyopt",
	"ec_paramgen_curve:P-256",
	"-nodes",
	"-keyout",
	path.join(folder, `${name}.key`),
];

function makeAuthority(name) {
	openssl(
		"req",
		"-x509",
		...newKey(name),
		"-out",
		pem(name),
		"-days",
		"30",
		"-subj",
		`/CN=${name}`,
		"-addext",
		"keyUsage=critical,keyCertSign,cRLSign",
	);
}

/** Days below 0: it has ended. No authority: signed by itself. */
function makeClient(name, authority, { organization = "University of X", days = 7 } = {}) {
	const subject = `/O=${organization}/CN=somebody`;
	if (!authority) {
		openssl(
			"req",
			"-x509",
			...newKey(name),
			"-out",
			pem(name),
			"-days",
			"7",
			"-subj",
			subject,
		);
		return;
	}
	const request = path.join(folder, `${name}.csr`);
	openssl("req", ...newKey(name), "-new", "-out", request, "-subj", subject);
	openssl(
		"x509",
		"-req",
		"-in",
		request,
		"-CA",
		pem(authority),
		"-CAkey",
		path.join(folder, `${authority}.key`),
		"-CAcreateserial",
		"-out",
		pem(name),
		"-days",
		String(days),
	);
}

function makeCertificates() {
	for (const authority of ["good-ca", "other-ca", "foreign-ca"])
		makeAuthority(authority);
	makeClient("right", "good-ca");
	makeClient("wrong-organization", "good-ca", { organization: "University of Y" });
	makeClient("ended", "good-ca", { days: -1 });
	makeClient("other", "other-ca");
	makeClient("foreign", "foreign-ca");
	makeClient("self-signed");
	fs.writeFileSync(
		pem("client-ca"),
		Buffer.concat(
			["good-ca", "other-ca"].map((name) => fs.readFileSync(pem(name))),
		),
	);
}

const fingerprint = (name) =>
	new X509Certificate(fs.readFileSync(pem(name))).fingerprint256
		.replaceAll(":", "")
		.toLowerCase();
const identity = (name) =>
	name
		? {
				cert: fs.readFileSync(pem(name)),
				key: fs.readFileSync(path.join(folder, `${name}.key`)),
			}
		: {};

const here = gatewayForThisFile(async (gateway, holder) => {
	folder = fs.mkdtempSync(path.join(gateway.folder, "certificates-"));
	fs.chmodSync(folder, 0o755);
	makeCertificates();
	for (const file of fs.readdirSync(folder))
		fs.chmodSync(path.join(folder, file), 0o644);
	await gateway.serveWith({ client_ca: pem("client-ca") });
	holder.operator = await addOperator(gateway);
});

/** The gateway, over connections with this certificate. */
function over(name, more = {}) {
	const agent = new https.Agent({
		ca: here.gateway.ca,
		keepAlive: true,
		...identity(name),
		...more,
	});
	return { url: here.gateway.url, agent };
}

const manage = (method, target, body) =>
	ask(here.gateway, method, target, { token: here.operator.token, body });

async function addInstitution(...members) {
	const made = await manage("POST", "/api/v1/institutions", {
		name: freshName("University of X"),
		kind: "university",
	});
	assert.equal(made.status, 201, made.text);
	const target = `/api/v1/institutions/${made.json.id}`;
	for (const person of members)
		assert.equal(
			(await manage("POST", `${target}/members`, { person: person.id }))
				.status,
			201,
		);
	return target;
}

async function require_(target, authority, more = {}) {
	const answer = await manage("PUT", `${target}/certificate`, {
		issuer_sha256: fingerprint(authority),
		required: true,
		...more,
	});
	assert.equal(answer.status, 200, answer.text);
	return answer.json;
}

const file = () => `/${here.gateway.model}/resolve/main/config.json`;
const whoami = (gateway, token) => ask(gateway, "GET", "/api/whoami-v2", { token });
const record = async (answer, token) =>
	(
		await expect(
			200,
			over("right"),
			"GET",
			`/api/v1/decisions/${answer.headers["x-request-id"]}`,
			{ token },
		)
	).json;

test("members count over connections with the certificate that fits, and only there", async () => {
	const { person } = await licensedPerson(here.gateway, here.gateway.model, [
		"weights:read",
	]);
	const target = await addInstitution(person);
	const read = (name) => ask(over(name), "GET", file(), { token: person.token });

	assert.equal((await read()).status, 200); // nothing is required yet
	await require_(target, "good-ca", { organization: "University of X" });
	for (const name of [undefined, "other", "wrong-organization"]) {
		const refused = await read(name);
		assert.equal(refused.status, 403, `${name}: ${refused.text}`);
		const elsewhere = await ask(over(name), "GET", "/api/v1/keys", {
			token: person.token,
		});
		assert.deepEqual(
			[elsewhere.status, elsewhere.json.code],
			[403, "CERTIFICATE_NEEDED"],
		);
		assert.equal((await whoami(over(name), person.token)).status, 403);
	}
	const allowed = await read("right");
	assert.equal(allowed.status, 200, allowed.text);
	assert.equal((await whoami(over("right"), person.token)).status, 200);
	// What was remembered for the connection with one counts for none without.
	assert.equal((await read()).status, 403);
	assert.equal((await read("right")).status, 200);
	assert.equal((await whoami(over(), here.operator.token)).status, 200); // no member
});

test("the decision tells of the certificate, and replays to the same", async () => {
	const { person } = await licensedPerson(here.gateway, here.gateway.model, [
		"weights:read",
	]);
	await require_(await addInstitution(person), "good-ca");
	const read = (name) => ask(over(name), "GET", file(), { token: person.token });
	const refused = await record(await read("other"), person.token);
	const allowed = await record(await read("right"), person.token);

	assert.deepEqual(
		[refused.code, refused.rule, refused.facts.certificate],
		["CERTIFICATE_NEEDED", "person.certificate", "missing"],
	);
	assert.equal(refused.client_certificate_sha256, fingerprint("other"));
	assert.deepEqual([allowed.code, allowed.facts.certificate], ["OK", "fits"]);
	assert.equal(allowed.client_certificate_sha256, fingerprint("right"));
	assert.ok(!JSON.stringify(allowed).includes("somebody"));
	const replay = await expect(
		200,
		here.gateway,
		"POST",
		"/api/v1/policy/replay/decisions",
		{
			token: here.gateway.tokens.auditor,
			body: {},
		},
	);
	assert.equal(replay.json.different, 0, replay.text);
	assert.equal(replay.json.unreadable, 0, replay.text);
});

test("a certificate that does not verify ends the handshake with its alert", async () => {
	const alerts = {
		ended: /CERTIFICATE_EXPIRED/i,
		foreign: /UNKNOWN_CA/i,
		"self-signed": /UNKNOWN_CA|BAD_CERTIFICATE/i,
	};

	for (const [name, alert] of Object.entries(alerts))
		for (const version of ["TLSv1.2", "TLSv1.3"])
			await assert.rejects(
				whoami(
					over(name, {
						minVersion: version,
						maxVersion: version,
					}),
					here.operator.token,
				),
				(error) =>
					alert.test(error.code) ||
					alert.test(error.message.replaceAll(" ", "_")) ||
					assert.fail(
						`${name}: ${error.code} ${error.message}`,
					),
			);
});

test("a member of two institutions needs what both require", async () => {
	const person = await addPerson(here.gateway);
	const first = await addInstitution(person);
	const second = await addInstitution(person);

	await require_(first, "good-ca");
	await require_(second, "good-ca", { organization: "University of X" });
	assert.equal((await whoami(over("right"), person.token)).status, 200);
	assert.equal((await whoami(over("wrong-organization"), person.token)).status, 403);
	await require_(second, "other-ca");
	assert.equal((await whoami(over("right"), person.token)).status, 403);
	await require_(second, "other-ca", { required: false });
	assert.equal((await whoami(over("right"), person.token)).status, 200);
	const gone = await manage("DELETE", `${first}/certificate`);
	assert.equal(gone.status, 204, gone.text);
	assert.equal((await whoami(over(), person.token)).status, 200);
	assert.equal((await manage("DELETE", `${first}/certificate`)).status, 404);
});

test("on an open connection the next request counts, with HTTP/2 too", async () => {
	const person = await addPerson(here.gateway);
	const target = await addInstitution(person);
	const open = (name) =>
		http2.connect(here.gateway.url, { ca: here.gateway.ca, ...identity(name) });
	const status = (session) =>
		new Promise((resolve, reject) => {
			const stream = session.request({
				":path": "/api/whoami-v2",
				authorization: `Bearer ${person.token}`,
			});
			stream.on("response", (headers) => resolve(headers[":status"]));
			stream.on("error", reject);
			stream.resume();
		});
	const bare = open();
	const right = open("right");
	const kept = over(undefined, { maxSockets: 1 });

	try {
		assert.deepEqual(
			[
				await status(bare),
				await status(right),
				(await whoami(kept, person.token)).status,
			],
			[200, 200, 200],
		);
		await require_(target, "good-ca");
		assert.deepEqual(
			[
				await status(bare),
				await status(right),
				(await whoami(kept, person.token)).status,
			],
			[403, 200, 403],
		);
	} finally {
		bare.destroy();
		right.destroy();
	}
});

test("no session is resumed, so none loses or outlives its certificate", async () => {
	const url = new URL(here.gateway.url);
	for (const version of ["TLSv1.2", "TLSv1.3"]) {
		const options = {
			host: url.hostname,
			port: url.port,
			ca: here.gateway.ca,
			...identity("right"),
			minVersion: version,
			maxVersion: version,
		};
		const meet = (session) =>
			new Promise((resolve, reject) => {
				let ticket;
				const socket = tls.connect({ ...options, session }, () =>
					socket.write(
						"GET /healthz HTTP/1.0\r\n\r\n",
					),
				);
				socket.on("session", (given) => (ticket = given));
				socket.on("error", reject);
				socket.resume();
				socket.on("end", () =>
					resolve({
						ticket: ticket ?? socket.getSession(),
						reused: socket.isSessionReused(),
					}),
				);
			});
		const first = await meet();
		assert.equal((await meet(first.ticket)).reused, false, version);
	}
});

test("those who manage persons bind institutions to the gateway's authorities", async () => {
	const member = await addPerson(here.gateway);
	const target = `${await addInstitution(member, here.operator)}/certificate`;
	const put = (body) => manage("PUT", target, body);
	const right = { issuer_sha256: fingerprint("good-ca") };

	assert.equal((await put({ issuer_sha256: fingerprint("foreign-ca") })).status, 409);
	assert.equal((await put({ issuer_sha256: "00" })).status, 400);
	assert.equal((await put({ ...right, organization: "a\nb" })).status, 400);
	assert.equal((await put({ ...right, required: "yes" })).status, 400);
	assert.equal((await manage("GET", target)).status, 404);
	assert.equal((await put({ ...right, required: true })).status, 409); // a lockout
	assert.equal(
		(
			await ask(here.gateway, "PUT", target, {
				token: member.token,
				body: right,
			})
		).status,
		403,
	);
	const cli = await here.gateway.cli(
		here.operator.token,
		"institution",
		"certificate",
		target.split("/")[4],
		"--issuer",
		pem("good-ca"),
		"--organization",
		"University of X",
	);
	assert.equal(cli.code, 0, cli.stderr);
	const set = (await manage("GET", target)).json;
	assert.deepEqual(
		[set.issuer_sha256, set.organization, set.required],
		[right.issuer_sha256, "University of X", false],
	);
	const events = await expect(
		200,
		here.gateway,
		"GET",
		"/api/v1/audit/events?kind=institution.certificate",
		{ token: here.gateway.tokens.auditor },
	);
	assert.equal(events.json.events[0].payload.issuer_sha256, right.issuer_sha256);
});

test("curl reads with the certificate, and not without", async () => {
	const { person } = await licensedPerson(here.gateway, here.gateway.model, [
		"weights:read",
	]);
	await require_(await addInstitution(person), "good-ca");
	const curl = (...words) =>
		execFileSync("curl", [
			"-sS",
			"-o",
			"/dev/null",
			"-w",
			"%{http_code}",
			"--cacert",
			here.gateway.caFile,
			"-H",
			`Authorization: Bearer ${person.token}`,
			...words,
			here.gateway.url + file(),
		]).toString();

	for (const version of ["--http1.1", "--http2"]) {
		assert.equal(curl(version), "403");
		assert.equal(
			curl(
				version,
				"--cert",
				pem("right"),
				"--key",
				path.join(folder, "right.key"),
			),
			"200",
		);
	}
});
