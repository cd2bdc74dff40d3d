import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Books } from "./books.ts";
import { Notices } from "./notices.ts";
import { actOf, drawn, Temper } from "./temper.ts";
import { type LedgerLine, paths, requests } from "./wire.ts";

const mostBytes = 16_384;
const mostKeyChars = 200;
const mostConnections = 256;
/** Keys whose attempts are counted; beyond that the oldest is forgotten. */
const mostKeys = 10_000;
const mostPage = 500;

/** Where a provider keeps its books, and whom it notifies. */
export interface ProviderPlace {
  /** The file of its books; a function of the port, where a free one is taken. */
  readonly books: string | ((port: number) => string);
  /** *Default*: a free one. */
  readonly port?: number;
  readonly seed?: number;
  /** Who gets signed notices. *Default*: none are sent. */
  readonly notify?: { readonly url: string; readonly secret: string };
}

/** A provider that runs. */
export interface Provider {
  readonly url: string;
  /** Resolves when no notice is under way. */
  noticed(): Promise<void>;
  close(): Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly body: object;
  readonly line?: LedgerLine;
}

/** Starts a payment provider on 127.0.0.1, with a temper. */
export async function startProvider(
  temper: Partial<Temper>,
  { books: file, port = 0, seed = 1, notify }: ProviderPlace,
): Promise<Provider> {
  const script = Temper.parse(temper);
  const notices = new Notices(notify, script, seed);
  const attempts = new Map<string, number>();
  let books: Books | undefined;
  const server = createServer({ headersTimeout: 5_000, requestTimeout: 10_000, maxHeaderSize: 8_192 }, (request, response) => {
    void serve(request, response).catch(() => response.destroy());
  });
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://provider");
    if (books === undefined) return send(response, { status: 503, body: {} });
    if (request.method === "GET" && pathname === "/ledger_lines") return send(response, { status: 200, body: pageOf(books, searchParams) });
    const type = request.method === "POST" ? paths[pathname] : undefined;
    if (type === undefined) return send(response, { status: 404, body: { error_code: "unknown_path" } });
    const key = String(request.headers["idempotency-key"] ?? "");
    if (key === "" || key.length > mostKeyChars) return send(response, { status: 400, body: { error_code: "key_required" } });
    const asked = await read(request);
    if (asked === undefined) return send(response, { status: 413, body: { error_code: "body_too_large" } });
    const attempt = count(attempts, `${type} ${key}`);
    const act = actOf(script, seed, { key: `${type} ${key}`, attempt });
    if (act === "stalls") return;
    if (act === "fails") return send(response, { status: 500, body: {} });
    const reply = book(books, { type, key, asked, isDeclined: (reference) => drawn(seed, `card ${reference}`) < script.declines });
    if (reply.line !== undefined) notices.send(reply.line);
    if (act === "timesOutAfter") return;
    if (act === "garbles") return void response.writeHead(200, { "content-type": "application/json" }).end("<html>");
    if (act === "refusesAfter") return void response.writeHead(refusalOf(seed, key), { "content-type": "text/html" }).end("<html>");
    send(response, act === "answersOther" ? { status: 200, body: { maintenance: true } } : reply);
  };
  server.maxConnections = mostConnections;
  await new Promise<void>((resolve, reject) => void server.once("error", reject).listen(port, "127.0.0.1", resolve));
  const taken = (server.address() as AddressInfo).port;
  books = new Books(typeof file === "string" ? file : file(taken));
  return {
    url: `http://127.0.0.1:${taken}`,
    noticed: () => notices.sent(),
    async close() {
      server.closeAllConnections();
      await Promise.all([new Promise((resolve) => server.close(resolve)), notices.close()]);
      books?.close();
    },
  };
}

interface Asked {
  readonly type: LedgerLine["line_type"];
  readonly key: string;
  readonly asked: unknown;
  readonly isDeclined: (reference: string) => boolean;
}

/** Books what is asked for, once for each key. */
function book(books: Books, { type, key, asked, isDeclined }: Asked): Reply {
  const parsed = requests[type].safeParse(asked);
  if (!parsed.success) return { status: 422, body: { error_code: "unreadable" } };
  const wanted = { amount_minor: undefined, currency_code: undefined, ...parsed.data };
  const { merchant_ref, amount_minor = 0, currency_code = "" } = wanted;
  const before = books.booked(type, key);
  if (before !== undefined) {
    const isSame = before.merchant_ref === merchant_ref && (type === "reversal" || before.amount_minor === amount_minor);
    return isSame ? { status: 200, body: before } : { status: 422, body: { error_code: "key_reused" } };
  }
  if (books.isFull) return { status: 507, body: { error_code: "books_full" } };
  const { leftMinor, currency, isReversed } = books.standing(merchant_ref);
  const line = { line_type: type, merchant_ref, idempotency_key: key };
  if (type === "reversal") return booked(books.append({ ...line, amount_minor: leftMinor, currency_code: currency }));
  if (type === "capture" && isReversed) return { status: 409, body: { error_code: "reversed_before" } };
  if (type === "capture" && isDeclined(merchant_ref)) return { status: 402, body: { error_code: "card_declined" } };
  if (type === "repayment" && (amount_minor > leftMinor || currency_code !== currency))
    return { status: 409, body: { error_code: "nothing_left" } };
  return booked(books.append({ ...line, amount_minor, currency_code }));
}

const booked = (line: LedgerLine): Reply => ({ status: 201, body: line, line });

/** What proxies say, though the request behind them may have been carried out. */
const refusals = [400, 403, 404, 408, 409, 413, 421, 425, 429, 431] as const;
const refusalOf = (seed: number, key: string) => refusals[Math.floor(drawn(seed, `refusal ${key}`) * refusals.length)] ?? 400;

function pageOf(books: Books, asked: URLSearchParams): object {
  const whole = (name: string, most: number) => Math.min(most, Math.max(0, Math.trunc(Number(asked.get(name)) || 0)));
  const size = whole("page_size", mostPage) || mostPage;
  return books.page({ prefix: asked.get("ref_prefix") ?? "", after: whole("after_seq", Number.MAX_SAFE_INTEGER), size });
}

function count(attempts: Map<string, number>, key: string): number {
  const attempt = (attempts.get(key) ?? 0) + 1;
  attempts.delete(key);
  attempts.set(key, attempt);
  const [oldest] = attempts.keys();
  if (attempts.size > mostKeys && oldest !== undefined) attempts.delete(oldest);
  return attempt;
}

/** Returns undefined where there is more than may be; what is no JSON is read as null, which fits nothing. */
async function read(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > mostBytes) return undefined;
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString());
  } catch {
    return null;
  }
}

function send(response: ServerResponse, { status, body }: Reply): void {
  if (!response.destroyed) response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
