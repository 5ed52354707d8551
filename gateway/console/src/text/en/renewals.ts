// SPDX-License-Identifier: Apache-2.0
// Renewals that holders of licenses ask for, in English.
export const renewals = {
  title: "Renewals",
  intro: "Holders ask for another term, and say what came of the last one. Others decide.",
  state: "State",
  states: { submitted: "waiting", granted: "granted", denied: "declined" } as Record<
    string,
    string
  >,
  publications: "Publications",
  license: "License",
  ends: "It ends",
  asked: "Asked",
  decided: "Decided by",
  renewed: "Goes on as",
  own: "It is your own: somebody else decides it.",
  acts: { grant: "Renew", deny: "Decline" },
  titles: {
    grant: (who: string) => `Renew the license of ${who}?`,
    deny: (who: string) => `Decline the renewal of ${who}?`,
  },
  help: {
    grant: "A new license with the same rights replaces the old one.",
    deny: "The license goes on until its last day. They read your reason.",
  },
  days: "Days after its last day",
  was: { grant: "The license is renewed", deny: "The renewal is declined" },
  none: "No renewal is here",
  noneHelp: "Holders ask on the page of their license, once it comes to its end.",
};
