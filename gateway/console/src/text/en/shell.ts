// SPDX-License-Identifier: Apache-2.0
// What the frame of the console says, and the components that all pages use.
export const nav = {
  home: "Home",
  models: "Models",
  groups: {
    work: "Work",
    administration: "Administration",
    audit: "Audit",
    me: "You",
  },
  main: "Main menu",
  open: "Open the menu",
  skip: "Skip to the content",
  command: "Go to…",
  language: "Language",
  theme: "Appearance",
  themes: { auto: "As the system", light: "Light", dark: "Dark" },
  signIn: "Sign in",
  signOut: "Sign out",
  signedInAs: (name: string) => `Signed in as ${name}`,
  roles: { researcher: "Researcher", administrator: "Administrator", auditor: "Auditor" },
  notFound: "There is no such page",
  notFoundHelp: "The address may be old or mistyped. The menu leads to all there is.",
  notYours: "This page needs an office that you do not hold",
  notYoursHelp: (offices: string) =>
    `It is for holders of: ${offices}. ` +
    "Ask an administrator of this gateway if you should be one of them.",
};

export const palette = {
  title: "Go to a page",
  hint: "Type a part of its name. Arrows choose, Enter goes there.",
  none: "No page has that in its name.",
  keys: (key: string) => `g, then ${key}`,
};

export const keyboard = {
  title: "Keyboard",
  open: "Keyboard",
  help: "What the keyboard does here. Tab and Shift Tab go from thing to thing, as anywhere.",
  anywhere: "Anywhere",
  palette: "Go to a page by its name",
  thisHelp: "Show this",
  close: "Close what lies above the page",
  tables: "In a table",
  rows: "Choose a row",
  steps: "Ten rows on; the first, the last",
  row: "Open the row",
  pages: "Pages",
  then: (first: string, second: string) => `${first}, then ${second}`,
};

export const ui = {
  working: "Working…",
  loading: "Loading",
  never: "never",
  copy: "Copy",
  copied: "Copied",
  close: "Close",
  cancel: "Cancel",
  more: "Load more",
  noRows: "Nothing here.",
  time: "Time",
  asTable: "Show as a table",
  asChart: "Show as a chart",
  added: "Added",
  removed: "Removed",
  yes: "yes",
  no: "no",
};

export const errors = {
  again: "Try again",
  requestId: "request",
  titles: {
    UNREACHABLE: "The gateway cannot be reached",
    STREAM_CUT: "The connection was lost before the answer was whole",
  },
  server:
    "The gateway could not do it just now. Try again; if it stays like this, tell its " +
    "operators the request number below.",
  forbidden: "You may not do this. What is missing is said above; an administrator can help.",
  absent: "It may have been removed, or it is not visible to you.",
  signIn: "Sign in again, and repeat what you did.",
  byCode: {
    UNREACHABLE: "Check your connection, then try again. Nothing was changed.",
    RATE_LIMITED: "Too much was asked for in a short time. Wait a moment, then try again.",
    STREAM_CUT: "What came before is kept. Go on from there, or ask again.",
    CONFLICT: "Somebody else changed this meanwhile. Load it again and look before you go on.",
    NOT_AUTHENTICATED: "Sign in, and repeat what you did.",
    LICENSE_EXPIRED: "Your license has ended. Ask for it to be renewed.",
  },
  crashed: "This page has failed",
  crashedHelp: "That is a mistake of ours, and nothing was changed by it. Load the page again.",
};

export const signIn = {
  title: "Sign in to Sallyport",
  name: "Name",
  password: "Password",
  withCode: "I have a code",
  withPassword: "I have a password",
  code: "Code from your invitation",
  codeHint: "It is good once. Signing in with it sets your password.",
  newPassword: "New password",
  newPasswordHint: "At least 12 characters; a few words are best.",
  submit: "Sign in",
  or: "or",
  withProvider: (title: string) => `Sign in with ${title}`,
  ended: "Your session has ended",
  endedHelp: "Sign in again to go on. What you have typed is still here.",
  noAccount: "No account? An administrator of this gateway can invite you.",
  wrong: "That is not right. Check name and password, or ask for a new code.",
};

export const home = {
  welcome: (name: string) => `Welcome, ${name}`,
  researcher: "Find a model, see what it asks for, and request access.",
  administrator: "Decide on requests and keep models and licenses in order.",
  auditor: "See who did what, and check that the log proves it.",
};
