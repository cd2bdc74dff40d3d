import type { Clock } from "../../core/clock.ts";
import type { WrittenChannel } from "../../operation/online/stream/written.ts";
import type { Statement } from "../../operation/transaction.ts";
import { borrowed } from "../lender.ts";
import { ListeningSession, type SessionDatabase } from "../listening/listening-session.ts";
import { Notifier } from "../tasks/notifier.ts";

const channel = "plimsoll_streams";
const notifyMs = 5_000;
const respondMs = 5_000;
/** How often the session is asked whether it is there. */
const beatMs = 5_000;
/** Characters of one notification, which may have 8,000. */
const payloadChars = 7_000;
const needsSession =
  "The readers of durable streams are woken through a session, and a transaction pooler between the app and PostgreSQL keeps none. Give postgres({ directUrl }) an address of the server itself, or of a pooler with pool_mode = session.";

/** Notifications of what was written to durable streams, at most once in 5 ms for all that came meanwhile. */
export class PostgresWritten implements WrittenChannel {
  readonly #database: SessionDatabase;
  readonly #notifier: Notifier;

  constructor(database: SessionDatabase & { readonly clock: Clock }) {
    this.#database = database;
    this.#notifier = new Notifier(database.clock, (keys) =>
      borrowed(database, notifyMs, (connection) => connection.send(notification(keys))),
    );
  }

  notify(keys: Iterable<string>): void {
    this.#notifier.notify(keys);
  }

  listen(onKeys: (keys: readonly string[] | undefined) => void): ReturnType<WrittenChannel["listen"]> {
    const session = new ListeningSession({
      ...{ database: this.#database, name: "plimsoll-streams", channel, respondMs, needsSession },
      // What was committed while nothing listened: any of them.
      opened: () => onKeys(undefined),
      notified: (payload) => onKeys(payload === "" ? undefined : payload.split(" ")),
      beat: { everyMs: beatMs, run: async (client) => void (await client.query("select 1")) },
    });
    return {
      get isOpen() {
        return session.client !== undefined;
      },
      start: () => session.start(),
      stop: () => session.stop(),
    };
  }
}

/** Keys have no spaces. Where they are too many for one notification, it says that any of them may be meant. */
function notification(keys: readonly string[]): Statement {
  const text = keys.join(" ");
  return { text: "select pg_notify($1, $2)", values: [channel, text.length > payloadChars ? "" : text], columnsAsIs: true };
}
