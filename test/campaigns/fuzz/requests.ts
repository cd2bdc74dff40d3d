import type { Dice, Json, Values } from "./values.ts";

/** One operation of a document. */
export interface Operation {
  readonly path: string;
  readonly verb: string;
  readonly name: string;
  readonly json: Json;
}

/** One request, as it is sent. */
export interface FuzzRequest {
  readonly operation: Operation;
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer | undefined;
  /** Whether it may miss every path. */
  readonly astray: boolean;
  /** Whose token it has; undefined where it has none. */
  readonly caller: string | undefined;
}

/** What callers have, and whom an operation has let in. */
export interface Callers {
  readonly tokens: ReadonlyMap<string, string>;
  readonly tenants: ReadonlyMap<string, string>;
  readonly welcome: ReadonlyMap<string, ReadonlySet<string>>;
}

/** The last version of what a path names, for `If-Match`. */
export type Versions = ReadonlyMap<string, string>;

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "PROPFIND"];
const oddHeaders: readonly Readonly<Record<string, string>>[] = [
  ...[
    "text/plain",
    "application/xml",
    "application/json; charset=latin1",
    "",
    "multipart/form-data; boundary=x",
    "application/problem+json",
  ].map((type) => ({ "content-type": type })),
  ...["gzip", "br", "identity", "x"].map((encoding) => ({ "content-encoding": encoding })),
  ...["Bearer x", "Bearer a.b.c", "Basic eDp4", "Bearer ", "Bearer eyJhbGciOiJub25lIn0.e30.", `Bearer ${"x".repeat(9_000)}`].map(
    (authorization) => ({
      authorization,
    }),
  ),
  ...["miracles", "100-continue, x"].map((expect) => ({ expect })),
  ...["*", "3", 'W/"1"', '"1", "2"', '"x"', '""', `"${"9".repeat(300)}"`].map((version) => ({ "if-match": version })),
  ...["*", '"1"', 'W/"2"', "x"].map((version) => ({ "if-none-match": version })),
  ...["", "k".repeat(256), "a b", "\u00e9", "same"].map((key) => ({ "idempotency-key": key })),
  ...["0", "1", "-5", "x", "999999999999"].map((left) => ({ "plimsoll-deadline-ms": left })),
  ...["x", "00-0-0-0"].map((traceparent) => ({ traceparent })),
  ...["", "a b", "x".repeat(200)].map((id) => ({ "x-request-id": id })),
  ...["text/html", "application/xml;q=1"].map((accept) => ({ accept })),
];
const oddBodies: readonly (string | Buffer)[] = [
  ...[
    "",
    "{",
    "[]",
    "null",
    "1",
    '"x"',
    "{}}",
    '{"a":1,"a":2}',
    '{"__proto__":{}}',
    '{"constructor":{"prototype":1}}',
    '{"a":"\\ud800"}',
    "[".repeat(5_000),
  ],
  ...['{"a":1e400}', "\ufeff{}", `{"${"k".repeat(3_000)}":1}`, `[${"1,".repeat(150_000)}1]`, JSON.stringify({ x: "y".repeat(1_100_000) })],
  ...[Buffer.from([0x7b, 0xff, 0x7d]), Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
];
const oddTexts = ["%ff", "%zz", "%", "%00", "%2e%2e", "%2F", "", "x".repeat(600), "x".repeat(9_000), "%F0%9F%98%80", "+", "a;b"];

/** Makes requests of a document: most are what it allows, the others differ in one thing or two. */
export class Requests {
  readonly #dice: Dice;
  readonly #values: Values;
  readonly #callers: Callers;
  readonly #versions: Versions;

  constructor(parts: { readonly dice: Dice; readonly values: Values; readonly callers: Callers; readonly versions: Versions }) {
    this.#dice = parts.dice;
    this.#values = parts.values;
    this.#callers = parts.callers;
    this.#versions = parts.versions;
  }

  make(operation: Operation): FuzzRequest {
    const right = this.#right(operation);
    const roll = this.#dice.next();
    if (roll < 0.6) return right;
    if (roll < 0.72) return { ...right, ...this.#mutated(operation, right) };
    if (roll < 0.82) return { ...right, headers: { ...right.headers, ...this.#dice.one(oddHeaders) } };
    if (roll < 0.88) return this.#withBody(right, this.#dice.one(oddBodies));
    if (roll < 0.93) return this.#oddUrl(operation, right);
    if (roll < 0.97) return { ...right, method: this.#dice.one(methods) };
    return this.#without(right);
  }

  #right(operation: Operation): FuzzRequest {
    const { json, verb } = operation;
    const headers: Record<string, string> = {};
    const fields: Record<string, string> = {};
    const search: string[] = [];
    const caller = this.#caller(operation);
    this.#values.scopes = caller === undefined ? [] : [caller, this.#callers.tenants.get(caller) ?? ""];
    for (const given of json.parameters ?? []) {
      const { in: place, name, schema, required } = this.#values.follow(given);
      if (!required && this.#dice.hits(place === "header" ? 0.8 : 0.6)) continue;
      const value = this.#values.of(schema, name);
      const text = encodeURIComponent(String(value));
      if (place === "path") fields[name] = text;
      else if (place === "header") headers[name.toLowerCase()] = name === "Idempotency-Key" ? this.#dice.uuid() : '"1"';
      else if (Array.isArray(value)) search.push(...value.map((item) => `${name}=${encodeURIComponent(String(item))}`));
      else search.push(`${name}=${text}`);
    }
    const path = operation.path.replaceAll(/\{([^}]+)\}/g, (_, name: string) => fields[name] || "x");
    if ("if-match" in headers) headers["if-match"] = this.#versions.get(path.split("/").slice(0, 4).join("/")) ?? '"1"';
    if (caller !== undefined) headers.authorization = `Bearer ${this.#callers.tokens.get(caller)}`;
    const target = search.length === 0 ? path : `${path}?${search.join("&")}`;
    const request = { operation, method: verb.toUpperCase(), target, headers, body: undefined, astray: false, caller };
    const content = json.requestBody?.content["application/json"];
    return content === undefined ? request : this.#withBody(request, JSON.stringify(this.#values.of(content.schema)));
  }

  /** Mostly an actor for whom it succeeded before. */
  #caller({ name, json }: Operation): string | undefined {
    if (json["x-access"] === "public" && this.#dice.hits(0.7)) return undefined;
    const welcome = [...(this.#callers.welcome.get(name) ?? [])];
    return welcome.length > 0 && this.#dice.hits(0.9) ? this.#dice.one(welcome) : this.#dice.one([...this.#callers.tokens.keys()]);
  }

  #withBody(request: FuzzRequest, body: string | Buffer): FuzzRequest {
    return { ...request, body, headers: { "content-type": "application/json", ...request.headers } };
  }

  #mutated({ json }: Operation, right: FuzzRequest): Partial<FuzzRequest> {
    if (typeof right.body === "string") return { body: JSON.stringify(this.#values.mutated(JSON.parse(right.body))) };
    const inQuery = (json.parameters ?? []).map((given: Json) => this.#values.follow(given)).filter((given: Json) => given.in === "query");
    const names = [...inQuery.map((given: Json) => given.name), "extra"];
    const junk = this.#dice.one(["", "x", "-1", "1e999", "9".repeat(30), "\u0000", "-".repeat(34), "true", "null", "[]", "😀"]);
    return { target: `${right.target}${right.target.includes("?") ? "&" : "?"}${this.#dice.one(names)}=${encodeURIComponent(junk)}` };
  }

  #oddUrl({ path }: Operation, right: FuzzRequest): FuzzRequest {
    const text = this.#dice.one(oddTexts);
    if (path.includes("{") && this.#dice.hits(0.5)) return { ...right, target: path.replaceAll(/\{[^}]+\}/g, text), astray: true };
    return {
      ...right,
      target: `${right.target}${right.target.includes("?") ? "&" : "?"}${this.#dice.one(["q", "limit", "cursor", "query", text])}=${text}`,
    };
  }

  /** Without one of its headers, or its body. */
  #without(right: FuzzRequest): FuzzRequest {
    const name = this.#dice.one([...Object.keys(right.headers), "body"]);
    if (name === "body") return { ...right, body: undefined };
    const headers = Object.fromEntries(Object.entries(right.headers).filter(([key]) => key !== name));
    return name === "authorization" ? { ...right, headers, caller: undefined } : { ...right, headers };
  }
}
