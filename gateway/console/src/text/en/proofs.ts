// SPDX-License-Identifier: Apache-2.0
// What the browser proves of the log.
import { plurals } from "../plural";

const plural = plurals("en");

export const logSince = {
  title: "Since you were last here",
  first: "This browser keeps the log's checkpoint from now on, and compares with it each time.",
  seen: (count: string) => `${count} entries were seen,`,
  goesOn: "the log goes on from these",
  wrong: {
    key: "The log has another key than before",
    shorter: "The log has fewer entries than before",
    other: "The log is another one than before: entries that were there have changed",
  },
  wrongHelp:
    "Unless its operators tell you of it by another way, somebody has rewritten it. What this " +
    "browser saw is kept until you let it go.",
  forget: "Believe the log as it is now",
};

export const verify = {
  title: "Check the log",
  intro:
    "Your browser fetches the public log, hashes every entry of a stretch, computes the root of " +
    "the tree out of them, and compares it with the one that the log has signed.",
  now: "As it is now",
  newest: "Newest checkpoint",
  choose: "Which entries",
  from: "From number",
  to: "To number",
  check: "Check them",
  stop: "Stop",
  ofFilter: "What these filters find lies between",
  checking: (done: string, all: string) => `${done} of ${all} entries are hashed`,
  holds: (count: string, size: string) =>
    `All ${count} entries are in the log of ${size}, exactly as they were published`,
  fails: "These entries are not those that the log has signed",
  failsHelp: "Keep what the gateway gave you (sallyport audit export) and tell whoever runs it.",
  stretch: "Numbers",
  first: "First from",
  last: "Last from",
  kinds: "Kinds of entries",
  kind: "Kind",
  entries: "Entries",
};

export const completeness = {
  title: "Completeness",
  intro:
    "All entries of a person or of a license, and the proof that none is left out: each is in " +
    "the log, says which one it is, and names the one before it.",
  of: "Entries of",
  kinds: { actor: "a person", license: "a license" },
  id: { actor: "Person (name or id)", license: "License (id)" },
  nobody: "The log knows nobody of this name",
  badId: "This is no id of a license",
  check: "Get and check them",
  checking: (done: string, all: string) => `${done} of ${all} entries are checked`,
  holds: (count: number) =>
    plural(count, {
      one: "Nothing is left out: # entry, in the log",
      other: "Nothing is left out: # entries, each in the log and naming the one before it",
    }),
  fails: "It does not hold: something is left out or was changed",
  whys: {
    checkpoint: "The checkpoint is not one that the log has signed.",
    statement: "The gateway's statement in the log is one of something else.",
    receipt: "An entry that should prove something is not in the log.",
    place: "An entry is not in the log at the number that it is said to have.",
    commit: "An entry commits to something else than what is said.",
    batch: "A call is not in the entry that it is said to share.",
    whose: "An entry is of somebody else.",
    erased: "What an entry said is gone, and no entry says why.",
    order: "The entries come in another order than in the log.",
    chain: "An entry does not say which one it is.",
    leftOut: "An entry is left out: the next one names another before it.",
    count: "There are fewer entries than the gateway has stated in the log.",
  },
  facts: { count: "Entries", size: "Among the first", stated: "Stated in entry" },
  limit:
    "That none follows the last one is the gateway's word. It stands in the log as an entry: a " +
    "receipt that it denies proves it false.",
  bare: (count: number) =>
    plural(count, {
      one: "The first one is from before entries named the one before.",
      other: "The first # are from before entries named the one before.",
    }),
  erased: (count: number) =>
    plural(count, {
      one: "What one of them said was erased, as an entry of the log says.",
      other: "What # of them said was erased, as entries of the log say.",
    }),
  list: "The entries",
  columns: { place: "Number", kind: "Kind", at: "When", state: "State" },
  isErased: "erased",
  save: "Save the proof",
  saveHelp: "sallyport audit verify --from FILE checks the saved proof without this gateway.",
};
