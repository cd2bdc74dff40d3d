import { resource } from "plimsoll";
import type { Mail } from "./domain.ts";

/** Sends mail. A repeat with the same key is the same mail, which must arrive once. */
export interface Mailer {
  send(mail: Mail, options: { readonly key: string; readonly signal: AbortSignal }): Promise<void>;
}

/** The composition root provides it: files here, a service elsewhere. */
export const mailer = resource<Mailer>("notifications.mailer");
