// SPDX-License-Identifier: Apache-2.0
// Bytes, their texts, and the one digest. Of the browser only WebCrypto is used.

export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();

export const utf8 = (text: string): Bytes => encoder.encode(text);

/** Standard or URL alphabet, with or without padding; throws on anything else. */
export function fromBase64(text: string): Bytes {
  const plain = text.replaceAll("-", "+").replaceAll("_", "/");

  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(plain)) throw new Error("not base64");
  return Uint8Array.from(atob(plain), (character) => character.charCodeAt(0));
}

export const toBase64 = (bytes: Bytes): string => btoa(String.fromCharCode(...bytes));

export const toHex = (bytes: Bytes): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export function join(...parts: Bytes[]): Bytes {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;

  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export const equal = (a: Bytes, b: Bytes): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

export const sha256 = async (bytes: Bytes): Promise<Bytes> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

export async function hmacSha256(secret: Bytes, bytes: Bytes): Promise<Bytes> {
  const how = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", secret, how, false, ["sign"]);

  return new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes));
}
