import assert from "node:assert/strict";
import { once } from "node:events";
import { it } from "node:test";
import { requestText } from "../../e2e/http/client.ts";
import { secureWire, server } from "../../e2e/tls/secure.ts";
import { Program } from "./program.ts";

it("several processes do the handshakes of connections that their supervisor passes to them", async () => {
  const program = new Program(2, { tls: { cert: server.cert, key: server.key } });
  try {
    await program.ready();
    await program.ready();
    assert.match(program.api, /^https:/);
    const port = Number(new URL(program.api).port);
    const seen = new Set<number>();
    for (let i = 0; i < 64 && seen.size < 2; i++) {
      const wire = await secureWire(port);
      for (let request = 0; request < 2; request++) {
        const { status, json } = await wire.ask(requestText("POST", "/who", { body: {} }).toString());
        assert.equal(status, 200);
        seen.add(json.pid);
      }
      wire.close();
      await once(wire.socket, "close");
    }
    assert.equal(seen.size, 2, "one process got all of them");
    program.child.kill("SIGTERM");
    assert.equal(await program.ended, 0);
  } finally {
    program.end();
    await program.ended;
  }
});
