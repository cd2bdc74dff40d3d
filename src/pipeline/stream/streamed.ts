import type { Clock } from "../../core/clock.ts";
import type { DeadlineWheel } from "../../core/deadline.ts";
import type { Fault } from "../../core/fault.ts";
import type { RolesByPermission } from "../../operation/access.ts";
import type { Actor } from "../../operation/actor.ts";
import type { Refusal } from "../../operation/execution.ts";
import type { CompiledOperation } from "../registry/compiled.ts";
import type { StreamSink } from "./sink.ts";

/** An execution that takes a place of the streams. */
export interface StreamCaller {
  readonly caller: string | undefined;
  readonly streaming: { interrupt(end: "stopping"): void } | undefined;
  refusal: Refusal | undefined;
}

/** An execution as its stream needs it. */
export interface StreamedExecution {
  readonly compiled: Pick<CompiledOperation, "name" | "output" | "views" | "receives">;
  readonly actor: Actor;
  readonly permitted: RolesByPermission | undefined;
  readonly host: { readonly clock: Clock; readonly wheel: DeadlineWheel; readonly streams: { readonly closing: boolean } };
  readonly acceptedAt: number;
  readonly settled: boolean;
  readonly transactions: unknown[];
  /** Begins the reply: its deadline is met, and its slots are free for others. */
  openStream(drained: () => void): StreamSink;
  /** The next item has a budget and a deadline of its own. */
  nextItem(deadlineAt: number): void;
  stop(fault: Fault, how?: { readonly succeeds?: boolean }): void;
}
