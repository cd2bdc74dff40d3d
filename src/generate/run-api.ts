import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Language } from "../cli/language.ts";
import { type Report, Stop } from "../cli/verb.ts";
import type { Change } from "../contracts/change.ts";
import type { Design } from "../design/planning/design.ts";
import { applyPlan } from "./folder/apply.ts";
import { type Differences, differencesOf } from "./folder/differences.ts";
import { type Manifest, manifestPath, readManifest } from "./folder/manifest.ts";
import { type GenerationPlan, planGeneration } from "./folder/plan.ts";
import { readProject } from "./folder/read-folder.ts";
import { type GateResult, gateContracts } from "./gate.ts";
import type { AppModel } from "./model/model.ts";
import { readModel } from "./model/read-model.ts";
import { readDesign } from "./reading/read-design.ts";
import { texts } from "./texts.ts";
import { filesOf } from "./writing/project-of.ts";

/** Where the design of a project is. */
const designPath = "design/design.json";

/** What a verb is given that writes code. */
export interface Generation {
  readonly folder: string;
  readonly language: Language;
}

/** Writes the code of a design, or what changed in it. */
export async function runApi({ folder, language }: Generation): Promise<Report> {
  const text = texts[language];
  const app = modelOf(loadDesign(folder, language), language);
  const before = loadManifest(folder, language);
  const named = [...filesOf(app).map(({ path }) => path), ...Object.keys(before?.files ?? {})];
  const plan = writing({ folder, language }, () => {
    const made = planGeneration(app, { present: readProject(folder, named), before });
    applyPlan(folder, made);
    return made;
  });
  const differences = before === undefined ? undefined : differencesOf(app, before);
  const gate = await gateContracts(folder, language);
  const breaks = gate.changes.filter(({ severity }) => severity === "break");
  return {
    exit: breaks.length > 0 ? "found" : "fine",
    lines: [...linesOf(plan, { app, differences, language }), ...gateLines(gate, language), ...(before === undefined ? [text.next] : [])],
    data: {
      written: [...plan.write.keys()],
      ...{ removed: plan.remove, kept: plan.kept, left: plan.left, migrations: plan.migrations, leftOut: app.leftOut },
      ...{ differences: differences ?? null, contracts: gate.changes, compared: gate.problem === undefined },
    },
  };
}

/** Reads the design of a project. *Faults*: a {@link Stop} with the line of what is wrong. */
export function loadDesign(folder: string, language: Language): Design {
  const text = texts[language];
  const path = join(folder, designPath);
  if (!existsSync(path)) throw new Stop("missing", { message: text.noDesign(designPath), fix: text.noDesignFix });
  const read = readDesign(readFileSync(path, "utf8"));
  if ("design" in read) return read.design;
  const message = read.problems.map(({ line, path: at, expected }) => {
    const what = expected === "JSON" && at === "" ? text.notJson : text.expected({ at: at === "" ? text.wholeDesign : at, expected });
    return text.wrongDesign({ path: designPath, line, what });
  });
  throw new Stop("input", { message: message.join("\n"), fix: text.wrongDesignFix });
}

/** Reads a design as code. *Faults*: a {@link Stop} where it asks for none. */
export function modelOf(design: Design, language: Language): AppModel {
  const app = readModel(design);
  if (app.modules.length > 0) return app;
  throw new Stop("input", { message: texts[language].nothingToMake, fix: texts[language].nothingToMakeFix });
}

function loadManifest(folder: string, language: Language): Manifest | undefined {
  const path = join(folder, manifestPath);
  if (!existsSync(path)) return undefined;
  const manifest = readManifest(readFileSync(path, "utf8"));
  if (manifest !== undefined) return manifest;
  throw new Stop("input", { message: texts[language].wrongManifest(manifestPath), fix: texts[language].wrongManifestFix });
}

/** Writes, and says of what cannot be written what to do. */
export function writing<T>({ folder, language }: Generation, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (!["EACCES", "EPERM", "EROFS", "ENOSPC", "ENOTDIR", "EISDIR", "EEXIST"].includes(code ?? "")) throw error;
    const message = texts[language].notWritable({ path: path ?? folder, code: code! });
    throw new Stop("output", { message, fix: texts[language].notWritableFix });
  }
}

function linesOf(
  plan: GenerationPlan,
  { app, differences, language }: { readonly app: AppModel; readonly differences: Differences | undefined; readonly language: Language },
): readonly string[] {
  const text = texts[language];
  const changed = differences === undefined ? [] : [...differences.operations, ...differences.columns, ...differences.budget];
  return [
    plan.write.size === 0 ? text.unchanged : text.written(plan.write.size),
    ...(changed.length === 0 ? [] : [text.changed, ...changed.map((line) => `  ${line}`)]),
    ...plan.migrations.map(text.migration),
    ...plan.remove.map(text.removed),
    ...plan.kept.map(text.kept),
    ...plan.left.map(text.left),
    ...app.leftOut.filter(({ why }) => why === "unclear").map(text.leftOut),
  ];
}

function gateLines({ changes, problem }: GateResult, language: Language): readonly string[] {
  const text = texts[language];
  if (problem !== undefined) return [text.noGate(problem)];
  const said = changes.map((change: Change) => (change.severity === "break" ? text.breaks(change) : text.harmless(change)));
  return changes.some(({ severity }) => severity === "break") ? [...said, text.acceptBreaks] : said;
}
