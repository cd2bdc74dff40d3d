import type { Report } from "../cli/verb.ts";
import { Stop } from "../cli/verb.ts";
import { explainAll } from "./database/explain/explain.ts";
import { readRecord } from "./database/explain/statements.ts";
import type { DatabaseRun } from "./run-db.ts";
import { texts } from "./texts.ts";

/** Shows how PostgreSQL would run the statements that the tests of a project ran, and names what hurts once tables are large. */
export async function runExplain({ folder, language, env }: Omit<DatabaseRun, "part">): Promise<Report> {
  const text = texts[language];
  const url = env.DATABASE_URL;
  if (url === undefined) throw new Stop("usage", { message: text.noExplainDatabase, fix: text.noExplainDatabaseFix });
  const statements = readRecord(folder);
  if (statements.length === 0) throw new Stop("missing", { message: text.noStatements, fix: text.noStatementsFix });
  const { withClient } = await import("../postgres/client.ts");
  const explained = await withClient(url, (client) => explainAll(client, statements)).catch((error: unknown) => {
    throw new Stop("unavailable", { message: error instanceof Error ? error.message : String(error), fix: text.explainFix });
  });
  const planned = explained
    .filter((one) => "plan" in one)
    .map((one) => ({
      ...one,
      harms: one.harms.map((harm) => ({ ...harm, says: text.harms[harm.hurts].says(harm), fix: text.harms[harm.hurts].fix(harm) })),
    }));
  const unplanned = explained.filter((one) => "reason" in one);
  const count = planned.flatMap(({ harms }) => harms).length;
  return {
    exit: count > 0 || unplanned.length > 0 ? "found" : "fine",
    lines: [
      ...planned.flatMap(({ place, outline, harms }) => [
        `${place}: ${outline}`,
        ...harms.flatMap(({ hurts, says, fix }) => [`  ${hurts}: ${says}`, `  ${fix}`]),
      ]),
      ...unplanned.map(text.notPlanned),
      text.explained({ statements: explained.length, harms: count }),
    ],
    data: { statements: planned, notPlanned: unplanned },
  };
}
