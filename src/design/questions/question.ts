import type { Both } from "../language.ts";

/** Is a question that a document leaves open. */
export interface Question {
  /** Stable: an answer names it. */
  readonly code: string;
  /** The design waits for an answer. */
  readonly blocks: boolean;
  readonly asks: Both<string>;
  /** What is taken without an answer. Empty where nothing can be. */
  readonly default: string;
  /** What another answer changes. */
  readonly changes: Both<string>;
  /** How much it changes: questions are asked in this order, the highest first. */
  readonly effect: number;
  /** The needs that raise it. */
  readonly needs: readonly string[];
}

/** Is an answer to one of the questions. */
export interface Answer {
  readonly code: string;
  readonly value: string;
  /** Where it was read: a file and a line. */
  readonly from: string;
}
