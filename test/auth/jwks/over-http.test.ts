import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { it } from "node:test";
import { jwks } from "../../../src/auth/jwks/jwks.ts";
import { limits } from "../../../src/core/limits.ts";
import { ed } from "../tokens.ts";
import { FakeIssuer, member, withKeysOf } from "./issuer.ts";

const keySet = JSON.stringify({ keys: [member(ed, { kid: "a" })] });

async function serve(listener: RequestListener) {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url, [Symbol.dispose]: close };
}

const askAt = (url: string) => withKeysOf(new FakeIssuer(), {}, { keys: jwks({ url }) });

it("keys come over HTTP", async () => {
  using server = await serve((_, response) => response.end(keySet));
  assert.equal(await askAt(`${server.url}/set`).ask({ alg: "EdDSA", kid: "a" }), undefined);
});

it("a redirect is not followed: it would choose the host that is asked", async () => {
  let followed = false;
  using server = await serve((request, response) => {
    if (request.url === "/set") return void response.writeHead(302, { location: "/elsewhere" }).end();
    followed = true;
    response.end(keySet);
  });
  assert.equal((await askAt(`${server.url}/set`).ask({ alg: "EdDSA", kid: "a" }))?.type, "keys_unavailable");
  assert.equal(followed, false);
});

it("a body that does not end is left after the bytes that a key set may have", async () => {
  let sent = 0;
  const closed = Promise.withResolvers<void>();
  using server = await serve((_, response) => {
    response.on("close", closed.resolve);
    const send = () => {
      while (!response.destroyed && response.write("x".repeat(16_384))) sent += 16_384;
    };
    response.on("drain", send);
    send();
  });
  assert.equal((await askAt(`${server.url}/set`).ask({ alg: "EdDSA", kid: "a" }))?.type, "keys_unavailable");
  await closed.promise;
  assert.ok(sent < limits.keySetBytes + 16 * 1_048_576, "the buffers of the sockets, and no more");
});

it("a body that stops in the middle is left after the time-out", async () => {
  const begun = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  using server = await serve((_, response) => {
    response.on("close", closed.resolve);
    response.write(keySet.slice(0, 10), () => begun.resolve());
  });
  const { ask, clock } = askAt(`${server.url}/set`);
  const asked = ask({ alg: "EdDSA", kid: "a" });
  await begun.promise;
  clock.advance(5_000);
  assert.equal((await asked)?.type, "keys_unavailable");
  await closed.promise;
});
