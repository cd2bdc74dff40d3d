import { Fault } from "../../core/fault.ts";
import { parseJson } from "../../core/json.ts";
import type { CarriedRequest } from "../../core/schema/opaque/carried.ts";
import type { GraphqlLimits } from "../limits.ts";

/** What a request asks, as GraphQL over HTTP sends it. */
export interface Asked {
  readonly query: string | undefined;
  /** The name of a document that the app has. */
  readonly documentId: string | undefined;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly extensions: Readonly<Record<string, unknown>>;
}

const refused = (message: string, status = 400): Fault =>
  new Fault({ code: "invalid_argument", type: "graphql_request_invalid", message, status });

/** Reads a request of POST or GET. *Faults thrown*: `graphql_request_invalid`, `malformed_json`, `graphql_limit`. */
export async function readAsked(request: CarriedRequest, limits: GraphqlLimits): Promise<Asked> {
  if (request.method === "POST") return fromBody(request, limits);
  const { searchParams } = new URL(request.url);
  const text = (name: string) => searchParams.get(name) ?? undefined;
  const value = (name: string) => {
    const given = text(name);
    return given === undefined || given === "" ? undefined : parseJson(given, { maxValues: limits.variableValues });
  };
  return checkAsked({
    query: text("query"),
    documentId: text("documentId"),
    operationName: text("operationName"),
    variables: value("variables"),
    extensions: value("extensions"),
  });
}

async function fromBody(request: CarriedRequest, limits: GraphqlLimits): Promise<Asked> {
  const type = request.header("content-type") ?? "";
  const [media = "", ...parameters] = type.split(";").map((part) => part.trim().toLowerCase());
  if (media !== "application/json")
    throw refused(
      `The body has the type ${media === "" ? "of nothing" : `"${media.slice(0, 100)}"`}. Send JSON with Content-Type: application/json.`,
      415,
    );
  const charset = parameters.find((parameter) => parameter.startsWith("charset="));
  if (charset !== undefined && !/^charset="?utf-8"?$/.test(charset)) throw refused("The body is not in UTF-8. Send it in UTF-8.", 415);
  const body = parseJson(await request.body(), { maxValues: limits.variableValues });
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw refused('The body is not an object. Send {"query": "…", "variables": {…}}; several documents in one request are not taken.');
  return checkAsked(body as Readonly<Record<string, unknown>>);
}

/** Checks what is asked, as a body of JSON or a message has it. *Faults thrown*: `graphql_request_invalid`. */
export function checkAsked({ query, documentId, operationName, variables, extensions }: Readonly<Record<string, unknown>>): Asked {
  const textOf = (name: string, value: unknown): string | undefined => {
    if (value === undefined || value === null || typeof value === "string") return value ?? undefined;
    throw refused(`"${name}" is not a text. Send a text, or leave it out.`);
  };
  const objectOf = (name: string, value: unknown): Readonly<Record<string, unknown>> => {
    if (value === undefined || value === null) return {};
    if (typeof value === "object" && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>;
    throw refused(`"${name}" is not an object. Send an object, or leave it out.`);
  };
  return {
    query: textOf("query", query),
    documentId: textOf("documentId", documentId) ?? hashIn(extensions),
    operationName: textOf("operationName", operationName),
    variables: objectOf("variables", variables),
    extensions: objectOf("extensions", extensions),
  };
}

/** What some clients send in the place of a document: the hash of its text. */
function hashIn(extensions: unknown): string | undefined {
  const { persistedQuery } = (extensions ?? {}) as { readonly persistedQuery?: { readonly sha256Hash?: unknown } };
  const hash = persistedQuery?.sha256Hash;
  return typeof hash === "string" ? `sha256:${hash}` : undefined;
}

/** Refuses a request that has no document. *Faults*: `graphql_request_invalid`. */
export const documentMissing = (): Fault => refused('The request has no document. Send it in "query", or its name in "documentId".');
