import type { Operation } from "../operation/contract.ts";
import { traitsOf } from "../operation/kind.ts";
import { httpOf } from "../operation/route.ts";
import { repeatableOf } from "../pipeline/away/compile-away.ts";
import type { CompiledOperation } from "../pipeline/registry/compiled.ts";
import { Codec } from "../protobuf/codec/codec.ts";
import { fingerprintOf } from "../protobuf/descriptor/fingerprint.ts";
import type { MethodShape, MethodSource } from "../protobuf/descriptor/methods.ts";
import { writePeer } from "../protobuf/peer.ts";
import { GrpcLabels } from "./call/facts.ts";

/** A method that is served, with all that a call of it needs. */
export class Route {
  readonly shape: MethodShape;
  readonly operation: CompiledOperation;
  readonly request: Codec;
  readonly response: Codec;
  readonly labels: GrpcLabels;
  #fingerprint: string | undefined;
  #contract: Buffer | undefined;

  constructor(shape: MethodShape, operation: CompiledOperation) {
    this.shape = shape;
    this.operation = operation;
    this.request = new Codec(shape.request);
    this.response = new Codec(shape.response);
    this.labels = new GrpcLabels(shape.path);
  }

  /** By which a caller and its callee know that they mean the same messages. */
  get fingerprint(): string {
    const { operation, faults } = this.operation;
    this.#fingerprint ??= fingerprintOf(this.shape, { repeatable: repeatableOf(operation), faults });
    return this.#fingerprint;
  }

  /** The contract, for a caller of another release. */
  get contract(): Buffer {
    const { operation, input, output, faults, stream, receives } = this.operation;
    this.#contract ??= writePeer(this.shape, {
      ...{ fingerprint: this.fingerprint, input: input.inputJson, output: output.outputJson, repeatable: repeatableOf(operation) },
      ...{ streams: stream !== undefined, ...(receives !== undefined && { message: receives.message.inputJson }) },
      faults: Object.fromEntries([...faults].map(([type, { code }]) => [type, code])),
    });
    return this.#contract;
  }
}

/** Whether an operation is served where the app does not choose: those that have a route, unless only HTTP can carry what they take or return. */
export function isServed(operation: Operation): boolean {
  const { body = "json" } = httpOf(operation.spec) ?? { body: "raw" };
  return (body === "json" || body === "form") && traitsOf(operation).plain !== true;
}

/** Whether other services of the system may call it: what takes one message and returns one, or many. */
export function isServedInside(operation: Operation): boolean {
  const { body = "json" } = httpOf(operation.spec) ?? {};
  const { durable, plain } = traitsOf(operation);
  return !durable && plain !== true && (body === "json" || body === "form");
}

/** What the methods of operations are made of. */
export function sourcesOf(operations: readonly CompiledOperation[]): readonly MethodSource[] {
  return operations.map(({ name, module, operation, input, output, stream, receives }) => ({
    ...{ name, module, summary: operation.spec.summary, input: input.inputJson, output: output.outputJson },
    ...{ streams: stream !== undefined, message: receives?.message.inputJson },
  }));
}
