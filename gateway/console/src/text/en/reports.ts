// SPDX-License-Identifier: Apache-2.0
// Signed reports.
import { plurals } from "../plural";

const plural = plurals("en");

export const reports = {
  title: "Reports",
  one: "Report",
  intro:
    "A report answers a question out of the log, and is signed: whoever gets it can check that " +
    "each row is an entry of the log and that nothing in it was changed.",
  make: "Make a report",
  makeIt: "Make and sign it",
  making: (time: string) => `It is being made of the whole log: ${time}`,
  which: "Which question",
  from: "From",
  to: "Until",
  filters: { actor: "Person (id)", license: "License (id)", model: "Model" },
  size: "As the log was with so many entries",
  missing: (count: number) =>
    plural(count, { one: "# thing it cannot tell", other: "# things it cannot tell" }),
  made: "Reports that were made",
  none: "None yet",
  noneHelp: "Choose a question above: the report stays here, for you and for other auditors.",
  beginning: "the beginning",
  end: "all that was published",
  columns: { title: "Report", period: "Period", rows: "Rows", size: "Entries", made: "Made" },
  by_: "By",
  by: (column: string) => `By ${column}`,
  without: "(none)",
  entry: "Entry",
  offline: "Who has the file checks it without this gateway:",
  fetching: "Fetching its rows",
  tooLarge: "The report is too large for a browser. Take it by: sallyport audit report NAME --out",
  rows: "Rows",
  noRows: "No entry of the log answers this question.",
  print: "Page to print",
  forms: { json: "JSON", csv: "CSV", html: "Page", note: "Signature", receipt: "Receipt" },
  check: "Does it hold?",
  checkHelp:
    "Your browser fetches all forms, the signature and the proof, and computes everything again.",
  checkIt: "Check it",
  checking: "Checking its rows",
  holds: "It holds: signed, in the log, and each row is an entry of it",
  fails: "It does not hold",
  failsHelp:
    "Keep these files and ask whoever runs the gateway what happened; make the report anew.",
  unsureHelp:
    "This browser cannot check Ed25519 signatures. sallyport audit verify REPORT.json does.",
  steps: {
    signature: "The note is signed with the log's key, under the name of its reports",
    forms: "JSON, CSV and page have the digests that were signed",
    entry: "Its entry, report.make, names the same digests",
    inclusion: "This entry is in the log, under a signed checkpoint",
    later: "The log goes on from the tree that the report is of",
    rows: "Each row is an entry that commits to what it says",
    cells: "Each cell is what its entry says",
    root: "Rows and what lies between them make the root of the log",
  },
};
