import type { Authenticator, Tenancy } from "../operation/actor.ts";
import type { CompiledOperation } from "../pipeline/registry/compiled.ts";
import { FaultResponses } from "./openapi-fault-responses.ts";
import { describeOperation } from "./openapi-operation.ts";
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
 * and its load line (`x-budget`, `x-criticality`, `x-idempotent`).
 * *Guarantees*: the same operations in the same order give the same document, to the byte.
 * *Source*: OpenAPI 3.1.1, JSON Schema 2020-12, RFC 9457.
 * @example JSON.stringify(openApiDocument({ operations: registry.operations.values(), service: { name: "shop", version: "1.0.0" } }))
 */
export function openApiDocument({ operations, service, authenticator, tenancy }: DocumentSpec): Record<string, unknown> {
  const schemas = new SharedSchemas();
  const faults = new FaultResponses(schemas);
  const paths: Record<string, Record<string, unknown>> = {};
  const modules = new Set<string>();
  for (const compiled of operations) {
    const described = describeOperation(compiled, { schemas, faults, scheme: authenticator?.scheme });
    if (described === undefined) continue;
    modules.add(compiled.module);
    paths[described.path] = { ...paths[described.path], [described.verb]: described.operation };
  }
  const tenant = tenancy === undefined || tenancy.description === "none" ? "" : `The tenant comes from the ${tenancy.description}.`;
  return {
    openapi: "3.1.1",
    jsonSchemaDialect: "https://json-schema.org/draft/2020-12/schema",
    info: { title: service.name, version: service.version, description: introduction },
    servers: [{ url: "/" }],
    tags: [...modules].map((name) => ({ name })),
    paths,
    components: {
      ...(authenticator !== undefined && {
        securitySchemes: { [authenticator.scheme]: { ...authenticator.document, ...(tenant !== "" && { description: tenant }) } },
      }),
      parameters: { IfNoneMatch: ifNoneMatch },
      headers,
      responses: { NotModified: notModified, ...faults.toJson() },
      schemas: schemas.toJson(),
    },
  };
}

const introduction = `Faults are problem documents (RFC 9457): \`code\` decides what to do next, \`type\` tells faults of one code apart. 429 is your quota, 503 is our capacity; both say in \`Retry-After\` when to come back.

Every request may carry \`traceparent\` (W3C Trace Context), \`X-Request-Id\`, which the answer repeats, and \`Plimsoll-Deadline-Ms\`: the milliseconds that the caller has left, beyond which the work is stopped.

What is no HTTP, or has more headers than the limit, is refused before it is a request: 400, 408, 414 or 431 without a body, and the connection closes. A method that a path does not have is 405 with \`Allow\`, a path that is not here 404 of type \`urn:plimsoll:route_not_found\`.`;

const ifNoneMatch = {
  name: "If-None-Match",
  in: "header",
  required: false,
  description: "The ETag that you have: the answer is 304 where it still holds.",
  schema: { type: "string" },
};

const headers = {
  Authenticate: { description: "How to sign in.", required: true, schema: { type: "string" } },
  ETag: { description: "The version of what was answered, for If-Match and If-None-Match.", required: true, schema: { type: "string" } },
  Location: { description: "Where it is found from now on.", required: true, schema: { type: "string", format: "uri-reference" } },
  RateLimit: { description: "What is left of the quota, and until when.", schema: { type: "string" } },
  RateLimitPolicy: { description: "The quota.", schema: { type: "string" } },
  Replayed: {
    description: "`true` where this is the answer of an earlier request with the same key.",
    schema: { type: "string", const: "true" },
  },
  RequestId: { description: "The name of this request in logs and traces.", required: true, schema: { type: "string" } },
  RetryAfter: { description: "Seconds after which trying again is worth it.", schema: { type: "integer", minimum: 1 } },
};

const notModified = {
  description: "What you have still holds.",
  headers: { ETag: { $ref: "#/components/headers/ETag" }, "X-Request-Id": { $ref: "#/components/headers/RequestId" } },
};
