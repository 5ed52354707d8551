// SPDX-License-Identifier: Apache-2.0
// Was der Rahmen der Konsole sagt, und die Bausteine aller Seiten.
import type { Text } from "../text";

export const nav: Text["nav"] = {
  home: "Start",
  models: "Modelle",
  groups: {
    work: "Arbeit",
    administration: "Verwaltung",
    audit: "Prüfung",
    me: "Sie",
  },
  main: "Hauptmenü",
  open: "Menü öffnen",
  skip: "Zum Inhalt springen",
  command: "Gehe zu …",
  language: "Sprache",
  theme: "Darstellung",
  themes: { auto: "Wie das System", light: "Hell", dark: "Dunkel" },
  signIn: "Anmelden",
  signOut: "Abmelden",
  signedInAs: (name) => `Angemeldet als ${name}`,
  roles: { researcher: "Forschung", administrator: "Verwaltung", auditor: "Prüfung" },
  notFound: "Diese Seite gibt es nicht",
  notFoundHelp:
    "Die Adresse ist vielleicht alt oder vertippt. Das Menü führt zu allem, was da ist.",
  notYours: "Für diese Seite braucht es ein Amt, das Sie nicht haben",
  notYoursHelp: (offices) =>
    `Sie ist für: ${offices}. ` +
    "Fragen Sie die Verwaltung dieses Gateways, wenn Sie dazugehören sollten.",
};

export const palette: Text["palette"] = {
  title: "Zu einer Seite gehen",
  hint: "Tippen Sie einen Teil des Namens. Pfeile wählen, Eingabe geht hin.",
  none: "Keine Seite heißt so.",
  keys: (key) => `g, dann ${key}`,
};

export const keyboard: Text["keyboard"] = {
  title: "Tastatur",
  open: "Tastatur",
  help: "Was die Tastatur hier tut. Tab und Umschalt Tab gehen wie überall zum Nächsten.",
  anywhere: "Überall",
  palette: "Zu einer Seite nach ihrem Namen",
  thisHelp: "Dies zeigen",
  close: "Schließen, was über der Seite liegt",
  tables: "In einer Tabelle",
  rows: "Eine Zeile wählen",
  steps: "Zehn Zeilen weiter; die erste, die letzte",
  row: "Die Zeile öffnen",
  pages: "Seiten",
  then: (first, second) => `${first}, dann ${second}`,
};

export const ui: Text["ui"] = {
  working: "Einen Moment …",
  loading: "Wird geladen",
  never: "nie",
  copy: "Kopieren",
  copied: "Kopiert",
  close: "Schließen",
  cancel: "Abbrechen",
  more: "Mehr laden",
  noRows: "Hier ist nichts.",
  time: "Zeit",
  asTable: "Als Tabelle zeigen",
  asChart: "Als Bild zeigen",
  added: "Neu",
  removed: "Entfernt",
  yes: "ja",
  no: "nein",
};

export const errors: Text["errors"] = {
  again: "Noch einmal versuchen",
  requestId: "Anfrage",
  titles: {
    UNREACHABLE: "Das Gateway ist nicht erreichbar",
    STREAM_CUT: "Die Verbindung brach ab, bevor die Antwort ganz war",
  },
  server:
    "Das Gateway konnte das gerade nicht tun. Versuchen Sie es noch einmal; bleibt es " +
    "dabei, nennen Sie dem Betrieb die Nummer der Anfrage unten.",
  forbidden: "Das dürfen Sie nicht. Was fehlt, steht oben; die Verwaltung kann helfen.",
  absent: "Vielleicht wurde es entfernt, oder es ist für Sie nicht sichtbar.",
  signIn: "Melden Sie sich neu an und wiederholen Sie, was Sie taten.",
  byCode: {
    UNREACHABLE:
      "Prüfen Sie Ihre Verbindung und versuchen Sie es noch einmal. " + "Es wurde nichts geändert.",
    RATE_LIMITED: "In kurzer Zeit wurde zu viel verlangt. Warten Sie einen Augenblick.",
    STREAM_CUT: "Was bis dahin kam, bleibt. Von dort weitermachen oder noch einmal fragen.",
    CONFLICT:
      "Jemand hat das inzwischen geändert. Laden Sie neu und sehen Sie nach, " +
      "bevor Sie weitermachen.",
    NOT_AUTHENTICATED: "Melden Sie sich an und wiederholen Sie, was Sie taten.",
    LICENSE_EXPIRED: "Ihre Lizenz ist abgelaufen. Bitten Sie um Verlängerung.",
  },
  crashed: "Diese Seite ist fehlgeschlagen",
  crashedHelp: "Das ist unser Fehler, und er hat nichts geändert. Laden Sie die Seite neu.",
};

export const signIn: Text["signIn"] = {
  title: "Bei Sallyport anmelden",
  name: "Name",
  password: "Passwort",
  withCode: "Ich habe einen Code",
  withPassword: "Ich habe ein Passwort",
  code: "Code aus Ihrer Einladung",
  codeHint: "Er gilt einmal. Die Anmeldung damit setzt Ihr Passwort.",
  newPassword: "Neues Passwort",
  newPasswordHint: "Mindestens 12 Zeichen; am besten einige Wörter.",
  submit: "Anmelden",
  or: "oder",
  withProvider: (title) => `Mit ${title} anmelden`,
  ended: "Ihre Sitzung ist zu Ende",
  endedHelp: "Melden Sie sich neu an, um weiterzumachen. Was Sie getippt haben, ist noch da.",
  noAccount: "Kein Konto? Die Verwaltung dieses Gateways kann Sie einladen.",
  wrong: "Das stimmt nicht. Prüfen Sie Name und Passwort, oder bitten Sie um einen neuen Code.",
};

export const home: Text["home"] = {
  welcome: (name) => `Willkommen, ${name}`,
  researcher: "Finden Sie ein Modell, sehen Sie, was es verlangt, und bitten Sie um Zugang.",
  administrator: "Entscheiden Sie über Anfragen und halten Sie Modelle und Lizenzen in Ordnung.",
  auditor: "Sehen Sie, wer was getan hat, und prüfen Sie, dass das Protokoll es beweist.",
};
