import { headerMismatch, paramsInvalid, versionUnsupported } from "../faults.ts";
import type { Sessions } from "../run/session.ts";
import { isFields, type Message } from "./message.ts";
import { legacyVersions, modernVersion, supportedVersions } from "./versions.ts";

/** What the client of one request speaks. */
export interface Client {
  /** `modern`: each request says all about itself. `legacy`: it began with `initialize`. */
  readonly era: "modern" | "legacy";
  readonly version: string;
  /** What it says that it can do. Of a session, what of it a server asks for; empty without one. */
  readonly capabilities: Readonly<Record<string, unknown>>;
  /** Stands for its session, where it has one. */
  readonly session: string | undefined;
}

const prefix = "io.modelcontextprotocol/";
/** Where the address of what is asked for stands, by methods that have one. */
const nameFields: ReadonlyMap<string, string> = new Map([
  ["tools/call", "name"],
  ["resources/read", "uri"],
  ["prompts/get", "name"],
  ["tasks/get", "taskId"],
  ["tasks/cancel", "taskId"],
  ["tasks/update", "taskId"],
]);

/**
 * Finds out which era a request is of, and what its client can do.
 * *Faults thrown*: `mcp_version_unsupported`, `mcp_header_mismatch`, `mcp_params_invalid`, `mcp_session_unknown`.
 */
export function clientOf(message: Message, headers: Headers, sessions: Sessions): Client {
  const declared = message.meta[`${prefix}protocolVersion`];
  const sent = headers.get("mcp-protocol-version") ?? undefined;
  if (declared === undefined) {
    if (sent === modernVersion)
      throw paramsInvalid(`The request does not have "${prefix}protocolVersion" in "_meta", which MCP ${modernVersion} needs.`);
    return legacyClient(message, { sent, sessionId: headers.get("mcp-session-id") ?? undefined }, sessions);
  }
  if (typeof declared !== "string") throw paramsInvalid(`"${prefix}protocolVersion" is not a text.`);
  if (sent !== declared)
    throw headerMismatch(
      `The header MCP-Protocol-Version says ${quoted(sent)}, and "_meta" says ${quoted(declared)}. Send the same in both.`,
    );
  if (declared !== modernVersion) throw versionUnsupported(declared, supportedVersions);
  const capabilities = message.meta[`${prefix}clientCapabilities`];
  if (!isFields(capabilities)) throw paramsInvalid(`The request does not have an object "${prefix}clientCapabilities" in "_meta".`);
  if (message.id !== undefined) checkHead(message, headers);
  return { era: "modern", version: declared, capabilities, session: undefined };
}

interface LegacyHead {
  readonly sent: string | undefined;
  readonly sessionId: string | undefined;
}

function legacyClient({ method }: Message, { sent, sessionId }: LegacyHead, sessions: Sessions): Client {
  const legacy = { era: "legacy", capabilities: {} } as const;
  if (method === "initialize") return { ...legacy, version: legacyVersions[0] as string, session: undefined };
  if (sent !== undefined && !legacyVersions.includes(sent)) throw versionUnsupported(sent, supportedVersions);
  if (sessionId === undefined && sent === undefined)
    throw headerMismatch(`The header MCP-Protocol-Version is missing. Send it with one of ${supportedVersions.join(", ")}.`);
  if (sessionId === undefined) return { ...legacy, version: sent as string, session: undefined };
  const { id, version, capabilities } = sessions.open(sessionId);
  return { era: "legacy", version: sent ?? version, session: id, capabilities: Object.fromEntries(capabilities.map((name) => [name, {}])) };
}

/** Servers between the client and this one may have decided by the head. */
function checkHead({ method, params }: Message, headers: Headers): void {
  const sentMethod = headers.get("mcp-method") ?? undefined;
  if (sentMethod !== method)
    throw headerMismatch(`The header Mcp-Method says ${quoted(sentMethod)}, and the body ${quoted(method)}. Send the same in both.`);
  const field = nameFields.get(method as string);
  if (field === undefined) return;
  const sent = headers.get("mcp-name") ?? undefined;
  const name = params[field];
  if (sent === undefined || decoded(sent) !== name)
    throw headerMismatch(`The header Mcp-Name says ${quoted(sent)}, and "${field}" in the body ${quoted(name)}. Send the same in both.`);
}

/** *Source*: MCP 2026-07-28, Streamable HTTP, "Value Encoding". */
function decoded(value: string): string | undefined {
  const encoded = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/.exec(value);
  return encoded === null ? value : Buffer.from(encoded[1] as string, "base64").toString();
}

const quoted = (value: unknown): string => (typeof value === "string" ? JSON.stringify(value.slice(0, 128)) : "nothing");
