import assert from "node:assert";
import type { SurfaceFacts } from "../../operation/execution.ts";
import type { CompiledOperation } from "../../pipeline/registry/compiled.ts";
import type { Runtime } from "../../pipeline/runtime.ts";
import { callerLeft } from "../../pipeline/sign-in.ts";
import { type CarriedCall, CarriedInvocation } from "../../pipeline/state/carried-invocation.ts";
import type { RunningExecution } from "../../pipeline/state/running-execution.ts";
import type { StreamSink } from "../../pipeline/stream/sink.ts";

/** What of a request runs. */
export interface McpCall extends Omit<CarriedCall, "done" | "charges"> {
  readonly method: keyof typeof names;
  /** The tool, the prompt, or the template of the resource. */
  readonly target: string;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Takes the items of an operation that streams. *Default*: it does not stream. */
  readonly items?: ItemSink;
}

/** Takes the items of one stream. */
export interface ItemSink {
  /** Takes the stream itself, once it opens. `drained`: called when it may send again. */
  opens(execution: RunningExecution, drained: () => void): StreamSink;
}

/** By which attribute telemetry shows what a method names. */
const names = {
  "tools/call": "gen_ai.tool.name",
  "tasks/get": "gen_ai.tool.name",
  "tasks/cancel": "gen_ai.tool.name",
  "prompts/get": "gen_ai.prompt.name",
  "resources/read": "mcp.resource.uri",
  "subscriptions/listen": "mcp.resource.uri",
} as const;

/** One call of a tool or a prompt, or one reading of a resource. */
class McpInvocation extends CarriedInvocation {
  readonly surface = "mcp";
  readonly #call: McpCall;

  constructor(call: McpCall, done: CarriedCall["done"]) {
    super({ ...call, charges: 1, done });
    this.#call = call;
  }

  openStream(execution: RunningExecution, drained: () => void): StreamSink {
    assert(this.#call.items !== undefined, "what streams has a sink");
    return this.#call.items.opens(execution, drained);
  }

  /** *Source*: OpenTelemetry semantic conventions for MCP. */
  protected factsOf({ fault }: RunningExecution): SurfaceFacts {
    const { method, target } = this.#call;
    return {
      ...{ name: "mcp", title: `${method} ${target}`, labels: { method, target }, requestBytes: 0, responseBytes: 0 },
      attributes: {
        "mcp.method.name": method,
        [names[method]]: target,
        ...(fault !== undefined && { "error.type": fault.type }),
      },
    };
  }
}

/** Runs an operation for a request; its outcome is on the execution. It ends when the request does. Never rejects. */
export async function runCall(runtime: Runtime, operation: CompiledOperation, call: McpCall): Promise<RunningExecution> {
  const { carrier, signal } = call;
  const { promise, resolve } = Promise.withResolvers<RunningExecution>();
  const execution = runtime.start(operation, new McpInvocation(call, resolve));
  const end = () => execution.stop(carrier.fault?.code === "deadline_exceeded" ? execution.lateFault() : callerLeft());
  if (signal.aborted) end();
  signal.addEventListener("abort", end, { once: true });
  const done = await promise;
  signal.removeEventListener("abort", end);
  return done;
}
