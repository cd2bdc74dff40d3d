import { isIPv4, isIPv6 } from "node:net";

/** An address in one spelling: IPv4 where it is one, also where IPv6 carries it; IPv6 without its zone. */
export type Address =
  | { readonly family: "ipv4"; readonly text: string }
  | { readonly family: "ipv6"; readonly text: string; readonly groups: readonly number[] };

/** Reads an address, or says that it is none. A zone counts for the machine that wrote it alone, and is left out. */
export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { family: "ipv4", text };
  const bare = text.split("%", 1)[0] as string;
  if (!isIPv6(bare)) return undefined;
  const groups = groupsOf(bare);
  const [, , , , , marker, high = 0, low = 0] = groups;
  if (marker === 0xffff && groups.slice(0, 5).every((group) => group === 0))
    return { family: "ipv4", text: [high >> 8, high & 255, low >> 8, low & 255].join(".") };
  return { family: "ipv6", text: bare.toLowerCase(), groups };
}

/**
 * The network that one subscriber has: an IPv4 address, or of IPv6 the first 64 bits, below which he numbers as he likes.
 * *Guarantees*: two addresses have one network if and only if they share it, however they are written. What is no address is its own network.
 */
export function networkOf(text: string): string {
  const address = parseAddress(text);
  if (address === undefined || address.family === "ipv4") return address?.text ?? text;
  return `${address.groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(":")}::/64`;
}

/** The eight groups of an IPv6 address that is known to be one. */
function groupsOf(text: string): readonly number[] {
  const [head = "", tail] = text.split("::") as [string, string?];
  const before = groupsIn(head);
  if (tail === undefined) return before;
  const after = groupsIn(tail);
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}

function groupsIn(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (!group.includes(".")) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split(".").map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}
