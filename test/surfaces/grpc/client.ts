import {
  create,
  createFileRegistry,
  type DescMessage,
  type DescService,
  fromBinary,
  fromJson,
  type Message,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Client, type ClientDuplexStream, type ClientReadableStream, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import type { Module } from "plimsoll";
import { descriptorSet } from "plimsoll/grpc";

/** What a client knows of a server: its descriptors, as protobuf-es reads them. */
export function registryOf(modules: readonly Module[]) {
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet({ modules, lock: false })));
}

/** A method by its path. */
export function methodOf(registry: ReturnType<typeof registryOf>, path: string) {
  const [, service = "", name = ""] = path.split("/");
  const found = (registry.getService(service) as DescService).methods.find((method) => method.name === name);
  if (found === undefined) throw new TypeError(`the descriptors have ${path}`);
  return found;
}

export interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** A client of grpc-js without generated code: messages go through protobuf-es and its JSON. */
export class DynamicClient {
  readonly registry: ReturnType<typeof registryOf>;
  readonly #client: Client;

  constructor(url: string, modules: readonly Module[]) {
    this.registry = registryOf(modules);
    this.#client = new Client(new URL(url).host, credentials.createInsecure());
  }

  /** Sends a request, given as protobuf's JSON, and returns the response likewise. Rejects with the error of grpc-js. */
  unary(path: string, json: unknown, { headers = {}, deadlineMs, signal }: CallOptions = {}): Promise<unknown> {
    const { input, output } = methodOf(this.registry, path);
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        path,
        (message: Message) => Buffer.from(toBinary(input, message)),
        (bytes: Buffer) => fromBinary(output, bytes),
        json === undefined ? create(input) : fromJson(input, json as never),
        metadata,
        deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs },
        (error: ServiceError | null, message?: Message) =>
          error === null ? resolve(toJson(output as DescMessage, message as Message)) : reject(error),
      );
      signal?.addEventListener("abort", () => call.cancel());
    });
  }

  /** Opens a call both ways, whose messages are protobuf's JSON. */
  duplex(path: string): ClientDuplexStream<unknown, unknown> {
    const { input, output } = methodOf(this.registry, path);
    return this.#client.makeBidiStreamRequest(
      path,
      (json: unknown) => Buffer.from(toBinary(input, fromJson(input, json as never))),
      (bytes: Buffer) => toJson(output, fromBinary(output, bytes)),
    );
  }

  /** Opens a call with one request and many responses. */
  stream(path: string, json: unknown, { headers = {} }: Pick<CallOptions, "headers"> = {}): ClientReadableStream<unknown> {
    const { input, output } = methodOf(this.registry, path);
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    return this.#client.makeServerStreamRequest(
      path,
      (sent: unknown) => Buffer.from(toBinary(input, fromJson(input, sent as never))),
      (bytes: Buffer) => toJson(output, fromBinary(output, bytes)),
      json,
      metadata,
    );
  }

  close(): void {
    this.#client.close();
  }
}
