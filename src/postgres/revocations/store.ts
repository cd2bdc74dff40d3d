import { Fault } from "../../core/fault.ts";
import type { Service } from "../../core/service.ts";
import type {
  NewRevocation,
  RevocationEntry,
  RevocationHost,
  RevocationReading,
  RevocationStore,
} from "../../operation/authentication/revocations.ts";
import type { Statement } from "../../operation/transaction.ts";
import { borrowed } from "../lender.ts";
import { ListeningSession, type SessionDatabase } from "../listening/listening-session.ts";

/** How long one reading may take on one connection; a second may follow on another. */
const readMs = 400;
const needsSession = "The pooler keeps no session. Give postgres({ directUrl }).";

/**
 * Keeps revocations in PostgreSQL. Each process reads them on a session of its own, which also listens for new ones, so that no execution waits for it, nor it
 * for an execution. While that session is lost, or where a pooler keeps none, it reads on a connection of the pool.
 */
export class PostgresRevocations implements RevocationStore {
  readonly service: Service;
  readonly #database: SessionDatabase;
  readonly #session: ListeningSession;

  constructor(database: SessionDatabase, host: RevocationHost) {
    this.#database = database;
    this.#session = new ListeningSession({
      ...{ database, name: "plimsoll-revocations", channel: "plimsoll_revocations", respondMs: readMs, needsSession },
      // What came while it did not listen is read too.
      opened: () => host.changed(),
      notified: () => host.changed(),
    });
    this.service = {
      name: "postgres revocations",
      start: () =>
        this.#session.start().catch((error) => {
          // Behind a pooler that keeps no session there never is one: then each reading borrows a connection.
          if (!(error instanceof Fault)) throw error;
        }),
      stop: () => this.#session.stop(),
    };
  }

  async read(mark: string | undefined, most: number): Promise<RevocationReading> {
    const text = "select plimsoll.read_revocations($1, $2) as reading";
    const values = [mark ?? null, most];
    const { client } = this.#session;
    if (client !== undefined) {
      try {
        const { rows } = await client.query<{ reading: string }>({ text, values });
        return readingOf(rows[0]?.reading);
      } catch {
        this.#session.lost(client);
      }
    }
    const { rows } = await this.#within(borrowed(this.#database, readMs, (connection) => connection.send({ text, values })));
    return readingOf(rows[0]?.reading);
  }

  statement({ kind, tenant, id, beforeMs, keepMs, untilMs, most }: NewRevocation): Statement {
    return {
      text: "select plimsoll.revoke($1, $2, $3, $4, $5, $6, $7) as revoked",
      values: [kind, tenant, id, beforeMs ?? null, keepMs ?? null, untilMs ?? null, most],
    };
  }

  #within<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const message = "The database did not return the revocations in time. Check the path to it.";
      const timer = this.#database.clock.schedule(readMs, () => reject(new Fault({ code: "unavailable", message })));
      work.then(resolve, reject).finally(() => timer.cancel());
    });
  }
}

function readingOf(json: unknown): RevocationReading {
  const { mark, whole, entries } = JSON.parse(String(json)) as Omit<RevocationReading, "entries"> & {
    readonly entries: readonly (readonly [RevocationEntry["kind"], string, string, number | null])[];
  };
  return { mark, whole, entries: entries.map(([kind, tenant, id, beforeMs]) => ({ kind, tenant, id, beforeMs: beforeMs ?? undefined })) };
}
