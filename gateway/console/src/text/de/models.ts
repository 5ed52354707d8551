// SPDX-License-Identifier: Apache-2.0
// Katalog und Seite eines Modells.
import { plurals } from "../plural";
import type { Text } from "../text";

const many = plurals("de");

export const models: Text["models"] = {
  one: "Modell",
  title: "Modelle",
  count: (n) => many(n, { one: "# Modell", other: "# Modelle" }),
  search: "Nach Namen suchen",
  access: "Zugang",
  use: "Verwendung",
  any: "alle",
  gates: {
    manual: "auf Anfrage",
    auto: "nach Kriterien",
    no: "offen für Personen",
    public: "öffentlich",
  },
  tasks: {
    generate: "schreibt Text",
    embed: "bettet Text ein",
    classify: "ordnet Text ein",
    "fill-mask": "füllt Lücken im Text",
  },
  hidden: "verborgen",
  downloadOnly: "nur zum Laden",
  changed: "Geändert",
  none: "Kein Modell passt",
  noneHelp: "Suchen Sie nach einem anderen Teil des Namens, oder nehmen Sie Filter weg.",
  empty: "Hier ist noch kein Modell",
  emptyHelp:
    "Modelle erscheinen hier, sobald die Verwaltung sie importiert hat: " +
    "sallyport model import NAME PFAD",
};
