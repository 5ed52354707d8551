// SPDX-License-Identifier: Apache-2.0
// Renewals that holders of licenses ask for, in German.
import type { Text } from "../text";

export const renewals: Text["renewals"] = {
  title: "Verlängerungen",
  intro:
    "Inhaber bitten um eine weitere Laufzeit und sagen, was aus der letzten wurde. Andere " +
    "entscheiden.",
  state: "Stand",
  states: { submitted: "wartet", granted: "gewährt", denied: "abgelehnt" },
  publications: "Veröffentlichungen",
  license: "Lizenz",
  ends: "Sie endet",
  asked: "Gefragt",
  decided: "Entschieden von",
  renewed: "Läuft weiter als",
  own: "Es ist Ihre eigene: Jemand anderes entscheidet.",
  acts: { grant: "Verlängern", deny: "Ablehnen" },
  titles: {
    grant: (who) => `Die Lizenz von ${who} verlängern?`,
    deny: (who) => `Die Verlängerung für ${who} ablehnen?`,
  },
  help: {
    grant: "Eine neue Lizenz mit denselben Rechten ersetzt die alte.",
    deny: "Die Lizenz läuft bis zu ihrem letzten Tag. Ihren Grund lesen sie.",
  },
  days: "Tage nach ihrem letzten Tag",
  was: { grant: "Die Lizenz ist verlängert", deny: "Die Verlängerung ist abgelehnt" },
  none: "Keine Verlängerung hier",
  noneHelp: "Inhaber fragen auf der Seite ihrer Lizenz, wenn sie zu Ende geht.",
};
