// SPDX-License-Identifier: Apache-2.0
// The log's public files (C2SP tlog-tiles), and what this browser computes out of them: the root of
// the tree with a stretch of entries hashed here, and whether the log goes on from an earlier one.
import { type Bytes, equal } from "./bytes";
import { leafHash, nodeHash } from "./merkle";
import { heightAt, Tree } from "./tree";

const WIDTH = 256; // of a tile
const HASH = 32;
const LEVEL = 8; // heights of a tile
const AHEAD = 4; // bundles on their way at once

/** Gets "tile/0/000" and the like; null: there is none. */
export type Fetch = (path: string) => Promise<Bytes | null>;

export interface Head {
  size: number;
  root: Bytes;
}

/** "x001/x234/067" */
function nameOf(n: number): string {
  const parts = [String(n % 1000).padStart(3, "0")];

  for (let rest = Math.floor(n / 1000); rest > 0; rest = Math.floor(rest / 1000))
    parts.unshift(`x${String(rest % 1000).padStart(3, "0")}`);
  return parts.join("/");
}

export class Tiles {
  private kept = new Map<string, Promise<Bytes>>();

  constructor(
    private readonly get: Fetch,
    readonly size: number,
  ) {}

  /** How many hashes a level's tile has in this tree. */
  private widthOf(height: number, tile: number): number {
    return Math.min(WIDTH, Math.floor(this.size / 2 ** height) - tile * WIDTH);
  }

  /** A part of a tile may be gone once the whole is there. */
  private async file(path: string, width: number): Promise<Bytes> {
    const found =
      (width < WIDTH ? await this.get(`${path}.p/${width}`) : null) ?? (await this.get(path));

    if (!found) throw new Error(`the log does not have ${path}`);
    return found;
  }

  private tile(level: number, tile: number): Promise<Bytes> {
    const path = `tile/${level}/${nameOf(tile)}`;
    const width = this.widthOf(level * LEVEL, tile);
    const found =
      this.kept.get(path) ??
      this.file(path, width).then((bytes) => {
        if (bytes.length < width * HASH) throw new Error(`${path} is cut short`);
        return bytes;
      });

    this.kept.set(path, found);
    return found;
  }

  /** The root of the full subtree of that height that begins at `at`. */
  async subtree(at: number, height: number): Promise<Bytes> {
    const level = Math.floor(height / LEVEL);
    const first = at / 2 ** (level * LEVEL);
    const tile = Math.floor(first / WIDTH);
    const bytes = await this.tile(level, tile);
    const begin = (first - tile * WIDTH) * HASH;
    let row = Array.from({ length: 2 ** (height - level * LEVEL) }, (_, i) =>
      bytes.slice(begin + i * HASH, begin + (i + 1) * HASH),
    );

    while (row.length > 1)
      row = await Promise.all(
        Array.from({ length: row.length / 2 }, (_, i) =>
          nodeHash(row[2 * i] as Bytes, row[2 * i + 1] as Bytes),
        ),
      );
    return row[0] as Bytes;
  }

  /** Let `tree` grow to `end` by what the tiles say. */
  async grow(tree: Tree, end: number): Promise<void> {
    while (tree.size < end) {
      const height = heightAt(tree.size, end);
      await tree.append(await this.subtree(tree.size, height), height);
    }
  }

  /** The entries of a bundle, as they were written. */
  async bundle(n: number): Promise<string[]> {
    const width = this.widthOf(0, n);
    const bytes = await this.file(`tile/entries/${nameOf(n)}`, width);
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    const found: string[] = [];
    let at = 0;

    while (found.length < width) {
      const size = (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
      if (at + 2 + size > bytes.length) throw new Error(`bundle ${n} is cut short`);
      found.push(decoder.decode(bytes.subarray(at + 2, at + 2 + size)));
      at += 2 + size;
    }
    return found;
  }
}

export interface Stretch {
  /** Entries [from, end). */
  from: number;
  end: number;
}

interface Watching {
  /** Each entry of the stretch, once it is hashed. */
  onEntry?: (index: number, entry: string) => void;
  onProgress?: (done: number, of: number) => void;
  signal?: AbortSignal;
}

/** Hash every entry of the stretch here, and say whether the tree with these leaves has the root of
 * `head`. Left and right of it the tiles are believed as far as they lead to that root. */
export async function isStretchUnder(
  head: Head,
  { from, end }: Stretch,
  tiles: Tiles,
  { onEntry, onProgress, signal }: Watching = {},
): Promise<boolean> {
  const tree = new Tree();
  const last = Math.ceil(end / WIDTH);
  const coming: Array<Promise<string[]>> = [];
  let next = Math.floor(from / WIDTH);

  if (!(from >= 0 && from < end && end <= head.size)) throw new Error("no such entries");
  await tiles.grow(tree, from);
  for (let n = next; n < last; n++) {
    signal?.throwIfAborted();
    for (; next < last && next < n + AHEAD; next++) {
      const bundle = tiles.bundle(next);
      bundle.catch(() => undefined); // thrown where it is waited for
      coming.push(bundle);
    }
    const entries = (await coming.shift()) ?? [];
    const hashes = await Promise.all(entries.map(leafHash));
    for (const [i, hash] of hashes.entries()) {
      const index = n * WIDTH + i;
      if (index < from || index >= end) continue;
      await tree.append(hash);
      onEntry?.(index, entries[i] ?? "");
    }
    onProgress?.(Math.min(end, (n + 1) * WIDTH) - from, end - from);
  }
  await tiles.grow(tree, head.size);
  return equal(await tree.root(), head.root);
}

/** Does the log go on from `before`? All tiles lead to the root of `after`. */
export async function goesOn(before: Head, after: Head, tiles: Tiles): Promise<boolean> {
  const tree = new Tree();

  if (before.size > after.size) return false;
  if (before.size === 0) return true;
  await tiles.grow(tree, before.size);
  if (!equal(await tree.root(), before.root)) return false;
  await tiles.grow(tree, after.size);
  return equal(await tree.root(), after.root);
}
