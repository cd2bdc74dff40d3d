import assert from "node:assert";
import type { Surface, SurfaceHost } from "../app/surface.ts";
import type { Operation } from "../operation/contract.ts";
import type { Module } from "../operation/module.ts";
import type { CompiledOperation } from "../pipeline/registry/compiled.ts";
import type { Report } from "../pipeline/registry/problem.ts";
import { routesModule } from "./carrier/routes.ts";
import { Endpoint } from "./carrier/serve.ts";
import { type McpLimits, mcpLimits } from "./limits.ts";
import { metadataOf, type ProtectedResource } from "./metadata.ts";
import { compileModel, type McpModel } from "./model/model.ts";
import { Questions } from "./run/ask/questions.ts";
import { SessionsFollows } from "./run/follow/session-follows.ts";
import { LogLevels } from "./run/notify/log-levels.ts";
import { Server } from "./server.ts";

/** What `mcp` takes. */
export interface McpSurfaceSpec {
  /** Where it is served. *Default*: `/mcp`. */
  readonly path?: string;
  /** What models read of the server as a whole. *Default*: nothing. */
  readonly instructions?: string;
  /** Whether callers who have not signed in are refused before their body is read. *Default*: whether `authorization` is given. */
  readonly signedIn?: boolean;
  /** What clients read of the tokens that they need, by RFC 9728. *Default*: nothing is published. */
  readonly authorization?: ProtectedResource;
  /** Origins whose pages may ask, as browsers send them. *Default*: none but pages of this machine, where it is asked on this machine. */
  readonly origins?: readonly string[];
  /**
   * Where the idempotency key of a call comes from whose client sends none. `minted`: a modern client gets one, and sends the call again with it. `asked`: the call is
   * refused. A session of the older era makes one of its id and that of the request. *Default*: `minted`.
   */
  readonly keys?: "minted" | "asked";
  /** *Defaults*: see `src/mcp/limits.ts`. */
  readonly limits?: Partial<McpLimits>;
}

/**
 * Serves every operation that says `mcp` to agents, as a tool, on the port of `http`. Each call is an execution of its operation, with its access, budget, rates,
 * idempotency and telemetry. It speaks MCP 2026-07-28, and the revisions of 2025 that begin with `initialize`.
 * @example createApp({ modules, surfaces: [http({ port: 3000 }), mcp()] })
 */
export function mcp(spec: McpSurfaceSpec = {}): Surface {
  return new McpSurface(spec);
}

class McpSurface implements Surface {
  readonly name = "mcp";
  readonly modules: readonly Module[];
  readonly #spec: McpSurfaceSpec;
  readonly #limits: McpLimits;
  #model: McpModel | undefined;
  #endpoint: Endpoint | undefined;
  readonly #questions: Questions;
  readonly #follows: SessionsFollows;

  constructor(spec: McpSurfaceSpec) {
    this.#spec = spec;
    this.#limits = { ...mcpLimits, ...spec.limits };
    this.#questions = new Questions(this.#limits);
    this.#follows = new SessionsFollows(this.#limits.followingSessions);
    const { path = "/mcp", authorization } = spec;
    const { requestBytes, requests } = this.#limits;
    const metadata = authorization && metadataOf(authorization);
    this.modules = [
      routesModule({
        ...{ path, requestBytes, concurrency: requests, serve: (request) => this.#started.serve(request) },
        listen: (request) => this.#started.listen(request),
        ...(metadata && { metadata }),
      }),
    ];
  }

  compile(declared: readonly Operation[], operations: ReadonlyMap<string, CompiledOperation>, report: Report): void {
    this.#model = compileModel(declared, operations, report);
  }

  async start({ runtime, service }: SurfaceHost): Promise<void> {
    const { authorization, instructions, origins = [], keys = "minted", signedIn = authorization !== undefined } = this.#spec;
    const { name, version } = service;
    this.#endpoint = new Endpoint(
      new Server({
        ...{ runtime, model: this.#model as McpModel, limits: this.#limits, identity: { name, version }, instructions, origins, signedIn },
        ...{ questions: this.#questions, follows: this.#follows, logLevels: new LogLevels(this.#limits.logLevels) },
        ...{ mintsKeys: keys === "minted", metadataUrl: authorization && metadataOf(authorization).url },
      }),
    );
  }

  async close(): Promise<void> {
    this.#questions.close();
    this.#follows.close();
  }

  async stop(): Promise<void> {}

  get #started(): Endpoint {
    assert(this.#endpoint !== undefined, "requests come once the surface has started; list http() behind mcp()");
    return this.#endpoint;
  }
}
