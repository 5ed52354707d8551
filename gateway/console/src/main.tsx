// SPDX-License-Identifier: Apache-2.0
// Where the console begins.
import { render } from "preact";
import { findPage } from "./pages";
import { listen } from "./router";
import { findMe, me } from "./session";
import { App } from "./shell/app";
import { startLanguage } from "./text/text";
import "./theme";

// Not awaited at the top: a language's own file imports from this one, and would wait for it.
async function start(): Promise<void> {
  listen((path) => findPage(path) !== null);
  // The page's code is on its way while the gateway says who asks; what fails is tried again there.
  void findPage(location.pathname)
    ?.page.load()
    .catch(() => {});
  await Promise.all([
    startLanguage(),
    findMe().catch(() => {
      // The gateway is away or refuses: pages will say what it says.
      me.value = null;
    }),
  ]);
  render(<App />, document.getElementById("app") as HTMLElement);
}

void start();
