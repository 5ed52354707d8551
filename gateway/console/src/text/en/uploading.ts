// SPDX-License-Identifier: Apache-2.0
// Files on their way into a model.

export const uploading = {
  tab: "Upload",
  notNow: "While it is stopped nothing can be uploaded",
  fromHere: "From this machine",
  help:
    "Files are hashed here, then sent and sealed as they arrive; no open copy stays. All of them " +
    "become one revision. What is broken off goes on where it stopped, once you choose the same " +
    "files again, within a day.",
  chooseFiles: "Files",
  chooseFolder: "or a whole folder",
  title: "What this revision is",
  usual: "Upload from the console",
  send: "Upload",
  goOn: "Go on",
  stop: "Stop",
  wasStopped: "Stopped. What has come stays for a day.",
  made: "A revision was made of it",
  all: (done: string, size: string) => `${done} of ${size}`,
  stages: {
    waiting: "waits",
    hashing: "hashing",
    sending: "sending",
    joining: "joining",
    present: "was there",
    sent: "sealed",
    small: "ready",
  },
  underWay: "Under way",
  look: "Look again",
  nothing: "No file is on its way in parts.",
  partly: (came: string, size: string, who: string) => `${came} of ${size}, by ${who}`,
  touched: "last part",
  resumes:
    "Whoever sends the same file again goes on with it. What nobody touches for a day is swept.",
  fromHub: "From another hub",
  hubHelp:
    "The gateway fetches it itself, where the operator allows that, and seals it on the way in. " +
    "What the model has already is not fetched again.",
  source: "Source",
  sourceHint: "hf:ORG/NAME, or the address of a model on a hub",
  revision: "Revision there",
  token: "Token for the source",
  tokenHint: "Only if it asks for one; it is never kept.",
  fetch: "Fetch",
};
