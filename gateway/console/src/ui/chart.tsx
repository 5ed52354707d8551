// SPDX-License-Identifier: Apache-2.0
// Curves and bars by uPlot, in the colors of the theme, and the same numbers as a table for those
// who do not look at pictures. Load it with the page that needs it, not with the shell.
import { useEffect, useId, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { number } from "../text/format";
import { language, text } from "../text/text";
import { theme } from "../theme";
import { Button, Time } from "./basic";

export interface Series {
  label: string;
  values: Array<number | null>;
}

interface ChartProps {
  label: string;
  /** Seconds since 1970, ascending. */
  times: number[];
  series: Series[];
  kind?: "line" | "bars";
  height?: number;
  /** A stretch of time was chosen by drawing over it. */
  onSelect?: (fromSeconds: number, toSeconds: number) => void;
}

const COLORS = ["--chart-1", "--chart-2", "--chart-3", "--chart-4", "--chart-5"];

const colorOf = (box: Element, name: string): string => {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  box.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
};

function draw(box: HTMLElement, props: ChartProps): uPlot {
  const { times, series, kind = "line", height = 220, onSelect } = props;
  const grid = { stroke: colorOf(box, "--line"), width: 1 };
  const axis = { stroke: colorOf(box, "--soft"), grid, ticks: grid };

  return new uPlot(
    {
      width: box.clientWidth,
      height,
      legend: { show: false },
      cursor: { drag: { x: Boolean(onSelect), y: false, setScale: false } },
      axes: [axis, { ...axis, size: 60, values: (_, ticks) => ticks.map((t) => number(t)) }],
      series: [
        {},
        ...series.map((one, i) => {
          const color = colorOf(box, COLORS[i % COLORS.length] ?? "--chart-1");
          const bars = uPlot.paths.bars?.({ size: [0.8, 40] });
          return {
            label: one.label,
            stroke: color,
            width: 2,
            ...(kind === "bars" && bars ? { paths: bars, fill: color } : {}),
            points: { show: false },
          };
        }),
      ],
      hooks: {
        setSelect: [
          (plot) => {
            if (!onSelect || plot.select.width < 3) return;
            onSelect(
              plot.posToVal(plot.select.left, "x"),
              plot.posToVal(plot.select.left + plot.select.width, "x"),
            );
          },
        ],
      },
    },
    [times, ...series.map((one) => one.values)],
    box,
  );
}

function Numbers({ label, times, series }: ChartProps) {
  return (
    <div class="scrolls" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            <th>{text.value.ui.time}</th>
            {series.map((s) => (
              <th key={s.label}>{s.label}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {times.map((time, i) => (
            <tr key={time}>
              <th>
                <Time at={time * 1000} />
              </th>
              {series.map((s) => (
                <td key={s.label} class="n">
                  {number(s.values[i] ?? 0)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Chart(props: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  const [asTable, setAsTable] = useState(false);

  useEffect(() => {
    if (!box.current || asTable) return;
    const holder = box.current;
    const plot = draw(holder, props);
    const watch = new ResizeObserver(() =>
      plot.setSize({ width: holder.clientWidth, height: props.height ?? 220 }),
    );

    watch.observe(holder);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [props.times, props.series, props.kind, asTable, theme.value, language.value]);
  return (
    <figure class="chart" aria-labelledby={id}>
      <figcaption id={id}>
        <span>{props.label}</span>
        <span class="keys">
          {props.series.map((one, i) => (
            <span key={one.label}>
              <i class={`swatch swatch-${(i % COLORS.length) + 1}`} /> {one.label}
            </span>
          ))}
        </span>
        <Button kind="quiet" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          {asTable ? text.value.ui.asChart : text.value.ui.asTable}
        </Button>
      </figcaption>
      {asTable ? <Numbers {...props} /> : <div ref={box} aria-hidden="true" />}
    </figure>
  );
}
