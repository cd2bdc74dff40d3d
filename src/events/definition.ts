import assert from "node:assert";
import { limits } from "../core/limits.ts";
import type { DomainEvent } from "../operation/events/event.ts";
import type { Subscription, SubscriptionSpec } from "../operation/events/subscription.ts";
import type { ReceiverSource } from "../operation/messaging/receiver.ts";
import type { CompiledEvent } from "../pipeline/events/declared.ts";
import { takesVersion } from "../pipeline/events/stored.ts";
import type { CompiledOperation } from "../pipeline/registry/compiled.ts";
import { type Backoff, exponential } from "../resilience/backoff.ts";
import type { StoredEvent } from "./ports/log-store.ts";

/** A subscription with everything filled in that its spec leaves out. */
export interface SubscriptionDefinition {
  readonly compiled: CompiledOperation;
  readonly name: string;
  /** The names of its events. */
  readonly names: readonly string[];
  /** Its events as "name version", sorted. */
  readonly takes: readonly string[];
  readonly order: "key" | "none";
  readonly from: "now" | "beginning";
  /** The broker that its events come from; undefined where they come from the log itself. */
  readonly receiver: ReceiverSource | undefined;
  /** Whether a partition waits at an event the handler of which cannot reach what it needs. */
  readonly waits: boolean;
  readonly onFailure: "stop" | "dead-letter";
  readonly attempts: number;
  readonly backoff: Backoff;
  readonly partitions: number;
  /** How many events of a partition, each of another key, are handled at once. */
  readonly atOnce: number;
  /** The event as the code takes it, of that version or of one to which `upcast` leads; undefined where it takes no such version. */
  eventOf(event: Pick<StoredEvent, "name" | "version">): CompiledEvent | undefined;
}

const defaultBackoff = exponential("1s", { max: "1h" });
const mostPartitions = 64;

/** Reads what a subscription declares. Asserts what the compiler cannot see, with the fix. */
export function defineSubscription(compiled: CompiledOperation, events: ReadonlyMap<DomainEvent, CompiledEvent>): SubscriptionDefinition {
  const { name } = compiled;
  // biome-ignore lint/suspicious/noExplicitAny: specs of subscriptions of all events meet here; the constructor checked each.
  const spec = compiled.operation.spec as unknown as SubscriptionSpec<any, any>;
  const { on, order = "key", onFailure = "dead-letter", onUnavailable = "park", retry = {}, partitions = limits.eventPartitions } = spec;
  const receiver = typeof spec.from === "object" ? spec.from : undefined;
  const from = typeof spec.from === "string" ? spec.from : "now";
  const { attempts = limits.eventAttempts, backoff = defaultBackoff } = retry;
  assert(["key", "none"].includes(order), `${name}: order is "${order}". Write "key" or "none".`);
  assert(["now", "beginning"].includes(from), `${name}: from is "${from}". Write "now" or "beginning".`);
  assert(["park", "wait"].includes(onUnavailable), `${name}: onUnavailable is "${onUnavailable}". Write "park" or "wait".`);
  assert(["stop", "dead-letter"].includes(onFailure), `${name}: onFailure is "${onFailure}". Write "stop" or "dead-letter".`);
  assert(
    Number.isInteger(attempts) && attempts >= 1 && attempts <= 1_000,
    `${name}: retry.attempts is ${attempts}. Write a whole number from 1 to 1000.`,
  );
  assert(
    Number.isInteger(partitions) && partitions >= 1 && partitions <= mostPartitions,
    `${name}: partitions is ${partitions}. Write a whole number from 1 to ${mostPartitions}.`,
  );
  const storedName = (event: DomainEvent) => (receiver === undefined ? event.name : receivedName(name, event.name));
  const listed = on as readonly DomainEvent[];
  return {
    ...{ compiled, name, order, from, receiver, waits: onUnavailable === "wait", onFailure, attempts, backoff, partitions },
    atOnce: (compiled.operation as unknown as Pick<Subscription, "atOnce">).atOnce ?? 1,
    names: [...new Set(listed.map(storedName))],
    takes: [...new Set(listed.map((event) => takenAs({ name: storedName(event), version: event.version })))].toSorted(),
    eventOf: eventByVersion(listed, events),
  };
}

/** Returns what finds the event as the code takes it: of that version, or of the earliest one to which `upcast` leads. */
export function eventByVersion(
  on: readonly DomainEvent[],
  events: ReadonlyMap<DomainEvent, CompiledEvent>,
): (event: Pick<StoredEvent, "name" | "version">) => CompiledEvent | undefined {
  const exact = new Map(on.map((event) => [`${event.name} ${event.version}`, events.get(event)]));
  return ({ name: stored, version }) => {
    const name = sentName(stored);
    const known = exact.get(`${name} ${version}`);
    if (known !== undefined) return known;
    const takers = on.filter((event) => event.name === name && takesVersion(event, version));
    const first = takers.toSorted((one, other) => one.version - other.version)[0];
    return first && events.get(first);
  };
}

/** An event as the code of a subscription lists it for other code. Names have no spaces. */
export function takenAs({ name, version }: Pick<StoredEvent, "name" | "version">): string {
  return `${name} ${version}`;
}

/** The name under which the log keeps an event that one subscription received: no other subscription reads it. It has a slash, which no name of an event has. */
export function receivedName(subscription: string, event: string): string {
  return `${subscription}/${event}`;
}

/** The name of an event as its sender wrote it. */
export function sentName(stored: string): string {
  return stored.slice(stored.indexOf("/") + 1);
}

/** What events must have in common to be handled in their order. */
export function orderKeyOf({ order }: SubscriptionDefinition, { id, key, tenant }: StoredEvent): string {
  // A length says where the tenant ends, whatever characters both have.
  return order === "none" ? id : `${tenant?.length ?? "-"}:${tenant ?? ""}${key}`;
}

/** The partition of an order key: FNV-1a over its UTF-16 units. It must never change: positions say what of a partition is done. */
export function partitionOf(orderKey: string, partitions: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < orderKey.length; at++) {
    const unit = orderKey.charCodeAt(at);
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193);
    hash = Math.imul(hash ^ (unit >>> 8), 0x01000193);
  }
  return (hash >>> 0) % partitions;
}
