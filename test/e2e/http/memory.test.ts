import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, it } from "node:test";

const { scripts } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as { scripts: { start: string } };
const flags = scripts.start.split(" ").filter((word) => word.startsWith("--"));

interface Memory {
  readonly heapUsed: number;
  readonly external: number;
}

/** What strangers send, each of whom then waits. *Units*: `most` in bytes of the heap for each of them. */
interface Attack {
  readonly text: string;
  readonly clients: number;
  readonly most: number;
  /** What the client waits for before it counts as done: the first bytes of an answer, or nothing. */
  readonly answered: boolean;
  readonly reads?: false;
}

const head = "host: test\r\ncontent-type: application/json\r\n";
const attacks: Readonly<Record<string, Attack>> = {
  "a token of 15,000 characters that is none": {
    text: `POST /echo HTTP/1.1\r\n${head}authorization: Bearer ${"a".repeat(15_000)}\r\n\r\n`,
    clients: 400,
    most: 8_000,
    answered: true,
  },
  "a token of 8,000 characters that is forged": {
    text: `POST /echo HTTP/1.1\r\n${head}authorization: Bearer ${"a".repeat(2_000)}.${"b".repeat(4_000)}.${"c".repeat(2_000)}\r\n\r\n`,
    clients: 400,
    most: 8_000,
    answered: true,
  },
  "headers that are not read, and half a body": {
    text: `POST /echo HTTP/1.1\r\n${head}content-length: 100\r\nx: ${"a".repeat(15_000)}\r\n\r\n{`,
    clients: 400,
    most: 13_000,
    answered: false,
  },
  "a head of 700 lines that does not end": {
    text: `GET /echo HTTP/1.1\r\nhost: test\r\n${"x-a: abcdef\r\n".repeat(700)}`,
    clients: 400,
    most: 14_000,
    answered: false,
  },
  "1,500 requests at once, of whose answers it reads none": {
    text: "DELETE /long HTTP/1.1\r\nhost: test\r\n\r\n".repeat(1_500),
    clients: 8,
    most: 300_000,
    answered: false,
    reads: false,
  },
  "1,500 requests at once for what is not served (as before)": {
    text: "GET / HTTP/1.1\r\nhost: test\r\n\r\n".repeat(1_500),
    clients: 8,
    most: 300_000,
    answered: false,
    reads: false,
  },
  "a body of 40,000 chunks of a byte": {
    text: `POST /echo HTTP/1.1\r\n${head}transfer-encoding: chunked\r\n\r\n${"1\r\n \r\n".repeat(40_000)}`,
    clients: 8,
    most: 400_000,
    answered: false,
  },
};

describe("what strangers make a server keep", () => {
  let server: ChildProcess;
  let port = 0;
  beforeEach(async () => {
    server = fork(new URL("./memory/server.ts", import.meta.url), [], { execArgv: [...flags, "--expose-gc"] });
    [{ port }] = (await once(server, "message")) as [{ port: number }];
  });
  afterEach(() => {
    server.kill("SIGKILL");
  });

  async function memory(): Promise<Memory> {
    assert.equal(server.exitCode ?? server.signalCode, null, "the server is alive");
    const answer = once(server, "message") as Promise<[Memory]>;
    server.send("memory");
    return (await answer)[0];
  }

  async function attack({ text, answered, reads }: Attack, from: string): Promise<Socket> {
    const socket = connect({ port, host: "127.0.0.1", localAddress: from });
    socket.on("error", () => undefined);
    await once(socket, "connect");
    // What the server has not taken when it closes need not be sent any more.
    const sent = new Promise<void>((resolve) => {
      socket.write(text, () => resolve());
      socket.once("close", () => resolve());
    });
    if (reads === false) socket.pause();
    else socket.on("data", () => undefined);
    if (answered) await Promise.race([once(socket, "data"), once(socket, "close")]);
    else await sent;
    return socket;
  }

  for (const [why, how] of Object.entries(attacks)) {
    it(`is little for each who sends ${why}`, async (t) => {
      // What the first client makes the server compile and keep counts of is not kept for each.
      for (const socket of await Promise.all([60, 61, 62].map((from) => attack(how, `127.0.0.${from}`)))) socket.destroy();
      const before = await memory();
      const sockets: Socket[] = [];
      for (let i = 0; i < how.clients; i += 50) {
        const some = Array.from({ length: Math.min(50, how.clients - i) }, (_, n) => attack(how, `127.0.0.${2 + ((i + n) % 50)}`));
        sockets.push(...(await Promise.all(some)));
      }
      // Asked through the front as well: by then the server has read what was sent before.
      const asked = await fetch(`http://127.0.0.1:${port}/nowhere`);
      await asked.arrayBuffer();
      const now = await memory();
      const each = (now.heapUsed + now.external - before.heapUsed - before.external) / how.clients;
      for (const socket of sockets) socket.destroy();
      t.diagnostic(`${Math.round(each)} bytes each`);
      assert.ok(each <= how.most, `${Math.round(each)} bytes each, of at most ${how.most}`);
      assert.equal(asked.status, 404, "others are answered meanwhile");
    });
  }
});

describe("the limits of a server", () => {
  interface Plan {
    readonly handshakes?: number;
    readonly connections: number;
    readonly requestsPerAddress: number;
    readonly bodyBytesInFlight: number;
    readonly requestBytes: number;
  }
  type PlanMemory = (limits: object, heap: { readonly heapBytes: number; readonly given: object; readonly isSecured?: boolean }) => Plan;
  const wanted = {
    ...{ connections: 20_000, requestsPerAddress: 4_096, headerBytes: 16_384, headerLines: 100 },
    ...{ bodyBytes: 1_048_576, bodyBytesInFlight: 67_108_864 },
  };
  async function planner(): Promise<PlanMemory> {
    const found = (await import("../../../src/http/connections/memory.ts").catch(() => ({}))) as { planMemory?: PlanMemory };
    assert.ok(found.planMemory, "limits are worked out from the heap");
    return found.planMemory;
  }

  it("fit any heap together", async () => {
    const planMemory = await planner();
    for (const megabytes of [32, 64, 180, 256, 512, 1_024, 4_096, 65_536]) {
      const heapBytes = megabytes * 1_048_576;
      const { connections, requestsPerAddress, bodyBytesInFlight, requestBytes } = planMemory(wanted, { heapBytes, given: {} });
      assert.ok(connections >= 1 && connections <= 20_000 && requestsPerAddress >= 1 && requestsPerAddress <= 4_096);
      // A head on its way in: its bytes, and for each line two strings.
      assert.ok(connections * (16_384 + 100 * 80 + 3_300) + requestBytes <= heapBytes / 2, `${megabytes} MB`);
      assert.ok(bodyBytesInFlight <= Math.max(heapBytes / 4, wanted.bodyBytes));
      assert.ok(requestsPerAddress * 4 * 4_200 <= requestBytes, "four addresses together");
    }
  });

  it("are refused where they are given and do not fit, with the value that does", async () => {
    const planMemory = await planner();
    const heapBytes = 180 * 1_048_576;
    const { connections } = planMemory(wanted, { heapBytes, given: {} });
    const given = { connections: connections + 1 };
    assert.throws(() => planMemory({ ...wanted, ...given }, { heapBytes, given }), {
      type: "limits_too_high",
      details: { limit: "connections", value: connections + 1, fits: connections },
    });
    const least = { connections };
    assert.equal(planMemory({ ...wanted, ...least }, { heapBytes, given: least }).connections, connections);
  });

  it("are those of the defaults where the heap is large", async () => {
    const planMemory = await planner();
    const { requestBytes, ...limits } = planMemory(wanted, { heapBytes: 4 * 1_073_741_824, given: {} });
    assert.deepEqual(limits, { connections: 20_000, requestsPerAddress: 4_096, bodyBytesInFlight: 67_108_864 });
  });

  it("are lower over TLS, which keeps more of each connection", async () => {
    const planMemory = await planner();
    const heapBytes = 512 * 1_048_576;
    const plain = planMemory(wanted, { heapBytes, given: {} });
    const secured = planMemory({ ...wanted, handshakes: 1_024 }, { heapBytes, given: {}, isSecured: true });
    assert.ok(secured.connections < plain.connections / 2, `${secured.connections} of ${plain.connections}`);
    assert.ok((secured.connections + secured.handshakes!) * 81_000 <= heapBytes / 4);
  });
});
