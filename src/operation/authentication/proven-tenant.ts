/**
 * The key under which a public operation declares for which tenant it runs: what finds that out of an input that proves its sender, such as a signed message. Only
 * parts of the platform declare it, because whatever an input says by itself is a claim of the caller.
 */
export const provenTenant: unique symbol = Symbol("plimsoll.provenTenant");

/** Finds the tenant that an input proves; undefined where the operation runs for none, whatever the caller has presented. *Faults thrown*: those that the operation declares. */
export type ProvenTenant = (input: never, now: Date) => string | undefined;
