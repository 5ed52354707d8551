// SPDX-License-Identifier: Apache-2.0
// All that the gateway keeps about me and lets me read, gathered into one document.
import { ask, cursorOf, Refusal, type Route, send } from "../../api/client";

type Json = Record<string, unknown>;

export interface Gathering {
  signal: AbortSignal;
  person: string;
  /** How far it is: of the receipts, which are many. */
  onProgress: (done: number, of: number) => void;
}

const AT_ONCE = 4;

/** What a part says; what may not be read stands in it as a refusal, and is no reason to stop. */
async function orRefusal<T>(part: Promise<T>): Promise<T | { refused: string }> {
  try {
    return await part;
  } catch (error) {
    if (error instanceof Refusal && [403, 404].includes(error.status))
      return { refused: error.code };
    throw error;
  }
}

/** Each page of a list, one after the other. */
async function whole(route: Route, member: string, query: Json, signal: AbortSignal) {
  const rows: Json[] = [];
  let cursor: string | undefined;

  do {
    const asked = { query: { ...query, limit: 200, cursor }, signal };
    const answer = await send(route as "GET /api/v1/receipts", asked);
    const said = (await answer.json()) as Record<string, Json[] | string | null | undefined>;
    const more = said[member];

    rows.push(...(Array.isArray(more) ? more : []));
    cursor = cursorOf(answer) ?? (typeof said.next === "string" ? said.next : undefined);
  } while (cursor);
  return rows;
}

/** Each of them by itself, a few at a time, in their order. */
async function each<T>(
  rows: Json[],
  fetchOne: (id: string) => Promise<T>,
  onProgress: (done: number, of: number) => void,
): Promise<T[]> {
  const found: T[] = [];
  let at = 0;
  const work = async () => {
    while (at < rows.length) {
      const mine = at++;
      found[mine] = await fetchOne(String(rows[mine]?.id ?? rows[mine]?.event ?? ""));
      onProgress(found.filter((one) => one !== undefined).length, rows.length);
    }
  };

  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found;
}

export async function gather({ signal, person, onProgress }: Gathering): Promise<Json> {
  const path = { id: person };
  const list = (route: Route, member: string, query: Json = {}) =>
    orRefusal(whole(route, member, query, signal));
  const requests = await whole("GET /api/v1/access-requests", "requests", { mine: "1" }, signal);
  const receipts = await whole("GET /api/v1/receipts", "receipts", {}, signal);

  return {
    v: 1,
    gateway: location.origin,
    made: new Date().toISOString(),
    person: await ask("GET /api/v1/sessions/current", { signal }),
    identities: await orRefusal(ask("GET /api/v1/persons/{id}/identities", { path, signal })),
    referees: await orRefusal(ask("GET /api/v1/persons/{id}/referees", { path, signal })),
    sessions: await orRefusal(ask("GET /api/v1/sessions", { signal })),
    tokens: await orRefusal(ask("GET /api/v1/tokens", { signal })),
    capabilities: await orRefusal(ask("GET /api/v1/capabilities", { signal })),
    keys: await orRefusal(ask("GET /api/v1/keys", { signal })),
    visas: await orRefusal(ask("GET /api/v1/visas", { signal })),
    notifications: await orRefusal(ask("GET /api/v1/notifications", { signal })),
    delegations: await orRefusal(ask("GET /api/v1/delegations", { signal })),
    requests: await each(
      requests,
      (id) => orRefusal(ask("GET /api/v1/access-requests/{id}", { path: { id }, signal })),
      () => undefined,
    ),
    licenses: await list("GET /api/v1/licenses", "licenses", { mine: "1" }),
    renewals: await orRefusal(ask("GET /api/v1/renewals", { signal })),
    recalls: await orRefusal(ask("GET /api/v1/recalls", { signal })),
    usage: await orRefusal(ask("GET /api/v1/usage", { signal })),
    acts: receipts,
    receipts: await each(
      receipts,
      (id) => orRefusal(ask("GET /api/v1/receipts/{id}", { path: { id }, signal })),
      onProgress,
    ),
  };
}
