import { Fault } from "../../../core/fault.ts";
import type { RunningExecution } from "../../../pipeline/state/running-execution.ts";
import { continuationInvalid } from "../../faults.ts";

type Fields = Readonly<Record<string, unknown>>;

/** A call that its client is to send again. */
export interface Continued {
  /** What is called: a tool, or a prompt with its method in front. */
  readonly target: string;
  /** Its arguments, which stay the same. */
  readonly input: unknown;
}

/** What a call is continued with. */
export interface Continuation {
  readonly key: string;
  /** What questions have brought so far, by their names. */
  readonly given: Readonly<Record<string, Fields>>;
  /** Whether a person is asked to confirm it. */
  readonly confirming: boolean;
}

/**
 * Seals what a call is continued with: its idempotency key, so that a retry that comes twice is done once, and what its client was asked for.
 * *Guarantees*: it opens for the same caller, tool and arguments, until it expires, and cannot be made or changed by others.
 */
export function sealContinuation(carrier: RunningExecution, call: Continued, continuation: Continuation & { forMs: number }): string {
  const { forMs, ...state } = continuation;
  const { cursors } = carrier.host.options;
  return cursors.seal({ ...useOf(carrier, call), position: { ...state, until: carrier.host.clock.now() + forMs } });
}

/** Returns what a call is continued with. *Faults thrown*: `mcp_params_invalid`. */
export function openContinuation(carrier: RunningExecution, call: Continued, sealed: unknown): Continuation {
  if (typeof sealed !== "string") throw continuationInvalid();
  let state: Continuation & { readonly until: number };
  try {
    state = carrier.host.options.cursors.open(sealed, useOf(carrier, call)) as Continuation & { readonly until: number };
  } catch (error) {
    throw error instanceof Fault ? continuationInvalid() : error;
  }
  if (carrier.host.clock.now() >= state.until) throw continuationInvalid();
  return state;
}

/** Makes a key that no other call has. */
export const newKey = ({ host }: RunningExecution): string => host.clock.randomBytes(18).toString("base64url");

function useOf({ tenant, actorId }: RunningExecution, { target, input }: Continued) {
  return { operation: `plimsoll mcp ${target}`, tenant, actor: actorId, filter: input };
}
