import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { formatEml } from "./eml.ts";
import type { Mailer } from "./mailer.ts";

/** Puts each mail into a file of its own, to be opened with any mail program. The key names the file, so that a repeat writes over what is there. */
export function emlFiles({ directory }: { readonly directory: string }): Mailer {
  return {
    async send(mail, { key, signal }) {
      const name = key.replaceAll(/[^\w.-]/g, "_");
      const envelope = { from: "The shop <receipts@shop.example>", messageId: `${name}@shop.example`, date: new Date() };
      const path = join(directory, `${name}.eml`);
      await mkdir(directory, { recursive: true, mode: 0o700 });
      // Whole or not at all, so that a reader of the folder never finds half a mail.
      const written = `${path}.${process.pid}`;
      await writeFile(written, formatEml(mail, envelope), { mode: 0o600, flush: true, signal });
      await rename(written, path);
    },
  };
}
