// SPDX-License-Identifier: Apache-2.0
// The menu: what this person may see, who they are, and how they like it.
import { maySee, pages, type Page } from "../pages";
import { path } from "../router";
import { me, roles, signOut } from "../session";
import { language, LANGUAGES, type Language, setLanguage, text } from "../text/text";
import { theme, THEMES, type Theme } from "../theme";
import { Badge, Button, LinkButton } from "../ui/basic";
import { Select } from "../ui/form";
import { Icon } from "../ui/icons";
import { KeyboardHelp } from "./keyboard";

const GROUPS = ["work", "administration", "audit", "me"] as const;

const fits = (page: Page): boolean =>
  page.path === "/"
    ? path.value === "/"
    : path.value === page.path || path.value.startsWith(`${page.path}/`);

/** Of the pages whose address begins this one, the nearest: /settings/data is not /settings. */
function isHere(page: Page): boolean {
  const nearest = pages
    .filter((one) => one.menu && fits(one))
    .reduce((a, b) => (b.path.length > a.path.length ? b : a), page);

  return fits(page) && nearest.path === page.path;
}

function Group({ name }: { name: (typeof GROUPS)[number] }) {
  const own = pages.filter((page) => page.menu?.group === name && maySee(page));
  const t = text.value;

  if (!own.length) return null;
  return (
    <>
      <h2 id={`menu-${name}`}>{t.nav.groups[name]}</h2>
      <ul aria-labelledby={`menu-${name}`}>
        {own.map((page) => (
          <li key={page.path}>
            <a href={page.path} aria-current={isHere(page) ? "page" : undefined}>
              <Icon name={page.menu?.icon ?? "info"} /> {page.title(t)}
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}

function Person() {
  const t = text.value.nav;
  const person = me.value?.person;

  if (!person)
    return (
      <LinkButton icon="person" href="/sign-in">
        {t.signIn}
      </LinkButton>
    );
  return (
    <div class="person">
      <p title={t.signedInAs(person.name ?? "")}>
        <Icon name="person" /> <strong>{person.name}</strong>
      </p>
      <p>
        {roles.value.map((role) => (
          <Badge key={role}>{t.roles[role]}</Badge>
        ))}
      </p>
      <Button kind="quiet" icon="leave" onClick={() => void signOut()}>
        {t.signOut}
      </Button>
    </div>
  );
}

function Liking() {
  const t = text.value.nav;

  return (
    <div class="liking">
      <Select
        label={t.language}
        value={language.value}
        options={Object.entries(LANGUAGES)}
        onValue={(value) => void setLanguage(value as Language)}
      />
      <Select
        label={t.theme}
        value={theme.value}
        options={THEMES.map((one) => [one, t.themes[one]])}
        onValue={(value) => {
          theme.value = value as Theme;
        }}
      />
    </div>
  );
}

export function Menu({ isOpen }: { isOpen: boolean }) {
  return (
    <nav id="menu" class={isOpen ? "menu open" : "menu"} aria-label={text.value.nav.main}>
      {GROUPS.map((name) => (
        <Group key={name} name={name} />
      ))}
      <div class="foot">
        <Person />
        <KeyboardHelp />
        <Liking />
      </div>
    </nav>
  );
}
