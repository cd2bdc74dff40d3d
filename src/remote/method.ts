import type { AwayContract } from "../operation/away/away.ts";
import { Codec } from "../protobuf/codec/codec.ts";
import { fingerprintOf } from "../protobuf/descriptor/fingerprint.ts";
import { servicesOf } from "../protobuf/descriptor/methods.ts";
import type { Numbers } from "../protobuf/descriptor/numbers.ts";
import { optionsInvalid } from "./faults.ts";

const headBytes = 5;

/** What a method is made of. */
export interface MethodContract extends Omit<AwayContract, "faults"> {
  readonly faults: ReadonlyMap<string, { readonly code: string }>;
}

/** An operation as a method of gRPC. */
export class Method {
  readonly path: string;
  readonly fingerprint: string;
  readonly #receives: boolean;
  readonly #request: Codec;
  readonly #response: Codec;

  /** *Faults thrown*: `remote_options_invalid` for a contract that has no form in Protocol Buffers. */
  constructor(contract: MethodContract, numbers: Numbers) {
    const [service] = servicesOf([contract], numbers, (name, problem) => {
      throw optionsInvalid(contract.module, `${name}: ${problem}`);
    });
    const method = service?.methods[0];
    if (method === undefined) throw optionsInvalid(contract.module, `${contract.name} has no method.`);
    this.path = method.path;
    this.fingerprint = fingerprintOf(method, contract);
    this.#receives = method.clientStreams;
    this.#request = new Codec(method.request);
    this.#response = new Codec(method.response);
  }

  /** Writes an input with its frame. Where the client sends messages, it is the first of them. */
  write(sent: unknown): Buffer {
    return this.#frame(this.#receives ? { start: sent } : sent);
  }

  /** Writes a message of the client of a stream, with its frame. */
  writeMessage(message: unknown): Buffer {
    return this.#frame({ message });
  }

  #frame(value: unknown): Buffer {
    const message = this.#request.encode(value, headBytes);
    message[0] = 0;
    message.writeUInt32BE(message.length - headBytes, 1);
    return message;
  }

  /** What this contract has of an output that was read by another one. */
  narrowed(output: unknown): unknown {
    return this.#response.decode(this.#response.encode(output));
  }

  /** Reads an output. *Faults thrown*: `malformed_message`. */
  read(message: Buffer): unknown {
    return this.#response.decode(message);
  }
}
