// SPDX-License-Identifier: Apache-2.0
// Appeals: requests that were denied and are asked for once more. Whoever denied one does not
// decide its appeal.
import { ask } from "../../api/client";
import { useAsk } from "../../api/use";
import { text } from "../../text/text";
import { Badge, Card, EmptyState, Facts, LinkButton, Time } from "../../ui/basic";
import { Loaded } from "../../ui/state";
import type { RequestView } from "./view";

const SHOWN = 50;

interface Appeals {
  requests: RequestView[];
  hasMore: boolean;
}

async function appeals(signal: AbortSignal): Promise<Appeals> {
  const { requests = [] } = await ask("GET /api/v1/access-requests", {
    query: { state: "appealed", sort: "waiting", limit: String(SHOWN) },
    signal,
  });
  const whole = await Promise.all(
    requests.map(({ id = "" }) =>
      ask("GET /api/v1/access-requests/{id}", { path: { id }, signal }),
    ),
  );

  return { requests: whole as unknown as RequestView[], hasMore: requests.length === SHOWN };
}

/** Whether the reader may decide it, or why not. */
function Standing({ request }: { request: RequestView }) {
  const t = text.value.appeals;
  const conflicts = request.you.conflicts ?? [];

  if (conflicts.length > 0)
    return (
      <p>
        <Badge tone="warn" icon="warning">
          {t.notYou}
        </Badge>{" "}
        {conflicts.map((one) => text.value.review.conflicts[one] ?? one).join(" ")}
      </p>
    );
  if (!request.you.decider) return <p class="soft">{text.value.review.mayNot}</p>;
  return (
    <p>
      <Badge tone="good" icon="check">
        {t.you}
      </Badge>
    </p>
  );
}

function Appeal({ request }: { request: RequestView }) {
  const t = text.value.appeals;
  const last = (act: string) => [...request.events].reverse().find((one) => one.act === act);
  const denial = last("deny");
  const appeal = last("appeal");
  const who = (request.deciders ?? []).filter((one) => !one.conflicts.length);

  return (
    <Card title={text.value.review.of(request.person, request.model)}>
      <Facts
        rows={[
          denial && [
            t.denied,
            <>
              {t.by(denial.actor || text.value.review.gateway)}{" "}
              <Time at={denial.at} kind="relative" />
              {denial.reason && <div>{denial.reason}</div>}
            </>,
          ],
          appeal && [
            t.appealed,
            <>
              <Time at={appeal.at} kind="relative" />
              {appeal.reason && <div>{appeal.reason}</div>}
            </>,
          ],
          [t.others, who.map((one) => one.person).join(", ") || t.nobody],
        ]}
      />
      <Standing request={request} />
      <LinkButton icon="right" href={`/admin/requests/${request.id}`}>
        {t.open}
      </LinkButton>
    </Card>
  );
}

export default function AppealsPage() {
  const t = text.value.appeals;
  const asked = useAsk(appeals);

  return (
    <>
      <h1>{t.title}</h1>
      <p class="lead">{t.intro}</p>
      <Loaded of={asked}>
        {({ requests, hasMore }) => (
          <>
            {requests.length === 0 && (
              <EmptyState icon="inbox" title={t.none}>
                {t.noneHelp}
              </EmptyState>
            )}
            {requests.map((one) => (
              <Appeal key={one.id} request={one} />
            ))}
            {hasMore && (
              <p>
                <a href="/admin/requests?view=appealed">{t.all}</a>
              </p>
            )}
          </>
        )}
      </Loaded>
    </>
  );
}
