import { limits } from "../../core/limits.ts";
import type { StoredEvent, SubscriptionCode } from "../../events/ports/log-store.ts";
import type {
  Due,
  FailedEvent,
  HeartbeatState,
  Hold,
  OwnedPartition,
  ParkedEvent,
  SubscriptionStore,
} from "../../events/ports/subscription-store.ts";
import type { Position } from "../../events/position.ts";
import type { Statement } from "../../operation/transaction.ts";
import type { AskEvents } from "./ask.ts";

const asIs = (text: string, values: readonly unknown[]): Statement => ({ text, values, columnsAsIs: true });
const stoppedMs = -1;
const copied = (event: StoredEvent) => [
  ...[event.id, event.name, event.version, event.key, event.tenant, event.actor, event.trace, event.causation, event.correlation],
  ...[event.recordedAt, event.data],
];
const held = ({ subscription, partition, fence }: Hold) => [subscription, partition, fence];
const at = ({ epoch, xid, seq }: Position) => [epoch, xid, seq];
const delayOf = (due: Due): number | null => (due === "behind" ? null : due === "stopped" ? stoppedMs : Math.max(0, due.afterMs));

/** Subscriptions in PostgreSQL: their positions, the leases of their partitions, and what they set aside. */
export class PostgresSubscriptions implements SubscriptionStore {
  readonly #ask: AskEvents;

  constructor(ask: AskEvents) {
    this.#ask = ask;
  }

  async declare(name: string, partitions: number, from: "now" | "beginning"): Promise<number> {
    const values = [name, partitions, from === "beginning"];
    return this.#one(asIs("select plimsoll.declare_subscription($1, $2, $3) as value", values)) as Promise<number>;
  }

  async noteCode(code: readonly SubscriptionCode[], { starts }: { readonly starts: boolean }): Promise<void> {
    const values = [JSON.stringify(code.map(({ name, takes }) => ({ name, takes }))), limits.eventCodeMs, starts];
    await this.#ask(asIs("select plimsoll.note_code($1, $2, $3)", values));
  }

  async newerCode({ name, takes }: SubscriptionCode): Promise<readonly string[]> {
    const values = [name, takes, limits.eventCodeMs];
    return (await this.#one(asIs("select plimsoll.newer_subscription_code($1, $2, $3) as value", values))) as readonly string[];
  }

  async join(name: string, subscriptions: readonly string[]): Promise<number> {
    return Number(
      await this.#one(asIs("select plimsoll.join_event_workers($1, $2, $3) as value", [name, limits.eventLeaseMs, subscriptions])),
    );
  }

  async leave(token: number): Promise<void> {
    await this.#ask(asIs("select plimsoll.leave_event_workers($1)", [token]));
  }

  async heartbeat(token: number, subscriptions: readonly string[]): Promise<HeartbeatState | undefined> {
    const { rows } = await this.#ask(
      asIs("select subscription, partition, fence, epoch, xid, seq, share, paused from plimsoll.event_heartbeat($1, $2, $3)", [
        ...[token, limits.eventLeaseMs, subscriptions],
      ]),
    );
    if (rows.length === 0) return undefined;
    const read = rows as unknown as readonly (OwnedPartition & { readonly share: number; readonly paused: boolean })[];
    const owned = read.filter(({ subscription }) => subscription !== null);
    return {
      owned,
      shares: new Map(owned.map(({ subscription, share }) => [subscription, share])),
      paused: new Set(owned.filter(({ paused }) => paused).map(({ subscription }) => subscription)),
    };
  }

  async release(subscription: string, holds: readonly Hold[]): Promise<void> {
    const values = [subscription, holds.map(({ partition }) => partition), holds.map(({ fence }) => fence)];
    await this.#ask(asIs("select plimsoll.release_subscription($1, $2, $3)", values));
  }

  async advance(subscription: string, moves: readonly (Hold & Position)[]): Promise<ReadonlySet<number>> {
    const { rows } = await this.#ask(
      asIs("select plimsoll.advance_subscription($1, $2, $3, $4, $5, $6) as partition", [
        ...[subscription, moves.map(({ partition }) => partition), moves.map(({ fence }) => fence)],
        ...[moves.map(({ epoch }) => epoch), moves.map(({ xid }) => xid), moves.map(({ seq }) => seq)],
      ]),
    );
    return new Set(rows.map(({ partition }) => partition as number));
  }

  completion(hold: Hold, event: Position): Statement {
    return asIs("select plimsoll.complete_event($1, $2, $3, $4, $5::text::xid8, $6)", [...held(hold), ...at(event)]);
  }

  parkedCompletion(hold: Hold, event: ParkedEvent): Statement {
    return asIs("select plimsoll.complete_parked_event($1, $2, $3, $4, $5, $6::text::xid8, $7) as value", [
      ...held(hold),
      event.orderKey,
      ...at(event),
    ]);
  }

  async park(hold: Hold, event: StoredEvent, how: FailedEvent & { orderKey: string; due: Due }): Promise<boolean> {
    const values = [
      ...[...held(hold), how.orderKey, ...at(event), how.attempt, delayOf(how.due), how.code, how.reason, limits.eventsParked],
      ...copied(event),
    ];
    const parameters =
      "$1, $2, $3, $4, $5, $6::text::xid8, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23";
    return (await this.#one(asIs(`select plimsoll.park_event(${parameters}) as value`, values))) === true;
  }

  async deadLetter(hold: Hold, event: StoredEvent, { orderKey, attempt, code, reason }: FailedEvent & { orderKey: string }): Promise<void> {
    const values = [...held(hold), orderKey, ...at(event), attempt, code, reason, ...copied(event)];
    const parameters = "$1, $2, $3, $4, $5, $6::text::xid8, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21";
    await this.#ask(asIs(`select plimsoll.dead_letter_event(${parameters})`, values));
  }

  async completeParked(hold: Hold, event: ParkedEvent): Promise<boolean> {
    return (await this.#one(this.parkedCompletion(hold, event))) === true;
  }

  async failParked(hold: Hold, event: ParkedEvent, how: FailedEvent & { due: Due | "final" }): Promise<boolean> {
    const { due, attempt, code, reason } = how;
    const delay = due === "final" ? stoppedMs : delayOf(due);
    const values = [...held(hold), event.orderKey, ...at(event), attempt, delay, code, reason, due === "final"];
    const text = "select plimsoll.fail_parked_event($1, $2, $3, $4, $5, $6::text::xid8, $7, $8, $9, $10, $11, $12) as value";
    return (await this.#one(asIs(text, values))) === true;
  }

  async duePark(...[token, partitions, limit]: Parameters<SubscriptionStore["duePark"]>): ReturnType<SubscriptionStore["duePark"]> {
    if (partitions.length === 0) return { events: [], nextMs: undefined };
    const of = [token, partitions.map(({ subscription }) => subscription), partitions.map(({ partition }) => partition)];
    const { rows } = await this.#ask(
      asIs(
        `select subscription, partition, order_key as "orderKey", epoch, xid, seq, attempt, id, name, version, key, tenant, actor, trace, causation, correlation,
          recorded_at as "recordedAt", data from plimsoll.parked_events_due_in($1, $2, $3, $4)`,
        [...of, limit],
      ),
    );
    const nextMs = await this.#one(asIs("select plimsoll.next_parked_event_in($1, $2, $3) as value", of));
    return { events: rows as unknown as readonly ParkedEvent[], nextMs: nextMs === null ? undefined : Math.max(0, Number(nextMs)) };
  }

  async orderKeys({ subscription, partition }: Hold): Promise<readonly string[]> {
    const { rows } = await this.#ask(asIs("select plimsoll.parked_order_keys($1, $2) as order_key", [subscription, partition]));
    return rows.map(({ order_key }) => order_key as string);
  }

  async #one(statement: Statement): Promise<unknown> {
    const { rows } = await this.#ask(statement);
    return rows[0]?.value;
  }
}
