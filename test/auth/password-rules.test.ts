import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { breachedByRange, passwordRules } from "../../src/auth/password-rules.ts";
import { TestClock } from "../../src/testing/clock.ts";

describe("password rules", () => {
  const rules = passwordRules();

  it("count characters at the least and bytes at the most", async () => {
    const cases: readonly [string, string | undefined][] = [
      ["1234567", "too_short"],
      ["12345678", undefined],
      ["👩‍🚀", "too_short"],
      ["pässwörd", undefined],
      // Decomposed, of which two code points are one letter.
      ["a\u0308".repeat(7), "too_short"],
      ["ä".repeat(512), undefined],
      ["ä".repeat(513), "too_long"],
      ["a".repeat(1_025), "too_long"],
    ];
    for (const [password, problem] of cases) assert.equal(await rules.problemOf(password), problem, password.slice(0, 20));
    assert.equal(await passwordRules({ minChars: 15 }).problemOf("12345678901234"), "too_short");
    assert.equal(await passwordRules({ maxBytes: 64 }).problemOf("a".repeat(65)), "too_long");
  });

  it("ask for no kinds of characters, and refuse the name and the address of the user", async () => {
    const not = ["ann.smith@example.com", "Ann Elisabeth Smith", ""];
    for (const password of ["ANN.SMITH@example.com", "ann.smith", "annelisabethsmith"])
      assert.equal(await rules.problemOf(password, { not }), "same_as_name", password);
    for (const password of ["aaaaaaaa", "correct horse", "ann.smith 2"]) assert.equal(await rules.problemOf(password, { not }), undefined);
  });

  it("ask the list only about passwords that are good otherwise", async () => {
    const asked: string[] = [];
    const listed = passwordRules({
      breached: (password) => {
        asked.push(password);
        return password === "password1";
      },
    });
    assert.equal(await listed.problemOf("short"), "too_short");
    assert.equal(await listed.problemOf("password1"), "breached");
    assert.equal(await listed.problemOf("password2"), undefined);
    assert.deepEqual(asked, ["password1", "password2"]);
  });

  it("decide without a list that fails or takes too long", async () => {
    for (const [withoutList, problem] of [
      [undefined, undefined],
      ["accept", undefined],
      ["refuse", "list_unavailable"],
    ] as const) {
      const clock = new TestClock();
      const options = { clock, ...(withoutList && { withoutList }) };
      assert.equal(await passwordRules({ ...options, breached: () => Promise.reject(new Error("down")) }).problemOf("12345678"), problem);
      let signal: AbortSignal | undefined;
      const silent = passwordRules({
        ...options,
        breached: (_, context) => {
          signal = context.signal;
          return new Promise(() => undefined);
        },
      });
      const decided = silent.problemOf("12345678");
      clock.advance(1_000);
      assert.equal(await decided, problem);
      assert.equal(signal?.aborted, true);
    }
  });

  it("give up when their caller does", async () => {
    const controller = new AbortController();
    const rules = passwordRules({ breached: () => new Promise(() => undefined) });
    const decided = rules.problemOf("12345678", { signal: controller.signal });
    controller.abort(new Error("gone"));
    await assert.rejects(decided, { message: "gone" });
  });

  it("have bounds", () => {
    for (const wrong of [{ minChars: 7 }, { minChars: 65 }, { maxBytes: 63 }, { maxBytes: 1_025 }, { timeout: "11s" } as const])
      assert.throws(() => passwordRules(wrong), { name: "AssertionError" });
  });
});

describe("a list that is asked by ranges", () => {
  it("learns five digits of a hash, and padding counts for nothing", async () => {
    const asked: string[] = [];
    const rest = (password: string) => createHash("sha1").update(password).digest("hex").toUpperCase().slice(5);
    const breached = breachedByRange(async (prefix) => {
      asked.push(prefix);
      return `0000:1\r\n${rest("password")}:9545824\r\n${rest("padding")}:0\r\n`;
    });
    const context = { signal: new AbortController().signal };
    assert.equal(await breached("password", context), true);
    assert.equal(await breached("padding", context), false);
    assert.equal(await breached("another", context), false);
    assert.equal(asked[0], "5BAA6");
    assert.ok(asked.every((prefix) => /^[0-9A-F]{5}$/.test(prefix)));
  });
});
