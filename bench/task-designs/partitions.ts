// What Plimsoll does: its own tables and functions, as its migrations make them.
import type pg from "pg";
import { systemClock } from "../../src/core/clock.ts";
import { limits } from "../../src/core/limits.ts";
import { migrate } from "../../src/postgres/migrate.ts";
import { ClaimFloor } from "../../src/tasks/claims/claim-floor.ts";
import type { ClaimedTask } from "../../src/tasks/ports/claim-store.ts";
import { type Design, queue, token } from "./design.ts";

/** A row for a task in partitions that are filled in turn and truncated; found once by its rank, and from then on by its place. */
export const rotatingPartitions = partitions("plimsoll", new ClaimFloor(systemClock));

/** The same by a worker that looks at everything with every claim. */
export const wholeLooks = partitions("plimsoll-whole-looks", undefined);

function partitions(name: string, floor: ClaimFloor | undefined): Design {
  return {
    ...{ name, schema: "plimsoll", quick: floor !== undefined, looks: true },
    create,
    async insert(client, inputs) {
      await client.query({
        name: "p-insert",
        text: "select plimsoll.start_alike_tasks('bench.task', $1, '', 0::smallint, false, null, $2, $3)",
        values: [queue, inputs.map(() => systemClock.uuid()).join(","), inputs.join("\n")],
      });
    },
    async claim(client, limit) {
      const asked = { limit, floor: floor?.rank ?? 0, askedAt: systemClock.monotonic(), isWhole: true };
      const { rows } = await client.query<ClaimedTask>({
        name: "p-claim",
        text: `select partition, place, id, name, fairness_key as "fairnessKey", rank::float, attempt, rescues, input, context, lag
          from plimsoll.claim_tasks($1, $2, $3, null, $4, '{}', null, null, null)`,
        values: [token, queue, limit, asked.floor],
      });
      floor?.learn({ ...asked, tasks: rows });
      return { size: rows.length, handle: rows };
    },
    async complete(client, { handle }) {
      const tasks = handle as readonly ClaimedTask[];
      for (const partition of new Set(tasks.map((task) => task.partition)))
        await client.query({
          name: "p-done",
          text: "select plimsoll.complete_tasks($1, $2, $3, false)",
          values: [token, partition, tasks.filter((task) => task.partition === partition).map(({ place }) => place)],
        });
    },
    async regularly(client) {
      await client.query("select plimsoll.rotate_tasks($1, $2)", [limits.taskPartitionBytes, limits.taskBatch]);
    },
  };
}

async function create(client: pg.Client): Promise<void> {
  const adminUrl = `postgres://${client.user}@${client.host}:${client.port}/${client.database}`;
  await client.query("do $$ begin create role bench_app login; exception when duplicate_object then end $$");
  await migrate({ modules: [], adminUrl, url: adminUrl.replace(`//${client.user}@`, "//bench_app@"), clock: systemClock });
  await client.query("insert into plimsoll.task_workers (name, expires_at) values ('bench', 'infinity')");
}
