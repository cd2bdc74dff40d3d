import { limits } from "../../core/limits.ts";
import type { TaskRow } from "../ports/start-store.ts";
import { flights } from "./start-batcher.ts";

/** Many tasks that are started at once. */
export interface BulkStart {
  readonly count: number;
  /** Makes each row once to check it, before any is written, and once more where it was not kept. */
  readonly rowAt: (index: number) => TaskRow;
  /** Returns the ids of the tasks where they may be others than those of the rows. */
  readonly write: (batch: readonly TaskRow[]) => Promise<readonly string[]>;
}

/**
 * Starts many at once, in as few writes as there are batches; returns their ids.
 * *Bounds*: `limits.taskBatch` and `limits.taskBatchBytes` in each write, `limits.taskBulkBytes` kept.
 */
export async function startInBatches({ count, rowAt, write }: BulkStart): Promise<readonly string[]> {
  const ids: string[] = [];
  const kept: (TaskRow | undefined)[] = [];
  let bytes = 0;
  for (let index = 0; index < count; index++) {
    const row = rowAt(index);
    ids.push(row.id);
    bytes += row.input.length;
    kept.push(bytes <= limits.taskBulkBytes ? row : undefined);
  }
  let at = 0;
  const next = () => {
    const batch: TaskRow[] = [];
    let size = 0;
    for (; at < count && batch.length < limits.taskBatch; at++) {
      const row = kept[at] ?? { ...rowAt(at), id: ids[at]! };
      size += row.input.length;
      if (batch.length > 0 && size > limits.taskBatchBytes) break;
      batch.push(row);
      kept[at] = undefined;
    }
    return batch;
  };
  const writeAll = async () => {
    while (at < count) {
      const from = at;
      for (const [index, id] of (await write(next())).entries()) ids[from + index] = id;
    }
  };
  await Promise.all(Array.from({ length: flights }, writeAll));
  return ids;
}
