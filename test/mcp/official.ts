import { registerHooks } from "node:module";

// A package of the client's has sources under the condition by which our own are found, and Node.js runs no TypeScript of packages.
registerHooks({
  resolve: (specifier, context, next) =>
    next(specifier, {
      ...context,
      conditions: context.parentURL?.includes("/node_modules/")
        ? context.conditions.filter((condition) => condition !== "source")
        : context.conditions,
    }),
});

/** The official client of MCP. */
export const official = await import("@modelcontextprotocol/client");
/** Its way to a server of its own process. */
export const officialStdio = await import("@modelcontextprotocol/client/stdio");
