import type { OperationRate } from "../pipeline/rates/operation-rate.ts";
import type { CompiledOperation } from "../pipeline/registry/compiled.ts";

/** The rates of an operation of its own. */
export function ratesOf({ rates }: CompiledOperation): readonly OperationRate[] {
  return [...rates.byCaller, ...rates.byInput];
}

/** The headers of a reply that announces rates. A reply has them once a request took of the rates, also if it failed later or found nothing changed. */
export const rateHeaders = {
  RateLimit: { $ref: "#/components/headers/RateLimit" },
  "RateLimit-Policy": { $ref: "#/components/headers/RateLimitPolicy" },
};

/** The response that says that the caller has the current version. */
export const notModified = {
  description: "The version that you have is still the current one.",
  headers: { ETag: { $ref: "#/components/headers/ETag" }, "X-Request-Id": { $ref: "#/components/headers/RequestId" } },
};

/** As {@link notModified}, for one operation. */
export function notModifiedFor(compiled: CompiledOperation): object {
  if (ratesOf(compiled).length === 0) return { $ref: "#/components/responses/NotModified" };
  return { ...notModified, headers: { ...notModified.headers, ...rateHeaders } };
}
