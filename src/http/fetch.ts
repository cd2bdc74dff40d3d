import type { SurfaceHost } from "../app/surface.ts";
import { Fault } from "../core/fault.ts";
import { parseJson } from "../core/json.ts";
import { parseTraceparent } from "../core/trace.ts";
import { type Actor, anonymous } from "../operation/actor.ts";
import type { RunningExecution } from "../pipeline/running-execution.ts";
import { type BodyLimits, isJson } from "./body.ts";
import { bearerToken, bindInput } from "./node-invocation.ts";
import { replyWithoutOperation } from "./pages.ts";
import { bodyEncoded, bodyTooLarge, notJson, urlTooLong } from "./problem.ts";
import { faultReply, type HttpReply, replyTo } from "./reply/reply.ts";
import { acceptableRequestId, type RequestHeaders, readHeaders, remainingMs } from "./request-headers.ts";
import type { HttpRouter, Match } from "./router.ts";

interface FetchContext {
  readonly host: SurfaceHost;
  readonly router: HttpRouter;
  /** As in a listener's options. */
  readonly pages: ReadonlyMap<string, HttpReply>;
  readonly limits: BodyLimits & { readonly urlBytes: number };
}

/** Answers a web request through the same pipeline as a connection's. */
export async function answerFetch(request: Request, context: FetchContext): Promise<Response> {
  const { host, router } = context;
  const url = new URL(request.url);
  const headers = readHeaders([...request.headers].flat());
  const requestId = acceptableRequestId(headers.requestId) ?? host.runtime.ids.spanId();
  const head = request.method === "HEAD";
  if (url.pathname.length + url.search.length > context.limits.urlBytes)
    return toResponse(faultReply({ fault: urlTooLong(context.limits.urlBytes), requestId }), head);
  const match = router.find(head ? "GET" : request.method, url.pathname);
  if (match === undefined)
    return toResponse(replyWithoutOperation(context, { method: request.method, path: url.pathname, requestId }), head);
  const reply = await run(request, { ...context, headers, match, query: url.search.slice(1) });
  return toResponse(reply, head);
}

type FetchRun = FetchContext & { readonly headers: RequestHeaders; readonly match: Match; readonly query: string };

function run(request: Request, { host, headers, match, query, limits }: FetchRun): Promise<HttpReply> {
  return new Promise((resolve) => {
    const { params, route } = match;
    let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
    const gone = () =>
      execution.stop(new Fault({ code: "cancelled", type: "client_disconnected", message: "The client went away before the answer." }));
    const bind = (body: unknown) => bindInput(route, { params, query, body, ifMatch: headers.ifMatch });
    const execution = host.runtime.start(route.operation, {
      surface: "fetch",
      address: undefined,
      requestId: acceptableRequestId(headers.requestId),
      trace: headers.traceparent === undefined ? undefined : parseTraceparent(headers.traceparent),
      remainingMs: remainingMs(headers.deadlineMs),
      idempotencyKey: headers.idempotencyKey,
      authenticate: () => authenticate(host, headers),
      readInput: (running) => {
        const take = (body: unknown): undefined => {
          running.input = bind(body);
        };
        if (!route.binder.takesBody || request.body === null) return take(undefined);
        reader = request.body.getReader();
        return readBody(reader, { headers, limits }).then(take);
      },
      reply: (done: RunningExecution) => {
        const reply = replyTo(done, route, headers);
        // What is not read by now nobody will read.
        reader?.cancel().catch(() => undefined);
        request.signal.removeEventListener("abort", gone);
        resolve(reply);
        const { status, body } = reply;
        return { method: request.method, route: route.path, status, requestBytes: 0, responseBytes: Buffer.byteLength(body) };
      },
    });
    if (request.signal.aborted) gone();
    else if (!execution.settled) request.signal.addEventListener("abort", gone, { once: true });
  });
}

function authenticate(host: SurfaceHost, { authorization }: RequestHeaders): Actor | Promise<Actor> {
  if (authorization === undefined || host.authenticator === undefined) return anonymous;
  return host.authenticator.authenticate(bearerToken(authorization));
}

async function readBody(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { headers, limits }: { readonly headers: RequestHeaders; readonly limits: BodyLimits },
): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    size += read.value.length;
    if (size > limits.bodyBytes) throw bodyTooLarge(limits.bodyBytes);
    chunks.push(read.value);
  }
  if (size === 0) return undefined;
  if (!isJson(headers.contentType)) throw notJson();
  if (headers.contentEncoding !== undefined && headers.contentEncoding !== "identity") throw bodyEncoded();
  return parseJson(Buffer.concat(chunks), { maxDepth: limits.jsonDepth });
}

function toResponse({ status, constant, headers: own, body }: HttpReply, head: boolean): Response {
  const headers = [...(constant?.pairs ?? []), ...own];
  const pairs: [string, string][] = [];
  for (let i = 0; i < headers.length; i += 2) pairs.push([headers[i] as string, headers[i + 1] as string]);
  return new Response(head || status === 204 || status === 304 ? null : body, { status, headers: pairs });
}
