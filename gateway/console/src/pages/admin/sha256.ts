// SPDX-License-Identifier: Apache-2.0
// SHA-256 of what comes piece by piece (FIPS 180-4). WebCrypto wants all of it at once, and a file
// of weights does not fit into a page's memory.

const BLOCK = 64;

const PRIMES = Array.from({ length: 312 }, (_, n) => n).filter(
  (n) => n > 1 && !Array.from({ length: n }, (_, d) => d).some((d) => d > 1 && n % d === 0),
);
/** The first 32 bits of the fraction: so the standard defines its constants. */
const fraction = (x: number): number => Math.floor((x - Math.floor(x)) * 2 ** 32);
const K = Uint32Array.from(PRIMES.slice(0, 64), (prime) => fraction(Math.cbrt(prime)));

const turn = (x: number, by: number): number => (x >>> by) | (x << (32 - by));

export class Sha256 {
  private readonly h = Uint32Array.from(PRIMES.slice(0, 8), (p) => fraction(Math.sqrt(p)));
  private readonly w = new Uint32Array(64);
  private readonly rest = new Uint8Array(BLOCK);
  private inRest = 0;
  private size = 0;

  update(bytes: Uint8Array): this {
    let at = 0;

    this.size += bytes.length;
    if (this.inRest) {
      at = Math.min(BLOCK - this.inRest, bytes.length);
      this.rest.set(bytes.subarray(0, at), this.inRest);
      this.inRest += at;
      if (this.inRest < BLOCK) return this;
      this.block(new DataView(this.rest.buffer), 0);
      this.inRest = 0;
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (; at + BLOCK <= bytes.length; at += BLOCK) this.block(view, at);
    this.rest.set(bytes.subarray(at));
    this.inRest = bytes.length - at;
    return this;
  }

  /** In hex; nothing can be added then. */
  digest(): string {
    const bits = this.size * 8;
    const end = new Uint8Array((this.inRest < 56 ? 64 : 128) - this.inRest);
    const view = new DataView(end.buffer);

    end[0] = 0x80;
    view.setUint32(end.length - 8, Math.floor(bits / 2 ** 32));
    view.setUint32(end.length - 4, bits >>> 0);
    this.update(end);
    return Array.from(this.h, (word) => word.toString(16).padStart(8, "0")).join("");
  }

  private schedule(view: DataView, at: number): void {
    const w = this.w;

    for (let i = 0; i < 16; i++) w[i] = view.getUint32(at + 4 * i);
    for (let i = 16; i < 64; i++) {
      const a = w[i - 15]!,
        b = w[i - 2]!;
      const low = turn(a, 7) ^ turn(a, 18) ^ (a >>> 3);
      const high = turn(b, 17) ^ turn(b, 19) ^ (b >>> 10);

      w[i] = w[i - 16]! + low + w[i - 7]! + high;
    }
  }

  private block(view: DataView, at: number): void {
    const { h, w } = this;
    let a = h[0]!,
      b = h[1]!,
      c = h[2]!,
      d = h[3]!,
      e = h[4]!,
      f = h[5]!,
      g = h[6]!,
      last = h[7]!;

    this.schedule(view, at);
    for (let i = 0; i < 64; i++) {
      const one =
        (last + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i]! + w[i]!) |
        0;
      const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;

      last = g;
      g = f;
      f = e;
      e = (d + one) | 0;
      d = c;
      c = b;
      b = a;
      a = (one + two) | 0;
    }
    for (const [i, word] of [a, b, c, d, e, f, g, last].entries()) h[i] = h[i]! + word;
  }
}
