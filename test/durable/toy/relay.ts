import { module, type Output, type TaskScope } from "plimsoll";
import type { AnySchema, Durable, KindTraits, Operation } from "plimsoll/ports";

// A toy: durable work of a kind that the platform does not have. It lies in one table, and the process that looks first runs it.

export const relayKind = "toy/relay";

const traits: KindTraits = {
  transaction: "none",
  rateLimited: false,
  processSlot: false,
  usesResources: true,
  keyed: false,
  maxDeadlineMs: 5_000,
  durable: true,
};

export interface Relay<I extends AnySchema> extends Durable<I> {
  readonly kind: typeof relayKind;
}

/** Declares a relay: it is tried until it succeeds. */
export function relay<I extends AnySchema>(
  name: string,
  { input, run }: { readonly input: I; run(input: Output<I>, scope: TaskScope): Promise<unknown> },
): Relay<I> {
  const spec = { input, output: input, access: "public", budget: "5s", run } as unknown as Operation["spec"];
  return { kind: relayKind, traits, name, input, spec };
}

/** The table of relays. */
export const relays = module("relays", { schema: "relays", migrations: new URL("./migrations/", import.meta.url), operations: [] });
