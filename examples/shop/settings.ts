import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { config, field } from "plimsoll";
import { z } from "zod";

const Port = z.int().min(0).max(65_535);
const Url = z.url().optional();
const Secret = z.string().min(32);

/** Reads what the environment says. Nothing has to be set, but for a secret in production. */
export const readSettings = (env = process.env) =>
  config(
    {
      PORT: field(Port, { default: 3_000, description: "where the API listens; 0 takes a free port" }),
      OPS_PORT: field(Port, { default: 9_464, description: "where health and metrics are shown, to this machine only" }),
      DATA_DIR: field(z.string().min(1), {
        default: "./.data",
        description: "where the embedded PostgreSQL, the log, the mail and the secret are kept",
      }),
      KEEP_DATABASE: field(z.boolean(), {
        default: false,
        description: "leaves the embedded PostgreSQL running when the shop stops, for `npm run dev`, which starts it again on every change",
      }),
      CRUNCH_FAILURES: field(z.number().min(0).max(1), {
        default: 0,
        description: "share of the first attempts at items that fail on purpose, to see them tried again",
      }),
      DATABASE_URL: field(Url, { secret: true, description: "a PostgreSQL of your own, as the application; without it one is started" }),
      ADMIN_DATABASE_URL: field(Url, { secret: true, description: "the same database as its owner, who runs the migrations" }),
      FIRST_TENANT: field(z.string().min(1).max(63).optional(), { description: "in production: the tenant to make, if it is not there" }),
      FIRST_EMAIL: field(z.email().optional(), { description: "in production: the address of its first administrator" }),
      FIRST_PASSWORD: field(z.string().min(12).max(200).optional(), {
        secret: true,
        description: "in production: the password of its first administrator",
      }),
      JWT_SECRET: field(env.NODE_ENV === "production" ? Secret : Secret.optional(), {
        secret: true,
        description: "signs tokens and seals cursors; outside production it is made once and kept in DATA_DIR",
      }),
    },
    { env },
  );

/** The secret of this machine, made by whichever process asks first. */
export function keptSecret(directory: string): string {
  const path = join(directory, "jwt-secret");
  const made = `${path}.${process.pid}`;
  mkdirSync(directory, { recursive: true });
  writeFileSync(made, randomBytes(48).toString("base64url"), { mode: 0o600 });
  try {
    // Whole or not at all, and never over one that is there.
    linkSync(made, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(made);
  }
  return readFileSync(path, "utf8");
}
