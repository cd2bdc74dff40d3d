import { titles } from "./titles.ts";

// What stood under another name in earlier commits, so that the tests of this tree can be laid over them. Names alone: nothing here changes what
// the earlier code does.

/** How to put the tests of this tree into the names of an earlier commit. */
export interface Renames {
  /** Modules that stood elsewhere, by their paths here; a folder ends with `/`. `names`: exports that were called otherwise, new name first. */
  readonly modules: Readonly<Record<string, { readonly was: readonly string[]; readonly names?: Readonly<Record<string, string>> }>>;
  /** What was reached otherwise than by an import: added to a module, or all of it. */
  readonly accessors: Readonly<Record<string, string>>;
  /** Doors of the package: door here, earlier door. */
  readonly doors: Readonly<Record<string, string>>;
  /** Words of the tests and of their names, in the order in which they are replaced. `in`: where, otherwise everywhere. */
  readonly words: readonly { readonly in?: RegExp; readonly here: RegExp; readonly was: string }[];
  /** Titles of tests, or parts of them, that only say the same in other words, by file, `*` for all: here, earlier. */
  readonly titles: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** The last commit with the earlier names. */
export const last = "7577230";

/** Returns the renames since a base. `isIn`: whether the base is a commit or comes before it. */
export function renamesOf(isIn: (commit: string) => boolean): Renames {
  return isIn(last) ? { modules, accessors, doors, words, titles } : { modules: {}, accessors: {}, doors: {}, words: [], titles: {} };
}

const modules: Renames["modules"] = {
  "src/core/intrusive-set.ts": { was: ["src/core/roster.ts"], names: { IntrusiveSet: "Roster" } },
  "src/app/ops/ops.ts": { was: ["src/app/ops.ts"] },
  "src/core/load-line/refusal.ts": { was: ["src/pipeline/admission.ts"], names: { overloaded: "refused" } },
  "src/embedded/": { was: ["src/postgres/embedded/"] },
  "src/embedded/index.ts": { was: ["src/postgres/index.ts"] },
  "src/http/faults.ts": { was: ["src/http/problem.ts"] },
  "src/http/reply/problem.ts": { was: ["src/http/problem.ts"] },
  "src/locks/": { was: ["src/tasks/locks/"] },
  "src/operation/online/action.ts": { was: ["src/operation/action.ts"] },
  "src/operation/online/command.ts": { was: ["src/operation/command.ts"] },
  "src/operation/online/query.ts": { was: ["src/operation/query.ts"] },
  "src/pipeline/faults.ts": { was: ["src/pipeline/refusals.ts"] },
  "src/pipeline/registry/registry.ts": { was: ["src/pipeline/registry.ts"] },
  "src/pipeline/slots.ts": { was: ["src/pipeline/admission.ts"] },
  "src/postgres/schedules/store.ts": { was: ["src/postgres/tasks/schedule-store.ts"] },
  "src/resilience/memory-rates.ts": { was: ["src/resilience/rate-limit.ts"] },
  "src/schedules/": { was: ["src/tasks/schedules/"] },
  "src/tasks/claims/claim-floor.ts": { was: ["src/tasks/claim-floor.ts"] },
  "src/tasks/claims/queue-worker.ts": { was: ["src/tasks/queue-worker.ts"] },
  "src/tasks/worker/settler.ts": { was: ["src/tasks/settler.ts"] },
  "src/tasks/worker/worker.ts": { was: ["src/tasks/worker.ts"] },
};

const accessors: Renames["accessors"] = {
  "src/app/app.ts": "export const runtimeOf = (app: App) => app.runtime;",
  // An option without which the earlier code measures nothing either.
  "src/core/turn/turn-clock.ts": "export const stillTurn = undefined;",
  "src/http/reply/facts.ts": `// @ts-nocheck
export class HttpFacts {
  constructor(labels, requestBytes, responseBytes) { Object.assign(this, labels, { requestBytes, responseBytes }); }
}`,
  "src/operation/authentication/bearer.ts": 'export const bearer = { scheme: "bearer" };',
  "src/postgres/statements.ts": 'export const savepointText = "savepoint plimsoll";',
  "src/postgres/tasks/statements.ts": 'export const claimText = "select * from plimsoll.claim_tasks($1, $2, $3, $4, $5, $6, $7, $8, $9)";',
  "src/surface/http-status.ts": `// @ts-nocheck
import { codes } from "../core/code.ts";
export const httpStatuses = Object.fromEntries(Object.entries(codes).map(([code, { http }]) => [code, http]));`,
  "src/tasks/ops-page.ts": `// @ts-nocheck
import { answerTasks } from "../app/ops-tasks.ts";
export const tasksPage = (tasks) => ({ path: "/tasks", answer: (request) => answerTasks(tasks, request) });`,
};

const doors: Renames["doors"] = { "./embedded": "./postgres" };

const aboutTasks = /^test\/(tasks|conformance)\//;
const aboutSchedules = /schedules|starts\/|crash\/|testing\/idle|types\//;
const words: Renames["words"] = [
  { here: /\btask_dead_letters\b/g, was: "task_dead" },
  { here: /\bplimsoll\.dead_letter_leased_tasks\b/g, was: "plimsoll.bury_tasks" },
  { here: /\bplimsoll\.release_leased_tasks\b/g, was: "plimsoll.give_back_tasks" },
  { here: /\bplimsoll\.requeue_tasks\b/g, was: "plimsoll.revive_tasks" },
  { here: /\bworker_heartbeat/g, was: "tick_worker" },
  { here: /\bfairness_key\b/g, was: "lane" },
  { in: aboutTasks, here: /\btask_partitions\b/g, was: "task_slots" },
  { in: aboutTasks, here: /\bpartition(s?)\b/g, was: "slot$1" },
  { in: /fleet\/deploy/, here: /(join_workers\('old', 60000).*?\)/g, was: "$1)" },
  { in: /queue-worker|memory-task-store/, here: /\breconcile\b/g, was: "reclaim" },
  { in: /claim-floor|settler/, here: /\bfairnessKey\b/g, was: "lane" },
  { here: /\bfairnessKey: (?=\(|"tenant")/g, was: "fair: " },
  { here: /\bmaxPerKey\b/g, was: "perLane" },
  { here: /\.deadLetters\(/g, was: ".dead(" },
  { here: /\bdeadLetters: (?=\d)/g, was: "dead: " },
  { here: /(\.state\(.*\), )"dead_lettered"/g, was: '$1"discarded"' },
  { here: /"dead_lettered"/g, was: '"buried"' },
  { here: /\.requeue\(/g, was: ".revive(" },
  { here: /\btaskDeadLetterMs\b/g, was: "taskDeadMs" },
  { in: /memory-rates/, here: /\bMemoryRateLimiter\b/g, was: "RateLimiter" },
  { in: aboutSchedules, here: /\ban occurrence/g, was: "a tick" },
  { in: aboutSchedules, here: /occurrence/g, was: "tick" },
  { in: aboutSchedules, here: /Occurrence/g, was: "Tick" },
  { in: /^test\/telemetry\//, here: /\bfacts: /g, was: "http: " },
  {
    here: /The server failed to handle the request and logged the cause\. Try again later, or report the request id\./g,
    was: "Something went wrong on our side. It was recorded; please try again later.",
  },
  { in: /shop\/start/, here: /\/runs\[/g, was: "/is open[" },
  { in: /^(?!test\/app\/options\.)/, here: /"serve"/g, was: '"http"' },
];
