import type { SurfaceFacts } from "../../operation/execution.ts";
import { type CarriedCall, CarriedInvocation } from "../../pipeline/state/carried-invocation.ts";

/** One call of an operation that a document asks for. */
export interface FieldCall extends CarriedCall {
  /** As telemetry names it: `Query.ordersGet`. */
  readonly title: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** One field of a document as a call of its operation. */
export class FieldInvocation extends CarriedInvocation {
  readonly surface = "graphql";
  readonly #facts: SurfaceFacts;

  constructor(call: FieldCall) {
    super(call);
    const { title, labels } = call;
    this.#facts = { name: "graphql", title, labels, requestBytes: 0, responseBytes: 0, attributes: labels };
  }

  protected factsOf(): SurfaceFacts {
    return this.#facts;
  }
}
