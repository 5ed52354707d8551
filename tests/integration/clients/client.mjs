// SPDX-License-Identifier: Apache-2.0
// A client library in a process of its own (host.mjs), which trusts the gateway's CA by
// NODE_EXTRA_CA_CERTS: nothing of the library is changed, and nothing of Node's fetch.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

const host = fileURLToPath(new URL("host.mjs", import.meta.url));

export class ClientProcess {
	#waiting = new Map();
	#next = 1;

	/** `library`: the name of a package, or the path of a module. */
	static async start(gateway, library, environment = {}) {
		const client = new ClientProcess();
		const child = fork(host, [library], {
			serialization: "advanced",
			execArgv: [],
			stdio: ["ignore", "ignore", "inherit", "ipc"], // it talks
			env: {
				...process.env,
				NODE_EXTRA_CA_CERTS: gateway.caFile,
				HOME: gateway.folder,
				...environment,
			},
		});
		client.child = child;
		await new Promise((resolve, reject) => {
			child.on("message", (message) =>
				message.ready ? resolve() : client.#settle(message),
			);
			child.once("exit", (code) => {
				const error = new Error(`the process of ${library} ended: ${code}`);
				reject(error);
				for (const { reject: fail } of client.#waiting.values())
					fail(error);
			});
		});
		return client;
	}

	#settle({ id, value, error }) {
		const { resolve, reject } = this.#waiting.get(id);

		this.#waiting.delete(id);
		if (error) reject(Object.assign(new Error(error.message), error));
		else resolve(value);
	}

	/** Call an export with these parameters; `slices` of a Blob: [[from, to], ...]. */
	call(name, params, slices) {
		const id = this.#next++;

		return new Promise((resolve, reject) => {
			this.#waiting.set(id, { resolve, reject });
			this.child.send({ id, call: name, params, slices });
		});
	}

	stop() {
		const ended = new Promise((resolve) => this.child.once("exit", resolve));

		this.child.disconnect(); // it has nothing else to wait for
		return ended;
	}
}
