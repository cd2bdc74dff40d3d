import type { Statement } from "../transaction.ts";

/** What an execution of an audited command was. */
export interface AuditEntry {
  readonly tenant: string | undefined;
  readonly operation: string;
  readonly subject: string | null;
  readonly actor: string | null;
  readonly actorKind: string;
  /** The peer's address; null for callers in the process. */
  readonly address: string | null;
  readonly request: string;
  readonly trace: string;
  /** `ok`, or the code of the fault. */
  readonly outcome: string;
  /** The type of the fault. */
  readonly fault: string | null;
  /** JSON. */
  readonly input: string | null;
  readonly before: string | null;
  readonly after: string | null;
}

/** A record as it is written. */
export interface AuditRow extends Omit<AuditEntry, "tenant"> {
  readonly id: string;
  /** Empty for none. */
  readonly tenant: string;
  /** *Units*: milliseconds since the Unix epoch, by the clock of the process. */
  readonly atMs: number;
  readonly key: string;
  readonly hash: string;
}

/** The audit trail; an engine gives it to the pipeline. */
export interface AuditLog {
  /** Makes the record of an entry. */
  rowOf(entry: AuditEntry): AuditRow;
  /** Writes the rows. They are read when the statement is sent: until then more may be added, or taken out. */
  append(rows: readonly AuditRow[]): Statement;
  /** A transaction that wrote records is committed. Never waits, never throws. */
  committed(): void;
  /** Writes a record of what was not committed, soon and apart from any transaction. Never waits, never throws. */
  refused(entry: AuditEntry): void;
}
