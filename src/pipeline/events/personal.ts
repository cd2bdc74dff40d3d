import assert from "node:assert";
import { Problems } from "../../core/schema.ts";
import { attempt } from "../../core/value/thrown.ts";
import type { EventRow } from "../../operation/events/log.ts";
import type { Transaction } from "../../operation/transaction.ts";
import { sealedMember } from "../../operation/vault/sealed.ts";
import type { DataKey, KeyOwner, KeyRow, VaultKeys } from "../../operation/vault/vault.ts";
import type { RunningExecution } from "../state/running-execution.ts";
import type { CompiledEvent } from "./declared.ts";
import { invalidSubject, notErasable } from "./faults.ts";

/** A key as it will be kept. */
type NewKeyRow = KeyRow & { lasting: boolean };

/** The keys that a transaction has made, by the person. */
interface Fresh {
  readonly rows: NewKeyRow[];
  readonly keys: Map<string, { readonly key: DataKey; readonly row: NewKeyRow }>;
}

/** An event whose personal fields are sealed. */
interface Sealing {
  readonly row: EventRow;
  readonly transaction: Transaction;
  readonly tenant: string | undefined;
  /** Called with the key, where there is something to seal. */
  readonly used?: (key: DataKey) => void;
}

const made = new WeakMap<Transaction, Fresh>();

/**
 * Seals the personal fields of an event, each with a key that this transaction makes for the person: no key has to be read for that. An event without such fields
 * stays as it is.
 */
export function sealPersonal(
  execution: RunningExecution,
  { event, data: schema, personal }: CompiledEvent,
  { row, transaction, tenant = "", used }: Sealing,
): EventRow {
  if (personal === undefined) return row;
  const { vault } = execution.host;
  assert(vault !== undefined, `${event.name} has personal data, and this app has no vault. Give createApp one.`);
  const data: unknown = JSON.parse(row.data);
  const subject: unknown = attempt(() => personal.subject(schema.parse(data) as never));
  if (typeof subject !== "string" || subject === "" || !subject.isWellFormed() || subject.includes("\0")) throw invalidSubject(event.name);
  const erased = schema.parse(personal.replace(data, (_, at) => at.erased));
  if (erased instanceof Problems) throw notErasable(event.name, erased);
  const key = keyOf(vault, transaction, { tenant, subject, lasting: row.stream !== undefined });
  used?.(key);
  const sealed = personal.replace(data, (value, at) => ({
    [sealedMember]: key.seal({ field: `${row.name}${at.path}`, id: row.id }, JSON.stringify(value)),
    ...(at.erased !== null && { erased: at.erased }),
  }));
  return { ...row, data: JSON.stringify(sealed), opened: row.data };
}

/** The key of the transaction for a person. Its row is written with the commit: until then it may become one that lasts. */
function keyOf(vault: VaultKeys, transaction: Transaction, { lasting, ...owner }: KeyOwner & { readonly lasting: boolean }): DataKey {
  let fresh = made.get(transaction);
  if (fresh === undefined) {
    fresh = { rows: [], keys: new Map() };
    made.set(transaction, fresh);
    transaction.defer(vault.store(fresh.rows));
  }
  let known = fresh.keys.get(owner.subject);
  if (known === undefined) {
    const { key, row } = vault.fresh(owner);
    known = { key, row: { ...row, lasting } };
    fresh.rows.push(known.row);
    fresh.keys.set(owner.subject, known);
  }
  known.row.lasting ||= lasting;
  return known.key;
}
