import type { AuditRow } from "../operation/audit/log.ts";
import type { Statement } from "../operation/transaction.ts";

/** The end of the chain of a tenant. */
export interface AuditHead {
  /** Empty for what has no tenant. */
  readonly tenant: string;
  /** How many records were chained. */
  readonly n: number;
  readonly hash: string;
}

/** A link of the chain of a tenant. */
export interface AuditLink extends AuditHead {
  /** Of its record. */
  readonly id: string;
  /** By the clock of the database. */
  readonly linkedMs: number;
  /** The hash of the link before it. */
  readonly previous: string;
  readonly key: string;
}

/** A link with its record, which is undefined where it is missing. */
export interface ChainedRecord {
  readonly link: AuditLink;
  readonly record: AuditRow | undefined;
}

/** A record that is not chained yet. */
export interface PendingRecord {
  readonly id: string;
  readonly tenant: string;
  readonly hash: string;
  readonly linkedMs: number;
}

/** A span of links that were deleted with their records. */
export interface AuditSpan {
  readonly tenant: string;
  readonly fromN: number;
  readonly toN: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly sealedMs: number;
  /** The hash of its last link. */
  readonly link: string;
  readonly key: string;
  readonly hash: string;
}

/** Which records are read, the newest first. */
export interface AuditFilter {
  /** *Default*: those without a tenant. */
  readonly tenant?: string;
  readonly subject?: string;
  readonly operation?: string;
  readonly actor?: string;
  readonly from?: Date;
  /** Records of before then. */
  readonly before?: Date;
  /** *Default*: 100. *Bounds*: 1 to `limits.auditTurn`. */
  readonly limit?: number;
}

/** A record as it is shown. */
export interface AuditRecord {
  readonly id: string;
  readonly tenant: string;
  readonly at: string;
  readonly operation: string;
  readonly subject: string | null;
  readonly actor: string | null;
  readonly actorKind: string;
  readonly address: string | null;
  readonly request: string;
  readonly trace: string;
  readonly outcome: string;
  readonly fault: string | null;
  /** JSON. */
  readonly input: string | null;
  readonly before: string | null;
  readonly after: string | null;
  /** Its place in the chain of its tenant; null where it is not chained yet. */
  readonly n: number | null;
}

/** Keeps the audit trail. *Guarantees asked of an implementation*: the application can add to it, and neither changes nor deletes a record, but by `seal`. */
export interface AuditStore {
  /** The rows are read when the statement is sent. */
  append(rows: readonly AuditRow[]): Statement;
  /** Writes records in a transaction of their own. */
  write(rows: readonly AuditRow[]): Promise<void>;
  pending(limit: number): Promise<readonly PendingRecord[]>;
  /** The ends of these chains; those that are not returned have not begun. */
  headsOf(tenants: readonly string[]): Promise<readonly AuditHead[]>;
  /** The ends of the chains of the tenants behind one, in their order. */
  heads(after: string | undefined, limit: number): Promise<readonly AuditHead[]>;
  /** Chains records; false where another process was first, and then none is chained. */
  link(links: readonly AuditLink[]): Promise<boolean>;
  chain(tenant: string, after: number, limit: number): Promise<readonly ChainedRecord[]>;
  /** Records that should be chained and are not, and pending ones that are missing. */
  unchained(
    tenant: string | undefined,
    bounds: { readonly olderMs: number; readonly limit: number },
  ): Promise<readonly { readonly id: string; readonly tenant: string | null; readonly missing: boolean }[]>;
  countPending(bound: number): Promise<number>;
  spans(tenant: string, after: number, limit: number): Promise<readonly AuditSpan[]>;
  /** Up to which link the oldest of a tenant may be sealed. */
  due(tenant: string, retentionMs: number, limit: number): Promise<number | undefined>;
  /** Deletes a span; false where it may not be, or another process was first. */
  seal(span: AuditSpan): Promise<boolean>;
  records(filter: AuditFilter): Promise<readonly AuditRecord[]>;
}
