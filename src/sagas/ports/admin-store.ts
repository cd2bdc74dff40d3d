/** A saga as people see it. */
export interface SagaReading {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  /** `running`: a worker has it. */
  readonly state: "running" | "ready" | "sleeping" | "waiting" | "retryable" | "suspended" | "completed" | "undone" | "failed";
  readonly undoing: boolean;
  readonly tenant: string | null;
  /** JSON. */
  readonly input: string;
  readonly output: string | null;
  readonly fault: string | null;
  /** *Units*: milliseconds since the epoch. */
  readonly started: number;
  readonly deadline: number;
  readonly due: number | null;
  readonly ended: number | null;
}

/** A step as people see it. */
export interface StepReading {
  readonly name: string;
  readonly kind: string;
  readonly state: string;
  readonly attempt: number;
  readonly due: number | null;
  readonly undoable: boolean;
  readonly output: string | null;
  readonly fault: string | null;
  readonly at: number;
}

/** How many sagas of a name and a version are in a state. *Bounds*: counts end at `limits.sagaCount`. */
export interface SagaCount {
  readonly name: string;
  readonly version: number;
  readonly state: string;
  readonly count: number;
}

/** Sagas that are under way and were started with one code. `names`: what it says of its steps; null where that is not known. */
export interface SagasOfCode {
  readonly name: string;
  readonly version: number;
  readonly code: string | null;
  readonly count: number;
  readonly names: readonly string[] | null;
}

/** What people, and metrics, ask of sagas. *Faults thrown*: `unavailable`. */
export interface SagaAdmin {
  byCode(): Promise<readonly SagasOfCode[]>;
  counts(): Promise<readonly SagaCount[]>;
  list(which: {
    readonly name?: string | undefined;
    readonly state?: string | undefined;
    readonly limit: number;
  }): Promise<readonly SagaReading[]>;
  read(id: string): Promise<(SagaReading & { readonly steps: readonly StepReading[] }) | undefined>;
  /** Decides about a suspended saga; returns false where it is not suspended. `output`: JSON, for `skip`. */
  decide(
    id: string,
    decision: "retry" | "skip" | "undo" | "fail",
    by: { readonly output?: string | undefined; readonly reason: string },
  ): Promise<boolean>;
  /** Leaves a signal for a saga of this name; `payload` is JSON. */
  signal(
    id: string,
    signal: { readonly saga: string; readonly name: string; readonly payload: string; readonly key: string | undefined },
  ): Promise<"sent" | "ended" | "unknown" | "full">;
  expire(retentionMs: number): Promise<number>;
  /** Forgets keys of signals that were taken so long ago; returns how many. */
  forgetSignalKeys(keptMs: number): Promise<number>;
}
