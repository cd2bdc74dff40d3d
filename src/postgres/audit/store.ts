import type {
  AuditFilter,
  AuditHead,
  AuditLink,
  AuditRecord,
  AuditSpan,
  AuditStore,
  ChainedRecord,
  PendingRecord,
} from "../../audit/store.ts";
import { limits } from "../../core/limits.ts";
import type { AuditRow } from "../../operation/audit/log.ts";
import type { Statement, StatementResult } from "../../operation/transaction.ts";
import { borrowed, type Lender } from "../lender.ts";

/** How long a statement on the audit trail may take before its connection is cut. */
const statementMs = 30_000;

/** Keeps the audit trail in PostgreSQL. See the migration for how. */
export class PostgresAuditStore implements AuditStore {
  readonly #lender: Lender;

  constructor(lender: Lender) {
    this.#lender = lender;
  }

  append(rows: readonly AuditRow[]): Statement {
    return {
      text: "select plimsoll.append_audit($1)",
      columnsAsIs: true,
      // Read when it is sent: until then more may be added, or undone.
      get values() {
        return [JSON.stringify(rows)];
      },
    };
  }

  async write(rows: readonly AuditRow[]): Promise<void> {
    await this.#ask(this.append(rows));
  }

  async pending(limit: number): Promise<readonly PendingRecord[]> {
    return this.#rows("select id, tenant, hash, linked_ms from plimsoll.read_pending_audit($1)", [limit]);
  }

  async headsOf(tenants: readonly string[]): Promise<readonly AuditHead[]> {
    return this.#rows("select tenant, n, hash from plimsoll.audit_heads($1, null, $2)", [tenants, limits.auditTurn]);
  }

  async heads(after: string | undefined, limit: number): Promise<readonly AuditHead[]> {
    return this.#rows("select tenant, n, hash from plimsoll.audit_heads(null, $1, $2)", [after ?? null, limit]);
  }

  async link(links: readonly AuditLink[]): Promise<boolean> {
    return (await this.#one("select plimsoll.link_audit($1) as value", [JSON.stringify(links)])) === true;
  }

  async chain(tenant: string, after: number, limit: number): Promise<readonly ChainedRecord[]> {
    const rows = await this.#rows<ChainRow>("select * from plimsoll.read_audit_chain($1, $2, $3)", [tenant, after, limit]);
    return rows.map(({ n, linkId, linkedMs, previous, linkKey, linkHash, ...record }) => ({
      link: { tenant, n, id: linkId, linkedMs, previous, key: linkKey, hash: linkHash },
      record: record.id === null ? undefined : (record as AuditRow),
    }));
  }

  async unchained(...[tenant, { olderMs, limit }]: Parameters<AuditStore["unchained"]>): ReturnType<AuditStore["unchained"]> {
    return this.#rows("select id, tenant, missing from plimsoll.unchained_audit($1, $2, $3)", [tenant ?? null, olderMs, limit]);
  }

  async countPending(bound: number): Promise<number> {
    return Number(await this.#one("select plimsoll.count_pending_audit($1) as value", [bound]));
  }

  async spans(tenant: string, after: number, limit: number): Promise<readonly AuditSpan[]> {
    return this.#rows("select * from plimsoll.read_audit_spans($1, $2, $3)", [tenant, after, limit]);
  }

  async due(tenant: string, retentionMs: number, limit: number): Promise<number | undefined> {
    const value = await this.#one("select plimsoll.audit_due($1, $2, $3) as value", [tenant, retentionMs, limit]);
    return value === null ? undefined : Number(value);
  }

  async seal({ tenant, fromN, toN, firstMs, lastMs, sealedMs, link, key, hash }: AuditSpan): Promise<boolean> {
    const values = [tenant, fromN, toN, firstMs, lastMs, sealedMs, link, key, hash];
    return (await this.#one("select plimsoll.seal_audit($1, $2, $3, $4, $5, $6, $7, $8, $9) as value", values)) === true;
  }

  async records({ tenant, subject, operation, actor, from, before, limit = 100 }: AuditFilter): Promise<readonly AuditRecord[]> {
    return this.#rows("select * from plimsoll.read_audit($1, $2, $3, $4, $5, $6, $7)", [
      ...[tenant ?? null, subject ?? null, operation ?? null, actor ?? null],
      ...[from?.getTime() ?? null, before?.getTime() ?? null, limit],
    ]);
  }

  async #rows<T>(text: string, values: readonly unknown[]): Promise<readonly T[]> {
    const { rows } = await this.#ask({ text, values });
    return rows as unknown as readonly T[];
  }

  async #one(text: string, values: readonly unknown[]): Promise<unknown> {
    const { rows } = await this.#ask({ text, values });
    return rows[0]?.value;
  }

  #ask(statement: Statement): Promise<StatementResult> {
    return borrowed(this.#lender, statementMs, (connection) => connection.send(statement));
  }
}

/** A link and its record, as one row. */
interface ChainRow extends Omit<AuditRow, "id"> {
  readonly id: string | null;
  readonly n: number;
  readonly linkId: string;
  readonly linkedMs: number;
  readonly previous: string;
  readonly linkKey: string;
  readonly linkHash: string;
}
