import { limits } from "../../core/limits.ts";
import { type CarriedRequest, carriedOf, type TextReply } from "../../core/schema/opaque/carried.ts";
import { type WebInput, webInput, webResponse } from "../../core/schema/opaque/web.ts";
import type { Schema } from "../../core/schema/standard.ts";
import type { Handler, Operation, Route } from "../../operation/contract.ts";
import { type Module, module } from "../../operation/module.ts";
import { carrierTraits } from "../../surface/carrier-traits.ts";

/** The routes by which requests of GraphQL come. */
export interface RoutesSpec {
  readonly path: string;
  readonly requestBytes: number;
  readonly concurrency: number;
  readonly serve: (request: CarriedRequest) => Promise<Response | TextReply>;
  /** Serves a WebSocket: takes the messages of its client and gives its own. *Default*: there are none. */
  readonly socket?: (incoming: AsyncIterable<unknown>) => AsyncIterable<unknown>;
}

/** Makes the module of a surface of GraphQL: its routes, which HTTP serves. */
export function routesModule({ path, requestBytes, concurrency, serve, socket }: RoutesSpec): Module {
  const carrier = (name: string, verb: "GET" | "POST"): Operation => ({
    kind: "graphql/request",
    traits: carrierTraits,
    name,
    spec: {
      summary: verb === "GET" ? "Ask by GraphQL, with the document in the address" : "Ask by GraphQL",
      ...{ input: webInput([]), output: webResponse(), access: "public", idempotent: "no", criticality: "critical" },
      budget: { deadline: limits.deadlineMs, concurrency, queue: 0 },
      http: { route: `${verb} ${path}` as Route, requestBytes },
      run: ((input: WebInput) => serve(carriedOf(input))) as Handler,
    },
  });
  const sockets = socket === undefined ? [] : [socketRoute({ path, requestBytes, concurrency, socket })];
  return module("graphql", { operations: [carrier("graphql.post", "POST"), carrier("graphql.get", "GET"), ...sockets] });
}

/** Any object of JSON: what stands in a message is read by the protocol. */
const message: Schema = {
  "~standard": {
    version: 1,
    vendor: "plimsoll",
    validate: (value) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? { value }
        : { issues: [{ message: "A message is an object." }] },
    jsonSchema: {
      input: () => ({ type: "object", additionalProperties: true }),
      output: () => ({ type: "object", additionalProperties: true }),
    },
  },
};
const nothing: Schema = {
  "~standard": {
    version: 1,
    vendor: "plimsoll",
    validate: () => ({ value: {} }),
    jsonSchema: { input: () => ({ type: "object", properties: {} }), output: () => ({ type: "object", properties: {} }) },
  },
};
/** Messages of one client in a second. */
const messagesPerSecond = 100;

function socketRoute({
  path,
  requestBytes,
  concurrency,
  socket,
}: Omit<RoutesSpec, "serve"> & Required<Pick<RoutesSpec, "socket">>): Operation {
  const { plain: _, ...ofSocket } = carrierTraits;
  return {
    kind: "graphql/socket",
    traits: ofSocket,
    name: "graphql.socket",
    spec: {
      summary: "Ask by GraphQL over a WebSocket",
      ...{ input: nothing, output: undefined as never, access: "public", idempotent: "no", criticality: "critical" },
      stream: { item: message, idle: "1h", longest: "24h" },
      receives: { message, bytesMax: requestBytes, perSecond: messagesPerSecond, protocols: ["graphql-transport-ws"] },
      budget: { deadline: limits.deadlineMs, concurrency, queue: 0 },
      http: { route: `GET ${path}/ws` as Route },
      run: ((_input: unknown, { incoming }: { readonly incoming: AsyncIterable<unknown> }) => socket(incoming)) as Handler,
    },
  };
}
