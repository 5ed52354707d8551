// SPDX-License-Identifier: Apache-2.0
// Was der Browser über das Protokoll beweist.
import { plurals } from "../plural";
import type { Text } from "../text";

const plural = plurals("de");

export const logSince: Text["logSince"] = {
  title: "Seit Sie zuletzt hier waren",
  first: "Dieser Browser behält den Prüfpunkt des Protokolls und vergleicht jedes Mal mit ihm.",
  seen: (count) => `${count} Einträge wurden gesehen,`,
  goesOn: "das Protokoll setzt sie fort",
  wrong: {
    key: "Das Protokoll hat einen anderen Schlüssel als zuvor",
    shorter: "Das Protokoll hat weniger Einträge als zuvor",
    other: "Es ist ein anderes Protokoll als zuvor: Einträge, die da waren, sind geändert",
  },
  wrongHelp:
    "Wenn seine Betreiber es Ihnen nicht auf anderem Weg erklären, hat es jemand neu " +
    "geschrieben. Was dieser Browser sah, bleibt, bis Sie es aufgeben.",
  forget: "Dem Protokoll glauben, wie es jetzt ist",
};

export const verify: Text["verify"] = {
  title: "Protokoll prüfen",
  intro:
    "Ihr Browser holt das öffentliche Protokoll, hasht jeden Eintrag einer Strecke, berechnet " +
    "daraus die Wurzel des Baums und vergleicht sie mit der, die das Protokoll unterschrieben hat.",
  now: "Wie es jetzt ist",
  newest: "Neuester Prüfpunkt",
  choose: "Welche Einträge",
  from: "Von Nummer",
  to: "Bis Nummer",
  check: "Prüfen",
  stop: "Anhalten",
  ofFilter: "Was diese Filter finden, liegt dazwischen",
  checking: (done, all) => `${done} von ${all} Einträgen sind gehasht`,
  holds: (count, size) =>
    `Alle ${count} Einträge sind im Protokoll mit ${size}, genau wie sie veröffentlicht wurden`,
  fails: "Diese Einträge sind nicht die, die das Protokoll unterschrieben hat",
  failsHelp:
    "Bewahren Sie auf, was Sie bekamen (sallyport audit export), und fragen Sie die Betreiber.",
  stretch: "Nummern",
  first: "Erster von",
  last: "Letzter von",
  kinds: "Arten von Einträgen",
  kind: "Art",
  entries: "Einträge",
};

export const completeness: Text["completeness"] = {
  title: "Vollständigkeit",
  intro:
    "Alle Einträge einer Person oder einer Lizenz, und der Beweis, dass keiner fehlt: Jeder " +
    "steht im Protokoll, sagt, der wievielte er ist, und nennt den vor ihm.",
  of: "Einträge von",
  kinds: { actor: "einer Person", license: "einer Lizenz" },
  id: { actor: "Person (Name oder Nummer)", license: "Lizenz (Nummer)" },
  nobody: "Das Protokoll kennt niemanden dieses Namens",
  badId: "Das ist keine Nummer einer Lizenz",
  check: "Holen und prüfen",
  checking: (done, all) => `${done} von ${all} Einträgen sind geprüft`,
  holds: (count) =>
    plural(count, {
      one: "Nichts fehlt: # Eintrag, im Protokoll",
      other: "Nichts fehlt: # Einträge, jeder im Protokoll, und jeder nennt den vor ihm",
    }),
  fails: "Es stimmt nicht: Etwas fehlt oder wurde geändert",
  whys: {
    checkpoint: "Den Prüfpunkt hat das Protokoll nicht unterschrieben.",
    statement: "Was das Gateway im Protokoll erklärt hat, betrifft etwas anderes.",
    receipt: "Ein Eintrag, der etwas beweisen soll, ist nicht im Protokoll.",
    place: "Ein Eintrag steht nicht unter der Nummer im Protokoll, die er haben soll.",
    commit: "Ein Eintrag legt sich auf etwas anderes fest, als gesagt wird.",
    batch: "Ein Aufruf steht nicht in dem Eintrag, den er teilen soll.",
    whose: "Ein Eintrag ist von jemand anderem.",
    erased: "Was ein Eintrag sagte, ist fort, und kein Eintrag sagt warum.",
    order: "Die Einträge kommen in anderer Folge als im Protokoll.",
    chain: "Ein Eintrag sagt nicht, der wievielte er ist.",
    leftOut: "Ein Eintrag fehlt: Der nächste nennt einen anderen vor sich.",
    count: "Es sind weniger Einträge, als das Gateway im Protokoll erklärt hat.",
  },
  facts: { count: "Einträge", size: "Unter den ersten", stated: "Erklärt in Eintrag" },
  limit:
    "Dass nach dem letzten keiner folgt, ist das Wort des Gateways. Es steht als Eintrag im " +
    "Protokoll: Ein Beleg, den es leugnet, widerlegt es.",
  bare: (count) =>
    plural(count, {
      one: "Der erste ist aus der Zeit, bevor Einträge den vor ihnen nannten.",
      other: "Die ersten # sind aus der Zeit, bevor Einträge den vor ihnen nannten.",
    }),
  erased: (count) =>
    plural(count, {
      one: "Was einer von ihnen sagte, wurde gelöscht, wie ein Eintrag sagt.",
      other: "Was # von ihnen sagten, wurde gelöscht, wie Einträge sagen.",
    }),
  list: "Die Einträge",
  columns: { place: "Nummer", kind: "Art", at: "Wann", state: "Zustand" },
  isErased: "gelöscht",
  save: "Den Beweis speichern",
  saveHelp: "sallyport audit verify --from DATEI prüft den Beweis ohne dieses Gateway.",
};
