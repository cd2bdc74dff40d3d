/** How items are sent, and what is done about those that are refused. */
export interface SendApart<T> {
  /** Rejects where the items are refused together. */
  readonly send: (items: readonly T[]) => Promise<void>;
  /** Called with each item that is refused alone, and with all items of a part whose error is not theirs. */
  readonly refused: (items: readonly T[], error: unknown) => void;
  /** Whether the error would come for each of the items alone as well. *Default*: for none. */
  readonly isOfAll?: (error: unknown) => boolean;
}

/** Sends in halves what was refused as a whole, until what is refused stands alone: one item must not hold up those that came with it. */
export async function sendApart<T>(items: readonly T[], error: unknown, how: SendApart<T>): Promise<void> {
  if (items.length <= 1 || how.isOfAll?.(error)) return how.refused(items, error);
  const middle = items.length >> 1;
  for (const half of [items.slice(0, middle), items.slice(middle)]) {
    try {
      await how.send(half);
    } catch (cause) {
      await sendApart(half, cause, how);
    }
  }
}
