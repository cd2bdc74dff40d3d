import type { Actor } from "./actor.ts";

/** How an app knows on whose behalf an actor asks. */
export interface Tenancy {
  readonly description: string;
  tenantOf(actor: Actor): string | undefined;
}

/**
 * Takes the tenant from a claim of the token.
 * @example createApp({ tenancy: claim("tid"), … })
 */
export function claim(name: string): Tenancy {
  return {
    description: `claim ${name}`,
    tenantOf: ({ claims }) => {
      const value = claims[name];
      return typeof value === "string" && value !== "" ? value : undefined;
    },
  };
}

/** One tenant: nothing is kept apart. The default. */
export function none(): Tenancy {
  return { description: "none", tenantOf: () => undefined };
}
