import { Fault } from "../core/fault.ts";
import { httpStatusOf } from "../surface/http-status.ts";

/** What JSON-RPC and MCP call the faults of requests, by their types. *Source*: JSON-RPC 2.0 section 5.1; MCP 2026-07-28, "Error Codes". */
const rpcCodes: ReadonlyMap<string, number> = new Map([
  ["malformed_json", -32_700],
  ["too_many_values", -32_600],
  ["mcp_request_invalid", -32_600],
  ["mcp_session_unknown", -32_600],
  ["mcp_origin_refused", -32_600],
  ["mcp_method_unknown", -32_601],
  ["mcp_params_invalid", -32_602],
  ["mcp_tool_unknown", -32_602],
  ["mcp_prompt_unknown", -32_602],
  ["mcp_task_unknown", -32_602],
  ["mcp_input_long", -32_602],
  ["mcp_response_unasked", -32_600],
  ["mcp_resource_unknown", -32_602],
  ["mcp_header_mismatch", -32_020],
  ["mcp_capability_missing", -32_021],
  ["mcp_version_unsupported", -32_022],
]);

/** What the revisions of 2025 call a resource that is not there. */
const legacyUnknown = -32_002;

/** Returns the code of a fault in JSON-RPC: of those that it does not know, the status that HTTP has for it. */
export function rpcCodeOf(fault: Fault, era: "modern" | "legacy"): number {
  if (era === "legacy" && fault.type === "mcp_resource_unknown") return legacyUnknown;
  return rpcCodes.get(fault.type) ?? (fault.code === "internal" ? -32_603 : httpStatusOf(fault));
}

/** Refuses what is no message of JSON-RPC. */
export const requestInvalid = (message: string, status = 400): Fault =>
  new Fault({ code: "invalid_argument", type: "mcp_request_invalid", message, status });

/** Refuses parameters that their method does not take. */
export const paramsInvalid = (message: string): Fault => new Fault({ code: "invalid_argument", type: "mcp_params_invalid", message });

/** Refuses a method that the server does not have. */
export const methodUnknown = (method: string): Fault =>
  new Fault({
    code: "not_found",
    type: "mcp_method_unknown",
    message: `There is no method ${JSON.stringify(method.slice(0, 100))}. Ask server/discover what the server can do.`,
  });

/** Refuses a tool that the app does not have. */
export const toolUnknown = (name: string): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "mcp_tool_unknown",
    message: `There is no tool ${JSON.stringify(name.slice(0, 128))}. Ask tools/list for those that there are.`,
  });

/** Refuses a resource that the app does not have. */
export const resourceUnknown = (uri: string): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "mcp_resource_unknown",
    message: `There is no resource ${JSON.stringify(uri.slice(0, 200))}. Ask resources/list and resources/templates/list.`,
    details: { uri: uri.slice(0, 2_048) },
  });

/** Refuses a request whose head says something else than its body. */
export const headerMismatch = (message: string): Fault => new Fault({ code: "invalid_argument", type: "mcp_header_mismatch", message });

/** Refuses a call for which its client would have to be able to do something that it does not declare. */
export const capabilityMissing = (target: string, missing: readonly string[]): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "mcp_capability_missing",
    message: `For a call of ${target} the client must declare ${missing.join(", ")}, and do what it is asked.`,
    details: { requiredCapabilities: Object.fromEntries(missing.map((name) => [name, {}])) },
  });

/** Refuses a method of tasks to a client that does not declare them. */
export const tasksMissing = (extension: string): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "mcp_capability_missing",
    message: `The client must declare the extension ${extension} in its capabilities.`,
    details: { requiredCapabilities: { extensions: { [extension]: {} } } },
  });

/** Refuses a task that was not begun here, is another caller's, or has ended. */
export const taskUnknown = (): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "mcp_task_unknown",
    message: "The task is not known, is another caller's, or has ended. Call its tool again.",
  });

/** Refuses a version of the protocol that the server does not speak. */
export const versionUnsupported = (requested: string, supported: readonly string[]): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "mcp_version_unsupported",
    message: `The version ${JSON.stringify(requested.slice(0, 40))} of MCP is not supported. Use one of ${supported.join(", ")}.`,
    details: { supported, requested: requested.slice(0, 40) },
  });

/** Refuses a session that was not begun here, is another caller's, or has ended. */
export const sessionUnknown = (): Fault =>
  new Fault({
    code: "not_found",
    type: "mcp_session_unknown",
    message: "The session is not known, is another caller's, or has ended. Begin a new one with initialize.",
  });

/** Refuses a page of an origin that may not use the server. */
export const originRefused = (): Fault =>
  new Fault({
    code: "permission_denied",
    type: "mcp_origin_refused",
    message: "A page of another origin sent the request. List the origin in mcp({ origins }) if it is yours.",
  });

/** Refuses a confirmation that a person declined. */
export const confirmationDeclined = (tool: string): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "mcp_confirmation_declined",
    message: `The call of ${tool} was not confirmed, and nothing was done. Ask the person what to do instead.`,
  });

/** Refuses a tool that needs a confirmation where the client cannot be asked for one. */
export const confirmationNeeded = (tool: string): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "mcp_confirmation_needed",
    message: `A person must confirm a call of ${tool}, and the client cannot ask one. Use one that declares elicitation, in a session or of MCP 2026-07-28.`,
  });

/** Refuses a call of a client in a session that cannot be asked for what its arguments lack. */
export const inputNeeded = (target: string, fields: readonly string[]): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "mcp_input_needed",
    message: `A call of ${target} lacks ${fields.join(", ")}, and its client cannot be asked. Send them as arguments.`,
  });

/** Refuses a call for which the client, or its person, does not say what was asked. */
export const inputDeclined = (target: string): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "mcp_input_declined",
    message: `What a call of ${target} asked for was declined, and nothing was done. Ask the person what to do instead.`,
  });

/** Refuses what earlier questions have brought and later ones leave no room for. */
export const inputLong = (bytes: number): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "mcp_input_long",
    message: `What was said to earlier questions is longer than ${bytes} bytes. Send it as arguments.`,
  });

/** Ends a call whose stream has more items than one result takes. */
export const resultLarge = (limit: string): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "mcp_result_too_large",
    message: `The result has more than ${limit}. Ask for less of it.`,
  });

/** Refuses a prompt that the app does not have. */
export const promptUnknown = (name: string): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "mcp_prompt_unknown",
    message: `There is no prompt ${JSON.stringify(name.slice(0, 128))}. Ask prompts/list for those that there are.`,
  });

/** Refuses a response to a question that does not wait in this process. */
export const responseUnasked = (): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "mcp_response_unasked",
    message: "No question of this session with this id waits in this process. Call again.",
  });

/** Refuses a continuation that is not one of this call. */
export const continuationInvalid = (): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "mcp_params_invalid",
    message: "The requestState is not one of this call, is another caller's, or has expired. Send the call again without it.",
  });
