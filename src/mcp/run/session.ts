import { createHash } from "node:crypto";
import { Fault } from "../../core/fault.ts";
import type { RunningExecution } from "../../pipeline/state/running-execution.ts";
import type { RpcId } from "../carrier/message.ts";
import { sessionUnknown } from "../faults.ts";

/** What a session is. */
export interface Session {
  readonly id: string;
  readonly version: string;
  /** What of its client's capabilities a server asks for. */
  readonly capabilities: readonly string[];
}

/**
 * The sessions of one caller. The server keeps nothing of them: all that a session is stands sealed in its id, which no other caller can use, and which ends as the
 * cursors of the app do.
 */
export class Sessions {
  readonly #carrier: RunningExecution;

  constructor(carrier: RunningExecution) {
    this.#carrier = carrier;
  }

  /** Begins a session, and returns what its client sends with each request. */
  begin(version: string, capabilities: readonly string[]): string {
    const { cursors } = this.#carrier.host.options;
    const id = this.#carrier.host.clock.randomBytes(16).toString("base64url");
    return cursors.seal({ ...this.#use, position: { id, version, capabilities } satisfies Session });
  }

  /** *Faults thrown*: `mcp_session_unknown`. */
  open(sealed: string): Session {
    try {
      return this.#carrier.host.options.cursors.open(sealed, this.#use) as Session;
    } catch (error) {
      throw error instanceof Fault ? sessionUnknown() : error;
    }
  }

  get #use() {
    const { tenant, actorId } = this.#carrier;
    return { operation: "plimsoll mcp session", tenant, actor: actorId, filter: null };
  }
}

/** The idempotency key of a request of a session: within it no two requests have one id, so that the same request that comes again has the same key. */
export function keyOfRequest(session: string, id: RpcId): string {
  return createHash("sha256")
    .update(JSON.stringify([session, id]))
    .digest("base64url");
}
