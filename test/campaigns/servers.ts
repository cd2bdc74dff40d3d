// Runs the whole suite of the shop on servers that are set up otherwise than ours: `node test/campaigns/servers.ts [name …] [--files test/e2e/shop]`.
// The last line says how many servers passed; the exit code is 0 only when all did.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { otherLanguage } from "../integration/connections/other-language.ts";
import { poolerVariable, preparedVariable, serverVariable } from "./chosen-server.ts";
import { type OwnServer, type ServerSettings, startOwnServer } from "./own-server.ts";
import { poolerVersion, startPooler } from "./pooler.ts";
import { throughReadOnly } from "./read-only.ts";

interface Flavour {
  readonly settings: ServerSettings;
  /** Stands between the application and its server, in transaction mode. */
  readonly pooler?: boolean;
  /** Reports in another language. */
  readonly translated?: boolean;
  /** Takes no writes for 10 s under a shop that runs, before the suite. */
  readonly readOnly?: boolean;
}

const zone = { timezone: "America/New_York" };
const everything = {
  timezone: "Asia/Kolkata",
  datestyle: "SQL, DMY",
  intervalstyle: "sql_standard",
  default_transaction_isolation: "serializable",
  bytea_output: "escape",
  extra_float_digits: "0",
};

export const flavours: Readonly<Record<string, Flavour>> = {
  zone: { settings: zone },
  dates: { settings: { datestyle: "German, DMY" } },
  intervals: { settings: { intervalstyle: "postgres_verbose" } },
  serializable: { settings: { default_transaction_isolation: "serializable" } },
  "repeatable-read": { settings: { default_transaction_isolation: "repeatable read" } },
  everything: { settings: everything },
  pgbouncer: { settings: {}, pooler: true },
  "pgbouncer-everything": { settings: everything, pooler: true },
  "another-language": { settings: {}, translated: true },
  "read-only": { settings: {}, readOnly: true },
};

const roles = { plimsoll_test_app: "plimsoll_test_app" };

async function runFlavour(
  server: OwnServer,
  { settings, pooler, translated, readOnly }: Flavour,
  files: readonly string[],
): Promise<boolean> {
  await server.set(settings);
  if (readOnly) {
    let until = 0;
    const during = () => {
      until ||= Date.now() + 10_000;
      return Date.now() < until;
    };
    console.log("read-only for 10 s:", await throughReadOnly(server, during));
  }
  await using between = pooler ? await startPooler({ adminUrl: server.adminUrl, roles }) : undefined;
  await using other = translated ? await otherLanguage(server.adminUrl) : undefined;
  const env = {
    ...process.env,
    [serverVariable]: other?.through(server.adminUrl) ?? server.adminUrl,
    ...(between && { [poolerVariable]: between.host, [preparedVariable]: String(between.prepares) }),
  };
  const child = spawn(process.execPath, ["test/run.ts", ...files], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    env,
    stdio: "inherit",
  });
  const [code] = await once(child, "exit");
  return code === 0;
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({ options: { files: { type: "string", default: "test/e2e/shop" } }, allowPositionals: true });
  const names = positionals.length === 0 ? Object.keys(flavours) : positionals;
  const failed: string[] = [];
  await using server = await startOwnServer();
  for (const name of names) {
    const flavour = flavours[name];
    if (flavour === undefined) throw new Error(`There is no server named ${name}. Choose from: ${Object.keys(flavours).join(", ")}.`);
    if (flavour.pooler && poolerVersion() === undefined) {
      console.log(`✖ ${name}: PgBouncer is not installed. Install it as in: apt-get install -y pgbouncer`);
      failed.push(name);
      continue;
    }
    console.log(`\n${name}: ${JSON.stringify(flavour)}`);
    const passed = await runFlavour(server, flavour, values.files.split(",")).catch((error: unknown) => {
      console.log(error);
      return false;
    });
    if (!passed) failed.push(name);
  }
  console.log(
    `${names.length - failed.length} servers passed, ${failed.length} failed${failed.length > 0 ? `: ${failed.join(", ")}` : ""}`,
  );
  process.exitCode = failed.length > 0 ? 1 : 0;
}
