import { Fault } from "../../core/fault.ts";

/** One SQL file of a module. */
export interface MigrationFile {
  readonly module: string;
  readonly schema: string;
  /** As in `0001_orders.sql`, without the ending; of a function, as in `functions/claim_tasks`. */
  readonly name: string;
  readonly path: string;
  readonly sql: string;
  readonly checksum: string;
  /** Runs outside a transaction (`create index concurrently`): its first line says `-- plimsoll: no-transaction`. */
  readonly alone: boolean;
  /** Holds one of Plimsoll's own functions: it runs again whenever its text has changed. */
  readonly repeatable: boolean;
  /** What it grants to the application's role, which stands there as `:"app"`. */
  readonly grants: string;
}

/** Refuses a migration. *Faults*: `migration_refused`. */
export function broken(message: string, cause?: unknown): Fault {
  return new Fault({ code: "failed_precondition", type: "migration_refused", message, cause });
}
