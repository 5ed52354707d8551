// SPDX-License-Identifier: Apache-2.0
// Somebody else's verifier, built: verify_log/main.go on golang.org/x/mod/sumdb.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("verify_log/", import.meta.url));
const environment = {
	...process.env,
	GO111MODULE: "off",
	GOPATH: "/usr/share/gocode",
	GOFLAGS: "",
	CGO_ENABLED: "0",
};

/** Why it cannot be built here; false: it can. */
export function whyNot() {
	if (spawnSync("go", ["version"]).error) return "go is not installed (golang-go)";
	if (!fs.existsSync("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog"))
		return "x/mod is not installed (golang-golang-x-mod-dev)";
	return false;
}

/** Its path below this folder. */
export function buildVerifier(folder) {
	const verifier = path.join(folder, "verify_log");
	const cache = path.join(folder, "go-cache");
	const built = spawnSync("go", ["build", "-o", verifier, "."], {
		cwd: source,
		env: { ...environment, GOCACHE: cache },
		encoding: "utf8",
	});
	assert.equal(built.status, 0, built.stderr);
	fs.rmSync(cache, { recursive: true });
	return verifier;
}
