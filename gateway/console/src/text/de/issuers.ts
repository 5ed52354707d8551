// SPDX-License-Identifier: Apache-2.0
// Aussteller von Visa.
import { plurals } from "../plural";
import type { Text } from "../text";

const many = plurals("de");

export const issuers: Text["issuers"] = {
  title: "Aussteller",
  intro: "Wessen Visa als Beleg gelten. Die von anderen werden nicht angesehen.",
  none: "Kein Aussteller ist eingetragen",
  noneHelp: "Bis dahin gilt kein Visum, und Kriterien über Angaben treffen auf niemanden zu.",
  add: "Aussteller eintragen",
  addTitle: "Visa eines Ausstellers gelten lassen?",
  addHelp: "Was er unterschreibt, ist von nun an ein Beleg für alle, die es vorlegen.",
  change: "Ändern",
  changeTitle: (iss) => `${iss} ändern?`,
  changeHelp: "Andere Schlüssel oder eine andere Adresse. Damit werden seine Visa nun geprüft.",
  iss: "Aussteller",
  issHint: "Genau wie in seinen Visa (iss)",
  keys: "Schlüssel",
  fetched: "geholt, wo er sie veröffentlicht",
  pinned: "hier festgelegt",
  jku: "Adresse seiner Schlüssel",
  jkuHint: "Eine https-Adresse (jku); Visa, die eine andere nennen, werden abgelehnt.",
  jwks: "Seine Schlüssel (JWKS)",
  jwksHint: "JSON mit öffentlichen Schlüsseln: RSA oder P-256",
  jwksWrong: "Das ist kein JSON.",
  notFetched: (why) => `Eingetragen, doch seine Schlüssel waren nicht zu holen: ${why}`,
  wasAdded: "Seine Visa gelten von nun an",
  wasChanged: "Er ist geändert",
  known: "Vorhandene Schlüssel",
  noKeys: "keine, oder keine mit Namen",
  revoked: "Widerrufene Schlüssel",
  last: "Zuletzt geholt",
  next: "Als Nächstes geholt",
  error: "Der letzte Versuch misslang",
  broker: "Gibt Pässe bei",
  added: "Eingetragen",
  refresh: "Jetzt holen",
  wasRefreshed: "Seine Schlüssel sind geholt",
  withdraw: "Streichen",
  withdrawTitle: (iss) => `${iss} streichen?`,
  wasWithdrawn: "Seine Visa gelten nicht mehr",
  impact: "Was nicht mehr gilt",
  visas: (visas, persons) =>
    `${many(visas, { one: "# Visum", other: "# Visa" })} von ` +
    many(persons, { one: "# Person", other: "# Personen" }),
  licenses: (n) =>
    many(n, {
      one: "# geltende Lizenz davon beruht auf Angaben und öffnet nichts, wenn auf diesen",
      other: "# geltende Lizenzen davon beruhen auf Angaben und öffnen nichts, wenn auf diesen",
    }),
  requests: (n) => many(n, { one: "# offener Antrag davon", other: "# offene Anträge davon" }),
  criteriaOf: (model) => `Die Kriterien von ${model} nennen ihn`,
  issAgain: "Den Aussteller eintippen",
  issWrong: "Das ist er nicht.",
  revoke: "Schlüssel widerrufen",
  revokeTitle: (iss) => `Einen Schlüssel von ${iss} widerrufen?`,
  revokeHelp:
    "Was er unterschrieb, gilt nicht mehr, was immer der Aussteller zeigt. Das bleibt so.",
  key: "Schlüssel",
  reason: "Grund",
  wasRevoked: "Der Schlüssel ist widerrufen",
};
