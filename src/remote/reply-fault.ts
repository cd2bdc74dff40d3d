import { type Code, codes } from "../core/code.ts";
import { Fault } from "../core/fault.ts";
import type { AwayContract } from "../operation/away/away.ts";
import { faultTrailer, readFault } from "../protobuf/inside.ts";
import { statusNumbers } from "../protobuf/status-numbers.ts";
import type { Exchange } from "./connection/exchange.ts";
import { contractUnknown } from "./faults.ts";

const byNumber: ReadonlyMap<number, Code> = new Map(Object.entries(statusNumbers).map(([code, number]) => [number, code as Code]));

type Reply = Extract<Exchange, { is: "reply" }>;

/** The fault of a reply, as the operation threw it: of its class where the contract declares it. What replied and is no Plimsoll has its status alone. */
export function faultOf({ status, said }: Reply, { name, faults }: AwayContract): Fault {
  const code = byNumber.get(status) ?? "internal";
  const given = readFault(textOf(said[faultTrailer]));
  const message = given?.message ?? (decoded(textOf(said["grpc-message"])) || codes[code].title);
  const fault = new Fault({
    ...{ code, type: given?.type ?? code, message, details: given?.details },
    ...(given?.retryAfterMs !== undefined && { retryAfterMs: given.retryAfterMs }),
    ...(given?.status !== undefined && { status: given.status }),
  });
  // It was deployed before the operation was written, or after it was removed.
  if (fault.type === "method_unknown") return contractUnknown(name);
  const declared = faults.get(fault.type);
  // Callers tell it apart by its class, whose constructor may ask for more than came.
  if (declared !== undefined) Object.setPrototypeOf(fault, declared.prototype);
  return fault;
}

const textOf = (value: string | readonly string[] | undefined): string => (typeof value === "string" ? value : (value?.[0] ?? ""));

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
