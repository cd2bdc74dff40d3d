import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Count } from "./collector.ts";

/** The share of requests that is traced, decided when the request arrives: the same for every server. */
export const traced = 0.01;
/** Batches leave some seconds after their spans. */
const exportedWithinMs = 8_000;

export interface Evidence {
  /** Spans that the collector received. */
  readonly spans: number;
  /** Lines in the access log. */
  readonly logLines: number;
}

/** Waits until the collector has what the requests should have left there. Rejects if spans are missing, because the server dropped them. */
export async function awaitSpans(name: string, requests: number, countUrl: string): Promise<number> {
  const path = tracesPath(name);
  // Four standard deviations of chance.
  const expected = traced * requests - 4 * Math.sqrt(traced * requests);
  let spans = 0;
  for (let waitedMs = 0; waitedMs <= exportedWithinMs; waitedMs += 100) {
    const counts = (await (await fetch(countUrl)).json()) as Record<string, Count>;
    const count = counts[path];
    assert.equal(count?.malformed ?? 0, 0, `${name} sent the collector requests that cannot be read`);
    spans = count?.spans ?? 0;
    if (spans >= expected) return spans;
    await sleep(100);
  }
  throw new Error(
    `${name} answered ${requests} requests and exported ${spans} spans: at ${traced} at least ${Math.ceil(expected)} were to come.`,
  );
}

/** Counts the lines of an access log, after its server has stopped. Rejects where requests are missing in it. */
export async function countLogLines(name: string, requests: number, file: string): Promise<number> {
  let lines = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>)
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++;
  if (lines < requests) throw new Error(`${name} answered ${requests} requests and logged ${lines} lines.`);
  return lines;
}

export function tracesPath(name: string): string {
  return `/${name}/v1/traces`;
}
