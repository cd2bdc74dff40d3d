import { limits } from "../../core/limits.ts";
import type { EventBatch, EventLogStore, Listening, ReadBounds, ReadersHeld, StoredEvent } from "../../events/ports/log-store.ts";
import type { Position } from "../../events/position.ts";
import type { SnapshotRow, StreamLoad } from "../../operation/events/log.ts";
import type { Statement } from "../../operation/transaction.ts";
import { ListeningSession } from "../listening/listening-session.ts";
import { Notifier } from "../tasks/notifier.ts";
import type { AskEvents, EventStoreHost } from "./ask.ts";
import { loadStatement, recordStatement, snapshotStatement } from "./streams.ts";

const channel = "plimsoll_events";
const respondMs = 5_000;
const needsSession =
  "Subscriptions are notified through a session, and a transaction pooler between the app and PostgreSQL keeps none. Give postgres({ directUrl }) an address of the server itself, or of a pooler with pool_mode = session.";
/** Characters of one notification, which may have 8,000. */
const payloadChars = 7_000;

/** The log of events in PostgreSQL. */
export class PostgresEventLog implements EventLogStore {
  readonly #host: EventStoreHost;
  readonly #ask: AskEvents;
  readonly #notifier: Notifier;

  constructor(host: EventStoreHost, ask: AskEvents) {
    this.#host = host;
    this.#ask = ask;
    this.#notifier = new Notifier(host.clock, (names) => ask(notification(names)));
  }

  append(...[origin, rows, recorded]: Parameters<EventLogStore["append"]>): Statement {
    return recordStatement(origin, rows, recorded);
  }

  load(...[stream, read]: Parameters<EventLogStore["load"]>): StreamLoad {
    return loadStatement(stream, read);
  }

  keepSnapshot(snapshot: () => SnapshotRow | undefined): Statement {
    return snapshotStatement(snapshot);
  }

  async read(names: readonly string[], { epoch, xid, seq }: Position, { scan, bytes, code }: ReadBounds): Promise<EventBatch> {
    const after = [names, epoch, xid, seq, scan, bytes];
    const from =
      code === undefined
        ? { text: "plimsoll.read_events($1, $2, $3::text::xid8, $4, $5, $6)", values: after }
        : {
            text: "plimsoll.read_subscribed_events($1, $2, $3, $4, $5, $6::text::xid8, $7, $8, $9)",
            values: [code.name, code.takes, limits.eventCodeMs, ...after],
          };
    const { rows } = await this.#ask({
      text: `select epoch, xid, seq, id, name, version, key, tenant, actor, trace, causation, correlation, recorded_at as "recordedAt", data, wanted from ${from.text}`,
      columnsAsIs: true,
      values: from.values,
    });
    const read = rows as unknown as readonly (StoredEvent & { readonly wanted: boolean })[];
    return { events: read.filter(({ wanted }) => wanted), through: read.at(-1) };
  }

  async head(): Promise<Position | undefined> {
    const { rows } = await this.#ask({ text: "select epoch, xid, seq from plimsoll.event_head()", values: [], columnsAsIs: true });
    return rows[0] as unknown as Position | undefined;
  }

  async horizon(): Promise<string | undefined> {
    const { rows } = await this.#ask({ text: "select plimsoll.event_horizon() as position", values: [], columnsAsIs: true });
    return (rows[0]?.position as string | null | undefined) ?? undefined;
  }

  async keep({ retentionMs, deadLetterMs }: Parameters<EventLogStore["keep"]>[0]): Promise<void> {
    await this.#ask({
      text: "select made, dropped from plimsoll.keep_events($1, $2, $3, $4)",
      values: [retentionMs, limits.eventDaysAhead, deadLetterMs, limits.eventExpiryTurn],
      columnsAsIs: true,
    });
  }

  async readersHeld(): Promise<ReadersHeld | undefined> {
    const { rows } = await this.#ask({
      text: 'select xid, pid, application, age_ms as "ageMs", statement from plimsoll.event_readers_held()',
      values: [],
      columnsAsIs: true,
    });
    return rows[0] as unknown as ReadersHeld | undefined;
  }

  notify(names: Iterable<string>): void {
    this.#notifier.notify(names);
  }

  listen(onNames: (names: readonly string[]) => void): Listening {
    return new ListeningSession({
      ...{ database: this.#host, name: "plimsoll-events", channel, respondMs, needsSession },
      // Events of any name may have been committed while it did not listen.
      opened: () => onNames([]),
      notified: (payload) => onNames(payload === "" ? [] : payload.split(" ")),
    });
  }
}

/** Names have no spaces. Where they are too many for one notification, it says that there is something of any name. */
function notification(names: readonly string[]): Statement {
  const text = names.join(" ");
  return { text: "select pg_notify($1, $2)", values: [channel, text.length > payloadChars ? "" : text], columnsAsIs: true };
}
