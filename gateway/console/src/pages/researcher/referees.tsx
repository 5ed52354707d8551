// SPDX-License-Identifier: Apache-2.0
// Who vouches for a person: named by them or for them, asked by a link that an administrator sends.
import { useState } from "preact/hooks";
import { ask, type Reply } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import { holds, me } from "../../session";
import { text } from "../../text/text";
import { Badge, Button, Card, Copyable, Note, Time, type Tone } from "../../ui/basic";
import { Field } from "../../ui/form";
import { FormDialog } from "../../ui/form_dialog";
import { Dialog, toast } from "../../ui/layer";
import { ErrorState, Loaded } from "../../ui/state";

type Referee = NonNullable<Reply<"GET /api/v1/persons/{id}/referees">["referees"]>[number];

const TONES: Record<string, Tone> = { asked: "info", confirmed: "good", declined: "warn" };

/** The gateway names its route; people answer on a page. */
const pageOf = (link: string): string => link.replace("/api/v1/references/", "/references/");

interface AddProps {
  person: string;
  isOwn: boolean;
  onClose: () => void;
  onDone: (made: Referee) => void;
}

function Add({ person, isOwn, onClose, onDone }: AddProps) {
  const t = text.value.referees;
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const act = useAct(async () => {
    const made = await ask("POST /api/v1/persons/{id}/referees", {
      path: { id: person },
      body: { name: name.trim(), email: email.trim() },
    });

    toast(t.wasAdded);
    onDone(made);
  });

  return (
    <FormDialog title={t.add} does={t.add} act={act} onClose={onClose}>
      <p class="soft">{isOwn ? t.helpOwn : t.help}</p>
      <Field label={t.name} value={name} onValue={setName} required maxLength={200} />
      <Field label={t.email} type="email" value={email} onValue={setEmail} required />
    </FormDialog>
  );
}

function One({ one, link }: { one: Referee; link: (() => void) | undefined }) {
  const t = text.value.referees;
  const state = one.state ?? "asked";

  return (
    <li>
      <strong>{one.name}</strong> <span class="soft">{one.email}</span>{" "}
      <Badge tone={TONES[state] ?? "plain"}>{t.states[state] ?? state}</Badge>
      <div class="soft small">
        {t.asked} <Time at={one.asked} kind="date" />
        {state === "asked" && (
          <>
            {" · "}
            {t.until} <Time at={one.expires} kind="date" />
          </>
        )}
      </div>
      {one.note && (
        <p>
          {t.note}: <q>{one.note}</q>
        </p>
      )}
      {link && ["asked", "lapsed"].includes(state) && (
        <Button kind="quiet" onClick={link} aria-label={`${t.link}: ${one.name}`}>
          {t.link}
        </Button>
      )}
    </li>
  );
}

export function Referees({ person }: { person: string }) {
  const t = text.value.referees;
  const isOwn = person === me.value?.person.id;
  const maySend = holds("persons:manage") && !isOwn;
  const [isAdding, setAdding] = useState(false);
  const [shown, setShown] = useState<Referee>();
  const asked = useAsk(
    (signal) => ask("GET /api/v1/persons/{id}/referees", { path: { id: person }, signal }),
    [person],
  );
  const link = useAct(async (id: string) => {
    setShown(await ask("POST /api/v1/referees/{id}/link", { path: { id } }));
    asked.again();
  });

  return (
    <Card title={t.title} actions={<Button onClick={() => setAdding(true)}>{t.add}</Button>}>
      {link.error && <ErrorState error={link.error} />}
      {isOwn && <p class="soft">{t.helpOwn}</p>}
      <Loaded of={asked} lines={1}>
        {({ referees = [] }) => (
          <>
            {referees.length === 0 && <p class="soft">{t.none}</p>}
            <ul class="steps">
              {referees.map((one) => (
                <One
                  key={one.id}
                  one={one}
                  link={maySend ? () => void link.run(one.id ?? "") : undefined}
                />
              ))}
            </ul>
          </>
        )}
      </Loaded>
      {isAdding && (
        <Add
          person={person}
          isOwn={isOwn}
          onClose={() => setAdding(false)}
          onDone={(made) => {
            setAdding(false);
            if (made.link) setShown(made);
            asked.again();
          }}
        />
      )}
      {shown?.link && (
        <Dialog
          title={t.linkTitle(shown.email ?? "")}
          onClose={() => setShown(undefined)}
          actions={<Button onClick={() => setShown(undefined)}>{text.value.ui.close}</Button>}
        >
          <Note tone="warn">{t.linkHelp}</Note>
          <Copyable block value={pageOf(shown.link)} label={t.link} />
        </Dialog>
      )}
    </Card>
  );
}
