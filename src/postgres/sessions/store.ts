import type { FoundSession, SessionStore, SessionUse } from "../../operation/authentication/session-store.ts";
import { borrowed, type Lender } from "../lender.ts";

/** How long a look-up may take before its connection is cut. */
const statementMs = 5_000;

/** Finds sessions in PostgreSQL. See the migration and `src/postgres/functions/sessions/` for how they are kept. */
export class PostgresSessionStore implements SessionStore {
  readonly #lender: Lender;

  constructor(lender: Lender) {
    this.#lender = lender;
  }

  async use({ hash, newHash, rotateMs }: SessionUse): Promise<FoundSession | undefined> {
    const text = "select id, actor_id, tenant_id, roles, claims, started_ms, rotated, left_ms from plimsoll.use_session($1, $2, $3)";
    const values = [hash, newHash, rotateMs];
    const { rows } = await borrowed(this.#lender, statementMs, (connection) => connection.send({ text, values }));
    const [row] = rows as unknown as readonly SessionRow[];
    if (row === undefined) return undefined;
    const { id, actorId, tenantId, roles, claims, startedMs, rotated, leftMs } = row;
    return { id, actorId, tenant: tenantId ?? undefined, roles, claims: JSON.parse(claims), startedMs, rotated, leftMs };
  }
}

interface SessionRow {
  readonly id: string;
  readonly actorId: string;
  readonly tenantId: string | null;
  readonly roles: readonly string[];
  readonly claims: string;
  readonly startedMs: number;
  readonly rotated: boolean;
  readonly leftMs: number;
}
