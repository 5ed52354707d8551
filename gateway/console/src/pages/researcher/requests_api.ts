// SPDX-License-Identifier: Apache-2.0
// Access requests as their author gets them, and how their states look.
import { ask, cursorOf, send } from "../../api/client";
import type { Page } from "../../api/use";
import { text } from "../../text/text";
import type { Tone } from "../../ui/basic";

export interface StoryEvent {
  at: string;
  actor: string;
  act: string;
  from: string;
  to: string;
  reason: string;
  detail?: { changes?: string[] };
}

export interface Comment {
  id: string;
  at: string;
  person: string;
  audience: string;
  text: string;
}

export interface Clock {
  waiting_since: string;
  waiting_seconds: number;
  ahead: number;
  reminder_at?: string;
  escalation_at?: string;
  escalated_at?: string;
}

export interface AccessRequest {
  id: string;
  state: string;
  model: string;
  person: string;
  rights: string[];
  intended_use: string;
  uses: string[];
  terms_sha256?: string;
  terms_signed: boolean;
  reason: string;
  decided_by: string;
  round: number;
  waiting_since?: string;
  created: string;
  changed: string;
}

export interface WholeRequest extends AccessRequest {
  events: StoryEvent[];
  comments: Comment[];
  clock: Clock | null;
  accessors: Array<{ person: string; accepted: boolean }>;
  fields?: Record<string, string | boolean>;
  countersigned_by?: string;
  you: { own: boolean; accessor: boolean; official: boolean };
}

const PAGE = "200";
const TONES: Record<string, Tone> = {
  submitted: "info",
  returned: "warn",
  approved: "good",
  denied: "bad",
  appealed: "info",
};

export const stateTone = (state: string): Tone => TONES[state] ?? "plain";
export const stateName = (state: string): string => text.value.requests.states[state] ?? state;

/** May its author write it anew? */
export const isOpen = (one: AccessRequest): boolean =>
  one.state === "draft" || one.state === "returned";

/** A page of my requests, newest first. */
export async function requestPage(
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<Page<AccessRequest>> {
  const query = { mine: "1", limit: PAGE, cursor };
  const answer = await send("GET /api/v1/access-requests", { query, signal });
  const said = (await answer.json()) as { requests?: AccessRequest[] };

  return { rows: said.requests ?? [], next: cursorOf(answer) };
}

export const oneRequest = async (id: string, signal?: AbortSignal): Promise<WholeRequest> =>
  (await ask("GET /api/v1/access-requests/{id}", {
    path: { id },
    ...(signal ? { signal } : {}),
  })) as unknown as WholeRequest;
