// SPDX-License-Identifier: Apache-2.0
// Issuers of visas.
import { plurals } from "../plural";

const many = plurals("en");

export const issuers = {
  title: "Issuers",
  intro: "Whose visas count as evidence. Nobody else's are looked at.",
  none: "No issuer is listed",
  noneHelp: "Until one is, no visa counts, and criteria over claims hold for nobody.",
  add: "Add an issuer",
  addTitle: "Let an issuer's visas count?",
  addHelp: "From now on what it signs is evidence for whoever presents it.",
  change: "Change",
  changeTitle: (iss: string) => `Change ${iss}?`,
  changeHelp: "Other keys, or another address of them. Its visas are checked by these from now on.",
  iss: "Issuer",
  issHint: "Exactly as its visas say it (iss)",
  keys: "Keys",
  fetched: "fetched from where it publishes them",
  pinned: "pinned here",
  jku: "Address of its keys",
  jkuHint: "An https address (jku); visas that name another are refused.",
  jwks: "Its keys (JWKS)",
  jwksHint: "JSON with public keys: RSA, or P-256",
  jwksWrong: "This is no JSON.",
  notFetched: (why: string) => `Listed, but its keys could not be fetched: ${why}`,
  wasAdded: "Its visas count from now on",
  wasChanged: "It is changed",
  known: "Keys that are here",
  noKeys: "none, or none with a name",
  revoked: "Revoked keys",
  last: "Last fetched",
  next: "Fetched next",
  error: "The last try failed",
  broker: "Gives passports at",
  added: "Listed",
  refresh: "Fetch now",
  wasRefreshed: "Its keys are fetched",
  withdraw: "Withdraw",
  withdrawTitle: (iss: string) => `Withdraw ${iss}?`,
  wasWithdrawn: "Its visas count no longer",
  impact: "What no longer counts",
  visas: (visas: number, persons: number) =>
    `${many(visas, { one: "# visa", other: "# visas" })} of ` +
    many(persons, { one: "# person", other: "# persons" }),
  licenses: (n: number) =>
    many(n, {
      one: "# license in force of theirs rests on claims, and opens nothing if on these",
      other: "# licenses in force of theirs rest on claims, and open nothing if on these",
    }),
  requests: (n: number) =>
    many(n, { one: "# open request of theirs", other: "# open requests of theirs" }),
  criteriaOf: (model: string) => `The criteria of ${model} name it`,
  issAgain: "Type the issuer",
  issWrong: "That is not it.",
  revoke: "Revoke a key",
  revokeTitle: (iss: string) => `Revoke a key of ${iss}?`,
  revokeHelp: "What it signed counts no longer, whatever the issuer publishes. This stays.",
  key: "Key",
  reason: "Reason",
  wasRevoked: "The key is revoked",
};
