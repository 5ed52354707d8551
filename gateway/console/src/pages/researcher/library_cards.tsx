// SPDX-License-Identifier: Apache-2.0
// Library cards of an institution: who is vouched for, by whom, until when. Officials give them to
// members; they and those who administer people take them back.
import { useState } from "preact/hooks";
import { ask } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import { text } from "../../text/text";
import { Badge, Button, Card, Time } from "../../ui/basic";
import { Area, Field, Select } from "../../ui/form";
import { FormDialog } from "../../ui/form_dialog";
import { Confirm, toast } from "../../ui/layer";
import { ErrorState, Loaded } from "../../ui/state";

interface CardsProps {
  institution: string;
  /** Names of those who may get one; without them, none can be given here. */
  members?: string[];
}

interface LibraryCard {
  id: string;
  person: string;
  issued_by: string;
  reason: string;
  expires: string;
  revoked?: string;
  holds: boolean;
}

function Give({
  institution,
  members = [],
  onClose,
  onDone,
}: CardsProps & { onClose: () => void; onDone: () => void }) {
  const t = text.value.cards;
  const [person, setPerson] = useState("");
  const [days, setDays] = useState("365");
  const [reason, setReason] = useState("");
  const act = useAct(async () => {
    await ask("POST /api/v1/institutions/{id}/library-cards", {
      path: { id: institution },
      body: { person, expires_days: Number(days), reason: reason.trim() },
    });
    toast(t.wasGiven);
    onDone();
  });

  return (
    <FormDialog title={t.give} does={t.give} act={act} onClose={onClose}>
      <Select
        label={text.value.committee.person}
        value={person}
        onValue={setPerson}
        required
        options={[
          ["", text.value.seats.choose],
          ...members.map((one) => [one, one] as [string, string]),
        ]}
      />
      <Field
        type="number"
        min={1}
        max={3650}
        label={t.days}
        value={days}
        onValue={setDays}
        required
      />
      <Area label={t.reason} hint={t.reasonHint} value={reason} onValue={setReason} rows={2} />
    </FormDialog>
  );
}

function One({ card, revoke }: { card: LibraryCard; revoke: () => void }) {
  const t = text.value.cards;

  return (
    <li>
      <strong>{card.person}</strong>{" "}
      {card.holds ? (
        <Badge tone="good">{t.holds}</Badge>
      ) : (
        <Badge>{card.revoked ? t.revoked : t.over}</Badge>
      )}
      <div class="soft small">
        {t.until} <Time at={card.revoked ?? card.expires} kind="date" /> · {t.by} {card.issued_by}
        {card.reason && ` · ${card.reason}`}
      </div>
      {card.holds && (
        <Button kind="quiet" onClick={revoke} aria-label={`${t.revoke}: ${card.person}`}>
          {t.revoke}
        </Button>
      )}
    </li>
  );
}

export function LibraryCards({ institution, members }: CardsProps) {
  const t = text.value.cards;
  const [isGiving, setGiving] = useState(false);
  const [chosen, setChosen] = useState<LibraryCard>();
  const asked = useAsk(
    (signal) =>
      ask("GET /api/v1/institutions/{id}/library-cards", { path: { id: institution }, signal }),
    [institution],
  );
  const revoke = useAct(async (card: string) => {
    await ask("DELETE /api/v1/institutions/{id}/library-cards/{card}", {
      path: { id: institution, card },
    });
    setChosen(undefined);
    toast(t.wasRevoked);
    asked.again();
  });

  return (
    <Card
      title={t.title}
      actions={members && <Button onClick={() => setGiving(true)}>{t.give}</Button>}
    >
      <p class="soft">{t.help}</p>
      <Loaded of={asked} lines={1}>
        {({ library_cards = [] }) => (
          <>
            {library_cards.length === 0 && <p class="soft">{t.none}</p>}
            <ul class="steps">
              {(library_cards as unknown as LibraryCard[]).map((one) => (
                <One key={one.id} card={one} revoke={() => setChosen(one)} />
              ))}
            </ul>
          </>
        )}
      </Loaded>
      {isGiving && (
        <Give
          institution={institution}
          members={members ?? []}
          onClose={() => setGiving(false)}
          onDone={() => {
            setGiving(false);
            asked.again();
          }}
        />
      )}
      {chosen && (
        <Confirm
          title={t.revokeTitle(chosen.person)}
          does={t.revoke}
          kind="danger"
          isBusy={revoke.isBusy}
          onYes={() => void revoke.run(chosen.id)}
          onNo={() => setChosen(undefined)}
        >
          {revoke.error && <ErrorState error={revoke.error} />}
          <p>{t.revokeHelp}</p>
        </Confirm>
      )}
    </Card>
  );
}
