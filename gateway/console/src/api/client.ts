// SPDX-License-Identifier: Apache-2.0
// Asking the gateway: one typed function for all routes, and what a refusal says. The session's
// cookie goes along by itself; that a request comes from this page the browser says (Origin,
// Sec-Fetch-Site), so no token has to be carried against forgery.
import { signal } from "@preact/signals";
import type { Missing, Operations } from "./schema";

export type Route = keyof Operations;
export type Reply<R extends Route> = Operations[R]["reply"];
export type Body<R extends Route> = Operations[R] extends { body: infer B } ? B : never;
export type Query<R extends Route> = Operations[R] extends { query: infer Q } ? Q : never;

type Given<R extends Route> = (Operations[R] extends { path: infer P }
  ? { path: P }
  : { path?: undefined }) &
  (Operations[R] extends { query: infer Q } ? { query?: Q } : { query?: undefined }) &
  (Operations[R] extends { body: infer B } ? { body?: B } : { body?: undefined });

/** What may go along with any request. `headers` win over our own. */
export interface Ways {
  signal?: AbortSignal;
  headers?: Record<string, string>;
  /** Bytes to be sent as they are, in place of `body`. */
  bytes?: BodyInit;
}

type Needs<R extends Route> = Operations[R] extends { path: unknown }
  ? [given: Given<R> & Ways]
  : [given?: Given<R> & Ways];

/** A refusal of the gateway, or that it could not be reached (status 0, code UNREACHABLE). */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly missing: Missing[] = [],
    readonly requestId = "",
    readonly decision = "",
    /** Seconds to wait; 0: not said. */
    readonly retryAfter = 0,
    /** All that was said, for members that few refusals have. */
    readonly said: Record<string, unknown> = {},
  ) {
    super(message);
    this.name = "Refusal";
  }
}

/** Counts up whenever the gateway says that nobody is signed in (any more). */
export const signedOut = signal(0);

const RETRIES = 2;
const RETRY_AT_MOST_SECONDS = 10;

const pause = (seconds: number, stop?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    stop?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(stop.reason);
    });
  });

function address(route: string, path: object = {}, query: object = {}): string {
  const values = path as Record<string, unknown>;
  const filled = route.replace(/\/\{([^}.]+)(\.\.\.)?\}/g, (_, name: string) => {
    const value = String(values[name] ?? "");
    // A model without a namespace has a shorter address; a path keeps its slashes.
    if (value === "") return "";
    return "/" + value.split("/").map(encodeURIComponent).join("/");
  });
  const search = new URLSearchParams();

  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== null && value !== "") search.set(name, String(value));
  return search.size ? `${filled}?${search}` : filled;
}

async function refusalOf(answer: Response): Promise<Refusal> {
  const text = await answer.text().catch(() => "");
  let said: Record<string, unknown> = {};

  try {
    said = JSON.parse(text) as Record<string, unknown>;
  } catch {
    // Not ours: a proxy's page, or nothing. The status must do.
  }
  const error = said.error as Record<string, string> | string | undefined;
  const inner = typeof error === "object" ? error : {};
  const sentence = said.detail ?? inner.message ?? error ?? answer.statusText;

  return new Refusal(
    answer.status,
    String(said.code ?? inner.reason ?? inner.code ?? `HTTP_${answer.status}`),
    String(sentence),
    (said.missing ?? []) as Missing[],
    String(said.request_id ?? answer.headers.get("X-Request-Id") ?? ""),
    String(said.decision ?? ""),
    Number(answer.headers.get("Retry-After") ?? 0) || 0,
    said,
  );
}

/** A request whose answer is not read yet; refused, it throws. Reading ones are tried again when
 * the gateway says "later"; the others are not, since what they do may have been done. */
export async function send<R extends Route>(route: R, ...[given]: Needs<R>): Promise<Response> {
  const [method, pattern] = route.split(" ") as [string, string];
  const all = (given ?? {}) as Given<R> & Ways;
  const headers: Record<string, string> = { Accept: "application/json", ...all.headers };
  const options: RequestInit = { method, headers, credentials: "same-origin" };

  if (all.signal) options.signal = all.signal;
  if (all.bytes !== undefined) options.body = all.bytes;
  else if (all.body !== undefined) {
    headers["Content-Type"] ??= "application/json";
    options.body = JSON.stringify(all.body);
  }
  for (let tries = 0; ; tries++) {
    const answer = await fetch(
      address(pattern, all.path as object, all.query as object),
      options,
    ).catch((error: unknown) => {
      if (all.signal?.aborted) throw error;
      throw new Refusal(0, "UNREACHABLE", "");
    });

    if (answer.ok) return answer;
    const refusal = await refusalOf(answer);
    const isLater = refusal.status === 429 || refusal.status === 503;
    const wait = refusal.retryAfter;

    if (refusal.status === 401) signedOut.value++;
    if (method !== "GET" || !isLater || tries === RETRIES || !wait || wait > RETRY_AT_MOST_SECONDS)
      throw refusal;
    await pause(wait, all.signal);
  }
}

/** Ask, and read the answer: JSON as the description types it, other text as a string. */
export async function ask<R extends Route>(route: R, ...given: Needs<R>): Promise<Reply<R>> {
  const answer = await send(route, ...given);
  const kind = answer.headers.get("Content-Type") ?? "";

  if (answer.status === 204) return null as Reply<R>;
  return (await (/[/+]json/.test(kind) ? answer.json() : answer.text())) as Reply<R>;
}

/** The path of a model, from its name "ns/name" or "name". */
export function ofModel(model: string): { ns: string; name: string } {
  const [first = "", second] = model.split("/", 2);
  return second === undefined ? { ns: "", name: first } : { ns: first, name: second };
}

/** The cursor of the next page, where a list names it in a Link header. */
export function cursorOf(answer: Response): string | null {
  const link = /<([^>]+)>;\s*rel="next"/.exec(answer.headers.get("Link") ?? "")?.[1];

  return link ? new URL(link, location.href).searchParams.get("cursor") : null;
}
