import assert from "node:assert";
import { limits } from "../core/limits.ts";

/** What a kind of operation is: every difference between kinds that the platform acts on. */
export interface KindTraits {
  /** The transaction that one execution is. `none`: it has no transaction of its own, and each of its calls is one. */
  readonly transaction: "read" | "write" | "none";
  /** Whether what its caller may send in a second is limited. */
  readonly rateLimited: boolean;
  /** Whether it takes a slot of the process beside its own: what a worker runs is bounded by the worker. */
  readonly processSlot: boolean;
  /** Whether it may use resources, and so the network. */
  readonly usesResources: boolean;
  /** Whether it may keep its reply under an idempotency key, in its transaction. */
  readonly keyed: boolean;
  /** Whether its output may be kept and given to later callers: it reads and changes nothing. *Default*: no. */
  readonly cached?: boolean;
  /** Whether its handler takes a web `Request` and returns a `Response`, in the place of an input and an output. *Default*: no. */
  readonly plain?: boolean;
  /** Whether it only carries other executions, for which the time counts that its caller has left. *Default*: no. */
  readonly carries?: boolean;
  /** The longest deadline that it may declare. *Units*: milliseconds. */
  readonly maxDeadlineMs: number;
  /** Whether it outlives its caller: it is started and kept, no caller waits for its output, and its input was checked when it was started. */
  readonly durable: boolean;
}

/** What each kind of operation is. A new kind is one more row; nothing else asks which kind an operation is. */
export const kinds = {
  query: {
    transaction: "read",
    rateLimited: true,
    processSlot: true,
    usesResources: false,
    keyed: false,
    cached: true,
    maxDeadlineMs: limits.deadlineMs,
    durable: false,
  },
  command: {
    transaction: "write",
    rateLimited: true,
    processSlot: true,
    usesResources: false,
    keyed: true,
    maxDeadlineMs: limits.deadlineMs,
    durable: false,
  },
  action: {
    transaction: "none",
    rateLimited: true,
    processSlot: true,
    usesResources: true,
    keyed: false,
    maxDeadlineMs: limits.deadlineMs,
    durable: false,
  },
  "plain-route": {
    transaction: "none",
    rateLimited: true,
    processSlot: true,
    usesResources: true,
    keyed: false,
    plain: true,
    maxDeadlineMs: limits.deadlineMs,
    durable: false,
  },
  task: {
    transaction: "none",
    rateLimited: false,
    processSlot: false,
    usesResources: true,
    keyed: false,
    maxDeadlineMs: limits.taskDeadlineMs,
    durable: true,
  },
  saga: {
    transaction: "none",
    rateLimited: false,
    processSlot: false,
    usesResources: true,
    keyed: false,
    maxDeadlineMs: limits.sagaDeadlineMs,
    durable: true,
  },
  subscription: {
    transaction: "none",
    rateLimited: false,
    processSlot: false,
    usesResources: true,
    keyed: false,
    maxDeadlineMs: limits.taskDeadlineMs,
    durable: true,
  },
} as const satisfies Readonly<Record<string, KindTraits>>;

/** The name of a kind that is not of the platform, and comes with an engine of its own. *Bounds*: it has a slash, which no kind of the platform has. */
type ForeignKind = `${string}/${string}`;

/** The name of a kind. */
export type OperationKind = keyof typeof kinds | ForeignKind;

/** What a kind is, by its name. Of a kind that is not of the platform, the compiler knows only that it has a row. */
export type TraitsOf<K extends OperationKind> = K extends keyof typeof kinds ? (typeof kinds)[K] : KindTraits;

/** The name of a kind that is durable. */
export type DurableKind =
  | { [K in keyof typeof kinds]: (typeof kinds)[K]["durable"] extends true ? K : never }[keyof typeof kinds]
  | ForeignKind;

/** What says which kind an operation is: a kind of the table, or one that is not of the platform, with the row that the table does not have. */
export interface OfKind {
  readonly kind: OperationKind;
  readonly traits?: KindTraits;
}

const rows: ReadonlyMap<string, KindTraits> = new Map(Object.entries(kinds));

/** Returns what the kind of an operation is. */
export function traitsOf({ kind, traits }: OfKind): KindTraits {
  const row = rows.get(kind) ?? traits;
  if (row === undefined)
    assert.fail(`${kind} is not a kind of operation that the platform has, and it comes without traits. Give it its traits.`);
  return row;
}

/** Returns whether something has a kind: a list of operations may hold anything where nothing checks types. */
export function hasKind({ kind, traits }: { readonly kind?: unknown; readonly traits?: unknown }): boolean {
  if (typeof kind !== "string") return false;
  return rows.has(kind) || (kind.includes("/") && typeof traits === "object" && traits !== null);
}

/** Returns whether an operation outlives its caller. */
export function isDurable(operation: { readonly kind?: unknown; readonly traits?: unknown } | undefined): boolean {
  return operation !== undefined && hasKind(operation) && traitsOf(operation as OfKind).durable;
}

/** Returns whether a value is an operation of that kind: for an engine that runs one kind, and for declarations that take one. */
export function isOfKind<K extends OperationKind>(operation: { readonly kind?: unknown } | undefined, kind: K): boolean {
  return operation?.kind === kind;
}
