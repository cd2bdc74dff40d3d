import { createHash } from "node:crypto";
import { release } from "../../postgres/migrate/release.ts";
import type { AppModel } from "../model/model.ts";
import { type TableRecords, tablesOf } from "./tables.ts";

/** Where a generation keeps what it wrote. */
export const manifestPath = "design/manifest.json";

/** What was written, and from what. */
export interface Manifest {
  readonly format: 1;
  /** The version of Plimsoll that wrote it. */
  readonly version: string;
  /** The hash of each file as it was written. */
  readonly files: Readonly<Record<string, string>>;
  readonly tables: TableRecords;
  /** The operations with their routes, for the list of what changed. */
  readonly operations: Readonly<Record<string, string>>;
  readonly budget: AppModel["budget"];
}

/** The hash of a file. A checkout of Git on Windows may end lines otherwise: that changes nothing. */
export function hashOf(text: string): string {
  return createHash("sha256").update(text.replaceAll("\r\n", "\n")).digest("base64url").slice(0, 22);
}

/** The operations of a model with their routes. */
export function operationsOf({ modules }: AppModel): Readonly<Record<string, string>> {
  return Object.fromEntries(
    modules.flatMap(({ name, operations }) =>
      operations.map((one) => [`${name}.${one.name}`, one.route === undefined ? "" : `${one.route.method} ${one.route.path}`]),
    ),
  );
}

/** Makes the record of a generation. */
export function manifestOf(
  app: AppModel,
  { files, before }: { readonly files: Readonly<Record<string, string>>; readonly before: Manifest | undefined },
): Manifest {
  const sorted = Object.fromEntries(Object.entries(files).toSorted(([one], [other]) => (one < other ? -1 : 1)));
  return {
    format: 1,
    version: release,
    files: sorted,
    tables: tablesOf(app, before?.tables),
    operations: operationsOf(app),
    budget: app.budget,
  };
}

/** Reads a manifest; undefined where the text is none. */
export function readManifest(text: string): Manifest | undefined {
  try {
    const found = JSON.parse(text) as Partial<Manifest>;
    if (found.format === 1 && typeof found.files === "object" && typeof found.tables === "object" && typeof found.operations === "object")
      return found as Manifest;
  } catch {
    // Said by the caller, with what to do.
  }
  return undefined;
}
