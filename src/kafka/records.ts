import type { Consumer } from "@platformatic/kafka";

/** What one fetch brought of a partition. */
export type FetchedPartition = Awaited<ReturnType<Consumer["fetch"]>>["responses"][number]["partitions"][number];

/** A record of a partition, as it is received. */
export interface ReadRecord {
  readonly offset: bigint;
  readonly key: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Uint8Array;
}

const transactional = 0x10;
const control = 0x20;

/**
 * The records of a fetch from an offset on, and the offset behind them: without what a compacted batch has from before, the marks of transactions, and what was
 * written in a transaction that was aborted.
 */
export function readRecords(
  { records: batches = [], abortedTransactions = [] }: FetchedPartition,
  from: bigint,
): { readonly records: readonly ReadRecord[]; readonly next: bigint } {
  const records: ReadRecord[] = [];
  let next = from;
  const waiting = [...(abortedTransactions ?? [])].toSorted((one, other) => (one.firstOffset < other.firstOffset ? -1 : 1));
  const aborted = new Set<bigint>();
  for (const { firstOffset, lastOffsetDelta, attributes, producerId, records: own } of batches ?? []) {
    while (waiting[0] !== undefined && waiting[0].firstOffset <= firstOffset)
      aborted.add((waiting.shift() as { producerId: bigint }).producerId);
    if ((attributes & control) !== 0) aborted.delete(producerId);
    else if ((attributes & transactional) === 0 || !aborted.has(producerId))
      for (const { offsetDelta, key, value, headers } of own) {
        const offset = firstOffset + BigInt(offsetDelta);
        if (offset >= from) records.push({ offset, key: key?.toString(), body: value ?? new Uint8Array(), headers: headersOf(headers) });
      }
    const behind = firstOffset + BigInt(lastOffsetDelta) + 1n;
    if (behind > next) next = behind;
  }
  return { records, next };
}

/** A header may come more than once. */
function headersOf(pairs: Iterable<readonly [Buffer | null, Buffer | null]>): Record<string, string | readonly string[]> {
  const byName = Map.groupBy(pairs, ([name]) => String(name ?? ""));
  return Object.fromEntries(
    [...byName].map(([name, own]) => {
      const values = own.map(([, value]) => String(value ?? ""));
      return [name, values.length === 1 ? (values[0] as string) : values];
    }),
  );
}
