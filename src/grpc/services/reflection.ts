import type { ServiceShape } from "../../protobuf/descriptor/methods.ts";
import type { MessageShape } from "../../protobuf/descriptor/shape.ts";
import { fileNameOf } from "../../protobuf/descriptor/wire.ts";
import { type OwnCall, readMessages, sendParts, textsOf } from "./own-call.ts";

const notFound = 5;
const unimplemented = 12;

/** One file with what it has, by full names. */
export interface ReflectedFile {
  readonly name: string;
  readonly bytes: Buffer;
  readonly symbols: readonly string[];
}

/** The full names that the file of a service has. */
export function reflectedFile(service: ServiceShape, bytes: Buffer): ReflectedFile {
  const full = `${service.package}.${service.name}`;
  const methods = service.methods.map(({ name }) => `${full}.${name}`);
  const messages = service.methods.flatMap(({ request, response }) => [...symbolsOf(request), ...symbolsOf(response)]);
  return { name: fileNameOf(service), bytes, symbols: [full, ...methods, ...messages] };
}

function symbolsOf({ fullName, messages, enums }: MessageShape): readonly string[] {
  return [fullName, ...enums.map((one) => one.fullName), ...messages.flatMap(symbolsOf)];
}

/** `grpc.reflection.v1.ServerReflection`: descriptors for tools such as grpcurl. */
export class Reflection {
  readonly #services: readonly string[];
  readonly #byName: ReadonlyMap<string, Buffer>;
  readonly #bySymbol: ReadonlyMap<string, Buffer>;

  constructor(services: readonly string[], files: readonly ReflectedFile[]) {
    this.#services = services;
    this.#byName = new Map(files.map(({ name, bytes }) => [name, bytes]));
    this.#bySymbol = new Map(files.flatMap(({ symbols, bytes }) => symbols.map((symbol) => [symbol, bytes] as const)));
  }

  serve(own: OwnCall): void {
    readMessages(
      own,
      (message) => this.#reply(own, message),
      () => {
        own.call.begin(own.requestId);
        own.call.end();
        own.call.ended();
      },
    );
  }

  #reply(own: OwnCall, message: Buffer): void {
    const asked = textsOf(message);
    const original = [2, message] as const;
    const [file, symbol] = [asked.get(3), asked.get(4)];
    if (asked.has(7)) return sendParts(own, [original, [6, this.#services.map((name) => [1, [[1, name]]] as const)]]);
    const found = file !== undefined ? this.#byName.get(file) : symbol !== undefined ? this.#bySymbol.get(symbol) : undefined;
    if (found !== undefined) return sendParts(own, [original, [4, [[1, found]]]]);
    const isAsked = file !== undefined || symbol !== undefined;
    const why = isAsked ? `There is no file or symbol ${(file ?? symbol ?? "").slice(0, 200)}.` : "proto3 has no extensions.";
    sendParts(own, [
      original,
      [
        7,
        [
          [1, isAsked ? notFound : unimplemented],
          [2, why],
        ],
      ],
    ]);
  }
}
