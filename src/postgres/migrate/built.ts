import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { broken, type MigrationFile } from "./migration-file.ts";

/** What a build says of Plimsoll's own files, in the order in which they run. `file` is its place beside the list. */
export type BuiltFiles = readonly (Pick<MigrationFile, "name" | "checksum"> & { readonly file: string })[];

/** The name of the list, which a build writes beside the folders of the files. */
export const builtList = "own-migrations.json";

/**
 * Lists Plimsoll's own files as a build left them, and reads each only when its text is needed: reading some 250 files is a twentieth of a start,
 * which nearly always runs none of them. Undefined where the source runs, which has no list.
 * *Faults thrown*, by the text of a file: `failed_precondition`, where it is not what was built.
 */
export function listBuilt(folder: URL, read: (file: string) => MigrationFile): readonly MigrationFile[] | undefined {
  let text: string;
  try {
    text = readFileSync(new URL(builtList, folder), "utf8");
  } catch {
    return undefined;
  }
  const beside = fileURLToPath(folder);
  return (JSON.parse(text) as BuiltFiles).map((built) => new BuiltFile(built, `${beside}${built.file}`, read));
}

class BuiltFile implements MigrationFile {
  readonly module = "plimsoll";
  readonly schema = "plimsoll";
  readonly name: string;
  readonly path: string;
  readonly checksum: string;
  readonly repeatable: boolean;
  readonly #read: () => MigrationFile;
  #text: MigrationFile | undefined;

  constructor({ name, file, checksum }: BuiltFiles[number], path: string, read: (file: string) => MigrationFile) {
    this.name = name;
    this.path = path;
    this.checksum = checksum;
    this.repeatable = name.startsWith("functions/");
    this.#read = () => read(file);
  }

  get sql(): string {
    return this.#file().sql;
  }
  get alone(): boolean {
    return this.#file().alone;
  }
  get grants(): string {
    return this.#file().grants;
  }

  #file(): MigrationFile {
    this.#text ??= this.#read();
    if (this.#text.checksum !== this.checksum)
      throw broken(`${this.path} is not the file that was published with this release of Plimsoll. Install the package again.`);
    return this.#text;
  }
}
