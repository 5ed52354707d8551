// SPDX-License-Identifier: Apache-2.0
// What auditors read.
import { plurals } from "../plural";

const plural = plurals("en");

export const auditEvents = {
  title: "Events",
  events: "events",
  one: "One event",
  find: "Find",
  any: "any",
  clear: "No filter",
  lastDay: "Last 24 hours",
  lastWeek: "Last 7 days",
  lastMonth: "Last 30 days",
  denials: "Denials only",
  filters: {
    text: "Text in it",
    actor: "Who (name or id)",
    institution: "Institution",
    region: "Region (as DE)",
    model: "Model",
    license: "License (id)",
    kind: "Kind",
    right: "Right",
    decision: "Decision",
    code: "Code",
    address: "Network",
    from: "From",
    to: "Until",
  },
  decisions: { allow: "allowed", deny: "denied" },
  columns: {
    at: "When",
    kind: "Kind",
    actor: "Who",
    model: "Model",
    right: "Right",
    decision: "Decision",
    license: "License",
  },
  byDay: "Events by day (UTC)",
  byHour: "Events by hour",
  nothingCounted: "Nothing to count here",
  noCounts: "What has a text in it cannot be counted without reading it; the list below can be.",
  count: (count: number) => plural(count, { one: "# event", other: "# events" }),
  behind: (count: string) => `(${count} more cannot be found yet)`,
  none: "No event fits",
  noneHelp: "Take a filter away, or choose a longer time.",
  jsonLines: "JSON Lines",
  licenses: "Licenses of this person:",
  saved: "Saved filters",
  noSaved: "None yet. Filter, then save the filters by a name: all auditors will have them.",
  save: "Save these filters",
  saveName: "Name",
  saveHint: "Letters, digits and . _ -",
  wasSaved: "The filters are saved",
  forget: (name: string) => `Forget “${name}”`,
  forgetShort: "Forget",
  leaf: "Leaf: what the public log has",
  leafHash: "Its hash in the tree",
  ofActor: "All of this person",
  ofLicense: "All of this license",
  ofModel: "All of this model",
  wholeActor: "Is this person's record whole?",
  wholeLicense: "Is this license's record whole?",
  receipt: "Receipt",
};

export const auditCharts = {
  title: "Charts",
  intro:
    "How much was done, by whom and with what. A bar leads to the events it counts; " +
    "draw over the days to choose some of them.",
  events: "These events",
  noText: "Texts cannot be counted by: the text of your filter is left out here.",
  measure: "Bars show",
  measures: { count: "Events", tokens: "Tokens", bytes: "Bytes" },
  without: "(none)",
  by: {
    model: "By model",
    institution: "By institution",
    region: "By region",
    right: "By right",
    person: "By person",
    kind: "By kind",
    code: "By code",
  },
  group: {
    model: "Model",
    institution: "Institution",
    region: "Region",
    right: "Right",
    person: "Person",
    kind: "Kind",
    code: "Code",
  },
  nothing: {
    model: "No event.",
    institution: "No event of somebody who was a member of an institution then.",
    region: "No event of somebody whose institution has a country on record.",
    right: "No event.",
    person: "No event.",
    kind: "No event.",
    code: "No event.",
  },
  regionHelp:
    "The country of the institution of which the person was a member then. Who is of two " +
    "institutions counts for both; who is of none is not here.",
  truncated: (count: string) => `The ${count} with the most events. Filter to see others.`,
};

export * from "./erasures";
export * from "./proofs";
export * from "./reports";

export const auditLive = {
  title: "Live",
  intro: "Events as the log publishes them, the newest first. Hold the list to read it.",
  on: "live",
  held: "held",
  connecting: "connecting",
  hold: "Hold",
  goOn: "Go on",
  count: (count: number) => plural(count, { one: "# event came.", other: "# events came." }),
  waiting: (count: number) =>
    plural(count, { one: "# more came meanwhile.", other: "# more came meanwhile." }),
  size: (count: string) => `The log has ${count} entries.`,
  none: "Nothing has happened yet",
  noneHelp: "What is done from now on appears here as soon as it is in the log.",
};
