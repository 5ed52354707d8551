// SPDX-License-Identifier: Apache-2.0
// Who is signed in, and what they may do here. The gateway decides each act anew; this only chooses
// what is shown.
import { computed, effect, signal } from "@preact/signals";
import { ask, Refusal, type Reply, signedOut } from "./api/client";

export type Me = Reply<"GET /api/v1/sessions/current">;
export type OfficeName =
  | "requests:decide"
  | "requests:handle"
  | "licenses:manage"
  | "models:manage"
  | "persons:manage"
  | "keys:manage"
  | "safety:review"
  | "audit:read";

/** undefined: not known yet; null: nobody. */
export const me = signal<Me | null | undefined>(undefined);
/** True once a session has ended under the reader's hands: the page stays, and asks to sign in. */
export const hasEnded = signal(false);

export const offices = computed(
  () => new Set((me.value?.person?.held ?? []).map((one) => one.office as OfficeName)),
);

/** Does this person hold one of these offices, for whatever models? */
export const holds = (...names: OfficeName[]): boolean =>
  names.some((name) => offices.value.has(name));

export type Role = "researcher" | "administrator" | "auditor";

/** What somebody does here in the first place: their home page is made of these. */
export const roles = computed((): Role[] => {
  const found: Role[] = ["researcher"];

  if (
    holds(
      "requests:decide",
      "requests:handle",
      "licenses:manage",
      "models:manage",
      "persons:manage",
      "keys:manage",
      "safety:review",
    )
  )
    found.push("administrator");
  if (holds("audit:read")) found.push("auditor");
  return found;
});

/** Ask who is signed in. That nobody is, is an answer, too. */
export async function findMe(): Promise<void> {
  try {
    const found = await ask("GET /api/v1/sessions/current");
    if (me.value && found.person?.id !== me.value.person?.id) location.reload();
    me.value = found;
    hasEnded.value = false;
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 401) throw error;
    if (me.value === undefined) me.value = null;
  }
}

export async function signOut(): Promise<void> {
  await ask("DELETE /api/v1/sessions").catch((error: unknown) => {
    if (!(error instanceof Refusal) || error.status !== 401) throw error;
  });
  location.assign("/");
}

effect(() => {
  if (signedOut.value > 0 && me.peek()) hasEnded.value = true;
});
