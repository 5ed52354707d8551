// SPDX-License-Identifier: Apache-2.0
// The first page: what this person does here, and the way to each of it.
import { maySee, pages, type Page } from "../../pages";
import { me, type Role, roles } from "../../session";
import { text } from "../../text/text";
import { Card } from "../../ui/basic";
import { Icon } from "../../ui/icons";

const GROUP_OF: Record<Role, NonNullable<Page["menu"]>["group"]> = {
  researcher: "work",
  administrator: "administration",
  auditor: "audit",
};

export default function Home() {
  const t = text.value;

  return (
    <>
      <h1>{t.home.welcome(me.value?.person?.name ?? "")}</h1>
      <div class="cards">
        {[...roles.value].reverse().map((role) => (
          <Card key={role} title={t.nav.roles[role]}>
            <p>{t.home[role]}</p>
            <ul class="ways">
              {pages
                .filter(
                  (page) =>
                    page.menu?.group === GROUP_OF[role] && page.path !== "/" && maySee(page),
                )
                .map((page) => (
                  <li key={page.path}>
                    <a href={page.path}>
                      <Icon name={page.menu?.icon ?? "right"} /> {page.title(t)}
                    </a>
                  </li>
                ))}
            </ul>
          </Card>
        ))}
      </div>
    </>
  );
}
