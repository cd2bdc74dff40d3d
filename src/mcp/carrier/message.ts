import { parseJson } from "../../core/json.ts";
import { paramsInvalid, requestInvalid } from "../faults.ts";

/** The id of a request of JSON-RPC. */
export type RpcId = string | number;

type Fields = Readonly<Record<string, unknown>>;

/** One message of a client. */
export interface Message {
  /** Undefined of a notification, and of a response. */
  readonly id: RpcId | undefined;
  /** Undefined of a response. */
  readonly method: string | undefined;
  readonly params: Fields;
  readonly meta: Fields;
  /** Of a response, the id of the request that it belongs to, and its result; an error of its client has none. */
  readonly response?: { readonly id: unknown; readonly result: Fields | undefined };
}

/** The longest id that is sent back. */
const idChars = 512;

/** Reads the one message of a body. *Faults thrown*: `malformed_json`, `too_many_values`, `mcp_request_invalid`, `mcp_params_invalid`. */
export async function readMessage(request: Request, maxValues: number, seen: (id: RpcId) => void): Promise<Message> {
  const [media = ""] = (request.headers.get("content-type") ?? "").split(";");
  if (media.trim().toLowerCase() !== "application/json")
    throw requestInvalid("The body is not JSON. Send one message of JSON-RPC with Content-Type: application/json.", 415);
  return messageOf(parseJson(new Uint8Array(await request.arrayBuffer()), { maxValues }), seen);
}

/** Checks that a value is one message. `seen`: takes its id before anything else can be wrong with it. */
export function messageOf(value: unknown, seen: (id: RpcId) => void): Message {
  if (Array.isArray(value)) throw requestInvalid("The body is a batch. Send each message in a request of its own.");
  if (!isFields(value)) throw requestInvalid("The body is not an object. Send one message of JSON-RPC.");
  const { jsonrpc, id, method, params } = value;
  if (isId(id)) seen(id);
  else if (id !== undefined) throw requestInvalid(`The id is not a text of at most ${idChars} characters or a whole number.`);
  if (jsonrpc !== "2.0") throw requestInvalid('The message does not say "jsonrpc": "2.0".');
  if (method === undefined && ("result" in value || "error" in value)) return responseOf(value);
  if (typeof method !== "string" || method === "") throw requestInvalid("The message has no method.");
  if (params !== undefined && !isFields(params)) throw paramsInvalid('"params" is not an object.');
  const { _meta: meta } = params ?? {};
  if (meta !== undefined && !isFields(meta)) throw paramsInvalid('"_meta" is not an object.');
  return { id: id as RpcId | undefined, method, params: params ?? {}, meta: meta ?? {} };
}

function responseOf({ id, result }: Fields): Message {
  return { id: undefined, method: undefined, params: {}, meta: {}, response: { id, result: isFields(result) ? result : undefined } };
}

/** Whether a value is an object of JSON. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isId(id: unknown): id is RpcId {
  return typeof id === "string" ? id.length <= idChars : Number.isSafeInteger(id);
}
