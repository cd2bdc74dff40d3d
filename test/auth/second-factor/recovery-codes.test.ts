import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { matchRecoveryCode, newRecoveryCodes } from "../../../src/auth/second-factor/recovery-codes.ts";

describe("recovery codes", () => {
  const { codes, hashes } = newRecoveryCodes();

  it("are ten of 120 bits, each another, and what is kept shows none of them", () => {
    assert.equal(new Set(codes).size, 10);
    for (const code of codes) assert.match(code, /^(?:[0-9a-hjkmnp-tv-z]{4}-){5}[0-9a-hjkmnp-tv-z]{4}$/);
    assert.ok(codes.every((code) => !hashes.join().includes(code)));
    assert.equal(newRecoveryCodes({ count: 3 }).hashes.length, 3);
  });

  it("are found in whatever case and spacing a user types them", () => {
    for (const [index, code] of codes.entries()) {
      assert.equal(matchRecoveryCode(code, hashes), hashes[index]);
      const typed = ` ${code.toUpperCase().replaceAll("-", "  ").replaceAll("0", "O").replaceAll("1", "l")} `;
      assert.equal(matchRecoveryCode(typed, hashes), hashes[index], typed);
    }
  });

  it("are refused once their hash is gone, if they are of another user, cut off or made up", () => {
    assert.equal(matchRecoveryCode(codes[0]!, hashes.slice(1)), undefined);
    assert.equal(matchRecoveryCode(newRecoveryCodes().codes[0]!, hashes), undefined);
    for (const text of ["", codes[0]!.slice(1), `${codes[0]}0`, "-".repeat(24), codes[0]!.repeat(1_000)])
      assert.equal(matchRecoveryCode(text, hashes), undefined);
    assert.equal(matchRecoveryCode(codes[0]!, []), undefined);
  });

  it("are 1 to 50", () => {
    for (const count of [0, 51, 1.5]) assert.throws(() => newRecoveryCodes({ count }), { name: "AssertionError" });
  });
});
