// SPDX-License-Identifier: Apache-2.0
// Catalogue and model page.
import { plurals } from "../plural";

const many = plurals("en");

export const models = {
  one: "Model",
  title: "Models",
  count: (n: number) => many(n, { one: "# model", other: "# models" }),
  search: "Search by name",
  access: "Access",
  use: "Use",
  any: "any",
  gates: { manual: "by request", auto: "by criteria", no: "open to persons", public: "public" },
  tasks: {
    generate: "generates text",
    embed: "embeds text",
    classify: "classifies text",
    "fill-mask": "fills gaps in text",
  },
  hidden: "hidden",
  downloadOnly: "download only",
  changed: "Changed",
  none: "No model fits",
  noneHelp: "Search for another part of the name, or take filters away.",
  empty: "No model is here yet",
  emptyHelp:
    "Models appear here once an administrator has imported them: " +
    "sallyport model import NAME PATH",
};
