import assert from "node:assert/strict";
import { BlockList, SocketAddress } from "node:net";
import { describe, it } from "node:test";
import fc from "fast-check";
import { contains, readAddress, readNetwork } from "../../src/upstream/address/address.ts";
import { AddressGuard } from "../../src/upstream/address/guard.ts";

const dotted = (bits: number) => [bits >>> 24, (bits >>> 16) & 255, (bits >>> 8) & 255, bits & 255].join(".");
const hex = (bits: number) => `${(bits >>> 16).toString(16)}:${(bits & 0xffff).toString(16)}`;
const ipv4 = fc.integer({ min: 0, max: 0xffff_ffff });
const ipv6 = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 });
const colons = (groups: readonly number[]) => groups.map((group) => group.toString(16)).join(":");

/** The refused ranges as first and last address, as the RFCs that reserve them write them. */
const refused4 = [
  ["0.0.0.0", "0.255.255.255"],
  ["10.0.0.0", "10.255.255.255"],
  ["100.64.0.0", "100.127.255.255"],
  ["127.0.0.0", "127.255.255.255"],
  ["169.254.0.0", "169.254.255.255"],
  ["172.16.0.0", "172.31.255.255"],
  ["192.0.0.0", "192.0.0.255"],
  ["192.0.2.0", "192.0.2.255"],
  ["192.88.99.0", "192.88.99.255"],
  ["192.168.0.0", "192.168.255.255"],
  ["198.18.0.0", "198.19.255.255"],
  ["198.51.100.0", "198.51.100.255"],
  ["203.0.113.0", "203.0.113.255"],
  ["224.0.0.0", "255.255.255.255"],
  ["168.63.129.16", "168.63.129.16"],
] as const;
const oracle = new BlockList();
for (const [first, last] of refused4) oracle.addRange(first, last);
const edges = refused4.flatMap((pair) => pair.map((text) => Number(readAddress(text)!.bits)));
/** Any address, and often one beside the edge of a range. */
const anyIpv4 = fc.oneof(
  ipv4,
  fc.tuple(fc.constantFrom(...edges), fc.integer({ min: -1, max: 1 })).map(([edge, by]) => (edge + by) >>> 0),
);
const guard = new AddressGuard();

/** All the ways in which an IPv6 address may carry an IPv4 address. */
const carriers: readonly ((bits: number) => string)[] = [
  (bits) => `::ffff:${dotted(bits)}`,
  (bits) => `::ffff:${hex(bits)}`,
  (bits) => `0:0:0:0:0:FFFF:${dotted(bits)}`,
  (bits) => `::ffff:0:${hex(bits)}`,
  (bits) => `::${dotted(bits)}`,
  (bits) => `64:ff9b::${dotted(bits)}`,
  (bits) => `64:ff9b:1::${hex(bits)}`,
  (bits) => `2002:${hex(bits)}::1`,
  (bits) => `2001:0:4136:e378:8000:63bf:${hex(~bits >>> 0)}`,
  (bits) => `2a00:1450:4001:81b:0:5efe:${hex(bits)}`,
];

describe("an address", () => {
  it("is refused if and only if a range that is not public has it", () =>
    fc.assert(fc.property(anyIpv4, (bits) => (guard.refusalOf(dotted(bits)) !== undefined) === oracle.check(dotted(bits)))));

  it("of IPv6 is refused outside of 2000::/3", () =>
    fc.assert(
      fc.property(ipv6, (groups) => {
        fc.pre(groups[0]! >> 13 !== 1);
        return guard.refusalOf(colons(groups)) !== undefined;
      }),
    ));

  it("of IPv6 that carries one of IPv4 is refused, in every spelling, whatever it carries", () =>
    fc.assert(fc.property(anyIpv4, fc.constantFrom(...carriers), (bits, write) => guard.refusalOf(write(bits)) !== undefined)));

  it("that carries a refused one stays refused where all of IPv6 is listed", () => {
    const wide = new AddressGuard(["::/0"]);
    fc.assert(
      fc.property(anyIpv4, fc.constantFrom(...carriers), (bits, write) => {
        return (wide.refusalOf(write(bits)) !== undefined) === oracle.check(dotted(bits));
      }),
    );
  });

  it("is read alike in all of its spellings", () =>
    fc.assert(
      fc.property(ipv6, (groups) => {
        const text = colons(groups);
        const short = new SocketAddress({ address: text, family: "ipv6" }).address;
        return (
          readAddress(text)!.bits === readAddress(short)!.bits &&
          readAddress(`${text.toUpperCase()}%eth0`)!.bits === readAddress(text)!.bits
        );
      }),
    ));

  it("is allowed by a listed network if and only if the network has it", () =>
    fc.assert(
      fc.property(anyIpv4, anyIpv4, fc.integer({ min: 0, max: 31 }), (start, bits, prefix) => {
        const network = `${dotted(start)}/${prefix}`;
        const listed = new BlockList();
        listed.addSubnet(dotted(start), prefix);
        const isMetadata = ["169.254.169.254", "169.254.170.2", "169.254.170.23", "168.63.129.16", "192.0.0.192", "100.100.100.200"];
        fc.pre(!isMetadata.includes(dotted(bits)));
        assert.equal(contains(readNetwork(network)!, readAddress(dotted(bits))!), listed.check(dotted(bits)));
        return (
          (new AddressGuard([network]).refusalOf(dotted(bits)) === undefined) ===
          (listed.check(dotted(bits)) || !oracle.check(dotted(bits)))
        );
      }),
    ));

  it("of cloud metadata is allowed by its own entry alone", () => {
    for (const [address, around] of [
      ["169.254.169.254", "169.254.0.0/16"],
      ["168.63.129.16", "0.0.0.0/0"],
      ["100.100.100.200", "100.64.0.0/10"],
      ["fd00:ec2::254", "fd00::/8"],
    ] as const) {
      assert.equal(guard.refusalOf(address), "that of cloud metadata");
      assert.equal(new AddressGuard([around]).refusalOf(address), "that of cloud metadata");
      assert.equal(new AddressGuard([address]).refusalOf(address), undefined);
    }
  });

  it("says why it is refused", () => {
    const said = [
      "127.0.0.1",
      "10.1.2.3",
      "::1",
      "::",
      "fe80::1",
      "ff02::1",
      "::ffff:8.8.8.8",
      "64:ff9b::808:808",
      "2002:808:808::",
      "name",
      "",
    ];
    assert.deepEqual(
      said.map((text) => guard.refusalOf(text)),
      // biome-ignore format: one for each address
      ["loopback", "private", "loopback", "unspecified", "link-local", "multicast", "IPv4 in IPv6", "IPv4 behind NAT64", "IPv4 in 6to4", "malformed", "malformed"],
    );
    assert.deepEqual(
      ["8.8.8.8", "2606:4700::1111", "100.63.255.255", "100.128.0.0", "172.32.0.0"].map((text) => guard.refusalOf(text)),
      new Array(5).fill(undefined),
    );
  });
});

describe("a list of networks", () => {
  for (const text of ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "10.0.0/8", "fe80::1%eth0/64", "::/129", "", "example.com"])
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => new AddressGuard([text]), { code: "failed_precondition", type: "upstream_network_invalid" });
    });
});
