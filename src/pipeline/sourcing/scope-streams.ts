import assert from "node:assert";
import type { AnyEventStream } from "../../operation/sourcing/event-stream.ts";
import type { Transaction } from "../../operation/transaction.ts";
import { type Known, type NewEvent, openStream, type StreamRun } from "./stream-run.ts";

/** What opens streams in the scope of a command; `given` is the scope's, for promises that its handler awaits. */
export interface ScopeStreams extends Omit<StreamRun, "transaction"> {
  readonly transaction: Transaction | undefined;
  readonly begun: { readonly ended: boolean };
  given<T>(name: string, work: Promise<T>): Promise<T>;
}

/** A stream as the scope of a command has it. */
export interface ScopeStream {
  load(): Promise<Known>;
  decide(command: unknown): Promise<unknown>;
  append(events: readonly NewEvent[], at: { readonly version: number }): void;
}

/** Returns what a handler opens streams with. */
export function scopeStreams({ transaction, given, begun, ...run }: ScopeStreams): (declared: AnyEventStream, id: string) => ScopeStream {
  const { compiled } = run;
  const appends = transaction !== undefined && compiled.traits.transaction === "write";
  assert(appends, `${compiled.name} is a ${compiled.kind}, and only a command opens streams. Call a command that does.`);
  return (declared: AnyEventStream, id: string) => {
    const stream = openStream({ ...run, transaction }, declared, id);
    const named = (method: string) => `stream(${declared.name}).${method}`;
    return {
      load: () => given(named("load"), stream.load()),
      decide: (command) => given(named("decide"), stream.decide(command)),
      append: (events, { version }) => {
        assert(
          !begun.ended,
          `${compiled.name} appends to ${declared.name} after its handler has ended. Append before the handler returns.`,
        );
        stream.append(events, version);
      },
    };
  };
}
