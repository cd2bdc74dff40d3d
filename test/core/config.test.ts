import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import { z } from "zod";
import { config, type Field, field } from "../../src/core/config.ts";
import { Fault } from "../../src/core/fault.ts";
import { limits } from "../../src/core/limits.ts";
import type { Schema } from "../../src/core/schema/standard.ts";
import { TestClock } from "../../src/testing/clock.ts";

function folder(t: TestContext): (name: string, text?: string) => string {
  const path = mkdtempSync(join(tmpdir(), "plimsoll-config-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return (name, text) => {
    const file = join(path, name);
    if (text !== undefined) writeFileSync(file, text);
    return file;
  };
}

function problemsOf(read: () => unknown): Record<string, string> {
  try {
    read();
  } catch (thrown) {
    assert.ok(thrown instanceof Fault, String(thrown));
    assert.equal(thrown.code, "failed_precondition");
    const { problems } = thrown.details as { problems: { variable: string; message: string }[] };
    for (const { message } of problems) assert.ok(thrown.message.includes(message), "the message names every problem");
    return Object.fromEntries(problems.map(({ variable, message }) => [variable, message]));
  }
  return assert.fail("no problem was found");
}

/** Moves time on until what is waited for has come; reading files takes turns of the real loop in between. */
async function waitFor<T>(clock: TestClock, promise: Promise<T>): Promise<T> {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  promise.then(settle, settle);
  while (!settled) await clock.advanceAsync(500);
  return promise;
}

describe("config", () => {
  it("reads, coerces, fills in defaults and infers", () => {
    const settings = config(
      {
        PORT: field(z.int(), { default: 3_000 }),
        HOST: field(z.string()),
        LEVEL: field(z.enum(["debug", "info"]), { default: "info" }),
        ORIGINS: field(z.array(z.string()), { default: [] }),
        SENTRY: field(z.url().optional()),
      },
      { env: { HOST: "localhost", ORIGINS: "a.example, b.example", UNKNOWN: "ignored" } },
    );
    // The types are inferred: each assignment compiles.
    const [port, host, level, origins, sentry]: [number, string, "debug" | "info", string[], string | undefined] = [
      settings.PORT,
      settings.HOST,
      settings.LEVEL,
      settings.ORIGINS,
      settings.SENTRY,
    ];
    assert.deepEqual([port, host, level, origins, sentry], [3_000, "localhost", "info", ["a.example", "b.example"], undefined]);
    assert.throws(() => {
      // @ts-expect-error a value cannot be set
      settings.PORT = 1;
    }, TypeError);
    // @ts-expect-error it is not declared
    assert.equal(settings.NOWHERE, undefined);
  });

  const coerced: readonly [Schema, string, unknown][] = [
    [z.int(), " 42 ", 42],
    [z.number(), "-1.5e3", -1_500],
    [z.number(), ".5", 0.5],
    [z.boolean(), "TRUE", true],
    [z.boolean(), "0", false],
    [z.array(z.int()), "1,2, 3", [1, 2, 3]],
    [z.array(z.int()), "[1,2]", [1, 2]],
    [z.array(z.boolean()), "true,0", [true, false]],
    [z.object({ a: z.int() }), '{"a":1}', { a: 1 }],
    [z.string(), "42", "42"],
    [z.string(), " kept ", " kept "],
    [z.union([z.int(), z.string()]), "42", "42"],
    [z.union([z.int(), z.boolean()]), "true", true],
    [z.nullable(z.int()), "7", 7],
    [z.int().optional(), "7", 7],
    [z.literal(5), "5", 5],
    [z.stringbool(), "yes", true],
    [z.coerce.date(), "2026-01-01", new Date("2026-01-01")],
    [z.string().transform((text) => text.length), "four", 4],
    [z.intersection(z.int().min(1), z.int().max(9)), "5", 5],
  ];
  for (const [index, [schema, text, value]] of coerced.entries()) {
    it(`reads ${JSON.stringify(text)} as ${inspect(value)} (${index})`, () =>
      assert.deepEqual(config({ IT: field(schema) }, { env: { IT: text } }).IT, value));
  }

  it("reads back every finite number", () => {
    const fields = { IT: field(z.number()) };
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (n) =>
        assert.equal(config(fields, { env: { IT: String(n) } }).IT, n === 0 ? Number(String(n)) : n),
      ),
    );
  });

  it("reports all problems at once, each with the variable, what is wrong and the fix", () => {
    const found = problemsOf(() =>
      config(
        {
          MISSING: field(z.string(), { description: "Where the mail server answers." }),
          EMPTY: field(z.int()),
          TEXT: field(z.int().min(1).max(9)),
          HEX: field(z.int()),
          HIGH: field(z.int().max(9)),
          HALF: field(z.int()),
          FLAG: field(z.boolean()),
          LIST: field(z.array(z.int())),
          LEVEL: field(z.enum(["debug", "info"])),
          OBJECT: field(z.object({ a: z.int() })),
          DEFAULT: field(z.int().max(9), { default: 10 }),
          ASYNC: field(z.string().refine(async () => true)),
          GOOD: field(z.int()),
        },
        {
          env: {
            EMPTY: "",
            TEXT: "abc",
            HEX: "0x10",
            HIGH: "10",
            HALF: "1.5",
            FLAG: "maybe",
            LIST: "1,x",
            LEVEL: "loud",
            OBJECT: "{",
            ASYNC: "a",
            GOOD: "1",
          },
        },
      ),
    );
    const says: Record<string, RegExp> = {
      MISSING: /^MISSING is not set\. Set it to a text\. Its purpose: Where the mail server answers\.$/,
      EMPTY: /^EMPTY is not set\. Set it to an integer\.$/,
      TEXT: /^TEXT in the environment has a value that cannot be read\. Set it to an integer from 1 to 9\.$/,
      HEX: /cannot be read/,
      HIGH: /^HIGH in the environment has a value that is refused: .*\. Set it to an integer at most 9\.$/,
      HALF: /is refused: .*Set it to an integer\./,
      FLAG: /Set it to true or false\./,
      LIST: /Set it to a list with commas between its items, each an integer\./,
      LEVEL: /Set it to one of "debug", "info"\./,
      OBJECT: /Set it to a JSON object\./,
      DEFAULT: /default that its schema refuses.*Fix the default\./,
      ASYNC: /asynchronous/,
    };
    assert.deepEqual(Object.keys(found).toSorted(), Object.keys(says).toSorted());
    for (const [name, pattern] of Object.entries(says)) assert.match(found[name]!, pattern);
  });

  it("asserts on a name that is no variable, and on two that would be one", () => {
    assert.throws(() => config({ port: field(z.int()) }), { name: "AssertionError", message: /"port"/ });
    assert.throws(() => config({ KEY: field(z.string()), KEY_FILE: field(z.string()) }), {
      name: "AssertionError",
      message: /KEY_FILE is taken/,
    });
  });
});

describe("config from files", () => {
  it("takes the environment before files, and a later file before an earlier one", (t) => {
    const file = folder(t);
    const first = file("a.json", JSON.stringify({ A: 1, B: 1, C: "1", LIST: [1, 2] }));
    const second = file("b.env", "# a comment\nB=2\nexport C='2'\nC2=\"line\\nbreak\"\n");
    const fields = { A: field(z.int()), B: field(z.int()), C: field(z.int()), C2: field(z.string()), LIST: field(z.array(z.int())) };
    const settings = config(fields, { env: { C: "3" }, files: [first, second] });
    assert.deepEqual({ ...settings }, { A: 1, B: 2, C: 3, C2: "line\nbreak", LIST: [1, 2] });
  });

  it("reads a mounted secret, its last line break cut and nothing else", (t) => {
    const file = folder(t);
    const env = { A_FILE: file("a", " one\n"), B_FILE: file("b", "two\r\n"), C_FILE: file("c", "three\n\n") };
    const settings = config({ A: field(z.string()), B: field(z.string()), C: field(z.string()) }, { env });
    assert.deepEqual({ ...settings }, { A: " one", B: "two", C: "three\n" });
  });

  it("lets a file name a mounted secret, and the environment overrule either", (t) => {
    const file = folder(t);
    const files = [file("a.env", `A_FILE=${file("a", "from-mount\n")}\n`)];
    assert.equal(config({ A: field(z.string()) }, { env: {}, files }).A, "from-mount");
    assert.equal(config({ A: field(z.string()) }, { env: { A: "from-env" }, files }).A, "from-env");
  });

  it("reports files that are missing, not files, empty, no JSON or too large, and both ways at once", (t) => {
    const file = folder(t);
    const env = {
      BOTH: "x",
      BOTH_FILE: file("both", "y"),
      GONE_FILE: file("gone"),
      FOLDER_FILE: file("."),
      EMPTY_FILE: file("empty", "\n"),
      LARGE_FILE: file("large", "x".repeat(1_048_577)),
    };
    const names = ["BOTH", "GONE", "FOLDER", "EMPTY", "LARGE"];
    const fields = Object.fromEntries(names.map((name) => [name, field(z.string())]));
    const [broken, list, absent] = [file("broken.json", "{ hunter2"), file("list.json", "[1]"), file("absent.env")];
    const found = problemsOf(() => config(fields, { env, files: [broken, list, absent] }));
    const says: Record<string, RegExp> = {
      BOTH: /BOTH and BOTH_FILE are both set in the environment\. Remove one/,
      GONE: /GONE_FILE names, but .*gone does not exist\. Create it/,
      FOLDER: /is not a file\. Name a file/,
      EMPTY: /is empty\. Write the value/,
      LARGE: /1048577 bytes, and configFileBytes allows 1048576/,
      [broken]: /is not a JSON object\. Fix it/,
      [list]: /is not a JSON object/,
      [absent]: /does not exist/,
    };
    assert.deepEqual(Object.keys(found).toSorted(), Object.keys(says).toSorted());
    for (const [name, pattern] of Object.entries(says)) assert.match(found[name]!, pattern);
    assert.doesNotMatch(Object.values(found).join(), /hunter2/);
  });
});

describe("config and secrets", () => {
  const loud = z.string().refine(() => false, { error: ({ input }) => `refused ${input}` });
  const throwing = z.string().transform((text): string => {
    throw new TypeError(`cannot use ${text}`);
  });
  const fields: Record<string, Field> = {
    BY_OPTION: field(z.string(), { secret: true }),
    BY_SCHEMA: field(z.string().meta({ "x-secret": true })),
    OPEN: field(z.string()),
  };
  const env = { BY_OPTION: "hunter2", BY_SCHEMA: "hunter2", OPEN: "open" };

  it("are there to be read and in no way printed", () => {
    const settings = config(fields, { env });
    assert.deepEqual([settings.BY_OPTION, settings.BY_SCHEMA, settings.OPEN], ["hunter2", "hunter2", "open"]);
    const prints = {
      string: String(settings),
      template: `${settings}`,
      json: JSON.stringify({ settings }),
      inspect: inspect(settings),
      hidden: inspect(settings, { showHidden: true, getters: true, depth: 9 }),
      nested: inspect({ deep: [settings] }, { depth: 9 }),
      spread: JSON.stringify({ ...settings }),
      entries: JSON.stringify(Object.entries(settings)),
      clone: inspect(structuredClone({ ...settings })),
    };
    for (const [way, text] of Object.entries(prints)) {
      assert.doesNotMatch(text, /hunter2/, way);
      assert.match(text, /open/, way);
    }
    assert.match(prints.json, /"BY_OPTION":"\[secret\]"/);
  });

  for (const [name, schema] of Object.entries({
    short: z.string().min(99),
    loud,
    throwing,
    number: z.int(),
    list: z.array(z.int()),
    object: z.object({ a: z.int() }),
  })) {
    it(`stay out of the fault when their schema refuses them (${name})`, () => {
      const thrown = (() => {
        try {
          config({ KEY: field(schema as Schema, { secret: true }) }, { env: { KEY: "hunter2" } });
        } catch (error) {
          return error as Fault;
        }
        return assert.fail("it was accepted");
      })();
      for (const text of [
        thrown.message,
        thrown.stack ?? "",
        JSON.stringify(thrown.details),
        inspect(thrown, { depth: 9, showHidden: true }),
      ]) {
        // The stack quotes no source line, so what is found there came from the value.
        assert.doesNotMatch(text, /hunter2/);
      }
      assert.match(thrown.message, /KEY in the environment has a value that (is refused|cannot be read)\. Set it to /);
    });
  }
});

describe("config that follows its files", () => {
  const fields = {
    RATE: field(z.int().min(1), { reload: true }),
    BURST: field(z.int(), { reload: true, default: 1 }),
    PORT: field(z.int(), { default: 80 }),
  };

  function watched(t: TestContext, text: string) {
    const file = folder(t);
    const path = file("settings.env", text);
    const clock = new TestClock();
    const settings = config(fields, { env: {}, files: [path], clock });
    t.after(() => settings.stop());
    return { settings, clock, write: (next: string) => writeFileSync(path, next), remove: () => rmSync(path) };
  }

  it("takes what may change, and names what needs a restart", async (t) => {
    const { settings, clock, write } = watched(t, "RATE=1\nPORT=80\n");
    write("RATE=2\nPORT=81\n");
    assert.deepEqual(await waitFor(clock, settings.changed.next()), { names: ["RATE"], needRestart: ["PORT"] });
    assert.deepEqual([settings.RATE, settings.BURST, settings.PORT], [2, 1, 80]);
  });

  it("keeps every value when one is refused, says why once, and takes the fixed content", async (t) => {
    const { settings, clock, write } = watched(t, "RATE=1\nBURST=1\n");
    const refusals: unknown[] = [];
    settings.refused.on((fact) => refusals.push(fact));
    write("RATE=0\nBURST=2\n");
    const { problems } = await waitFor(clock, settings.refused.next());
    assert.deepEqual(
      problems.map(({ variable }) => variable),
      ["RATE"],
    );
    assert.deepEqual([settings.RATE, settings.BURST], [1, 1]);
    write("RATE=3\nBURST=3\n");
    assert.deepEqual(await waitFor(clock, settings.changed.next()), { names: ["RATE", "BURST"], needRestart: [] });
    assert.deepEqual([settings.RATE, settings.BURST], [3, 3]);
    assert.equal(refusals.length, 1);
  });

  it("waits until two readings agree, so that a half-written file does not count", async (t) => {
    const { settings, clock, write } = watched(t, "RATE=1\n");
    const taken: number[] = [];
    settings.changed.on(() => taken.push(settings.RATE));
    const readOnce = async () => {
      clock.advance(limits.configPollMs);
      while (clock.pending === 0) await clock.advanceAsync(0);
    };
    write("RATE=12\n");
    await readOnce();
    write("RATE=123\n");
    await readOnce();
    assert.deepEqual(taken, []);
    await readOnce();
    assert.deepEqual(taken, [123]);
  });

  it("refuses when the file goes away, and keeps the values", async (t) => {
    const { settings, clock, remove } = watched(t, "RATE=1\n");
    remove();
    const { problems } = await waitFor(clock, settings.refused.next());
    assert.match(problems[0]!.message, /does not exist/);
    assert.equal(settings.RATE, 1);
  });

  it("follows a mounted secret, and keeps its value out of a refusal", async (t) => {
    const file = folder(t);
    const path = file("key", "first-key\n");
    const clock = new TestClock();
    const settings = config({ KEY: field(z.string().min(8), { secret: true, reload: true }) }, { env: { KEY_FILE: path }, clock });
    t.after(() => settings.stop());
    writeFileSync(path, "hunter2\n");
    const refused = await waitFor(clock, settings.refused.next());
    assert.doesNotMatch(inspect(refused, { depth: 9 }), /hunter2/);
    assert.equal(settings.KEY, "first-key");
    writeFileSync(path, "second-key\n");
    await waitFor(clock, settings.changed.next());
    assert.equal(settings.KEY, "second-key");
  });

  it("sets no timer where nothing may change, and none after it was stopped", (t) => {
    const clock = new TestClock();
    config({ PORT: field(z.int()) }, { env: { PORT: "1" }, files: [folder(t)("a.env", "X=1")], clock });
    config({ RATE: field(z.int(), { reload: true }) }, { env: { RATE: "1" }, clock });
    assert.equal(clock.pending, 0);
    const following = watched(t, "RATE=1\n");
    assert.equal(following.clock.pending, 1);
    following.settings.stop();
    assert.equal(following.clock.pending, 0);
  });
});
