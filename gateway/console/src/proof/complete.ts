// SPDX-License-Identifier: Apache-2.0
// Are these all entries of a license or of a person? Each lies in the log, commits to a payload
// that names the one before it and how many there were, and the gateway has stated in an entry
// which is the last.
import { type Bytes, fromBase64 } from "./bytes";
import { isIncluded, leafHash } from "./merkle";
import { type Checkpoint, isSigned, readCheckpoint, readKey, type Signed } from "./note";
import { type Bound, commits, type Receipt, readProof, verifyReceipt } from "./receipt";

type Index = number | [index: number, row: number];

interface Level extends Bound {
  erased?: { by: number | null };
  chain?: string | null;
}

export interface CompleteLine extends Level {
  index: number;
  path: string[];
  row?: Level & { index: number; path: string[] };
}

interface Head {
  checkpoint: string;
  of: "license" | "actor";
  id: string;
  size: number;
  count: number;
  last?: Index;
  statement: Receipt;
}

interface Link {
  n: number;
  prev: Index | null;
}

export interface Found {
  /** Where it stands: "12", or "12.3" for a row of a batch. */
  place: string;
  kind: string;
  at: string;
  id: string;
  isErased: boolean;
}

export interface Completeness {
  of: "license" | "actor";
  id: string;
  size: number;
  count: number;
  /** The number of the entry in which the gateway says so. */
  statedAt: number;
  /** Entries from before each named the one before it; their number alone is told. */
  bare: number;
  erased: number;
  signature: Signed;
  entries: Found[];
}

type Place = [index: number, row: number];

const placeOf = (index: Index): Place => (Array.isArray(index) ? index : [index, -1]);
const compare = (a: Place, b: Place): number => a[0] - b[0] || a[1] - b[1];
const written = ([index, row]: Place): string => (row < 0 ? String(index) : `${index}.${row}`);

export type Why =
  | "checkpoint" // not signed, or of another tree
  | "statement"
  | "receipt"
  | "place" // not in the log
  | "commit" // another payload
  | "batch"
  | "whose"
  | "erased"
  | "order"
  | "chain" // does not say which one it is
  | "leftOut"
  | "count";

/** What is wrong with an answer. */
export class Incomplete extends Error {
  constructor(readonly why: Why) {
    super(why);
  }
}

function need(fact: unknown, why: Why): asserts fact {
  if (!fact) throw new Incomplete(why);
}

export class Walk {
  private head!: Head;
  private checkpoint!: Checkpoint;
  private signature: Signed = "bad";
  private statedAt = 0;
  private last: Place | undefined;
  private isChained = false;
  private erasure: { by: number | null; ranges: Array<[Index, Index]> } = { by: null, ranges: [] };
  private readonly entries: Found[] = [];
  private bare = 0;
  private erased = 0;

  constructor(private readonly vkey: string) {}

  async begin(head: Head): Promise<void> {
    this.head = head;
    this.checkpoint = readCheckpoint(head.checkpoint);
    this.signature = await isSigned(this.checkpoint, await readKey(this.vkey));
    need(this.signature !== "bad", "checkpoint");
    need(head.size === this.checkpoint.size, "checkpoint");
    await this.checkReceipt(head.statement);
    const said = JSON.parse(head.statement.payload ?? "{}") as Record<string, unknown>;
    const { ev } = JSON.parse(head.statement.entry) as { ev: string };
    this.statedAt = readProof(head.statement.proof).index;
    need(
      ev === "audit.query" && said.read === "completeness" && this.statedAt >= head.size,
      "statement",
    );
    for (const name of ["of", "id", "size", "count"] as const)
      need(said[name] === head[name], "statement");
    if (head.count)
      need(
        head.last !== undefined && JSON.stringify(said.last) === JSON.stringify(head.last),
        "statement",
      );
  }

  private async checkReceipt(receipt: Receipt): Promise<void> {
    const { steps } = await verifyReceipt(receipt, this.vkey);

    need(!receipt.row, "receipt");
    need(
      steps.every(({ result }) => result === "good" || result === "unsupported"),
      "receipt",
    );
  }

  private async isUnder(leaf: string, index: number, size: number, path: string[], root: Bytes) {
    return isIncluded(index, size, await leafHash(leaf), path.map(fromBase64), root);
  }

  /** The entry, or the row of a batch that it is. */
  private async levelOf(line: CompleteLine): Promise<[Place, Level]> {
    const { size, root } = this.checkpoint;

    need(await this.isUnder(line.entry, line.index, size, line.path, root), "place");
    if (!line.row) return [[line.index, -1], line];
    need((await commits(line)) === "good", "commit");
    const batch = JSON.parse(line.payload ?? "{}") as { count: number; root: string };
    const { ev } = JSON.parse(line.entry) as { ev: string };
    const { row } = line;
    const top = fromBase64(batch.root);
    need(
      ev === "usage.batch" &&
        (await this.isUnder(row.entry, row.index, batch.count, row.path, top)),
      "batch",
    );
    return [[line.index, row.index], row];
  }

  private isNamedErased(here: Place): boolean {
    return this.erasure.ranges.some(
      ([from, to]) =>
        compare(placeOf(from), here) <= 0 &&
        compare(here, placeOf(to)) <= 0 &&
        Array.isArray(from) === here[1] >= 0,
    );
  }

  private async linkOf(here: Place, level: Level): Promise<Link | undefined> {
    const { of, id } = this.head;

    if (!level.erased) {
      need((await commits(level)) === "good", "commit");
      const said = JSON.parse(level.payload ?? "{}") as {
        license?: string;
        actor?: { id?: string };
        chain?: Partial<Record<string, Link>>;
      };
      need((of === "license" ? said.license : said.actor?.id) === id, "whose");
      return said.chain?.[of];
    }
    need(level.erased.by === this.erasure.by && this.isNamedErased(here), "erased");
    this.erased++;
    const chain = JSON.parse(level.chain || "{}") as Partial<Record<string, Link>>;
    return chain[of];
  }

  private async takeErasure(receipt: Receipt): Promise<void> {
    await this.checkReceipt(receipt);
    const { ev } = JSON.parse(receipt.entry) as { ev: string };
    const { ranges } = JSON.parse(receipt.payload ?? "{}") as { ranges: Array<[Index, Index]> };
    need(ev === "erasure.run" || ev === "retention.run", "erased");
    this.erasure = { by: readProof(receipt.proof).index, ranges };
  }

  async take(line: CompleteLine | { erasure: Receipt }): Promise<void> {
    if ("erasure" in line) {
      await this.takeErasure(line.erasure);
      return;
    }
    const [here, level] = await this.levelOf(line);
    const link = await this.linkOf(here, level);
    const before = this.last;

    need(!before || compare(before, here) < 0, "order");
    need(link || !this.isChained, "chain");
    if (link) {
      const named = link.prev === null ? undefined : placeOf(link.prev);
      need(link.n === this.entries.length + 1, "leftOut");
      need(named === undefined ? !before : before && compare(named, before) === 0, "leftOut");
      this.isChained = true;
    } else this.bare++;
    const { ev, t, id } = JSON.parse(level.entry) as { ev: string; t: string; id: string };
    this.entries.push({
      place: written(here),
      kind: ev,
      at: t,
      id,
      isErased: Boolean(level.erased),
    });
    this.last = here;
  }

  get taken(): number {
    return this.entries.length;
  }

  end(count: number): Completeness {
    const { of, id, size, last } = this.head;

    need(count === this.head.count && count === this.entries.length, "count");
    need(count === 0 || (this.last && last && compare(this.last, placeOf(last)) === 0), "count");
    return {
      ...{ of, id, size, count, statedAt: this.statedAt, bare: this.bare, erased: this.erased },
      signature: this.signature,
      entries: this.entries,
    };
  }
}
