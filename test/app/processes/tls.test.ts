import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { ConnectionOptions } from "node:tls";
import { requestText, Wire } from "../../e2e/http/client.ts";
import { authority, secure, secureWire, server } from "../../e2e/tls/secure.ts";
import { certificate } from "../../upstream/certificates.ts";
import { Program, type ProgramOptions } from "./program.ts";

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

/** What a client has seen of one connection. */
interface Visit {
  readonly pid: number;
  readonly resumed: boolean;
  /** Of the certificate that the process presented. */
  readonly serial: string;
  readonly session: Buffer;
}

/** Connects, calls an operation, and closes. */
async function visit(program: Program, options: ConnectionOptions = {}): Promise<Visit> {
  const socket = await secure(Number(new URL(program.api).port), options);
  let session = socket.getSession();
  // Over TLS 1.3 it comes after the handshake.
  socket.on("session", (next) => {
    session = next;
  });
  const wire = Wire.over(socket);
  const { json } = await wire.ask(requestText("POST", "/who", { body: {} }).toString());
  const seen = {
    pid: json.pid,
    resumed: socket.isSessionReused(),
    serial: socket.getPeerX509Certificate()?.serialNumber ?? "",
    session: session!,
  };
  wire.close();
  await once(wire.socket, "close");
  return seen;
}

/** Visits until what is seen is what is looked for. */
async function visitUntil(what: string, visits: () => Promise<Visit>, isIt: (seen: Visit) => boolean): Promise<Visit> {
  const until = performance.now() + 20_000;
  while (performance.now() < until) {
    const seen = await visits();
    if (isIt(seen)) return seen;
  }
  assert.fail(`no visit ${what}`);
}

describe("sessions of TLS in several processes", () => {
  const start = async (t: TestContext, options: ProgramOptions) => {
    const program = new Program(2, { tls: { cert: server.cert, key: server.key }, ...options });
    t.after(async () => {
      program.end();
      await program.ended;
    });
    const pids = [await program.ready(), await program.ready()];
    return { program, pids };
  };

  for (const version of ["TLSv1.2", "TLSv1.3"] as const)
    it(`are resumed in each of them, and in those that replace them, over ${version}`, async (t) => {
      const { program, pids } = await start(t, {});
      const only = { minVersion: version, maxVersion: version };
      const { pid, resumed, session } = await visit(program, only);
      assert.equal(resumed, false);
      const again = () => visit(program, { ...only, session });
      const other = await visitUntil("of the other process", again, (seen) => seen.pid !== pid);
      assert.deepEqual([other.resumed, pids.includes(other.pid)], [true, true]);
      program.child.kill("SIGHUP");
      await program.line(/^All processes were replaced/);
      const replaced = await again();
      assert.deepEqual([replaced.resumed, pids.includes(replaced.pid)], [true, false]);
    });

  it("are resumed by none once the secret was changed, and new ones by each", async (t) => {
    const { program } = await start(t, { times: { ticketSecretMs: 1_500 } });
    const { pid, session } = await visit(program);
    const again = () => visit(program, { session });
    await visitUntil("of the process that knew it was without it", again, (seen) => seen.pid === pid && !seen.resumed);
    let last = await visit(program);
    await visitUntil(
      "was resumed in another process",
      async () => {
        const from = last;
        last = await visit(program, { session: from.session });
        return { ...last, resumed: last.resumed && last.pid !== from.pid };
      },
      ({ resumed }) => resumed,
    );
  });

  it("are not resumed for another certificate, whose sessions are resumed in each", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "plimsoll-tickets-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const tls = { cert: join(folder, "tls.crt"), key: join(folder, "tls.key") };
    const write = (pair: { readonly cert: string; readonly key: string }) => {
      writeFileSync(tls.key, pair.key);
      writeFileSync(tls.cert, pair.cert);
    };
    write(server);
    const { program, pids } = await start(t, { tls, times: { certificateCheckMs: 50 } });
    const old = await visit(program);
    write(certificate({ name: "shop.test", issuer: authority, of: ["shop.test", "127.0.0.1"] }));
    let changed = old;
    for (const pid of pids)
      changed = await visitUntil(
        "presented the new certificate",
        () => visit(program),
        (seen) => seen.pid === pid && seen.serial !== old.serial,
      );
    for (const pid of pids) {
      const late = await visitUntil(
        `of ${pid}`,
        () => visit(program, { session: old.session }),
        (seen) => seen.pid === pid,
      );
      assert.equal(late.resumed, false);
      const next = await visitUntil(
        `of ${pid}`,
        () => visit(program, { session: changed.session }),
        (seen) => seen.pid === pid,
      );
      assert.equal(next.resumed, true);
    }
  });
});
