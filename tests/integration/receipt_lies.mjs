// SPDX-License-Identifier: Apache-2.0
// Each way in which a receipt of a download can be false: what it is, how it is made of a true one,
// and what our verifier says of it.
const lie = (member, from, to) => (one) => ({ ...one, [member]: one[member].replace(from, to) });
const set = (member, value) => (one) => ({ ...one, [member]: value });
export const lies = [
	["another payload", lie("payload", "config", "konfig"), /does not commit to this payload/],
	["another entry", lie("entry", "key.release", "key.releasf"), /does not lead to the root/],
	["no entry", ({ entry, ...one }) => one, /entry/],
	["another index", lie("proof", /^index \d+$/m, "index 1"), /inclusion proof/],
	["an index behind the log", lie("proof", /^index \d+$/m, "index 99999"), /99999 is not/],
	["another nonce", set("nonce", Buffer.alloc(32).toString("base64")), /"extra"/],
	["another extra", lie("proof", /^extra .*$/m, `extra ${"A".repeat(43)}=`), /"extra"/],
	["a short nonce", set("nonce", "AAAA"), /nonce is not base64 of 32/],
	["no proof", lie("proof", /^c2sp/, "C2SP"), /first line is not c2sp.org/],
	["a hash fewer", lie("proof", /^(index \d+\n).*\n/m, "$1"), /inclusion proof/],
	["a larger log", lie("proof", /\n(\d+)\n(?=.{44}\n\n)/, "\n9$1\n"), /signature/],
	["another log", lie("proof", /\n\n[^\n]+\n/, "\n\nexample.com/log\n"), /no key of the log/],
];
