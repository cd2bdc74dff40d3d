import type { Actor } from "../actor.ts";
import type { Criticality } from "../execution.ts";

/** What a service that calls for an actor says of its call, and has signed. */
export interface CarriedCall {
  /** The service that calls. */
  readonly by: string;
  /** The module that is called. */
  readonly module: string;
  /** The only operation for which it was signed. */
  readonly operation: string;
  /** On whose behalf the caller ran: for work of the system it is no claim of the actor. */
  readonly tenant: string | undefined;
  readonly criticality: Criticality;
  /** Of the peer for whom the caller runs. */
  readonly address: string | undefined;
}

const calls = new WeakMap<Actor, CarriedCall>();

/** Notes that an actor came with a call of a service. One object stands for one such call. */
export function carries(actor: Actor, call: CarriedCall): void {
  calls.set(actor, call);
}

/** Returns the call with which an actor came; undefined if it presented credentials of its own. */
export function carriedCall(actor: Actor): CarriedCall | undefined {
  return calls.get(actor);
}
