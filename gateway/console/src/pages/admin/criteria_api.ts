// SPDX-License-Identifier: Apache-2.0
// What the editor of criteria asks the gateway, and what it makes of the answers.
import { ask, ofModel, Refusal, type Reply } from "../../api/client";
import type { Document } from "../everybody/criteria";

export type Version = Reply<"GET /api/v1/models/{ns}/{name}/criteria/versions">["versions"][number];
export type Checked = Reply<"POST /api/v1/models/{ns}/{name}/criteria/check">;
export type Tried = Reply<"POST /api/v1/models/{ns}/{name}/criteria/test">;
export type Replayed = Reply<"POST /api/v1/policy/replay">;
export type Changed = Replayed["gains"][number];

export interface Fault {
  line: number;
  column: number;
  text: string;
}

/** What a text is: sound, or what is wrong with it. */
export interface Verdict {
  checked?: Checked;
  faults: Fault[];
}

/** What people write first comes first; the gateway keeps the canonical form, sorted by name. */
const ORDER = [
  "v",
  "name",
  "decides",
  "default",
  "rules",
  "id",
  "effect",
  "when",
  "external",
  "text",
];

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (value === null || typeof value !== "object") return value;
  const rank = ([name]: [string, unknown]) => (ORDER.indexOf(name) + 1 || ORDER.length + 1) * 2;

  return Object.fromEntries(
    Object.entries(value)
      .sort((a, b) => rank(a) - rank(b) || (a[0] < b[0] ? -1 : 1))
      .map(([name, inner]) => [name, inOrder(inner)]),
  );
}

export const written = (document: unknown): string => JSON.stringify(inOrder(document), null, 2);

export const short = (sha256: string): string => sha256.slice(0, 8);

export async function versionsOf(model: string, signal: AbortSignal): Promise<Version[]> {
  const path = ofModel(model);

  return (await ask("GET /api/v1/models/{ns}/{name}/criteria/versions", { path, signal })).versions;
}

export async function check(model: string, draft: string, signal: AbortSignal): Promise<Verdict> {
  try {
    const checked = await ask("POST /api/v1/models/{ns}/{name}/criteria/check", {
      path: ofModel(model),
      bytes: draft,
      headers: { "Content-Type": "application/json" },
      signal,
    });
    return { checked, faults: [] };
  } catch (error) {
    const faults = error instanceof Refusal && (error.said.faults as Fault[] | undefined);

    if (!faults) throw error;
    return { faults };
  }
}

export async function keep(model: string, draft: string): Promise<Version> {
  return (await ask("POST /api/v1/models/{ns}/{name}/criteria", {
    path: ofModel(model),
    bytes: draft,
    headers: { "Content-Type": "application/json" },
  })) as Version;
}

/** The document of a text that was checked; of another, none. */
export function documentOf(draft: string): Document | undefined {
  try {
    return JSON.parse(draft) as Document;
  } catch {
    return undefined;
  }
}

export const EXAMPLE: unknown = {
  v: 1,
  name: "Bona fide researchers",
  decides: false,
  default: "refer",
  rules: [
    {
      id: "blocked",
      effect: "deny",
      when: { blocked: true },
      text: "You are on the blocklist of this model.",
    },
    {
      id: "company",
      effect: "refer",
      when: { all: [{ known: "institution" }, { institution: { kind: "company" } }] },
      text: "People look at requests of companies themselves.",
    },
    {
      id: "bona-fide",
      effect: "approve",
      when: {
        claim: { type: "ResearcherStatus", by: ["so", "peer"] },
      },
      text: "Researchers whose status is verified.",
    },
  ],
};
