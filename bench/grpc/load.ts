import assert from "node:assert/strict";
import { type ClientHttp2Session, connect } from "node:http2";
import { quantile } from "../harness/rounds.ts";
import { path } from "./message.ts";

const connections = 8;
const callsPerConnection = 8;
const overloaded = "14";

/** What every call sends, and what its reply must be. */
export interface LoadOptions {
  readonly frame: Buffer;
  readonly authorization: string;
  readonly seconds: number;
}

/** Sends calls over 8 connections, 8 at a time on each, and checks every reply. */
export async function runLoad(url: string, { frame, authorization, seconds }: LoadOptions) {
  const sessions = Array.from({ length: connections }, () => open(url));
  const tookMs: number[] = [];
  let refused = 0;
  const endAt = performance.now() + seconds * 1_000;
  const caller = async (session: ClientHttp2Session) => {
    while (performance.now() < endAt) {
      const startedAt = performance.now();
      const { status, bytes } = await callOnce(session, { frame, authorization });
      // Other programs took the core in the middle of a turn of the loop: the load line refuses, and the report says how often.
      if (status === overloaded) {
        refused++;
        continue;
      }
      assert.deepEqual([status, bytes], ["0", frame.length]);
      tookMs.push(performance.now() - startedAt);
    }
  };
  await Promise.all(sessions.flatMap((session) => Array.from({ length: callsPerConnection }, () => caller(session))));
  for (const session of sessions) session.close();
  return { calls: tookMs.length, refused, perSecond: tookMs.length / seconds, p50Ms: quantile(tookMs, 0.5), p99Ms: quantile(tookMs, 0.99) };
}

/** Opens a connection. What goes wrong with it goes wrong with its calls. */
export function open(url: string): ClientHttp2Session {
  return connect(url).on("error", () => undefined);
}

/** Sends one call, and reads its status and how many bytes came. */
export function callOnce(
  session: ClientHttp2Session,
  { frame, authorization }: Pick<LoadOptions, "frame" | "authorization">,
): Promise<{ readonly status: unknown; readonly bytes: number }> {
  return new Promise((resolve, reject) => {
    const head = { ":method": "POST", ":path": path, "content-type": "application/grpc+proto", te: "trailers", authorization };
    const stream = session.request(head);
    let [status, bytes]: [unknown, number] = [undefined, 0];
    stream.on("response", (headers) => {
      status = headers["grpc-status"];
    });
    stream.on("trailers", (trailers) => {
      status = trailers["grpc-status"];
    });
    stream.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    stream.on("error", reject);
    stream.on("close", () => resolve({ status, bytes }));
    stream.end(frame);
  });
}
