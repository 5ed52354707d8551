// SPDX-License-Identifier: Apache-2.0
// The tree of RFC 6962: hashes of leaves and nodes, and whether a leaf is under a root (RFC 9162,
// section 2.1.3.2).
import { type Bytes, equal, join, sha256, utf8 } from "./bytes";

const LEAF = new Uint8Array([0]);
const NODE = new Uint8Array([1]);
const MOST = 2 ** 52; // entries: numbers stay exact, with room to add

export const leafHash = (entry: string): Promise<Bytes> => sha256(join(LEAF, utf8(entry)));
export const nodeHash = (left: Bytes, right: Bytes): Promise<Bytes> =>
  sha256(join(NODE, left, right));

const half = (n: number): number => Math.floor(n / 2);

/** Is this the leaf number `index` of the tree with `size` leaves and that root? */
export async function isIncluded(
  index: number,
  size: number,
  leaf: Bytes,
  path: Bytes[],
  root: Bytes,
): Promise<boolean> {
  let place = index;
  let last = size - 1;
  let hash = leaf;

  if (!Number.isSafeInteger(index) || !(index >= 0 && index < size && size < MOST)) return false;
  for (const sibling of path) {
    if (last === 0) return false;
    if (place % 2 === 1 || place === last) {
      hash = await nodeHash(sibling, hash);
      while (place % 2 === 0 && place > 0) {
        place = half(place);
        last = half(last);
      }
    } else {
      hash = await nodeHash(hash, sibling);
    }
    place = half(place);
    last = half(last);
  }
  return last === 0 && equal(hash, root);
}
