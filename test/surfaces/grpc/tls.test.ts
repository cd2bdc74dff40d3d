import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { connect } from "node:tls";
import type { DescService } from "@bufbuild/protobuf";
import { Code, type ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { action, authenticator, badCredential, type Fault, module, role } from "plimsoll";
import { mtls } from "plimsoll/auth";
import { z } from "zod";
import { certificate } from "../../upstream/certificates.ts";
import { registryOf } from "./client.ts";
import { serve } from "./served.ts";

const modules = [
  module("echo", {
    operations: [
      action("echo.say", {
        ...{ input: z.object({}), output: z.object({}), access: "public", idempotent: "no", budget: "2s", http: "POST /say" },
        run: async () => ({}),
      }),
      action("echo.who", {
        ...{
          input: z.object({}),
          output: z.object({ id: z.string() }),
          access: role("service"),
          idempotent: "no",
          budget: "2s",
          http: "POST /who",
        },
        run: async (_, { actor }) => ({ id: actor.id }),
      }),
    ],
  }),
];
const authority = certificate({ name: "authority", isAuthority: true });
const own = certificate({ name: "server", issuer: authority, of: ["127.0.0.1"] });
const caller = certificate({ name: "caller", issuer: authority });
const stranger = certificate({ name: "stranger" });
const folder = mkdtempSync(join(tmpdir(), "grpc-tls-"));
after(() => rmSync(folder, { recursive: true, force: true }));

type Say = { say(input: object): Promise<object>; who(input: object, options: object): Promise<{ readonly id: string }> };
const clientOf = (baseUrl: string, nodeOptions: object) =>
  createClient(registryOf(modules).getService("echo.Echo") as DescService, createGrpcTransport({ baseUrl, nodeOptions })) as unknown as Say;

describe("gRPC over TLS", () => {
  it("serves with a certificate from files, and only HTTP/2", async () => {
    const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    writeFileSync(cert, own.cert);
    writeFileSync(key, own.key);
    await using served = await serve(modules, { spec: { tls: { cert, key } } });
    assert.match(served.url, /^https:/);
    await clientOf(served.url, { ca: authority.cert }).say({});
    const { port } = new URL(served.url);
    const socket = connect({ host: "127.0.0.1", port: Number(port), ca: authority.cert, ALPNProtocols: ["http/1.1"] });
    const [error] = await once(socket, "error").catch((thrown: unknown) => [thrown]);
    assert.match(String(error), /no application protocol|alert/i);
  });

  it("asks callers for a certificate of the authority that it is given", async () => {
    await using served = await serve(modules, { spec: { tls: { cert: own.cert, key: own.key, ca: authority.cert } } });
    await clientOf(served.url, { ca: authority.cert, cert: caller.cert, key: caller.key }).say({});
    for (const options of [{}, { cert: stranger.cert, key: stranger.key }])
      await assert.rejects(clientOf(served.url, { ca: authority.cert, ...options }).say({}));
  });

  it("signs a caller in by its certificate, where the app has mtls, and the others by their tokens", async () => {
    const services = mtls({
      actor: ({ commonName }) =>
        commonName === "caller" ? { id: commonName, kind: "service", roles: ["service"], tenant: undefined, claims: {} } : undefined,
    });
    const tokens = authenticator({
      authenticate: (token) =>
        token === "bob"
          ? { id: "bob", kind: "service", roles: ["service"], tenant: undefined, claims: {} }
          : badCredential("It is unknown."),
    });
    const tls = { cert: own.cert, key: own.key, ca: authority.cert, clientCertificates: "request" } as const;
    await using served = await serve(modules, { spec: { tls }, authentication: [services, tokens] });
    const who = async (options: object, headers: object = {}) => {
      const client = clientOf(served.url, { ca: authority.cert, ...options });
      return client.who({}, { headers }).then(
        ({ id }) => id,
        ({ code }: ConnectError) => Code[code],
      );
    };
    const other = certificate({ name: "other", issuer: authority });
    assert.deepEqual(
      [
        await who({ cert: caller.cert, key: caller.key }),
        await who({ cert: caller.cert, key: caller.key }, { authorization: "Bearer bob" }),
        await who({ cert: other.cert, key: other.key }),
        await who({ cert: stranger.cert, key: stranger.key }),
        await who({}, { authorization: "Bearer bob" }),
        await who({}),
      ],
      ["caller", "bob", "Unauthenticated", "Unauthenticated", "bob", "Unauthenticated"],
    );
  });

  it("says at the start what is wrong with a certificate", async () => {
    for (const tls of [
      { cert: join(folder, "none.pem"), key: own.key },
      { cert: own.cert, key: stranger.key },
    ])
      await assert.rejects(serve(modules, { spec: { tls } }), (fault: Fault) => fault.type === "tls_invalid");
  });
});
