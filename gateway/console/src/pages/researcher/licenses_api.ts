// SPDX-License-Identifier: Apache-2.0
// Licenses as their holder gets them, and how their states and ends look.
import { ask, cursorOf, send } from "../../api/client";
import type { Page } from "../../api/use";
import { text } from "../../text/text";
import type { Tone } from "../../ui/basic";

export interface License {
  id: string;
  model: string;
  person: string;
  state: string;
  rights: string[];
  not_before: string;
  expires: string;
  plan?: string;
  regions?: string[];
  uses?: string[];
}

export interface Renewal {
  id: string;
  license: string;
  state: string;
  reason: string;
  renewed_as?: string;
  created: string;
}

export type Quota = NonNullable<Awaited<ReturnType<typeof usageOf>>["limits"]>[number];

const PAGE = 200;
const DAY_MS = 24 * 3600 * 1000;
const SOON_DAYS = 14;
const TONES: Record<string, Tone> = { active: "good", suspended: "bad", revoked: "bad" };

export const licenseTone = (state: string): Tone => TONES[state] ?? "plain";
export const licenseState = (state: string): string => text.value.licenses.states[state] ?? state;

/** Whole days until it ends; 0: this is the last, or it is over. */
export const daysLeft = (one: License): number =>
  Math.max(0, Math.floor((Date.parse(one.expires) - Date.now()) / DAY_MS));

export const endsSoon = (one: License): boolean =>
  one.state === "active" && daysLeft(one) < SOON_DAYS;

/** A page of my own ones, newest first: who manages licenses would be told of all. */
export async function myLicenses(
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<Page<License>> {
  const answer = await send("GET /api/v1/licenses", {
    query: { mine: "1", limit: PAGE, cursor },
    signal,
  });
  const said = (await answer.json()) as { licenses?: License[] };

  return { rows: said.licenses ?? [], next: cursorOf(answer) };
}

export const usageOf = (signal: AbortSignal) => ask("GET /api/v1/usage", { signal });

export async function renewalsOf(license: string, signal: AbortSignal): Promise<Renewal[]> {
  const { renewals = [] } = (await ask("GET /api/v1/renewals", { signal })) as {
    renewals?: Renewal[];
  };

  return renewals.filter((one) => one.license === license);
}
