import type { Fault } from "../core/fault.ts";
import { networkOf } from "../core/node/address.ts";
import type { Upload } from "../core/schema/opaque/upload.ts";
import { parseTrace } from "../core/trace.ts";
import { readCriticality } from "../operation/execution.ts";
import { callerLeft, signIn } from "../pipeline/sign-in.ts";
import type { RunningExecution } from "../pipeline/state/running-execution.ts";
import { type BodyLimits, type BodyReader, BodyShare, type BodyTerms } from "./body.ts";
import { BodyBytes } from "./body-bytes.ts";
import { compressed } from "./compression/compression.ts";
import type { Cors } from "./cors/cors.ts";
import type { HttpHost } from "./credentials/credential-fields.ts";
import { signInByFields } from "./credentials/sign-in.ts";
import { protocolRemainingMs } from "./deadline/protocol-timeouts.ts";
import { remainingMs } from "./deadline/remaining.ts";
import { piecesOf } from "./download/transfer.ts";
import { urlTooLong } from "./faults.ts";
import type { ServerHeaders } from "./headers/security.ts";
import { anonymousBytes, bindInput, prepareOutput, versionRefused } from "./node-invocation.ts";
import { replyWithoutOperation } from "./pages.ts";
import type { Proxies } from "./peer/proxies.ts";
import { forPerson } from "./problem-page/page.ts";
import { HttpFacts } from "./reply/facts.ts";
import { faultReply, type HttpReply, replyTo } from "./reply/reply.ts";
import { acceptableRequestId, type RequestHeaders, readHeaders } from "./request-headers.ts";
import type { HttpRouter, Match } from "./router.ts";
import { readAsked } from "./stream/asked.ts";
import { FetchStreaming, type StreamedReply } from "./stream/fetch-streaming.ts";
import { FetchSource } from "./uploads/fetch-source.ts";
import { readUpload } from "./uploads/upload-reading.ts";
import { type WebRequestParts, webInputOf } from "./web/request.ts";
import { upgradeRequired } from "./websocket/handshake.ts";

interface FetchContext {
  readonly host: HttpHost;
  readonly router: HttpRouter;
  /** As in a listener's options. */
  readonly pages: ReadonlyMap<string, HttpReply>;
  readonly limits: BodyLimits & { readonly urlBytes: number; readonly sendStallMs: number };
  readonly bodies: BodyReader;
  readonly proxies: Proxies | undefined;
  readonly cors: Cors | undefined;
  readonly own: ServerHeaders | undefined;
  /** Where the request came from, as far as that is known. */
  readonly peer: string | undefined;
}

/** The rate of all strangers of whom no address is known. */
const unknownAddress = "unknown";

/** Answers a web request through the same pipeline as a connection's. */
export async function answerFetch(request: Request, context: FetchContext): Promise<Response> {
  const headers = readHeaders([...request.headers].flat());
  const reply = forPerson(await answer(request, context, headers), headers.accept);
  context.cors?.allowReading(reply.headers, headers.origin);
  const constant = reply.constant && (context.own?.of(reply.constant) ?? reply.constant);
  return toResponse({ ...reply, ...(constant !== undefined && { constant }) }, request);
}

async function answer(request: Request, context: FetchContext, headers: RequestHeaders): Promise<HttpReply> {
  const { host, router, peer, proxies } = context;
  const url = new URL(request.url);
  const requestId = acceptableRequestId(headers.requestId) ?? host.runtime.ids.spanId();
  if (url.pathname.length + url.search.length > context.limits.urlBytes)
    return faultReply({ fault: urlTooLong(context.limits.urlBytes), requestId });
  const address = peer === undefined ? unknownAddress : networkOf(proxies?.callerOf(peer, headers) ?? peer);
  const match = router.find(request.method === "HEAD" ? "GET" : request.method, url.pathname);
  if (match !== undefined) return run(request, { ...context, headers, match, address, query: url.search.slice(1) });
  const limited = await host.runtime.limitStranger(address);
  if (limited !== undefined) return faultReply({ fault: limited, requestId });
  return replyWithoutOperation(context, { method: request.method, path: url.pathname, requestId, headers });
}

interface FetchRun extends FetchContext {
  readonly headers: RequestHeaders;
  readonly match: Match;
  readonly query: string;
  readonly address: string;
}

function run(request: Request, { host, headers, match, query, address, bodies, limits }: FetchRun): Promise<HttpReply> {
  return new Promise((resolve) => {
    const { params, route } = match;
    let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
    let uploading: ReturnType<typeof readUpload>;
    const gone = () => execution.stop(callerLeft());
    const lines = [...request.headers].flat();
    const picked = route.binder.fields?.pick(lines);
    const ways = { stallMs: limits.sendStallMs, isHead: request.method === "HEAD", left: gone, opened: resolve };
    const streaming = route.operation.stream && new FetchStreaming(readAsked(lines), ways);
    const bind = (running: RunningExecution, body: unknown) =>
      route.operation.traits.plain === true
        ? webInputOf({ ...partsOf(request), ...{ lines, params, query, body: body as Upload | undefined, signal: running.signal } })
        : bindInput(route, { params, query, body, ifMatch: headers.ifMatch, picked, accept: headers.accept });
    const execution = host.runtime.start(route.operation, {
      surface: "fetch",
      address,
      requestId: acceptableRequestId(headers.requestId),
      trace: parseTrace(headers.traceparent, headers.tracestate),
      remainingMs: remainingMs(headers),
      criticality: readCriticality(headers.criticality),
      internalRemainingMs: () => protocolRemainingMs(headers),
      ...{ idempotencyKey: headers.idempotencyKey, after: headers.after },
      ...(streaming && { lastEventId: streaming.lastEventId, openStream: (...given) => streaming.open(...given) }),
      authenticate: (running) => {
        const { authenticator, credentials: fields } = host;
        if (fields === undefined || authenticator === undefined) return signIn(running, authenticator, headers.authorization);
        return signInByFields(running, authenticator, { headers, picked: fields.pick(lines), writes: route.verb !== "GET" });
      },
      readInput: (running) => {
        streaming?.check();
        if (route.operation.receives !== undefined) throw upgradeRequired();
        const take = (body: unknown): undefined => {
          running.input = bind(running, body);
        };
        if (!route.binder.takesBody || (route.http.requestBytes !== undefined && request.body === null)) return take(undefined);
        if (route.upload !== undefined) {
          const refuse = (fault: unknown) => running.stop(fault as Fault);
          const taker = { take, refuse, clock: running.host.clock, keep: () => undefined, anonymousBytes: anonymousBytes(running, route) };
          const isEmpty = request.body === null;
          uploading = readUpload(new FetchSource(request, headers, gone), route.upload, { taker, bodies, isEmpty });
          return uploading;
        }
        if (request.body === null) return take(undefined);
        reader = request.body.getReader();
        return readBody(reader, { headers, bodies, format: route.format, anonymousBytes: anonymousBytes(running, route) }).then(take);
      },
      refuseInput: (problems) => versionRefused(route, headers, problems),
      prepare: (output) => prepareOutput(route, output),
      reply: (done: RunningExecution) => {
        const streamed = streaming?.end(done);
        if (streamed !== undefined) {
          request.signal.removeEventListener("abort", gone);
          return new HttpFacts(route.labels.of(request.method, 200), 0, streamed);
        }
        const plain = replyTo(done, route, headers);
        if (request.method === "HEAD") plain.download?.drop?.();
        const reply = route.compression === undefined ? plain : compressed(plain, headers.acceptEncoding, route.compression);
        // The rest of the body will not be read any more.
        if (uploading === undefined) (reader ?? request.body)?.cancel().catch(() => undefined);
        else uploading.stop(done.fault);
        request.signal.removeEventListener("abort", gone);
        resolve(reply);
        return new HttpFacts(route.labels.of(request.method, reply.status), 0, Buffer.byteLength(reply.body));
      },
    });
    if (request.signal.aborted) gone();
    else if (!execution.settled) request.signal.addEventListener("abort", gone, { once: true });
  });
}

function partsOf({ url, method }: Request): Pick<WebRequestParts, "protocol" | "host" | "method" | "path"> {
  const { protocol, host, pathname } = new URL(url);
  return { protocol: protocol === "https:" ? "https" : "http", host, method, path: pathname };
}

async function readBody(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { headers, bodies, ...terms }: BodyTerms & { readonly headers: RequestHeaders; readonly bodies: BodyReader },
): Promise<unknown> {
  const body = new BodyBytes();
  const share = new BodyShare(bodies);
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      bodies.admit(headers, body.size + read.value.length, terms);
      share.take(read.value.length);
      body.add(read.value);
    }
    const bytes = body.all();
    return bytes === undefined ? undefined : terms.format.parse(bytes, bodies.limits);
  } finally {
    share.free();
  }
}

function toResponse(
  { status, constant, headers: own, body, download, stream }: HttpReply & Partial<StreamedReply>,
  { method, signal }: Request,
): Response {
  const headers = [...(constant?.pairs ?? []), ...own];
  const pairs: [string, string][] = [];
  for (let i = 0; i < headers.length; i += 2) pairs.push([headers[i] as string, headers[i + 1] as string]);
  const bytes = stream ?? (download && ReadableStream.from(piecesOf(download, signal)));
  if (download?.length !== undefined) pairs.push(["content-length", String(download.length)]);
  return new Response(method === "HEAD" ? null : (bytes ?? (body === "" ? null : body)), { status, headers: pairs });
}
