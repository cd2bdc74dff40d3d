import type { Duration } from "../../core/duration.ts";
import type { Hint } from "../../core/value/hint.ts";
import type { Criticality } from "../execution.ts";

type WithinHint = 'write milliseconds, or a number with ms, s, m, h or d, as in "300ms"';

/**
 * What an operation promises its callers: which share of its executions succeeds, and how soon.
 * *Defaults*: of an operation that declares nothing, `success` is that of its criticality ({@link defaultSuccess}), `within` the deadline of its budget.
 * @example slo: { success: 0.999, within: "300ms" }
 */
export interface SloSpec {
  /** The share of executions that are good. *Default*: by the criticality. *Bounds*: 0.5 to 0.99999. */
  readonly success?: number;
  /** How long a good execution takes at most; of a stream, until it opens. *Default*: the deadline. *Bounds*: 1 ms to the deadline. */
  readonly within?: Hint<WithinHint, Duration>;
}

/** What durable work promises: which share of it ends well. No caller waits for it, so it has no `within`; its lag has an alert of its own. */
export type DurableSloSpec = Omit<SloSpec, "within">;

/** The share of executions that are good, where the contract does not say: an important operation promises more. */
export const defaultSuccess: Readonly<Record<Criticality, number>> = { critical: 0.999, default: 0.995, sheddable: 0.99 };

/** The lowest and the highest share that can be promised: below the one nothing is promised, and above the other a month has 26 s of failures. */
export const successBounds = { least: 0.5, most: 0.999_99 } as const;
