import { Fault } from "../../core/fault.ts";
import { parseJson } from "../../core/json.ts";
import { isFields, type Message, messageOf, type RpcId } from "../../mcp/carrier/message.ts";
import { legacyVersions, modernVersion, supportedVersions } from "../../mcp/carrier/versions.ts";
import { methodUnknown, paramsInvalid, requestInvalid, rpcCodeOf, toolUnknown, versionUnsupported } from "../../mcp/faults.ts";
import { mcpLimits } from "../../mcp/limits.ts";
import { release } from "../../postgres/migrate/release.ts";
import { cliLimits } from "../limits.ts";
import type { Given, VerbOptions } from "../verb.ts";
import { type Line, linesOf } from "./lines.ts";
import { runTool } from "./run-tool.ts";
import { texts } from "./texts.ts";
import { type AgentTool, tools } from "./tools.ts";

const identity = { name: "plimsoll", version: release };
const versionField = "io.modelcontextprotocol/protocolVersion";
const capabilities = { tools: {} };

interface Waiting {
  readonly message: Message & { readonly id: RpcId };
  readonly cancelling: AbortController;
}

/**
 * Serves the tools of the command to one agent: a message of JSON-RPC in each line of its input, and of what is written.
 * *Bounds*: `agentLineBytes` of a line, `agentWaiting` requests that wait; tools run one after the other, because they write files.
 * *Source*: MCP, "stdio", 2026-07-28 and the revisions of 2025.
 */
export class AgentServer {
  readonly #given: Given<VerbOptions>;
  readonly #write: (message: object) => void;
  readonly #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(given: Given<VerbOptions>, write: (message: object) => void) {
    this.#given = given;
    this.#write = write;
  }

  /** Serves until the input ends, and what was asked until then has its reply. */
  async serve(input: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const line of linesOf(input, cliLimits.agentLineBytes)) if (line === undefined || line.length > 0) this.#take(line);
    await this.#running;
  }

  #take(line: Line): void {
    let id: RpcId | undefined;
    try {
      if (line === undefined) throw requestInvalid(`A line is longer than ${cliLimits.agentLineBytes} bytes. Send less.`);
      const message = messageOf(parseJson(line, { maxValues: mcpLimits.requestValues }), (seen) => {
        id = seen;
      });
      if (message.id === undefined) return this.#notified(message);
      if (this.#waiting.length >= cliLimits.agentWaiting)
        throw requestInvalid(`More than ${cliLimits.agentWaiting} requests wait. Wait for their replies.`);
      this.#waiting.push({ message: { ...message, id: message.id }, cancelling: new AbortController() });
      this.#running ??= this.#work();
    } catch (thrown) {
      this.#refuse(thrown, id);
    }
  }

  #notified({ method, params }: Message): void {
    if (method !== "notifications/cancelled") return;
    this.#waiting.find(({ message }) => message.id === params.requestId)?.cancelling.abort();
  }

  async #work(): Promise<void> {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const { message, cancelling } = next;
      try {
        const result = cancelling.signal.aborted ? undefined : await this.#respond(message, cancelling.signal);
        if (result !== undefined && !cancelling.signal.aborted) this.#write({ jsonrpc: "2.0", id: message.id, result });
      } catch (thrown) {
        this.#refuse(thrown, message.id);
      }
      this.#waiting.shift();
    }
    this.#running = undefined;
  }

  async #respond({ method, params, meta }: Message, signal: AbortSignal): Promise<object> {
    const version = meta[versionField];
    if (version !== undefined && version !== modernVersion) throw versionUnsupported(String(version), supportedVersions);
    const isModern = version !== undefined;
    const { language } = this.#given;
    const { instructions } = texts[language];
    const kept = isModern && { ttlMs: mcpLimits.listFreshMs, cacheScope: "public" };
    const result = await (async () => {
      if (method === "tools/list") return { tools: tools.map((tool) => this.#listed(tool)), ...kept };
      if (method === "tools/call") return this.#call(params, signal);
      if (isModern && method === "server/discover") return { supportedVersions, capabilities, instructions, ...kept };
      if (!isModern && method === "ping") return {};
      if (!isModern && method === "initialize") {
        const protocolVersion = legacyVersions.find((known) => known === params.protocolVersion) ?? legacyVersions[0];
        return { protocolVersion, capabilities, serverInfo: identity, instructions };
      }
      throw methodUnknown(method ?? "");
    })();
    return isModern ? { resultType: "complete", ...result, _meta: { "io.modelcontextprotocol/serverInfo": identity } } : result;
  }

  #call({ name, arguments: args = {} }: Message["params"], signal: AbortSignal): Promise<object> {
    const tool = tools.find((one) => one.name === name);
    if (tool === undefined) throw toolUnknown(String(name));
    if (!isFields(args)) throw paramsInvalid('"arguments" is not an object.');
    return runTool(tool, args, { ...this.#given, signal: AbortSignal.any([this.#given.signal, signal]) });
  }

  #listed({ name, fields, required, reads }: AgentTool): object {
    const say = texts[this.#given.language];
    const properties = Object.entries(fields).map(([field, type]) => {
      const description = say.fields[field as keyof typeof say.fields];
      return [field, type === "strings" ? { type: "array", items: { type: "string" }, description } : { type, description }] as const;
    });
    return {
      ...{ name, description: say.tools[name] },
      inputSchema: { type: "object", properties: Object.fromEntries(properties), required, additionalProperties: false },
      annotations: { readOnlyHint: reads, destructiveHint: !reads, idempotentHint: true, openWorldHint: false },
    };
  }

  #refuse(thrown: unknown, id: RpcId | undefined): void {
    if (!(thrown instanceof Fault)) throw thrown;
    const error = {
      code: rpcCodeOf(thrown, "modern"),
      message: thrown.message,
      ...(thrown.details !== undefined && { data: thrown.details }),
    };
    this.#write({ jsonrpc: "2.0", id: id ?? null, error });
  }
}
