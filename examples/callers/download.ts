// A file that is sent as it is read, in parts if a client asks for one. Run it with: node --conditions=source examples/callers/download.ts
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { action, createApp, module } from "plimsoll";
import { http } from "plimsoll/http";
import { z } from "zod";

const folder = mkdtempSync(join(tmpdir(), "reports-"));
writeFileSync(join(folder, "may.txt"), "0123456789".repeat(10));

const Report = z.object({ path: z.string(), title: z.string(), bytes: z.int() });

const download = action("reports.download", {
  ...{ input: z.object({ month: z.enum(["may"]) }), output: Report, access: "public", idempotent: "natural", budget: "1s" },
  http: {
    route: "POST /v1/reports/{month}/download",
    download: {
      type: "text/plain",
      name: ({ title }) => `${title}.txt`,
      size: ({ bytes }) => bytes,
      open: ({ path }, { start, end, signal }) => createReadStream(path, { start, end: end - 1, signal }),
    },
  },
  run: async ({ month }) => ({ path: join(folder, `${month}.txt`), title: `Report of ${month}`, bytes: 100 }),
});

export const app = createApp({ modules: [module("reports", { operations: [download] })], surfaces: [http({ port: 0 })] });

if (import.meta.main) {
  await app.start();
  const response = await fetch(`${app.urls.surfaces[0]}/v1/reports/may/download`, { method: "POST" });
  console.log(response.status, response.headers.get("content-length"), response.headers.get("content-disposition"));
  console.log((await response.text()).slice(0, 12));
  await app.stop();
  rmSync(folder, { recursive: true });
}
