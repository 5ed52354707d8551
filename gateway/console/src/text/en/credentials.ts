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
