import type { ClaimResult, Database, StoredReply, Transaction } from "../../operation/transaction.ts";

/** A database in memory that runs no statements and keeps the replies of keys, for what surfaces do with them. Two apps can share it. */
export class MemoryDatabase implements Database {
  readonly name = "database";
  readonly #records = new Map<string, { readonly inputHash: string; readonly reply: StoredReply }>();
  /** Transactions that were committed, those of faults left out. */
  commits = 0;
  /** The answer to the next commit is that the same request completed before, with this reply. */
  completedBefore: StoredReply | undefined = undefined;

  async start(): Promise<void> {}
  async stop(): Promise<void> {}
  async ping(): Promise<void> {}

  begin({ claim }: Parameters<Database["begin"]>[0]): Transaction {
    const id = claim?.id.toString("hex");
    const inputHash = claim?.inputHash.toString("hex") ?? "";
    const keep = (reply: StoredReply | undefined) => {
      if (id !== undefined && reply !== undefined) this.#records.set(id, { inputHash, reply });
    };
    const transaction: Partial<Transaction> = {
      claimed: async () => this.#claim(id, inputHash),
      commit: async (reply) => {
        this.commits++;
        const before = this.completedBefore;
        this.completedBefore = undefined;
        keep(before ?? reply);
        return before;
      },
      commitFault: async (reply) => keep(reply),
      rollback: async () => {},
      abort: () => true,
      defer: () => undefined,
      onUndo: () => undefined,
      doom: () => undefined,
    };
    return transaction as Transaction;
  }

  #claim(id: string | undefined, inputHash: string): ClaimResult {
    const known = id === undefined ? undefined : this.#records.get(id);
    if (known === undefined) return { state: "claimed" };
    return known.inputHash === inputHash ? { state: "replay", reply: known.reply } : { state: "mismatch" };
  }
}
