import type { Actor } from "../actor.ts";

/** By its actor: also where two apps have the same sessions, and where a service calls for an actor of another. */
const ids = new WeakMap<Actor, string>();

/** Notes that an actor was authenticated by a session. */
export function hasSession(actor: Actor, id: string): void {
  ids.set(actor, id);
}

/** The id of the session by which an actor was authenticated; undefined if it was another scheme. */
export function sessionOf(actor: Actor): string | undefined {
  return ids.get(actor);
}
