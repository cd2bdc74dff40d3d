import { type Code, codes } from "../core/code.ts";
import type { FaultClass } from "../core/fault.ts";
import { compileSchema, type JsonSchema } from "../core/schema.ts";
import type { CompiledOperation } from "../pipeline/compiled.ts";
import { pascal } from "./openapi-names.ts";
import type { SharedSchemas } from "./openapi-schemas.ts";

/** What decides which faults of the platform an operation can end with. */
export interface FaultConditions {
  readonly operation: CompiledOperation;
  readonly takesInput: boolean;
  readonly takesBody: boolean;
  readonly takesCursor: boolean;
  /** Whether the version to change must be named. */
  readonly needsVersion: boolean;
}

/** One kind of fault that the platform itself answers with. */
interface PlatformFault {
  readonly name: string;
  readonly code: Code;
  /** *Default*: that of the code. */
  readonly status?: number;
  /** Left out where there are many and callers need not tell them apart. */
  readonly types?: readonly string[];
  readonly description: string;
  readonly body?: "problems" | "limit";
  applies(conditions: FaultConditions): boolean;
}

const always = () => true;
const writes = ({ operation }: FaultConditions) => operation.kind !== "query";
const keyed = ({ operation }: FaultConditions) => operation.key !== "none";
const restricted = ({ operation }: FaultConditions) => operation.access !== "public";
const takesBody = (conditions: FaultConditions) => conditions.takesBody;

const platformFaults: readonly PlatformFault[] = [
  {
    name: "InvalidInput",
    code: "invalid_argument",
    types: ["invalid_input"],
    body: "problems",
    description: "Values are not as the operation needs them; `problems` lists each with its place.",
    applies: ({ takesInput }) => takesInput,
  },
  {
    name: "MalformedBody",
    code: "invalid_argument",
    types: ["malformed_json"],
    description: "The body is no JSON that can be read.",
    applies: takesBody,
  },
  {
    name: "InvalidCursor",
    code: "invalid_argument",
    types: ["cursor_invalid", "cursor_expired"],
    description: "The cursor is not one for this request, or has expired. Leave it out to begin anew.",
    applies: ({ takesCursor }) => takesCursor,
  },
  {
    name: "InvalidKey",
    code: "invalid_argument",
    types: ["idempotency_key_missing", "idempotency_key_invalid"],
    description: "The Idempotency-Key is missing or is none.",
    applies: keyed,
  },
  {
    name: "BrokenRule",
    code: "failed_precondition",
    types: ["foreign_key_violation", "check_violation"],
    description: "A value breaks a rule of the data. Nothing was changed.",
    applies: writes,
  },
  {
    name: "Unauthenticated",
    code: "unauthenticated",
    types: ["token_missing", "token_invalid", "token_expired", "token_not_yet_valid", "token_too_long"],
    description: "No token came, or one that does not hold.",
    applies: restricted,
  },
  {
    name: "PermissionDenied",
    code: "permission_denied",
    types: ["permission_denied"],
    description: "The caller is known and may not run this operation.",
    applies: restricted,
  },
  {
    name: "NotFound",
    code: "not_found",
    types: ["not_found"],
    description: "It does not exist, or belongs to somebody else: the two are answered alike.",
    applies: ({ operation }) => operation.owns !== undefined,
  },
  {
    name: "Conflict",
    code: "aborted",
    types: ["conflict", "commit_lost"],
    description: "Somebody else changed the same data at the same time. Nothing was changed; try again.",
    applies: writes,
  },
  {
    name: "AlreadyExists",
    code: "already_exists",
    types: ["unique_violation", "exclusion_violation"],
    description: "There is one like it already.",
    applies: writes,
  },
  {
    name: "KeyRunning",
    code: "aborted",
    types: ["idempotency_key_running"],
    description: "A request with this Idempotency-Key is still running. Send it again later to get its answer.",
    applies: keyed,
  },
  {
    name: "BodyTooLarge",
    code: "invalid_argument",
    status: 413,
    types: ["body_too_large"],
    body: "limit",
    description: "The body is larger than the limit.",
    applies: takesBody,
  },
  {
    name: "MediaTypeUnsupported",
    code: "invalid_argument",
    status: 415,
    types: ["media_type_unsupported"],
    description: "The body is not sent as JSON.",
    applies: takesBody,
  },
  {
    name: "KeyReused",
    code: "invalid_argument",
    status: 422,
    types: ["idempotency_key_reused"],
    description: "The Idempotency-Key was used for another input.",
    applies: keyed,
  },
  {
    name: "PreconditionRequired",
    code: "failed_precondition",
    status: 428,
    types: ["precondition_required"],
    description: "If-Match is missing: say which version is to be changed.",
    applies: ({ needsVersion }) => needsVersion,
  },
  {
    name: "QuotaExhausted",
    code: "resource_exhausted",
    types: ["rate_limited", "too_many_requests_in_flight"],
    body: "limit",
    description: "More came from this caller than its quota allows. Come back after Retry-After.",
    applies: always,
  },
  { name: "Internal", code: "internal", description: "A fault on our side. It was recorded.", applies: always },
  {
    name: "Unavailable",
    code: "unavailable",
    description: "Our capacity is used up for now. Come back after Retry-After.",
    applies: always,
  },
  {
    name: "DeadlineExceeded",
    code: "deadline_exceeded",
    description: "The operation did not end within its deadline and was stopped.",
    applies: always,
  },
];

/** The shared form of every fault. *Source*: RFC 9457. */
const problemSchema: JsonSchema = {
  type: "object",
  description: "A problem document (RFC 9457). `code` decides what to do, `type` tells faults of one code apart.",
  properties: {
    type: { type: "string", description: "The kind of fault, as a URN." },
    title: { type: "string" },
    status: { type: "integer", minimum: 400, maximum: 599 },
    detail: { type: "string", description: "What happened, and what to do next." },
    code: { type: "string", enum: Object.keys(codes) },
    requestId: { type: "string", description: "Give it to support: it finds the request in logs and traces." },
    details: { type: "object", description: "What the kind of fault says of itself." },
    problems: {
      type: "array",
      description: "Everything that is wrong with the input.",
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
  description: "Which limit refused, its value, and the load that was seen where it is known.",
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
        declared.status,
        this.#once(declared, () => this.#declared(declared, conditions.operation)),
      );
    for (const platform of platformFaults) {
      if (!platform.applies(conditions)) continue;
      add(
        platform.status ?? codes[platform.code].http,
        this.#once(platform, () => this.#platform(platform)),
      );
    }
    return Object.fromEntries(
      [...byStatus].sort(([a], [b]) => a - b).map(([status, all]) => [String(status), this.#response(status, all)]),
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

  #response(status: number, all: readonly Possible[]): object {
    const response = {
      description: all.map(({ description }) => description).join("\n\n"),
      headers: headersOf(status),
      content: { "application/problem+json": { schema: all.length === 1 ? all[0]?.schema : either(all) } },
    };
    if (all.some(({ declared }) => declared)) return response;
    const name = all.map((possible) => possible.name).join("Or");
    this.#shared.set(name, response);
    return { $ref: `#/components/responses/${name}` };
  }

  #platform({ name, code, status = codes[code].http, types, description, body }: PlatformFault): Possible {
    const properties: Record<string, JsonSchema> = { status: { const: status }, code: { const: code } };
    if (types !== undefined) properties.type = { enum: types.map((type) => `urn:plimsoll:${type}`) };
    if (body === "limit") properties.details = this.#schemas.share("LimitDetails", limitSchema, "Plimsoll");
    const schema = this.#problem(`${name}Problem`, { description, properties, required: body === "problems" ? ["problems"] : [] });
    return { schema, types, description, name, declared: false };
  }

  // biome-ignore lint/suspicious/noExplicitAny: declared faults of any details.
  #declared({ type, code, status, schema }: FaultClass<any>, operation: CompiledOperation): Possible {
    const properties: Record<string, JsonSchema> = {
      type: { const: `urn:plimsoll:${type}` },
      status: { const: status },
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

function headersOf(status: number): Record<string, object> {
  const header = (name: string) => ({ $ref: `#/components/headers/${name}` });
  return {
    "X-Request-Id": header("RequestId"),
    ...((status === 409 || status === 429 || status === 503 || status === 504) && { "Retry-After": header("RetryAfter") }),
    ...(status === 401 && { "WWW-Authenticate": header("Authenticate") }),
  };
}
