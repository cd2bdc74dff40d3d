import { fileURLToPath } from "node:url";
import type { Fsync } from "./redis-server.ts";

export interface TaskContender {
  readonly name: string;
  readonly file: string;
  readonly store: "postgres" | Fsync;
  /** In SQL, behind `from`: the tasks that are not done. */
  readonly pending: string;
  readonly quick: boolean;
  readonly peer: boolean;
  readonly variant?: string;
  /** Whether it can leave out, or can keep, what is done. */
  readonly history: "never" | "always" | "either";
  /** How many tasks stand for a million where that would take too long. *Default*: a million. */
  readonly sizeTasks?: number;
}

const file = (name: string) => fileURLToPath(new URL(`systems/${name}.ts`, import.meta.url));
const pgBoss = {
  file: file("pg-boss"),
  store: "postgres",
  pending: "pgboss.job where state < 'completed'",
  peer: true,
  history: "always",
} as const;
const bullmq = { file: file("bullmq"), pending: "", peer: true, history: "either" } as const;

export const contenders: readonly TaskContender[] = [
  {
    name: "plimsoll",
    file: file("plimsoll"),
    store: "postgres",
    pending: "plimsoll.tasks",
    quick: true,
    peer: false,
    history: "either",
  },
  {
    name: "raw",
    file: file("raw"),
    store: "postgres",
    pending: "by_hand.tasks",
    quick: true,
    peer: false,
    history: "either",
  },
  {
    name: "graphile-worker",
    file: file("graphile-worker"),
    store: "postgres",
    pending: "graphile_worker.jobs",
    quick: true,
    peer: true,
    history: "never",
  },
  { ...pgBoss, name: "pg-boss", variant: "notify", quick: false },
  { ...pgBoss, name: "pg-boss-polling", variant: "polling", quick: true },
  {
    name: "dbos",
    file: file("dbos"),
    store: "postgres",
    pending: "dbos.workflow_status where status in ('ENQUEUED', 'PENDING')",
    quick: false,
    peer: true,
    history: "always",
    sizeTasks: 20_000,
  },
  { ...bullmq, name: "bullmq-everysec", store: "everysec", quick: true },
  { ...bullmq, name: "bullmq-always", store: "always", quick: false },
];
