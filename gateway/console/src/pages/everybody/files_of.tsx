// SPDX-License-Identifier: Apache-2.0
// The files of a model at one of its revisions, with their sizes.
import { ask, ofModel } from "../../api/client";
import { useAsk } from "../../api/use";
import { bytes } from "../../text/format";
import { text } from "../../text/text";
import { Loaded } from "../../ui/state";
import { Table } from "../../ui/table";

interface FilesProps {
  model: string;
  /** The current one, if it is not said. */
  revision?: string;
  /** What the table is called, where a page has several. */
  label?: string;
  /** How many rows are seen before it scrolls. */
  shows?: number;
}

export function FilesOf({ model, revision = "main", label, shows = 15 }: FilesProps) {
  const t = text.value.model;
  const asked = useAsk(
    (signal) =>
      ask("GET /api/models/{ns}/{name}/tree/{revision}", {
        path: { ...ofModel(model), revision },
        query: { recursive: "true" },
        signal,
      }),
    [model, revision],
  );

  return (
    <Loaded of={asked}>
      {(files) => (
        <Table
          label={label ?? t.files}
          rows={files.filter((file) => file.type !== "directory")}
          rowKey={(file) => file.path ?? ""}
          shows={shows}
          columns={[
            {
              key: "path",
              title: t.file,
              width: "3fr",
              render: (file) => file.path,
              sort: (file) => file.path ?? "",
            },
            {
              key: "size",
              title: t.bytes,
              isNumber: true,
              render: (file) => bytes(file.size ?? 0),
              sort: (file) => file.size ?? 0,
            },
          ]}
        />
      )}
    </Loaded>
  );
}
