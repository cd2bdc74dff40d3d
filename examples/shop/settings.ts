import { randomBytes } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { dirname, join, resolve } from "node:path";
import { config, exitOnFault, fault, field } from "plimsoll";
import { z } from "zod";
import { Temper } from "./provider/temper.ts";
import type { UpstreamPlaces } from "./relay/clients.ts";

const Port = z.int().min(0).max(65_535);
const Url = z.url().optional();
const Secret = z.string().min(32);

/** Whether browsers accept cookies that are `Secure`, and passkeys, from pages there. */
function isForBrowsers(url: string | undefined): boolean {
  // What is no URL is refused for that.
  if (url === undefined || !URL.canParse(url)) return true;
  const { protocol, hostname } = new URL(url);
  return (protocol === "https:" && isIP(hostname.replace(/^\[|\]$/g, "")) === 0) || (protocol === "http:" && hostname === "localhost");
}

const temperAdvice = `write JSON with shares from 0 to 1, as {"stalls":0.2}; the names are ${Object.keys(Temper.shape).join(", ")}`;

/** A provider that cannot read its temper would not start, and a wrong name would be ignored. */
function isTemper(text: string): boolean {
  try {
    return Temper.strict().safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}

const SettingsUnusable = fault("settings_unusable", {
  code: "failed_precondition",
  details: z.object({ problem: z.string() }),
  message: ({ problem }) => problem,
});

/** Reads the settings from the environment. All have a default, except the secret in production. */
export function readSettings(env = process.env) {
  const settings = config(
    {
      PORT: field(Port, { default: 3_000, description: "the port of the API; 0 takes a free one" }),
      OPS_PORT: field(Port, { default: 9_464, description: "the port of health and metrics, which only this machine can reach" }),
      DATA_DIR: field(z.string().min(1), {
        default: "./.data",
        description: "the folder of the embedded PostgreSQL, the log, the mail and the secret",
      }),
      KEEP_DATABASE: field(z.boolean(), {
        default: false,
        description: "true leaves the embedded PostgreSQL running when the shop stops, as `npm run dev` needs it",
      }),
      CRUNCH_FAILURES: field(z.number().min(0).max(1), {
        default: 0,
        description: "the share of items whose first attempt fails on purpose, to show retries",
      }),
      RELAY_UPSTREAMS: field(z.string().default(""), {
        description: "what POST /v1/fetch may fetch from, as `catalog=https://catalog.example.com,stock=http://127.0.0.1:4000`",
      }),
      RELAY_ALLOW: field(z.string().default(""), {
        description: "networks beside the public one in which those may be, as `127.0.0.1,10.0.0.0/8`",
      }),
      PAYMENTS_URL: field(Url, {
        description: "where the payment provider is; without it, outside production, the shop starts one of its own that charges no card",
      }),
      PAYMENTS_SECRET: field(z.string().startsWith("whsec_").optional(), {
        secret: true,
        description: "the secret with which that provider signs its notices",
      }),
      PROVIDER_PORT: field(Port, { default: 3_999, description: "the port of the shop's own payment provider; 0 takes a free one" }),
      PROVIDER_TEMPER: field(z.string().refine(isTemper, temperAdvice).default("{}"), {
        description: 'what that provider does to requests, as `{"stalls":0.2,"timesOutAfter":0.2}`',
      }),
      REDIS_URL: field(Url, {
        secret: true,
        description:
          "the Redis (rediss:, or redis: on this machine) in which all processes of the shop count their rates and keep cached values together; without it each does for itself",
      }),
      DATABASE_URL: field(Url, {
        secret: true,
        description: "the address of your own PostgreSQL for the application's role; without it the shop starts an embedded one",
      }),
      ADMIN_DATABASE_URL: field(Url, {
        secret: true,
        description: "the address of the same database for its owner, who runs the migrations",
      }),
      ORIGIN: field(Url.refine(isForBrowsers, "write https and a domain, or http and localhost: browsers keep passkeys nowhere else"), {
        description:
          "where browsers find the shop, as `https://shop.example.com`, for links in mail and for passkeys; without it this machine",
      }),
      FIRST_TENANT: field(z.string().min(1).max(63).optional(), {
        description: "in production: the tenant to create, if it does not exist",
      }),
      FIRST_EMAIL: field(z.email().optional(), { description: "in production: the address of its first administrator" }),
      FIRST_PASSWORD: field(z.string().min(12).max(200).optional(), {
        secret: true,
        description: "in production: the password of its first administrator",
      }),
      JWT_SECRET: field(env.NODE_ENV === "production" ? Secret : Secret.optional(), {
        secret: true,
        description: "signs tokens and encrypts cursors; outside production the shop creates one in DATA_DIR",
      }),
    },
    { env },
  );
  requireTogether((name) => settings[name] !== undefined);
  return settings;
}

/** The upstreams of the relay, and their networks. What is no URL keeps the shop from starting. */
export function upstreamPlaces({ RELAY_UPSTREAMS: urls, RELAY_ALLOW: allow }: ReturnType<typeof readSettings>): UpstreamPlaces {
  const listed = (text: string) => text.split(",").flatMap((part) => part.trim() || []);
  const entries = listed(urls).map((part) => [part.slice(0, part.indexOf("=")), part.slice(part.indexOf("=") + 1)]);
  return { urls: Object.fromEntries(entries), allow: listed(allow) };
}

/** Settings that mean nothing alone: one that is set without the others would be ignored without a word. */
function requireTogether(isSet: (name: Dependent) => boolean): void {
  for (const { set: names, needs } of dependent) {
    const set = names.filter(isSet);
    const missing = needs.filter((name) => !isSet(name));
    if (set.length === 0 || missing.length === 0) continue;
    const message = `${set.join(", ")} is set, but ${missing.join(", ")} is not, and one does not work without the other. Set all of them, or none.`;
    throw new SettingsUnusable({ problem: message });
  }
}

type Dependent = "DATABASE_URL" | "ADMIN_DATABASE_URL" | "PAYMENTS_URL" | "PAYMENTS_SECRET" | (typeof first)[number];
const first = ["FIRST_TENANT", "FIRST_EMAIL", "FIRST_PASSWORD"] as const;
const dependent: readonly { readonly set: readonly Dependent[]; readonly needs: readonly Dependent[] }[] = [
  { set: ["ADMIN_DATABASE_URL"], needs: ["DATABASE_URL"] },
  { set: ["PAYMENTS_URL"], needs: ["PAYMENTS_SECRET"] },
  { set: ["PAYMENTS_SECRET"], needs: ["PAYMENTS_URL"] },
  { set: first, needs: first },
];

/** Ends the process with this message. */
export function refuseToStart(problem: string): never {
  return endOnFault(new SettingsUnusable({ problem }));
}

/** Ends the process with the message of a fault; what is none is a bug, and is thrown on. */
export function endOnFault(error: unknown): never {
  return exitOnFault(() => {
    throw error;
  });
}

/** Creates the folder of DATA_DIR, if it is not there. */
export function openFolder(directory: string): void {
  try {
    makeFolder(resolve(directory));
  } catch (cause) {
    const message = `The folder ${directory} of DATA_DIR cannot be created (${(cause as NodeJS.ErrnoException).code}). Set DATA_DIR to a folder that this user may write to.`;
    throw new SettingsUnusable({ problem: message });
  }
}

/** The secret of this machine, created by the first process that needs it. */
export function keptSecret(directory: string): string {
  const path = join(directory, "jwt-secret");
  const made = `${path}.${process.pid}`;
  openFolder(directory);
  writeFileSync(made, randomBytes(48).toString("base64url"), { mode: 0o600 });
  try {
    // A link appears whole or not at all, and never replaces an existing file.
    linkSync(made, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(made);
  }
  return readFileSync(path, "utf8");
}

/** Not `recursive`: that never returns where the file system lets no process make a folder, as below /proc. */
function makeFolder(folder: string): void {
  if (!existsSync(dirname(folder))) makeFolder(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST" || !statSync(folder).isDirectory()) throw error;
  }
}
