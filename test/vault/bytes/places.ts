import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

// Searches bytes for a text in every form in which a program may have written it.

/** The texts that stand for a value: as it is, in JSON and in addresses, in hexadecimal, in UTF-16, and in base64 from each place of a group. */
export function formsOf(value: string): readonly Buffer[] {
  const bytes = Buffer.from(value);
  const texts = [value, encodeURIComponent(value), bytes.toString("hex"), bytes.toString("hex").toUpperCase()];
  for (const shift of [0, 1, 2]) {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64");
    // Only what does not depend on the bytes beside it.
    const own = text.slice(shift === 0 ? 0 : shift + 1, Math.floor((shift + bytes.length) / 3) * 4);
    texts.push(own, own.replaceAll("+", "-").replaceAll("/", "_"));
  }
  return [...[...new Set(texts)].map((text) => Buffer.from(text)), Buffer.from(value, "utf16le")];
}

/** Where the value stands among these bytes, by the name of each place. */
export function placesOf(value: string, places: ReadonlyMap<string, readonly Uint8Array[]>): readonly string[] {
  const forms = formsOf(value);
  return [...places].filter(([, all]) => all.some((one) => forms.some((form) => Buffer.from(one).includes(form)))).map(([name]) => name);
}

/** Every file of a cluster, by what it is. */
export function clusterFiles(directory: string): ReadonlyMap<string, readonly Uint8Array[]> {
  const places = new Map<string, Uint8Array[]>();
  for (const file of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const path = join(file.parentPath, file.name);
    const place = path.includes("/pg_wal/")
      ? "the WAL"
      : file.name === "postgres.log"
        ? "the log of PostgreSQL"
        : "the files of the database";
    places.set(place, [...(places.get(place) ?? []), readFileSync(path)]);
  }
  return places;
}
