// SPDX-License-Identifier: Apache-2.0
// A model as those see it who keep it.
import { ask, ofModel, type Reply } from "../../api/client";

export type Care = Reply<"GET /api/v1/models">["models"][number];
export type Kept = Reply<"GET /api/v1/models/{ns}/{name}">;
export type Revision = Kept["history"][number];

export const careOf = (model: string, signal: AbortSignal): Promise<Kept> =>
  ask("GET /api/v1/models/{ns}/{name}", { path: ofModel(model), signal });

export const addressOf = (model: string): string =>
  `/admin/model?name=${encodeURIComponent(model)}`;

/** What each part of the page is given. */
export interface PartProps {
  kept: Kept;
  /** The model has changed: ask for it anew. */
  again: () => void;
}
