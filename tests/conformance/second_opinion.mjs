// SPDX-License-Identifier: Apache-2.0
// complete.py, asked from here.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("complete.py", import.meta.url));
const module = "cryptography.hazmat.primitives.asymmetric.ed25519";
const has = spawnSync("python3", ["-c", `import ${module}`]);

/** Why it cannot be asked; false: it can. */
export const noPython = has.status !== 0 && "python3-cryptography is not installed";

/** {status, said} on the answer in this file; `copy`: a folder with the log. */
export function secondOpinion(file, vkey, ...copy) {
	const done = spawnSync("python3", [script, file, vkey, ...copy], { encoding: "utf8" });
	return { status: done.status, said: done.stdout + done.stderr };
}
