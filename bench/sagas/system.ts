/** A way to run durable work of so many steps, each of which adds one. */
export interface SagaSystem {
  /** Starts one of so many steps, and resolves with its result when it has ended. */
  run(steps: number): Promise<number>;
  close(): Promise<void>;
}

/** Where a system keeps its work. */
export interface SagaTarget {
  readonly url: string;
  readonly appUrl: string;
  readonly connections: number;
}

/** Durable work of these numbers of steps is measured. */
export const stepCounts = [0, 1, 5] as const;
