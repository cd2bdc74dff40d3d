import type { Clock } from "../../core/clock.ts";
import type { Fault } from "../../core/fault.ts";
import type { Durable } from "../../operation/durable/start.ts";
import type { Statement } from "../../operation/transaction.ts";
import type { SagaDefinition } from "../definition.ts";
import type { EndState, OwnStep } from "../ports/store.ts";
import type { CodeNames } from "./code.ts";

/** What the body of a saga needs of the worker that runs it. */
export interface RunHost {
  readonly definition: SagaDefinition;
  readonly id: string;
  readonly tenant: string | undefined;
  /** Stands for the saga, and for how often it continued as new. */
  readonly key: string;
  readonly clock: Clock;
  /** Has a step written, with others. */
  record(step: OwnStep): void;
  /** Resolves when everything that was recorded is durable; undefined where it is. *Faults thrown*: `lease_lost`. */
  recorded(): Promise<void> | undefined;
  /** Records a step in the transaction of what it writes. */
  completion(step: OwnStep): Statement;
  /** Makes an id for a saga that this one starts. */
  newId(): string;
  /** Starts a saga with this id, once. */
  startChild(child: { readonly saga: Durable; readonly id: string; readonly input: unknown; readonly key: string }): Promise<void>;
  /** What the code says of its steps that the saga was started with, and what the code of this process says; undefined where they are the same. */
  readonly codes: { readonly before: CodeNames; readonly now: CodeNames } | undefined;
  /** Whether further steps may begin in this process. */
  isOpen(): boolean;
}

/** How the body of a saga came to its end, for now or for good. */
export type BodyEnd =
  | { readonly kind: "completed"; readonly output: string | undefined }
  | { readonly kind: "failed"; readonly fault: Fault }
  /** It waits for something that no process has to wait for. */
  | { readonly kind: "parked"; readonly state: Extract<EndState, "sleeping" | "waiting" | "retryable"> }
  /** It begins again with this input, as JSON. */
  | { readonly kind: "continued"; readonly input: string }
  /** A person decides. `fault`: JSON. */
  | { readonly kind: "suspended"; readonly fault: string }
  /** It has come to the first step that is not recorded, and was not to begin any. */
  | { readonly kind: "collected" }
  /** Another process continues with it at once. */
  | { readonly kind: "released" }
  /** Another worker has it. */
  | { readonly kind: "lost" };
