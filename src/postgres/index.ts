export { PostgresDatabase, type PostgresSpec, postgres } from "./database.ts";
export { borrowed, type Lender } from "./lender.ts";
export type { UntriedFile } from "./migrate/plan.ts";
export { type ResetSpec, reset } from "./migrate/reset.ts";
export { type MigrateSpec, type MigrationReport, migrate } from "./migrate.ts";
export { type PostgresRatesSpec, postgresRates } from "./rates/store.ts";
