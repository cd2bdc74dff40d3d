import type { Actor } from "../actor.ts";

/** The API key that an actor presented. */
export interface PresentedKey {
  readonly id: string;
  /** *Units*: milliseconds since the Unix epoch. *Default*: not known. */
  readonly issuedAt: number | undefined;
}

const presented = new WeakMap<Actor, PresentedKey>();

/** Notes by which API key an actor signed in. A token needs no note: its claims say what it is. */
export function signedInBy(actor: Actor, key: PresentedKey): void {
  presented.set(actor, key);
}

/** Returns the API key by which an actor signed in; undefined if it was none. */
export function keyOf(actor: Actor): PresentedKey | undefined {
  return presented.get(actor);
}
