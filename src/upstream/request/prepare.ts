import { createHash } from "node:crypto";
import { parseDuration } from "../../core/duration.ts";
import type { AnySchema, Schema } from "../../core/schema/standard.ts";
import { type CompiledSchema, compileSchema, Problems, serialize } from "../../core/schema.ts";
import type { Runs } from "../../resilience/policies/policy.ts";
import { requestInvalid } from "../faults.ts";
import type { Settings } from "../options.ts";
import { appendHeaders, appendOwn } from "./headers.ts";
import type { HttpRequest, ReplyForm, RequestParts } from "./request.ts";
import { targetOf } from "./target.ts";

/** A request whose every part is checked: what all of its attempts send alike. */
export interface Prepared {
  readonly method: string;
  readonly target: string;
  /** The path as it was declared, for spans. */
  readonly template: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: Buffer | undefined;
  readonly timeoutMs: number;
  readonly refused: RequestParts<ReplyForm, AnySchema>["refused"];
  readonly form: "none" | "text" | "bytes" | CompiledSchema;
}

/** Checks and writes a request. *Faults thrown*: those of the path, the headers and the body. */
export function prepare(settings: Settings, request: HttpRequest<Runs, ReplyForm, AnySchema>): Prepared {
  const { upstream, base, timeoutMs } = settings;
  const { method, path, output, contentType = "application/json" } = request;
  const headers = [...settings.headers];
  if (request.headers !== undefined) appendHeaders(upstream, headers, request.headers);
  const { idempotencyKey } = request as { readonly idempotencyKey?: string };
  if (idempotencyKey !== undefined) appendOwn(upstream, headers, ["idempotency-key", idempotencyKey]);
  const body = bodyOf(settings, request);
  if (body !== undefined) appendOwn(upstream, headers, ["content-type", contentType]);
  const form = formOf(upstream, output);
  if (typeof form === "object" && !hasHeader(headers, "accept")) headers.push("accept", "application/json");
  return {
    ...{ method, target: targetOf(upstream, base, request), template: path.split("?", 1)[0] as string, headers, body, form },
    refused: request.refused,
    timeoutMs: Math.min(timeoutMs, parseDuration(request.timeout) || timeoutMs),
  };
}

/** Stands for all that a request asks for: what two of one key get is the same. */
export function keyOf({ method, target, headers, body }: Prepared): string {
  const hash = createHash("sha256");
  hash.update(JSON.stringify([method, target, headers]));
  if (body !== undefined) hash.update(body);
  return hash.digest("base64url");
}

function hasHeader(headers: readonly string[], name: string): boolean {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return true;
  return false;
}

function bodyOf(
  { upstream, requestBytes }: Settings,
  { input, body, method }: HttpRequest<Runs, ReplyForm, AnySchema>,
): Buffer | undefined {
  if (body === undefined) return undefined;
  if (method === "GET" || method === "HEAD") throw requestInvalid(upstream, `a ${method} has no body`);
  const text = input === undefined ? serialize(body) : compiled(upstream, input).stringify(body);
  if (text instanceof Problems) {
    const problems = text.list.map(({ pointer, message }) => `${pointer || "/"}: ${message}`);
    throw requestInvalid(upstream, `its body does not fit its schema: ${problems.slice(0, 10).join("; ")}`);
  }
  const bytes = Buffer.from(text);
  if (bytes.length > requestBytes)
    throw requestInvalid(upstream, `its body has ${bytes.length} bytes, and at most ${requestBytes} may be sent`);
  return bytes;
}

function formOf(upstream: string, output: ReplyForm): Prepared["form"] {
  if (output === undefined) return "none";
  return output === "text" || output === "bytes" ? output : compiled(upstream, output);
}

const ready = new WeakMap<AnySchema, CompiledSchema>();

/** A schema is made ready once, however many requests use it. */
function compiled(upstream: string, schema: AnySchema): CompiledSchema {
  let made = ready.get(schema);
  if (made === undefined) {
    made = compileSchema(schema as Schema, `A schema of a request to ${upstream}`, "value");
    ready.set(schema, made);
  }
  return made;
}
