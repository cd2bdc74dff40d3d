import { type Actor, action, authenticator, badCredential, command, fail, fault, query, role, signedIn } from "plimsoll";
import { z } from "zod";

const Text = z.object({ text: z.string().max(20) });
const SoldOut = fault("sold_out", {
  code: "failed_precondition",
  details: z.object({ left: z.int() }),
  message: ({ left }) => `Only ${left} are left.`,
});
const NotThere = fault("not_there", { code: "not_found", message: "It is not there." });

/** Operations of each kind that says something else about itself. */
export function operations() {
  const ran: string[] = [];
  let begun = Promise.withResolvers<AbortSignal>();
  const open = { input: Text, output: Text, access: "public", budget: "5s" } as const;
  const write = { ...open, idempotent: "no" } as const;
  const all = [
    query("suite.look", {
      ...{ ...open, summary: "Look it up", mcp: { title: "Look", resource: "suite://{text}" }, faults: [NotThere] },
      run: async (input) => (input.text === "none" ? fail(NotThere, {}) : input),
    }),
    query("suite.all", { ...open, input: z.object({}), mcp: { resource: "suite://all" }, run: async () => ({ text: "all" }) }),
    query("suite.page", {
      ...{ ...open, input: z.object({}), mcp: { resource: "suite://page.html" } },
      http: { route: "GET /page", file: { type: "text/html", text: ({ text }) => `<p>${text}` } },
      run: async () => ({ text: "page" }),
    }),
    query("suite.hidden", { ...open, run: async (input) => input }),
    query("suite.clerk", { ...open, access: role("clerk"), mcp: true, run: async (input) => input }),
    action("suite.sell", { ...write, mcp: { tool: "sell" }, faults: [SoldOut], run: async () => fail(SoldOut, { left: 2 }) }),
    action("suite.crash", {
      ...{ ...write, mcp: true },
      run: async () => {
        throw new TypeError("table_of_secrets");
      },
    }),
    action("suite.wait", {
      ...{ ...write, mcp: true },
      run: async (input, { signal }) => {
        begun.resolve(signal);
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        return input;
      },
    }),
    action("suite.set", { ...open, idempotent: "natural", mcp: { destructive: false }, run: async (input) => input }),
    command("suite.keep", {
      ...{ ...open, access: signedIn(), idempotent: "key", mcp: true },
      run: async ({ text }) => ({ text: `${text} ${ran.push(text)}` }),
    }),
    command("suite.drop", {
      ...{ ...open, summary: "Drop it", access: signedIn(), idempotent: "key", mcp: { destructive: true } },
      run: async ({ text }) => ({ text: `${text} ${ran.push(text)}` }),
    }),
  ];
  /** Resolves when `suite.wait` waits; asked before its call. */
  const begin = (): Promise<AbortSignal> => {
    begun = Promise.withResolvers<AbortSignal>();
    return begun.promise;
  };
  return { all, ran, begin };
}

/** The head of a request of `ann`. */
export const ann = { authorization: "Bearer ann" };
/** The head of a request of `bob`. */
export const bob = { authorization: "Bearer bob" };

/** The actors behind `Bearer ann` and `Bearer bob`. */
const actors: Readonly<Record<string, Actor>> = {
  ann: { id: "ann", kind: "user", roles: ["clerk"], tenant: undefined, claims: {} },
  bob: { id: "bob", kind: "user", roles: [], tenant: undefined, claims: {} },
};

/** Signs them in. */
export const authentication = authenticator({ authenticate: (token) => actors[token] ?? badCredential("It is unknown.") });
