// SPDX-License-Identifier: Apache-2.0
// Who else may use a model, as far as the gateway tells everybody: how many asked and what became
// of it, by their institutions. No number stands for a few people, and there are no names.
import { ask, type Reply } from "../../api/client";
import { useAsk } from "../../api/use";
import { number } from "../../text/format";
import { language, text } from "../../text/text";
import { EmptyState, Facts, Time } from "../../ui/basic";
import { Loaded } from "../../ui/state";

type Report = Reply<"GET /api/v1/transparency">;
type Group = NonNullable<NonNullable<NonNullable<Report["models"]>[number]["outcomes"]>[number]>;

const OUTCOMES = ["people", "approved", "denied", "waiting"] as const;

function countryName(code: string): string {
  const names = new Intl.DisplayNames(language.value, { type: "region" });

  return /^[A-Z]{2}$/.test(code) ? (names.of(code) ?? code) : code;
}

interface GroupsProps {
  title: string;
  groups: Group[] | null | undefined;
  /** What a group is called in the reader's language. */
  nameOf: (group: string) => string;
}

/** Columns that nobody was told (too few for each) have a dash. */
function Groups({ title, groups, nameOf }: GroupsProps) {
  const t = text.value.given;

  return (
    <>
      <h2>{title}</h2>
      {groups?.length ? (
        <div class="scrolls" tabIndex={0} role="region" aria-label={title}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t.group}</th>
                {OUTCOMES.map((one) => (
                  <th key={one} scope="col">
                    {t.outcomes[one]}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {groups.map((group) => (
                <tr key={group.group}>
                  <th scope="row">{nameOf(group.group ?? "")}</th>
                  {OUTCOMES.map((one) => (
                    <td key={one} class="n">
                      {group[one] === undefined ? "–" : number(group[one])}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <p class="soft">{t.tooFew}</p>
      )}
    </>
  );
}

export function Given({ model }: { model: string }) {
  const t = text.value.given;
  const asked = useAsk((signal) => ask("GET /api/v1/transparency", { signal }), [model]);
  const special = (group: string): string | undefined => t.special[group];

  return (
    <Loaded of={asked} lines={6}>
      {(report) => {
        const one = report.models?.find((other) => other.model === model);
        const hours = one?.median_waiting_hours;

        // Without requests the list is empty; with too few of them it is withheld.
        return one === undefined || one.outcomes?.length === 0 ? (
          <EmptyState icon="request" title={t.none}>
            {t.noneHelp}
          </EmptyState>
        ) : (
          <>
            <p>{t.intro(report.k ?? 0)}</p>
            <Facts
              rows={[
                [t.before, <Time at={report.before} kind="date" />],
                [t.waited, typeof hours === "number" ? t.hours(hours) : t.tooFew],
              ]}
            />
            <Groups title={t.all} groups={one.outcomes} nameOf={(g) => special(g) ?? g} />
            <Groups
              title={t.byKind}
              groups={one.by_institution_kind}
              nameOf={(g) =>
                g === "other" ? t.merged : (special(g) ?? text.value.institutions.kinds[g] ?? g)
              }
            />
            <Groups
              title={t.byCountry}
              groups={one.by_country}
              nameOf={(g) => special(g) ?? countryName(g)}
            />
            <p class="small">
              <a href="/transparency" target="_blank" rel="noopener">
                {t.allModels}
              </a>
            </p>
          </>
        );
      }}
    </Loaded>
  );
}
