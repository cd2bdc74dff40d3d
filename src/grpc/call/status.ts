import type { Code } from "../../core/code.ts";
import type { Fault } from "../../core/fault.ts";
import { type Part, writeParts } from "../../protobuf/descriptor/wire.ts";
import { statusNumbers } from "../../protobuf/status-numbers.ts";
import { grpcLimits } from "../limits.ts";

const hidden = "The server failed to handle the request and logged the cause. Try again later, or report the request id.";

/** A fault as its caller sees it: what a bug says stays here. */
export interface ShownFault {
  readonly code: Code;
  readonly type: string;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly problems: readonly { readonly pointer: string; readonly message: string }[];
  readonly retryAfterMs: number | undefined;
}

/** What a caller sees of a fault, on every protocol of this port. */
export function showFault({ code, type, message, details, retryAfterMs }: Fault): ShownFault {
  if (code === "internal") return { code, type: code, message: hidden, details: {}, problems: [], retryAfterMs };
  const { problems, ...rest } = (details ?? {}) as Record<string, unknown>;
  return { code, type, message, details: rest, problems: Array.isArray(problems) ? problems : [], retryAfterMs };
}

/** One detail of `google.rpc.Status`, by the name of its message. */
export interface Detail {
  readonly type: string;
  readonly bytes: Buffer;
}

/**
 * The details of a fault: `ErrorInfo` with its type and details, `RetryInfo` where it says when to come back, and `BadRequest` with the problems of the input.
 * *Bounds*: `detailBytes` together; problems that do not fit are left out. *Source*: google/rpc/error_details.proto.
 */
export function detailsOf({ type, details, problems, retryAfterMs }: ShownFault, domain: string): readonly Detail[] {
  const metadata = Object.entries(details).flatMap(([key, value]): readonly Part[] => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return text === undefined
      ? []
      : [
          [
            3,
            [
              [1, key],
              [2, text],
            ],
          ],
        ];
  });
  const found: Detail[] = [{ type: "google.rpc.ErrorInfo", bytes: writeParts([[1, type], [2, domain], ...metadata]) }];
  if (retryAfterMs !== undefined) {
    const seconds = Math.floor(retryAfterMs / 1_000);
    const nanos = Math.round((retryAfterMs - seconds * 1_000) * 1_000_000);
    found.push({
      type: "google.rpc.RetryInfo",
      bytes: writeParts([
        [
          1,
          [
            [1, seconds],
            [2, nanos],
          ],
        ],
      ]),
    });
  }
  if (problems.length > 0) found.push({ type: "google.rpc.BadRequest", bytes: badRequest(problems) });
  return within(found);
}

function badRequest(problems: ShownFault["problems"]): Buffer {
  let left: number = grpcLimits.detailBytes / 2;
  const violations: Part[] = [];
  for (const { pointer, message } of problems) {
    left -= Buffer.byteLength(pointer) + Buffer.byteLength(message) + 8;
    if (left < 0) break;
    violations.push([
      1,
      [
        [1, pointer],
        [2, message],
      ],
    ]);
  }
  return writeParts(violations);
}

/** Callers refuse trailers that are too long: then there is the type alone. */
function within(details: readonly Detail[]): readonly Detail[] {
  let left: number = grpcLimits.detailBytes;
  return details.filter(({ bytes }) => {
    if (bytes.length > left) return false;
    left -= bytes.length;
    return true;
  });
}

/** Writes `google.rpc.Status`. */
export function statusBytes(shown: ShownFault, domain: string): Buffer {
  const details = detailsOf(shown, domain).map(
    ({ type, bytes }): Part => [
      3,
      [
        [1, `type.googleapis.com/${type}`],
        [2, bytes],
      ],
    ],
  );
  return writeParts([[1, statusNumbers[shown.code]], [2, shown.message], ...details]);
}

/** A text as `grpc-message` has it. *Source*: gRPC over HTTP2, Status-Message. */
export function messageText(message: string): string {
  return message
    .slice(0, 1_024)
    .replaceAll(/[^ -$&-~]/gu, (char) =>
      [...Buffer.from(char)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
    );
}
