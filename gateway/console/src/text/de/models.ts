// SPDX-License-Identifier: Apache-2.0
// Katalog und Seite eines Modells.
import { plurals } from "../plural";
import type { Text } from "../text";

const many = plurals("de");

export const models: Text["models"] = {
  one: "Modell",
  title: "Modelle",
  count: (n) => many(n, { one: "# Modell", other: "# Modelle" }),
  search: "Nach Namen suchen",
  access: "Zugang",
  use: "Verwendung",
  any: "alle",
  gates: {
    manual: "auf Anfrage",
    auto: "nach Kriterien",
    no: "offen für Personen",
    public: "öffentlich",
  },
  gateHelp: {
    manual: "Sie fragen und sagen, wofür; Menschen entscheiden.",
    auto:
      "Sie fragen und sagen, wofür; veröffentlichte Kriterien entscheiden, " +
      "und Menschen, was sie offen lassen.",
    no: "Wer angemeldet ist, darf es benutzen.",
    public: "Alle dürfen es benutzen.",
  },
  tasks: {
    generate: "schreibt Text",
    embed: "bettet Text ein",
    classify: "ordnet Text ein",
    "fill-mask": "füllt Lücken im Text",
  },
  hidden: "verborgen",
  downloadOnly: "nur zum Laden",
  changed: "Geändert",
  none: "Kein Modell passt",
  noneHelp: "Suchen Sie nach einem anderen Teil des Namens, oder nehmen Sie Filter weg.",
  empty: "Hier ist noch kein Modell",
  emptyHelp:
    "Modelle erscheinen hier, sobald die Verwaltung sie importiert hat: " +
    "sallyport model import NAME PFAD",
};

export const model: Text["model"] = {
  parts: "Über das Modell",
  about: "Über",
  terms: "Bedingungen",
  criteria: "Wer es bekommt",
  given: "Wer sonst darf",
  files: "Dateien",
  noCard: "Das Modell hat keine Karte, die Sie lesen dürfen",
  noCardHelp: "Seine README.md fehlt oder kommt nur mit den Gewichten.",
  noTerms: "Es sind keine Bedingungen gesetzt",
  noTermsHelp: "Seine Verwendung ist an keinen Text gebunden.",
  termsHash: "SHA-256 genau dieses Textes",
  noCriteria: "Es sind keine Kriterien veröffentlicht",
  noCriteriaHelp: "Über Anfragen nach diesem Modell entscheiden Menschen, über jede für sich.",
  since: "In Kraft seit",
  holdsFrom: "Diese gelten ab",
  decides: "Diese Kriterien entscheiden",
  advises: "Diese Kriterien beraten die, die entscheiden",
  effects: {
    approve: "genehmigt",
    deny: "abgelehnt",
    refer: "Menschen entscheiden",
    external: "fragt anderswo",
  },
  otherwise: "Sonst:",
  holds: {
    all: "all dies gilt",
    any: "mindestens eines davon gilt",
    not: "dies gilt nicht",
  },
  facts: {
    claim: "eine geprüfte Aussage",
    affiliation: "eine geprüfte Zugehörigkeit",
    training: "ein Schulungsnachweis",
    institution: "Ihre Einrichtung",
    country: "Ihr Land",
    known: "über Sie bekannt",
    uses: "die Verwendungen, die Sie angeben",
    rights: "die Rechte, um die Sie bitten",
    accessors: "die Personen, die Sie nennen",
    references: "Fürsprecher, die bestätigt haben",
    time: "die Zeit der Anfrage",
    blocked: "ein Eintrag auf der Sperrliste",
    library_card: "die Ermächtigung Ihrer Einrichtung",
    terms_signed: "Bedingungen, mit Ihrem Schlüssel unterschrieben",
  },
  whoElse: "Der Ausschuss",
  needed: (n) => many(n, { one: "# Person muss zustimmen", other: "# Personen müssen zustimmen" }),
  permitted: "Erlaubte Verwendungen",
  file: "Datei",
  bytes: "Größe",
  facts_title: "Auf einen Blick",
  revision: "Revision",
  manifest: "Manifest (SHA-256)",
  runs: "Läuft hier",
  runsNot: (why) => (why ? `Läuft hier nicht: ${why}` : "Läuft hier nicht"),
  may: "Darf ich?",
  mayHelp: "Was das Gateway entscheiden würde, wenn Sie es jetzt fragten.",
  signInFirst: "Melden Sie sich an; dann steht hier, was Sie mit dem Modell dürfen und was fehlt.",
  allowed: "erlaubt",
  refused: "nicht erlaubt",
  missing: "Was fehlt",
  why: (rule) => `Regel ${rule}`,
  ask: "Um Zugang bitten",
};

export const given: Text["given"] = {
  intro: (k) =>
    "Alle, die gefragt haben, je einmal gezählt. Niemand ist genannt, und keine Zahl steht für " +
    `weniger als ${k} Personen: zu kleine Gruppen sind zusammengezählt.`,
  before: "Gefragt vor dem",
  waited: "Mittlere Zeit bis zur Entscheidung",
  hours: (n) => many(n, { one: "# Stunde", other: "# Stunden" }),
  tooFew: "Zu wenige Personen, um es zu sagen.",
  all: "Alle, die gefragt haben",
  byKind: "Nach Art der Einrichtung",
  byCountry: "Nach Land der Einrichtung",
  group: "Von",
  outcomes: {
    people: "Personen",
    approved: "Genehmigt",
    denied: "Abgelehnt",
    waiting: "Wartend",
  },
  merged: "andere zusammen",
  special: { all: "allen", other: "andere zusammen", unknown: "ohne Einrichtung" },
  none: "Hier ist noch niemand gezählt",
  noneHelp:
    "Sobald Menschen um dieses Modell gebeten haben, stehen hier ihre Zahlen, nach Art und Land " +
    "ihrer Einrichtungen. Gezählt wird einmal am Tag.",
  allModels: "Dasselbe von allen Modellen",
};
