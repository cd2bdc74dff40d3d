import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { Fault } from "../../../src/core/fault.ts";
import { limits } from "../../../src/core/limits.ts";
import { readForm } from "../../../src/http/bodies/form.ts";
import { action } from "../../../src/operation/online/action.ts";
import { type Served, serve } from "../http/app.ts";

const Guest = z.object({
  room: z.string(),
  name: z.string().max(200).optional(),
  nights: z.int().optional(),
  breakfast: z.boolean().optional(),
  tag: z.array(z.string()).optional(),
  ages: z.array(z.int()),
});
const book = action("t.book", {
  ...{ input: Guest, output: Guest, access: "public", idempotent: "natural", budget: "5s" },
  http: { route: "POST /rooms/{room}/bookings", body: "form" },
  run: async (guest) => guest,
});

const type = "application/x-www-form-urlencoded";
const fields = (many: number) => Array.from({ length: many }, (_, at) => `f${at}=`).join("&");

describe("a form as the body", () => {
  let served: Served;
  before(async () => {
    served = await serve([book], { http: { documents: true } });
  });
  after(() => served[Symbol.asyncDispose]());

  const read: readonly (readonly [body: string, input: object])[] = [
    ["name=Ada+%26+Ben&nights=2&breakfast=true", { name: "Ada & Ben", nights: 2, breakfast: true, ages: [] }],
    ["name=%C3%A9&ages=4&ages=7", { name: "é", ages: [4, 7] }],
    ["name=é", { name: "é", ages: [] }],
    ["name=007&tag=1&tag=&tag=a%3Db=c", { name: "007", tag: ["1", "", "a=b=c"], ages: [] }],
    ["name&&other=1&other=2&room=9", { name: "", ages: [] }],
    ["", { ages: [] }],
    [fields(limits.formFields), { ages: [] }],
  ];
  for (const [body, input] of read)
    it(`${JSON.stringify(body.slice(0, 60))} is read, over a connection and by fetch`, async () => {
      const headers = { "content-type": `${type}; charset=UTF-8` };
      const response = await served.ask("POST", "/rooms/7/bookings", { headers, body });
      assert.deepEqual(response.json, { room: "7", ...input }, response.body);
      const direct = await served.app.fetch(new Request("http://t/rooms/7/bookings", { method: "POST", headers, body }));
      assert.deepEqual(await direct.json(), { room: "7", ...input });
    });

  const refused: readonly (readonly [why: string, body: string | Uint8Array, contentType: string, status: number, fault: string])[] = [
    ["JSON", '{"name":"a"}', "application/json", 415, "media_type_unsupported"],
    ["another charset", "name=a", `${type}; charset=latin1`, 415, "media_type_unsupported"],
    ["a type with more behind", "name=a", `${type}-x`, 415, "media_type_unsupported"],
    ["a field twice", "name=a&name=b", type, 400, "invalid_input"],
    ["half an escape", "name=%C3%A", type, 400, "malformed_form"],
    ["an escape that is no UTF-8", "name=%FF", type, 400, "malformed_form"],
    ["a surrogate", "name=%ED%A0%80", type, 400, "malformed_form"],
    ["bytes that are no UTF-8", Buffer.from([0x61, 0x3d, 0xff]), type, 400, "malformed_form"],
    ["__proto__", "__proto__=1", type, 400, "malformed_form"],
    ["__proto__ spelt otherwise", "%5f_proto__=1", type, 400, "malformed_form"],
    ["a text for a number", "nights=two", type, 400, "invalid_input"],
    ["a text that is too long", `name=${"a".repeat(201)}`, type, 400, "invalid_input"],
    ["too many fields", fields(limits.formFields + 1), type, 413, "too_many_values"],
    ["as many that are empty", "&".repeat(limits.formFields), type, 413, "too_many_values"],
    ["too many bytes", `x=${"a".repeat(limits.bodyBytes)}`, type, 413, "body_too_large"],
  ];
  for (const [why, body, contentType, status, fault] of refused)
    it(`${why} is ${status} ${fault}`, async () => {
      const response = await served.ask("POST", "/rooms/7/bookings", { headers: { "content-type": contentType }, body });
      assert.deepEqual([response.status, response.json.type], [status, `urn:plimsoll:${fault}`], response.body);
    });

  it("names the field that stands twice", async () => {
    const response = await served.ask("POST", "/rooms/7/bookings", { headers: { "content-type": type }, body: "nights=1&nights=2" });
    assert.deepEqual(response.json.problems, [{ pointer: "/nights", message: "Invalid input: expected one value, received several" }]);
  });

  it("is in the OpenAPI document", async () => {
    const { paths, components } = (await served.ask("GET", "/openapi.json")).json;
    const { requestBody, responses } = paths["/rooms/{room}/bookings"].post;
    assert.deepEqual(Object.keys(requestBody.content), [type]);
    const described = JSON.stringify([responses, components]);
    assert.match(described, /malformed_form/);
    assert.doesNotMatch(described, /malformed_json/);
  });

  it("is read alike wherever it was cut", async () => {
    const body = Buffer.from("name=%C3%A9+é&ages=4&ages=7");
    const wire = await served.wire();
    const chunk = (bytes: Uint8Array) => Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);
    for (let at = 1; at < body.length; at++) {
      wire.send(`POST /rooms/7/bookings HTTP/1.1\r\nhost: t\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n`);
      wire
        .send(chunk(body.subarray(0, at)))
        .send(chunk(body.subarray(at)))
        .send("0\r\n\r\n");
      const response = await wire.next();
      assert.deepEqual(response?.json, { room: "7", name: "é é", ages: [4, 7] }, `cut at ${at}`);
    }
    wire.close();
  });
});

describe("what a form holds", () => {
  const text = fc.string({ unit: "binary" }).map((value) => value.toWellFormed());
  const pairs = fc.array(fc.tuple(text, text), { maxLength: 20 });

  it("is what was encoded", () =>
    fc.assert(
      fc.property(pairs, (sent) => {
        const some = sent.filter(([name]) => name !== "__proto__");
        const encoded = new URLSearchParams(some.map(([name, value]): [string, string] => [name, value])).toString();
        assert.deepEqual(readForm(Buffer.from(encoded), 20), some);
      }),
    ));

  it("is read or refused with a fault, whatever the bytes are", () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          for (const [name, value] of readForm(bytes, 10)) assert.ok(name.isWellFormed() && value.isWellFormed());
        } catch (error) {
          assert.ok(error instanceof Fault && error.code === "invalid_argument", String(error));
        }
      }),
    ));
});

it("a form that cannot be sent is found when the app starts", async () => {
  const spec = { output: z.object({}), access: "public", idempotent: "natural", budget: "1s" } as const;
  const deep = action("t.deep", {
    ...{ ...spec, input: z.object({ inner: z.object({ a: z.string() }) }), http: { route: "POST /deep", body: "form" } },
    run: async () => ({}),
  });
  const bodiless = action("t.bodiless", {
    ...{ ...spec, input: z.object({ a: z.string() }), http: { route: "DELETE /bodiless", body: "form" } },
    run: async () => ({}),
  });
  await assert.rejects(
    serve([deep, bodiless]),
    /t\.deep: input\.inner: It comes from a form.*t\.bodiless: http\.body: The body of a DELETE is not read/s,
  );
});
