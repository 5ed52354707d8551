// SPDX-License-Identifier: Apache-2.0
// What an auditor asks for: filters, as they stand in the address and as the gateway takes them.
import { query, setQuery } from "../../router";

export const FILTERS = [
  "text",
  "actor",
  "institution",
  "region",
  "model",
  "license",
  "kind",
  "right",
  "decision",
  "code",
  "address",
  "from",
  "to",
] as const;

export type Filter = (typeof FILTERS)[number];
export type Filters = Partial<Record<Filter, string>>;

const HOUR_MS = 3600_000;
const HOURS_SHOWN = 96; // up to here the histogram counts by hours, beyond by days

/** Those that the address holds. */
export function asked(): Filters {
  const found: Filters = {};

  for (const name of FILTERS) {
    const value = query.value.get(name);
    if (value) found[name] = value;
  }
  return found;
}

/** All filters anew: those that are not named are taken away. */
export const askFor = (filters: Filters): void =>
  setQuery(Object.fromEntries(FILTERS.map((name) => [name, filters[name]])));

/** One text for the same filters. */
export const searchOf = (filters: Filters): string =>
  new URLSearchParams(Object.entries(filters)).toString();

export const eventsHref = (filters: Filters): string => `/audit/events?${searchOf(filters)}`;

/** A stretch of time that is short enough is counted by the hour. */
export function stepOf({ from, to }: Filters): "hour" | "day" {
  if (!from) return "day";
  const end = to ? Date.parse(to) : Date.now();
  return end - Date.parse(from) <= HOURS_SHOWN * HOUR_MS ? "hour" : "day";
}

/** For <input type="datetime-local">: the reader's own clock. */
export function toLocal(iso: string | undefined): string {
  const at = new Date(iso ?? "");

  if (Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function fromLocal(local: string): string | undefined {
  const at = new Date(local);
  return Number.isNaN(at.getTime()) ? undefined : toSecond(at.getTime());
}

export const toSecond = (ms: number): string =>
  new Date(Math.round(ms / 1000) * 1000).toISOString().replace(".000Z", "Z");
