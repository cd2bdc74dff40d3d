import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connect, type SecureVersion } from "node:tls";
import { certificate } from "../../upstream/certificates.ts";
import { serve } from "../http/app.ts";
import { authority, server } from "./secure.ts";

const { cert, key } = certificate({ name: "one.test", issuer: authority, of: ["one.test"] });
const tls = { cert: server.cert, key: server.key, unknownNames: "refuse", names: { "one.test": { cert, key } } } as const;

interface Asked {
  readonly version: SecureVersion;
  readonly servername: string;
  readonly session?: Buffer | undefined;
}

/** Asks once, and returns how the response begins, whether the session was resumed, and the session that the client got. */
function ask(port: number, { version, servername, session }: Asked) {
  const versions = { minVersion: version, maxVersion: version };
  const trust = { ca: authority.cert, checkServerIdentity: () => undefined };
  const socket = connect({ port, host: "127.0.0.1", servername, ...versions, ...trust, ...(session && { session }) });
  const found: { text: string; resumed: boolean; session: Buffer | undefined } = { text: "", resumed: false, session: undefined };
  socket.on("session", (given) => {
    found.session = given;
  });
  socket.once("secureConnect", () => {
    found.resumed = socket.isSessionReused();
    socket.write("GET /none HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
  });
  socket.on("data", (bytes) => {
    found.text += String(bytes);
  });
  socket.on("error", () => undefined);
  return new Promise<typeof found>((resolve) => socket.on("close", () => resolve({ ...found, text: found.text.slice(0, 12) })));
}

describe("a server that refuses unknown names", () => {
  for (const version of ["TLSv1.2", "TLSv1.3"] as const)
    it(`serves a client that resumes its session over ${version}, and gives none to a client without a name`, async () => {
      await using served = await serve([], { http: { tls } });
      const { session, text } = await ask(served.port, { version, servername: "one.test" });
      assert.equal(text, "HTTP/1.1 404");
      const again = await ask(served.port, { version, servername: "one.test", session });
      assert.deepEqual([again.text, again.resumed], ["HTTP/1.1 404", true]);
      const nameless = await ask(served.port, { version, servername: "" });
      assert.deepEqual([nameless.text, nameless.session], ["", undefined]);
    });
});
