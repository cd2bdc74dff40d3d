import type { ServiceShape } from "../../protobuf/descriptor/methods.ts";
import { healthDescriptor, reflectionDescriptor, structDescriptor } from "../../protobuf/descriptor/own-files.ts";
import { fileDescriptor } from "../../protobuf/descriptor/wire.ts";
import type { Call } from "../call/call.ts";
import { methodUnknown } from "../faults.ts";
import { Health } from "./health.ts";
import { endWith, type OwnCall } from "./own-call.ts";
import { Reflection, reflectedFile } from "./reflection.ts";

const healthName = "grpc.health.v1.Health";
const reflectionName = "grpc.reflection.v1.ServerReflection";

/** The services that the platform has beside those of the app: health, and reflection where the app wants it. */
export class OwnServices {
  readonly #health: Health;
  readonly #byPath: ReadonlyMap<string, (own: OwnCall) => void>;
  readonly #newId: () => string;

  constructor(services: readonly ServiceShape[], { reflects, newId }: { readonly reflects: boolean; readonly newId: () => string }) {
    const names = services.map((service) => `${service.package}.${service.name}`);
    this.#health = new Health(names);
    this.#newId = newId;
    const own = [
      ["Check", (call: OwnCall) => this.#health.check(call)],
      ["Watch", (call: OwnCall) => this.#health.watch(call)],
    ] as const;
    const paths = own.map(([method, serve]): [string, (own: OwnCall) => void] => [`/${healthName}/${method}`, serve]);
    if (reflects) {
      const reflection = reflectionOf([...names, healthName, reflectionName], services);
      paths.push([`/${reflectionName}/ServerReflectionInfo`, (call) => reflection.serve(call)]);
    }
    this.#byPath = new Map(paths);
  }

  /** Serves a call, if it is for one of these services. They speak gRPC alone. */
  take(call: Call, path: string): boolean {
    const serve = this.#byPath.get(path);
    if (serve === undefined) return false;
    const own = { call, requestId: this.#newId() };
    if (call.protocol === "grpc") serve(own);
    else endWith(own, methodUnknown(path));
    return true;
  }

  /** The process stops: callers that watch get that. */
  stopping(): void {
    this.#health.stopping();
  }
}

function reflectionOf(names: readonly string[], services: readonly ServiceShape[]): Reflection {
  const files = services.map((service) => reflectedFile(service, fileDescriptor(service)));
  const own = [
    {
      name: "google/protobuf/struct.proto",
      bytes: structDescriptor(),
      symbols: ["Struct", "Value", "ListValue", "NullValue"].map((name) => `google.protobuf.${name}`),
    },
    { name: "grpc/health/v1/health.proto", bytes: healthDescriptor(), symbols: [healthName] },
    { name: "grpc/reflection/v1/reflection.proto", bytes: reflectionDescriptor(), symbols: [reflectionName] },
  ];
  return new Reflection(names, [...files, ...own]);
}
