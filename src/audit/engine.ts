import { Fault } from "../core/fault.ts";
import type { Metrics } from "../core/metrics.ts";
import type { Service } from "../core/service.ts";
import type { AuditEntry, AuditLog, AuditRow } from "../operation/audit/log.ts";
import type { Engine } from "../operation/durable/engine.ts";
import type { OpsPage } from "../operation/ops-page.ts";
import type { EngineHost, EngineSource } from "../pipeline/engine-source.ts";
import { AuditTrail } from "./audit.ts";
import { Chainer } from "./chainer.ts";
import { AuditKeys } from "./keys.ts";
import { auditPage } from "./ops-page.ts";
import { Refusals } from "./refusals.ts";
import { Retention } from "./retention.ts";
import { type AuditSignals, auditSignals } from "./signals.ts";
import type { AuditStore } from "./store.ts";
import { warnOfAudit } from "./warnings.ts";

/** How an app keeps its audit trail, everything filled in. */
export interface AuditEngineSpec {
  readonly store: AuditStore;
  readonly key: string | readonly string[];
  readonly retentionMs: number;
}

/** Keeps the audit trail of an app. It runs no operations. */
class AuditEngine implements Engine {
  readonly kinds = [] as const;
  readonly control: AuditTrail;
  readonly service: Service;
  readonly audit: AuditLog;
  readonly pages: readonly OpsPage[];

  constructor({ runtime, metrics, works }: EngineHost, { store, key, retentionMs }: AuditEngineSpec) {
    const { clock } = runtime;
    const keys = new AuditKeys(key);
    const signals = auditSignals();
    const chainer = new Chainer({ store, clock, keys, signals });
    const refusals = new Refusals({ store, clock, signals, written: () => chainer.committed() });
    const retention = new Retention({ store, clock, keys, signals, retentionMs });
    this.control = new AuditTrail({ store, keys, signals, chainer, refusals, retention });
    const rowOf = (entry: AuditEntry) => rowFor(entry, { id: clock.uuid(), atMs: Math.floor(clock.now()), keys });
    this.audit = {
      rowOf,
      append: (rows) => store.append(rows),
      committed: () => chainer.committed(),
      refused: (entry) => refusals.add(rowOf(entry)),
    };
    this.pages = [auditPage(this.control)];
    countAudit(metrics, signals, refusals);
    warnOfAudit(runtime, signals);
    this.service = {
      name: "audit",
      start: async () => {
        chainer.start();
        if (works) retention.start();
      },
      stop: async () => {
        await refusals.flush();
        await Promise.all([chainer.stop(), retention.stop()]);
      },
    };
  }

  get starts(): never {
    throw new Fault({ code: "failed_precondition", message: "The audit trail starts no work. Start a task." });
  }
}

/** PostgreSQL stores no NUL, and no half of a character. */
const storable = (text: string): string => text.toWellFormed().replaceAll("\0", "\ufffd");

function rowFor({ tenant, ...entry }: AuditEntry, { id, atMs, keys }: { id: string; atMs: number; keys: AuditKeys }): AuditRow {
  const { actor, address, request } = entry;
  const row = {
    ...entry,
    ...{ id, atMs, tenant: tenant ?? "", key: keys.current },
    ...{ actor: actor && storable(actor), address: address && storable(address), request: storable(request) },
  };
  return { ...row, hash: keys.record(row) ?? "" };
}

function countAudit(metrics: Metrics, signals: AuditSignals, refusals: Pick<Refusals, "lost">): void {
  const broken = metrics.counter({
    name: "plimsoll_audit_problems_total",
    help: "Audit records that were found not to be as they were written, each time that they were found.",
  });
  signals.broken.on(({ problems }) => broken.series().add(problems.length));
  metrics.total({
    name: "plimsoll_audit_lost_total",
    help: "Audit records of refused executions that the database did not take.",
    read: () => refusals.lost,
  });
}

/** Keeps the audit trail in a store. */
export function auditEngine(spec: AuditEngineSpec): EngineSource {
  return { open: (host) => new AuditEngine(host, spec) };
}

/** Finds the audit trail among the engines of an app. */
export function auditOf(engines: readonly Engine[]): AuditTrail | undefined {
  return engines.find((engine) => engine instanceof AuditEngine)?.control;
}
