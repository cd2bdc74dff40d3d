import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { upload, uploads } from "plimsoll";
import { z } from "zod";
import { limits } from "../../../src/core/limits.ts";
import { action } from "../../../src/operation/online/action.ts";
import { TestClock } from "../../../src/testing/clock.ts";
import { gate, serve } from "../http/app.ts";

const common = { output: z.object({ text: z.string() }), access: "public", idempotent: "natural", budget: "5m" } as const;
const part = (name: string, text: string): string =>
  `--b\r\ncontent-disposition: form-data; name="files"; filename="${name}"\r\ncontent-type: text/plain\r\n\r\n${text}\r\n`;
const form = `${part("a.txt", "a")}${part("b.txt", "b")}${part("c.txt", "c")}--b--\r\n`;

/** Serves what reads when the test says, and then works for as long as the test says. */
async function reading() {
  const clock = new TestClock();
  const [begun, going, read, working] = [gate(), gate(), gate(), gate()];
  const run = async (texts: () => Promise<string>) => {
    begun.open();
    await going.opened;
    const text = await texts();
    read.open();
    await working.opened;
    return { text };
  };
  const textOf = async (file: AsyncIterable<Uint8Array>): Promise<string> => {
    const pieces: Uint8Array[] = [];
    for await (const piece of file) pieces.push(Buffer.from(piece));
    return Buffer.concat(pieces).toString();
  };
  const one = action("t.one", {
    ...{ ...common, input: z.object({ body: upload({ bytesMax: 1_000 }) }), http: { route: "PUT /one", body: "raw" } },
    run: ({ body }) => run(() => textOf(body)),
  });
  const several = action("t.several", {
    ...{ ...common, input: z.object({ files: uploads({ filesMax: 9, bytesMax: 1_000 }) }) },
    http: { route: "PUT /several", body: "multipart" },
    run: ({ files }) =>
      run(async () => {
        let text = "";
        for await (const file of files) text += await textOf(file);
        return text;
      }),
  });
  return {
    clock,
    served: await serve([one, several], { clock }),
    begun: begun.opened,
    go: going.open,
    read: read.opened,
    end: working.open,
  };
}

type Send = (
  served: Awaited<ReturnType<typeof serve>>,
  spec: { readonly path: string; readonly type: string; readonly body: string },
) => Promise<unknown>;

const sends: Readonly<Record<string, Send>> = {
  async "over a connection"(served, { path, type, body }) {
    const wire = await served.wire();
    wire.send(`PUT ${path} HTTP/1.1\r\nhost: t\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    const reply = await wire.next();
    wire.close();
    return [reply?.status, reply?.json];
  },
  async "by fetch"(served, { path, type, body }) {
    const response = await served.app.fetch(new Request(`http://t${path}`, { method: "PUT", headers: { "content-type": type }, body }));
    return [response.status, await response.json()];
  },
};

describe("an upload that is here whole", () => {
  for (const [what, path, type, body, text] of [
    ["a file", "/one", "text/plain", "hello", "hello"],
    ["several files", "/several", "multipart/form-data; boundary=b", form, "abc"],
  ] as const)
    for (const [how, send] of Object.entries(sends))
      it(`is not too slow, however long its handler works: ${what} ${how}`, async () => {
        const { clock, served: app, begun, go, read, end } = await reading();
        await using served = app;
        const reply = send(served, { path, type, body });
        await begun;
        await nextTurn();
        go();
        await read;
        clock.advance(2 * limits.uploadSlowMs);
        end();
        assert.deepEqual(await reply, [200, { text }]);
      });
});
