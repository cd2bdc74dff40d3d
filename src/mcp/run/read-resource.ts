import { Fault } from "../../core/fault.ts";
import { paramsInvalid, resourceUnknown } from "../faults.ts";
import { contentOf, writeContents } from "../model/content.ts";
import { httpFileOf } from "../model/resource.ts";
import type { Asking, CallTerms } from "./asking.ts";
import { runCall } from "./invocation.ts";

/** Reads a resource by its address. *Faults thrown*: `mcp_resource_unknown`, also where its query finds nothing, and all others of its query. */
export async function readResource(
  { runtime, model: { resources } }: CallTerms,
  { carrier, message, signal }: Asking,
): Promise<Record<string, unknown>> {
  const { uri } = message.params;
  if (typeof uri !== "string") throw paramsInvalid('"uri" is not the address of a resource.');
  for (const [target, { operation, read, listed }] of resources) {
    const input = read(uri);
    if (input === undefined) continue;
    const call = { carrier, input, idempotencyKey: undefined, method: "resources/read", target, signal } as const;
    const done = await runCall(runtime, operation, call);
    const { fault, output } = done;
    if (fault?.code === "not_found") throw notFound(uri, fault);
    if (fault !== undefined) throw fault;
    const blocks = contentOf(operation, output?.value);
    if (blocks !== undefined) return { contents: blocks.map((block) => writeContents(uri, block)) };
    const { file } = httpFileOf(operation);
    const text = file === undefined ? (output?.json ?? "{}") : file.text(output?.value as never);
    return { contents: [{ uri, mimeType: listed.mimeType, text }] };
  }
  throw resourceUnknown(uri);
}

function notFound(uri: string, cause: Fault): Fault {
  const { message, details } = cause;
  return new Fault({ code: "invalid_argument", type: "mcp_resource_unknown", message, details: { ...(details as object), uri }, cause });
}
