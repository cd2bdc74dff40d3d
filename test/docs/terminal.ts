/** A command that was typed into a terminal, and what it printed. */
export interface Typed {
  readonly command: string;
  readonly printed: readonly string[];
}

const columns = 96;
const lineHeight = 19;
const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const unescaped = (text: string) => text.replaceAll("&gt;", ">").replaceAll("&lt;", "<").replaceAll("&amp;", "&");
const cut = (text: string) => (text.length > columns ? `${text.slice(0, columns - 1)}…` : text);

/** Draws a terminal. *Guarantees*: the same lines are the same bytes. */
export function drawTerminal(title: string, typed: readonly Typed[]): string {
  const rows = typed.flatMap(({ command, printed }) => [
    `class="typed">$ ${escaped(cut(command))}`,
    ...printed.map((line) => `class="line">${escaped(cut(line))}`),
  ]);
  const height = rows.length * lineHeight + 62;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 ${height}" role="img" aria-labelledby="title" font-family="ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13">`,
    `  <title id="title">${escaped(title)}</title>`,
    "  <style>.paper { fill: #0b141c; stroke: #233543; } .line { fill: #9cb0be; } .typed { fill: #e5edf2; font-weight: 600; } .dot { fill: #46606f; }</style>",
    `  <rect class="paper" x="0.5" y="0.5" width="859" height="${height - 1}" rx="10"/>`,
    ...[22, 40, 58].map((x) => `  <circle class="dot" cx="${x}" cy="21" r="5"/>`),
    ...rows.map((row, at) => `  <text x="22" y="${54 + at * lineHeight}" xml:space="preserve" ${row}</text>`),
    "</svg>",
    "",
  ].join("\n");
}

/** What a picture of {@link drawTerminal} shows. */
export function readTerminal(svg: string): readonly Typed[] {
  const typed: { command: string; printed: string[] }[] = [];
  for (const [, kind, text = ""] of svg.matchAll(/class="(typed|line)">(.*)<\/text>/g))
    if (kind === "typed") typed.push({ command: unescaped(text).slice("$ ".length), printed: [] });
    else typed.at(-1)?.printed.push(unescaped(text));
  return typed;
}

/** A line as a picture shows it. */
export const shown = cut;
