import { role } from "plimsoll";
import type { AppSpec } from "../../../src/app/app-spec.ts";
import type { Answer, Ask } from "./asks.ts";
import type { Same, Word } from "./operations.ts";

/** What a row does: it asks, and its answers are compared in their order. */
export interface Row {
  readonly name: string;
  /** What its app has beside the operations. */
  readonly spec?: Partial<AppSpec>;
  run(asking: Asking): Promise<readonly (Answer | "left")[]>;
  /** What the answers are on every surface, so that all surfaces cannot be wrong alike. */
  readonly codes: readonly string[];
}

/** What a row asks with. */
export interface Asking extends Same {
  ask(word: Word, call?: Partial<Omit<Ask, "operation">>): Promise<Answer>;
}

/** The actor `ann`, a clerk. */
export const ann = "Bearer ann";
/** The actor `bob`, who has no role. */
export const bob = "Bearer bob";
/** A service of the same system. */
export const internal = "Bearer service";

const once = (word: Word, code: string, call?: Partial<Omit<Ask, "operation">>): Pick<Row, "run" | "codes"> => ({
  run: async ({ ask }) => [await ask(word, call)],
  codes: [code],
});

const faults: readonly Row[] = [
  { name: "an output", ...once("look", "ok") },
  { name: "notes of a handler", ...once("echo", "ok") },
  { name: "a declared fault with details", ...once("sell", "failed_precondition") },
  { name: "a fault that is not declared", ...once("stray", "internal") },
  { name: "a bug", ...once("crash", "internal") },
  { name: "an output that does not fit", ...once("misshape", "internal") },
  { name: "an input that does not fit", ...once("echo", "invalid_argument", { input: { text: "x".repeat(21) } }) },
];

const access: readonly Row[] = [
  { name: "a stranger where a role is needed", ...once("clerk", "unauthenticated") },
  { name: "a caller without the role", ...once("clerk", "permission_denied", { authorization: bob }) },
  { name: "a caller with the role", ...once("clerk", "ok", { authorization: ann }) },
  { name: "credentials that are not known", ...once("clerk", "unauthenticated", { authorization: "Bearer bad" }) },
  {
    name: "a permission that a role has",
    run: async ({ ask }) => [await ask("permitted", { authorization: ann }), await ask("permitted", { authorization: bob })],
    codes: ["ok", "permission_denied"],
  },
  {
    name: "what belongs to another caller",
    run: async ({ ask }) => [await ask("own", { input: { text: "mine" } }), await ask("own")],
    codes: ["ok", "not_found"],
  },
];

const limits: readonly Row[] = [
  {
    name: "the rate of a caller",
    spec: { rateLimit: { perSecond: 0.001, burst: 2 } },
    run: async ({ ask }) => [await ask("look"), await ask("echo"), await ask("look")],
    codes: ["ok", "ok", "resource_exhausted"],
  },
  {
    name: "the rate of an operation",
    run: async ({ ask }) => [await ask("rare"), await ask("rare"), await ask("rare"), await ask("look")],
    codes: ["ok", "ok", "resource_exhausted", "ok"],
  },
  {
    name: "the rate of a value of the input",
    run: async ({ ask }) => [
      await ask("each", { input: { text: "a" } }),
      await ask("each", { input: { text: "a" } }),
      await ask("each", { input: { text: "b" } }),
    ],
    codes: ["ok", "resource_exhausted", "ok"],
  },
  {
    name: "the places of an operation",
    run: async ({ ask, begins, release }) => {
      const begun = begins();
      const first = ask("one");
      await begun;
      const second = await ask("one");
      release();
      return [second, await first];
    },
    codes: ["unavailable", "ok"],
  },
  { name: "the statements of a budget", ...once("many", "internal") },
  { name: "the deadline of a budget", ...once("slow", "deadline_exceeded") },
  { name: "the time that the caller has left", ...once("wait", "deadline_exceeded", { remainingMs: 500 }) },
  {
    name: "a caller that leaves",
    run: async ({ ask, begins }) => {
      const begun = begins();
      const leaving = new AbortController();
      const asked = ask("wait", { signal: leaving.signal }).catch(() => undefined);
      await begun;
      leaving.abort();
      await asked;
      return ["left"];
    },
    codes: ["left"],
  },
  {
    name: "a value that is cached",
    run: async ({ ask }) => [await ask("cached"), await ask("cached")],
    codes: ["ok", "ok"],
  },
];

const rules: readonly Row[] = [
  { name: "a key that is missing", ...once("keep", "invalid_argument", { authorization: ann }) },
  {
    name: "a key that comes again",
    run: async ({ ask }) => [await ask("keep", { authorization: ann, key: "k-1" }), await ask("keep", { authorization: ann, key: "k-1" })],
    codes: ["ok", "ok"],
  },
  {
    name: "a key that comes again with another input",
    run: async ({ ask }) => [
      await ask("keep", { authorization: ann, key: "k-2" }),
      await ask("keep", { authorization: ann, key: "k-2", input: { text: "other" } }),
    ],
    codes: ["ok", "invalid_argument"],
  },
  {
    name: "how important an internal caller says that it is",
    spec: { internalCallers: role("service") },
    ...once("echo", "ok", { authorization: internal, criticality: "critical" }),
  },
  {
    name: "how important any other caller says that it is",
    spec: { internalCallers: role("service") },
    ...once("echo", "ok", { authorization: bob, criticality: "critical" }),
  },
];

/** All rows. */
export const table: readonly Row[] = [...faults, ...access, ...limits, ...rules];
