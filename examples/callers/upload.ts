// A form with a photo that is written to a disk as it comes. Run it with: node --conditions=source examples/callers/upload.ts
import { randomUUID } from "node:crypto";
import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { action, createApp, module, upload } from "plimsoll";
import { http } from "plimsoll/http";
import { z } from "zod";

const folder = mkdtempSync(join(tmpdir(), "photos-"));

const publish = action("photos.publish", {
  input: z.object({ title: z.string(), photo: upload({ bytesMax: 20_000_000, types: ["image/png", "image/jpeg"] }) }),
  output: z.object({ title: z.string(), name: z.string(), type: z.string(), bytes: z.int() }),
  ...{ access: "public", idempotent: "no", budget: "5m" },
  http: { route: "POST /v1/photos", body: "multipart" },
  run: async ({ title, photo }) => {
    const path = join(folder, randomUUID());
    await pipeline(photo, createWriteStream(path));
    return { title, name: photo.name ?? "untitled", type: photo.type, bytes: photo.size };
  },
});

export const app = createApp({ modules: [module("photos", { operations: [publish] })], surfaces: [http({ port: 0 })] });

if (import.meta.main) {
  await app.start();
  for (const [name, bytes] of Object.entries({ "é.png": "\x89PNG\r\n\x1a\n", "script.png": "<script>" })) {
    const body = new FormData();
    body.append("title", "A boat");
    body.append("photo", new File([Buffer.from(bytes, "latin1")], name, { type: "image/png" }));
    const response = await fetch(`${app.urls.surfaces[0]}/v1/photos`, { method: "POST", body });
    console.log(response.status, JSON.stringify(await response.json()).slice(0, 66));
  }
  await app.stop();
  rmSync(folder, { recursive: true });
}
