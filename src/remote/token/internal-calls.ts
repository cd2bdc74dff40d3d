import { type Clock, systemClock } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import type { Actor, Authenticator, RememberedToken } from "../../operation/actor.ts";
import { tokenHeader } from "../../protobuf/inside.ts";
import { openToken } from "./internal-token.ts";
import { type InternalKey, InternalKeys } from "./keys.ts";

/** Options of {@link internalCalls}. */
export interface InternalCallsOptions {
  /** The keys of the services that may call: all of them verify. */
  readonly keys: readonly InternalKey[];
  readonly clock?: Clock;
}

/**
 * Authenticates calls of other services of the system: their token says for whom they call, and is good for one operation alone.
 * Serve them with `grpc({ internal: true })`. A service that has the keys is trusted: it can call as any actor, the system included.
 * *Faults thrown*: `unauthenticated` as `internal_token_invalid`, `internal_token_expired` or `internal_token_for_other`; `key_unusable` at once.
 * *Guarantees*: a token counts for its module and its operation, for as long as its call may take, at most `tokenMs`.
 * @example createApp({ authentication: [jwt({ … }), internalCalls({ keys })], surfaces: [grpc({ port: 50051, internal: true })], … })
 */
export function internalCalls({ keys, clock = systemClock }: InternalCallsOptions): Authenticator {
  return new InternalCalls(new InternalKeys(keys, "internalCalls({ keys })"), clock);
}

class InternalCalls implements Authenticator {
  readonly scheme = "internal";
  readonly place = { in: "header", name: tokenHeader } as const;
  readonly document = { type: "apiKey", in: "header", name: tokenHeader, description: "Calls of other services of the system." };
  readonly #keys: InternalKeys;
  readonly #clock: Clock;

  constructor(keys: InternalKeys, clock: Clock) {
    this.#keys = keys;
    this.#clock = clock;
  }

  credentialsIn(header: string): string | undefined {
    return header === "" ? undefined : header;
  }

  missing(needs: string): Fault {
    return new Fault({
      code: "unauthenticated",
      type: "internal_token_missing",
      message: `This operation needs ${needs}, and the call has no token of a service. Call it with remote() of plimsoll/remote.`,
    });
  }

  unreadable(): Fault {
    return this.missing("a service");
  }

  challenge(): string {
    return "Plimsoll-Internal";
  }

  authenticate(token: string): Actor {
    return openToken(this.#keys, token, this.#clock).actor;
  }

  /** To verify one costs less than to find it again: each call has its own. One that is refused here is presented by a stranger. */
  remembered(token: string): RememberedToken | undefined {
    try {
      return { token, ...openToken(this.#keys, token, this.#clock) };
    } catch {
      return undefined;
    }
  }
}
