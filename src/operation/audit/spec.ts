import type { Schema } from "../../core/schema/standard.ts";

/** What is recorded of a command, in its run-time form. */
export interface AuditForm {
  readonly subject?: (input: never) => string;
  readonly input?: boolean;
  readonly state?: { readonly schema: Schema; read(input: never, scope: never): Promise<unknown> };
  readonly outcomes?: "all" | "ok";
}
