// SPDX-License-Identifier: Apache-2.0
// Catalogue and model page.
import { plurals } from "../plural";

const many = plurals("en");

export const models = {
  one: "Model",
  title: "Models",
  count: (n: number) => many(n, { one: "# model", other: "# models" }),
  search: "Search by name",
  access: "Access",
  use: "Use",
  any: "any",
  gates: { manual: "by request", auto: "by criteria", no: "open to persons", public: "public" },
  gateHelp: {
    manual: "You ask, stating what for; people decide.",
    auto: "You ask, stating what for; published criteria decide, and people what they leave open.",
    no: "Whoever has signed in may use it.",
    public: "Anybody may use it.",
  },
  tasks: {
    generate: "generates text",
    embed: "embeds text",
    classify: "classifies text",
    "fill-mask": "fills gaps in text",
  },
  hidden: "hidden",
  downloadOnly: "download only",
  changed: "Changed",
  none: "No model fits",
  noneHelp: "Search for another part of the name, or take filters away.",
  empty: "No model is here yet",
  emptyHelp:
    "Models appear here once an administrator has imported them: " +
    "sallyport model import NAME PATH",
};

export const model = {
  parts: "About the model",
  about: "About",
  terms: "Terms",
  criteria: "Who gets it",
  given: "Who else may",
  files: "Files",
  noCard: "The model has no card that you may read",
  noCardHelp: "Its README.md is missing, or comes with the weights only.",
  noTerms: "No terms are set",
  noTermsHelp: "Its use is not bound to a text.",
  termsHash: "SHA-256 of exactly this text",
  noCriteria: "No criteria are published",
  noCriteriaHelp: "People decide on requests for this model, each on its own.",
  since: "In force since",
  holdsFrom: "These hold from",
  decides: "These criteria decide",
  advises: "These criteria advise those who decide",
  effects: { approve: "approve", deny: "deny", refer: "people decide", external: "asks elsewhere" },
  otherwise: "Otherwise:",
  holds: {
    all: "all of these hold",
    any: "at least one of these holds",
    not: "this does not hold",
  },
  facts: {
    claim: "a verified claim",
    affiliation: "a verified affiliation",
    training: "a training certificate",
    institution: "your institution",
    country: "your country",
    known: "known about you",
    uses: "the uses you state",
    rights: "the rights you ask for",
    accessors: "the people you name",
    references: "referees who have confirmed",
    time: "the time of the request",
    blocked: "being on the blocklist",
    library_card: "your institution's authorization",
    terms_signed: "terms signed with your key",
  } as Record<string, string>,
  whoElse: "The committee",
  needed: (n: number) => many(n, { one: "# person must agree", other: "# people must agree" }),
  permitted: "Permitted uses",
  file: "File",
  bytes: "Size",
  facts_title: "At a glance",
  revision: "Revision",
  manifest: "Manifest (SHA-256)",
  runs: "Runs here",
  runsNot: (why: string) => (why ? `Not run here: ${why}` : "Not run here"),
  may: "May I?",
  mayHelp: "What the gateway would decide if you asked it now.",
  signInFirst: "Sign in, and this shows what you may do with the model, and what is missing.",
  allowed: "allowed",
  refused: "not allowed",
  missing: "What is missing",
  why: (rule: string) => `rule ${rule}`,
  ask: "Request access",
};

export const given = {
  intro: (k: number) =>
    `Whoever asked, counted once each. Nobody is named, and no number stands for fewer than ${k} ` +
    "people: groups that are too small are counted together.",
  before: "Asked before",
  waited: "Median time to a decision",
  hours: (n: number) => many(n, { one: "# hour", other: "# hours" }),
  tooFew: "Too few people to be told.",
  all: "All who asked",
  byKind: "By kind of institution",
  byCountry: "By country of the institution",
  group: "Of",
  outcomes: { people: "People", approved: "Approved", denied: "Denied", waiting: "Waiting" },
  merged: "others together",
  special: { all: "all", other: "others together", unknown: "no institution" } as Record<
    string,
    string
  >,
  none: "Nobody is counted here yet",
  noneHelp:
    "Once people have asked for this model, their numbers stand here, by kind and country of " +
    "their institutions. They are counted once a day.",
  allModels: "The same of all models",
};
