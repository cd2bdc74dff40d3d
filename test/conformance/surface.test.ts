import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { action } from "plimsoll";
import { http } from "plimsoll/http";
import { z } from "zod";
import type { App } from "../../src/app/app.ts";
import { Fault } from "../../src/core/fault.ts";
import { httpOf, parseRoute } from "../../src/operation/route.ts";
import {
  ann,
  goodAuthorization,
  type SurfaceCall,
  type SurfaceReply,
  type SurfaceSample,
  surfaceConformance,
} from "../../src/testing/conformance/surface.ts";

/** A call as a request, and its response as a reply. */
async function exchange(origin: string, call: SurfaceCall, send: (request: Request) => Promise<Response>): Promise<SurfaceReply> {
  const { operation, input, key, remainingMs, authorization, signal } = call;
  const { verb, path } = parseRoute(httpOf(operation.spec)?.route ?? "")!;
  const headers = new Headers({ "content-type": "application/json" });
  if (key !== undefined) headers.set("idempotency-key", key);
  if (remainingMs !== undefined) headers.set("plimsoll-deadline-ms", String(remainingMs));
  if (authorization !== undefined) headers.set("authorization", authorization);
  const request = new Request(`${origin}${path}`, { method: verb, headers, body: JSON.stringify(input), ...(signal && { signal }) });
  const response = await send(request);
  const text = await response.text();
  const json = JSON.parse(text);
  if (response.ok) return { code: "ok", output: json, text };
  return { code: json.code, type: json.type.replace("urn:plimsoll:", ""), text };
}

const twice = ["suite.one", "suite.two"].map((name) =>
  action(name, {
    ...{ input: z.object({}), output: z.object({}), access: "public", idempotent: "no", budget: "1s" },
    http: "POST /same",
    run: async () => ({}),
  }),
);

function overHttp(port: number | false, send: (app: App, call: SurfaceCall) => Promise<SurfaceReply>): SurfaceSample {
  return {
    make: () => http({ port, host: "127.0.0.1" }),
    send,
    refused: () => ({ surface: http({ port: false }), operations: twice, where: "suite.two" }),
  };
}

/** What a caller in the same process does: it is signed in by whom the program names. */
const direct: SurfaceSample = {
  make: () => undefined,
  send: async (app, { operation, input, authorization, key, remainingMs, signal }) => {
    const call = app.call(operation as Parameters<App["call"]>[0], input, {
      ...(authorization === goodAuthorization && { actor: ann }),
      ...(key !== undefined && { key }),
      ...(remainingMs !== undefined && { remainingMs }),
      ...(signal !== undefined && { signal }),
    });
    return call.then(
      (output) => ({ code: "ok", output, text: JSON.stringify(output) }),
      (fault) => {
        assert(fault instanceof Fault);
        return { code: fault.code, type: fault.type, text: fault.message };
      },
    );
  },
  signsIn: false,
};

describe("a surface", () => {
  const samples: Readonly<Record<string, SurfaceSample>> = {
    "http over a socket": overHttp(0, (app, call) => exchange(app.urls.surfaces[0]!, call, fetch)),
    "http as app.fetch": overHttp(false, (app, call) =>
      exchange("http://test", call, (request) => app.fetch(request, { address: "192.0.2.1" })),
    ),
    "a direct call": direct,
  };
  for (const [which, sample] of Object.entries(samples))
    describe(which, () => {
      for (const { name, run } of surfaceConformance(sample)) it(name, run);
    });
});
