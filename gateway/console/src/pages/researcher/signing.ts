// SPDX-License-Identifier: Apache-2.0
// What is signed with a key of this browser: the terms of a model, the end of a license.
import { ask } from "../../api/client";
import { browserKeyIds, makeBrowserKey, signWith, thisBrowser } from "../../browser_keys";
import { utf8 } from "../../proof/bytes";
import { text } from "../../text/text";

export interface Signature {
  key_id: string;
  sig: string;
}

/** The first of my enrolled keys that this browser has; null: none. */
export async function keyHere(signal?: AbortSignal): Promise<string | null> {
  const [{ keys }, here] = await Promise.all([
    ask("GET /api/v1/keys", signal ? { signal } : undefined),
    browserKeyIds(),
  ]);

  return keys.find((one) => !one.revoked && here.has(one.id))?.id ?? null;
}

/** Canonical JSON of flat statements: members in order, no spaces. */
function canonical(statement: Record<string, unknown>): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(statement).sort(([a], [b]) => (a < b ? -1 : 1))),
  );
}

/** Sign with a key of this browser; without one, make and enroll it first. */
export async function signStatement(
  domain: string,
  statement: Record<string, unknown>,
): Promise<Signature> {
  const key = (await keyHere()) ?? (await makeBrowserKey(text.value.keys.nameOf(thisBrowser())));
  const sig = await signWith(key, utf8(`${domain}\n${canonical(statement)}`));

  if (sig === null) throw new Error(text.value.ask.keyGone);
  return { key_id: key, sig };
}
