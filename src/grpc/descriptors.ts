import { Fault } from "../core/fault.ts";
import type { Operation } from "../operation/contract.ts";
import type { Module } from "../operation/module.ts";
import type { CompiledOperation } from "../pipeline/registry/compiled.ts";
import { buildRegistry } from "../pipeline/registry/registry.ts";
import { type ServiceShape, servicesOf } from "../protobuf/descriptor/methods.ts";
import { type GrpcLock, Numbers } from "../protobuf/descriptor/numbers.ts";
import { structDescriptor } from "../protobuf/descriptor/own-files.ts";
import { protoText } from "../protobuf/descriptor/proto-text.ts";
import { fileDescriptor, fileNameOf, usesStruct, writeParts } from "../protobuf/descriptor/wire.ts";
import { lockFile, readLock, writeLock } from "../protobuf/lock.ts";
import { isServed, sourcesOf } from "./routes.ts";

/** Whose services are described: the same modules and the same choice as of the app that serves them. */
export interface DescriptorSource {
  readonly modules: readonly Module[];
  /** *Default*: as of `grpc()`. */
  readonly serves?: (operation: Operation) => boolean;
  /** The file that keeps the numbers of fields; `false` numbers them by their order. *Default*: `contracts.lock.json` in the working directory. */
  readonly lock?: string | URL | false;
}

/** What a surface is made of: all operations of an app, and which of them it serves. */
export interface DeclaredOperations {
  readonly declared: readonly Operation[];
  readonly operations: ReadonlyMap<string, CompiledOperation>;
  readonly serves?: ((operation: Operation) => boolean) | undefined;
}

/** Makes the services of the operations that are served. */
export function makeServices(
  { declared, operations, serves = isServed }: DeclaredOperations,
  numbers: Numbers,
  report: (operation: string, problem: string) => void,
): readonly ServiceShape[] {
  const served = declared.filter(serves).flatMap(({ name }) => operations.get(name) ?? []);
  return servicesOf(sourcesOf(served), numbers, report);
}

/** What is kept; undefined where nothing is. */
export function lockOf(lock: string | URL | false = lockFile): GrpcLock | undefined {
  return lock === false ? undefined : readLock(lock);
}

function describe({ modules, serves, lock }: DescriptorSource): { readonly services: readonly ServiceShape[]; readonly numbers: Numbers } {
  const { operations, byContract } = buildRegistry(modules);
  const numbers = new Numbers(lockOf(lock));
  const services = makeServices({ declared: [...byContract.keys()], operations, serves }, numbers, (operation, problem) => {
    throw new Fault({ code: "failed_precondition", type: "app_invalid", message: `${operation}: ${problem}` });
  });
  return { services, numbers };
}

/**
 * Makes the `FileDescriptorSet` of all services, as bytes: what clients without generated code, `buf` and `grpcurl -protoset` read.
 * *Faults thrown*: `failed_precondition` for modules that no app could start with.
 * @example writeFileSync("contracts.binpb", descriptorSet({ modules: [orders] }));
 */
export function descriptorSet(source: DescriptorSource): Buffer {
  return setOf(describe(source).services);
}

/**
 * Makes the `.proto` file of each service, by its name: for clients that generate code.
 * *Faults thrown*: as of {@link descriptorSet}.
 * @example for (const [name, text] of Object.entries(protoFiles({ modules: [orders] }))) writeFileSync(join("proto", name), text);
 */
export function protoFiles(source: DescriptorSource): Readonly<Record<string, string>> {
  return Object.fromEntries(describe(source).services.map((service) => [fileNameOf(service), protoText(service)]));
}

/** What changed in the numbers that are kept, as `orders.PlaceRequest.note`. */
export interface NumberChanges {
  /** What got a number. */
  readonly added: readonly string[];
  /** What is gone, and leaves its number reserved. */
  readonly removed: readonly string[];
}

/**
 * Writes the numbers of all fields and texts of enums into `contracts.lock.json`: those that it has stay, what is new gets the next one, and the number of
 * what is gone stays reserved. Commit the file: by it clients of today understand the server of tomorrow.
 * *Faults thrown*: as of {@link descriptorSet}; `failed_precondition` of type `contracts_lock_unreadable`.
 * @example lockNumbers({ modules: [orders] });
 */
export function lockNumbers(source: DescriptorSource & { readonly lock?: string | URL }): NumberChanges {
  const { added, removed, lock } = describe(source).numbers;
  writeLock(source.lock ?? lockFile, lock);
  return { added, removed };
}

/** The files of services, and those that they import, before them. */
export function filesOf(services: readonly ServiceShape[]): readonly Buffer[] {
  const usesIt = services.some(({ methods }) => methods.some(({ request, response }) => usesStruct(request) || usesStruct(response)));
  return [...(usesIt ? [structDescriptor()] : []), ...services.map(fileDescriptor)];
}

function setOf(services: readonly ServiceShape[]): Buffer {
  return writeParts(filesOf(services).map((file) => [1, file] as const));
}
