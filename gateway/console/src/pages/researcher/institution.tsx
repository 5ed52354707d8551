// SPDX-License-Identifier: Apache-2.0
// The institutions I belong to; for its officials, what they do for its members.
import { ask, type Reply } from "../../api/client";
import { useAsk } from "../../api/use";
import { me } from "../../session";
import { text } from "../../text/text";
import { Card, EmptyState, Facts, Note, Time } from "../../ui/basic";
import { Loaded } from "../../ui/state";
import { LibraryCards } from "./library_cards";
import { Seats } from "./seats";

type Mine = Reply<"GET /api/v1/institutions">["mine"][number];

const OFFICIAL = "official";

/** Nobody vouches for themselves, nor gives themselves a seat. */
function Official({ id }: { id: string }) {
  const t = text.value.mine;
  const asked = useAsk(
    (signal) => ask("GET /api/v1/institutions/{id}", { path: { id }, signal }),
    [id],
  );

  return (
    <Loaded of={asked}>
      {({ members = [] }) => {
        const now = members.filter((one) => !one.until && one.person !== me.value?.person.name);
        const names = [...new Set(now.map((one) => one.person))];

        return (
          <>
            <Note>{t.isOfficial}</Note>
            <LibraryCards institution={id} members={names} />
            <Seats institution={id} members={names} />
          </>
        );
      }}
    </Loaded>
  );
}

function One({ name, roles }: { name: string; roles: Mine[] }) {
  const t = text.value.mine;
  const first = roles[0];
  const isOfficial = roles.some((one) => one.role === OFFICIAL);

  if (!first) return null;
  return (
    <section>
      <Card title={name}>
        <Facts
          rows={[
            [
              t.role,
              roles.map(({ role }) => text.value.institutions.roles[role] ?? role).join(", "),
            ],
            [t.since, <Time at={first.since} kind="date" />],
          ]}
        />
        {first.state !== "active" && <Note tone="warn">{t.suspended}</Note>}
      </Card>
      {isOfficial && <Official id={first.id} />}
    </section>
  );
}

export default function MyInstitution() {
  const t = text.value.mine;
  const asked = useAsk((signal) => ask("GET /api/v1/institutions", { signal }));

  return (
    <>
      <h1>{t.title}</h1>
      <p class="lead">{t.intro}</p>
      <Loaded of={asked}>
        {({ mine }) =>
          mine.length ? (
            [...new Set(mine.map((one) => one.id))].map((id) => {
              const roles = mine.filter((one) => one.id === id);

              return <One key={id} name={roles[0]?.name ?? ""} roles={roles} />;
            })
          ) : (
            <EmptyState icon="office" title={t.none}>
              {t.noneHelp}
            </EmptyState>
          )
        }
      </Loaded>
    </>
  );
}
