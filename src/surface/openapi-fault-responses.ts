import { codes } from "../core/code.ts";
import type { FaultClass } from "../core/fault.ts";
import type { JsonSchema } from "../core/schema/standard.ts";
import { compileSchema } from "../core/schema.ts";
import type { CompiledOperation } from "../pipeline/registry/compiled.ts";
import { httpStatusOf } from "./http-status.ts";
import { type FaultConditions, type PlatformFault, platformFaults } from "./openapi-faults.ts";
import { pascal } from "./openapi-names.ts";
import { rateHeaders, ratesOf } from "./openapi-rates.ts";
import type { SharedSchemas } from "./openapi-schemas.ts";

/** The shared form of every fault. *Source*: RFC 9457. */
const problemSchema: JsonSchema = {
  type: "object",
  description: "A problem document (RFC 9457). `code` decides what to do, `type` distinguishes faults with the same code.",
  properties: {
    type: { type: "string", description: "The kind of fault, as a URN." },
    title: { type: "string" },
    status: { type: "integer", minimum: 400, maximum: 599 },
    detail: { type: "string", description: "What happened, and what to do next." },
    code: { type: "string", enum: Object.keys(codes) },
    requestId: { type: "string", description: "The id of the request in logs and traces. Give it to the support." },
    details: { type: "object", description: "Facts that this kind of fault declares." },
    problems: {
      type: "array",
      description: "The problems of the input, at most 64.",
      items: {
        type: "object",
        properties: { pointer: { type: "string", description: "Where, as a JSON Pointer." }, message: { type: "string" } },
        required: ["pointer", "message"],
      },
    },
  },
  required: ["type", "title", "status", "detail", "code", "requestId"],
};

const limitSchema: JsonSchema = {
  type: "object",
  description: "The limit that refused the request, its value, and the load if it is known.",
  properties: { limit: { type: "string" }, value: { type: "number" }, load: { type: "number" } },
  required: ["limit", "value"],
};

interface Possible {
  readonly schema: JsonSchema;
  /** Undefined where it stands for more than its own types. */
  readonly types: readonly string[] | undefined;
  readonly description: string;
  readonly name: string;
  readonly declared: boolean;
}

/** Collects the responses of faults for one document; those that many operations share are kept once. */
export class FaultResponses {
  readonly #schemas: SharedSchemas;
  readonly #shared = new Map<string, object>();
  // Most operations end with the same faults: each is written once.
  readonly #written = new Map<unknown, Possible>();

  constructor(schemas: SharedSchemas) {
    this.#schemas = schemas;
  }

  /** The responses of all faults that an operation can end with, by status. */
  of(conditions: FaultConditions): Record<string, object> {
    const byStatus = new Map<number, Possible[]>();
    const add = (status: number, possible: Possible) => byStatus.set(status, [...(byStatus.get(status) ?? []), possible]);
    for (const declared of conditions.operation.faults.values())
      add(
        httpStatusOf(declared),
        this.#once(declared, () => this.#declared(declared, conditions.operation)),
      );
    for (const platform of platformFaults as readonly PlatformFault[]) {
      if (!platform.applies(conditions)) continue;
      add(
        httpStatusOf({ code: platform.code, status: platform.status }),
        this.#once(platform, () => this.#platform(platform)),
      );
    }
    return Object.fromEntries(
      [...byStatus]
        .sort(([a], [b]) => a - b)
        .map(([status, all]) => [String(status), this.#response(status, all, ratesOf(conditions.operation).length > 0)]),
    );
  }

  /** The shared responses, by name. */
  toJson(): Record<string, object> {
    return Object.fromEntries([...this.#shared].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #once(fault: unknown, write: () => Possible): Possible {
    const known = this.#written.get(fault);
    if (known !== undefined) return known;
    const possible = write();
    this.#written.set(fault, possible);
    return possible;
  }

  #response(status: number, all: readonly Possible[], rated: boolean): object {
    const response = {
      description: all.map(({ description }) => description).join("\n\n"),
      headers: headersOf(status, rated),
      content: {
        "application/problem+json": { schema: all.length === 1 ? all[0]?.schema : either(all) },
        // A page for people, if the client prefers HTML.
        "text/html": { schema: { type: "string" } },
      },
    };
    if (all.some(({ declared }) => declared)) return response;
    const name = `${all.map((possible) => possible.name).join("Or")}${rated ? "Rated" : ""}`;
    this.#shared.set(name, response);
    return { $ref: `#/components/responses/${name}` };
  }

  #platform({ name, code, status, types, description, body }: PlatformFault): Possible {
    const properties: Record<string, JsonSchema> = { status: { const: httpStatusOf({ code, status }) }, code: { const: code } };
    if (types !== undefined) properties.type = { enum: types.map((type) => `urn:plimsoll:${type}`) };
    if (body === "limit") properties.details = this.#schemas.share("LimitDetails", limitSchema, "Plimsoll");
    const schema = this.#problem(`${name}Problem`, { description, properties, required: body === "problems" ? ["problems"] : [] });
    return { schema, types, description, name, declared: false };
  }

  // biome-ignore lint/suspicious/noExplicitAny: declared faults of any details.
  #declared(declared: FaultClass<any>, operation: CompiledOperation): Possible {
    const { type, code, schema } = declared;
    const properties: Record<string, JsonSchema> = {
      type: { const: `urn:plimsoll:${type}` },
      status: { const: httpStatusOf(declared) },
      code: { const: code },
    };
    const required: string[] = [];
    if (schema !== undefined) {
      const details = compileSchema(schema, `${type} details`, "output").outputJson;
      properties.details = this.#schemas.embed(details, `${pascal(type)}Details`);
      if (Array.isArray(details.required) && details.required.length > 0) required.push("details");
    }
    const name = pascal(type);
    const problem = this.#problem(`${name}Problem`, { properties, required, module: operation.module });
    return { schema: problem, types: [type], description: `\`${type}\``, name, declared: true };
  }

  #problem(
    name: string,
    own: { readonly properties: JsonSchema; readonly required: readonly string[]; readonly description?: string; readonly module?: string },
  ): JsonSchema {
    const { properties, required, description, module = "plimsoll" } = own;
    const base = this.#schemas.share("Problem", problemSchema, "Plimsoll");
    const schema = {
      ...(description !== undefined && { description }),
      allOf: [base, { type: "object", properties, ...(required.length > 0 && { required }) }],
    };
    return this.#schemas.share(name, schema, pascal(module));
  }
}

/** One of several. Where two could both hold, because a module declares what the platform also says, any may. */
function either(all: readonly Possible[]): JsonSchema {
  const types = all.flatMap((possible) => possible.types ?? []);
  const distinct = all.every((possible) => possible.types !== undefined) && new Set(types).size === types.length;
  return { [distinct ? "oneOf" : "anyOf"]: all.map(({ schema }) => schema) };
}

function headersOf(status: number, rated: boolean): Record<string, object> {
  const header = (name: string) => ({ $ref: `#/components/headers/${name}` });
  return {
    "X-Request-Id": header("RequestId"),
    ...((status === 409 || status === 429 || status === 503 || status === 504) && { "Retry-After": header("RetryAfter") }),
    ...((rated || status === 429) && rateHeaders),
    ...(status === 401 && { "WWW-Authenticate": header("Authenticate") }),
  };
}
