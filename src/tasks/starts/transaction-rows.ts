import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { Transaction } from "../../operation/transaction.ts";
import type { StartStore, TaskRow } from "../ports/start-store.ts";

/** What a transaction has started so far: the rows of its last statement, and the size of all inputs. */
interface Buffered {
  readonly rows: TaskRow[];
  bytes: number;
  allBytes: number;
}

/**
 * The rows that transactions write with their final flights, each in as few statements as their size allows.
 * *Bounds*: `limits.taskBulkBytes` a transaction, `limits.taskBatchBytes` a statement. *Faults thrown*: `invalid_argument` of type `task_too_large`.
 */
export class TransactionRows {
  readonly #store: Pick<StartStore, "insertion">;
  readonly #buffers = new WeakMap<Transaction, Buffered>();

  constructor(store: Pick<StartStore, "insertion">) {
    this.#store = store;
  }

  add(transaction: Transaction, row: TaskRow): void {
    const bytes = row.input.length;
    let buffered = this.#buffers.get(transaction);
    if (buffered !== undefined && buffered.allBytes + bytes > limits.taskBulkBytes) throw tooLargeTogether(row.name);
    if (buffered === undefined || buffered.bytes + bytes > limits.taskBatchBytes) {
      buffered = { rows: [], bytes: 0, allBytes: buffered?.allBytes ?? 0 };
      this.#buffers.set(transaction, buffered);
      transaction.defer(this.#store.insertion(buffered.rows));
    }
    const { rows } = buffered;
    rows.push(row);
    buffered.bytes += bytes;
    buffered.allBytes += bytes;
    // The bytes stay counted: the attempt held them while it ran.
    transaction.onUndo(() => void rows.splice(rows.indexOf(row), 1));
  }
}

const tooLargeTogether = (name: string): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "task_too_large",
    message: `With ${name}, the inputs of the tasks that this transaction starts have more than ${limits.taskBulkBytes} bytes. Start fewer in one transaction, or one that starts the others.`,
    details: { limit: "task bulk bytes", value: limits.taskBulkBytes },
  });
