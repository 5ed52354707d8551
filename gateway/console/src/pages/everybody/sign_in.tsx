// SPDX-License-Identifier: Apache-2.0
// Signing in for its own sake: from the menu, or from a page of the gateway that is none of the
// console's (?back=/device?user_code=...).
import { useEffect } from "preact/hooks";
import { go, query } from "../../router";
import { me } from "../../session";
import { SignInPage } from "../../shell/sign_in";

/** Only to an address of ours: nobody is led elsewhere by a link to here. */
function back(): URL {
  const home = new URL("/", location.href);

  try {
    const target = new URL(query.value.get("back") ?? "/", location.href);
    return target.origin === location.origin ? target : home;
  } catch {
    return home;
  }
}

export default function SignIn() {
  useEffect(() => {
    if (!me.value) return;
    const target = back();
    if (target.pathname === "/device") location.assign(target);
    else go(target.href, "replace");
  }, [me.value]);
  return <SignInPage />;
}
