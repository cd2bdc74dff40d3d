import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { describe, it } from "node:test";
import { endsGently, refuseMalformed } from "../../src/http/connections/closing.ts";

/** Both ends of a connection, and the errors of the server's. */
async function connected(): Promise<{ here: Socket; there: Socket; errors: Error[]; close(): void }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const there = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", allowHalfOpen: true });
  const [here] = (await once(server, "connection")) as [Socket];
  const errors: Error[] = [];
  here.on("error", (error) => errors.push(error));
  here.resume();
  const close = () => {
    server.close();
    for (const socket of [here, there]) socket.destroy();
  };
  return { here, there, errors, close };
}
const malformed = Object.assign(new Error("no HTTP"), { code: "HPE_INVALID_METHOD" });

describe("the end of a connection", () => {
  const ways: readonly [string, (socket: Socket) => void][] = [
    ["its last response", (socket) => endsGently(socket)],
    ["a refusal of what is no HTTP", (socket) => refuseMalformed(malformed, socket)],
    ["an end by node:http", (socket) => void socket.end()],
  ];
  for (const [what, ends] of ways)
    for (const [again, endsAgain] of ways)
      it(`is made once, where ${again} comes after ${what}`, async () => {
        const { here, there, errors, close } = await connected();
        try {
          let received = "";
          there.on("data", (chunk: Buffer) => {
            received += chunk.toString();
          });
          ends(here);
          const first = what.startsWith("a refusal") ? "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" : "";
          await once(there, "end");
          // Where node:http reports it: the client has closed, and the socket is about to.
          here.once("end", () => endsAgain(here));
          there.end();
          await once(here, "close");
          assert.deepEqual([errors, received], [[], first]);
        } finally {
          close();
        }
      });
});
