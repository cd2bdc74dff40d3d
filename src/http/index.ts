export { type HttpLimits, type HttpSpec, http } from "./http.ts";
