// SPDX-License-Identifier: Apache-2.0
// Unterschriebene Berichte.
import { plurals } from "../plural";
import type { Text } from "../text";

const plural = plurals("de");

export const reports: Text["reports"] = {
  title: "Berichte",
  one: "Bericht",
  intro:
    "Ein Bericht beantwortet eine Frage aus dem Protokoll und ist unterschrieben: Wer ihn hat, " +
    "kann prüfen, dass jede Zeile ein Eintrag ist und nichts darin geändert wurde.",
  make: "Einen Bericht erstellen",
  makeIt: "Erstellen und unterschreiben",
  making: (time) => `Er entsteht aus dem ganzen Protokoll: ${time}`,
  which: "Welche Frage",
  from: "Von",
  to: "Bis",
  filters: { actor: "Person (Nummer)", license: "Lizenz (Nummer)", model: "Modell" },
  size: "Als das Protokoll so viele Einträge hatte",
  missing: (count) =>
    plural(count, { one: "# Sache sagt er nicht", other: "# Sachen sagt er nicht" }),
  made: "Erstellte Berichte",
  none: "Noch keine",
  noneHelp: "Wählen Sie oben eine Frage: Der Bericht bleibt hier, für Sie und andere Prüfende.",
  beginning: "Anfang",
  end: "alles Veröffentlichte",
  columns: {
    title: "Bericht",
    period: "Zeitraum",
    rows: "Zeilen",
    size: "Einträge",
    made: "Erstellt",
  },
  by_: "Von",
  by: (column) => `Nach ${column}`,
  without: "(ohne)",
  entry: "Eintrag",
  offline: "Wer die Datei hat, prüft sie ohne dieses Gateway:",
  fetching: "Die Zeilen werden geholt",
  tooLarge: "Zu groß für einen Browser. Holen Sie ihn mit: sallyport audit report NAME --out",
  rows: "Zeilen",
  noRows: "Kein Eintrag des Protokolls beantwortet diese Frage.",
  print: "Seite zum Drucken",
  forms: { json: "JSON", csv: "CSV", html: "Seite", note: "Unterschrift", receipt: "Beleg" },
  check: "Stimmt er?",
  checkHelp:
    "Ihr Browser holt alle Formen, die Unterschrift und den Beweis und rechnet alles noch einmal.",
  checkIt: "Prüfen",
  checking: "Die Zeilen werden geprüft",
  holds: "Er stimmt: unterschrieben, im Protokoll, und jede Zeile ist ein Eintrag davon",
  fails: "Er stimmt nicht",
  failsHelp:
    "Bewahren Sie diese Dateien auf und fragen Sie, wer das Gateway betreibt, was geschah; " +
    "erstellen Sie den Bericht neu.",
  unsureHelp:
    "Dieser Browser kann Ed25519 nicht prüfen. sallyport audit verify REPORT.json kann es.",
  steps: {
    signature: "Die Notiz ist mit dem Schlüssel des Protokolls unterschrieben, als Bericht",
    forms: "JSON, CSV und Seite haben die unterschriebenen Prüfsummen",
    entry: "Ihr Eintrag, report.make, nennt dieselben Prüfsummen",
    inclusion: "Dieser Eintrag ist im Protokoll, unter einem unterschriebenen Prüfpunkt",
    later: "Das Protokoll setzt den Baum fort, aus dem der Bericht ist",
    rows: "Jede Zeile ist ein Eintrag, der sich auf das festlegt, was sie sagt",
    cells: "Jede Zelle ist, was ihr Eintrag sagt",
    root: "Die Zeilen und was zwischen ihnen liegt ergeben die Wurzel des Protokolls",
  },
};
