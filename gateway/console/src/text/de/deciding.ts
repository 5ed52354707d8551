// SPDX-License-Identifier: Apache-2.0
// Gemeinsam entscheiden: viele Anträge auf einmal, Gremien, Vertretungen, Widersprüche.
import { plurals } from "../plural";
import type { Text } from "../text";

const many = plurals("de");

export const bulk: Text["bulk"] = {
  title: (count) => many(count, { one: "# Antrag entscheiden", other: "# Anträge entscheiden" }),
  help:
    "Über jeden wird einzeln entschieden. Zuerst sehen Sie, was aus jedem würde; vorher " +
    "geschieht nichts.",
  vote: "Entscheidung",
  show: "Zeigen, was aus jedem würde",
  preview: "Was geschähe",
  results: "Was geschehen ist",
  canDo: (good, failed) => `${good} möglich, ${failed} nicht.`,
  didDo: (good, failed) => `${good} erledigt, ${failed} gescheitert.`,
  of: (person, model) => `${person}: ${model}`,
  would: {
    approved: "würde genehmigt",
    denied: "würde abgelehnt",
    returned: "würde zurückgegeben",
    counted: "Ihre Stimme würde gezählt",
  },
  was: {
    approved: "genehmigt",
    denied: "abgelehnt",
    returned: "zurückgegeben",
    counted: "Ihre Stimme ist gezählt",
  },
  cannot: "geht nicht",
  failed: "gescheitert",
  votes: (approve, deny, needed) =>
    `${approve} von ${needed} Zustimmungen, ` +
    many(deny, { one: "# Ablehnung", other: "# Ablehnungen" }),
  grants: (rights, licenses) =>
    `${many(licenses, { one: "# Lizenz", other: "# Lizenzen" })}: ${rights}, bis`,
  does: {
    approve: (count) => many(count, { one: "# Antrag genehmigen", other: "# Anträge genehmigen" }),
    deny: (count) => many(count, { one: "# Antrag ablehnen", other: "# Anträge ablehnen" }),
    return: (count) => many(count, { one: "# Antrag zurückgeben", other: "# Anträge zurückgeben" }),
  },
};

export const committee: Text["committee"] = {
  deciders: "Wer entscheiden darf",
  nobody: "Niemand hat das Amt für dieses Modell.",
  awaited: "noch keine Stimme",
  none: "keine Stimme",
  inConflict: "befangen",
  castBy: (name) => `durch ${name} in Vertretung`,
  conflicts: {
    requester: "Hat den Antrag gestellt.",
    accessor: "Bekäme durch den Antrag Zugang.",
    lead: "Leitet das Projekt.",
    official: "Hat für die Einrichtung unterschrieben.",
    recused: "Hat sich für befangen erklärt.",
    denied_before: "Hat ihn abgelehnt; über den Widerspruch entscheidet jemand anders.",
    same_institution: "Gehört zur Einrichtung der Person, was die Regel ausschließt.",
    handled: "Hat ihn bearbeitet; die Regel verlangt, dass jemand anders entscheidet.",
  },
  cast: "Abgegebene Stimmen",
  reviewers: "Gutachten",
  noReviewers: "Sonst ist niemand gebeten, ihn anzusehen.",
  person: "Person",
  personHint: "Der Name, mit dem sie sich anmeldet.",
  days: "Für wie viele Tage",
  reason: "Warum (freiwillig)",
  conflict: "Worin liegt die Befangenheit?",
  acts: {
    recuse: "Zurücktreten",
    delegate: "Vertreten lassen",
    review: "Um Gutachten bitten",
  },
  titles: {
    recuse: "Sich für befangen erklären",
    delegate: "Jemanden für Sie stimmen lassen",
    review: "Jemanden um ein Gutachten bitten",
  },
  help: {
    recuse: "Sie stimmen über diesen Antrag nicht mehr ab; Ihre Stimme wird zurückgenommen.",
    delegate: "Nur für diesen Antrag. Hat die Vertretung gestimmt, stimmen Sie nicht mehr.",
    review: "Die Person liest den Antrag und schreibt dem Gremium. Sie entscheidet nichts.",
  },
  was: {
    recuse: "Sie sind von diesem Antrag zurückgetreten",
    delegate: "Ihre Stimme ist übertragen",
    review: "Um das Gutachten ist gebeten",
  },
};

export const delegations: Text["delegations"] = {
  title: "Vertretungen",
  intro: "Wer für Sie stimmt, solange Sie fort sind, und für wen Sie stimmen.",
  add: "Vertreten lassen",
  addHelp: "Die Person stimmt für Sie bis zum Ende der Frist. Das Protokoll sagt, für wen.",
  create: "Übertragen",
  modelHint: "Der ganze Name; leer: alles, was Sie entscheiden.",
  days: "Für wie viele Tage",
  columns: {
    from: "Von",
    to: "An",
    model: "Für",
    until: "Endet",
    reason: "Warum",
    state: "Stand",
  },
  allModels: "alle Modelle",
  oneRequest: "einen Antrag",
  over: "vorbei",
  holds: "gilt",
  end: "Beenden",
  endTitle: (name) => `Vertretung durch ${name} beenden?`,
  endHelp: "Die Person stimmt nicht mehr für Sie. Abgegebene Stimmen bleiben.",
  wasAdded: "Ihre Stimmen sind übertragen",
  wasEnded: "Die Vertretung ist beendet",
  none: "Nichts ist übertragen",
  noneHelp: "Bevor Sie fort sind, lassen Sie jemanden für Sie stimmen: für ein Modell oder alle.",
};

export const appeals: Text["appeals"] = {
  title: "Widersprüche",
  intro: "Wer abgelehnt wurde und noch einmal fragt. Jemand anders als zuerst entscheidet.",
  denied: "Abgelehnt",
  by: (name) => `durch ${name}`,
  appealed: "Widerspruch",
  others: "Wer jetzt entscheiden darf",
  nobody: "niemand: geben Sie das Amt jemandem, der ihn nicht abgelehnt hat",
  you: "Sie dürfen entscheiden",
  notYou: "Nicht Sie",
  open: "Antrag öffnen",
  all: "Alle Widersprüche",
  none: "Kein Widerspruch wartet",
  noneHelp: "Wer abgelehnt wird, kann widersprechen. Hier steht es, bis jemand anders entscheidet.",
};
