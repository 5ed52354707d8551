// SPDX-License-Identifier: Apache-2.0
// Whether the log goes on from what this browser saw last.
import { number } from "../../text/format";
import { text } from "../../text/text";
import { Badge, Button, Note, Time } from "../../ui/basic";
import { forgetLog, type LogNow } from "./log_kept";

export function Since({ now, again }: { now: LogNow; again: () => void }) {
  const t = text.value.logSince;
  const { since, before } = now;

  if (!before) return <span>{t.first}</span>;
  const seen = (
    <>
      {t.seen(number(before.size))} <Time at={before.at} />
    </>
  );
  if (since === "goesOn")
    return (
      <span>
        {seen} <Badge tone="good">{t.goesOn}</Badge>
      </span>
    );
  return (
    <>
      <span>{seen}</span>
      <Note
        tone="bad"
        title={t.wrong[since === "key" || since === "shorter" ? since : "other"]}
        actions={
          <Button
            onClick={() => {
              forgetLog();
              again();
            }}
          >
            {t.forget}
          </Button>
        }
      >
        <p>{t.wrongHelp}</p>
      </Note>
    </>
  );
}
