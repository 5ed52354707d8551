// SPDX-License-Identifier: Apache-2.0
// Icons: strokes of 24 by 24, in the color of the text beside them. They never stand alone: what
// they mean is always said, too.
import type { JSX } from "preact";

const PATHS = {
  home: "M4 11 12 4l8 7v9h-5v-6H9v6H4z",
  model: "M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9",
  request: "M6 3h9l4 4v14H6zM14 3v5h5M9 13h7M9 17h7",
  license: "M12 14a5 5 0 1 0 0-10 5 5 0 0 0 0 10zM9 13l-1.5 8L12 19l4.5 2L15 13",
  play: "M7 4l13 8-13 8z",
  chart: "M4 20V4M4 20h16M8 16v-4M12 16V8M16 16v-6",
  receipt: "M6 3v18l2-1.5 2 1.5 2-1.5 2 1.5 2-1.5 2 1.5V3zM9 8h6M9 12h6",
  key: "M8 19a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM11 12l9-9M17 6l3 3M14 9l2 2",
  token: "M4 7h16v10H4zM8 12h.01M12 12h.01M16 12h.01",
  log: "M12 3v5M12 8H6v5M12 8h6v5M6 13v0M4 13h4v5H4zM16 13h4v5h-4z",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4 4-6 8-6s8 2 8 6",
  people:
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2 20c0-4 3-6 7-6s7 2 7 6" +
    "M16 4.5a3.5 3.5 0 0 1 0 6M18 14c2.5.7 4 2.5 4 6",
  inbox: "M4 4h16v16H4zM4 14h5l1 2h4l1-2h5",
  policy: "M5 4h14v16H5zM9 9l1.5 1.5L13 8M9 15l1.5 1.5L13 14M15 10h1M15 16h1",
  health: "M3 12h4l2-6 4 12 2.5-6H21",
  shield: "M12 3l8 3v6c0 5-3.5 8-8 9-4.5-1-8-4-8-9V6z",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l5 5",
  menu: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6L6 18",
  check: "M5 12.5l4.5 4.5L19 7.5",
  warning: "M12 4l9 16H3zM12 10v4M12 17h.01",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5M12 8h.01",
  stop: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM6 6l12 12",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3 2",
  copy: "M8 8h12v12H8zM16 8V4H4v12h4",
  down: "M6 9l6 6 6-6",
  right: "M9 6l6 6-6 6",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  upload: "M12 16V5M7 9l5-5 5 5M5 20h14",
  plus: "M12 5v14M5 12h14",
  out: "M14 4h6v6M20 4l-9 9M17 14v6H4V7h6",
  leave: "M10 4H4v16h6M15 8l4 4-4 4M19 12H9",
  sun:
    "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.5" +
    "M17.5 17.5L19 19M5 19l1.5-1.5M17.5 6.5L19 5",
  print: "M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z",
  refresh: "M20 12a8 8 0 1 1-2.5-5.8M20 4v4h-4",
  office: "M4 21V9l8-5 8 5v12M4 21h16M9 21v-6h6v6",
  globe: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }): JSX.Element {
  return (
    <svg
      class="icon"
      viewBox="0 0 24 24"
      width={size}
      height={size}
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
      stroke-width="1.8"
      stroke-linecap="round"
      stroke-linejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
