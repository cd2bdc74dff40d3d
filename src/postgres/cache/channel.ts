import type { Service } from "../../core/service.ts";
import { type CacheHost, everything, type InvalidationChannel } from "../../operation/cache/port.ts";
import type { Statement } from "../../operation/transaction.ts";
import { borrowed } from "../lender.ts";
import { ListeningSession, type SessionDatabase } from "../listening/listening-session.ts";

/** How often the session is asked whether it is there: what was sent to it before has arrived then. */
const beatMs = 250;
/** How long it may take to respond. */
const respondMs = 2_000;
const notifyMs = 1_000;
/** A notification holds less than 8,000 bytes; a character may take four. */
const payloadChars = 1_900;
const mostPayloads = 32;
const channel = "plimsoll_cache";
const needsSession =
  "Cached queries are invalidated through a session, and a transaction pooler between the app and PostgreSQL keeps none. Give postgres({ directUrl }) an address of the server itself, or of a pooler with pool_mode = session.";

/**
 * Invalidations by NOTIFY, in the transaction that invalidates: other processes get them when it has committed, and never otherwise, also where the process ends
 * in that moment. Listens on a connection of its own, which is opened again when it is lost; what was kept before is not used then.
 */
export class PostgresInvalidations implements InvalidationChannel {
  readonly service: Service;
  readonly #database: SessionDatabase;

  constructor(database: SessionDatabase, host: CacheHost) {
    this.#database = database;
    const session = new ListeningSession({
      ...{ database, name: "plimsoll-cache", channel, respondMs, needsSession },
      opened: (since) => {
        // What came while it did not listen is not known.
        host.missed();
        host.confirmed(since);
      },
      notified: (payload) => host.invalidated(tagsOf(payload)),
      beat: {
        everyMs: beatMs,
        run: async (client) => {
          const at = database.clock.monotonic();
          await client.query("select 1");
          host.confirmed(at);
        },
      },
    });
    this.service = { name: "postgres invalidations", start: () => session.start(), stop: () => session.stop() };
  }

  statement(tags: readonly string[]): Statement {
    const text = `select pg_catalog.pg_notify('${channel}', payload) from pg_catalog.unnest($1::text[]) as payload`;
    return { text, values: [payloadsOf(tags)], columnsAsIs: true };
  }

  async notify(tags: readonly string[]): Promise<void> {
    await borrowed(this.#database, notifyMs, (connection) => connection.send(this.statement(tags)));
  }
}

/** Writes tags as few notifications; everything where they would be many. */
function payloadsOf(tags: readonly string[]): readonly string[] {
  if (tags.includes(everything)) return [""];
  const payloads: string[] = [];
  let part: string[] = [];
  let chars = 0;
  for (const tag of tags) {
    const size = tag.length + 3;
    if (chars + size > payloadChars) {
      payloads.push(JSON.stringify(part));
      [part, chars] = [[], 0];
    }
    part.push(tag);
    chars += size;
  }
  payloads.push(JSON.stringify(part));
  return payloads.length > mostPayloads ? [""] : payloads;
}

function tagsOf(payload: string): readonly string[] {
  if (payload === "") return [everything];
  try {
    const tags: unknown = JSON.parse(payload);
    if (Array.isArray(tags) && tags.every((tag) => typeof tag === "string")) return tags;
  } catch {
    // Any session of the database may notify.
  }
  return [everything];
}
