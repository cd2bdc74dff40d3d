import type { JsonSchema } from "../core/schema/standard.ts";
import type { DeclaredRelation } from "../graphql/relates.ts";
import type { HttpSpec } from "../operation/contract.ts";
import { httpOf, parseRoute } from "../operation/route.ts";
import type { CompiledOperation } from "../pipeline/registry/compiled.ts";
import type { Registry } from "../pipeline/registry/registry.ts";
import { describeTerms, schemaOf, sorted } from "./describe-terms.ts";
import { describeTool } from "./describe-tool.ts";
import type { ContractsLock, DescribedEvent, DescribedOperation, DescribedRoute } from "./description.ts";
import { describeGraphql } from "./graphql/describe.ts";

/**
 * Describes the contracts of an app as others see them: the operations that have a route, those that are tools or
 * fields of GraphQL, with the fields that `relations` bring, the events of all modules, and the signals of all sagas.
 * *Guarantees*: the same contracts give the same description, to the byte, in whatever order they are listed.
 */
export function describeContracts(
  { operations, events }: Pick<Registry, "operations" | "events">,
  relations: readonly DeclaredRelation[] = [],
): ContractsLock {
  const rest = [...operations.values()].flatMap((compiled) => {
    const described = describeOperation(compiled);
    return described === undefined ? [] : [[compiled.name, described] as const];
  });
  const described = [...events.values()].map(({ event, data }): readonly [string, DescribedEvent] => {
    const upcasts = Object.keys(event.upcast ?? {}).map(Number);
    const key = event.key.toString().replaceAll(/\s+/g, "");
    return [`${event.name}@${event.version}`, { data: schemaOf(data.outputJson), key, ...(upcasts.length > 0 && { upcasts }) }];
  });
  const tools = [...operations.values()].flatMap((compiled) => describeTool(compiled));
  const graphql = describeGraphql(operations, relations);
  const parts = { rest: sorted(rest), events: sorted(described), mcp: sorted(tools), signals: describeSignals(operations) };
  return { lockVersion: 1, ...parts, ...(graphql !== undefined && { graphql }) };
}

function describeSignals(operations: Registry["operations"]): NonNullable<ContractsLock["signals"]> {
  const signalled = [...operations.values()].filter(({ signals }) => signals.size > 0);
  return sorted(
    signalled.map(
      ({ name, signals }) => [name, sorted([...signals].map(([signal, data]) => [signal, schemaOf(data.inputJson)] as const))] as const,
    ),
  );
}

function describeOperation(compiled: CompiledOperation): DescribedOperation | undefined {
  const { operation, output, receives, stream, kind } = compiled;
  const http = httpOf(operation.spec);
  const route = http && describeRoute(http, output.outputJson);
  if (route === undefined) return undefined;
  return {
    kind,
    route,
    ...describeTerms(compiled),
    output: schemaOf(output.outputJson),
    ...(stream !== undefined && { stream: receives !== undefined ? "socket" : stream.id === undefined ? "once" : "resumed" }),
    ...(receives !== undefined && { receives: schemaOf(receives.message.inputJson) }),
  };
}

function describeRoute(http: HttpSpec, output: JsonSchema): DescribedRoute | undefined {
  const parsed = parseRoute(http.route);
  if (parsed === undefined) return undefined;
  const { headers, cookies, responseHeaders, responseCookies, ifMatch, alternatives } = http;
  const type = http.file?.type ?? (typeof http.download?.type === "function" ? "*" : http.download?.type);
  const cookieNames = Object.entries(responseCookies ?? {}).map(
    ([field, one]) => [field, typeof one === "string" ? one : one.name] as const,
  );
  const says = [...(http.etag === undefined ? [] : ["ETag"]), ...(http.location === undefined ? [] : ["Location"])];
  return {
    method: parsed.verb,
    path: parsed.path,
    status: statusOf(http, output),
    ...(http.body !== undefined && http.body !== "json" && { body: http.body }),
    ...(headers !== undefined && { headers: sorted(Object.entries(headers)) }),
    ...(cookies !== undefined && { cookies: sorted(Object.entries(cookies)) }),
    ...(ifMatch !== undefined && { ifMatch }),
    ...(type !== undefined && { file: type }),
    ...(alternatives !== undefined && { alternatives: alternatives.map((one) => one.type).toSorted() }),
    ...(responseHeaders !== undefined && { replyHeaders: sorted(Object.entries(responseHeaders)) }),
    ...(cookieNames.length > 0 && { replyCookies: sorted(cookieNames) }),
    ...(says.length > 0 && { says }),
  };
}

/** As a client sees it: an output without fields is no body. */
function statusOf({ status, file, download, responseHeaders, responseCookies }: HttpSpec, output: JsonSchema): number {
  const elsewhere = new Set([...Object.keys(responseHeaders ?? {}), ...Object.keys(responseCookies ?? {})]);
  const isEmpty = output.type === "object" && Object.keys((output.properties ?? {}) as object).every((field) => elsewhere.has(field));
  return status ?? (isEmpty && output.additionalProperties === false && file === undefined && download === undefined ? 204 : 200);
}
