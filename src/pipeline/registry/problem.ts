/** One thing that keeps an app from starting. */
export interface StartProblem {
  /** The operation or module that it is about. */
  readonly where: string;
  readonly field: string;
  /** What is wrong, and how to fix it. */
  readonly message: string;
}

/** Takes a problem: where it is, in which field, and what is wrong. */
export type Report = (where: string, field: string, message: string) => void;
