// SPDX-License-Identifier: Apache-2.0
// Was Prüfende lesen.
import { plurals } from "../plural";
import type { Text } from "../text";

const plural = plurals("de");

export const auditEvents: Text["auditEvents"] = {
  title: "Ereignisse",
  events: "Ereignisse",
  one: "Ein Ereignis",
  find: "Suchen",
  any: "egal",
  clear: "Kein Filter",
  lastDay: "Letzte 24 Stunden",
  lastWeek: "Letzte 7 Tage",
  lastMonth: "Letzte 30 Tage",
  denials: "Nur Ablehnungen",
  filters: {
    text: "Text darin",
    actor: "Wer (Name oder Nummer)",
    institution: "Einrichtung",
    region: "Region (wie DE)",
    model: "Modell",
    license: "Lizenz (Nummer)",
    kind: "Art",
    right: "Recht",
    decision: "Entscheidung",
    code: "Code",
    address: "Netz",
    from: "Von",
    to: "Bis",
  },
  decisions: { allow: "erlaubt", deny: "abgelehnt" },
  columns: {
    at: "Wann",
    kind: "Art",
    actor: "Wer",
    model: "Modell",
    right: "Recht",
    decision: "Entscheidung",
    license: "Lizenz",
  },
  byDay: "Ereignisse nach Tagen (UTC)",
  byHour: "Ereignisse nach Stunden",
  nothingCounted: "Hier gibt es nichts zu zählen",
  noCounts: "Was einen Text enthält, ist ungelesen nicht zu zählen; die Liste unten zeigt es.",
  count: (count) => plural(count, { one: "# Ereignis", other: "# Ereignisse" }),
  behind: (count) => `(${count} weitere sind noch nicht zu finden)`,
  none: "Kein Ereignis passt",
  noneHelp: "Nehmen Sie einen Filter weg, oder wählen Sie eine längere Zeit.",
  jsonLines: "JSON Lines",
  licenses: "Lizenzen dieser Person:",
  saved: "Gespeicherte Filter",
  noSaved:
    "Noch keine. Filtern Sie, dann speichern Sie die Filter unter einem Namen: " +
    "Alle Prüfenden haben sie dann.",
  save: "Diese Filter speichern",
  saveName: "Name",
  saveHint: "Buchstaben, Ziffern und . _ -",
  wasSaved: "Die Filter sind gespeichert",
  forget: (name) => `„${name}“ vergessen`,
  forgetShort: "Vergessen",
  leaf: "Blatt: was das öffentliche Protokoll hat",
  leafHash: "Sein Hash im Baum",
  ofActor: "Alles von dieser Person",
  ofLicense: "Alles zu dieser Lizenz",
  ofModel: "Alles zu diesem Modell",
  wholeActor: "Fehlt etwas von dieser Person?",
  wholeLicense: "Fehlt etwas zu dieser Lizenz?",
  receipt: "Beleg",
};

export const auditCharts: Text["auditCharts"] = {
  title: "Diagramme",
  intro:
    "Wie viel getan wurde, von wem und womit. Ein Balken führt zu den Ereignissen, die er " +
    "zählt; ziehen Sie über die Tage, um einige davon auszuwählen.",
  events: "Diese Ereignisse",
  noText: "Nach Texten lässt sich nicht zählen: Der Text Ihres Filters gilt hier nicht.",
  measure: "Balken zeigen",
  measures: { count: "Ereignisse", tokens: "Token", bytes: "Bytes" },
  without: "(ohne)",
  by: {
    model: "Nach Modell",
    institution: "Nach Einrichtung",
    region: "Nach Region",
    right: "Nach Recht",
    person: "Nach Person",
    kind: "Nach Art",
    code: "Nach Code",
  },
  group: {
    model: "Modell",
    institution: "Einrichtung",
    region: "Region",
    right: "Recht",
    person: "Person",
    kind: "Art",
    code: "Code",
  },
  nothing: {
    model: "Kein Ereignis.",
    institution: "Kein Ereignis von jemandem, der damals Mitglied einer Einrichtung war.",
    region: "Kein Ereignis von jemandem, dessen Einrichtung ein Land eingetragen hat.",
    right: "Kein Ereignis.",
    person: "Kein Ereignis.",
    kind: "Kein Ereignis.",
    code: "Kein Ereignis.",
  },
  regionHelp:
    "Das Land der Einrichtung, deren Mitglied die Person damals war. Wer zweien angehört, " +
    "zählt für beide; wer keiner angehört, ist nicht dabei.",
  truncated: (count) =>
    `Die ${count} mit den meisten Ereignissen. Filtern Sie, um andere zu sehen.`,
};

export * from "./erasures";
export * from "./proofs";
export * from "./reports";

export const auditLive: Text["auditLive"] = {
  title: "Live",
  intro:
    "Ereignisse, wie das Protokoll sie veröffentlicht, die neuesten zuerst. Halten Sie die Liste " +
    "an, um sie zu lesen.",
  on: "läuft",
  held: "angehalten",
  connecting: "verbindet",
  hold: "Anhalten",
  goOn: "Weiter",
  count: (count) => plural(count, { one: "# Ereignis kam.", other: "# Ereignisse kamen." }),
  waiting: (count) =>
    plural(count, { one: "Inzwischen kam # weiteres.", other: "Inzwischen kamen # weitere." }),
  size: (count) => `Das Protokoll hat ${count} Einträge.`,
  none: "Noch ist nichts geschehen",
  noneHelp: "Was von jetzt an getan wird, erscheint hier, sobald es im Protokoll steht.",
};
