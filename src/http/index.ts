export type { CspSources } from "../operation/online/http-head.ts";
export { httpStatusOf } from "../surface/http-status.ts";
export type { CorsOptions } from "./cors/cors.ts";
export type { Origins } from "./cors/origins.ts";
export { csp, cspHash } from "./headers/csp.ts";
export type { SecurityOptions } from "./headers/security.ts";
export { type HttpLimits, type HttpSpec, http } from "./http.ts";
export type { TrustProxy } from "./peer/proxies.ts";
export type { HttpTls } from "./tls/tls-options.ts";
