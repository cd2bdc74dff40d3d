export { httpStatusOf } from "../surface/http-status.ts";
export { type HttpLimits, type HttpSpec, http } from "./http.ts";
export type { TrustProxy } from "./peer/proxies.ts";
