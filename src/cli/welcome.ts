import { readFileSync } from "node:fs";
import { join } from "node:path";
import { release } from "../postgres/migrate/release.ts";
import type { Reader } from "./help.ts";
import { findPrd } from "./prd-file.ts";
import { paint } from "./terminal/terminal.ts";
import { texts } from "./texts.ts";
import type { Report, Verb } from "./verb.ts";

/** Says where a folder stands: its PRD, and which verb comes next. */
export function welcome(verbs: readonly Verb[], { folder, language, terminal }: Reader & { readonly folder: string }): Report {
  const text = texts[language];
  const prd = findPrd(folder);
  const next = verbs.find((verb) => verb.isNext?.(folder));
  const lines = [
    `${paint(terminal, "bold", `≡ plimsoll ${release}`)}  ${paint(terminal, "dim", text.tagline)}`,
    "",
    ...(prd === undefined ? [text.noPrd, text.begin] : [text.prdFound({ file: prd, lines: linesOf(join(folder, prd)) })]),
    ...(next === undefined ? [] : [paint(terminal, "green", text.next(next.name)), `  ${next.summary[language]}`]),
    text.allHelp,
  ];
  return {
    exit: "fine",
    lines,
    data: { version: release, prd: prd ?? null, next: next?.name ?? null, verbs: verbs.map(({ name }) => name) },
  };
}

function linesOf(path: string): number {
  try {
    return readFileSync(path, "utf8").replace(/\n$/, "").split("\n").length;
  } catch {
    return 0;
  }
}
