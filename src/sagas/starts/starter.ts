import assert from "node:assert";
import { createHash } from "node:crypto";
import { Gather } from "../../core/batch/gather.ts";
import { type SendApart, sendApart } from "../../core/batch/send-apart.ts";
import type { Clock } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { isUuid } from "../../core/schema/patterns.ts";
import type {
  Durable,
  OccurrenceStart,
  PreparedStart,
  SignalContext,
  SignalOptions,
  StartContext,
  Started,
  StartOptions,
  Starts,
} from "../../operation/durable/start.ts";
import type { Transaction } from "../../operation/transaction.ts";
import type { SagaDefinition } from "../definition.ts";
import type { ClaimedSaga, SagaRow, SagaStartResult, SagaStore } from "../ports/store.ts";
import type { StartChild } from "../worker/run.ts";
import type { SagaWorker } from "../worker/worker.ts";
import { sagaRow } from "./row.ts";
import { assertSent, type SignalOutcome, signalData, unknownSaga } from "./signal.ts";

/** What starting needs. */
export interface SagaStarterOptions {
  readonly store: SagaStore;
  readonly clock: Clock;
  readonly definitions: ReadonlyMap<string, SagaDefinition>;
  /** The worker of this process; undefined where it runs no sagas. */
  readonly worker: Pick<SagaWorker, "reserve" | "begin" | "wake"> | undefined;
}

type SagaSignalOptions = SignalOptions & { readonly id: string };

interface Waiting {
  readonly row: SagaRow;
  readonly resolve: (started: Started) => void;
  readonly reject: (error: unknown) => void;
}

/** Two: while one is being made durable, the next is on its way. */
const flights = 2;

/**
 * Starts sagas. In a transaction the rows ride its final flight. Outside one, those that start at the same time share durable writes, and are leased to the
 * worker of this process as they are written, where it has room.
 * *Guarantees*: a start that resolved is durable.
 */
export class SagaStarter implements Starts {
  readonly #options: SagaStarterOptions;
  readonly #gather = new Gather(flights, () => this.#sendNext());
  readonly #inTransactions = new WeakMap<Transaction, SagaRow[]>();
  readonly #apart: SendApart<Waiting> = {
    send: (batch) => this.#send(batch),
    refused: (batch, error) => {
      for (const { reject } of batch) reject(error);
    },
    isOfAll: (error) => error instanceof Fault && error.code === "unavailable",
  };
  #waiting: Waiting[] = [];

  constructor(options: SagaStarterOptions) {
    this.#options = options;
  }

  async start(
    from: StartContext,
    saga: Durable,
    { input, options }: { readonly input: unknown; readonly options: StartOptions },
  ): Promise<Started> {
    const row = this.rowOf(saga, { input, from, options });
    const { transaction } = from;
    if (transaction === undefined) return this.startRow(row);
    from.toWake.add(row.name);
    if (row.unique !== undefined) {
      const { store } = this.#options;
      const { rows } = await transaction.run(store.insertion([row]));
      return startedOf(row, store.readResult(rows[0] ?? {}));
    }
    this.#add(transaction, row);
    return { id: row.id, started: true };
  }

  async signal({ transaction, tenant, toWake }: SignalContext, saga: Durable, { id, ...sent }: SagaSignalOptions): Promise<void> {
    const { store } = this.#options;
    const payload = this.signalData(saga, sent);
    if (!isUuid(id)) throw unknownSaga(id);
    await this.#writeNow(transaction, id);
    const statement = store.signaling({ saga: saga.name, id, tenant, name: sent.name, payload, key: sent.key });
    const { rows } = await transaction.run(statement);
    assertSent(id, rows[0]?.outcome as SignalOutcome);
    toWake.add(saga.name);
  }

  /** *Faults thrown*: as {@link signalData}. */
  signalData(saga: { readonly name: string }, signal: SignalOptions): string {
    return signalData(this.#definitionOf(saga), signal);
  }

  /** A saga that this transaction starts is written with its commit, and before that where something in it is about the saga. */
  async #writeNow(transaction: Transaction, id: string): Promise<void> {
    const rows = this.#inTransactions.get(transaction) ?? [];
    const at = rows.findIndex((row) => row.id === id);
    if (at < 0) return;
    const [row] = rows.splice(at, 1) as [SagaRow];
    transaction.onUndo(() => void rows.push(row));
    await transaction.run(this.#options.store.insertion([row]));
  }

  prepare(saga: Durable, { input, key, tenant }: OccurrenceStart): PreparedStart {
    const from = { tenant, actorId: undefined, traceparent: undefined };
    const row = this.rowOf(saga, { input, from, options: { key }, keyOf: "schedule" });
    return { id: row.id, statement: this.#options.store.insertion([row]), toWake: new Set([row.name]) };
  }

  committed(names: ReadonlySet<string>): void {
    this.#options.worker?.wake();
    this.#options.store.notify(names);
  }

  rowOf(saga: { readonly name: string }, start: Omit<Parameters<typeof sagaRow>[1], "id">): SagaRow {
    return sagaRow(this.#definitionOf(saga), { ...start, id: this.#options.clock.uuid() });
  }

  #definitionOf({ name }: { readonly name: string }): SagaDefinition {
    const definition = this.#options.definitions.get(name);
    if (definition === undefined) assert.fail(`No module of this app lists the saga ${name}. Add its contract to a module.`);
    return definition;
  }

  /** Starts a saga on behalf of another: with an id that is known before, once. */
  async startChild({ saga, id, input, key, tenant, actor, trace }: Parameters<StartChild>[0]): Promise<void> {
    const definition = this.#definitionOf(saga);
    const from = { tenant, actorId: actor, traceparent: trace };
    const hashed = createHash("sha256").update(key).digest("hex");
    await this.startRow(sagaRow(definition, { id, input, from, options: { key: hashed }, keyOf: "child" }));
  }

  /** Resolves when the saga is durable. */
  startRow(row: SagaRow): Promise<Started> {
    if (this.#waiting.length >= limits.sagaStartQueue) throw tooMany(this.#waiting.length);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ row, resolve, reject });
      this.#gather.ask();
    });
  }

  #add(transaction: Transaction, row: SagaRow): void {
    let rows = this.#inTransactions.get(transaction);
    if (rows === undefined) {
      rows = [];
      this.#inTransactions.set(transaction, rows);
      transaction.defer(this.#options.store.insertion(rows));
    }
    const mine = rows;
    mine.push(row);
    transaction.onUndo(() => {
      const at = mine.indexOf(row);
      if (at >= 0) mine.splice(at, 1);
    });
  }

  #sendNext(): Promise<void> | undefined {
    if (this.#waiting.length === 0) return undefined;
    // Those with keys are written apart from those without: a row comes back for each.
    const isKeyed = this.#waiting[0]?.row.unique !== undefined;
    const other = this.#waiting.findIndex(({ row }) => (row.unique !== undefined) !== isKeyed);
    const batch = this.#waiting.splice(0, Math.min(limits.sagaBatch, other < 0 ? this.#waiting.length : other));
    return this.#send(batch).catch((error: unknown) => sendApart(batch, error, this.#apart));
  }

  async #send(batch: readonly Waiting[]): Promise<void> {
    const { store, worker } = this.#options;
    const rows = batch.map(({ row }) => row);
    const { mine, token } = this.#reserve(rows);
    const isMine = token !== undefined && mine.length === rows.length;
    let results: readonly SagaStartResult[] | undefined;
    try {
      results = await store.start(rows, isMine ? token : undefined);
      for (const [at, { row, resolve, reject }] of batch.entries()) settle(row, results[at], { resolve, reject });
    } finally {
      for (const [at, row] of mine.entries()) {
        const isStarted = results !== undefined && isMine && (results[at]?.id ?? row.id) === row.id;
        worker?.begin(row.name, row.id, isStarted ? { saga: claimedOf(row), token } : undefined);
      }
    }
    if (!isMine) this.committed(new Set(rows.map(({ name }) => name)));
  }

  /** Takes places for them here, where none is late: those are found by a claim. */
  #reserve(rows: readonly SagaRow[]): { readonly mine: readonly SagaRow[]; readonly token: number | undefined } {
    const mine: SagaRow[] = [];
    let token: number | undefined;
    if (rows.every(({ delayMs, at }) => delayMs === undefined && at === undefined))
      for (const row of rows) {
        const own = this.#options.worker?.reserve(row.name, row.id);
        if (own === undefined) break;
        token = own;
        mine.push(row);
      }
    return { mine, token };
  }
}

function settle(row: SagaRow, result: SagaStartResult | undefined, { resolve, reject }: Pick<Waiting, "resolve" | "reject">): void {
  try {
    resolve(result === undefined ? { id: row.id, started: true } : startedOf(row, result));
  } catch (error) {
    reject(error);
  }
}

/** What a claim would return of a saga that was just written. */
function claimedOf({ id, name, version, input, context, code, budgetMs }: SagaRow): ClaimedSaga {
  return {
    ...{ id, name, version, input, context: context ?? null, code, undoing: false, remainingMs: budgetMs },
    ...{ generation: 1, fault: null, lagMs: 0, journal: [] },
  };
}

function startedOf({ name }: SagaRow, { id, state }: SagaStartResult): Started {
  if (state === "mismatch")
    throw new Fault({
      code: "failed_precondition",
      type: "saga_key_mismatch",
      message: `A start of ${name} with this key had another input. Use a new key for a new saga.`,
      status: 422,
    });
  return { id, started: state === "started" };
}

const tooMany = (load: number): Fault =>
  new Fault({
    code: "unavailable",
    type: "saga_starts_waiting",
    message: `Too many starts of sagas wait to be written: the limit is ${limits.sagaStartQueue}, and ${load} wait. Try again in a moment.`,
    details: { limit: "saga start queue", value: limits.sagaStartQueue, load },
    retryAfterMs: 1_000,
  });
