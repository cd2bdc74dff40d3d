import { limits } from "../../core/limits.ts";
import { webInput, webResponse } from "../../core/schema/opaque/web.ts";
import type { Handler, Operation, Route, Verb } from "../../operation/contract.ts";
import { type Module, module } from "../../operation/module.ts";
import { carrierTraits } from "../../surface/carrier-traits.ts";

/** The routes by which requests of MCP come. */
export interface RoutesSpec {
  readonly path: string;
  readonly requestBytes: number;
  readonly concurrency: number;
  readonly serve: (request: Request) => Promise<Response>;
  /** Serves the events that belong to no request. */
  readonly listen: (request: Request) => Promise<Response>;
  /** What is published of the resource that tokens are for, and where. *Default*: nothing. */
  readonly metadata?: { readonly path: string; readonly serve: () => Promise<Response> };
}

/** Makes the module of a surface of MCP: its routes, which HTTP serves. */
export function routesModule({ path, requestBytes, concurrency, serve, listen, metadata }: RoutesSpec): Module {
  const carrier = (name: keyof typeof summaries, route: `${Verb} ${string}`, run: (request: Request) => Promise<Response>): Operation => ({
    kind: "mcp/request",
    traits: carrierTraits,
    name,
    spec: {
      summary: summaries[name],
      ...{ input: webInput([]), output: webResponse(), access: "public", idempotent: "no", criticality: "critical" },
      budget: { deadline: limits.deadlineMs, concurrency, queue: 0 },
      http: { route: route as Route, requestBytes },
      run: (({ request }: { readonly request: Request }) => run(request)) as Handler,
    },
  });
  const operations = [
    carrier("mcp.post", `POST ${path}`, serve),
    carrier("mcp.get", `GET ${path}`, listen),
    carrier("mcp.delete", `DELETE ${path}`, onlyPost),
    ...(metadata === undefined ? [] : [carrier("mcp.metadata", `GET ${metadata.path}`, metadata.serve)]),
  ];
  return module("mcp", { operations });
}

const summaries = {
  "mcp.post": "Ask by MCP",
  "mcp.get": "Follow resources in a session of MCP",
  "mcp.delete": "Refuse to end a session of MCP",
  "mcp.metadata": "Read which tokens MCP takes",
} as const;

/** Refuses a method of HTTP: nothing is kept of a session that a client could end, and without resources that can be followed there is nothing to listen to. */
export const onlyPost = async (): Promise<Response> => new Response(null, { status: 405, headers: { allow: "POST" } });
