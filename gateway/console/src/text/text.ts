// SPDX-License-Identifier: Apache-2.0
// The language of the page: all it says (en.ts is the model of every other language), and numbers,
// dates and plurals as its readers write them.
import { signal } from "@preact/signals";
import { en } from "./en";

type Widened<T> = T extends string
  ? string
  : T extends (...given: infer A) => string
    ? (...given: A) => string
    : { [K in keyof T]: Widened<T[K]> };

/** What a language must have: every key of English, with the same arguments. */
export type Text = Widened<typeof en>;

export const LANGUAGES = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof LANGUAGES;

const KEPT = "sallyport.language";

export const language = signal<Language>("en");
export const text = signal<Text>(en);

async function load(name: Language): Promise<Text> {
  return name === "de" ? (await import("./de")).de : en;
}

export async function setLanguage(name: Language): Promise<void> {
  text.value = await load(name);
  language.value = name;
  document.documentElement.lang = name;
  localStorage.setItem(KEPT, name);
}

/** The language that was chosen, else the first of the browser's that there is. */
export async function startLanguage(): Promise<void> {
  const wanted = [localStorage.getItem(KEPT), ...navigator.languages];
  const found =
    wanted
      .map((one) => one?.slice(0, 2))
      .find((one): one is Language => one !== undefined && one in LANGUAGES) ?? "en";

  document.documentElement.lang = found;
  if (found !== "en") {
    text.value = await load(found);
    language.value = found;
  }
}
