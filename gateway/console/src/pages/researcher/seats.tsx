// SPDX-License-Identifier: Apache-2.0
// Licenses that an institution holds, and who of its members sits on their seats.
import { useState } from "preact/hooks";
import { ask } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import { text } from "../../text/text";
import { Badge, Button, Card, Time } from "../../ui/basic";
import { Select } from "../../ui/form";
import { FormDialog } from "../../ui/form_dialog";
import { Confirm, toast } from "../../ui/layer";
import { ErrorState, Loaded } from "../../ui/state";
import { licenseState, licenseTone } from "./licenses_api";

interface Held {
  id: string;
  institution_id: string;
  model: string;
  state: string;
  rights: string[];
  seats: number;
  seats_taken: number;
  expires: string;
}

interface Seat {
  person: string;
  state: string;
  since: string;
}

function State({ of }: { of: { state: string } }) {
  return <Badge tone={licenseTone(of.state)}>{licenseState(of.state)}</Badge>;
}

interface GiveProps {
  held: Held;
  members: string[];
  onClose: () => void;
  onDone: () => void;
}

function Give({ held, members, onClose, onDone }: GiveProps) {
  const t = text.value.seats;
  const [person, setPerson] = useState("");
  const act = useAct(async () => {
    await ask("POST /api/v1/institution-licenses/{id}/members", {
      path: { id: held.id },
      body: { person },
    });
    toast(t.wasGiven);
    onDone();
  });

  return (
    <FormDialog title={t.giveTitle(held.model)} does={t.give} act={act} onClose={onClose}>
      <p class="soft">{t.giveHelp}</p>
      <Select
        label={text.value.committee.person}
        value={person}
        onValue={setPerson}
        required
        options={[["", t.choose], ...members.map((one) => [one, one] as [string, string])]}
      />
    </FormDialog>
  );
}

function Sitting({ held, again }: { held: Held; again: () => void }) {
  const t = text.value.seats;
  const [chosen, setChosen] = useState<Seat>();
  const asked = useAsk(
    (signal) => ask("GET /api/v1/institution-licenses/{id}", { path: { id: held.id }, signal }),
    [held.id, held.seats_taken],
  );
  const take = useAct(async (person: string) => {
    await ask("DELETE /api/v1/institution-licenses/{id}/members/{person}", {
      path: { id: held.id, person },
    });
    setChosen(undefined);
    toast(t.wasTaken);
    again();
  });

  return (
    <Loaded of={asked} lines={1}>
      {(whole) => {
        const { members = [] } = whole as unknown as { members?: Seat[] };

        if (!members.length) return <p class="soft">{t.free}</p>;
        return (
          <ul class="plain">
            {members.map((one) => (
              <li key={one.person}>
                {one.person} <State of={one} />{" "}
                <Button
                  kind="quiet"
                  onClick={() => setChosen(one)}
                  aria-label={`${t.take}: ${one.person}`}
                >
                  {t.take}
                </Button>
              </li>
            ))}
            {chosen && (
              <Confirm
                title={t.takeTitle(chosen.person)}
                does={t.take}
                kind="danger"
                isBusy={take.isBusy}
                onYes={() => void take.run(chosen.person)}
                onNo={() => setChosen(undefined)}
              >
                {take.error && <ErrorState error={take.error} />}
                <p>{t.takeHelp}</p>
              </Confirm>
            )}
          </ul>
        );
      }}
    </Loaded>
  );
}

function One({ held, members, again }: { held: Held; members: string[]; again: () => void }) {
  const t = text.value.seats;
  const [isGiving, setGiving] = useState(false);

  return (
    <li>
      <strong>{held.model}</strong> <State of={held} />
      <div class="soft small">
        {t.taken(held.seats_taken, held.seats)} · {t.until} <Time at={held.expires} kind="date" />
        {" · "}
        {held.rights.map((right) => text.value.rights[right] ?? right).join(", ")}
      </div>
      <Sitting held={held} again={again} />
      {held.state === "active" && held.seats_taken < held.seats && (
        <Button onClick={() => setGiving(true)}>{t.give}</Button>
      )}
      {isGiving && (
        <Give
          held={held}
          members={members}
          onClose={() => setGiving(false)}
          onDone={() => {
            setGiving(false);
            again();
          }}
        />
      )}
    </li>
  );
}

export function Seats({ institution, members }: { institution: string; members: string[] }) {
  const t = text.value.seats;
  const asked = useAsk((signal) => ask("GET /api/v1/institution-licenses", { signal }));

  return (
    <Card title={t.title}>
      <Loaded of={asked} lines={1}>
        {(found) => {
          const { licenses = [] } = found as unknown as { licenses?: Held[] };
          const own = licenses.filter((one) => one.institution_id === institution);

          if (!own.length) return <p class="soft">{t.none}</p>;
          return (
            <ul class="steps">
              {own.map((one) => (
                <One key={one.id} held={one} members={members} again={asked.again} />
              ))}
            </ul>
          );
        }}
      </Loaded>
    </Card>
  );
}
