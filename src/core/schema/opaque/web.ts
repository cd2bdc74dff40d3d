import type { JsonSchema } from "../standard.ts";
import { TextReply } from "./carried.ts";
import { type OpaqueSchema, opaqueSchema } from "./opaque.ts";

/** What a surface gives to the handler of a plain route. */
export interface WebInput {
  readonly request: Request;
  /** What the path has in the places of the route's parameters. */
  readonly params: Readonly<Record<string, string>>;
}

/** Makes the schema of a plain route's input: its document has the parameters of the path, and the request is taken as it is. */
export function webInput(parameters: readonly string[]): OpaqueSchema<WebInput> {
  const properties: Record<string, JsonSchema> = Object.fromEntries(parameters.map((name) => [name, { type: "string", minLength: 1 }]));
  return opaqueSchema<WebInput>({
    document: { type: "object", properties, required: [...parameters], "x-bytes": "request" },
    problemOf: (value) => {
      // As a surface makes it.
      if (typeof value === "object" && value !== null && "carried" in value) return undefined;
      const { request } = (value ?? {}) as { readonly request?: unknown };
      return request instanceof Request ? undefined : "Invalid input: expected a web Request, which only HTTP and app.fetch bring";
    },
  });
}

/** Makes the schema of what a plain route returns. */
export function webResponse(): OpaqueSchema<Response> {
  return opaqueSchema<Response>({
    document: { type: "string", format: "binary", "x-bytes": "response" },
    problemOf: (value) => {
      if (value instanceof TextReply) return undefined;
      if (!(value instanceof Response)) return "expected a web Response: return one, as in new Response(text)";
      if (value.status === 0) return "expected a Response with a status; Response.error() has none";
      return value.bodyUsed || value.body?.locked ? "expected a Response whose body is not read yet: return a clone of it" : undefined;
    },
  });
}
