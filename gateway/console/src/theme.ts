// SPDX-License-Identifier: Apache-2.0
// Light, dark, or as the system says.
import { effect, signal } from "@preact/signals";

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEPT = "sallyport.theme";
const isTheme = (value: string | null): value is Theme => THEMES.includes(value as Theme);
const before = localStorage.getItem(KEPT);

export const theme = signal<Theme>(isTheme(before) ? before : "auto");

effect(() => {
  if (theme.value === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
  localStorage.setItem(KEPT, theme.value);
});
