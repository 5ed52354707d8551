// SPDX-License-Identifier: Apache-2.0
// A license in forms that others read: an SD-JWT, and a visa that is good for a day.
import { useEffect, useState } from "preact/hooks";
import { ask } from "../../api/client";
import { useAct } from "../../api/use";
import { text } from "../../text/text";
import { Button, Card, LinkButton, Note, Time } from "../../ui/basic";
import { ErrorState } from "../../ui/state";

const DAY_SECONDS = 24 * 3600;

interface Made {
  address: string;
  expires: string | undefined;
}

export function TakeAlong({ id }: { id: string }) {
  const t = text.value.takeAlong;
  const [made, setMade] = useState<Made>();
  const act = useAct(async () => {
    const { visa = "", expires } = await ask("POST /api/v1/licenses/{id}/visa", {
      path: { id },
      body: { seconds: DAY_SECONDS },
    });

    setMade({ address: URL.createObjectURL(new Blob([visa])), expires });
  });

  useEffect(() => () => URL.revokeObjectURL(made?.address ?? ""), [made]);
  return (
    <Card title={t.title}>
      <p>{t.help}</p>
      <p class="soft small">{t.sdJwtHelp}</p>
      <p>
        <LinkButton
          icon="download"
          href={`/api/v1/licenses/${id}/sd-jwt`}
          download={`license-${id}.sd-jwt`}
        >
          {t.sdJwt}
        </LinkButton>
      </p>
      <p class="soft small">{t.visaHelp}</p>
      {act.error && <ErrorState error={act.error} />}
      {made ? (
        <Note
          tone="good"
          title={t.made}
          actions={
            <LinkButton icon="download" href={made.address} download={`license-${id}.jwt`}>
              {t.save}
            </LinkButton>
          }
        >
          <p>
            {t.until} <Time at={made.expires} />
          </p>
        </Note>
      ) : (
        <Button isBusy={act.isBusy} onClick={() => void act.run()}>
          {t.visa}
        </Button>
      )}
    </Card>
  );
}
