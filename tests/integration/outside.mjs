// SPDX-License-Identifier: Apache-2.0
// A server of somebody else that the courier may go to, and behaves as the test likes.
import fs from "node:fs";
import https from "node:https";
import path from "node:path";
import { makeCertificate } from "./hostile.mjs";
import { ask, until } from "./http.mjs";

/** HTTPS on loopback: on(path, (request, response, body) => ...); what was asked is in `asked`. */
export class Outside {
	static async start(folder, name = "outside") {
		const outside = new Outside();
		const made = makeCertificate(folder, name);

		outside.routes = new Map();
		outside.asked = [];
		outside.file = made.file;
		outside.server = https.createServer(
			{ key: made.key, cert: made.certificate },
			async (request, response) => {
				const parts = [];
				for await (const part of request) parts.push(part);
				const body = Buffer.concat(parts).toString();
				const [place] = request.url.split("?");
				outside.asked.push({
					method: request.method,
					url: request.url,
					headers: request.headers,
					body,
				});
				const route = outside.routes.get(place);
				if (!route) response.writeHead(404).end();
				else route(request, response, body);
			},
		);
		await new Promise((resolve) => outside.server.listen(0, "127.0.0.1", resolve));
		outside.port = outside.server.address().port;
		outside.url = `https://127.0.0.1:${outside.port}`;
		return outside;
	}

	on(place, route) {
		this.routes.set(place, route);
		return this.url + place;
	}

	/** Answer a value as JSON. */
	json(place, value) {
		return this.on(place, (request, response) => {
			response.setHeader("content-type", "application/json");
			response.end(JSON.stringify(value()));
		});
	}

	visits(place) {
		return this.asked.filter((one) => one.url.split("?")[0] === place).length;
	}

	close() {
		this.server.closeAllConnections?.();
		this.server.close();
	}
}

/** Let the gateway's courier go to these places ("127.0.0.1:port"), trusting these PEM files. */
export async function allowCourier(gateway, places, authorities, more = []) {
	const [old] = gateway.processesNamed("sallyport-courier");
	const file = path.join(gateway.folder, "outside-authorities.pem");

	gateway.plainConfig ??= fs.readFileSync(gateway.config, "utf8");
	fs.writeFileSync(file, authorities.map((one) => fs.readFileSync(one)).join("\n"));
	const lines = [
		`allow = ${places.join(" ")}`,
		"allow_private = yes",
		`ca_file = ${file}`,
		"stall_seconds = 2",
		...more,
	];
	const section = `\n[courier]\n${lines.join("\n")}\n`;
	fs.writeFileSync(gateway.config, gateway.plainConfig + section);
	process.kill(old.id, "SIGTERM");
	await until("another courier", 20, () => {
		const now = gateway.processesNamed("sallyport-courier");
		return now.length === 1 && now[0].id !== old.id;
	});
	// It is there when it refuses by itself, and not the edge that does not find it.
	await until("a courier that answers", 20, async () => {
		const iss = `https://probe-${Math.random()}.example`;
		const answer = await ask(gateway, "POST", "/api/v1/issuers", {
			token: gateway.tokens.admin,
			body: { iss, jku: "https://not-listed.example/jwks" },
		});
		await ask(gateway, "DELETE", `/api/v1/issuers?iss=${encodeURIComponent(iss)}`, {
			token: gateway.tokens.admin,
		});
		return /courier\.allow/.test(answer.json.error);
	});
}
