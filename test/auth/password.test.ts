import assert from "node:assert/strict";
import { argon2Sync } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { constants, getPriority } from "node:os";
import { describe, it } from "node:test";
import { HashingThreads } from "../../src/auth/hashing-threads.ts";
import { hashPassword, needsRehash, verifyPassword } from "../../src/auth/index.ts";
import { PasswordHasher, type PasswordHasherOptions } from "../../src/auth/password.ts";
import { limits } from "../../src/core/limits.ts";
import { LoadLines, loadLines } from "../../src/core/load-line/load-lines.ts";
import { TestClock } from "../../src/testing/clock.ts";

/** As cheap as argon2 can be: what it costs is tested once, with the functions that users call. */
const cheap = { memoryKib: 8, passes: 1, parallelism: 1 };
const hasher = (options: PasswordHasherOptions = {}) => new PasswordHasher({ cost: cheap, clock: new TestClock(), ...options });

/** Settles when all that is on a thread or waits for one has had its turn. */
const outcome = (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (error) => error.type ?? error.message,
  );

describe("hashPassword and verifyPassword", () => {
  it("hash with 7 MiB and five passes of argon2id, and recognize the password alone", async () => {
    const encoded = await hashPassword("correct horse");
    assert.match(encoded, /^\$argon2id\$v=19\$m=7168,t=5,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    assert.equal(await verifyPassword(encoded, "correct horse"), true);
    assert.equal(await verifyPassword(encoded, "correct horsf"), false);
    assert.equal(needsRehash(encoded), false);
  });

  it("do the same work whether or not the account exists", async () => {
    const encoded = await hashPassword("correct horse");
    // Time of the processor and not of the wall: others on the same machine do not count.
    const cpuMs = async (work: () => Promise<boolean>) => {
      const before = process.cpuUsage();
      for (let i = 0; i < 4; i++) assert.equal(await work(), false);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1_000;
    };
    // The least of several rounds in turn: the first pays for what is loaded and compiled, and any may be disturbed.
    let [known, unknown] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let round = 0; round < 5; round++) {
      known = Math.min(known, await cpuMs(() => verifyPassword(encoded, "wrong")));
      unknown = Math.min(unknown, await cpuMs(() => verifyPassword(undefined, "wrong")));
    }
    assert.ok(unknown > known / 2 && unknown < known * 2, `${unknown} ms for an unknown account, ${known} ms for a known one`);
  });
});

describe("PasswordHasher", () => {
  it("gives two hashes of one password that have nothing in common", async () => {
    const hashes = hasher();
    const [first, second] = [await hashes.hash("a"), await hashes.hash("a")];
    assert.notEqual(first.split("$")[4], second.split("$")[4]);
    assert.notEqual(first.split("$")[5], second.split("$")[5]);
  });

  it("reads what others wrote, with other parameters than today's", async () => {
    const salt = Buffer.from("a salt of others");
    const tag = argon2Sync("argon2id", { message: "secret", nonce: salt, memory: 64, passes: 3, parallelism: 2, tagLength: 24 });
    const encoded = `$argon2id$v=19$m=64,t=3,p=2$${salt.toString("base64").replace(/=+$/, "")}$${tag.toString("base64").replace(/=+$/, "")}`;
    assert.equal(await hasher().verify(encoded, "secret"), true);
    assert.equal(await hasher().verify(encoded, "Secret"), false);
    assert.equal(hasher().needsRehash(encoded), true);
  });

  it("says no for an unknown account, even for the password that the stand-in would accept", async () => {
    for (const password of ["", "\0", "a"]) assert.equal(await hasher().verify(undefined, password), false);
  });

  it("takes one letter for the same however Unicode writes it", async () => {
    const encoded = await hasher().hash("caf\u00e9 \ufb01");
    assert.equal(await hasher().verify(encoded, "cafe\u0301 fi"), true);
    assert.equal(await hasher().verify(encoded, "cafe fi"), false);
  });

  it("tells which parameter is not today's", async () => {
    const encoded = await hasher().hash("a");
    assert.equal(hasher().needsRehash(encoded), false);
    for (const other of [{ memoryKib: 16 }, { passes: 2 }])
      assert.equal(hasher({ cost: { ...cheap, ...other } }).needsRehash(encoded), true);
  });

  it("refuses a password that is too long to hash, and knows that none of ours is", async () => {
    const long = "a".repeat(limits.passwordChars + 1);
    await assert.rejects(hasher().hash(long), {
      code: "invalid_argument",
      type: "password_too_long",
      message: /at most 1024 characters\. Choose a shorter/,
    });
    const encoded = await hasher().hash(long.slice(1));
    assert.equal(await hasher().verify(encoded, long), false);
    assert.equal(await hasher().verify(undefined, long), false);
    assert.equal(await hasher().verify(encoded, long.slice(1)), true);
  });

  for (const [what, damaged] of [
    ["nothing", ""],
    ["a plain text", "correct horse"],
    ["another algorithm", "$argon2i$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"],
    ["a hash that is cut off", "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$"],
    ["memory beyond reason", "$argon2id$v=19$m=9999999,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAA"],
    ["passes beyond reason", "$argon2id$v=19$m=8,t=99,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAA"],
    ["no passes", "$argon2id$v=19$m=8,t=0,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAA"],
    ["too little memory for its parallelism", "$argon2id$v=19$m=8,t=1,p=2$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAA"],
  ] as const) {
    it(`takes ${what} for a bug of the program, not for a wrong password`, () =>
      assert.rejects(hasher().verify(damaged, "a"), {
        name: "AssertionError",
        message: /Store the whole text that hashPassword returned/,
      }));
  }

  it("runs few at a time, lets few wait, and refuses the others", async () => {
    const hashes = hasher({ concurrency: 2, queue: 3 });
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => outcome(hashes.hash("a"))));
    assert.deepEqual(outcomes, [...new Array(5).fill("done"), ...new Array(3).fill("overloaded")]);
    await assert.doesNotReject(hashes.hash("a"), "and all slots are free again");
  });

  it("says of a refusal which limit it was and when to come back", async () => {
    const hashes = hasher({ concurrency: 1, queue: 0 });
    const running = hashes.hash("a");
    const refused = { code: "unavailable", type: "overloaded", details: { limit: "passwords waiting", value: 0, load: 0 } };
    await assert.rejects(hashes.hash("a"), ({ code, type, details, retryAfterMs }) => {
      assert.deepEqual({ code, type, details }, refused);
      return [1_000, 2_000, 3_000].includes(retryAfterMs);
    });
    await running;
  });

  it("counts at its limits, and in measure mode lets wait whom it would refuse", async () => {
    const hashes = hasher({ concurrency: 1, queue: 1 });
    const lines = new LoadLines(new TestClock());
    for (const line of hashes[loadLines]) lines.register(line);
    const all = (count: number) => Promise.all(Array.from({ length: count }, () => outcome(hashes.hash("a"))));
    assert.deepEqual(await all(3), ["done", "done", "overloaded"]);
    lines.setMode("passwords waiting", "measure", "test");
    assert.deepEqual(await all(4), ["done", "done", "done", "done"]);
    assert.throws(() => lines.setMode("passwords being hashed", "off", "test"), { type: "mode_fixed" });
    assert.deepEqual(
      lines
        .list()
        .map(({ name, declared, now, highWater, admitted, refused, wouldRefuse }) => [
          ...[name, declared, now, highWater, admitted],
          ...[refused, wouldRefuse],
        ]),
      [
        ["passwords being hashed", 1, 0, 1, 6, {}, {}],
        ["passwords waiting", 1, 0, 3, 4, { full: 1 }, { full: 2 }],
      ],
    );
  });

  it("gives up a place in the queue when its signal aborts", async () => {
    const hashes = hasher({ concurrency: 1, queue: 1 });
    const running = hashes.hash("a");
    const leaver = new AbortController();
    const waiting = outcome(hashes.hash("b", { signal: leaver.signal }));
    leaver.abort(new Error("left"));
    const next = outcome(hashes.hash("c"));
    assert.equal(await waiting, "left");
    assert.equal(await next, "done", "the place was free for another");
    await running;
  });

  it("stops waiting for a hash that runs, but keeps its slot until the thread is free", async () => {
    const hashes = hasher({ concurrency: 1, queue: 1, cost: { memoryKib: 8_192, passes: 2, parallelism: 1 } });
    const leaver = new AbortController();
    const running = outcome(hashes.hash("a", { signal: leaver.signal }));
    leaver.abort(new Error("left"));
    assert.equal(await running, "left");
    const waiting = outcome(hashes.hash("b"));
    assert.equal(await outcome(hashes.hash("c")), "overloaded", "the one who left still counts");
    assert.equal(await waiting, "done");
  });

  it("begins nothing for a signal that aborted before", async () => {
    const signal = AbortSignal.abort(new Error("left"));
    assert.equal(await outcome(hasher().hash("a", { signal })), "left");
  });

  it("frees the slot also when hashing throws", async () => {
    const hashes = hasher({ concurrency: 1, queue: 0 });
    await assert.rejects(hashes.hash(["no", "text"] as unknown as string), TypeError);
    await assert.doesNotReject(hashes.hash("a"));
  });
});

describe("HashingThreads", () => {
  const parameters = { message: "a", nonce: Buffer.alloc(16), memory: 8, passes: 1, parallelism: 1, tagLength: 16 };

  it("compute what argon2 does, also several at once", async () => {
    const threads = new HashingThreads();
    const expected = argon2Sync("argon2id", parameters);
    for (const tag of await Promise.all([1, 2, 3].map(() => threads.derive(parameters)))) assert.deepEqual(tag, expected);
  });

  it("fail the hash alone whose thread ends, and use another one for the next", async () => {
    const threads = new HashingThreads();
    await threads.derive(parameters);
    // argon2 refuses it: the thread ends with the error.
    await assert.rejects(threads.derive({ ...parameters, memory: 1 }), { code: "internal", type: "thread_died" });
    assert.equal((await threads.derive(parameters)).length, 16);
  });

  it("have a lower priority than the event loop, where threads have one", { skip: process.platform !== "linux" }, async () => {
    await new HashingThreads().derive(parameters);
    const niceOf = (task: string) =>
      Number(
        readFileSync(`/proc/self/task/${task}/stat`, "utf8")
          .replace(/^.*\) /s, "")
          .split(" ")[16],
      );
    assert.ok(readdirSync("/proc/self/task").some((task) => niceOf(task) === constants.priority.PRIORITY_BELOW_NORMAL));
    assert.equal(niceOf(String(process.pid)), getPriority());
  });
});
