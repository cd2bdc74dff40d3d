import type { Changes } from "./change.ts";
import type { DescribedOperation, DescribedTerms } from "./description.ts";

/** What one operation said on any surface, and what it says. */
export interface TermsPair {
  readonly name: string;
  readonly old: DescribedTerms;
  readonly now: DescribedTerms;
  readonly changes: Changes;
}

/** One operation as it was and as it is, over HTTP. */
export interface OperationPair extends TermsPair {
  readonly old: DescribedOperation;
  readonly now: DescribedOperation;
}
