import { Fault } from "../../core/fault.ts";
import { contains, type IpAddress, type Network, readAddress, readNetwork } from "./address.ts";
import { carriedIn, isMetadata, specialOf } from "./ranges.ts";

/**
 * Decides to which addresses an upstream may be connected: to those of the public network, and to those that are listed.
 * *Guarantees*: an address at which a cloud hands out credentials is allowed only where that very address is listed; an IPv6 address that carries an IPv4
 * address is allowed only where both are.
 */
export class AddressGuard {
  readonly #allowed: readonly Network[];

  /** *Faults thrown*: `failed_precondition` of type `upstream_network_invalid` for what is no network. */
  constructor(allow: readonly string[] = []) {
    this.#allowed = allow.map((text) => {
      const network = readNetwork(text);
      if (network !== undefined) return network;
      throw new Fault({
        code: "failed_precondition",
        type: "upstream_network_invalid",
        message: `allow has "${text}", which is no network. Write one as 10.0.0.0/8, fd00::/8 or 192.168.1.7.`,
      });
    });
  }

  /** Why an address is refused, in words that follow "the address is"; undefined where it is allowed. */
  refusalOf(text: string): string | undefined {
    const address = readAddress(text);
    return address === undefined ? "malformed" : this.#refusalOf(address);
  }

  #refusalOf(address: IpAddress): string | undefined {
    if (isMetadata(address)) return this.#names(address) ? undefined : "that of cloud metadata";
    const special = specialOf(address);
    if (special !== undefined && !this.#allowed.some((network) => contains(network, address))) return special;
    const carried = carriedIn(address);
    return carried === undefined ? undefined : this.#refusalOf(carried);
  }

  /** Whether this very address is listed, and not only a network around it. */
  #names({ family, bits }: IpAddress): boolean {
    const whole = family === 4 ? 32 : 128;
    return this.#allowed.some((network) => network.family === family && network.prefix === whole && network.bits === bits);
  }
}
