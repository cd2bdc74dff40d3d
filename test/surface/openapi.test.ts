import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { z } from "zod";
import { Fault, fault } from "../../src/core/fault.ts";
import { overloaded } from "../../src/core/load-line/refusal.ts";
import type { JsonSchema } from "../../src/core/schema/standard.ts";
import { bodyTooLarge, notJson, preconditionMissing, tooManyFromAddress } from "../../src/http/faults.ts";
import { problemReply } from "../../src/http/reply/problem.ts";
import { HttpRouter } from "../../src/http/router.ts";
import { role } from "../../src/operation/access.ts";
import { type Authenticator, anonymous, claim } from "../../src/operation/actor.ts";
import { bearer } from "../../src/operation/authentication/bearer.ts";
import { module } from "../../src/operation/module.ts";
import { query } from "../../src/operation/online/query.ts";
import { denied, invalidInput, keyInvalid, keyMismatch, keyMissing, keyRunning, notYours } from "../../src/pipeline/faults.ts";
import { buildRegistry } from "../../src/pipeline/registry/registry.ts";
import { openApiDocument } from "../../src/surface/openapi.ts";
import { SharedSchemas } from "../../src/surface/openapi-schemas.ts";
import { sampleModules } from "./sample-shop.ts";

// biome-ignore lint/suspicious/noExplicitAny: documents are read by path here, and a wrong path fails the test.
type Json = any;

const authenticator = {
  ...bearer,
  document: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
  authenticate: () => anonymous,
  remembered: () => undefined,
} satisfies Authenticator;
const service = { name: "shop", version: "1.2.0" };

const operationsOf = (modules = sampleModules) => [...buildRegistry(modules).operations.values()];
const documentOf = (modules = sampleModules): Json =>
  JSON.parse(JSON.stringify(openApiDocument({ operations: operationsOf(modules), service, authenticator, tenancy: claim("tid") })));

const document = documentOf();
const resolve = (reference: string, from: Json = document): Json =>
  reference
    .slice(2)
    .split("/")
    .reduce((at, part) => at?.[part.replaceAll("~1", "/").replaceAll("~0", "~")], from);
const follow = (value: Json): Json => (value?.$ref === undefined ? value : resolve(value.$ref));

/** Every object of a document with its JSON Pointer. */
function* walk(value: Json, pointer = ""): Generator<[pointer: string, value: Json]> {
  if (typeof value !== "object" || value === null) return;
  yield [pointer, value];
  for (const [key, inner] of Object.entries(value)) yield* walk(inner, `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`);
}

function validatorOf(from: Json): (pointer: string) => Json {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema({ $id: "https://example.com/openapi", components: from.components, paths: from.paths });
  return (pointer) => ajv.compile({ $ref: `https://example.com/openapi#${encodeURI(pointer)}` });
}

const operations = (): [path: string, verb: string, operation: Json][] =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item as Json).map(([verb, operation]): [string, string, Json] => [path, verb, operation]),
  );
const find = (name: string): Json => operations().find(([, , { operationId }]) => operationId === name)?.[2];
const parameter = (name: string, of: string): Json =>
  find(of)
    .parameters.map(follow)
    .find((one: Json) => one.name === name);

describe("a document is a whole", () => {
  test("the same operations give the same bytes", () => {
    const [one, other] = [0, 1].map(() => JSON.stringify(openApiDocument({ operations: operationsOf(), service, authenticator })));
    assert.equal(one, other);
  });

  test("every reference leads somewhere, and no definition stays behind in a schema", () => {
    let references = 0;
    for (const [pointer, value] of walk(document)) {
      assert.ok(!("$defs" in value) && !("$schema" in value), `${pointer} keeps its own $defs or $schema`);
      if (typeof value.$ref !== "string") continue;
      references++;
      assert.match(value.$ref, /^#\/components\/(schemas|responses|headers|parameters)\/[A-Za-z0-9._-]+$/, pointer);
      assert.notEqual(resolve(value.$ref), undefined, `${pointer} refers to ${value.$ref}`);
    }
    assert.ok(references > 100, String(references));
  });

  test("has what OpenAPI 3.1 demands", () => {
    assert.match(document.openapi, /^3\.1\.\d$/);
    assert.deepEqual([document.info.title, document.info.version], ["shop", "1.2.0"]);
    const ids = operations().map(([, , { operationId }]) => operationId);
    assert.equal(new Set(ids).size, ids.length);
    for (const [path, verb, operation] of operations()) {
      const parameters = (operation.parameters ?? []).map(follow);
      const inPath = parameters.filter((one: Json) => one.in === "path").map((one: Json) => one.name);
      assert.deepEqual(
        inPath,
        [...path.matchAll(/\{(.+?)\}/g)].map((match) => match[1]),
        path,
      );
      for (const one of parameters) assert.ok(["path", "query", "header"].includes(one.in) && one.schema !== undefined, one.name);
      assert.equal(new Set(parameters.map((one: Json) => `${one.in} ${one.name}`)).size, parameters.length);
      for (const [status, response] of Object.entries(operation.responses)) {
        assert.match(status, /^[2-5]\d\d$/);
        assert.equal(typeof follow(response).description, "string", `${verb} ${path} ${status}`);
      }
    }
  });

  test("every schema in it compiles as JSON Schema 2020-12", () => {
    const compile = validatorOf(document);
    const schemas = [...walk(document)].filter(([pointer]) => /\/schema$|^\/components\/schemas\/[^/]+$/.test(pointer));
    assert.ok(schemas.length > 40, String(schemas.length));
    for (const [pointer] of schemas) assert.doesNotThrow(() => compile(pointer), pointer);
  });

  test("examples are what their schemas say", () => {
    const compile = validatorOf(document);
    let checked = 0;
    for (const [pointer, value] of walk(document)) {
      if (!("example" in value) || !("schema" in value)) continue;
      const validate = compile(`${pointer}/schema`);
      assert.ok(validate(value.example), `${pointer}: ${JSON.stringify(validate.errors)}`);
      checked++;
    }
    assert.ok(checked >= 6, String(checked));
  });
});

describe("an operation", () => {
  for (const [name, statuses] of Object.entries({
    "identity.sign-in": "201 400 401 403 404 408 409 413 414 415 417 422 429 431 500 501 503 504",
    "identity.register": "201 400 401 403 404 408 409 413 414 415 417 422 429 431 500 501 503 504",
    "catalog.list": "200 400 401 409 414 417 429 431 500 501 503 504",
    "catalog.categories": "200 400 401 409 414 417 429 431 500 501 503 504",
    "orders.place": "201 400 401 403 404 408 409 413 414 415 417 422 429 431 500 501 503 504",
    "orders.get": "200 304 400 401 403 404 409 414 417 429 431 500 501 503 504",
    "orders.change": "200 400 401 403 404 408 409 412 413 414 415 417 422 428 429 431 500 501 503 504",
    "orders.delete": "204 400 401 403 404 409 412 414 417 422 429 431 500 501 503 504",
  }))
    test(`${name} ends with ${statuses}`, () => assert.equal(Object.keys(find(name).responses).join(" "), statuses));

  test("that is internal is left out", () => assert.equal(find("catalog.take-stock"), undefined));

  test("answers with the status that HTTP serves", () => {
    for (const { operation, status } of new HttpRouter(operationsOf()).routes)
      assert.ok(String(status) in find(operation.name).responses, `${operation.name} ${status}`);
    assert.equal(find("orders.delete").responses["204"].content, undefined);
  });

  test("takes its input from path, query, headers and body, each field from one place", () => {
    const change = find("orders.change");
    assert.deepEqual(
      change.parameters.map(({ name, in: place, required }: Json) => [name, place, required]),
      [
        ["orderId", "path", true],
        ["If-Match", "header", true],
      ],
    );
    const body = follow(change.requestBody.content["application/json"].schema);
    assert.deepEqual(Object.keys(body.properties), ["note", "lines"]);
    assert.deepEqual([body.required, change.requestBody.required], [undefined, false]);
    assert.deepEqual(change.requestBody.content["application/json"].example, { note: "Ring twice." });
    assert.deepEqual(
      find("catalog.list").parameters.map(({ name, in: place, required }: Json) => `${name} ${place} ${required}`),
      ["query query false", "tag query false", "inStock query false", "limit query false", "cursor query false"],
    );
    assert.equal(parameter("query", "catalog.list").description, "Words to look for.");
    assert.equal(parameter("If-Match", "orders.delete").required, false);
    assert.equal(find("orders.delete").requestBody, undefined);
  });

  test("names its headers", () => {
    assert.equal(parameter("Idempotency-Key", "orders.place").required, true);
    assert.match(parameter("Idempotency-Key", "identity.register").description, /stored for 1h\. .*`email`/);
    assert.equal(parameter("Idempotency-Key", "orders.change"), undefined);
    assert.deepEqual(Object.keys(find("orders.place").responses["201"].headers), ["X-Request-Id", "Location", "Idempotency-Replayed"]);
    assert.deepEqual(Object.keys(find("orders.get").responses["200"].headers), ["X-Request-Id", "ETag"]);
    assert.ok("Retry-After" in follow(find("orders.get").responses["503"]).headers);
    assert.ok("WWW-Authenticate" in follow(find("orders.get").responses["401"]).headers);
  });

  test("carries its load line and who may call it", () => {
    const place = find("orders.place");
    assert.deepEqual(place["x-budget"], { deadlineMs: 300, concurrency: 64, queue: 128, queries: 12 });
    assert.deepEqual([place["x-criticality"], place["x-idempotent"], place["x-access"]], ["critical", "key", "role customer"]);
    assert.deepEqual([place.security, find("catalog.list").security], [[{ bearer: [] }], []]);
    assert.deepEqual(place.tags, ["orders"]);
    assert.deepEqual([find("identity.register")["x-idempotent"], find("catalog.list")["x-idempotent"]], ["key", "natural"]);
    assert.match(document.components.securitySchemes.bearer.description, /claim tid/);
  });

  test("shows where its secrets are", () => {
    const body = follow(find("identity.sign-in").requestBody.content["application/json"].schema);
    assert.equal(body.properties.password["x-secret"], true);
    assert.equal(body.properties.email["x-secret"], undefined);
  });

  test("asks for no token where the app knows no callers", () => {
    const open: Json = openApiDocument({ operations: operationsOf(), service });
    assert.equal(open.components.securitySchemes, undefined);
    assert.equal(open.paths["/v1/orders"].post.security, undefined);
  });
});

describe("faults", () => {
  const compile = validatorOf(document);
  const validate = (name: string, problem: Fault) => {
    const { status, body } = problemReply(problem, "request-1");
    const [path, verb] = operations().find(([, , { operationId }]) => operationId === name) as [string, string, Json];
    const response = document.paths[path][verb].responses[status];
    assert.ok(response, `${name} documents no ${status}`);
    const at = response.$ref?.slice(1) ?? `/paths/${path.replaceAll("/", "~1")}/${verb}/responses/${status}`;
    const check = compile(`${at}/content/application~1problem+json/schema`);
    return { valid: check(JSON.parse(body)), errors: JSON.stringify(check.errors) };
  };
  const place = operationsOf().find(({ name }) => name === "orders.place") as ReturnType<typeof operationsOf>[number];
  const actor = { ...anonymous, kind: "user" as const };
  const refusal = { limit: "orders.place queue", value: 128, load: 128 };

  for (const [name, problem] of [
    ["orders.place", invalidInput([{ pointer: "/lines/0/quantity", message: "Too small." }])],
    ["orders.place", new Fault({ code: "invalid_argument", type: "malformed_json", message: "No JSON." })],
    ["orders.place", keyMissing("orders.place")],
    ["orders.place", keyInvalid(255)],
    ["orders.place", keyRunning()],
    ["orders.place", keyMismatch()],
    ["orders.place", denied(place, anonymous, bearer)],
    ["orders.place", denied(place, actor, bearer)],
    ["orders.place", bodyTooLarge(1_024)],
    ["orders.place", notJson()],
    ["orders.place", overloaded(refusal, 0)],
    ["orders.place", tooManyFromAddress({ ...refusal, value: 8, load: 8 }, 0)],
    ["orders.place", new Fault({ code: "already_exists", type: "unique_violation", message: "There is one." })],
    ["orders.place", new Fault({ code: "failed_precondition", type: "check_violation", message: "No." })],
    ["orders.place", new Fault({ code: "aborted", type: "conflict", message: "Again." })],
    ["orders.place", new Fault({ code: "deadline_exceeded", message: "Time is up.", details: { limit: "deadline", value: 300 } })],
    ["orders.place", new Fault({ code: "internal", type: "invalid_output", message: "A secret." })],
    ["orders.get", (notYours as (operation: string) => Fault)("orders.get")],
    ["orders.change", preconditionMissing()],
    ["catalog.list", new Fault({ code: "invalid_argument", type: "cursor_expired", message: "Begin again." })],
  ] as const)
    test(`${name}: what is sent for ${problem.type} is what is documented`, () => {
      const { valid, errors } = validate(name, problem);
      assert.ok(valid, errors);
    });

  test("that are declared are documented with their details", () => {
    const declared = place.faults.get("out_of_stock");
    assert.ok(declared);
    const details = { productId: "018f6b1e-7c2a-7b3e-9d55-3c1f0a9b2e01", left: 2 };
    assert.equal(validate("orders.place", new declared(details)).errors, "null");
    assert.equal(validate("orders.place", new declared({ ...details, left: "two" })).valid, false);
    assert.equal(validate("orders.place", new Fault({ code: "aborted", type: "out_of_sorts", message: "?", status: 409 })).valid, false);
  });

  test("of one status are distinguished; where a module says what the platform also says, either may come", () => {
    const Mine = fault("not_found", { code: "not_found", details: z.object({ id: z.string() }), message: "Not here." });
    const get = query("notes.get", {
      input: z.object({ id: z.string() }),
      output: z.object({ text: z.string() }),
      faults: [Mine],
      access: role("reader"),
      budget: "1s",
      http: "GET /notes/{id}",
      owns: async () => true,
      run: async () => ({ text: "" }),
    });
    const own = documentOf([module("notes", { operations: [get] })]);
    const schema = own.paths["/notes/{id}"].get.responses["404"].content["application/problem+json"].schema;
    assert.deepEqual(Object.keys(schema), ["anyOf"]);
    assert.deepEqual(Object.keys(find("orders.get").responses["404"].content["application/problem+json"].schema), ["oneOf"]);
    assert.equal(new Set(schema.anyOf.map((one: Json) => one.$ref)).size, 2);
  });
});

describe("shared schemas", () => {
  const resolveIn = (shared: SharedSchemas, schema: JsonSchema): Json =>
    resolve(String(schema.$ref), { components: { schemas: shared.toJson() } });

  test("one definition that many use is kept once, another of the same name apart", () => {
    const shared = new SharedSchemas();
    const use = (money: JsonSchema) => ({ type: "object", properties: { total: { $ref: "#/$defs/Money" } }, $defs: { Money: money } });
    const [one, again, other] = [{ type: "integer" }, { type: "integer" }, { type: "string" }].map((money, at) =>
      shared.embed(use(money), `Use${at}`),
    ) as Json[];
    assert.deepEqual(one, again);
    assert.deepEqual(shared.toJson(), { Money: { type: "integer" }, Use2Money: { type: "string" } });
    assert.equal(resolveIn(shared, other.properties.total).type, "string");
  });

  test("definitions that read alike and refer to others that do not are kept apart", () => {
    const shared = new SharedSchemas();
    const use = (leaf: string) => ({
      $ref: "#/$defs/Tree",
      $defs: { Tree: { type: "array", items: { $ref: "#/$defs/Leaf" } }, Leaf: { type: leaf } },
    });
    const trees = [use("string"), use("number")].map((schema, at) => shared.embed(schema, `Use${at}`));
    assert.deepEqual(
      trees.map((tree) => resolveIn(shared, resolveIn(shared, tree).items).type),
      ["string", "number"],
    );
  });

  test("a schema that refers to itself is shared", () => {
    const shared = new SharedSchemas();
    const tree = shared.embed({ type: "object", properties: { inner: { $ref: "#" } } }, "Tree");
    assert.deepEqual(tree, { $ref: "#/components/schemas/Tree" });
    assert.deepEqual(resolveIn(shared, tree).properties.inner, tree);
  });

  test("data that looks like a reference stays data, and a field may be called $ref or default", () => {
    const shared = new SharedSchemas();
    const schema = {
      type: "object",
      properties: { $ref: { const: { $ref: "#/$defs/X" } }, default: { $ref: "#/$defs/X" } },
      $defs: { X: { type: "string" } },
    };
    const embedded: Json = shared.embed(schema, "Use");
    assert.deepEqual(embedded.properties.$ref, { const: { $ref: "#/$defs/X" } });
    assert.equal(resolveIn(shared, embedded.properties.default).type, "string");
  });
});
