import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Language } from "../cli/language.ts";
import { findPrd } from "../cli/prd-file.ts";
import { type Report, Stop } from "../cli/verb.ts";
import { english, kebab, pascal, plural, singular, snake, words } from "./model/names.ts";
import { writing } from "./run-api.ts";
import { texts } from "./texts.ts";

/** What the verb `init` is asked for. */
export interface Init {
  readonly folder: string;
  /** The folder to write, relative to it. */
  readonly named: string;
  readonly language: Language;
  /** Returns what a person says, or undefined where no person is asked. */
  readonly ask: (question: string) => Promise<string | undefined>;
}

/** Writes a PRD to begin with. It never writes over one. */
export async function runInit({ folder, named, language, ask }: Init): Promise<Report> {
  const text = texts[language];
  const target = resolve(folder, named);
  const known = findPrd(target);
  if (known !== undefined) throw new Stop("output", { message: text.prdExists(join(named, known)), fix: text.prdExistsFix });
  const title = ((await ask(`${text.askTitle} [${text.title}] `)) ?? "").trim() || text.title;
  const said = ((await ask(`${text.askThings} [${text.things}] `)) ?? "").trim() || text.things;
  const rate = /\d+/.exec((await ask(`${text.askRate} [50] `)) ?? "")?.[0] ?? "50";
  const things = said
    .split(/[,，、;]/)
    .map((one) => one.trim())
    .filter((one) => one !== "")
    .slice(0, 12)
    .map((one, at) => ({ said: one, key: singular(snake(one) ?? english(one) ?? `thing_${at + 1}`) }));
  const prd = text.prd({
    title,
    rate,
    entities: things
      .map(({ said: one, key }) => `- **${snake(one) === undefined ? `${one}（${pascal(key)}）` : pascal(key)}**: name, description`)
      .join("\n"),
    routes: things.flatMap(({ key }) => routesOf(kebab(plural(key)), words(key))).join("\n"),
  });
  writing({ folder: target, language }, () => {
    mkdirSync(target, { recursive: true });
    writeFileSync(join(target, "PRD.md.part"), prd);
    renameSync(join(target, "PRD.md.part"), join(target, "PRD.md"));
  });
  const path = named === "." ? "PRD.md" : join(named, "PRD.md");
  return { exit: "fine", lines: [text.prdWritten(path)], data: { written: [path], title, entities: things.map(({ key }) => key) } };
}

function routesOf(path: string, one: string): readonly string[] {
  return [`POST /${path}`, `GET /${path}`, `GET /${path}/{id}`, `PATCH /${path}/{id}`, `DELETE /${path}/{id}`].map(
    (route) => `- \`${route}\` (${one})`,
  );
}
