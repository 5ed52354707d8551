// SPDX-License-Identifier: Apache-2.0
// Löschungen, Sperren, und wie lange was bleibt.
import type { Text } from "../text";

export const erasures: Text["erasures"] = {
  title: "Löschen und Aufbewahren",
  intro:
    "Was über eine Person bekannt ist, geht, wenn eine Verwalterin es verlangt und ein anderer " +
    "zustimmt. Das Protokoll behält Blätter und Beweise; was die Einträge sagten, geht.",
  tabs: { erasures: "Löschungen", holds: "Löschsperren", retention: "Fristen" },
  ask: "Eine Löschung verlangen",
  askIt: "Verlangen; jemand anderes stimmt zu",
  look: "Was geschähe?",
  wasAsked: "Sie ist verlangt. Jemand anderes aus der Verwaltung muss zustimmen.",
  subject: "Wessen Daten (Name oder Nummer)",
  scope: "Was",
  scopes: {
    all: "das Konto, und was Einträge darüber sagen",
    log: "nur was Einträge sagen: Das Konto bleibt",
  },
  reason: "Grund",
  reasonHint: "Er bleibt für immer im Protokoll: Nennen Sie die Person nicht darin.",
  override: "Warum auch das nicht warten kann, was eine Pflicht bewahrt",
  overrideHint: "Leer gelassen geht, was das Gesetz bewahrt, wenn seine Zeit um ist.",
  none: "Keine Löschung wurde verlangt",
  noneHelp:
    "Will jemand seine Daten gelöscht haben, verlangt die Verwaltung es hier, und eine zweite " +
    "Person stimmt zu. Jeder Schritt ist ein Eintrag im Protokoll.",
  states: {
    asked: "wartet auf eine zweite Person",
    rejected: "abgelehnt",
    running: "läuft",
    waiting: "manches wartet auf seinen Tag",
    done: "erledigt",
  },
  asked: "Verlangt von",
  decided: "Entschieden von",
  erased: "Gelöschte Einträge",
  kept: "Einträge, die später gehen",
  until: "bis",
  fileUntil: "Akten gehen am",
  done: "Erledigt",
  another: "Sie haben sie verlangt: Jemand anderes stimmt zu oder lehnt ab.",
  confirm: "Der Löschung zustimmen",
  reject: "Ablehnen",
  confirmTitle: (name) => `Löschen, was über ${name} bekannt ist?`,
  confirmHelp: "Es ist nicht rückgängig zu machen. Einträge und ihre Beweise bleiben.",
  wasConfirmed: "Der Löschung ist zugestimmt, sie läuft",
  wasRejected: "Sie ist abgelehnt",
  rules: { usage: "Nutzung", record: "Entscheidungen und Lizenzen", session: "Sitzungen" },
  preview: {
    title: "Was geschähe",
    held: "Eine Löschsperre verbietet es vorerst",
    rule: "Einträge",
    now: "gehen sofort",
    later: "gehen später",
    kept: "bleiben",
  },
  holds: {
    place: "Sperre setzen",
    on: "Auf",
    kinds: { person: "Person", license: "Lizenz", model: "Modell" },
    target: "Welche (Name oder Nummer; von einer Lizenz die Nummer)",
    stands: "gilt",
    placed: "Gesetzt von",
    lifted: "aufgehoben",
    lift: "Sperre aufheben",
    wasPlaced: "Die Sperre gilt",
    wasLifted: "Die Sperre ist aufgehoben",
    none: "Keine Löschsperre gilt",
    noneHelp:
      "Solange eine gilt, wird von der Person, der Lizenz oder dem Modell nichts gelöscht, " +
      "weder auf Verlangen noch weil die Zeit um ist.",
  },
  retention: {
    period: (count, unit) => `${count} ${unit}`,
    units: { months: "Monate", years: "Jahre", days: "Tage" },
    least: "Das Gesetz will mindestens",
    due: "Ginge jetzt",
    held: "Von Sperren bewahrt",
    erased: "Bisher gelöscht",
    lastRun: "Zuletzt geprüft",
    waits: "Die Uhr ist gesprungen: Nichts geht vor",
    entry: "Letzter Eintrag davon",
    setting: "Einstellung",
  },
};
