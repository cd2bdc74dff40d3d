export { kysely } from "./kysely.ts";
