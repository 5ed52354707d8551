// SPDX-License-Identifier: Apache-2.0
// Tokens, keys, the log: pages that everybody has.
export const tokens = {
  title: "Access tokens",
  intro: "A token is you, for programs: hf, Python, curl, openai. Give each program its own.",
  make: "New token",
  name: "What is it for?",
  nameHint: "A name by which you will know it: “laptop”, “training cluster”.",
  days: "Good for",
  dayChoices: { 7: "a week", 30: "30 days", 90: "90 days", 365: "a year" },
  rights: "Only for (nothing chosen: all that you may)",
  models: "Only for these models",
  modelsHint: "Names, one a line. Empty: all.",
  create: "Make the token",
  madeTitle: "Your new token",
  madeHelp: "Copy it now: it is shown this once, and kept nowhere.",
  list: "Your tokens",
  columns: { name: "Name", scope: "Good for", made: "Made", ends: "Ends", state: "State" },
  all: "everything you may",
  working: "works",
  ended: "ended",
  revoked: "revoked",
  revoke: "Revoke",
  revokeTitle: (name: string) => `Revoke “${name}”?`,
  revokeHelp:
    "Programs that use it are cut off at once, downloads under way included. It cannot be undone.",
  wasRevoked: "The token is revoked",
  none: "You have no token yet",
  noneHelp: "Make one, and give it to the program that asks for it.",
};

export const rights: Record<string, string> = {
  "metadata:read": "see what models there are",
  "weights:read": "download weights",
  "infer:generate": "generate text",
  "infer:embed": "embed text",
  "internals:read": "look inside",
  "adapters:write": "bring adapters",
};

export const keys = {
  title: "Keys",
  intro:
    "With a key you sign terms and requests, so that everybody can check that it was you. " +
    "A key made here stays in this browser, which cannot give it away.",
  make: "Make a key in this browser",
  made: "The key is enrolled",
  name: "Name",
  nameOf: (agent: string) => `browser (${agent})`,
  columns: { name: "Name", kind: "Kind", public: "Public key", made: "Made", state: "State" },
  kinds: { ed25519: "Ed25519", p256: "P-256", "age-x25519": "age (X25519)" },
  here: "in this browser",
  working: "works",
  revoked: "revoked",
  revoke: "Revoke",
  revokeTitle: (name: string) => `Revoke the key “${name}”?`,
  revokeHelp: "What it has signed stays signed. It signs nothing more.",
  wasRevoked: "The key is revoked",
  none: "No key is enrolled",
  noneHelp: "Make one here, or enroll one of the command line: sallyport key enroll",
};

export const log = {
  title: "The log",
  intro:
    "Whatever is done here is an entry of a log that nobody can change unseen. " +
    "This page checks it with your browser, and trusts the gateway for nothing but its key.",
  now: "As it is now",
  origin: "Name",
  size: "Entries",
  root: "Root",
  key: "Verifier key",
  keyHelp: "Keep it: with it anybody can check receipts, without this gateway.",
  signature: "Signature",
  witnesses: "Witnesses",
  noWitnesses: "none are asked to cosign",
  quorum: "Enough are",
  columns: { name: "Name", size: "Cosigned", at: "At", failures: "Failures" },
  check: "Check a receipt",
  checkHelp: "A receipt that you have saved, or the id of an event that you were part of.",
  file: "Receipt (JSON)",
  event: "Id of the event",
  verify: "Check it",
  holds: "It holds: the entry is in the log",
  fails: "It does not hold",
  unsure: "All but the signature holds",
  unsureHelp:
    "This browser cannot check Ed25519 signatures. sallyport audit receipt FILE --offline does.",
  failsHelp:
    "Keep this receipt and tell an auditor: either it was changed on its way, or the log was.",
  unreadable: "This is no receipt",
  waits: "The entry is not published yet. Try again in a few seconds.",
  steps: {
    payload: "The entry commits to exactly this content",
    row: "The row is one of its batch",
    inclusion: "The entry is under the root of the checkpoint",
    signature: "The checkpoint is signed with the log's key",
  },
  results: {
    good: "checked",
    bad: "does not hold",
    absent: "erased; the entry stands without it",
    unsupported: "this browser cannot check it",
  },
  entry: (index: string, size: string) => `entry ${index} of ${size}`,
  what: "What",
  when: "When",
  where: "Where",
  content: "Content",
};
