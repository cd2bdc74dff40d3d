import type { Authenticator, Tenancy } from "../operation/actor.ts";
import type { CompiledOperation } from "../pipeline/registry/compiled.ts";
import { FaultResponses } from "./openapi-fault-responses.ts";
import { describeOperation } from "./openapi-operation.ts";
import { notModified } from "./openapi-rates.ts";
import { SharedSchemas } from "./openapi-schemas.ts";

/** What a document is made of. */
export interface DocumentSpec {
  readonly operations: Iterable<CompiledOperation>;
  readonly service: { readonly name: string; readonly version: string };
  readonly authenticator?: Authenticator | undefined;
  readonly tenancy?: Tenancy | undefined;
}

/**
 * Describes every operation that has a route as one OpenAPI 3.1 document: parameters, bodies, each fault that it can end with, who may call it,
 * and its load line (`x-budget`, `x-criticality`, `x-slo`, `x-idempotent`).
 * *Guarantees*: the same operations in the same order give the same document, to the byte.
 * *Source*: OpenAPI 3.1.1, JSON Schema 2020-12, RFC 9457.
 * @example JSON.stringify(openApiDocument({ operations: registry.operations.values(), service: { name: "shop", version: "1.0.0" } }))
 */
export function openApiDocument({ operations, service, authenticator, tenancy }: DocumentSpec): Record<string, unknown> {
  const schemas = new SharedSchemas();
  const faults = new FaultResponses(schemas);
  const paths: Record<string, Record<string, unknown>> = {};
  const modules = new Set<string>();
  const parts = authenticator === undefined ? [] : (authenticator.parts ?? [authenticator]);
  const schemes = parts.map(({ scheme }) => scheme);
  for (const compiled of operations) {
    const described = describeOperation(compiled, { schemas, faults, schemes });
    if (described === undefined) continue;
    modules.add(compiled.module);
    paths[described.path] = { ...paths[described.path], [described.verb]: described.operation };
  }
  const tenant = tenancy === undefined || tenancy.description === "none" ? "" : `The tenant comes from the ${tenancy.description}.`;
  const text = JSON.stringify(paths);
  const uses = (component: string) => text.includes(`"#/components/${component}"`);
  return {
    openapi: "3.1.1",
    jsonSchemaDialect: "https://json-schema.org/draft/2020-12/schema",
    info: { title: service.name, version: service.version, description: introduction },
    servers: [{ url: "/" }],
    tags: [...modules].map((name) => ({ name })),
    paths,
    components: {
      ...(parts.length > 0 && { securitySchemes: Object.fromEntries(parts.map((part) => [part.scheme, describeScheme(part, tenant)])) }),
      ...(uses("parameters/IfNoneMatch") && { parameters: { IfNoneMatch: ifNoneMatch } }),
      headers,
      responses: { ...(uses("responses/NotModified") && { NotModified: notModified }), ...faults.toJson() },
      schemas: schemas.toJson(),
    },
  };
}

function describeScheme({ document }: Authenticator, tenant: string): Readonly<Record<string, unknown>> {
  const described = [document.description, tenant].filter((text) => typeof text === "string" && text !== "").join(" ");
  return { ...document, ...(described !== "" && { description: described }) };
}

const introduction = `The response to a fault is a problem document (RFC 9457): \`code\` decides what to do next, and \`type\` distinguishes faults with the same code. 429 means that your quota is used up, 503 that the service lacks capacity; in both, \`Retry-After\` says when to send the request again.

Every request may have three headers: \`traceparent\` (W3C Trace Context), \`X-Request-Id\`, which the response repeats, and \`Plimsoll-Deadline-Ms\`, the milliseconds that the caller will wait. After that time the service stops the work.

A request that is not valid HTTP, or is beyond the limits of its head, gets 400, 408, 414 or 431 without a body, and the service closes the connection. A method that a path does not have gets 405 with \`Allow\`, and an unknown path gets 404 with the type \`urn:plimsoll:route_not_found\`.`;

const ifNoneMatch = {
  name: "If-None-Match",
  in: "header",
  required: false,
  description: "The ETag of the version that you have. If it is still the current version, the response is 304.",
  schema: { type: "string" },
};

const headers = {
  Authenticate: { description: "How to sign in.", required: true, schema: { type: "string" } },
  ETag: { description: "The version of the response, for If-Match and If-None-Match.", required: true, schema: { type: "string" } },
  Location: { description: "The path of what the request created.", required: true, schema: { type: "string", format: "uri-reference" } },
  RateLimit: { description: "How much of the quota is left, and when it is full again.", schema: { type: "string" } },
  RateLimitPolicy: { description: "The quota.", schema: { type: "string" } },
  Replayed: {
    description: "`true` if this is the stored response to an earlier request with the same key.",
    schema: { type: "string", const: "true" },
  },
  RequestId: { description: "The id of this request in logs and traces.", required: true, schema: { type: "string" } },
  RetryAfter: { description: "The seconds to wait before sending the request again.", schema: { type: "integer", minimum: 1 } },
};
