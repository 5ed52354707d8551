// SPDX-License-Identifier: Apache-2.0
// What somebody may use, who is blocked, who vouches for whom: in German.
import { plurals } from "../plural";
import type { Text } from "../text";

const many = plurals("de");

export const limits: Text["limits"] = {
  title: "Grenzen",
  change: "Grenzen ändern",
  help: {
    persons: "Sie gelten für alle Lizenzen dieser Person zusammen, neben denen jeder Lizenz.",
    institutions: "Sie gelten für alle Mitglieder zusammen, gleich wer sie ausschöpft.",
  },
  none: {
    persons: "Keine außer denen jeder Lizenz.",
    institutions: "Keine: Die Mitglieder teilen sich nichts, was aufgebraucht werden könnte.",
  },
  one: (max, measure, per) => `${max} ${measure} pro ${per}`,
  save: "Diese Grenzen setzen",
  saved: "Diese Grenzen gelten jetzt",
};

export const blocked: Text["blocked"] = {
  title: "Sperrliste",
  intro: "Wessen Lizenzen nicht zählen, was auch sonst gilt. Jeder Schritt steht im Log.",
  add: "Jemanden sperren",
  help:
    "Keine ihrer Lizenzen zählt so lange, für kein Modell, und " +
    "was für sie läuft, endet sofort.",
  helpModel:
    "Die Kriterien des Modells kennen sie als gesperrt, wenn sie es beantragen. Eine Lizenz, die " +
    "sie haben, bleibt.",
  reason: "Grund",
  reasonHint: "Prüfer und andere Verwalter lesen ihn.",
  since: "Seit",
  end: "Entsperren",
  endTitle: (who) => `${who} entsperren?`,
  endHelp: "Was sie hatten und nicht geendet hat, zählt wieder.",
  wasAdded: "Gesperrt",
  wasEnded: "Nicht mehr gesperrt",
  none: "Niemand ist gesperrt",
  tab: "Gesperrt",
};

export const cards: Text["cards"] = {
  title: "Bibliotheksausweise",
  help:
    "Mit einem Ausweis bürgt ein Vertreter einmal für ein " +
    "Mitglied, für alle Anträge: Modelle, die " +
    "das Wort der Einrichtung wollen, nehmen ihn ohne weitere Unterschrift.",
  none: "Noch kein Ausweis ausgestellt.",
  give: "Ausweis ausstellen",
  days: "Gültig für Tage",
  reason: "Worauf er beruht",
  reasonHint: "Zum Beispiel: angestellt bis 2027, Ausweis gesehen.",
  wasGiven: "Der Ausweis ist ausgestellt",
  until: "bis",
  by: "von",
  holds: "zählt",
  over: "abgelaufen",
  revoked: "entzogen",
  revoke: "Entziehen",
  revokeTitle: (who) => `${who} den Ausweis entziehen?`,
  revokeHelp: "Anträge, die darauf beruhen, brauchen wieder eine Unterschrift.",
  wasRevoked: "Der Ausweis ist entzogen",
};

export const mine: Text["mine"] = {
  title: "Meine Einrichtung",
  intro: "Wohin Sie gehören, und was Vertreter der Einrichtung für Mitglieder tun.",
  none: "Sie gehören hier zu keiner Einrichtung",
  noneHelp:
    "Manche Modelle wollen das Wort einer Einrichtung. Wer " +
    "Personen verwaltet, trägt Sie bei Ihrer " +
    "ein; sagen Sie, welche es ist.",
  role: "Ihre Rolle",
  since: "Seit",
  suspended: "Sie ist ausgesetzt: Ihr Wort zählt zurzeit nicht.",
  isOfficial:
    "Sie vertreten sie: Sie bürgen für Mitglieder und vergeben die Plätze ihrer Lizenzen.",
  members: "Mitglieder",
};

export const seats: Text["seats"] = {
  title: "Lizenzen mit Plätzen",
  none: "Die Einrichtung hat keine eigene Lizenz.",
  taken: (n, of) => `${n} von ${many(of, { one: "# Platz", other: "# Plätzen" })} vergeben`,
  until: "bis",
  give: "Platz vergeben",
  giveTitle: (model) => `Ein Platz für ${model}`,
  giveHelp: "Sie bekommen eine eigene Lizenz, die mit dem Platz endet.",
  wasGiven: "Der Platz ist vergeben",
  take: "Zurücknehmen",
  takeTitle: (who) => `Den Platz von ${who} zurücknehmen?`,
  takeHelp: "Ihre Lizenz wird widerrufen, und was damit läuft, endet.",
  wasTaken: "Der Platz ist wieder frei",
  choose: "Auswählen…",
  free: "Noch niemand hat einen Platz.",
};

export const referees: Text["referees"] = {
  title: "Fürsprecher",
  helpOwn:
    "Jemand, der Ihre Arbeit kennt und für Sie bürgt, wo " +
    "Kriterien eines Modells danach fragen. Ein " +
    "Verwalter schickt den Link; Sie sehen ihn nicht.",
  help: "Sie bekommen einen Link, 30 Tage und einmal gültig. Sie schicken ihn an die Adresse.",
  none: "Noch niemand genannt.",
  name: "Name des Fürsprechers",
  email: "Adresse",
  add: "Fürsprecher nennen",
  wasAdded: "Der Fürsprecher ist genannt",
  states: {
    asked: "gefragt",
    lapsed: "hat nicht rechtzeitig geantwortet",
    confirmed: "bürgt",
    declined: "hat abgelehnt",
  },
  asked: "genannt",
  until: "der Link gilt bis",
  link: "Link erzeugen",
  linkTitle: (who) => `Schicken Sie das an ${who}`,
  linkHelp:
    "Er wird nur dieses Mal gezeigt; wer ihn öffnet, spricht als " +
    "Fürsprecher. Ein früherer gilt nicht mehr.",
  note: "Sie schrieben",
};

export const reference: Text["reference"] = {
  title: "Eine Fürsprache",
  asks: (person) => `${person} bittet Sie, zu bürgen.`,
  hello: (referee) => `Dieser Link wurde für ${referee} erzeugt und gilt einmal.`,
  until: "Er gilt bis",
  help:
    "Bestätigen Sie, wenn Sie diese Person und ihre Arbeit " +
    "kennen. Antwort und Bemerkung bleiben bei " +
    "ihren Anträgen; die Bemerkung lesen die, die entscheiden, nicht sie selbst.",
  note: "Bemerkung (freiwillig)",
  confirm: "Ich bürge",
  decline: "Ich bürge nicht",
  thanks: "Danke, Ihre Antwort ist vermerkt",
  thanksHelp: "Der Link ist verbraucht. Sie können diese Seite schließen.",
};

export const parts: Text["parts"] = {
  accept: "Sie sind in diesem Antrag genannt",
  acceptHelp:
    "Wer das Modell dadurch nutzt, nimmt die Bedingungen selbst an. Das kann niemand für Sie tun.",
  acceptDo: "Unterschreiben und annehmen",
  accepted: "Sie haben angenommen",
  wasAccepted: "Sie haben die Bedingungen angenommen",
  terms: "Bedingungen lesen",
  countersign: "Ihre Einrichtung soll bürgen",
  countersignHelp:
    "Als Vertreter unterschreiben Sie, dass diese Person dazugehört und anfragen darf. Ein " +
    "Bibliotheksausweis tut das für alle ihre Anträge.",
  countersignDo: "Gegenzeichnen",
  remark: "Bemerkung (freiwillig)",
  wasCountersigned: "Sie haben gegengezeichnet",
  isCountersigned: (who) => `Gegengezeichnet von ${who}`,
  cards: "Bibliotheksausweise",
};
