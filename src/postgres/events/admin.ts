import { limits } from "../../core/limits.ts";
import type { ReplayOutcome, SubscriptionAdmin } from "../../events/ports/admin-store.ts";
import type { AskEvents } from "./ask.ts";

/** What people, and metrics, ask of the subscriptions in PostgreSQL. */
export class PostgresSubscriptionAdmin implements SubscriptionAdmin {
  readonly #ask: AskEvents;

  constructor(ask: AskEvents) {
    this.#ask = ask;
  }

  async stats(...[events, names]: Parameters<SubscriptionAdmin["stats"]>): ReturnType<SubscriptionAdmin["stats"]> {
    const text =
      "select name, partitions, owned, paused, epoch, xid, seq, lag, lag_ms, parked, stopped, dead_letters from plimsoll.subscription_stats($1, $2, $3)";
    const { rows } = await this.#ask({ text, values: [names ?? null, JSON.stringify(events), limits.eventCount] });
    return rows as unknown as Awaited<ReturnType<SubscriptionAdmin["stats"]>>;
  }

  async last(limit: number): ReturnType<SubscriptionAdmin["last"]> {
    const { rows } = await this.#ask({ text: "select * from plimsoll.read_last_events($1)", values: [limit], columnsAsIs: true });
    return rows as unknown as Awaited<ReturnType<SubscriptionAdmin["last"]>>;
  }

  pause(name: string, paused: boolean): Promise<boolean> {
    return this.#is("select plimsoll.pause_subscription($1, $2) as done", [name, paused]);
  }

  async parked(name: string | undefined, limit: number): ReturnType<SubscriptionAdmin["parked"]> {
    const { rows } = await this.#ask({ text: "select * from plimsoll.read_parked_events($1, $2)", values: [name ?? null, limit] });
    return rows as unknown as Awaited<ReturnType<SubscriptionAdmin["parked"]>>;
  }

  async deadLetters(name: string | undefined, limit: number): ReturnType<SubscriptionAdmin["deadLetters"]> {
    const { rows } = await this.#ask({ text: "select * from plimsoll.read_event_dead_letters($1, $2)", values: [name ?? null, limit] });
    return rows as unknown as Awaited<ReturnType<SubscriptionAdmin["deadLetters"]>>;
  }

  retry(name: string, id: string): Promise<boolean> {
    return this.#is("select plimsoll.retry_event($1, $2) as done", [name, id]);
  }

  skip(name: string, id: string, reason: string): Promise<boolean> {
    return this.#is("select plimsoll.skip_event($1, $2, $3) as done", [name, id, reason]);
  }

  async replay(...[name, from, { reason, by, names }]: Parameters<SubscriptionAdmin["replay"]>): Promise<ReplayOutcome> {
    const place = from instanceof Date ? [from.toISOString(), null, null, null] : [null, from.epoch, from.xid, from.seq];
    const { rows } = await this.#ask({
      text: "select plimsoll.replay_subscription($1, $2, $3, $4, $5, $6, $7, $8, $9) as outcome",
      values: [name, ...place, names ?? null, by ?? null, reason, limits.eventReplaysKept],
    });
    return rows[0]?.outcome as ReplayOutcome;
  }

  async replays(name: string | undefined, limit: number): ReturnType<SubscriptionAdmin["replays"]> {
    const { rows } = await this.#ask({ text: "select * from plimsoll.read_subscription_replays($1, $2)", values: [name ?? null, limit] });
    return rows as unknown as Awaited<ReturnType<SubscriptionAdmin["replays"]>>;
  }

  forget(name: string): Promise<boolean> {
    return this.#is("select plimsoll.forget_subscription($1) as done", [name]);
  }

  async #is(text: string, values: readonly unknown[]): Promise<boolean> {
    const { rows } = await this.#ask({ text, values });
    return rows[0]?.done === true;
  }
}
