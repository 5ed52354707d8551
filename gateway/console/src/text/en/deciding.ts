// SPDX-License-Identifier: Apache-2.0
// Deciding together: many requests at once, committees, delegations, appeals.
import { plurals } from "../plural";

const many = plurals("en");

export const bulk = {
  title: (count: number) => many(count, { one: "Decide # request", other: "Decide # requests" }),
  help:
    "Each is decided by itself. First you see what would become of each; nothing is done before " +
    "you say so.",
  vote: "Decision",
  show: "Show what each would come to",
  preview: "What would happen",
  results: "What happened",
  canDo: (good: number, failed: number) =>
    `${many(good, { one: "# can be done", other: "# can be done" })}, ${failed} cannot.`,
  didDo: (good: number, failed: number) =>
    `${many(good, { one: "# is done", other: "# are done" })}, ${failed} failed.`,
  of: (person: string, model: string) => `${person}: ${model}`,
  would: {
    approved: "would be approved",
    denied: "would be denied",
    returned: "would be returned",
    counted: "your vote would count",
  } as Record<string, string> & { counted: string },
  was: {
    approved: "approved",
    denied: "denied",
    returned: "returned",
    counted: "your vote is counted",
  } as Record<string, string> & { counted: string },
  cannot: "cannot be done",
  failed: "failed",
  votes: (approve: number, deny: number, needed: number) =>
    `${approve} of ${needed} approvals, ${many(deny, { one: "# denial", other: "# denials" })}`,
  grants: (rights: string, licenses: number) =>
    `${many(licenses, { one: "# license", other: "# licenses" })} to ${rights}, until`,
  does: {
    approve: (count: number) =>
      many(count, { one: "Approve # request", other: "Approve # requests" }),
    deny: (count: number) => many(count, { one: "Deny # request", other: "Deny # requests" }),
    return: (count: number) => many(count, { one: "Return # request", other: "Return # requests" }),
  },
};

export const committee = {
  deciders: "Who may decide",
  nobody: "Nobody holds the office for this model.",
  awaited: "has not voted",
  none: "did not vote",
  inConflict: "in conflict",
  castBy: (name: string) => `by ${name}, in their place`,
  conflicts: {
    requester: "Made the request.",
    accessor: "Would get access by this request.",
    lead: "Leads its project.",
    official: "Signed it for its institution.",
    recused: "Has declared a conflict of interest.",
    denied_before: "Denied it before; somebody else decides the appeal.",
    same_institution: "Belongs to the requester's institution, which the rule excludes.",
    handled: "Has handled it, and the rule asks for somebody else to decide.",
  } as Record<string, string>,
  cast: "Votes cast",
  reviewers: "Reviewers",
  noReviewers: "Nobody was asked to look at it besides.",
  person: "Person",
  personHint: "The name they sign in with.",
  days: "For how many days",
  reason: "Why (optional)",
  conflict: "What is the conflict?",
  acts: {
    recuse: "Step back",
    delegate: "Let somebody vote for me",
    review: "Ask a reviewer",
  },
  titles: {
    recuse: "Declare a conflict of interest",
    delegate: "Let somebody vote in your place",
    review: "Ask somebody to review",
  },
  help: {
    recuse: "You vote no more on this request, and a vote of yours is taken back.",
    delegate: "For this request only. You cannot vote as long as they have voted for you.",
    review: "They can read the request and comment for the committee. They decide nothing.",
  },
  was: {
    recuse: "You have stepped back from this request",
    delegate: "Your vote is delegated",
    review: "The reviewer is asked",
  },
};

export const delegations = {
  title: "Delegations",
  intro: "Who votes in your place while you are away, and in whose place you vote.",
  add: "Delegate my votes",
  addHelp: "They vote in your place until the end you set. The log says in whose place they did.",
  create: "Delegate",
  modelHint: "Its whole name; empty: all that you decide.",
  days: "For how many days",
  columns: {
    from: "From",
    to: "To",
    model: "For",
    until: "Ends",
    reason: "Why",
    state: "State",
  },
  allModels: "all models",
  oneRequest: "one request",
  over: "over",
  holds: "holds",
  end: "End",
  endTitle: (name: string) => `End the delegation to ${name}?`,
  endHelp: "They vote in your place no more. Votes they have cast stay.",
  wasAdded: "Your votes are delegated",
  wasEnded: "The delegation has ended",
  none: "Nothing is delegated",
  noneHelp: "Before you are away, let somebody vote in your place: for a model, or for all.",
};

export const appeals = {
  title: "Appeals",
  intro: "Who was denied and asks once more. Somebody other than the first decides.",
  denied: "Denied",
  by: (name: string) => `by ${name}`,
  appealed: "Appealed",
  others: "Who may decide now",
  nobody: "nobody: give the office to somebody who did not deny it",
  you: "You may decide it",
  notYou: "Not you",
  open: "Open the request",
  all: "All appeals",
  none: "No appeal waits",
  noneHelp: "Whoever is denied can appeal. It stands here until somebody else has decided it.",
};
