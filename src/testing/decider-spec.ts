import assert from "node:assert";
import { Fault } from "../core/fault.ts";
import type { AnySchema, Schema } from "../core/schema/standard.ts";
import { type CompiledSchema, compileSchema, Problems } from "../core/schema.ts";
import type { DomainEvent } from "../operation/events/event.ts";
import type { AnyFault } from "../operation/scope.ts";
import type { Decider, NewStreamEvent, StreamEvent } from "../operation/sourcing/decider.ts";

/** The outcome that a decision must have: these events, or a fault. */
export interface Decision<E extends DomainEvent> {
  /**
   * Asserts the outcome: exactly these events, in this order, or a fault: its class, or a fault with its details.
   * *Guarantees*: the decision is made on the events as they are stored and read, on states that nothing may change, and a second time on a state that went
   * through JSON where it has a JSON form, as a snapshot does; all must decide the same.
   */
  then(expected: readonly NewStreamEvent<E>[] | AnyFault | Fault): void;
}

/** Begins a test of a decider: with the events that have happened. */
export type GivenEvents<C, E extends DomainEvent> = (events: readonly NewStreamEvent<E>[]) => {
  /** The command that is decided on. */
  when(command: C): Decision<E>;
};

/**
 * Makes `given` for the tests of a decider, which need no database.
 * @example
 * const given = deciderSpec(account);
 * given([{ name: "bank.opened", data: { owner: "ann" } }]).when({ kind: "withdraw", cents: 5 }).then(Overdrawn);
 */
export function deciderSpec<C, S, E extends DomainEvent>(decider: Decider<C, S, E>): GivenEvents<C, E> {
  const schemas = new Map<string, CompiledSchema>(
    decider.events.map(({ name, data }) => [name, compileSchema(data as AnySchema as Schema, `${name} data`)]),
  );
  return (events) => ({
    when: (command) => ({
      // biome-ignore lint/suspicious/noThenProperty: as above.
      then(expected) {
        assertNotAwaited(expected);
        const given = events.map((event) => asStored(schemas, event) as StreamEvent<E>);
        const outcome = decideOn(decider, { command, state: fold(decider, given), schemas });
        assertOutcome(outcome, isEvents(expected) ? expected.map((event) => asStored(schemas, event)) : expected);
        const kept = throughJson(fold(decider, given));
        if (kept !== undefined) assertSame(decideOn(decider, { command, state: kept.state as S, schemas }), outcome);
        if (outcome.events !== undefined) fold(decider, [...given, ...(outcome.events as readonly StreamEvent<E>[])]);
      },
    }),
  });
}

interface Named {
  readonly name: string;
  readonly data: unknown;
}

interface Outcome {
  readonly events?: readonly Named[];
  readonly thrown?: unknown;
}

const isEvents = <E>(expected: readonly E[] | object): expected is readonly E[] => Array.isArray(expected);

/** `await` calls `then` with two functions, of which none is a fault. */
function assertNotAwaited(expected: unknown): void {
  const isClass = typeof expected === "function" && typeof (expected as { readonly type?: unknown }).type === "string";
  const isOutcome = Array.isArray(expected) || isClass || expected instanceof Fault;
  assert(isOutcome, "A decision is not awaited: call then with the events that follow, or with a fault.");
}

/** The event with the data as readers of the store have it. */
function asStored(schemas: ReadonlyMap<string, CompiledSchema>, { name, data }: Named): Named {
  const schema = schemas.get(name);
  assert(schema !== undefined, `The decider does not list ${name}. Add it to its events.`);
  const text = schema.stringify(data);
  const parsed = text instanceof Problems ? text : schema.parse(JSON.parse(text));
  if (parsed instanceof Problems) assert.fail(`The data of ${name} is not what its schema allows: ${JSON.stringify(parsed.list)}`);
  return { name, data: frozen(parsed) };
}

function fold<C, S, E extends DomainEvent>({ initial, evolve }: Decider<C, S, E>, events: readonly StreamEvent<E>[]): S {
  let state = frozen(initial);
  for (const event of events) state = frozen(evolve(state, event));
  return state;
}

function decideOn<C, S, E extends DomainEvent>(
  { decide }: Decider<C, S, E>,
  { command, state, schemas }: { readonly command: C; readonly state: S; readonly schemas: ReadonlyMap<string, CompiledSchema> },
): Outcome {
  try {
    return { events: decide(command, frozen(state)).map((event) => asStored(schemas, event)) };
  } catch (thrown) {
    if (thrown instanceof Fault) return { thrown };
    throw thrown;
  }
}

function assertOutcome({ events, thrown }: Outcome, expected: readonly Named[] | AnyFault | Fault): void {
  if (isEvents(expected)) {
    if (thrown !== undefined) throw thrown;
    assert.deepStrictEqual(events, expected);
    return;
  }
  const { type } = expected;
  assert(thrown instanceof Fault, `The decider was to end with ${type}, and decided ${JSON.stringify(events)}.`);
  assert.strictEqual(thrown.type, type);
  if (expected instanceof Fault) assert.deepStrictEqual(thrown.details, expected.details);
}

function assertSame(kept: Outcome, { events, thrown }: Outcome): void {
  const same = "A snapshot of the state decides otherwise than the state itself. Keep the state to what JSON can say.";
  assert.deepStrictEqual(kept.events, events, same);
  assert.strictEqual((kept.thrown as Fault | undefined)?.type, (thrown as Fault | undefined)?.type, same);
}

/** The state as a snapshot has it; undefined where it has no JSON form, and so no snapshot. */
function throughJson(state: unknown): { readonly state: unknown } | undefined {
  const text = JSON.stringify(state);
  return text === undefined ? undefined : { state: JSON.parse(text) };
}

/** What changes a state or an event fails where it does so. */
function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value) && !ArrayBuffer.isView(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) frozen(part);
  }
  return value;
}
