// SPDX-License-Identifier: Apache-2.0
// Der Editor veröffentlichter Kriterien.
import { plurals } from "../plural";
import type { Text } from "../text";

const many = plurals("de");

export const editor: Text["editor"] = {
  title: "Kriterien",
  of: (model) => `Kriterien von ${model}`,
  intro:
    "Wer ein Modell bekommt: aufgeschrieben, mit ihm veröffentlicht, für alle gleich angewandt. " +
    "Eine Person schlägt vor, eine andere entscheidet, ab wann es gilt.",
  model: "Modell",
  choose: "Ein Modell wählen",
  chooseHelp: "Hier stehen dann seine Kriterien, ihre Fassungen und was eine Änderung bewirkt.",
  open: "Öffnen",
  parts: "An Kriterien arbeiten",
  write: "Schreiben",
  effect: "Was sich ändert",
  tryOn: "An einer Person erproben",
  versions: "Fassungen",
  begin: "Noch keine Kriterien",
  beginHelp:
    "Über jeden Antrag entscheiden Menschen. Beginnen Sie mit einem Beispiel, ändern Sie es, und " +
    "sehen Sie, was es zu früheren Anträgen gesagt hätte, bevor es jemanden betrifft.",
  example: "Mit einem Beispiel beginnen",
  document: "Kriterien (JSON)",
  documentHint:
    "Wird geprüft, sobald Sie innehalten. Erst als Entwurf wird es irgendwo aufbewahrt.",
  checking: "wird geprüft",
  faultless: "Fehlerfrei",
  faults: (n) => many(n, { one: "# Fehler", other: "# Fehler" }),
  place: (line, column) => `Zeile ${line}, Spalte ${column}`,
  reads: "Was es sagt",
  conditions: (n) => many(n, { one: "# Bedingung", other: "# Bedingungen" }),
  keep: "Als Entwurf aufbewahren",
  kept: "Als Entwurf aufbewahrt",
  keptAlready: "Diese Fassung gibt es schon",
  tidy: "Aufräumen",
  change: "Bearbeiten",
  takenUp: (short) => `Fassung ${short} steht im Editor`,
  unsaved: "Was im Editor steht, ist noch nicht aufbewahrt.",
  compareNone: "Es gelten noch keine Kriterien: Alles hier ist neu.",
  diff: "Zeilen, die sich ändern",
  replayHelp:
    "Sie werden auf das angewandt, was von jedem Antrag auf dieses Modell " +
    "bekannt war. Nichts wird geändert, niemand außerhalb gefragt.",
  replay: "Auf frühere Anträge anwenden",
  requests: (n) => many(n, { one: "# Antrag", other: "# Anträge" }),
  same: (n) => many(n, { one: "# bleibt, wie er war", other: "# bleiben, wie sie waren" }),
  gain: (n) => many(n, { one: "# würde bewilligt", other: "# würden bewilligt" }),
  lose: (n) =>
    many(n, { one: "# würde nicht mehr bewilligt", other: "# würden nicht mehr bewilligt" }),
  other: (n) => many(n, { one: "# ginge sonst anders aus", other: "# gingen sonst anders aus" }),
  licenses: (n) =>
    many(n, {
      one: "# geltende Lizenz gäbe es so nicht mehr; sie bleibt, bis jemand sie beendet",
      other: "# geltende Lizenzen gäbe es so nicht mehr; sie bleiben, bis jemand sie beendet",
    }),
  unreadable: (n) => many(n, { one: "# war nicht lesbar", other: "# waren nicht lesbar" }),
  cut: "Es gibt mehr; nur ein Teil steht hier.",
  unchanged: "Nichts wäre anders entschieden worden.",
  noRequests: "Noch hat niemand dieses Modell beantragt, es gibt also nichts zu vergleichen.",
  columns: {
    person: "Person",
    at: "Beantragt",
    before: "Damals",
    after: "Hiernach",
    license: "Lizenz",
    because: "Wegen",
  },
  person: "Person",
  personHint: "Ihr Name oder ihre Kennung.",
  tryHelp: "Was die Kriterien im Editor jetzt zu einem Antrag dieser Person sagen würden.",
  rights: "Beantragte Rechte",
  uses: "Codes der Verwendung",
  usesHint: "DUO- oder MDU-Codes, durch Kommas getrennt.",
  accessors: "Personen, die Zugang haben sollen",
  termsSigned: "Die Bedingungen sind unterschrieben",
  libraryCard: "Ihre Einrichtung hat sie ermächtigt",
  ask: "Erproben",
  outcomes: {
    approve: "würde bewilligt",
    refer: "Menschen würden entscheiden",
    deny: "würde abgelehnt",
  },
  byDefault: "Keine Regel trifft zu: Es gilt die Vorgabe.",
  missing: "Für eine Bewilligung fehlt",
  notAsked: (rules) =>
    `Hier nicht gefragt: ${rules}. Solange niemand antwortet, entscheiden Menschen.`,
  maybe: "ob das zutrifft, ist unbekannt",
  states: {
    draft: "Entwurf",
    proposed: "vorgeschlagen",
    staged: "hat seinen Tag",
    active: "gilt",
    retired: "abgelöst",
  },
  drafted: "Entworfen",
  proposed: "Vorgeschlagen",
  staged: "Entschieden",
  activated: "Gilt",
  retired: "Abgelöst",
  by: (person) => `von ${person}`,
  you: "Ihnen",
  somebody: (short) => `Person ${short}`,
  startsAt: "Gilt ab",
  propose: "Vorschlagen",
  proposeHelp:
    "Wer sonst das Modell verwaltet, kann die Fassung dann gelten lassen, und erfährt davon.",
  wasProposed: "Vorgeschlagen: Nun entscheidet jemand anders",
  activate: "Gelten lassen",
  ownProposal: "Sie haben es vorgeschlagen: Gelten lassen kann es nur eine zweite Person.",
  withdraw: "Zurückziehen",
  wasWithdrawn: "Es ist wieder ein Entwurf",
  decide: "Diese Kriterien gelten lassen",
  when: "Ab",
  now: "jetzt",
  fromDay: "Tag und Uhrzeit",
  from: "Tag und Uhrzeit",
  fromHint: "In Ihrer eigenen Zeitzone; höchstens ein Jahr im Voraus.",
  fromWrong: "Eine Zeit, die noch kommt, höchstens ein Jahr im Voraus.",
  seen: "Ich habe gesehen, was sich ändert",
  wasActivated: "Diese Kriterien gelten jetzt",
  wasStaged: "Diese Kriterien gelten ab dem gewählten Tag",
  overtaken:
    "Inzwischen haben andere die geltenden Kriterien geändert. Womit Sie verglichen haben, ist " +
    "überholt: Lesen Sie die Änderung neu, dann entscheiden Sie.",
  reread: "Neu lesen",
  compare: "Mit dem Geltenden vergleichen",
  show: "Zeigen",
};
