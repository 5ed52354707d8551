// SPDX-License-Identifier: Apache-2.0
// Who decides a request: who may, who has and how, who has stepped back, who looks at it besides.
import { useState } from "preact/hooks";
import { ask, ofModel } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import { text } from "../../text/text";
import { Badge, Button, Card, Time } from "../../ui/basic";
import { Area, Field } from "../../ui/form";
import { FormDialog } from "../../ui/form_dialog";
import { toast } from "../../ui/layer";
import { Loaded } from "../../ui/state";
import { PersonField } from "./person_field";
import { endOf } from "./delegations";
import { isOpen, type RequestView, type Vote } from "./view";

interface Given {
  request: RequestView;
  onDone: () => void;
}

function VoteBadge({ vote }: { vote: string }) {
  return (
    <Badge tone={vote === "approve" ? "good" : "bad"}>
      {text.value.review.votesNow[vote] ?? vote}
    </Badge>
  );
}

/** Everybody who may decide, with their vote of this round or what hinders them. */
function Deciders({ request }: { request: RequestView }) {
  const t = text.value.committee;
  const names = text.value.review.conflicts;

  return (
    <>
      <h3>{t.deciders}</h3>
      {request.deciders?.length === 0 && <p class="soft">{t.nobody}</p>}
      <ul class="steps">
        {(request.deciders ?? []).map((one) => (
          <li key={one.person}>
            <strong>{one.person}</strong>{" "}
            {one.vote ? (
              <VoteBadge vote={one.vote} />
            ) : one.conflicts.length > 0 ? (
              <Badge tone="warn" icon="warning">
                {t.inConflict}
              </Badge>
            ) : (
              <Badge>{isOpen(request) ? t.awaited : t.none}</Badge>
            )}{" "}
            {one.cast_by && one.cast_by !== one.person && t.castBy(one.cast_by)}
            {one.conflicts.map((conflict) => (
              <div key={conflict} class="soft small">
                {t.conflicts[conflict] ?? names[conflict] ?? conflict}
              </div>
            ))}
          </li>
        ))}
      </ul>
    </>
  );
}

function VoteRow({ one, round }: { one: Vote; round: number }) {
  const t = text.value.review;

  return (
    <li>
      <strong>{one.person}</strong>{" "}
      {one.seat !== "" && one.seat !== one.person && <>{t.inSeatOf(one.seat)} </>}
      <VoteBadge vote={one.vote} /> {one.signed && <Badge icon="key">{t.signed}</Badge>}{" "}
      {one.round !== round && <Badge>{t.earlier(one.round)}</Badge>}{" "}
      {!one.counts && <Badge tone="warn">{t.notCounted}</Badge>}
      {one.reason && <div>{one.reason}</div>}
      <div class="soft small">
        <Time at={one.at} />
      </div>
    </li>
  );
}

/** How many it takes, how many there are. */
function Rule({ request }: { request: RequestView }) {
  const t = text.value.review;
  const rule = useAsk(
    (signal) =>
      ask("GET /api/v1/models/{ns}/{name}/committee", { path: ofModel(request.model), signal }),
    [request.model],
  );
  const approvals = (request.votes ?? []).filter(
    (one) => one.round === request.round && one.vote === "approve" && one.counts,
  ).length;

  return (
    <Loaded of={rule} lines={1}>
      {({ needed = 1, any_denial_denies }) => (
        <p>
          {t.needs(needed)} {t.approvals(approvals, needed)}.{" "}
          {needed > 1 && any_denial_denies && t.anyDenies}
        </p>
      )}
    </Loaded>
  );
}

type Doing = "recuse" | "delegate" | "review";

/** Stepping back, voting by another, asking somebody to look: a name, a reason, and it is done. */
function Doings({
  request,
  doing,
  onClose,
  onDone,
}: Given & { doing: Doing; onClose: () => void }) {
  const t = text.value.committee;
  const [person, setPerson] = useState("");
  const [reason, setReason] = useState("");
  const [days, setDays] = useState("14");
  const act = useAct(async () => {
    const path = { id: request.id };
    const why = reason.trim();
    const who = person.trim();

    if (doing === "recuse")
      await ask("POST /api/v1/access-requests/{id}/recuse", { path, body: { reason: why } });
    else if (doing === "review")
      await ask("POST /api/v1/access-requests/{id}/reviewers", {
        path,
        body: { person: who, reason: why },
      });
    else
      await ask("POST /api/v1/access-requests/{id}/delegate", {
        path,
        body: { to: who, until: endOf(days), reason: why },
      });
    toast(t.was[doing]);
    onDone();
  });

  return (
    <FormDialog title={t.titles[doing]} does={t.acts[doing]} act={act} onClose={onClose}>
      <p class="soft">{t.help[doing]}</p>
      {doing !== "recuse" && <PersonField value={person} onValue={setPerson} />}
      {doing === "delegate" && (
        <Field type="number" min={1} required label={t.days} value={days} onValue={setDays} />
      )}
      <Area
        label={doing === "recuse" ? t.conflict : t.reason}
        value={reason}
        onValue={setReason}
        required={doing === "recuse"}
        rows={3}
      />
    </FormDialog>
  );
}

export function Committee({ request, onDone }: Given) {
  const t = text.value.review;
  const own = text.value.committee;
  const [doing, setDoing] = useState<Doing>();
  const { you, votes = [], reviewers = [] } = request;
  const mayVote = isOpen(request) && you.decider && !you.conflicts?.length;
  const may: Record<Doing, boolean> = {
    recuse: isOpen(request) && you.decider && !you.own && !you.conflicts?.includes("recused"),
    delegate: mayVote,
    review: !you.own && (you.handler || you.decider),
  };

  return (
    <Card title={t.votes}>
      <Rule request={request} />
      {request.deciders && <Deciders request={request} />}
      <h3>{own.cast}</h3>
      {votes.length === 0 && <p class="soft">{t.noVotes}</p>}
      <ul class="steps">
        {votes.map((one, i) => (
          <VoteRow key={i} one={one} round={request.round} />
        ))}
      </ul>
      <h3>{own.reviewers}</h3>
      <p class={reviewers.length ? undefined : "soft"}>
        {reviewers.length ? reviewers.join(", ") : own.noReviewers}
      </p>
      <div class="actions">
        {(["review", "delegate", "recuse"] as const)
          .filter((one) => may[one])
          .map((one) => (
            <Button key={one} onClick={() => setDoing(one)}>
              {own.acts[one]}
            </Button>
          ))}
      </div>
      {doing && (
        <Doings
          request={request}
          doing={doing}
          onClose={() => setDoing(undefined)}
          onDone={() => {
            setDoing(undefined);
            onDone();
          }}
        />
      )}
    </Card>
  );
}
