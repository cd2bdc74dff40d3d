import { z } from "zod";
import { limits } from "../core/limits.ts";
import { schedule } from "../operation/durable/schedule.ts";
import { task } from "../operation/durable/task.ts";
import { command } from "../operation/online/command.ts";
import { query } from "../operation/online/query.ts";
import { boundWritten } from "../operation/online/stream/written.ts";
import { DurableStreamEnded } from "./faults.ts";
import { keyOf } from "./key.ts";

/** What a stream is made of, everything filled in. */
interface Kept<S extends z.ZodType> {
  readonly item: S;
  readonly items: number;
  readonly bytesMax: number;
  readonly retentionMs: number;
}

/** The command that writes. */
export type WriteOf<S extends z.ZodType> = ReturnType<typeof writeOf<S>>;
/** The query that reads a part of a stream. */
export type ReadOf = ReturnType<typeof readOf>;

/** The task that removes streams. */
export type ExpireOf = ReturnType<typeof expiryOf>["expire"];

/** Makes the command that writes to the streams of a kind. It has no route: operations of the app call it. */
export function writeOf<S extends z.ZodType>(name: string, { item, items: itemsMax, bytesMax, retentionMs }: Kept<S>) {
  return command(`${name}-write`, {
    ...{ summary: `Writes to a stream of ${name}`, access: "public", idempotent: "no", budget: "10s", faults: [DurableStreamEnded] },
    input: z.object({
      id: idText,
      items: z.array(item).max(limits.durableStreamBatch).default([]),
      /** The same write a second time adds nothing, for the last `limits.durableStreamKeys` items. */
      key: idText.optional(),
      /** Nothing follows. */
      end: z.boolean().default(false),
    }),
    output: z.object({ offset: z.int() }),
    async run(input, scope) {
      const { id, items, key, end } = input as z.output<typeof Written>;
      const texts = items.map((one) => JSON.stringify(one));
      for (const text of texts)
        if (Buffer.byteLength(text) > limits.durableStreamItemBytes)
          throw new RangeError(`An item of ${name} is larger than ${limits.durableStreamItemBytes} bytes. Write its id, or less of it.`);
      const { last } = await scope.sql<{
        last: number | null;
      }>`select plimsoll.append_durable_stream(${name}, ${id}, ${texts}, ${key ?? null}, ${end},
        ${itemsMax}, ${bytesMax}, ${retentionMs}, ${limits.durableStreamKeys}) as last`.one();
      if (last === null) return scope.fail(DurableStreamEnded, { id });
      const { tenant, wrote } = scope[boundWritten];
      wrote(keyOf(name, { tenant, id }));
      return { offset: last };
    },
  });
}

const idText = z.string().min(1).max(limits.durableStreamIdChars);
/** The input of a write, whatever its items are. */
const Written = z.object({ id: z.string(), items: z.array(z.unknown()), key: z.string().optional(), end: z.boolean() });

interface Row {
  readonly at: number | null;
  readonly item: string | null;
  readonly first: number;
  readonly next: number;
  readonly ended: boolean;
}

/** Makes the query that reads a part of a stream, in a transaction of its own. */
export function readOf(name: string) {
  return query(`${name}-read`, {
    ...{ summary: `Reads a part of a stream of ${name}`, access: "public", budget: "10s" },
    input: z.object({ id: idText, after: z.int().min(0) }),
    output: z.object({
      items: z.array(z.object({ offset: z.int(), item: z.unknown() })),
      isEnd: z.boolean(),
      isDropped: z.boolean(),
      first: z.int().nullable(),
    }),
    async run({ id, after }, { sql }) {
      const rows = await sql<Row>`select at, item, first, next, ended from plimsoll.read_durable_stream(${name}, ${id}, ${after},
        ${limits.durableStreamPage}, ${limits.durableStreamPageBytes})`.many();
      const items = rows.flatMap(({ at, item }) =>
        at === null || item === null ? [] : [{ offset: at, item: JSON.parse(item) as unknown }],
      );
      const [{ first, next, ended } = { first: null, next: 1, ended: false }] = rows;
      // A reader that begins gets what there is. One that continues must miss nothing.
      const isDropped = after > 0 && (first === null || after < first - 1 || after >= next);
      return { items, first, isDropped, isEnd: ended && (items.at(-1)?.offset ?? after) >= next - 1 };
    },
  });
}

/** What removes streams of a kind once they are not to be kept any longer: a task, and the schedule that starts it each hour. */
export function expiryOf(name: string) {
  const expire = task(`${name}-expire`, {
    ...{ input: z.object({}), budget: "1m", queue: "durable-streams", summary: `Removes streams of ${name} whose retention is over` },
    async run(_, { commit }) {
      await commit(async (tx) => {
        const { gone } = await tx.sql<{
          gone: number;
        }>`select plimsoll.expire_durable_streams(${name}, ${limits.durableStreamExpiryTurn}) as gone`.one();
        if (gone >= limits.durableStreamExpiryTurn) await tx.start(expire, {});
      });
    },
  });
  return { expire, schedule: schedule(`${name}-expire-hourly`, { cron: "17 * * * *", task: expire, input: () => ({}) }) };
}
