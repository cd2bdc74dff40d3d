import type { Execution } from "../../../src/operation/execution.ts";

/** Every field of a signal but those that say when, by which ids and through which surface. */
export function signalOf(execution: Execution): { readonly deadlineMs?: number; readonly upstreamMs?: object } {
  const { operation, module: owner, kind, criticality, outcome, fault, tenant, actorKind, actorId, attempt } = execution;
  const { replayed, cache, late, statements, notes, refusal, stream, deadlineMs, upstreamMs } = execution;
  const given = fault && { code: fault.code, type: fault.type, message: fault.message, details: fault.details };
  return unmeasured({
    ...{ operation, owner, kind, criticality, outcome, fault: given, tenant, actorKind, actorId, attempt },
    ...{ replayed, cache, late, statements, notes, refusal, stream: stream && { ...stream, openedMs: 0 }, upstreamMs },
    deadlineMs,
  }) as object;
}

/** Takes out what is measured: two runs never wait equally long, and what a callee has left of a deadline is less by what came before. */
export function unmeasured(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, function (this: { readonly limit?: unknown }, key, part) {
      if (key === "waitMs") return 0;
      if (key === "value" && typeof this.limit === "string" && this.limit.endsWith(" deadline")) return "rest";
      if (key === "deadlineMs" && typeof part === "number" && part <= 500) return 500;
      if (key === "load" && typeof part === "number") return Math.sign(part);
      return typeof part === "string" ? unmeasuredText(part) : part;
    }) ?? "null",
  );
}

/** The same in a document that is a text, and in what a message says. */
const unmeasuredText = (text: string): string =>
  text.replaceAll(/\d+(?:\.\d+)? ?ms/g, "N ms").replaceAll(/( deadline","value":)\d+(?:\.\d+)?/g, '$1"rest"');
