import { after, describe, it } from "node:test";
import type { ServiceError } from "@grpc/grpc-js";
import { type Code, module } from "plimsoll";
import { grpc } from "plimsoll/grpc";
import type { Operation } from "plimsoll/ports";
import { type SurfaceCall, type SurfaceReply, type SurfaceSample, surfaceConformance } from "plimsoll/testing";
import { statusNumbers } from "../../../src/protobuf/status-numbers.ts";
import { DynamicClient } from "./client.ts";

const codeOf = new Map(Object.entries(statusNumbers).map(([code, number]) => [number as number, code as Code]));
const clients = new Map<string, DynamicClient>();
let served: readonly Operation[] = [];

function clientOf(url: string): DynamicClient {
  const known = clients.get(url) ?? new DynamicClient(url, [module("suite", { operations: served })]);
  clients.set(url, known);
  return known;
}

const pathOf = ({ name }: Operation) => `/suite.Suite/${name[6]?.toUpperCase()}${name.slice(7)}`;

async function send(url: string, { operation, input, key, remainingMs, authorization, signal }: SurfaceCall): Promise<SurfaceReply> {
  const client = clientOf(url);
  const headers = {
    ...(key !== undefined && { "idempotency-key": key }),
    ...(authorization !== undefined && { authorization }),
    // grpc-js would end the call by itself; what the server does with the deadline is of interest here.
    ...(remainingMs !== undefined && { "grpc-timeout": `${remainingMs}m` }),
  };
  try {
    const output = (await client.unary(pathOf(operation), input, { headers, signal })) as Record<string, unknown>;
    const plain = "count" in output ? { ...output, count: Number(output.count) } : output;
    return { code: "ok", output: plain, text: JSON.stringify(output) };
  } catch (error) {
    const { code, details, metadata } = error as ServiceError;
    const [bytes] = metadata.get("grpc-status-details-bin");
    const text = `${details} ${bytes?.toString()}`;
    return { code: codeOf.get(code) as Code, type: /ErrorInfo[^a-z]+([a-z_]+)/.exec(text)?.[1], text };
  }
}

const sample: SurfaceSample = {
  make: (operations) => {
    served = operations;
    return grpc({ port: 0, host: "127.0.0.1", lock: false });
  },
  send: (app, call) => send(app.urls.surfaces[0] as string, call),
};

describe("gRPC", () => {
  after(() => {
    for (const client of clients.values()) client.close();
  });
  for (const { name, run } of surfaceConformance(sample)) it(name, run);
});
