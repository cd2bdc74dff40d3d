import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import { Fault } from "../../core/fault.ts";
import { Frames } from "../../protobuf/frames.ts";
import type { Connection } from "./connection.ts";

const cancel = 8;
const refusedStream = 7;

/** What is sent of one call, and how much may come back. */
export interface Exchanged {
  readonly headers: OutgoingHttpHeaders;
  /** With its frame. */
  readonly message: Buffer;
  readonly signal: AbortSignal;
  readonly replyBytes: number;
}

/** What one attempt brought. */
export type Exchange =
  | { readonly is: "reply"; readonly status: number; readonly message: Buffer | undefined; readonly said: IncomingHttpHeaders }
  /** `reached`: whether the callee may have begun. */
  | { readonly is: "lost"; readonly reached: boolean; readonly cause: unknown }
  /** The caller's time is over. */
  | { readonly is: "left" }
  | { readonly is: "unreadable"; readonly cause: unknown };

/** Sends one message and waits for the reply. Never rejects; when it resolves, it holds nothing. */
export function exchange(connection: Connection, { headers, message, signal, replyBytes }: Exchanged): Promise<Exchange> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve({ is: "left" });
    let stream: ReturnType<Connection["begin"]>;
    try {
      stream = connection.begin(headers);
    } catch (cause) {
      return resolve({ is: "lost", reached: false, cause });
    }
    const frames = new Frames(replyBytes);
    let said: IncomingHttpHeaders = {};
    let isKnown = false;
    let cause: unknown;
    const end = (outcome: Exchange) => {
      signal.removeEventListener("abort", leave);
      resolve(outcome);
    };
    const leave = () => {
      stream.close(cancel);
      end({ is: "left" });
    };
    signal.addEventListener("abort", leave, { once: true });
    const takes = (given: IncomingHttpHeaders) => {
      if (given["grpc-status"] === undefined && Number(given[":status"]) === 200) return;
      said = given;
      isKnown = true;
    };
    stream.on("response", takes);
    stream.on("trailers", takes);
    stream.on("data", (chunk: Buffer) => {
      frames.push(chunk);
      if (frames.rest <= replyBytes + chunk.length) return;
      stream.close(cancel);
      end({ is: "unreadable", cause: `it has more than ${replyBytes} bytes` });
    });
    stream.on("error", (error) => {
      cause = error;
    });
    stream.once("close", () => {
      if (!isKnown) return end({ is: "lost", reached: stream.rstCode !== refusedStream && stream.id !== undefined, cause });
      end(readReply(said, frames));
    });
    stream.end(message);
  });
}

/** Reads the reply of one message. A status that is no number is none of gRPC: something between us replied. */
export function readReply(said: IncomingHttpHeaders, frames: Frames): Exchange {
  const status = Number(said["grpc-status"] ?? Number.NaN);
  if (!Number.isInteger(status)) return { is: "unreadable", cause: `status ${said[":status"]} of HTTP, and none of gRPC` };
  const message = frames.next();
  if (message instanceof Fault) return { is: "unreadable", cause: message.message };
  if (status === 0 && message === undefined) return { is: "unreadable", cause: "it has no message" };
  return { is: "reply", status, message, said };
}
