// SPDX-License-Identifier: Apache-2.0
// Ein Modell in jemandes Obhut.
import { plurals } from "../plural";
import type { Text } from "../text";

const many = plurals("de");

export const keptModel: Text["keptModel"] = {
  none: "Kein Modell ist gewählt",
  asSeen: "Wie andere es sehen",
  parts: "Pflege des Modells",
  glance: "Auf einen Blick",
  licenses: "Geltende Lizenzen",
  requests: "Offene Anträge",
  adapters: "Adapter",
  revisions: "Revisionen",
  size: "Dateien",
  filesOf: (files, size) => `${many(files, { one: "# Datei", other: "# Dateien" })}, ${size}`,
  created: "Angelegt",
  changed: "Geändert",
  reason: "Grund",
  settings: "Zugang",
  running: "Engines",
  end: "Anhalten und Ende",
  save: "Speichern",
  saved: "Gespeichert",
  reload: "Neu ansehen",
  overtaken:
    "Von Ihnen wurde nichts gespeichert. Sehen Sie an, was jetzt gilt, und ändern Sie es erneut.",
  gate: "Zugang",
  opens:
    "Das öffnet das Modell für mehr Menschen. Wo Unterschriften verlangt sind, lehnt das " +
    "Gateway es hier ab und sagt, wie an der Kommandozeile unterschrieben wird (sallyport model " +
    "gate).",
  openPaths: "Dateien, die alle lesen dürfen",
  openPathsHint:
    "Ein Muster je Zeile. Ein Stern steht für beliebige Zeichen außer dem Schrägstrich, zwei als " +
    "ganzer Teil für beliebige Ordner. Gewichte öffnet kein Muster.",
  hidden: "Verborgen",
  hiddenHint: "Nur wen es betrifft, weiß, dass es das Modell gibt.",
  pickles: "Python-Pickles dürfen hochgeladen werden",
  picklesHint: "Sie werden als Dateien befördert und nie gelesen.",
  perFile: "Datei für Datei, wie gespeichert",
  noFiles: "Noch wurde nichts hochgeladen.",
  open: "für alle offen",
  gated: "nach dem Zugang",
  weights: "Gewichte: nach dem Zugang",
  isShredded: "Dieses Modell ist vernichtet: Seine Schlüssel gibt es nicht mehr",
  current: "aktuell",
  recalled: "zurückgerufen",
  made: "Entstanden",
  by: "Von",
  from: "Nach",
  firstOne: "nichts: die erste",
  names: "Zweige und Marken",
  sealed:
    "Alle Dateien sind versiegelt; ihren Schlüssel gibt es nur gegen einen Eintrag im Protokoll.",
  makeCurrent: "Zur aktuellen machen",
  makeCurrentTitle: (name) => `${name} zur aktuellen Revision machen?`,
  makeCurrentHelp:
    "Von nun an ist diese Revision mit main gemeint: beim Herunterladen ohne Revision und in den " +
    "Engines, die sie beim nächsten Aufruf laden. Keine Revision geht verloren.",
  isCurrent: (name) => `${name} ist die aktuelle Revision`,
  noRevisions: "Noch wurde nichts hochgeladen",
  noRevisionsHelp:
    "Laden Sie Dateien hier hoch, mit hf upload oder mit sallyport model import. Sie werden " +
    "dabei versiegelt.",
  inMemory: "Im Speicher",
  needs: "Es braucht",
  between: (least, most) => `mindestens ${least}, höchstens ${most}`,
  notCounted: "noch nicht gezählt: Das tut eine Engine beim Laden",
  free: "Frei für Modelle",
  pinned: "Festgehalten",
  yes: "ja",
  no: "nein",
  notLoaded: "Keine Engine hat es geladen. Das geschieht, sobald es gebraucht wird.",
  notRun: "Es wird hier nicht ausgeführt",
  notNow: "Solange es angehalten ist, führt es keine Engine aus.",
  staying: "Im Speicher bleiben",
  stayingHelp: "Ein festgehaltenes Modell wird sofort geladen und weicht keinem anderen.",
  pin: "Festhalten",
  unpin: "Loslassen",
  unload: "Aus dem Speicher nehmen",
  wasPinned: "Festgehalten: Eine Engine lädt es",
  wasUnpinned: "Nicht mehr festgehalten",
  wasUnloaded: "Aus dem Speicher genommen, sobald Laufendes zu Ende ist",
  bits: "Bits je Gewicht",
  keptIn: "Im Speicher gehalten als",
  bitsHint:
    "Gilt ab dem nächsten Laden; Heruntergeladenes bleibt, wie es ist. Weniger Bits brauchen " +
    "weniger Speicher und sind schneller, die Antworten werden etwas ungenauer.",
  bitsNone: "wie in den Dateien",
  bits8: "8 Bits (q8_0)",
  bits4: "4 Bits (q4_0)",
  bitsSet: "Gilt ab dem nächsten Laden",
  now: "Jetzt",
  set: "Festlegen",
  impact: "Was damit endgültig endet",
  endsRevisions: (n, size) =>
    `${many(n, { one: "# Revision", other: "# Revisionen" })}, ${size}: ` +
    "Niemand kann sie mehr öffnen",
  endsLicenses: (n) =>
    many(n, {
      one: "# geltende Lizenz öffnet nichts mehr",
      other: "# geltende Lizenzen öffnen nichts mehr",
    }),
  endsRequests: (n) =>
    many(n, { one: "# offener Antrag ist vergeblich", other: "# offene Anträge sind vergeblich" }),
  endsAdapters: (n) =>
    many(n, { one: "# Adapter wird gelöscht", other: "# Adapter werden gelöscht" }),
  endsUploads: (n) =>
    many(n, {
      one: "# laufendes Hochladen ist verloren",
      other: "# laufende Vorgänge des Hochladens sind verloren",
    }),
  shred: "Vernichten",
  shredTitle: (model) => `${model} endgültig vernichten?`,
  shredHelp:
    "Seine Schlüssel werden zerstört, bevor die Antwort kommt. Nichts bringt sie zurück als der " +
    "hinterlegte Schlüssel mit einer Sicherung. Um die Nutzung für eine Zeit zu beenden, halten " +
    "Sie es stattdessen an.",
  sure: "Ich weiß, dass niemand das rückgängig machen kann",
  remains: "Was seine Dateien noch öffnen könnte:",
};

export const keptTerms: Text["keptTerms"] = {
  tab: "Bedingungen",
  write: "Neue Bedingungen",
  text: "Text",
  textHint: "Markdown. Wer um das Modell bittet, unterschreibt genau diesen Text.",
  preview: "So wird es gelesen",
  grace: "Tage zum Annehmen",
  graceHint:
    "So lange gilt eine Lizenz unter den alten weiter; dann ruht sie, bis diese angenommen sind.",
  fromDay: "Ab einem späteren Tag",
  fromDayHint: "Leer: ab jetzt. Bis dahin gelten die Bedingungen davor.",
  isToCome: "Diese Bedingungen gelten ab jenem Tag",
  set: "Diese Bedingungen setzen",
  wasSet: "Die neuen Bedingungen gelten",
  versions: "Fassungen",
  version: (n) => `Fassung ${n}`,
  isTaken: "in Kraft getreten",
  isAhead: "von einem späteren Tag",
  from: "Ab",
  hash: "SHA-256",
  none: "Hier wurde noch keine Fassung gesetzt",
  noneHelp:
    "Bedingungen, die mit den Einstellungen des Modells kamen, stehen auf seiner Seite; neue hier.",
};
