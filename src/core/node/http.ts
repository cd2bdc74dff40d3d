/**
 * `node:http`, without what an `import` of it brings along: that reads every export once, and two of them load the whole client of `fetch`,
 * which takes ten times as long as the rest (30 ms). `getBuiltinModule` reads what is asked for.
 */
export const nodeHttp = process.getBuiltinModule("node:http");
