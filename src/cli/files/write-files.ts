import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Language } from "../language.ts";
import { Stop } from "../verb.ts";

/**
 * Writes files into a folder, each beside its place and then renamed: what was there stays whole if the process ends.
 * *Faults thrown*: {@link Stop} with `output` where it cannot.
 */
export function writeFiles(
  folder: string,
  { files, language }: { readonly files: ReadonlyMap<string, string>; readonly language: Language },
): void {
  try {
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of files) {
      writeFileSync(join(folder, `.${name}.new`), text);
      renameSync(join(folder, `.${name}.new`), join(folder, name));
    }
  } catch (error) {
    throw new Stop("output", {
      message: { en: `The files cannot be written: ${(error as Error).message}.`, zh: `无法写出文件：${(error as Error).message}。` }[
        language
      ],
      fix: { en: "Make the folder writable, or name another with --out.", zh: "请使文件夹可写，或用 --out 指定其他文件夹。" }[language],
    });
  }
}
