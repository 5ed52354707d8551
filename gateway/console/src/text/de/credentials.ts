// SPDX-License-Identifier: Apache-2.0
// Visa und Passports, die jemand hat, und Lizenzen zum Mitnehmen.
import type { Text } from "../text";

export const credentials: Text["credentials"] = {
  title: "Nachweise",
  intro:
    "Visa sagen, wofür andere bei Ihnen einstehen: dass Sie forschen, wo Sie arbeiten, worin Sie " +
    "geschult sind. Kriterien und die, die entscheiden, stützen sich darauf.",
  mine: "Meine Visa",
  columns: {
    type: "Was es sagt",
    value: "Wert",
    iss: "Aussteller",
    expires: "Gültig bis",
    counts: "Zählt",
  },
  counts: "zählt",
  countsNot: "zählt nicht",
  never: "ohne Ende",
  present: "Ein Visum oder einen Passport vorlegen",
  presentHelp:
    "Sie bekommen es vom Anmeldedienst Ihrer Einrichtung oder Ihres Projekts (GA4GH Passport). " +
    "Das Gateway prüft die Unterschrift mit den Schlüsseln des Ausstellers und behält den Inhalt.",
  file: "Aus einer Datei",
  token: "Das Visum oder der Passport",
  tokenHint: "Ein JWT: drei Teile mit Punkten dazwischen, am Anfang ey.",
  send: "Vorlegen",
  noToken:
    "Das ist kein Visum und kein Passport: nichts davon steht darin. Kopieren Sie das ganze JWT.",
  tooLarge: "Die Datei ist zu groß für ein Visum oder einen Passport.",
  wasTaken: "Das Visum ist angenommen",
  passportTaken: (taken, of) => `${taken} von ${of} Visa des Passports sind angenommen`,
  notTaken: "Nicht angenommen",
  none: "Sie haben kein Visum vorgelegt",
  noneHelp:
    "Wo die Kriterien eines Modells eine geprüfte Aussage verlangen, fügen Sie oben ein Visum " +
    "oder einen Passport ein: von da an zählt es für jede Ihrer Anfragen.",
};

export const takeAlong: Text["takeAlong"] = {
  title: "Mitnehmen",
  help:
    "Um anderswo zu zeigen, dass Sie diese Lizenz haben; die Unterschrift lässt sich ohne uns " +
    "prüfen.",
  sdJwt: "Als SD-JWT",
  sdJwtHelp: "Sie wählen, was Sie davon zeigen. Es gilt so lange wie die Lizenz.",
  visa: "Als Visum",
  visaHelp: "Für Dienste der GA4GH; gilt einen Tag und wird dann neu gemacht.",
  made: "Das Visum ist gemacht",
  until: "Gültig bis",
  save: "Visum sichern",
};

export const newTerms: Text["newTerms"] = {
  title: "Neue Bedingungen",
  waits: "Das Modell hat neue Bedingungen, die Sie noch nicht angenommen haben",
  isSuspended: "Die Lizenz ruht, solange die neuen Bedingungen nicht angenommen sind",
  until: "Unter den alten gilt sie weiter bis",
  help:
    "Unterschrieben mit einem Schlüssel dieses Browsers, für die Verwendung, um die Sie gebeten " +
    "haben. Eine Lizenz, die unter den neuen Bedingungen dasselbe sagt, tritt an ihre Stelle.",
  accept: "Unterschreiben und annehmen",
  wasAccepted: "Die neuen Bedingungen sind angenommen: das ist jetzt Ihre Lizenz",
};
