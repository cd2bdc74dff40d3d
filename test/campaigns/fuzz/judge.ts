import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import type { Json } from "./values.ts";

/** What came back. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sent with any reply, and no part of what an operation says. */
const common = new Set([
  ...["date", "connection", "keep-alive", "content-length", "content-type", "cache-control", "transfer-encoding", "vary"],
  ...["x-content-type-options", "x-frame-options", "referrer-policy", "content-security-policy"],
  ...["strict-transport-security", "cross-origin-resource-policy"],
]);

/** What is no HTTP is refused before there is a request, without a body, and closes: the introduction of the document says so. */
function isBare({ status, body, headers }: Reply): boolean {
  return [400, 408, 414, 431].includes(status) && body === "" && headers.connection?.toLowerCase() === "close";
}

/** Compares replies with what a document declares. */
export class Judge {
  readonly #document: Json;
  /** Any response may renew or end a session, which the scheme of the sessions says. */
  readonly #hasSessions: boolean;
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  readonly #compiled = new Map<Json, ValidateFunction>();

  constructor(document: Json) {
    this.#document = document;
    this.#hasSessions = Object.values<Json>(document.components?.securitySchemes ?? {}).some((scheme) => scheme.in === "cookie");
  }

  #follow(value: Json): Json {
    if (typeof value?.$ref !== "string") return value;
    return value.$ref
      .split("/")
      .slice(1)
      .reduce((found: Json, key: string) => found?.[key], this.#document);
  }

  #fits(schema: Json, value: unknown): string | undefined {
    let validate = this.#compiled.get(schema);
    if (validate === undefined) {
      if (this.#compiled.size === 0) this.#ajv.addSchema({ $id: "https://plimsoll.test/openapi", components: this.#document.components });
      const text = JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"https://plimsoll.test/openapi#/');
      validate = this.#ajv.compile(JSON.parse(text) as object);
      this.#compiled.set(schema, validate);
    }
    return validate(value) ? undefined : this.#ajv.errorsText(validate.errors).slice(0, 400);
  }

  /** What a reply has that its operation does not declare; undefined where it is as declared. */
  undeclared(operation: Json, reply: Reply): string | undefined {
    if (isBare(reply)) return undefined;
    const response = this.#follow(operation.responses[reply.status]);
    if (response === undefined) return `status ${reply.status} is not declared`;
    return this.#headers(response, reply) ?? this.#body(response, reply);
  }

  #headers({ headers = {} }: Json, reply: Reply): string | undefined {
    const declared = new Map(Object.entries(headers).map(([name, header]) => [name.toLowerCase(), this.#follow(header)]));
    for (const [name, header] of declared) {
      const value = reply.headers[name];
      if (value === undefined && header.required) return `the header ${name} is missing`;
      const sent = header.schema.type === "integer" ? Number(value) : value;
      const wrong = value === undefined ? undefined : this.#fits(header.schema, sent);
      if (wrong !== undefined) return `the header ${name} is ${value}: ${wrong}`;
    }
    const other = Object.keys(reply.headers).find(
      (name) => !declared.has(name) && !common.has(name) && !(name === "set-cookie" && this.#hasSessions),
    );
    return other === undefined ? undefined : `the header ${other} is not declared`;
  }

  #body({ content }: Json, { body, headers, status }: Reply): string | undefined {
    if (content === undefined) return body === "" ? undefined : `${status} has a body, and none is declared`;
    const type = headers["content-type"]?.split(";")[0] ?? "";
    const { schema } = content[type] ?? {};
    if (schema === undefined) return `the content type ${type} is not declared`;
    if (!type.endsWith("json")) return schema.type === "string" ? undefined : `${type} is declared as something else than text`;
    try {
      return this.#fits(schema, JSON.parse(body));
    } catch (error) {
      return `the body is no JSON: ${error}`;
    }
  }

  /** As {@link undeclared}, of a method that the document does not give to a path: it is refused by all alike. */
  refusedMethod(method: string, reply: Reply): string | undefined {
    if (method === "OPTIONS") return reply.status === 204 && reply.headers.allow !== undefined ? undefined : `OPTIONS is ${reply.status}`;
    if (method === "HEAD") return reply.status === 405 && reply.headers.allow !== undefined ? undefined : `HEAD is ${reply.status}`;
    const { code } = JSON.parse(reply.body || "{}") as { code?: string };
    const right = reply.status === 405 && code === "unimplemented" && reply.headers.allow !== undefined;
    return right || [414, 417, 501].includes(reply.status) ? undefined : `${method} is ${reply.status} ${reply.body.slice(0, 200)}`;
  }
}
