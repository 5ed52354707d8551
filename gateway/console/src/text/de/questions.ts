// SPDX-License-Identifier: Apache-2.0
// The questions of a model's request form, in German.
import type { Text } from "../text";

export const questions: Text["questions"] = {
  tab: "Fragen",
  intro:
    "Was ausfüllt, wer dieses Modell beantragt, neben dem Vorhaben und den Bedingungen. " +
    "Laufende Anträge behalten die Antworten, mit denen sie gestellt wurden.",
  isNone: "Zurzeit wird nichts Eigenes gefragt.",
  fromHere: "hier geschrieben",
  fromHereHelp: "Was die Modellkarte sagt, zählt so lange nicht.",
  fromCard: "aus der Modellkarte",
  fromCardHelp: "Hier gespeichert gelten sie, was auch immer eine spätere Karte sagt.",
  texts: "Texte über den Fragen",
  heading: "Überschrift",
  description: "Einleitung",
  markdown: "Markdown.",
  prompt: "Dem zugestimmt wird",
  promptHint: "Markdown: eine Lizenz oder ein Hinweis über den Fragen.",
  eu: "Nicht in der Europäischen Union",
  euHint: "Anträge von dort werden abgelehnt.",
  noneYet:
    "Noch keine Frage. Fügen Sie eine hinzu: Text, Auswahl, Tag, Land oder etwas zum Zustimmen.",
  number: (n, of) => `Frage ${n} von ${of}`,
  words: "Frage",
  wordsHint:
    "Auch ganze Sätze zum Zustimmen. Unter diesem Wortlaut werden die Antworten aufbewahrt.",
  kind: "Beantwortet durch",
  kinds: {
    text: "einen Text",
    checkbox: "Zustimmen (ein Kästchen)",
    select: "eine Auswahl",
    date_picker: "einen Tag",
    country: "ein Land",
    ip_location: "nichts: das Gateway vermerkt das Land der Adresse",
  },
  options: "Auswahl",
  optionsHint: "Eine je Zeile; „gespeichert = gezeigt“, wo beides verschieden ist.",
  required: "Muss beantwortet werden",
  up: "Nach oben",
  upOf: (n) => `Frage ${n} nach oben`,
  down: "Nach unten",
  downOf: (n) => `Frage ${n} nach unten`,
  remove: "Entfernen",
  removeOf: (n) => `Frage ${n} entfernen`,
  add: "Frage hinzufügen",
  save: "Fragen speichern",
  saved: "Gespeichert: ab jetzt wird so gefragt",
  leave: "Fragen der Karte nehmen",
  leaveTitle: "Wieder fragen, was die Modellkarte sagt?",
  leaveHelp: "Die Fragen von hier werden nicht mehr gestellt. Gegebene Antworten bleiben.",
  wasLeft: "Die Modellkarte zählt wieder",
  preview: "So wird gefragt",
  previewHelp: "Zum Ausprobieren: Was Sie hier ausfüllen, wird nicht gesendet.",
};
