import type { Row } from "./row.ts";

const colours: Readonly<Record<string, string>> = { ideal: "#888888", plimsoll: "#0b6e4f", fastify: "#c8553d" };
const panel = { width: 300, height: 200, gap: 60, top: 50 };
const times = /^(\S+) (\d+)x$/;

interface Point {
  readonly offered: number;
  readonly value: number;
}

interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly lines: ReadonlyMap<string, readonly Point[]>;
}

/** Goodput and p99 against offered load, a row of panels for each operation. */
export function draw(rows: readonly Row[]): string {
  const ramps = rows.filter(({ scenario }) => times.test(scenario));
  const works = [...new Set(ramps.map(({ scenario }) => times.exec(scenario)![1]!))];
  const panels = works.map((work) => {
    const own = ramps.filter(({ scenario }) => scenario.startsWith(`${work} `));
    return [
      { title: `${work}: goodput`, unit: "/s", lines: linesOf(own, ({ goodput }) => goodput ?? 0) },
      { title: `${work}: p99 of what was admitted`, unit: "ms", lines: linesOf(own, ({ admittedP99Ms }) => admittedP99Ms) },
    ];
  });
  const width = 2 * (panel.width + panel.gap) + panel.gap;
  const height = works.length * (panel.height + panel.gap) + panel.top;
  const body = panels.flatMap((pair, row) =>
    pair.map((one, column) => {
      const [x, y] = [panel.gap + column * (panel.width + panel.gap), panel.top + row * (panel.height + panel.gap)];
      return `<g transform="translate(${x},${y})">${drawPanel(one)}</g>`;
    }),
  );
  const legend = Object.entries(colours).map(([name, colour], n) => text({ x: panel.gap + n * 90, y: 20 }, name, { fill: colour }));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="white"/>
${[...legend, ...body].join("\n")}
</svg>
`;
}

function linesOf(rows: readonly Row[], valueIn: (row: Row) => number): ReadonlyMap<string, readonly Point[]> {
  const lines = new Map<string, Point[]>();
  for (const row of rows) {
    const line = lines.get(row.name) ?? [];
    lines.set(row.name, line);
    line.push({ offered: row.offered ?? 0, value: valueIn(row) });
  }
  return lines;
}

function drawPanel({ title, unit, lines }: Panel): string {
  const points = [...lines.values()].flat();
  const most = (values: readonly number[]) => Math.max(1, ...values) * 1.05;
  const [mostOffered, mostValue] = [most(points.map(({ offered }) => offered)), most(points.map(({ value }) => value))];
  const at = ({ offered, value }: Point) =>
    `${((offered / mostOffered) * panel.width).toFixed(1)},${(panel.height * (1 - value / mostValue)).toFixed(1)}`;
  const drawn = [...lines].map(
    ([name, line]) => `<polyline fill="none" stroke-width="2" stroke="${colours[name] ?? "black"}" points="${line.map(at).join(" ")}"/>`,
  );
  return [
    text({ x: 0, y: -8 }, title),
    `<path d="M0 0V${panel.height}H${panel.width}" fill="none" stroke="black"/>`,
    text({ x: panel.width, y: panel.height + 14 }, `${Math.round(mostOffered)}/s offered`, { anchor: "end" }),
    text({ x: -4, y: 10 }, `${Math.round(mostValue)} ${unit}`, { anchor: "end" }),
    ...drawn,
  ].join("\n");
}

function text({ x, y }: { readonly x: number; readonly y: number }, content: string, { fill = "black", anchor = "start" } = {}): string {
  return `<text x="${x}" y="${y}" fill="${fill}" text-anchor="${anchor}">${content}</text>`;
}
