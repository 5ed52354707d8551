// SPDX-License-Identifier: Apache-2.0
// Dateien auf dem Weg in ein Modell.
import type { Text } from "../text";

export const uploading: Text["uploading"] = {
  tab: "Hochladen",
  notNow: "Solange es angehalten ist, kann nichts hochgeladen werden",
  fromHere: "Von diesem Rechner",
  help:
    "Dateien werden hier gehasht, dann gesendet und beim Eintreffen versiegelt; keine offene " +
    "Kopie bleibt. Alle zusammen werden eine Revision. Was abbricht, geht dort weiter, wo es " +
    "aufhörte, sobald Sie binnen eines Tages dieselben Dateien wieder wählen.",
  chooseFiles: "Dateien",
  chooseFolder: "oder ein ganzer Ordner",
  title: "Was diese Revision ist",
  usual: "Aus der Konsole hochgeladen",
  send: "Hochladen",
  goOn: "Weiter",
  stop: "Anhalten",
  wasStopped: "Angehalten. Was angekommen ist, bleibt einen Tag.",
  made: "Daraus wurde eine Revision",
  all: (done, size) => `${done} von ${size}`,
  stages: {
    waiting: "wartet",
    hashing: "wird gehasht",
    sending: "wird gesendet",
    joining: "wird zusammengefügt",
    present: "war schon da",
    sent: "versiegelt",
    small: "bereit",
  },
  underWay: "Unterwegs",
  look: "Neu ansehen",
  nothing: "Keine Datei ist in Teilen unterwegs.",
  partly: (came, size, who) => `${came} von ${size}, von ${who}`,
  touched: "letzter Teil",
  resumes:
    "Wer dieselbe Datei wieder sendet, setzt es fort. Was einen Tag niemand anrührt, wird " +
    "entfernt.",
  fromHub: "Von einem anderen Hub",
  hubHelp:
    "Das Gateway holt es selbst, wo der Betreiber das erlaubt, und versiegelt es dabei. Was das " +
    "Modell schon hat, wird nicht noch einmal geholt.",
  source: "Quelle",
  sourceHint: "hf:ORG/NAME oder die Adresse eines Modells auf einem Hub",
  revision: "Revision dort",
  token: "Token für die Quelle",
  tokenHint: "Nur wenn sie eines verlangt; es wird nie aufbewahrt.",
  fetch: "Holen",
};
