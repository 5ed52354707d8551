// SPDX-License-Identifier: Apache-2.0
// Server-sent events of a POST (EventSource can only GET): one at a time, until the end or an
// abort.
import { Refusal } from "./client";

export interface ServerEvent {
  event: string;
  data: string;
  id: string;
}

function eventOf(block: string): ServerEvent | null {
  const found: ServerEvent = { event: "message", data: "", id: "" };
  const data: string[] = [];

  for (const line of block.split(/\r\n|\n|\r/)) {
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");

    if (field === "data") data.push(value);
    else if (field === "event") found.event = value;
    else if (field === "id") found.id = value;
  }
  if (!data.length) return null;
  found.data = data.join("\n");
  return found;
}

/** The events of an answer (client.ts `send`). An answer cut short throws; what came before it was
 * yielded already. */
export async function* eventsOf(answer: Response): AsyncGenerator<ServerEvent> {
  if (!answer.body) return;
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";

  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const blocks = (rest + value).split(/\r\n\r\n|\n\n|\r\r/);
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const event = eventOf(block);
        if (event) yield event;
      }
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

/** The same for the OpenAI interface: each event's JSON, up to `[DONE]`. An answer that ends
 * without it was cut short, which is a refusal of code STREAM_CUT. */
export async function* chunksOf<T>(answer: Response, stop?: AbortSignal): AsyncGenerator<T> {
  try {
    for await (const event of eventsOf(answer)) {
      if (event.data === "[DONE]") return;
      yield JSON.parse(event.data) as T;
    }
  } catch (error) {
    if (stop?.aborted || error instanceof Refusal) throw error;
  }
  throw new Refusal(0, "STREAM_CUT", "");
}
