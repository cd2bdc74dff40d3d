import { config, createApp, exitOnFault, field, supervise } from "plimsoll";
import { jwt, jwtIssuer } from "plimsoll/auth";
import { embedded } from "plimsoll/embedded";
import { http } from "plimsoll/http";
import { logs, prometheus } from "plimsoll/telemetry";
import { z } from "zod";
import { notes } from "./notes.ts";

const { PORT, OPS_PORT, DATA_DIR, JWT_SECRET } = exitOnFault(() =>
  config({
    PORT: field(z.int().min(0).max(65_535), { default: 3_000 }),
    OPS_PORT: field(z.int().min(0).max(65_535), { default: 9_464 }),
    DATA_DIR: field(z.string().min(1), { default: ".data" }),
    JWT_SECRET: field(z.string().min(32), { secret: true, description: "signs tokens; make one with: openssl rand -base64 48" }),
  }),
);
const key = { algorithm: "HS256", secret: JWT_SECRET } as const;
const names = { issuer: "notes", audience: "notes" };

const app = exitOnFault(() =>
  createApp({
    service: { name: "notes", version: "0.1.0" },
    modules: [notes],
    database: embedded({ directory: DATA_DIR }),
    authentication: jwt({ keys: [key], ...names }),
    surfaces: [http({ port: PORT, documents: true })],
    ops: { port: OPS_PORT },
    telemetry: [logs({ destination: { file: "notes.log" } }), prometheus()],
  }),
);
await supervise(app);

const { token } = await jwtIssuer({ key, ...names, ttl: "1h" }).sign({ subject: "ada" });
console.log(`${app.urls.surfaces[0]}/docs, health and metrics at ${app.urls.ops}\nexport TOKEN=${token}`);
