// SPDX-License-Identifier: Apache-2.0
// Numbers, sizes and times in the reader's language and zone.
import { language } from "./text";

const MINUTE = 60,
  HOUR = 60 * MINUTE,
  DAY = 24 * HOUR,
  MONTH = 30 * DAY,
  YEAR = 365 * DAY;
const kept = new Map<string, unknown>();

function remembered<T>(key: string, make: () => T): T {
  const name = `${language.value} ${key}`;

  if (!kept.has(name)) kept.set(name, make());
  return kept.get(name) as T;
}

export const number = (value: number, options: Intl.NumberFormatOptions = {}): string =>
  remembered(
    `n${JSON.stringify(options)}`,
    () => new Intl.NumberFormat(language.value, options),
  ).format(value);

export const percent = (part: number): string =>
  number(part, { style: "percent", maximumFractionDigits: 1 });

export function bytes(count: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
  const at = Math.min(units.length - 1, count < 1 ? 0 : Math.floor(Math.log10(count) / 3));

  return number(count / 1000 ** at, {
    style: "unit",
    unit: units[at],
    unitDisplay: at ? "short" : "long",
    maximumFractionDigits: at ? 1 : 0,
  });
}

const dates = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
  remembered(`d${JSON.stringify(options)}`, () => new Intl.DateTimeFormat(language.value, options));

export const date = (at: Date): string => dates({ dateStyle: "medium" }).format(at);
export const dateTime = (at: Date): string =>
  dates({ dateStyle: "medium", timeStyle: "short" }).format(at);
export const utc = (at: Date): string => at.toISOString().replace("T", " ").replace("Z", " UTC");

const steps: Array<[Intl.RelativeTimeFormatUnit, number]> = [
  ["year", YEAR],
  ["month", MONTH],
  ["day", DAY],
  ["hour", HOUR],
  ["minute", MINUTE],
];

/** "3 days ago", "in 2 hours". */
export function relative(at: Date, now: Date = new Date()): string {
  const seconds = (at.getTime() - now.getTime()) / 1000;
  const form = remembered(
    "r",
    () => new Intl.RelativeTimeFormat(language.value, { numeric: "auto" }),
  );
  const [unit, size] = steps.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];

  return form.format(Math.trunc(seconds / size), unit);
}

/** "2 h 5 min": how long something takes. */
export function duration(seconds: number): string {
  const parts: Array<[string, number]> = [
    ["day", Math.floor(seconds / DAY)],
    ["hour", Math.floor((seconds % DAY) / HOUR)],
    ["minute", Math.floor((seconds % HOUR) / MINUTE)],
    ["second", Math.floor(seconds % MINUTE)],
  ];
  const first = Math.max(
    0,
    parts.findIndex(([, value]) => value > 0),
  );
  const shown = seconds < 1 ? parts.slice(3) : parts.slice(first, first + 2);

  return shown
    .map(([unit, value]) => number(value, { style: "unit", unit, unitDisplay: "short" }))
    .join(" ");
}
