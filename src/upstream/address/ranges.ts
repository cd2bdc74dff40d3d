import { contains, type IpAddress, type Network, readNetwork } from "./address.ts";

/** What is refused unless it is listed, each with the reason that a message names. */
interface Range {
  readonly network: Network;
  readonly reason: string;
}

const range = (text: string, reason: string): Range => ({ network: readNetwork(text)!, reason });

/** *Source*: the IANA special-purpose address registries (RFC 6890), and RFC 5771 for multicast. */
const ranges: readonly Range[] = [
  range("0.0.0.0/8", "unspecified"),
  range("10.0.0.0/8", "private"),
  range("100.64.0.0/10", "shared by the customers of a provider"),
  range("127.0.0.0/8", "loopback"),
  range("169.254.0.0/16", "link-local"),
  range("172.16.0.0/12", "private"),
  range("192.0.0.0/24", "reserved"),
  range("192.0.2.0/24", "for documentation"),
  range("192.88.99.0/24", "a relay of 6to4"),
  range("192.168.0.0/16", "private"),
  range("198.18.0.0/15", "for benchmarks"),
  range("198.51.100.0/24", "for documentation"),
  range("203.0.113.0/24", "for documentation"),
  range("224.0.0.0/4", "multicast"),
  range("240.0.0.0/4", "reserved"),
  range("::/128", "unspecified"),
  range("::1/128", "loopback"),
  range("::/96", "IPv4 in IPv6"),
  range("::ffff:0:0/96", "IPv4 in IPv6"),
  range("::ffff:0:0:0/96", "IPv4 in IPv6"),
  range("64:ff9b::/96", "IPv4 behind NAT64"),
  range("64:ff9b:1::/48", "IPv4 behind NAT64"),
  range("2001::/32", "IPv4 in Teredo"),
  range("2001::/23", "reserved"),
  range("2001:db8::/32", "for documentation"),
  range("2002::/16", "IPv4 in 6to4"),
  range("3fff::/20", "for documentation"),
  range("fc00::/7", "private"),
  range("fe80::/10", "link-local"),
  range("ff00::/8", "multicast"),
];

/** The only part of IPv6 that is given out for the public network. */
const publicV6 = readNetwork("2000::/3")!;

/** Addresses at which clouds hand out credentials: AWS (also of containers), Azure, GCP, Oracle, Alibaba. */
const metadata: readonly Network[] = [
  "169.254.169.254",
  "169.254.170.2",
  "169.254.170.23",
  "168.63.129.16",
  "192.0.0.192",
  "100.100.100.200",
  "fd00:ec2::254",
  "fd00:ec2::23",
  "fd20:ce::254",
].map((text) => readNetwork(text)!);

/** Whether a cloud hands out credentials at this address. */
export function isMetadata(address: IpAddress): boolean {
  return metadata.some((network) => contains(network, address));
}

/** Why an address is none of the public network; undefined where it is one. */
export function specialOf(address: IpAddress): string | undefined {
  const found = ranges.find(({ network }) => contains(network, address));
  if (found !== undefined) return found.reason;
  if (address.family === 4) return undefined;
  if (!contains(publicV6, address)) return "reserved";
  return isIsatap(address) ? "IPv4 in ISATAP" : undefined;
}

/** Where IPv6 carries an IPv4 address: how far its lowest bit is from that of the whole. */
const carriers: readonly { readonly network: Network; readonly shift: bigint; readonly isInverted?: true }[] = [
  { network: readNetwork("::/96")!, shift: 0n },
  { network: readNetwork("::ffff:0:0/96")!, shift: 0n },
  { network: readNetwork("::ffff:0:0:0/96")!, shift: 0n },
  { network: readNetwork("64:ff9b::/96")!, shift: 0n },
  // Of the prefixes that a site chooses within it, the longest: the others carry it higher up, and are not to be listed.
  { network: readNetwork("64:ff9b:1::/48")!, shift: 0n },
  { network: readNetwork("2002::/16")!, shift: 80n },
  { network: readNetwork("2001::/32")!, shift: 0n, isInverted: true },
];

/** The IPv4 address at which a packet to this IPv6 address may arrive in the end; undefined where it carries none. */
export function carriedIn(address: IpAddress): IpAddress | undefined {
  if (address.family === 4) return undefined;
  const carrier = carriers.find(({ network }) => contains(network, address));
  if (carrier === undefined && !isIsatap(address)) return undefined;
  const bits = (address.bits >> (carrier?.shift ?? 0n)) & 0xffff_ffffn;
  return { family: 4, bits: carrier?.isInverted ? bits ^ 0xffff_ffffn : bits };
}

/** *Source*: RFC 5214 §6.1: the interface is `0:5efe` or `200:5efe`, then the IPv4 address. */
function isIsatap({ bits }: IpAddress): boolean {
  const marker = (bits >> 32n) & 0xffff_ffffn;
  return marker === 0x5efen || marker === 0x0200_5efen;
}
