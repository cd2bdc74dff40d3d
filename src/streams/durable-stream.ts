import assert from "node:assert";
import { z } from "zod";
import { type Duration, toMs } from "../core/duration.ts";
import { limits } from "../core/limits.ts";
import { compileSchema } from "../core/schema.ts";
import type { Operation } from "../operation/contract.ts";
import type { Schedule } from "../operation/durable/schedule.ts";
import type { StreamSpec } from "../operation/online/stream/spec.ts";
import { boundWritten, type WrittenHolder } from "../operation/online/stream/written.ts";
import { DurableStreamDropped } from "./faults.ts";
import { keyOf } from "./key.ts";
import { type ExpireOf, expiryOf, type ReadOf, readOf, type WriteOf, writeOf } from "./operations.ts";

/** Options of {@link durableStream}. */
export interface DurableStreamOptions<S extends z.ZodType> {
  /** The schema of an item, without transformations: what is read is what was written. It must have no secret, since items are stored in clear. */
  readonly item: S;
  /** Items that a stream keeps. *Default*: `limits.durableStreamItems`. *Bounds*: 1 to 100,000. */
  readonly items?: number;
  /** Size of the items that a stream keeps, as JSON. *Default*: `limits.durableStreamBytes`. *Bounds*: 1 KiB to 64 MiB. */
  readonly bytesMax?: number;
  /** How long a stream is kept after the last write. *Default*: 7 d. *Bounds*: 1 min to 365 d. */
  readonly retention?: Duration;
}

/** What `follow` needs of the scope of a stream. */
export interface FollowScope extends WrittenHolder {
  readonly lastEventId: string | undefined;
  open(): void;
  call(operation: ReadOf, input: z.input<ReadOf["input"]>): Promise<z.output<ReadOf["output"]>>;
}

/** A kind of streams that are kept. */
export interface DurableStream<S extends z.ZodType> {
  /** For `module({ operations })`. */
  readonly operations: readonly Operation[];
  /** For `module({ schedules })`: what starts `expire` each hour. */
  readonly schedules: readonly Schedule[];
  /** Removes streams whose retention is over. */
  readonly expire: ExpireOf;
  /**
   * Adds items to a stream of the tenant, in the transaction of the caller where it has one. With a `key`, the same write a second time adds nothing; `end` ends the
   * stream behind its items. Returns the offset of the last item. *Faults thrown*: `durable_stream_ended`.
   * @example await call(progress.write, { id: importId, items: [{ percent: 40 }], key: `${key}:40` });
   */
  readonly write: WriteOf<S>;
  /** For `stream` of a query: an item with its offset, which is its id. */
  readonly stream: StreamSpec<z.ZodObject<{ offset: z.ZodInt; item: S }>>;
  /** For `faults` of that query. */
  readonly faults: readonly [typeof DurableStreamDropped];
  /**
   * The items of a stream behind the one that the client got last, or from the first that is kept; then those that come. It ends where the stream does. One to which
   * nothing was written yet is waited for. *Faults thrown*: `durable_stream_dropped`.
   */
  follow(scope: FollowScope, id: string): AsyncGenerator<{ readonly offset: number; readonly item: z.input<S> }>;
}

/**
 * Declares streams whose items are kept for readers that come later, or come again: the progress of a task, what a model writes.
 * *Guarantees*: offsets of a stream are committed in their order, without gaps; a reader gets each item once in their order, or `durable_stream_dropped`.
 * @example
 * export const progress = durableStream("imports.progress", { item: z.object({ percent: z.int() }), retention: "1d" });
 */
export function durableStream<S extends z.ZodType>(name: string, options: DurableStreamOptions<S>): DurableStream<S> {
  const { item, items = limits.durableStreamItems, bytesMax = limits.durableStreamBytes } = options;
  const retentionMs = toMs(options.retention ?? limits.durableStreamRetentionMs);
  checkOptions(name, { items, bytesMax, retentionMs });
  assert(!compileSchema(item, `${name} item`, "both").hasSecrets, `${name} has a secret, and items are stored in clear. Leave it out.`);
  const write = writeOf(name, { item, items, bytesMax, retentionMs });
  const read = readOf(name);
  const { expire, schedule } = expiryOf(name);
  return {
    ...{ write, expire, operations: [write, read, expire] as readonly Operation[], schedules: [schedule], faults: [DurableStreamDropped] },
    stream: { item: z.object({ offset: z.int(), item }), id: (one) => String((one as { readonly offset: number }).offset), idle: "1h" },
    async *follow(scope, id) {
      const { watch, tenant, signal } = scope[boundWritten];
      const watching = watch(keyOf(name, { tenant, id }));
      const close = () => watching.close();
      signal.addEventListener("abort", close);
      try {
        for (let after = offsetOf(scope.lastEventId); ; ) {
          const page = await scope.call(read, { id, after });
          if (page.isDropped) throw new DurableStreamDropped({ id, first: page.first });
          for (const one of page.items) {
            yield one as { readonly offset: number; readonly item: z.input<S> };
            after = one.offset;
          }
          if (page.isEnd) return;
          if (page.items.length > 0) continue;
          scope.open();
          await watching.next();
        }
      } finally {
        signal.removeEventListener("abort", close);
        close();
      }
    },
  };
}

/** What is no offset of ours is one that no stream has. */
function offsetOf(lastEventId: string | undefined): number {
  if (lastEventId === undefined) return 0;
  return /^[0-9]{1,15}$/.test(lastEventId) ? Number(lastEventId) : Number.MAX_SAFE_INTEGER;
}

function checkOptions(name: string, { items, bytesMax, retentionMs }: { items: number; bytesMax: number; retentionMs: number }): void {
  const within = (value: number, least: number, most: number) => Number.isInteger(value) && value >= least && value <= most;
  assert(within(items, 1, 100_000), `durableStream("${name}"): items is ${items}. Write a whole number from 1 to 100000.`);
  assert(within(bytesMax, 1_024, 67_108_864), `durableStream("${name}"): bytesMax is ${bytesMax}. Write bytes from 1024 to 67108864.`);
  assert(
    retentionMs >= 60_000 && retentionMs <= 31_536_000_000,
    `durableStream("${name}"): retention is ${retentionMs} ms. Write 1m to 365d.`,
  );
}
