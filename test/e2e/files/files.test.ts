import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { dispositionOf } from "../../../src/http/reply/disposition.ts";
import { signedIn } from "../../../src/operation/access.ts";
import type { Operation } from "../../../src/operation/contract.ts";
import { action } from "../../../src/operation/online/action.ts";
import { command } from "../../../src/operation/online/command.ts";
import { serve } from "../http/app.ts";

const input = z.object({ name: z.string(), text: z.string().default("a,b\r\n1,é\r\n") });
const common = { input, output: input, access: "public", idempotent: "natural", budget: "5s" } as const;
const exported = action("t.export", {
  ...common,
  http: { route: "POST /export", etag: () => 7, file: { type: "text/csv", name: ({ name }) => name, text: ({ text }) => text } },
  run: async (values) => values,
});
const shown = action("t.show", {
  ...common,
  http: { route: "POST /show", file: { type: "application/xml", text: () => "<a/>" } },
  run: async (values) => values,
});
const empty = action("t.empty", {
  ...{ ...common, output: z.object({}) },
  http: { route: "POST /empty", file: { type: "text/plain", text: () => "" } },
  run: async () => ({}),
});
const wrong = action("t.wrong", {
  ...common,
  http: { route: "POST /wrong", file: { type: "text/plain", text: () => 7 as never } },
  run: async (values) => values,
});
const operations = [exported, shown, empty, wrong];

describe("a file as the response", () => {
  const cases: readonly (readonly [
    path: string,
    name: string,
    status: number,
    type: string | null,
    disposition: string | null,
    body?: string,
  ])[] = [
    ["/export", "orders.csv", 200, "text/csv; charset=utf-8", 'attachment; filename="orders.csv"', "a,b\r\n1,é\r\n"],
    ["/export", "été.csv", 200, "text/csv; charset=utf-8", "attachment; filename=\"_t_.csv\"; filename*=UTF-8''%C3%A9t%C3%A9.csv"],
    ["/export", "../../etc/passwd", 200, "text/csv; charset=utf-8", 'attachment; filename="__.._etc_passwd"'],
    [
      "/export",
      'a"\r\nset-cookie: x=1',
      200,
      "text/csv; charset=utf-8",
      "attachment; filename=\"a___set-cookie_ x=1\"; filename*=UTF-8''a%22__set-cookie_%20x%3D1",
    ],
    ["/export", "", 500, "application/problem+json", null],
    ["/export", "a".repeat(256), 500, "application/problem+json", null],
    ["/show", "x", 200, "application/xml", null, "<a/>"],
    ["/empty", "x", 200, "text/plain; charset=utf-8", null, ""],
    ["/wrong", "x", 500, "application/problem+json", null],
  ];
  for (const [path, name, ...expected] of cases)
    it(`${path} named ${JSON.stringify(name.slice(0, 30))} is ${expected[0]} over a connection and by fetch`, async () => {
      await using served = await serve(operations);
      const sent = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ name }) };
      const overWire = await fetch(`http://127.0.0.1:${served.port}${path}`, sent);
      const direct = await served.app.fetch(new Request(`http://test${path}`, sent));
      for (const { status, headers, body } of await Promise.all([read(overWire), read(direct)])) {
        assert.deepEqual([status, headers.get("content-type"), headers.get("content-disposition")], expected.slice(0, 3));
        assert.equal(headers.get("x-content-type-options"), "nosniff");
        assert.equal(headers.get("set-cookie"), null);
        if (expected[3] !== undefined) assert.equal(body, expected[3]);
      }
    });

  it("is in the document with its type", async () => {
    await using served = await serve(operations, { http: { documents: true } });
    const document = (await (await served.app.fetch(new Request("http://test/openapi.json"))).json()) as Document;
    const success = document.paths["/export"]?.post.responses["200"];
    assert.deepEqual(success?.content, { "text/csv": { schema: { type: "string" } } });
    assert.ok("Content-Disposition" in (success?.headers ?? {}));
  });

  it("any name is one printable header, and a safe name arrives as it was", () =>
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 100 }), (name) => {
        const header = dispositionOf(name) ?? assert.fail("a well-formed name is taken");
        assert.match(header, /^attachment; filename="[^"\\/%]*"(; filename\*=UTF-8''[A-Za-z0-9!~._%-]+)?$/);
        assert.match(header, /^[\x20-\x7e]+$/);
        const shownName = decodeURIComponent(header.split("UTF-8''")[1] ?? /"(.*)"/.exec(header)?.[1] ?? "");
        if (/^[^.\p{C}\\/:\u061c\u200e\u200f][^\p{C}\\/:]*$/u.test(name)) assert.equal(shownName, name);
      }),
    ));

  const refused: readonly (readonly [field: string, http: object])[] = [
    ["http.file.type", { file: { type: "text/csv; header=present", text: () => "" } }],
    ["http.file.type", { file: { type: "a/b\r\nx: y", text: () => "" } }],
    ["http.status", { status: 204, file: { type: "text/csv", text: () => "" } }],
  ];
  it("an app does not start with a file of an operation with a key", async () => {
    const http = { route: "POST /kept", file: { type: "text/csv", text: () => "" } } as const;
    const kept = command("t.kept", { ...common, access: signedIn(), idempotent: "key", http, run: async (values) => values });
    await assert.rejects(
      () => startAndStop(kept),
      (error: Error) => error.message.includes("http.file"),
    );
  });

  for (const [field, http] of refused)
    it(`an app does not start with ${field} of ${JSON.stringify(http)}`, async () => {
      const operation = action("t.refused", {
        ...common,
        http: { route: "POST /refused", ...http },
        run: async (values) => values,
      });
      await assert.rejects(
        () => startAndStop(operation),
        (error: Error) => error.message.includes(field),
      );
    });
});

/** Stops what should not have started, so that the test fails and does not hang. */
async function startAndStop(operation: Operation): Promise<void> {
  await using _served = await serve([operation]);
}

interface Document {
  readonly paths: Readonly<Record<string, { readonly post: { readonly responses: Readonly<Record<string, Success>> } }>>;
}
interface Success {
  readonly content: unknown;
  readonly headers: object;
}

const read = async (response: Response) => ({ status: response.status, headers: response.headers, body: await response.text() });
