// SPDX-License-Identifier: Apache-2.0
// A country's code as its name in the reader's language: "Germany (DE)".
import { language } from "../../text/text";

export function regionName(code: string): string {
  try {
    const name = new Intl.DisplayNames(language.value, { type: "region" }).of(code);
    return name && name !== code ? `${name} (${code})` : code;
  } catch {
    return code; // no code of a country
  }
}
