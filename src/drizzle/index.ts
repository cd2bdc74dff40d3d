export { type DrizzleOptions, drizzle, type SqlDatabase, type StatementRows } from "./drizzle.ts";
