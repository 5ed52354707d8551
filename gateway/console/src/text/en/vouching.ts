// SPDX-License-Identifier: Apache-2.0
// What somebody may use, who is blocked, who vouches for whom: in English.
import { plurals } from "../plural";

const many = plurals("en");

export const limits = {
  title: "Limits",
  change: "Change the limits",
  help: {
    persons: "They hold for all licenses of this person together, besides each license's own.",
    institutions: "They hold for all members together, whoever of them uses it up.",
  },
  none: {
    persons: "None but those of each license.",
    institutions: "None: its members share nothing that could be used up.",
  },
  one: (max: string, measure: string, per: string) => `${max} ${measure} per ${per}`,
  save: "Set these limits",
  saved: "These limits hold now",
};

export const blocked = {
  title: "Blocklist",
  intro: "Whose licenses do not count, whatever else holds. Each step is an entry in the log.",
  add: "Block somebody",
  help:
    "No license of theirs counts meanwhile, for any model, and " +
    "what runs for them ends at once.",
  helpModel: "The model’s criteria know them as blocked when they ask. A license they have stays.",
  reason: "Reason",
  reasonHint: "Auditors and other administrators read it.",
  since: "Since",
  end: "Unblock",
  endTitle: (who: string) => `Unblock ${who}?`,
  endHelp: "What they held and has not ended counts again.",
  wasAdded: "They are blocked",
  wasEnded: "They are not blocked any more",
  none: "Nobody is blocked",
  tab: "Blocked",
};

export const cards = {
  title: "Library cards",
  help:
    "By a card an official vouches for a member once, for all requests: models that want the " +
    "institution’s word take it without another signature.",
  none: "No card was given yet.",
  give: "Give a card",
  days: "Days it is good",
  reason: "What it rests on",
  reasonHint: "For example: employed until 2027, identity seen.",
  wasGiven: "The card is given",
  until: "until",
  by: "by",
  holds: "counts",
  over: "over",
  revoked: "revoked",
  revoke: "Revoke",
  revokeTitle: (who: string) => `Revoke the card of ${who}?`,
  revokeHelp: "Requests that rest on it need a signature again.",
  wasRevoked: "The card is revoked",
};

export const mine = {
  title: "My institution",
  intro: "Where you belong, and what its officials do for its members.",
  none: "You belong to no institution here",
  noneHelp:
    "Some models want an institution’s word. Those who administer people add you to yours; " +
    "tell them which it is.",
  role: "Your role",
  since: "Since",
  suspended: "It is suspended: its word does not count now.",
  isOfficial:
    "You are an official of it: you vouch for its members, and " +
    "share out the seats of its licenses.",
  members: "Members",
};

export const seats = {
  title: "Licenses with seats",
  none: "The institution holds no license of its own.",
  taken: (n: number, of: number) =>
    `${n} of ${many(of, { one: "# seat", other: "# seats" })} taken`,
  until: "until",
  give: "Give a seat",
  giveTitle: (model: string) => `A seat for ${model}`,
  giveHelp: "They get a license of their own, which ends with the seat.",
  wasGiven: "The seat is given",
  take: "Take back",
  takeTitle: (who: string) => `Take the seat of ${who} back?`,
  takeHelp: "Their license is revoked, and what runs by it ends.",
  wasTaken: "The seat is free again",
  choose: "Choose…",
  free: "Nobody sits on its seats yet.",
};

export const referees = {
  title: "Referees",
  helpOwn:
    "Somebody who knows your work and vouches for you, where a model’s criteria ask for it. An " +
    "administrator sends them a link; you do not see it.",
  help: "They get a link that is good for 30 days and once. You send it to the address given.",
  none: "Nobody was named yet.",
  name: "Name of the referee",
  email: "Their address",
  add: "Name a referee",
  wasAdded: "The referee is named",
  states: {
    asked: "asked",
    lapsed: "did not answer in time",
    confirmed: "vouches",
    declined: "declined",
  } as Record<string, string>,
  asked: "named",
  until: "the link is good until",
  link: "Make a link",
  linkTitle: (who: string) => `Send this to ${who}`,
  linkHelp:
    "It is shown this once; whoever opens it speaks as the " +
    "referee. A link made before is good no more.",
  note: "They wrote",
};

export const reference = {
  title: "A reference",
  asks: (person: string) => `${person} asks you to vouch for them.`,
  hello: (referee: string) => `This link was made for ${referee}, and can be used once.`,
  until: "It is good until",
  help:
    "Confirm if you know this person and what they work on. Your answer and remark are kept with " +
    "their requests; the remark is read by those who decide, not by them.",
  note: "Remark (optional)",
  confirm: "I vouch for them",
  decline: "I do not",
  thanks: "Thank you, your answer is kept",
  thanksHelp: "The link is used up. You can close this page.",
};

export const parts = {
  accept: "You are named in this request",
  acceptHelp:
    "Whoever uses the model by it accepts its terms for themselves. Nobody can do that for you.",
  acceptDo: "Sign and accept",
  accepted: "You have accepted",
  wasAccepted: "You have accepted the terms",
  terms: "Read the terms",
  countersign: "Your institution is asked to vouch",
  countersignHelp:
    "As an official you sign that this person belongs to it and may ask. A library card does the " +
    "same for all their requests.",
  countersignDo: "Countersign",
  remark: "Remark (optional)",
  wasCountersigned: "You have countersigned",
  isCountersigned: (who: string) => `Countersigned by ${who}`,
  cards: "Library cards",
};
