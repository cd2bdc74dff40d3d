// Calls to other services: what an application imports from "plimsoll/upstream".
export type { Resolve } from "./connection/lookup.ts";
export type { UpstreamTls } from "./connection/tls.ts";
export { HttpClient, type HttpClients, httpClient, httpClients } from "./http-client.ts";
export type { HttpClientOptions } from "./options.ts";
export { HttpOrigins, type HttpOriginsOptions, httpOrigins, type OriginRequest } from "./origins.ts";
export type { HeaderValues } from "./request/headers.ts";
export type { BodyOf, HttpReply, HttpRequest, IdempotentMethod, Refusal, ReplyForm, RequestParts, Sent } from "./request/request.ts";
export type { TargetParts, TargetValue } from "./request/target.ts";
