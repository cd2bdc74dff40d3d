import type { Fault } from "../../core/fault.ts";
import type { AwayContract } from "../../operation/away/away.ts";
import { Numbers } from "../../protobuf/descriptor/numbers.ts";
import { type PeerContract, readPeer } from "../../protobuf/peer.ts";
import type { Address } from "../connection/address.ts";
import { contractDiffers } from "../faults.ts";
import { Method } from "../method.ts";
import { compareWithPeer } from "./compare.ts";
import { hasField } from "./has-field.ts";

/** Contracts of one operation that are known beside our own: as many as releases are deployed at once, and some. */
const mostPeers = 8;

/** How a call of an operation is written for one address, and how its reply is read. */
export interface Form {
  readonly method: Method;
  /** Why this input cannot be sent there; undefined where it can. */
  refuses(sent: unknown): Fault | undefined;
  /** Reads a reply as our own contract has it. *Faults thrown*: `malformed_message`. */
  read(message: Buffer): unknown;
}

/** The forms of one operation: our own, and those of peers of other releases, which are found out when they refuse ours. */
export class Forms {
  readonly #contract: AwayContract;
  readonly #own: Form & { readonly method: Method };
  readonly #byFingerprint = new Map<string, Form | Fault>();
  readonly #byAddress = new WeakMap<Address, Form>();

  constructor(contract: AwayContract, numbers: Numbers) {
    this.#contract = contract;
    const method = new Method(contract, numbers);
    this.#own = { method, refuses: () => undefined, read: (message) => method.read(message) };
  }

  /** The form that an address took last. */
  at(address: Address): Form {
    return this.#byAddress.get(address) ?? this.#own;
  }

  get path(): string {
    return this.#own.method.path;
  }

  /** An address has refused the form of a call, and says which contract it has. Returns why it cannot be called; undefined where it can, in another form. */
  learn(address: Address, said: Buffer | undefined): Fault | undefined {
    const peer = said && readPeer(said);
    if (peer === undefined) return contractDiffers(this.#contract.name);
    if (peer.fingerprint === this.#own.method.fingerprint) {
      this.#byAddress.delete(address);
      return undefined;
    }
    const known = this.#byFingerprint.get(peer.fingerprint) ?? this.#compared(peer);
    if (!("method" in known)) return known;
    this.#byAddress.set(address, known);
    return undefined;
  }

  #compared(peer: PeerContract): Form | Fault {
    const { problems, unread } = compareWithPeer(this.#contract, peer);
    const found = problems.length > 0 ? contractDiffers(this.#contract.name, problems) : this.#formOf(peer, unread);
    if (this.#byFingerprint.size >= mostPeers) this.#byFingerprint.clear();
    this.#byFingerprint.set(peer.fingerprint, found);
    return found;
  }

  /** Written and read by the peer's contract, with its numbers; what our own does not have of a reply is left out. */
  #formOf(peer: PeerContract, unread: readonly string[]): Form {
    const { input, output, message, repeatable, numbers } = peer;
    const faults = new Map(Object.entries(peer.faults).map(([type, code]) => [type, { code }]));
    const { name } = this.#contract;
    const own = this.#own.method;
    const method = new Method({ ...this.#contract, input, output, message, repeatable, faults }, new Numbers(numbers));
    return {
      method,
      refuses: (sent) => {
        const lost = unread.filter((path) => hasField(sent, path));
        return lost.length === 0
          ? undefined
          : contractDiffers(
              name,
              lost.map((path) => `input${path} is not read there`),
            );
      },
      read: (message) => own.narrowed(method.read(message)),
    };
  }
}
