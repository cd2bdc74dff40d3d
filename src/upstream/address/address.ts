import { isIPv4, isIPv6 } from "node:net";

/** An IP address as a number, so that ranges can be compared. */
export interface IpAddress {
  readonly family: 4 | 6;
  /** 32 or 128 bits. */
  readonly bits: bigint;
}

/** A range of addresses that have their first bits in common. */
export interface Network extends IpAddress {
  /** How many bits they have in common. *Bounds*: 0 to 32 or 128. */
  readonly prefix: number;
}

/** Reads an address in any of its spellings, or returns undefined where it is none. A zone, as in `fe80::1%eth0`, is left out. */
export function readAddress(text: string): IpAddress | undefined {
  if (isIPv4(text)) return { family: 4, bits: bitsOf(text.split(".").map(Number), 8) };
  if (!isIPv6(text)) return undefined;
  const [head = "", tail] = text.split("%", 1)[0]!.split("::") as [string, string?];
  const before = groupsIn(head);
  const after = tail === undefined ? [] : groupsIn(tail);
  const zeros = new Array<number>(8 - before.length - after.length).fill(0);
  return { family: 6, bits: bitsOf([...before, ...zeros, ...after], 16) };
}

/** Reads a network as `10.0.0.0/8`, `fd00::/8` or a single address, or returns undefined where it is none. */
export function readNetwork(text: string): Network | undefined {
  const [start = "", length, more] = text.split("/");
  const address = start.includes("%") ? undefined : readAddress(start);
  if (address === undefined || more !== undefined) return undefined;
  const most = address.family === 4 ? 32 : 128;
  if (length === undefined) return { ...address, prefix: most };
  const prefix = /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
  return prefix <= most ? { ...address, prefix } : undefined;
}

/** Whether a network holds an address. An IPv4 address that IPv6 carries is in no IPv4 network. */
export function contains(network: Network, { family, bits }: IpAddress): boolean {
  if (network.family !== family) return false;
  const rest = BigInt((family === 4 ? 32 : 128) - network.prefix);
  return network.bits >> rest === bits >> rest;
}

function bitsOf(parts: readonly number[], size: number): bigint {
  return parts.reduce((bits, part) => (bits << BigInt(size)) | BigInt(part), 0n);
}

/** The groups of one side of `::`; the last one may be an IPv4 address. */
function groupsIn(text: string): readonly number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (!group.includes(".")) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split(".").map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}
