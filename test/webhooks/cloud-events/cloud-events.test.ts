import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HTTP, CloudEvent as TheirEvent } from "cloudevents";
import fc from "fast-check";
import { type CloudEvent, cloudEventFromJson, cloudEventToJson, readCloudEvent, writeCloudEvent } from "plimsoll/webhooks";
import { Fault } from "../../../src/core/fault.ts";

// Both forms of CloudEvents, against themselves and against the package of the specification's authors.

const isAllowed = (text: string) => text.isWellFormed() && !/[\p{Cc}\p{Noncharacter_Code_Point}]/u.test(text);
const anyText = fc.string({ unit: "binary", minLength: 1, maxLength: 20 }).filter(isAllowed);
/** What headers hold without an encoding: the package encodes nothing, and decodes nothing. */
const plainText = fc.stringMatching(/^[!#$&-~]{1,20}$/);
const uri = fc.constantFrom("/orders", "https://shop.example/a%20b?c=d#e", "urn:plimsoll:orders", "../up");
const plainUri = fc.constantFrom("/orders", "https://shop.example/a?c=d#e", "urn:plimsoll:orders", "../up");
const moment = fc.date({ min: new Date("0001-01-01T00:00:00Z"), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true });
const extensionName = fc.stringMatching(/^x[a-z0-9]{0,18}$/);
/** Without the keys that the reader of JSON refuses. */
const json = fc.jsonValue({ maxDepth: 2 }).filter((value) => !/__proto__|prototype/.test(JSON.stringify(value)));
const object = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), json, { minKeys: 1, noNullPrototype: true });

function events(
  text: fc.Arbitrary<string>,
  value: fc.Arbitrary<string | number | boolean>,
  data: fc.Arbitrary<unknown>,
): fc.Arbitrary<CloudEvent> {
  return fc.record(
    {
      ...{ id: text, source: text === plainText ? plainUri : uri, type: text, subject: text, time: moment, data },
      dataSchema: fc.constant("https://shop.example/schema"),
      extensions: fc.dictionary(extensionName, value, { minKeys: 1, noNullPrototype: true }),
    },
    { requiredKeys: ["id", "source", "type", "time"] },
  );
}
const anyValue = fc.oneof(anyText, fc.boolean(), fc.integer());
const bytes = fc.uint8Array({ minLength: 1, maxLength: 20 }).map((one) => new Uint8Array(one));

/** As it is read: JSON has no -0. */
const asRead = (event: CloudEvent): CloudEvent => ({
  ...event,
  ...(event.data !== undefined && { dataContentType: "application/json", data: JSON.parse(JSON.stringify(event.data)) }),
});
/** Headers hold text alone. */
const asHeaders = ({ extensions, ...event }: CloudEvent): CloudEvent => ({
  ...event,
  ...(extensions && { extensions: Object.fromEntries(Object.entries(extensions).map(([name, value]) => [name, String(value)])) }),
});
/** As the package shows it. */
const facts = ({ id, source, type, subject, time, dataSchema, data, extensions }: CloudEvent) => ({
  ...{ id, source, type, subject, time: time?.toISOString(), dataschema: dataSchema, data, ...extensions },
});
const theirFacts = (event: TheirEvent<unknown>, extensions: object) => {
  const { id, source, type, subject, time, dataschema, data } = event;
  const more = Object.fromEntries(Object.keys(extensions).map((name) => [name, event[name]]));
  return { ...{ id, source, type, subject, time: time && new Date(time).toISOString(), dataschema, data }, ...more };
};

describe("an event that is written and read again", () => {
  const arbitrary = events(anyText, anyValue, json);
  it("is the same in the structured form", () =>
    fc.assert(fc.property(arbitrary, (event) => assert.deepEqual(readCloudEvent(writeCloudEvent(event)), asRead(event)))));
  it("is the same in the binary form, its extensions as text", () =>
    fc.assert(
      fc.property(arbitrary, (event) => {
        const { headers, body } = writeCloudEvent(event, "binary");
        for (const value of Object.values(headers)) assert.match(value, /^[\x20-\x7e]*$/);
        const read = readCloudEvent({
          headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value])),
          body,
        });
        assert.deepEqual(read, asHeaders(asRead(event)));
      }),
    ));
  it("has no header of what is undefined", () => {
    const optional = { subject: undefined, time: undefined, dataSchema: undefined, dataContentType: undefined } as object;
    const { headers } = writeCloudEvent({ id: "1", source: "/a", type: "t", ...optional }, "binary");
    assert.deepEqual(headers, { "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/a", "ce-type": "t" });
  });
  it("keeps bytes, and text that is not JSON, with their type", () =>
    fc.assert(
      fc.property(bytes, (data) => {
        const event = { id: "1", source: "/a", type: "t", dataContentType: "image/png", data };
        for (const form of ["structured", "binary"] as const) assert.deepEqual(readCloudEvent(writeCloudEvent(event, form)), event, form);
      }),
    ));
});

describe("the package of the specification", () => {
  it("reads what is written in the structured form", () =>
    fc.assert(
      fc.property(events(anyText, anyValue, object), (event) => {
        const { headers, body } = writeCloudEvent(event);
        const read = HTTP.toEvent<unknown>({ headers: { ...headers }, body }) as TheirEvent<unknown>;
        assert.equal(read.validate(), true);
        assert.deepEqual(theirFacts(read, event.extensions ?? {}), { ...facts(asRead(event)) });
      }),
    ));
  it("reads what is written in the binary form", () =>
    fc.assert(
      fc.property(events(plainText, plainText, object), (event) => {
        const { headers, body } = writeCloudEvent(event, "binary");
        const read = HTTP.toEvent<unknown>({ headers: { ...headers }, body: body === "" ? undefined : body }) as TheirEvent<unknown>;
        assert.equal(read.validate(), true);
        assert.deepEqual(theirFacts(read, event.extensions ?? {}), facts(asRead(event)));
      }),
    ));
  it("writes both forms so that they are read", () =>
    fc.assert(
      fc.property(events(plainText, plainText, object), ({ dataSchema, extensions, time, ...event }) => {
        const theirs = new TheirEvent({
          ...{ ...event, ...extensions, datacontenttype: "application/json", time: time!.toISOString() },
          ...(dataSchema !== undefined && { dataschema: dataSchema }),
        });
        const expected = { ...asRead({ ...event, time: time!, ...(dataSchema && { dataSchema }), ...(extensions && { extensions }) }) };
        for (const message of [HTTP.structured(theirs), HTTP.binary(theirs)]) {
          const headers = message.headers as Record<string, string>;
          const read = readCloudEvent({ headers, body: (message.body as string | undefined) ?? "" });
          assert.deepEqual({ ...read, dataContentType: "application/json" }, { ...expected, dataContentType: "application/json" });
        }
      }),
    ));
});

const good = { specversion: "1.0", id: "1", source: "/a", type: "t" };
const refusedJson: readonly (readonly [unknown, string])[] = [
  [null, "not an object"],
  [[good], "not an object"],
  [{ ...good, specversion: "0.3" }, "specversion"],
  [{ ...good, id: "" }, "id"],
  [{ ...good, id: 7 }, "id"],
  [{ ...good, type: undefined }, "type"],
  [{ ...good, source: "SECRET here" }, "source"],
  [{ ...good, source: "a#b#SECRET" }, "source"],
  [{ ...good, subject: "SECRET\n" }, "subject"],
  [{ ...good, subject: "SECRET\ud800" }, "subject"],
  [{ ...good, time: "29.11.2026 SECRET" }, "time"],
  [{ ...good, time: "2026-13-29T10:00:00Z" }, "time"],
  [{ ...good, dataschema: "/SECRET" }, "dataschema"],
  [{ ...good, datacontenttype: "SECRET" }, "datacontenttype"],
  [{ ...good, Upper: "SECRET" }, "name of an extension"],
  [{ ...good, nested: { SECRET: 1 } }, "nested"],
  [{ ...good, large: 2_147_483_648 }, "large"],
  [{ ...good, part: 0.5 }, "part"],
  [{ ...good, data: 1, data_base64: "AA==" }, "both"],
  [{ ...good, data_base64: "SECRET!" }, "base64"],
];
const ce = { "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/a", "ce-type": "t" };
const refusedMessages: readonly (readonly [Record<string, string | string[]>, string, string])[] = [
  [{}, "{}", "ce-specversion"],
  [{ ...ce, "ce-id": "" }, "", "id"],
  [{ ...ce, "CE-ID": "2" }, "", "more than once"],
  [{ ...ce, "ce-type": ["t", "SECRET"] }, "", "more than once"],
  [{ ...ce, "ce-subject": "%ff" }, "", "percent"],
  [{ ...ce, "ce-subject": "%0ASECRET" }, "", "subject"],
  [{ ...ce, "ce-datacontenttype": "text/plain" }, "", "name of an extension"],
  [{ ...ce, "content-type": "application/json" }, "{SECRET", "JSON"],
  [{ "content-type": "application/cloudevents+json" }, '{"id":1,"id":2}', "JSON"],
  [{ "content-type": "application/cloudevents+avro" }, "SECRET", "another format"],
  [{ "content-type": "application/cloudevents-batch+json" }, "[]", "batch"],
];
const isRefused = (problem: string) => (error: unknown) =>
  error instanceof Fault && error.type === "cloud_event_invalid" && error.message.includes(problem) && !error.message.includes("SECRET");

describe("what is no event", () => {
  for (const [json, problem] of refusedJson)
    it(`is refused: ${JSON.stringify(json)}`, () => assert.throws(() => cloudEventFromJson(json), isRefused(problem)));
  for (const [headers, body, problem] of refusedMessages)
    it(`is refused: ${JSON.stringify(headers)} ${body}`, () => assert.throws(() => readCloudEvent({ headers, body }), isRefused(problem)));
  it("is refused, whatever it is", () =>
    fc.assert(
      fc.property(
        fc.anything(),
        fc.dictionary(fc.constantFrom(...Object.keys(ce), "content-type", "ce-x"), fc.string()),
        fc.string(),
        (json, headers, body) => {
          for (const read of [() => cloudEventFromJson(json), () => readCloudEvent({ headers: { ...ce, ...headers }, body })])
            try {
              assert.equal(typeof read().id, "string");
            } catch (error) {
              assert.ok(isRefused("")(error), String(error));
            }
        },
      ),
    ));
  it("is not written either", () => {
    const event = { id: "1", source: "/a", type: "t" };
    for (const [wrong, problem] of [
      [{ ...event, time: new Date(Number.NaN) }, "time"],
      [{ ...event, extensions: { id: "2" } }, "name of an extension"],
      [{ ...event, dataContentType: "text/plain", data: {} }, "data"],
    ] as const)
      for (const write of [() => cloudEventToJson(wrong), () => writeCloudEvent(wrong, "binary")]) assert.throws(write, isRefused(problem));
  });
  it("is not what has null for an attribute that may be absent", () =>
    assert.deepEqual(cloudEventFromJson({ ...good, subject: null, time: null, data: null }), {
      id: "1",
      source: "/a",
      type: "t",
      data: null,
    }));
});
