// SPDX-License-Identifier: Apache-2.0
// Visas and passports somebody has, and licenses to take along.
export const credentials = {
  title: "Credentials",
  intro:
    "Visas say what others vouch for about you: that you are a researcher, where you work, what " +
    "you were trained in. Criteria and those who decide rest on them.",
  mine: "My visas",
  columns: {
    type: "What it says",
    value: "Value",
    iss: "Issuer",
    expires: "Good until",
    counts: "Counts",
  },
  counts: "counts",
  countsNot: "does not count",
  never: "no end",
  present: "Present a visa or a passport",
  presentHelp:
    "Get it from your home institution's or your project's identity service (GA4GH Passport). " +
    "The gateway checks its signature with the issuer's keys, and keeps what is in it.",
  file: "From a file",
  token: "The visa or passport",
  tokenHint: "A JWT: three parts with dots between, beginning with ey.",
  send: "Present",
  noToken: "This is no visa and no passport: neither is in its claims. Copy the whole JWT.",
  tooLarge: "The file is too large for a visa or a passport.",
  wasTaken: "The visa is taken",
  passportTaken: (taken: number, of: number) => `${taken} of ${of} visas of the passport are taken`,
  notTaken: "Not taken",
  none: "You have presented no visa",
  noneHelp:
    "Where a model's criteria ask for a verified claim, paste a visa or passport above: it " +
    "counts from then on for each of your requests.",
};

export const takeAlong = {
  title: "Take it along",
  help: "To show elsewhere that you hold this license; its signature is checked without us.",
  sdJwt: "As SD-JWT",
  sdJwtHelp: "You choose what of it you show. It stays good as long as the license.",
  visa: "As visa",
  visaHelp: "For services of the GA4GH; good for a day, and then made anew.",
  made: "The visa is made",
  until: "Good until",
  save: "Save the visa",
};

export const newTerms = {
  title: "New terms",
  waits: "The model has new terms, which you have not accepted yet",
  isSuspended: "The license is suspended while the new terms are not accepted",
  until: "It goes on under the old ones until",
  help:
    "Signed with a key of this browser, for the use that you asked for. A license that says the " +
    "same under the new terms takes the place of this one.",
  accept: "Sign and accept",
  wasAccepted: "The new terms are accepted: this is your license now",
};
