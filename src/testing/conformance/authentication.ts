import assert from "node:assert/strict";
import { Fault } from "../../core/fault.ts";
import type { Actor, Authenticator } from "../../operation/actor.ts";

/** What the suite needs of a scheme. */
export interface AuthenticationSample {
  readonly authenticator: Authenticator;
  /** An `Authorization` header that is good, and who sent it. */
  readonly good: { readonly header: string; readonly actorId: string };
  /** Headers of the scheme whose credentials do not hold. At least one. */
  readonly bad: readonly string[];
  /** A header of another scheme. *Default*: `Basic YTpi`. */
  readonly foreign?: string;
}

/** One claim that every authentication scheme meets. */
export interface ConformanceCase {
  readonly name: string;
  run(): Promise<void>;
}

/**
 * Lists what every authentication scheme must do; a test runs each. Each case throws an assertion where the scheme does not.
 * @example for (const { name, run } of authenticationConformance(sample)) it(name, run);
 */
export function authenticationConformance({
  authenticator,
  good,
  bad,
  foreign = "Basic YTpi",
}: AuthenticationSample): readonly ConformanceCase[] {
  const authenticate = async (header: string): Promise<Actor> => {
    const credentials = authenticator.credentialsIn(header);
    assert(credentials !== undefined, `${header} is of the scheme`);
    return authenticator.authenticate(credentials);
  };
  return [
    {
      name: "knows the actor of good credentials",
      run: async () => {
        const actor = await authenticate(good.header);
        assert.equal(actor.id, good.actorId);
        assert.notEqual(actor.kind, "anonymous");
      },
    },
    {
      name: "remembers for whom it verified, or nothing",
      run: async () => {
        await authenticate(good.header);
        const known = authenticator.remembered(authenticator.credentialsIn(good.header) ?? "");
        if (known === undefined) return;
        assert.equal(known.actor.id, good.actorId);
        assert(known.validFrom < known.validUntil, "what is remembered is valid for a time");
      },
    },
    {
      name: "refuses bad credentials as unauthenticated, and never remembers them",
      run: async () => {
        assert(bad.length > 0, "the sample has bad credentials");
        for (const header of bad) {
          await assert.rejects(authenticate(header), (error) => error instanceof Fault && error.code === "unauthenticated");
          assert.equal(authenticator.remembered(authenticator.credentialsIn(header) ?? ""), undefined);
        }
      },
    },
    {
      name: "finds no credentials in a header of another scheme",
      run: async () => assert.equal(authenticator.credentialsIn(foreign), undefined),
    },
    {
      name: "has faults of its own, and a challenge for each",
      run: async () => {
        for (const fault of [authenticator.missing("role clerk"), authenticator.unreadable()]) {
          assert.equal(fault.code, "unauthenticated");
          // One line of printable ASCII that begins with the name of a scheme; there may be several, with commas between.
          assert.match(authenticator.challenge(fault), /^[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:,? [\x20-\x7e]+)?$/);
        }
        assert.match(authenticator.missing("role clerk").message, /role clerk/);
      },
    },
    {
      name: "describes itself for documents",
      run: async () => {
        assert.match(authenticator.scheme, /^[A-Za-z0-9._-]+$/);
        assert.equal(typeof authenticator.document.type, "string");
      },
    },
  ];
}
