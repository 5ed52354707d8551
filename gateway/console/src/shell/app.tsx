// SPDX-License-Identifier: Apache-2.0
// The frame: menu, head, and the page of this address.
import { type ComponentType, type ComponentChildren, Component } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Refusal } from "../api/client";
import { findPage, maySee, type Page, type PageProps } from "../pages";
import { path } from "../router";
import { hasEnded, me } from "../session";
import { text } from "../text/text";
import { Button, EmptyState, LinkButton, Note } from "../ui/basic";
import { Icon } from "../ui/icons";
import { Dialog, Toasts } from "../ui/layer";
import { ErrorState, Waiting } from "../ui/state";
import { Menu } from "./menu";
import { Palette } from "./palette";
import { SignInForm, SignInPage } from "./sign_in";

/** A page that throws takes only itself down. */
class Guard extends Component<{ children: ComponentChildren }, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static override getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override componentDidCatch(error: unknown) {
    console.error(error);
  }

  override render() {
    const t = text.value.errors;

    if (!this.state.hasFailed) return this.props.children;
    return (
      <Note
        tone="bad"
        title={t.crashed}
        actions={<Button onClick={() => location.reload()}>{t.again}</Button>}
      >
        <p>{t.crashedHelp}</p>
      </Note>
    );
  }
}

function NotYours({ page }: { page: Page }) {
  const t = text.value.nav;

  return (
    <EmptyState isPage icon="shield" title={t.notYours}>
      {t.notYoursHelp(Array.isArray(page.who) ? page.who.join(", ") : "")}
    </EmptyState>
  );
}

function NotFound() {
  const t = text.value.nav;

  return (
    <EmptyState
      isPage
      icon="search"
      title={t.notFound}
      action={<LinkButton href="/">{t.home}</LinkButton>}
    >
      {t.notFoundHelp}
    </EmptyState>
  );
}

interface Opened {
  page: Page;
  View: ComponentType<PageProps>;
}

/** The page of the address; its code is fetched when it is first opened. */
function Content() {
  const found = findPage(path.value);
  const page = found?.page;
  const [opened, setOpened] = useState<Opened>();
  const [isLost, setLost] = useState(false);
  const [round, setRound] = useState(0);
  const isAllowed = page !== undefined && maySee(page);

  useEffect(() => {
    let isCurrent = true;

    setLost(false);
    if (!page || !isAllowed) return;
    page.load().then(
      ({ default: View }) => isCurrent && setOpened({ page, View }),
      // Without a connection there is no code to be had. Otherwise a new version of the gateway no
      // longer has this code: begin with its own.
      () =>
        void fetch("/healthz", { cache: "no-store" }).then(
          () => location.reload(),
          () => isCurrent && setLost(true),
        ),
    );
    return () => {
      isCurrent = false;
    };
  }, [page, isAllowed, round]);
  useEffect(() => {
    document.title = page ? `${page.title(text.value)} · Sallyport` : "Sallyport";
  }, [page, text.value]);
  if (!found || !page) return <NotFound />;
  if (!isAllowed) return me.value ? <NotYours page={page} /> : <SignInPage />;
  if (isLost)
    return (
      <>
        <h1>{page.title(text.value)}</h1>
        <ErrorState error={new Refusal(0, "UNREACHABLE", "")} again={() => setRound(round + 1)} />
      </>
    );
  if (opened?.page !== page) return <Waiting lines={6} />;
  return (
    <Guard key={path.value}>
      <opened.View params={found.params} />
    </Guard>
  );
}

/** A session ended while somebody worked: the page stays as it is until they are back. */
function Ended() {
  const t = text.value.signIn;

  if (!hasEnded.value) return null;
  return (
    <Dialog title={t.ended}>
      <p>{t.endedHelp}</p>
      <SignInForm />
    </Dialog>
  );
}

export function App() {
  const [isOpen, setOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  const before = useRef(path.value);
  const t = text.value.nav;

  useEffect(() => {
    setOpen(false);
    // Who cannot see that the page changed is taken to where it begins.
    if (before.current !== path.value) main.current?.focus({ preventScroll: true });
    before.current = path.value;
  }, [path.value]);
  return (
    <>
      <a
        class="skip"
        href="#content"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        {t.skip}
      </a>
      <header class="top">
        <button
          type="button"
          class="button quiet menu-button"
          aria-expanded={isOpen}
          aria-controls="menu"
          onClick={() => setOpen(!isOpen)}
        >
          <Icon name={isOpen ? "close" : "menu"} size={22} />
          <span class="unseen">{t.open}</span>
        </button>
        <a class="brand" href="/">
          <Brand /> Sallyport
        </a>
        <Palette />
      </header>
      <Menu isOpen={isOpen} />
      <main id="content" tabIndex={-1} ref={main}>
        <Content />
      </main>
      <Ended />
      <Toasts />
    </>
  );
}

function Brand() {
  return (
    <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true" class="mark">
      <rect width="32" height="32" rx="7" />
      <path d="M8 25V13a8 8 0 0 1 16 0v12M16 15v10" />
    </svg>
  );
}
