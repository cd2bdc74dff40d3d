import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Language } from "../cli/language.ts";
import { type Report, Stop } from "../cli/verb.ts";
import type { Module } from "../operation/module.ts";
import { planIndexes } from "./database/index-plan.ts";
import { lintMigrations } from "./database/lint.ts";
import { diagramOf, schemaOf } from "./database/schema.ts";
import { loadDesign, modelOf } from "./run-api.ts";
import { runExplain } from "./run-explain.ts";
import { texts } from "./texts.ts";

/** The parts of the verb. */
export const databaseParts = ["diagram", "lint", "indexes", "explain", "dry-run"] as const;

/** What the verb `db` is asked for. */
export interface DatabaseRun {
  readonly folder: string;
  readonly language: Language;
  readonly part: (typeof databaseParts)[number];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Shows the tables of a project, or what its migrations lock, lose or would do. */
export async function runDatabase({ folder, language, part, env }: DatabaseRun): Promise<Report> {
  if (part === "dry-run") return dryRun(folder, { language, env });
  if (part === "explain") return runExplain({ folder, language, env });
  const files = readMigrationFiles(folder);
  if (files.size === 0) throw new Stop("missing", { message: texts[language].noMigrations, fix: texts[language].noMigrationsFix });
  if (part === "lint") return lint(files, language);
  const tables = schemaOf(files);
  if (part === "diagram") {
    const diagram = diagramOf(tables);
    return { exit: "fine", lines: [diagram], data: { diagram, tables: [...tables.keys()] } };
  }
  const planned = planIndexes(modelOf(loadDesign(folder, language), language), tables);
  const missing = planned.filter(({ index }) => index === undefined);
  return {
    exit: missing.length === 0 ? "fine" : "found",
    lines: planned.map(({ read, table, columns, index, statement }) =>
      index === undefined
        ? texts[language].indexMissing({ read, table, columns: columns.join(", "), statement })
        : texts[language].indexUsed({ read, table, columns: columns.join(", "), index }),
    ),
    data: { reads: planned },
  };
}

function lint(files: ReadonlyMap<string, string>, language: Language): Report {
  const text = texts[language];
  const findings = lintMigrations(files).map((finding) => ({ ...finding, ...text.lint[finding.rule] }));
  return {
    exit: findings.length === 0 ? "fine" : "found",
    lines: [
      ...findings.flatMap(({ file, line, rule, says, fix, source, statement }) => [
        `${file}:${line} ${rule}: ${statement}`,
        `  ${says}`,
        `  ${fix} (${source})`,
      ]),
      text.linted({ files: files.size, findings: findings.length }),
    ],
    data: { findings },
  };
}

const mostFiles = 5_000;

/** The migrations of a project: what lies in a folder `migrations`, each folder in its order. */
function readMigrationFiles(folder: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const walk = (path: string): void => {
    for (const entry of readdirSync(join(folder, path), { withFileTypes: true }).toSorted((one, other) =>
      one.name < other.name ? -1 : 1,
    )) {
      const below = path === "" ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory() && !/^(?:node_modules|dist|\..*)$/.test(entry.name)) walk(below);
      else if (entry.isFile() && /(?:^|\/)migrations\/[^/]+\.sql$/.test(below) && found.size < mostFiles)
        found.set(below, readFileSync(join(folder, below), "utf8"));
    }
  };
  walk("");
  return found;
}

async function dryRun(folder: string, { language, env }: Pick<DatabaseRun, "language" | "env">): Promise<Report> {
  const text = texts[language];
  const { DATABASE_URL: url, ADMIN_DATABASE_URL: adminUrl } = env;
  if (url === undefined || adminUrl === undefined) throw new Stop("usage", { message: text.noDatabase, fix: text.noDatabaseFix });
  const { migrate } = await import("../postgres/migrate.ts");
  try {
    const { modules } = (await import(pathToFileURL(join(folder, "src/modules.ts")).href)) as { readonly modules: readonly Module[] };
    const { pending, ahead, notTried = [] } = await migrate({ modules, url, adminUrl, mode: "dry-run" });
    return {
      exit: "fine",
      lines: [
        ...(pending.length === 0 ? [text.nothingPending] : pending.map(text.wouldRun)),
        ...notTried.map(({ file, reason }) => text.notTried({ file, reason })),
        ...ahead.map(text.ahead),
      ],
      data: { pending, ahead, notTried },
    };
  } catch (error) {
    throw new Stop("input", { message: error instanceof Error ? error.message : String(error), fix: text.dryRunFix });
  }
}
