// SPDX-License-Identifier: Apache-2.0
// plurals("en")(2, { one: "# model", other: "# models" }) is "2 models".

export interface Forms {
  one: string;
  other: string;
}

/** Of a language: numbers in words that fit them; # is the number. */
export function plurals(language: string): (count: number, forms: Forms) => string {
  const rules = new Intl.PluralRules(language);
  const numbers = new Intl.NumberFormat(language);

  return (count, forms) =>
    (rules.select(count) === "one" ? forms.one : forms.other).replaceAll(
      "#",
      numbers.format(count),
    );
}
