import type { Actor } from "../operation/actor.ts";

// One actor object stands for one token: what is written once for it is found again without being hashed again.
const callers = new WeakMap<Actor, string>();

/** What stands for a caller: the actor within its tenant, or the address of one who has not signed in. No address has a line break in it. */
export function callerOf(actor: Actor, tenant: string | undefined, address: string | undefined): string | undefined {
  if (actor.kind === "anonymous") return address;
  let caller = callers.get(actor);
  if (caller === undefined) {
    caller = `${tenant ?? ""}\n${actor.id}`;
    callers.set(actor, caller);
  }
  return caller;
}
