import type { Runtime } from "../../pipeline/runtime.ts";
import type { RunningExecution } from "../../pipeline/state/running-execution.ts";
import type { Client } from "../carrier/client.ts";
import type { Message, RpcId } from "../carrier/message.ts";
import type { McpLimits } from "../limits.ts";
import type { McpModel } from "../model/model.ts";
import type { Questions } from "./ask/questions.ts";
import type { LogLevels } from "./notify/log-levels.ts";

/** What calls are run with. */
export interface CallTerms {
  readonly runtime: Runtime;
  readonly model: McpModel;
  readonly limits: McpLimits;
  /** Whether a call of a modern client without a key gets one, and is to be sent again with it. */
  readonly mintsKeys: boolean;
  /** The questions to clients of sessions that wait for their responses. */
  readonly questions: Questions;
  readonly logLevels: LogLevels;
  readonly follows: Follows;
}

/** The events of a session that belong to no request. */
export interface Channel {
  readonly carrier: RunningExecution;
  readonly talk: Talk;
  readonly signal: AbortSignal;
  /** Ends it for its client. */
  end(): void;
}

/** What the clients of sessions follow in this process. */
export interface Follows {
  subscribe(terms: CallTerms, asking: Asking): object;
  unsubscribe(asking: Asking): object;
  /** Begins the events of a session, instead of those that it had. */
  open(terms: CallTerms, session: string, channel: Channel): void;
}

/** Takes messages to the client in front of the result of its request. */
export interface Talk {
  /** Whether the client takes any. */
  readonly isPossible: boolean;
  /** Sends one. Returns whether another may follow at once; if not, the functions that `onDrained` took are called when it may. */
  send(message: object): boolean;
  /** Sends a sign of life, where something was sent before. */
  beat(): void;
  onDrained(drained: () => void): void;
}

/** One request of a client. */
export interface Asking {
  readonly carrier: RunningExecution;
  readonly client: Client;
  readonly message: Message & { readonly id: RpcId };
  readonly talk: Talk;
  /** Aborts when the request ends before its result. */
  readonly signal: AbortSignal;
}

/** A message to a client that it does not respond to. */
export const notification = (method: string, params: object): object => ({ jsonrpc: "2.0", method, params });
