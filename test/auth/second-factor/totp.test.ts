import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { fromBase32, toBase32 } from "../../../src/auth/second-factor/base32.ts";
import { newTotpSecret, type TotpForm, totpUri, verifyTotp } from "../../../src/auth/second-factor/totp.ts";
import { TestClock } from "../../../src/testing/clock.ts";

const at = (seconds: number) => new TestClock({ now: seconds * 1_000 });
const keys = {
  SHA1: toBase32(Buffer.from("12345678901234567890")),
  SHA256: toBase32(Buffer.from("12345678901234567890123456789012")),
  SHA512: toBase32(Buffer.from("1234567890123456789012345678901234567890123456789012345678901234")),
} as const;

describe("a time-based code", () => {
  // RFC 6238, appendix B, with the keys of its erratum 2866.
  const vectors: readonly [number, string, string, string][] = [
    [59, "94287082", "46119246", "90693936"],
    [1_111_111_109, "07081804", "68084774", "25091201"],
    [1_111_111_111, "14050471", "67062674", "99943326"],
    [1_234_567_890, "89005924", "91819424", "93441116"],
    [2_000_000_000, "69279037", "90698825", "38618901"],
    [20_000_000_000, "65353130", "77737706", "47863826"],
  ];
  for (const [seconds, ...codes] of vectors)
    it(`at ${seconds} s is that of the vectors`, () => {
      for (const [index, algorithm] of (["SHA1", "SHA256", "SHA512"] as const).entries()) {
        const attempt = { secret: keys[algorithm], algorithm, digits: 8, driftSteps: 0, clock: at(seconds) } as const;
        assert.equal(verifyTotp({ ...attempt, code: codes[index]! }), Math.floor(seconds / 30), algorithm);
        assert.equal(verifyTotp({ ...attempt, code: codes[index]!.slice(1) }), undefined);
        assert.equal(verifyTotp({ ...attempt, code: codes[index]!.replace(/.$/, (digit) => String((Number(digit) + 1) % 10)) }), undefined);
      }
    });

  const six = { secret: keys.SHA1, code: "287 082" };

  it("is accepted within the drift and not beyond it", () => {
    for (const [seconds, driftSteps, step] of [
      [29, 1, 1],
      [30, 0, 1],
      [59, 1, 1],
      [60, 1, 1],
      [89, 1, 1],
      [90, 1, undefined],
      [60, 0, undefined],
      [29, 0, undefined],
      [90, 2, 1],
    ] as const)
      assert.equal(verifyTotp({ ...six, driftSteps, clock: at(seconds) }), step, `${seconds} s, drift ${driftSteps}`);
  });

  it("that was used is refused, and so is every older one", () => {
    const step = verifyTotp({ ...six, clock: at(59) });
    assert.equal(verifyTotp({ ...six, lastStep: step, clock: at(59) }), undefined);
    assert.equal(verifyTotp({ ...six, lastStep: 5, clock: at(59) }), undefined);
    assert.equal(verifyTotp({ ...six, lastStep: 0, clock: at(59) }), 1);
  });

  it("refuses what is no code, whatever it is", () => {
    fc.assert(
      fc.property(fc.string(), (code) => {
        fc.pre(code.replaceAll(" ", "") !== "287082");
        assert.equal(verifyTotp({ ...six, code, driftSteps: 0, clock: at(59) }), undefined);
      }),
    );
  });

  it("needs a secret of 128 bits, a drift and a period that make sense", () => {
    for (const wrong of [
      { secret: "JBSWY3DPEHPK3PXP" },
      { secret: "1".repeat(32) },
      { driftSteps: 11 },
      { driftSteps: 0.5 },
      { periodSeconds: 5 },
    ])
      assert.throws(() => verifyTotp({ ...six, ...wrong }), { name: "AssertionError" });
  });

  it("comes from a secret of 160 random bits that an app reads from an address", () => {
    const secret = newTotpSecret();
    assert.match(secret, /^[A-Z2-7]{32}$/);
    assert.notEqual(secret, newTotpSecret());
    const form: TotpForm = { digits: 8, algorithm: "SHA256", periodSeconds: 60 };
    const uri = new URL(totpUri({ secret: keys.SHA1, issuer: "The Shop & Co", account: "ann+1@example.com", ...form }));
    assert.equal(uri.protocol + uri.host + decodeURIComponent(uri.pathname), "otpauth:totp/The Shop & Co:ann+1@example.com");
    assert.deepEqual(Object.fromEntries(uri.searchParams), {
      ...{ secret: keys.SHA1, issuer: "The Shop & Co", algorithm: "SHA256", digits: "8", period: "60" },
    });
    assert.ok(!uri.search.includes("+"));
  });
});

describe("base32", () => {
  it("is that of the vectors", () => {
    // RFC 4648, section 10.
    const vectors = { "": "", f: "MY", fo: "MZXQ", foo: "MZXW6", foob: "MZXW6YQ", fooba: "MZXW6YTB", foobar: "MZXW6YTBOI" };
    for (const [text, encoded] of Object.entries(vectors)) {
      assert.equal(toBase32(Buffer.from(text)), encoded);
      assert.equal(String(fromBase32(`${encoded.toLowerCase()}==`)), text);
    }
    assert.equal(fromBase32("MZX1"), undefined);
  });

  it("reads what it writes", () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => assert.deepEqual([...fromBase32(toBase32(bytes))!], [...bytes])));
  });
});
