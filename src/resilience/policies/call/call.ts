import type { RetryBudget } from "../retry/budget.ts";
import { CancelScope } from "./cancellation.ts";
import type { Degraded, Retried } from "./facts.ts";
import type { Rest } from "./rest.ts";

/** What one run of a policy is given by its caller. */
export interface RunOptions {
  /** Cancels the run. A run within another one needs none of its own. */
  readonly signal?: AbortSignal;
  /** The call in which this one is made: its signal, its deadline, its retry budget and whether a layer above retries apply here too. */
  readonly within?: Call;
  /** What tells runs apart where a policy keeps something for each: a stale value, one flight, a quota. *Default*: the empty string. */
  readonly key?: string;
  /** What tells callees apart where a policy keeps something for each: a quota. *Default*: the key. */
  readonly callee?: string;
  /** When the caller's own deadline passes, in the clock's monotonic milliseconds. A policy does not wait beyond it; to cancel work then needs a `timeout`. */
  readonly deadlineAt?: number;
  /** Gets what policies do to this one call. */
  readonly watch?: CallWatch;
}

/** What policies report of one call, at once, while it runs. *Guarantees asked*: cheap, throws nothing. */
export interface CallWatch {
  /** `fallback` stands in for a failure. */
  degraded?(fact: Degraded): void;
  /** `retry` makes another attempt, or makes none although it might help. */
  retried?(fact: Retried): void;
}

/** What a child of a call changes. */
interface Changes {
  readonly attempt?: number;
  readonly budget?: RetryBudget;
  readonly isRetried?: boolean;
  readonly deadlineAt?: number;
  readonly rest?: Rest;
}

/**
 * One call on its way through its policies: what the work is given.
 * *Guarantees*: `signal` aborts when the caller cancels, when a deadline passes, or when another attempt made this one needless.
 */
export class Call {
  readonly scope: CancelScope;
  /** 1 for the first attempt of a retry, 2 for the next; 1 where no layer retries. */
  readonly attempt: number;
  readonly key: string;
  readonly callee: string;
  /** When the nearest deadline passes, in the clock's monotonic milliseconds; Infinity where no layer has one. */
  readonly deadlineAt: number;
  /** What all layers of the call draw extra attempts from, once a layer has brought one. */
  readonly budget: RetryBudget | undefined;
  /** Whether a layer above retries, so that those below must not. */
  readonly isRetried: boolean;
  /** Counts work that runs on after its caller had an answer; undefined where no layer asks. */
  readonly rest: Rest | undefined;
  readonly watch: CallWatch | undefined;

  private constructor(above: Call | undefined, options: RunOptions & Changes, scope?: CancelScope) {
    this.scope = scope ?? CancelScope.top(options.signal);
    this.attempt = options.attempt ?? above?.attempt ?? 1;
    this.key = options.key ?? above?.key ?? "";
    this.callee = options.callee ?? options.key ?? above?.callee ?? "";
    this.deadlineAt = options.deadlineAt ?? above?.deadlineAt ?? Number.POSITIVE_INFINITY;
    this.budget = options.budget ?? above?.budget;
    this.isRetried = options.isRetried ?? above?.isRetried ?? false;
    this.rest = options.rest ?? above?.rest;
    this.watch = options.watch ?? above?.watch;
  }

  /** Begins a call of its own, or within another one. */
  static begin(options: RunOptions = noOptions): Call {
    const { within } = options;
    if (within === undefined) return new Call(undefined, options);
    if (options.deadlineAt !== undefined && options.deadlineAt > within.deadlineAt)
      return Call.begin({ ...options, deadlineAt: within.deadlineAt });
    // A signal of its own beside that of the call around it: either one cancels.
    return options.signal === undefined
      ? new Call(within, options, within.scope)
      : new Call(within, options, joined(within, options.signal));
  }

  /** Aborts when the work need not go on. Made when it is first read. */
  get signal(): AbortSignal {
    return this.scope.signal;
  }

  /** The same call with other facts, cancelled together with this one. */
  child(changes: Changes): Call {
    return new Call(this, changes, this.scope);
  }

  /** A call that can be cancelled without this one. End its scope when its work has settled. */
  fork(changes: Changes): Call {
    return new Call(this, changes, this.scope.fork());
  }
}

const noOptions: RunOptions = {};

function joined(within: Call, signal: AbortSignal): CancelScope {
  return CancelScope.top(AbortSignal.any([within.signal, signal]));
}
