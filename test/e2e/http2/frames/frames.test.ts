// Raw frames by the sections of their RFCs, sent to our server and to a bare one of node:http2: ours is worse in no case.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { z } from "zod";
import { rawBody } from "../../../../src/core/schema/opaque/raw-body.ts";
import { action } from "../../../../src/operation/online/action.ts";
import { type Served, serve } from "../../http/app.ts";
import { server as pair } from "../../tls/secure.ts";
import { type Frame, FrameWire, flags, frame, frameTypes } from "../frames.ts";
import { codes, type FrameCase, headers } from "./case.ts";
import { connection } from "./connection.ts";
import { requests } from "./requests.ts";

const cases: readonly FrameCase[] = [...connection, ...requests];
const nameOf = ({ section, name }: FrameCase) => `${section}: ${name}`;
const size = action("t.size", {
  ...{ input: z.object({ body: rawBody({ bytesMax: 100_000 }) }), output: z.object({ size: z.int() }), access: "public", idempotent: "no" },
  ...{ budget: "20s", http: { route: "POST /", body: "raw" } },
  run: async ({ body }) => ({ size: body.length }),
});

let ours: Served;
let bare: Http2SecureServer;
let barePort: number;
const sessions = new Set<ServerHttp2Session>();
before(async () => {
  ours = await serve([size], { http: { tls: { cert: pair.cert, key: pair.key, http2: true } } });
  bare = createSecureServer({ cert: pair.cert, key: pair.key });
  bare.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => undefined);
  });
  bare.on("sessionError", () => undefined);
  bare.on("stream", (stream) => {
    stream.on("error", () => undefined);
    stream.resume().on("end", () => {
      if (!stream.destroyed && !stream.closed) {
        stream.respond({ ":status": 200 });
        stream.end("{}");
      }
    });
  });
  bare.listen(0, "127.0.0.1");
  await once(bare, "listening");
  barePort = (bare.address() as AddressInfo).port;
});
after(async () => {
  for (const session of sessions) session.destroy();
  bare.close();
  await ours[Symbol.asyncDispose]();
});

/** Where a bare server does otherwise than the RFC says: most of it is dropped without a word, before we see it. */
const deviations: ReadonlySet<string> = new Set([
  // It ends the connection, with another code.
  ...["a preface that is wrong", "a request of HTTP/1.1 in its place"].map((name) => `RFC 9113 §3.4: ${name}`),
  "RFC 9113 §8.1.1: a length that a second frame exceeds",
  // It ends the connection, which should go on.
  "RFC 9113 §6.7: an acknowledgement of no PING",
  // It drops the frame.
  ...["DATA after a reset", "HEADERS after a reset"].map((name) => `RFC 9113 §5.1: ${name}`),
  ...["RFC 9113 §5.1.1: a number below one before", "RFC 9113 §6.3: PRIORITY on stream 0"],
  // It drops the field.
  ...["an empty name", "a space in a name", "a colon in a name", "a NUL in a name", "a character above ASCII in a name"].map(
    (name) => `RFC 9113 §8.2.1: ${name}`,
  ),
  ...["a NUL in a value", "a line feed in a value", "a carriage return in a value"].map((name) => `RFC 9113 §8.2.1: ${name}`),
  ...["a space before a value", "a space behind a value", "a tab before a value"].map((name) => `RFC 9113 §8.2.1: ${name}`),
  // It leaves it to the application.
  "RFC 9113 §8.3: a host that is another than the authority",
]);
/** Those of them in which our server does what the RFC says. */
const better: ReadonlySet<string> = new Set(["RFC 9113 §8.3: a host that is another than the authority"]);

it("there are at least 100 cases, each with a name of its own", () => {
  const names = cases.map(nameOf);
  assert.deepEqual(
    names.filter((name, at) => names.indexOf(name) !== at),
    [],
  );
  assert.ok(names.length >= 100, `${names.length}`);
});

describe("frames of HTTP/2", () => {
  for (const one of cases)
    it(nameOf(one), async () => {
      const [own, theirs] = [await wrongOf(one, ours.port), await wrongOf(one, barePort)];
      assert.equal(theirs === undefined, !deviations.has(nameOf(one)), `node:http2: ${theirs ?? "as the RFC says"}`);
      assert.equal(own === undefined, theirs === undefined || better.has(nameOf(one)), `ours: ${own ?? "as the RFC says"}`);
    });
});

const lastId = 1_001;

/** What a server does otherwise than the case says; undefined where nothing. */
async function wrongOf(
  { send, gives, codes: allowed = [codes.protocol], isBare = false }: FrameCase,
  port: number,
): Promise<string | undefined> {
  using wire = await FrameWire.open(port, { greets: !isBare });
  wire.send(...send);
  // What comes behind a frame that ends the connection is not read; what goes on acknowledges it.
  if (!isBare) wire.send(frame([frameTypes.ping, 0, 0], "the mark"));
  const mark = await wire.find(({ type, payload }) => type === frameTypes.ping && payload.toString("latin1") === "the mark");
  // A request behind it: once that has its response, so has the one before.
  if (gives === "stream" && mark !== undefined) wire.send(headers(lastId));
  const isOver = (of: number, { type, id, flags: set }: Frame) =>
    id === of && (type === frameTypes.reset || (type <= frameTypes.headers && (set & flags.endStream) !== 0));
  if (gives === "stream" || gives === "served") await wire.find((one) => isOver(1, one) || isOver(lastId, one));
  const goaway = wire.frames
    .find(({ type, payload }) => type === frameTypes.goaway && payload.readUInt32BE(4) !== 0)
    ?.payload.readUInt32BE(4);
  const reset = wire.frames.find(({ type, id }) => type === frameTypes.reset && id === 1)?.payload.readUInt32BE(0);
  const status = statusOf(wire);
  const did = `mark ${mark !== undefined}, GOAWAY ${goaway}, RST_STREAM ${reset}, status ${status}`;
  if (gives === "fine") return mark !== undefined && goaway === undefined ? undefined : did;
  if (gives === "served") return goaway === undefined && reset === undefined && status === 200 ? undefined : did;
  const isEnded = mark === undefined && (goaway === undefined || allowed.includes(goaway));
  if (gives === "connection") return isEnded ? undefined : did;
  const isRefused = (reset !== undefined && allowed.includes(reset)) || (status !== undefined && status >= 400 && status < 500);
  return isEnded || isRefused ? undefined : did;
}

/** The status of stream 1, where it is written as an entry of the static table, or as three digits. */
function statusOf(wire: FrameWire): number | undefined {
  const head = wire.frames.find(({ type, id }) => type === frameTypes.headers && id === 1);
  if (head === undefined) return undefined;
  // A change of the table may stand before it.
  const at = head.payload.findIndex((byte) => (byte & 0xe0) !== 0x20);
  const first = head.payload[at] ?? 0;
  const known = [200, 204, 206, 304, 400, 404, 500];
  if (first >= 0x88 && first <= 0x8e) return known[first - 0x88];
  return Number(/[1-5]\d\d/.exec(head.payload.toString("latin1", 0, 8))?.[0] ?? 0) || 499;
}
