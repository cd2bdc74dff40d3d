import { timeoutInvalid } from "../faults.ts";
import type { RequestHeaders } from "../request-headers.ts";

/** How many milliseconds a unit of `grpc-timeout` has. */
const units: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

/**
 * What a caller has left, in the words of the protocols that it or its proxy speaks: the least of them, undefined where it says nothing. *Units*: milliseconds.
 * *Faults thrown*: `invalid_argument` of type `timeout_invalid`, where the protocol's own servers refuse the value: gRPC and Connect do, Envoy passes over it.
 * *Source*: gRPC over HTTP2 (`TimeoutValue`), the Connect protocol (`Connect-Timeout-Ms`), Envoy's router (`x-envoy-expected-rq-timeout-ms`).
 */
export function protocolRemainingMs({ grpcTimeout, connectTimeoutMs, envoyTimeoutMs }: RequestHeaders): number | undefined {
  const said = [grpcMs(grpcTimeout), connectMs(connectTimeoutMs), envoyMs(envoyTimeoutMs)].filter((ms) => ms !== undefined);
  return said.length === 0 ? undefined : Math.min(...said);
}

function grpcMs(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const [, digits, unit = ""] = /^(\d{1,8})([HMSmun])$/.exec(value) ?? [];
  if (digits === undefined) throw timeoutInvalid("grpc-timeout", "1 to 8 digits and one of the units H, M, S, m, u and n, as in 250m");
  return Number(digits) * (units[unit] ?? 0);
}

function connectMs(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^\d{1,10}$/.test(value)) throw timeoutInvalid("connect-timeout-ms", "1 to 10 digits, as in 250");
  return Number(value);
}

/** An Envoy for which a request has no timeout says 0. */
function envoyMs(value: string | undefined): number | undefined {
  return value !== undefined && /^[1-9]\d{0,15}$/.test(value) ? Number(value) : undefined;
}
