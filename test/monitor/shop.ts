import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { modules } from "../../examples/shop/shop.ts";
import { monitorFiles } from "../../src/monitor/files.ts";
import { type Monitored, monitoredOf, parts } from "../../src/monitor/monitored.ts";
import { buildRegistry } from "../../src/pipeline/registry/registry.ts";

/** The shop, with every part that there can be. */
export const shop: Monitored = monitoredOf(buildRegistry(modules), { service: "shop", also: parts });

export const spec = {
  language: "en",
  places: { ops: "http://127.0.0.1:9464", prometheus: "http://127.0.0.1:9090" },
  receivers: { page: "http://127.0.0.1:9095/page", ticket: "http://127.0.0.1:9095/ticket" },
  runbooks: "https://runbooks.test",
} as const;

/** Writes files into a new folder, which goes with the test. */
export function folderOf(files: ReadonlyMap<string, string>): { readonly folder: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-monitor-"));
  for (const [path, text] of files) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

/** The files of an app as the tests want them. */
export const filesOf = (monitored: Monitored): ReadonlyMap<string, string> => monitorFiles(monitored, spec);
