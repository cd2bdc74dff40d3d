export { type PostgresSpec, postgres } from "./database.ts";
export { type EmbeddedSpec, embedded } from "./embedded.ts";
export { type MigrateSpec, type MigrationReport, migrate } from "./migrate.ts";
