// SPDX-License-Identifier: Apache-2.0
// Token, Schlüssel, das Protokoll: Seiten, die alle haben.
import type { Text } from "../text";

export const tokens: Text["tokens"] = {
  title: "Zugangstoken",
  intro:
    "Ein Token sind Sie, für Programme: hf, Python, curl, openai. Geben Sie jedem sein eigenes.",
  make: "Neues Token",
  name: "Wofür ist es?",
  nameHint: "Ein Name, an dem Sie es erkennen: „Laptop“, „Rechencluster“.",
  days: "Gültig für",
  dayChoices: { 7: "eine Woche", 30: "30 Tage", 90: "90 Tage", 365: "ein Jahr" },
  rights: "Nur für (nichts gewählt: alles, was Sie dürfen)",
  models: "Nur für diese Modelle",
  modelsHint: "Namen, einer je Zeile. Leer: alle.",
  create: "Token erstellen",
  madeTitle: "Ihr neues Token",
  madeHelp: "Kopieren Sie es jetzt: Es wird nur dieses eine Mal gezeigt und nirgends aufbewahrt.",
  list: "Ihre Token",
  columns: { name: "Name", scope: "Gut für", made: "Erstellt", ends: "Endet", state: "Zustand" },
  all: "alles, was Sie dürfen",
  working: "gilt",
  ended: "abgelaufen",
  revoked: "widerrufen",
  revoke: "Widerrufen",
  revokeTitle: (name) => `„${name}“ widerrufen?`,
  revokeHelp:
    "Programme, die es benutzen, werden sofort getrennt, auch mitten im Laden. " +
    "Das lässt sich nicht rückgängig machen.",
  wasRevoked: "Das Token ist widerrufen",
  none: "Sie haben noch kein Token",
  noneHelp: "Erstellen Sie eines und geben Sie es dem Programm, das danach fragt.",
};

export const rights: Text["rights"] = {
  "metadata:read": "sehen, welche Modelle es gibt",
  "weights:read": "Gewichte laden",
  "infer:generate": "Text erzeugen",
  "infer:embed": "Text einbetten",
  "internals:read": "hineinsehen",
  "adapters:write": "Adapter mitbringen",
};

export const keys: Text["keys"] = {
  title: "Schlüssel",
  intro:
    "Mit einem Schlüssel unterschreiben Sie Bedingungen und Anfragen, und alle können prüfen, " +
    "dass Sie es waren. Ein hier erstellter bleibt in diesem Browser, der ihn nicht hergeben kann.",
  make: "Schlüssel in diesem Browser erstellen",
  made: "Der Schlüssel ist eingetragen",
  name: "Name",
  nameOf: (agent) => `Browser (${agent})`,
  columns: {
    name: "Name",
    kind: "Art",
    public: "Öffentlicher Schlüssel",
    made: "Erstellt",
    state: "Zustand",
  },
  kinds: { ed25519: "Ed25519", p256: "P-256", "age-x25519": "age (X25519)" },
  here: "in diesem Browser",
  working: "gilt",
  revoked: "widerrufen",
  revoke: "Widerrufen",
  revokeTitle: (name) => `Den Schlüssel „${name}“ widerrufen?`,
  revokeHelp: "Was er unterschrieben hat, bleibt unterschrieben. Er unterschreibt nichts mehr.",
  wasRevoked: "Der Schlüssel ist widerrufen",
  none: "Kein Schlüssel ist eingetragen",
  noneHelp:
    "Erstellen Sie hier einen, oder tragen Sie einen der Befehlszeile ein: sallyport key enroll",
};

export const log: Text["log"] = {
  title: "Das Protokoll",
  intro:
    "Was hier getan wird, ist ein Eintrag in einem Protokoll, das niemand ungesehen ändern kann. " +
    "Diese Seite prüft es mit Ihrem Browser und vertraut dem Gateway nur seinen Schlüssel an.",
  now: "Wie es jetzt steht",
  origin: "Name",
  size: "Einträge",
  root: "Wurzel",
  key: "Prüfschlüssel",
  keyHelp: "Bewahren Sie ihn auf: Mit ihm prüfen alle Belege, ohne dieses Gateway.",
  signature: "Unterschrift",
  witnesses: "Zeugen",
  noWitnesses: "keine sollen mitzeichnen",
  quorum: "Genug sind",
  columns: { name: "Name", size: "Mitgezeichnet", at: "Um", failures: "Fehlschläge" },
  check: "Einen Beleg prüfen",
  checkHelp: "Ein Beleg, den Sie gespeichert haben, oder die Nummer eines Ereignisses mit Ihnen.",
  file: "Beleg (JSON)",
  event: "Nummer des Ereignisses",
  verify: "Prüfen",
  holds: "Er gilt: Der Eintrag steht im Protokoll",
  fails: "Er gilt nicht",
  unsure: "Alles bis auf die Unterschrift gilt",
  unsureHelp:
    "Dieser Browser kann Ed25519 nicht prüfen. sallyport audit receipt DATEI --offline kann es.",
  failsHelp:
    "Bewahren Sie den Beleg auf und sagen Sie es der Prüfung: " +
    "Entweder wurde er unterwegs verändert, oder das Protokoll wurde es.",
  unreadable: "Das ist kein Beleg",
  waits: "Der Eintrag ist noch nicht veröffentlicht. Versuchen Sie es in einigen Sekunden.",
  steps: {
    payload: "Der Eintrag ist auf genau diesen Inhalt festgelegt",
    row: "Die Zeile gehört zu ihrem Stapel",
    inclusion: "Der Eintrag liegt unter der Wurzel des Prüfpunkts",
    signature: "Der Prüfpunkt ist mit dem Schlüssel des Protokolls unterschrieben",
  },
  results: {
    good: "geprüft",
    bad: "gilt nicht",
    absent: "gelöscht; der Eintrag steht ohne ihn",
    unsupported: "dieser Browser kann es nicht prüfen",
  },
  entry: (index, size) => `Eintrag ${index} von ${size}`,
  what: "Was",
  when: "Wann",
  where: "Wo",
  content: "Inhalt",
};
