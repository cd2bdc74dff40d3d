import assert from "node:assert/strict";
import { type EventEmitter, once } from "node:events";
import { describe, it } from "node:test";
import { create, createFileRegistry, type DescMethod, fromBinary, toBinary, toJson } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Client, credentials, type ServiceError } from "@grpc/grpc-js";
import { action, module } from "plimsoll";
import { z } from "zod";
import { healthDescriptor, reflectionDescriptor, structDescriptor } from "../../../src/protobuf/descriptor/own-files.ts";
import { serve } from "./served.ts";

const modules = [
  module("notes", {
    operations: [
      action("notes.add", {
        ...{
          input: z.object({ note: z.unknown() }),
          output: z.object({ id: z.string() }),
          access: "public",
          idempotent: "no",
          budget: "1s",
        },
        http: "POST /notes",
        run: async () => ({ id: "n-1" }),
      }),
    ],
  }),
];
const registry = createFileRegistry(
  create(FileDescriptorSetSchema, {
    file: [structDescriptor(), healthDescriptor(), reflectionDescriptor()].map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes)),
  }),
);
const method = (service: string, name: string) => registry.getService(service)?.methods.find((one) => one.name === name) as DescMethod;
const [check, watch, reflect] = [
  method("grpc.health.v1.Health", "Check"),
  method("grpc.health.v1.Health", "Watch"),
  method("grpc.reflection.v1.ServerReflection", "ServerReflectionInfo"),
];
const ways = ({ input, output, parent, name }: DescMethod) =>
  [
    `/${parent.typeName}/${name}`,
    (json: object) => Buffer.from(toBinary(input, create(input, json as never))),
    (bytes: Buffer) => toJson(output, fromBinary(output, bytes)) as Readonly<Record<string, unknown>>,
  ] as const;

function clientOf(url: string): Client {
  return new Client(new URL(url).host, credentials.createInsecure());
}

/** How a call ends: its error is that too. */
function statusOf(call: EventEmitter): Promise<number> {
  call.on("error", () => undefined);
  return new Promise((resolve) => call.once("status", ({ code }: { readonly code: number }) => resolve(code)));
}

describe("the services that gRPC has of its own", () => {
  it("health says that services are served, and that one is not there", async () => {
    await using served = await serve(modules);
    const client = clientOf(served.url);
    const ask = (service: string) =>
      new Promise<unknown>(
        (resolve) => void client.makeUnaryRequest(...ways(check), { service }, (error, reply) => resolve(error ?? reply)),
      );
    assert.deepEqual(await ask(""), { status: "SERVING" });
    assert.deepEqual(await ask("notes.Notes"), { status: "SERVING" });
    assert.equal(((await ask("none")) as ServiceError).code, 5);
    client.close();
  });

  it("health lets those who watch know that the process stops", async () => {
    await using served = await serve(modules);
    const client = clientOf(served.url);
    const stream = client.makeServerStreamRequest(...ways(watch), { service: "notes.Notes" });
    const [first] = await once(stream, "data");
    assert.deepEqual(first, { status: "SERVING" });
    const [second, status] = [new Promise((resolve) => stream.on("data", resolve)), statusOf(stream)];
    await served.app.stop();
    assert.deepEqual(await second, { status: "NOT_SERVING" });
    assert.equal(await status, 14);
    client.close();
  });

  it("reflection lists services, and gives the file of a name or a symbol", async () => {
    await using served = await serve(modules, { spec: { reflection: true } });
    const client = clientOf(served.url);
    const call = client.makeBidiStreamRequest(...ways(reflect));
    const ask = async (messageRequest: object) => {
      call.write({ messageRequest });
      const [reply] = await once(call, "data");
      return reply as { readonly listServicesResponse?: object; readonly errorResponse?: { readonly errorCode: number } } & Record<
        string,
        { readonly fileDescriptorProto: readonly string[] }
      >;
    };
    assert.deepEqual((await ask({ case: "listServices", value: "" })).listServicesResponse, {
      service: ["notes.Notes", "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"].map((name) => ({ name })),
    });
    for (const symbol of ["notes.Notes", "notes.Notes.Add", "notes.AddRequest", "google.protobuf.Value", "grpc.health.v1.Health"]) {
      const { fileDescriptorResponse } = await ask({ case: "fileContainingSymbol", value: symbol });
      const [file = ""] = fileDescriptorResponse?.fileDescriptorProto ?? [];
      const read = fromBinary(FileDescriptorProtoSchema, Buffer.from(file, "base64"));
      assert.ok(symbol.startsWith(read.package), `${symbol} is in ${read.name}`);
    }
    const named = await ask({ case: "fileByFilename", value: "notes.proto" });
    assert.equal(named.fileDescriptorResponse?.fileDescriptorProto.length, 1);
    assert.equal((await ask({ case: "fileContainingSymbol", value: "none" })).errorResponse?.errorCode, 5);
    call.end();
    assert.equal((await once(call, "status"))[0].code, 0);
    client.close();
  });

  it("reflection is not there unless the app wants it", async () => {
    await using served = await serve(modules);
    const client = clientOf(served.url);
    const call = client.makeBidiStreamRequest(...ways(reflect));
    call.end();
    call.resume();
    assert.equal(await statusOf(call), 12);
    client.close();
  });
});
