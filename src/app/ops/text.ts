import type { OpsRequest } from "../../operation/ops-page.ts";

/** Whether a request wants a page as text: by `?format=text`, or because a browser asks, which reads plain text as well. */
export function wantsText({ headers }: OpsRequest, search: string): boolean {
  const format = new URLSearchParams(search).get("format");
  if (format !== null) return format === "text";
  const accept = headers.accept;
  return typeof accept === "string" && accept.includes("text/html");
}

/** Writes rows as a table of plain text, one a line; the first has the titles. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, at) => cell.padEnd(widths[at] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}
