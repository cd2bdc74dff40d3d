import type { ClientRoute } from "../surface/client/client-routes.ts";

/** What is sent: all but the address of the service and what each attempt adds. */
export interface PreparedRequest {
  readonly method: string;
  /** The path, and the query with its question mark. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: BodyInit | undefined;
}

type BodyInit = string | FormData | URLSearchParams | Blob | Uint8Array<ArrayBuffer>;
type Fields = Record<string, unknown>;

/** Puts the fields of an input where its route has them: path, headers, cookies, query and body. */
export function prepare(contract: ClientRoute, input: unknown): PreparedRequest {
  const [method = "", template = ""] = contract.route.split(" ");
  const rest: Fields = { ...(input as Fields | undefined) };
  const take = (field: string): unknown => {
    const value = rest[field];
    delete rest[field];
    return value;
  };
  const headers: Record<string, string> = {};
  const set = (name: string, value: unknown, write: (value: unknown) => string) => {
    if (value !== undefined && value !== null) headers[name.toLowerCase()] = write(value);
  };
  // The whole path is read before its fields are removed: one may stand in it twice.
  const path = template.replaceAll(/\{(.+?)\}/g, (_, field: string) => encodeURIComponent(String(take(field))));
  for (const [field, name] of Object.entries(contract.headers ?? {})) set(name, take(field), headerText);
  if (contract.ifMatch !== undefined) set("if-match", take(contract.ifMatch), (version) => `"${version}"`);
  const cookies = Object.entries(contract.cookies ?? {}).flatMap(([field, name]) => pair(name, take(field)));
  if (cookies.length > 0) headers.cookie = cookies.join("; ");
  if (method === "GET" || method === "DELETE") {
    const query = String(texts(rest, new URLSearchParams()));
    return { method, path: query === "" ? path : `${path}?${query}`, headers, body: undefined };
  }
  return { method, path, headers, body: bodyOf(contract, rest, headers) };
}

function bodyOf({ body = "json" }: ClientRoute, rest: Fields, headers: Record<string, string>): BodyInit | undefined {
  if (body === "raw") return rest.body as Blob | undefined;
  if (body === "form") return texts(rest, new URLSearchParams());
  if (body === "multipart") return texts(rest, new FormData());
  if (Object.keys(rest).length === 0) return undefined;
  headers["content-type"] = "application/json";
  return JSON.stringify(rest);
}

/** Appends the fields as text; of an array each item, and a file as it is. */
function texts<T extends URLSearchParams | FormData>(fields: Fields, to: T): T {
  for (const [name, value] of Object.entries(fields))
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined && one !== null) to.append(name, one instanceof Blob ? (one as never) : String(one));
  return to;
}

function pair(name: string, value: unknown): string[] {
  return value === undefined || value === null ? [] : [`${name}=${value}`];
}

/** *Source*: RFC 9110 §5.6.4: an item with what separates items stands in quotes. */
function headerText(value: unknown): string {
  return Array.isArray(value)
    ? value.map((item) => (/^[^",\s\\]+$/.test(`${item}`) ? item : JSON.stringify(`${item}`))).join(", ")
    : `${value}`;
}
