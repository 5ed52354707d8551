// SPDX-License-Identifier: Apache-2.0
// The components in one page, larger than any page of ours needs them; components.test.mjs builds
// it.
import { render } from "preact";
import { useState } from "preact/hooks";
import { Button, Copyable, Progress, Timeline } from "../../gateway/console/src/ui/basic";
import { Chart } from "../../gateway/console/src/ui/chart";
import { Diff } from "../../gateway/console/src/ui/diff";
import { Confirm } from "../../gateway/console/src/ui/layer";
import { type Column, Table } from "../../gateway/console/src/ui/table";

interface Row {
	id: string;
	name: string;
	size: number;
}

const ROWS: Row[] = Array.from({ length: 100_000 }, (_, i) => ({
	id: String(i),
	name: `row ${i}`,
	size: (i * 7919) % 100_003,
}));
const TIMES = Array.from({ length: 48 }, (_, i) => 1_700_000_000 + i * 3600);
const SERIES = [{ label: "allowed", values: TIMES.map((_, i) => (i * 37) % 100) }];

const columns: Array<Column<Row>> = [
	{ key: "name", title: "Name", render: (row) => row.name },
	{
		key: "size",
		title: "Size",
		isNumber: true,
		render: (row) => String(row.size),
		sort: (row) => row.size,
	},
];

function Page() {
	const [opened, setOpened] = useState("");
	const [isAsking, setAsking] = useState(false);

	return (
		<main>
			<h1>Components</h1>
			<p>opened: {opened}</p>
			<Table
				label="Rows"
				columns={columns}
				rows={ROWS}
				rowKey={(row) => row.id}
				onOpen={(row) => setOpened(row.name)}
			/>
			<Chart label="Decisions" times={TIMES} series={SERIES} kind="bars" />
			<Diff label="Change" before={"a\nb\nc"} after={"a\nx\nc\nd"} />
			<Progress label="Importing" value={3} of={10} />
			<Timeline
				steps={[
					{ at: "2026-01-01T00:00:00Z", title: "asked" },
					{ title: "decided" },
				]}
			/>
			<Copyable value="sallyport pull" />
			<Button onClick={() => setAsking(true)}>Ask</Button>
			{isAsking && (
				<Confirm
					title="Really?"
					does="Do it"
					onYes={() => setAsking(false)}
					onNo={() => setAsking(false)}
				>
					<p>It is done at once.</p>
				</Confirm>
			)}
		</main>
	);
}

render(<Page />, document.getElementById("app") as HTMLElement);
