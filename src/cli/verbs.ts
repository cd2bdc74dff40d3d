// Every verb of the command, in the order of a project's life. To add one:
//   1. write `src/cli/verbs/NAME.ts` with `export const NAME = defineVerb({ … })` (see `verbs/completion.ts`): its name, its Chinese name, its texts in
//      both languages, its options as parseArgs takes them, and `run`, which imports what it needs by `await import("../../NAME/….ts")`, so that the
//      other verbs start without it. `run` returns lines for people and data for `--json`; the frame prints one of them and ends with the exit code;
//   2. add its row below, where it stands in the order. Help, completion, the nearest verb and what comes next follow from the row;
//   3. give its example a test of what it says, and its guide a place in docs/guide/command.md.
// A table of texts lies in a file `texts.ts` as `export const texts: Both<…>`: `test/cli/texts.test.ts` finds it and compares its two languages.
import type { Verb } from "./verb.ts";
import { api } from "./verbs/api.ts";
import { check } from "./verbs/check.ts";
import { completion } from "./verbs/completion.ts";
import { contracts } from "./verbs/contracts.ts";
import { db } from "./verbs/db.ts";
import { deploy } from "./verbs/deploy.ts";
import { design } from "./verbs/design.ts";
import { dev } from "./verbs/dev.ts";
import { init } from "./verbs/init.ts";
import { load } from "./verbs/load.ts";
import { mcp } from "./verbs/mcp.ts";
import { monitor } from "./verbs/monitor.ts";
import { plan } from "./verbs/plan.ts";
import { slo } from "./verbs/slo.ts";
import { test } from "./verbs/test.ts";

/** The verbs, in the order in which the help lists them. */
export const verbs: readonly Verb[] = [
  init,
  dev,
  design,
  plan,
  api,
  db,
  test,
  check,
  contracts,
  load,
  deploy,
  monitor,
  slo,
  mcp,
  completion,
];

/** Finds a verb by any of its names, in any case, with or without a slash in front. */
export function findVerb(word: string): Verb | undefined {
  const name = word.replace(/^[/／]/, "").toLowerCase();
  return verbs.find((verb) => [verb.name, ...verb.also].some((own) => own.toLowerCase() === name));
}
