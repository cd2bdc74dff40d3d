import { BlockList } from "node:net";
import { Fault } from "../../core/fault.ts";
import { type Address, parseAddress } from "../../core/node/address.ts";

/** The proxies in front of a server, and the header in which they write the caller's address. */
export interface TrustProxy {
  /** Their networks, as `10.0.0.0/8`, `fd00::/8` or a single address. No other peer is trusted. */
  readonly from: readonly string[];
  /** The one header that they set or add to. Another that a caller sends is not read. *Default*: `x-forwarded-for`. */
  readonly header?: "x-forwarded-for" | "forwarded";
}

/** What a request says about where it came from. */
export interface ForwardedHeaders {
  readonly forwarded: string | undefined;
  readonly forwardedFor: string | undefined;
}

/** Proxies that are believed. */
export class Proxies {
  readonly #networks: BlockList;
  readonly #header: "x-forwarded-for" | "forwarded";

  /** *Faults thrown*: `failed_precondition` of type `trust_proxy_invalid` where a network is none. */
  constructor({ from, header = "x-forwarded-for" }: TrustProxy) {
    if (header !== "x-forwarded-for" && header !== "forwarded")
      throw invalid(`header is "${header}". Write "x-forwarded-for" or "forwarded", whichever the proxy sets.`);
    if (from.length === 0) throw invalid("from is empty. Name the networks of the proxies, or leave trustProxy out.");
    this.#header = header;
    this.#networks = new BlockList();
    for (const network of from) addNetwork(this.#networks, network);
  }

  /** Whether an address is of one of them. */
  include(address: string): boolean {
    const parsed = parseAddress(address);
    return parsed !== undefined && this.#has(parsed);
  }

  /**
   * The address of the caller: going back from the peer, the first that is no proxy of ours. Any client may have written the addresses before it.
   * Where a proxy of ours names nothing that is an address (`unknown`, a name of its own), it stands for its callers itself.
   * *Source*: RFC 7239 §4 and §6 (Forwarded); X-Forwarded-For as proxies write it, a port and brackets included.
   */
  callerOf(peer: string, headers: ForwardedHeaders): string {
    let caller = peer;
    if (!this.include(peer)) return peer;
    const text = this.#header === "forwarded" ? headers.forwarded : headers.forwardedFor;
    if (text === undefined) return peer;
    const hops = this.#header === "forwarded" ? forwardedHops(text) : text.split(",").map((hop) => hop.trim());
    for (const hop of hops.reverse()) {
      const address = hop === undefined ? undefined : parseAddress(withoutPort(hop));
      if (address === undefined) return caller;
      caller = address.text;
      if (!this.#has(address)) return caller;
    }
    return caller;
  }

  #has({ family, text }: Address): boolean {
    return this.#networks.check(text, family);
  }
}

function addNetwork(networks: BlockList, network: string): void {
  const [text = "", bits, more] = network.split("/");
  const address = text.includes("%") ? undefined : parseAddress(text);
  const most = address?.family === "ipv4" ? 32 : 128;
  const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  if (address === undefined || more !== undefined || !(prefix <= most) || (address.family === "ipv4" && text.includes(":")))
    throw invalid(`"${network}" is no network. Write one as 10.0.0.0/8, fd00::/8 or 192.0.2.1.`);
  networks.addSubnet(address.text, prefix, address.family);
}

const invalid = (what: string): Fault =>
  new Fault({ code: "failed_precondition", type: "trust_proxy_invalid", message: `http({ trustProxy }): ${what}` });

/** Drops what a proxy writes around an address: `192.0.2.1:80`, `[2001:db8::1]:80`. */
function withoutPort(hop: string): string {
  const [, literal, name] = /^\[([^\]]*)\](?::(?:\d{1,5}|_[\w.-]+))?$|^([^:]*):(?:\d{1,5}|_[\w.-]+)$/.exec(hop) ?? [];
  return literal ?? name ?? hop;
}

const token = "[!#$%&'*+\\-.^_`|~\\w]+";
const pair = new RegExp(`\\s*(?:(${token})=(?:"((?:[^"\\\\]|\\\\.)*)"|(${token})))?\\s*(;|,|$)`, "y");

/** What each proxy wrote as `for`, in their order; undefined for one that wrote none. From where it is malformed backwards nothing is known. */
function forwardedHops(text: string): (string | undefined)[] {
  const hops: (string | undefined)[] = [];
  let hop: string | undefined;
  pair.lastIndex = 0;
  for (;;) {
    const found = pair.exec(text);
    // Quotes that do not match may swallow what an honest proxy added: nothing is believed.
    if (found === null) return [undefined];
    const [, name, quoted, plain, end] = found;
    if (name?.toLowerCase() === "for") hop = quoted?.replaceAll(/\\(.)/g, "$1") ?? plain;
    if (end === ";") continue;
    hops.push(hop);
    hop = undefined;
    if (end !== ",") return hops;
  }
}
