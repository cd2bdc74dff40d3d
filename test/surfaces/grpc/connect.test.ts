import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type DescService, toJson } from "@bufbuild/protobuf";
import { Code, type ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { action, authenticator, badCredential, fail, fault, module, role } from "plimsoll";
import { z } from "zod";
import { registryOf } from "./client.ts";
import { serve } from "./served.ts";

const Gone = fault("gone", { code: "not_found", details: z.object({ id: z.string() }), message: ({ id }) => `${id} is gone – for good.` });
const open = { access: "public", idempotent: "no", budget: "2s" } as const;
const modules = [
  module("greeter", {
    operations: [
      action("greeter.greet", {
        ...{ ...open, input: z.object({ name: z.string() }), output: z.object({ text: z.string() }) },
        http: "POST /greet",
        run: async ({ name }) => ({ text: `Hello, ${name}` }),
      }),
      action("greeter.find", {
        ...{ ...open, input: z.object({ id: z.string() }), output: z.object({}), faults: [Gone] },
        http: "POST /find",
        run: async ({ id }) => fail(Gone, { id }),
      }),
      action("greeter.wait", {
        ...{ ...open, input: z.object({}), output: z.object({}) },
        http: "POST /wait",
        run: async (_, { signal }) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
      }),
      action("greeter.rule", {
        ...{ ...open, input: z.object({}), output: z.object({ by: z.string() }), access: role("owner") },
        http: "POST /rule",
        run: async (_, { actor }) => ({ by: actor.id }),
      }),
    ],
  }),
];
const authentication = authenticator({
  authenticate: (token) =>
    token === "ann" ? { id: "ann", kind: "user", roles: ["owner"], tenant: undefined, claims: {} } : badCredential("It is unknown."),
});

type AnyClient = Readonly<Record<string, (input: object, options?: object) => Promise<never>>>;
const transports: Readonly<Record<string, (baseUrl: string) => Transport>> = {
  "gRPC of connect-node": (baseUrl) => createGrpcTransport({ baseUrl }),
  "gRPC-Web": (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "2" }),
  Connect: (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2", useBinaryFormat: true }),
};

for (const [what, make] of Object.entries(transports))
  describe(what, () => {
    const service = registryOf(modules).getService("greeter.Greeter") as DescService;
    const output = (name: string) => service.methods.find((method) => method.localName === name)?.output as never;

    it("calls an operation, and shows its faults with their details", async () => {
      await using served = await serve(modules);
      const client = createClient(service, make(served.url)) as unknown as AnyClient;
      const reply = await client.greet?.({ name: "Zoë" });
      assert.deepEqual(toJson(output("greet"), reply as never), { text: "Hello, Zoë" });
      const gone = (await client.find?.({ id: "x-1" }).catch((error: unknown) => error)) as unknown as ConnectError;
      assert.deepEqual([gone.code, gone.rawMessage], [Code.NotFound, "x-1 is gone – for good."]);
      const [info] = gone.details as readonly { readonly type: string; readonly value: Uint8Array }[];
      assert.equal(info?.type, "google.rpc.ErrorInfo");
      assert.match(Buffer.from(info?.value ?? []).toString(), /gone.*shop.*id.*x-1/s);
      const invalid = (await client.greet?.({}).catch((error: unknown) => error)) as unknown as ConnectError;
      assert.equal(invalid.code, Code.InvalidArgument);
    });

    it("has the deadline and the credentials of its caller", async () => {
      await using served = await serve(modules, { authentication });
      const client = createClient(service, make(served.url)) as unknown as AnyClient;
      const executed = served.app.signals.executed.next();
      const late = (await client.wait?.({}, { timeoutMs: 100 }).catch((error: unknown) => error)) as unknown as ConnectError;
      assert.equal(late.code, Code.DeadlineExceeded);
      assert.ok((await executed).deadlineMs <= 100);
      const reply = await client.rule?.({}, { headers: { authorization: "Bearer ann" } });
      assert.deepEqual(toJson(output("rule"), reply as never), { by: "ann" });
      const stranger = (await client.rule?.({}).catch((error: unknown) => error)) as unknown as ConnectError;
      assert.equal(stranger.code, Code.Unauthenticated);
    });
  });
