// SPDX-License-Identifier: Apache-2.0
// Keys that live in this browser: made so that even it cannot give them away, kept in IndexedDB by
// the id that the gateway gave them when they were enrolled. P-256, which every WebCrypto has.
import { ask } from "./api/client";
import { toBase64 } from "./proof/bytes";

const KIND = { name: "ECDSA", namedCurve: "P-256" } as const;
const HOW = { name: "ECDSA", hash: "SHA-256" } as const;
const STORE = "keys";

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB"));
  });
}

async function store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
  const opening = indexedDB.open("sallyport", 1);

  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  return (await done(opening)).transaction(STORE, mode).objectStore(STORE);
}

/** A few words on this browser, for the name of a key. */
export function thisBrowser(): string {
  const found = /(Firefox|Edg|Chrome|Safari)\/\d+/.exec(navigator.userAgent);

  return found?.[0].replace("Edg/", "Edge/").replace("/", " ") ?? navigator.platform;
}

/** Make a key, enroll it for whoever is signed in, keep it: its id. */
export async function makeBrowserKey(name: string): Promise<string> {
  const pair = await crypto.subtle.generateKey(KIND, false, ["sign", "verify"]);
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const { id = "" } = await ask("POST /api/v1/keys", {
    body: { kind: "p256", name, public: toBase64(raw) },
  });

  await done((await store("readwrite")).put(pair.privateKey, id));
  return id;
}

/** Ids of the keys that are in this browser, whoever they were made for. */
export async function browserKeyIds(): Promise<Set<string>> {
  return new Set((await done((await store("readonly")).getAllKeys())).map(String));
}

/** Sign as the gateway asks for it (base64 of r and s); null: the key is not in this browser. */
export async function signWith(id: string, bytes: BufferSource): Promise<string | null> {
  const key = (await done((await store("readonly")).get(id))) as CryptoKey | undefined;

  if (!key) return null;
  return toBase64(new Uint8Array(await crypto.subtle.sign(HOW, key, bytes)));
}

/** Forget a key that counts no more. */
export async function forgetBrowserKey(id: string): Promise<void> {
  await done((await store("readwrite")).delete(id));
}
