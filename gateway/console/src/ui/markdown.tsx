// SPDX-License-Identifier: Apache-2.0
// Markdown of others (model cards, comments) as elements. Its text is never given to the browser as
// HTML: each token becomes an element of the few below, and what is none of them is shown as text.
// Links lead to http, https and mail addresses or to this gateway; pictures are links, since this
// page loads nothing from elsewhere.
import { lexer, type Token, type Tokens } from "marked";
import { type ComponentChildren, Fragment, h } from "preact";
import { useMemo } from "preact/hooks";

const MAX_TEXT = 1024 * 1024;

function unescaped(text: string): string {
  return text.replace(
    /&(amp|lt|gt|quot|#39);/g,
    (all) => ({ "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'" })[all] ?? all,
  );
}

/** The address if it may be followed; else undefined. */
export function safeAddress(href: string): string | undefined {
  try {
    const url = new URL(href, location.href);
    const isOurs = url.origin === location.origin;

    if (isOurs && !href.startsWith("/") && !href.startsWith("#")) return undefined;
    return ["https:", "http:", "mailto:"].includes(url.protocol) ? url.href : undefined;
  } catch {
    return undefined;
  }
}

function Link({ href, children }: { href: string; children: ComponentChildren }) {
  const address = safeAddress(href);

  if (!address) return <span>{children}</span>;
  return (
    <a href={address} rel="noopener noreferrer nofollow ugc">
      {children}
    </a>
  );
}

const inline = (tokens: Token[] | undefined): ComponentChildren =>
  tokens?.map((token, i) => <Fragment key={i}>{inlineOf(token)}</Fragment>);

function inlineOf(token: Token): ComponentChildren {
  switch (token.type) {
    case "strong":
      return <strong>{inline(token.tokens)}</strong>;
    case "em":
      return <em>{inline(token.tokens)}</em>;
    case "del":
      return <del>{inline(token.tokens)}</del>;
    case "codespan":
      return <code>{unescaped((token as Tokens.Codespan).text)}</code>;
    case "br":
      return <br />;
    case "link":
      return <Link href={(token as Tokens.Link).href}>{inline(token.tokens)}</Link>;
    case "image": {
      const { href, text } = token as Tokens.Image;
      return <Link href={href}>{text || href}</Link>;
    }
    case "text":
    case "escape":
      return "tokens" in token && token.tokens
        ? inline(token.tokens)
        : unescaped((token as Tokens.Text).text);
    default:
      return token.raw;
  }
}

function TableOf({ token }: { token: Tokens.Table }) {
  return (
    <div class="scrolls" tabIndex={0} role="region" aria-label={token.header[0]?.text ?? ""}>
      <table>
        <thead>
          <tr>
            {token.header.map((cell, i) =>
              cell.text ? <th key={i}>{inline(cell.tokens)}</th> : <td key={i} />,
            )}
          </tr>
        </thead>
        <tbody>
          {token.rows.map((row, i) => (
            <tr key={i}>
              {row.map((cell, k) => (
                <td key={k}>{inline(cell.tokens)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ListOf({ token, depth }: { token: Tokens.List; depth: number }) {
  const items = token.items.map((item, i) => (
    <li key={i}>
      {item.task && (
        <input type="checkbox" checked={item.checked ?? false} disabled aria-label={item.text} />
      )}
      {blocks(item.tokens, depth)}
    </li>
  ));

  return token.ordered ? <ol start={Number(token.start) || 1}>{items}</ol> : <ul>{items}</ul>;
}

const blocks = (tokens: Token[] | undefined, depth: number): ComponentChildren =>
  tokens?.map((token, i) => <Fragment key={i}>{blockOf(token, depth)}</Fragment>);

/** `depth` is the level of headings above: a card's first heading is not the page's. */
function blockOf(token: Token, depth: number): ComponentChildren {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading": {
      const level = Math.min(6, (token as Tokens.Heading).depth + depth);
      return h(`h${level}`, null, inline(token.tokens));
    }
    case "paragraph":
      return <p>{inline(token.tokens)}</p>;
    case "code":
      return (
        <pre tabIndex={0}>
          <code>{(token as Tokens.Code).text}</code>
        </pre>
      );
    case "blockquote":
      return <blockquote>{blocks(token.tokens, depth)}</blockquote>;
    case "list":
      return <ListOf token={token as Tokens.List} depth={depth} />;
    case "table":
      return <TableOf token={token as Tokens.Table} />;
    case "hr":
      return <hr />;
    case "text":
      return inlineOf(token);
    default:
      return <pre tabIndex={0}>{token.raw}</pre>;
  }
}

export function Markdown({ source, depth = 1 }: { source: string; depth?: number }) {
  const tokens = useMemo(() => lexer(source.slice(0, MAX_TEXT), { gfm: true }), [source]);

  return <div class="prose">{blocks(tokens, depth)}</div>;
}
