// SPDX-License-Identifier: Apache-2.0
// One request as the gateway tells it to those who decide: the members that its description leaves
// open.
import type { Missing, Request } from "../../api/schema";

/** What was known of the person when the request was submitted; seconds since 1970. */
export interface Claim {
  id: string;
  type: string;
  value: string;
  source: string;
  by: string;
  iss: string;
  asserted: number;
  expires: number;
}

export interface Fired {
  id: string;
  effect: string;
  counts_as: string;
  holds: "yes" | "unknown";
  text: string;
}

export interface Weighed {
  outcome: string;
  criteria?: string;
  decides?: boolean;
  default?: boolean;
  rules?: Fired[];
  missing?: Missing[];
  facts?: {
    claims: Claim[];
    country: { code: string; source: string };
    institutions: Array<{ name: string; kind: string; country: string }>;
    blocked: boolean;
    library_card: boolean;
    terms_signed: boolean;
    answers: Array<{ rule: string; answer?: string; why: string }>;
  };
}

export interface Vote {
  round: number;
  at: string;
  person: string;
  seat: string;
  vote: string;
  reason: string;
  signed: boolean;
  counts: boolean;
}

/** Somebody who may decide it by office. */
export interface Decider {
  person: string;
  conflicts: string[];
  vote?: string;
  cast_by?: string;
}

export interface Told {
  at: string;
  actor: string;
  act: string;
  to: string;
  reason: string;
}

export interface Said {
  id: string;
  at: string;
  person: string;
  audience: string;
  text: string;
}

export type RequestView = Omit<
  Request,
  "votes" | "deciders" | "reviewers" | "comments" | "events" | "accessors" | "clock" | "you"
> & {
  id: string;
  state: string;
  model: string;
  person: string;
  rights: string[];
  round: number;
  lead: string;
  institution: string;
  countersigned_by: string;
  accessors: Array<{ person: string; id: string; accepted: boolean }>;
  fields?: Record<string, unknown>;
  criteria?: Weighed;
  votes?: Vote[];
  deciders?: Decider[];
  reviewers?: string[];
  events: Told[];
  comments: Said[];
  clock: { escalation_at?: string; escalates_to?: string; escalated_at?: string } | null;
  you: { handler: boolean; decider: boolean; own: boolean; conflicts?: string[]; vote?: string };
};

export const isOpen = (request: RequestView): boolean =>
  request.state === "submitted" || request.state === "appealed";
