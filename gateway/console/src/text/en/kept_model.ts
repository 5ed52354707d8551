// SPDX-License-Identifier: Apache-2.0
// A model in somebody's care.
import { plurals } from "../plural";

const many = plurals("en");

export const keptModel = {
  none: "No model is chosen",
  asSeen: "As others see it",
  parts: "Care of the model",
  glance: "At a glance",
  licenses: "Licenses in force",
  requests: "Open requests",
  adapters: "Adapters",
  revisions: "Revisions",
  size: "Files",
  filesOf: (files: number, size: string) =>
    `${many(files, { one: "# file", other: "# files" })}, ${size}`,
  created: "Made",
  changed: "Changed",
  reason: "Reason",
  settings: "Access",
  running: "Engines",
  end: "Stop and end",
  save: "Save",
  saved: "Saved",
  reload: "Look again",
  overtaken: "Nothing of yours was saved. Look at what is there now, and change it again.",
  gate: "Access",
  opens:
    "This opens the model to more people. Where approvers' signatures are demanded, the gateway " +
    "refuses it here, and says how to sign at the command line (sallyport model gate).",
  openPaths: "Files that anyone may read",
  openPathsHint:
    "One pattern a line. A star is any run of signs but the slash, two as a whole part any " +
    "folders. Weights are never opened by a pattern.",
  hidden: "Hidden",
  hiddenHint: "Only those whom it concerns know that it exists.",
  pickles: "Python pickles may be uploaded",
  picklesHint: "They are carried as files and never read.",
  perFile: "File by file, as it is saved",
  noFiles: "Nothing was uploaded yet.",
  open: "open to all",
  gated: "by the gate",
  weights: "weights: by the gate",
  isShredded: "This model is shredded: its keys are gone",
  current: "current",
  recalled: "recalled",
  made: "Made",
  by: "By",
  from: "After",
  firstOne: "nothing: the first",
  names: "Branches and tags",
  sealed: "All files are sealed; their key is released only against an entry of the log.",
  makeCurrent: "Make it the current one",
  makeCurrentTitle: (name: string) => `Make ${name} the current revision?`,
  makeCurrentHelp:
    "From now on this revision is what main means: for downloads without a revision, and for the " +
    "engines, which load it with the next call. No revision is lost.",
  isCurrent: (name: string) => `${name} is the current revision`,
  noRevisions: "Nothing was uploaded yet",
  noRevisionsHelp:
    "Upload files here, with hf upload, or with sallyport model import. They are sealed on the " +
    "way in.",
  inMemory: "In memory",
  needs: "It takes",
  between: (least: string, most: string) => `${least} at least, ${most} at most`,
  notCounted: "not counted yet: an engine counts when it loads it",
  free: "Free for models",
  pinned: "Pinned",
  yes: "yes",
  no: "no",
  notLoaded: "No engine has loaded it. It is loaded when it is called for.",
  notRun: "It is not run here",
  notNow: "While it is stopped no engine serves it.",
  staying: "Staying in memory",
  stayingHelp: "A pinned model is loaded at once and not put out for others.",
  pin: "Pin",
  unpin: "Unpin",
  unload: "Put out of memory",
  wasPinned: "Pinned: an engine loads it",
  wasUnpinned: "Not pinned any more",
  wasUnloaded: "Put out of memory, as soon as what runs has ended",
  bits: "Bits of a weight",
  keptIn: "Kept in memory as",
  bitsHint:
    "Counts from the next loading; downloads are not touched. Fewer bits take less memory and " +
    "are faster, and answers become a little less exact.",
  bitsNone: "as the files have them",
  bits8: "8 bits (q8_0)",
  bits4: "4 bits (q4_0)",
  bitsSet: "Counts from the next loading",
  now: "Now",
  set: "Set",
  impact: "What this ends, for good",
  endsRevisions: (n: number, size: string) =>
    `${many(n, { one: "# revision", other: "# revisions" })}, ${size}: nobody can open them again`,
  endsLicenses: (n: number) =>
    many(n, { one: "# license in force opens nothing", other: "# licenses in force open nothing" }),
  endsRequests: (n: number) =>
    many(n, { one: "# open request is in vain", other: "# open requests are in vain" }),
  endsAdapters: (n: number) =>
    many(n, { one: "# adapter is deleted", other: "# adapters are deleted" }),
  endsUploads: (n: number) =>
    many(n, { one: "# upload under way is lost", other: "# uploads under way are lost" }),
  shred: "Shred",
  shredTitle: (model: string) => `Shred ${model} for good?`,
  shredHelp:
    "Its keys are destroyed before the answer comes. Nothing brings them back but the offline " +
    "escrow key with a backup. To end its use for a time, stop it instead.",
  sure: "I know that nobody can undo this",
  remains: "What could still open its files:",
};

export const keptTerms = {
  tab: "Terms",
  write: "New terms",
  text: "Text",
  textHint: "Markdown. Whoever asks for the model signs exactly this text.",
  preview: "As it will be read",
  grace: "Days to accept",
  graceHint:
    "So long a license goes on under the old terms; then it rests until these are accepted.",
  fromDay: "From a later day",
  fromDayHint: "Empty: from now on. Until that day the terms before them hold.",
  isToCome: "These terms hold from that day on",
  set: "Set these terms",
  wasSet: "The new terms hold",
  versions: "Versions",
  version: (n: number) => `Version ${n}`,
  isTaken: "has come into force",
  isAhead: "of a later day",
  from: "From",
  hash: "SHA-256",
  none: "No version was set here",
  noneHelp: "Terms that came with the model's settings are on its page; new ones are kept here.",
};
