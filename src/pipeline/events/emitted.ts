import assert from "node:assert";
import { limits } from "../../core/limits.ts";
import { Problems } from "../../core/schema.ts";
import { formatTraceparent } from "../../core/trace.ts";
import { attempt } from "../../core/value/thrown.ts";
import type { DomainEvent } from "../../operation/events/event.ts";
import type { EventRow } from "../../operation/events/log.ts";
import type { Transaction } from "../../operation/transaction.ts";
import type { CompiledOperation } from "../registry/compiled.ts";
import { toWake } from "../run/started.ts";
import { committedTo } from "../sourcing/positions.ts";
import type { RunningExecution } from "../state/running-execution.ts";
import type { CompiledEvent } from "./declared.ts";
import { invalidData, invalidKey, tooLargeEvent, tooManyEvents, unreadableData } from "./faults.ts";
import { sealPersonal } from "./personal.ts";

/** What a transaction has emitted so far, and what that counts, also where it was undone. */
interface Buffered {
  readonly rows: EventRow[];
  count: number;
  bytes: number;
}

const buffers = new WeakMap<Transaction, Buffered>();

/** An event that a command emits in its transaction. */
interface Emission {
  readonly compiled: CompiledOperation;
  readonly transaction: Transaction;
  readonly event: DomainEvent;
  readonly data: unknown;
  readonly tenant: string | undefined;
}

/**
 * Adds an event to what the final flight of the transaction writes, in one statement for all of them; an attempt that is undone takes it out again.
 * *Faults thrown*: `internal` of type `event_refused`; then the transaction cannot commit.
 */
export function emitEvent(execution: RunningExecution, emission: Emission): void {
  const { transaction } = emission;
  execution.throwIfSettled();
  transaction.assertInside();
  try {
    addEvent(execution, emission);
  } catch (error) {
    // Half of what was meant must not be committed, also where the handler catches that an event was refused.
    transaction.doom(error);
    throw error;
  }
}

function addEvent(execution: RunningExecution, emission: Emission): void {
  const { compiled, event, data } = emission;
  const { host } = execution;
  const known = host.registry.events.get(event);
  const isListed = compiled.operation.spec.emits?.includes(event) === true;
  assert(isListed && known !== undefined, `${compiled.name} emits ${event?.name}, which it does not list. Add it to its emits.`);
  const { transaction, tenant } = emission;
  const { row: made } = rowOf(known, host.clock.uuid(), data);
  const row = known.personal === undefined ? made : sealPersonal(execution, known, { transaction, tenant, row: made });
  addRow(execution, { compiled, transaction, tenant, row });
}

/** Adds a row to what the final flight of the transaction appends; an attempt that is undone takes it out again. */
export function addRow(
  execution: RunningExecution,
  { compiled, transaction, tenant, row }: Omit<Emission, "event" | "data"> & { readonly row: EventRow },
): void {
  const log = execution.host.events;
  if (log === undefined)
    assert.fail(`${compiled.name} emits ${row.name}, and this app has no database that keeps events. Give createApp one.`);
  let buffered = buffers.get(transaction);
  if (buffered === undefined) {
    buffered = { rows: [], count: 0, bytes: 0 };
    buffers.set(transaction, buffered);
    const { actorId, requestId, traceId, spanId, sampled, durable } = execution;
    const traceparent = formatTraceparent({ traceId, spanId, sampled });
    const correlation = durable?.correlation ?? requestId;
    const recorded = (position: string) => {
      committedTo(execution, position);
    };
    const origin = { tenant, actorId, traceparent, causation: requestId, correlation };
    transaction.defer(log.append(origin, buffered.rows, recorded));
    if (log.project !== undefined) transaction.beforeCommit(log.project(origin, buffered.rows));
  }
  const { rows } = buffered;
  // What an attempt emitted stays counted: it was held while it ran.
  buffered.count++;
  buffered.bytes += Buffer.byteLength(row.data);
  if (buffered.count > limits.eventsEmitted || buffered.bytes > limits.eventsEmittedBytes) throw tooManyEvents(compiled.name);
  rows.push(row);
  transaction.onUndo(() => void rows.splice(rows.indexOf(row), 1));
  toWake(execution, log).add(row.name);
}

/** Makes the row of an event of what was sent, and gives the data as readers will have it. */
export function rowOf(
  { event, data: schema }: CompiledEvent,
  id: string,
  sent: unknown,
): { readonly row: EventRow; readonly data: unknown } {
  const { name, version } = event;
  const data = schema.stringify(sent);
  if (data instanceof Problems) throw invalidData(name, data);
  // Readers parse what is stored: what a schema makes of a value, it must take.
  const parsed = schema.parse(JSON.parse(data));
  if (parsed instanceof Problems) throw unreadableData(name, parsed);
  const key: unknown = attempt(() => event.key(parsed as never));
  if (typeof key !== "string" || !isEventKey(key)) throw invalidKey(name);
  const bytes = Buffer.byteLength(data);
  if (bytes > limits.eventBytes) throw tooLargeEvent(name, bytes);
  return { row: { id, name, version, key, data }, data: parsed };
}

/** Returns whether a text can be the key of an event, or the id of a stream. */
export function isEventKey(key: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it refuses.
  return key.length >= 1 && key.length <= limits.eventKeyChars && key.isWellFormed() && !/[\x00-\x1f\x7f]/.test(key);
}
