// SPDX-License-Identifier: Apache-2.0
// A growing tree of RFC 6962, of which only the roots of full subtrees are kept; and whether one
// tree goes on from another (RFC 9162, section 2.1.4.2).
import { type Bytes, equal } from "./bytes";
import { nodeHash } from "./merkle";

const HEIGHTS = 52; // entries: numbers stay exact

interface Node {
  height: number;
  hash: Bytes;
}

const isPower = (n: number): boolean => 2 ** Math.round(Math.log2(n)) === n;
const half = (n: number): number => Math.floor(n / 2);

/** The height of the largest full subtree that begins at `at` and ends at `end` or before. */
export function heightAt(at: number, end: number): number {
  let height = 0;

  while (height < HEIGHTS && at % 2 ** (height + 1) === 0 && at + 2 ** (height + 1) <= end)
    height++;
  return height;
}

export class Tree {
  size = 0;
  private nodes: Node[] = []; // the highest first

  /** A leaf's hash; or, of some height, the root of a full subtree, where one may stand. */
  async append(hash: Bytes, height = 0): Promise<void> {
    let node: Node = { height, hash };
    let last = this.nodes[this.nodes.length - 1];

    if (this.size % 2 ** height !== 0) throw new Error("a subtree where none can stand");
    this.size += 2 ** height;
    while (last && last.height === node.height) {
      this.nodes.pop();
      node = { height: node.height + 1, hash: await nodeHash(last.hash, node.hash) };
      last = this.nodes[this.nodes.length - 1];
    }
    this.nodes.push(node);
  }

  /** Up to `end` by the roots of what lies between, the largest that fit. */
  async skip(end: number, roots: Bytes[]): Promise<void> {
    for (const root of roots) {
      if (this.size >= end) throw new Error("more subtrees than there is room for");
      await this.append(root, heightAt(this.size, end));
    }
    if (this.size !== end) throw new Error("subtrees are missing");
  }

  /** Of a tree that is not empty. */
  async root(): Promise<Bytes> {
    const [last, ...rest] = [...this.nodes].reverse();
    let hash = last?.hash;

    if (!hash) throw new Error("an empty tree");
    for (const node of rest) hash = await nodeHash(node.hash, hash);
    return hash;
  }
}

interface Head {
  size: number;
  root: Bytes;
}

/** Does the tree `after` begin with the tree `before`? */
export async function isConsistent(before: Head, after: Head, proof: Bytes[]): Promise<boolean> {
  const path = isPower(before.size) ? [before.root, ...proof] : proof;
  let place = before.size - 1;
  let last = after.size - 1;

  if (before.size < 1 || before.size > after.size) return false;
  if (before.size === after.size) return proof.length === 0 && equal(before.root, after.root);
  while (place % 2 === 1) {
    place = half(place);
    last = half(last);
  }
  const [first, ...rest] = path;
  let old = first;
  let fresh = first;

  if (!old || !fresh) return false;
  for (const hash of rest) {
    if (last === 0) return false;
    if (place % 2 === 1 || place === last) {
      old = await nodeHash(hash, old);
      fresh = await nodeHash(hash, fresh);
      while (place % 2 === 0 && place > 0) {
        place = half(place);
        last = half(last);
      }
    } else {
      fresh = await nodeHash(fresh, hash);
    }
    place = half(place);
    last = half(last);
  }
  return last === 0 && equal(old, before.root) && equal(fresh, after.root);
}
