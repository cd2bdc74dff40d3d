import type { Design } from "../planning/design.ts";
import { texts } from "./texts.ts";

const database = "PostgreSQL";

/** Is a picture of boxes in rows, and of arrows from each box of a row to the boxes that it names. */
interface Picture {
  readonly rows: readonly (readonly string[])[];
  readonly arrows: readonly (readonly [string, string])[];
}

function contextMap({ contexts, language }: Design): Picture {
  const { clients } = texts[language];
  const names = contexts.length === 0 ? ["core"] : contexts.map(({ name }) => name);
  return { rows: [[clients], names, [database]], arrows: names.flatMap((name) => [[clients, name] as const, [name, database] as const]) };
}

function dataFlow({ language, stack }: Design): Picture {
  const { clients, workers } = texts[language];
  const follows = stack.some(({ name }) => /outbox|saga/i.test(name));
  const arrows = [
    [clients, "HTTP"],
    ["HTTP", "admission"],
    ["admission", "modules"],
    ["modules", database],
  ] as const;
  const more = [
    [database, workers],
    [workers, database],
  ] as const;
  return {
    rows: [[clients], ["HTTP"], ["admission"], ["modules"], [database], ...(follows ? [[workers]] : [])],
    arrows: follows ? [...arrows, ...more] : arrows,
  };
}

/** The pictures of a design by the names of their files. */
export const pictures = { "context-map": contextMap, "data-flow": dataFlow } as const;

/** Writes a picture as Mermaid. */
export function mermaid({ rows, arrows }: Picture): string {
  const ids = new Map(rows.flat().map((name, index) => [name, `n${index}`]));
  const boxes = rows.flat().map((name) => `  ${ids.get(name)}["${name.replaceAll(/["\\[\]{}<>]/g, " ")}"]`);
  return ["flowchart TD", ...boxes, ...arrows.map(([from, to]) => `  ${ids.get(from)} --> ${ids.get(to)}`)].join("\n");
}

/** Writes a picture as boxes of text. */
export function textDiagram({ rows }: Picture): string {
  return rows.map((row) => row.map((name) => `[ ${name} ]`).join("  ")).join("\n     |\n     v\n");
}

const box = { width: 150, height: 40, gap: 24, drop: 50 } as const;

/** Writes a picture as SVG, with the same bytes for the same picture. */
export function svg({ rows, arrows }: Picture): string {
  const widest = Math.max(...rows.map((row) => row.length));
  const width = widest * (box.width + box.gap) + box.gap;
  const places = new Map<string, { readonly x: number; readonly y: number }>();
  for (const [line, row] of rows.entries()) {
    const left = (width - row.length * (box.width + box.gap) + box.gap) / 2;
    for (const [column, name] of row.entries())
      places.set(name, { x: left + column * (box.width + box.gap), y: box.gap + line * (box.height + box.drop) });
  }
  const height = rows.length * (box.height + box.drop) + box.gap - box.drop + box.gap;
  const lines = arrows.map(([from, to]) => {
    const [a, b] = [places.get(from)!, places.get(to)!];
    const down = b.y > a.y;
    return `<line x1="${a.x + box.width / 2 + (down ? 0 : 12)}" y1="${a.y + (down ? box.height : 0)}" x2="${b.x + box.width / 2 + (down ? 0 : 12)}" y2="${b.y + (down ? 0 : box.height)}" stroke="#456" marker-end="url(#a)"/>`;
  });
  const boxes = [...places].map(
    ([name, { x, y }]) =>
      `<rect x="${x}" y="${y}" width="${box.width}" height="${box.height}" rx="6" fill="#eef3f8" stroke="#456"/><text x="${x + box.width / 2}" y="${y + 25}" text-anchor="middle">${escaped(name.length > 20 ? `${name.slice(0, 19)}…` : name)}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="13">`,
    '<defs><marker id="a" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#456"/></marker></defs>',
    ...lines,
    ...boxes,
    "</svg>",
    "",
  ].join("\n");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
