import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { Books } from "../../../../examples/shop/provider/books.ts";
import { type Provider, type ProviderPlace, readBooks, startProvider, type Temper } from "../../../../examples/shop/provider.ts";

const folder = mkdtempSync(join(tmpdir(), "plimsoll-provider-"));
after(() => rmSync(folder, { recursive: true }));
const some = { merchant_ref: "acme/1", amount_minor: 500, currency_code: "EUR" };
const secret = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;

interface Asking {
  readonly provider: Provider;
  readonly books: string;
  /** The status, or what happened in its place. */
  ask(path: string, key: string, body: unknown): Promise<number | "stalls" | "garbage">;
}

async function withProvider(temper: Partial<Temper>, work: (asking: Asking) => Promise<void>, place: Partial<ProviderPlace> = {}) {
  const books = join(folder, `${randomUUID()}.jsonl`);
  const provider = await startProvider(temper, { books, ...place });
  const waitMs = temper.stalls || temper.timesOutAfter ? 200 : 10_000;
  const ask: Asking["ask"] = async (path, key, body) => {
    const request = {
      method: "POST",
      headers: { "idempotency-key": key },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(waitMs),
    };
    try {
      const response = await fetch(`${provider.url}${path}`, request);
      const said = await response.text();
      return said.startsWith("{") ? response.status : "garbage";
    } catch {
      return "stalls";
    }
  };
  try {
    await work({ provider, books, ask });
  } finally {
    await provider.close();
  }
}
const booked = (books: string) => readBooks(books).map(({ line_type, amount_minor }) => `${line_type} ${amount_minor}`);

describe("the payment provider", () => {
  for (const [what, temper, replies, lines] of [
    ["replies", {}, [201, 200, 200], ["capture 500"]],
    ["stalls, and books nothing before it replies", { stalls: 1, patience: 2 }, ["stalls", "stalls", 201], ["capture 500"]],
    ["books, and does not say so", { timesOutAfter: 1, patience: 2 }, ["stalls", "stalls", 200], ["capture 500"]],
    ["fails, and books nothing before it replies", { fails: 1, patience: 2 }, [500, 500, 201], ["capture 500"]],
    ["books, and sends garbage", { garbles: 1, patience: 2 }, ["garbage", "garbage", 200], ["capture 500"]],
    ["books, and sends something else", { answersOther: 1, patience: 1 }, [200, 200, 200], ["capture 500"]],
    ["books, and a proxy refuses", { refusesAfter: 1, patience: 2 }, ["garbage", "garbage", 200], ["capture 500"]],
    ["declines, each time", { declines: 1 }, [402, 402, 402], []],
  ] as const)
    it(what, () =>
      withProvider(temper, async ({ ask, books }) => {
        const got = [];
        for (const _ of replies) got.push(await ask("/captures", "one", some));
        assert.deepEqual([got, booked(books)], [replies, lines]);
      }),
    );

  for (const [what, requests, statuses, lines] of [
    [
      "a key for another amount",
      [
        ["/captures", "a", some],
        ["/captures", "a", { ...some, amount_minor: 1 }],
      ],
      [201, 422],
      ["capture 500"],
    ],
    [
      "a capture after its reversal",
      [
        ["/reversals", "a", { merchant_ref: some.merchant_ref }],
        ["/captures", "b", some],
      ],
      [201, 409],
      ["reversal 0"],
    ],
    [
      "more back than there is",
      [
        ["/captures", "a", some],
        ["/repayments", "b", { ...some, amount_minor: 501 }],
      ],
      [201, 409],
      ["capture 500"],
    ],
    ["a request without a key", [["/captures", "", some]], [400], []],
    ["what it cannot read", [["/captures", "a", { merchant_ref: "x" }]], [422], []],
    ["a body that is too large", [["/captures", "a", { ...some, more: "x".repeat(20_000) }]], [413], []],
  ] as const)
    it(`refuses ${what}`, () =>
      withProvider({}, async ({ ask, books }) => {
        const got = [];
        for (const [path, key, body] of requests) got.push(await ask(path, key, body));
        assert.deepEqual([got, booked(books)], [statuses, lines]);
      }));

  it("returns what is left, by a reversal or a repayment", () =>
    withProvider({}, async ({ ask, books }) => {
      await ask("/captures", "a", some);
      await ask("/repayments", "b", { ...some, amount_minor: 200 });
      await ask("/reversals", "c", { merchant_ref: some.merchant_ref });
      assert.deepEqual(booked(books), ["capture 500", "repayment 200", "reversal 300"]);
    }));

  it("goes on with the books that it finds, and drops what a crash has left of a line", () =>
    withProvider({}, async ({ ask, books }) => {
      await ask("/captures", "a", some);
      appendFileSync(books, '{"seq_no":2,"line_ty');
      const again = await startProvider({}, { books });
      const response = await fetch(`${again.url}/ledger_lines?ref_prefix=acme/`);
      const { ledger_lines } = (await response.json()) as { ledger_lines: { merchant_ref: string }[] };
      await again.close();
      assert.deepEqual([ledger_lines.map(({ merchant_ref }) => merchant_ref), booked(books)], [["acme/1"], ["capture 500"]]);
    }));

  it("signs its notices, and sends them twice, late and out of order", async () => {
    const got: { id: string; seq: number }[] = [];
    const shop = createServer(async (request, response) => {
      const body = await text(request);
      const event = new Webhook(secret).verify(body, request.headers as Record<string, string>) as { ledger_line: { seq_no: number } };
      got.push({ id: String(request.headers["webhook-id"]), seq: event.ledger_line.seq_no });
      response.end();
    });
    await new Promise<void>((resolve) => void shop.listen(0, "127.0.0.1", resolve));
    const notify = { url: `http://127.0.0.1:${(shop.address() as AddressInfo).port}/`, secret };
    const work = async ({ ask, provider }: Asking) => {
      for (let nth = 0; nth < 8; nth++) await ask("/captures", `key ${nth}`, { ...some, merchant_ref: `acme/${nth}` });
      await provider.noticed();
    };
    await withProvider({ noticesTwice: 1, noticesLateMs: 200 }, work, { notify, seed: 3 });
    shop.close();
    const order = got.map(({ seq }) => seq);
    assert.deepEqual([order.length, new Set(order).size, new Set(got.map(({ id }) => id)).size], [16, 8, 8]);
    assert.notDeepEqual(
      order,
      order.toSorted((one, other) => one - other),
    );
  });

  it("reads whatever it has written", () => {
    const reference = fc.string({ unit: "binary", minLength: 1, maxLength: 20 });
    const line = fc.record({
      line_type: fc.constantFrom("capture" as const, "reversal" as const, "repayment" as const),
      merchant_ref: reference,
      amount_minor: fc.nat(),
      currency_code: fc.constantFrom("EUR", "JPY", ""),
      idempotency_key: fc.string({ unit: "binary" }),
    });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 5 }), fc.array(line, { maxLength: 5 }), (first, then) => {
        const path = join(folder, `${randomUUID()}.jsonl`);
        const written = [first, then].flatMap((lines) => {
          const books = new Books(path);
          const appended = lines.map((one) => books.append(one));
          books.close();
          return appended;
        });
        assert.deepEqual(readBooks(path), written);
      }),
      { numRuns: 50 },
    );
  });
});
