import type { OpsPage } from "../../operation/ops-page.ts";
import type { CompiledOperation } from "../../pipeline/registry/compiled.ts";
import { wantsText } from "../ops/text.ts";
import { accessMatrix } from "./matrix.ts";
import { accessTableOf } from "./table.ts";

/** Where the ops port shows who may run what. */
export const accessPath = "/access";

const help = {
  "GET /access": "shows which callers may run which operation; as a table with ?format=text or in a browser",
  own: "only on what belongs to the caller, as the operation's owns decides",
  "per tenant": "each tenant decides which roles have the permission; the columns of the roles say what holds by default",
  rule: "a rule of the app decides for each caller",
} as const;

/** The page `/access` of the ops port. It never changes while the process runs. */
export function accessPage({ operations }: { readonly operations: ReadonlyMap<string, CompiledOperation> }): OpsPage {
  return {
    path: accessPath,
    answer: async (request) => {
      const [at = "", search = ""] = (request.url ?? accessPath).split("?", 2);
      if (at !== accessPath) return undefined;
      if (request.method !== "GET" && request.method !== "HEAD")
        return { status: 405, body: { error: "This page takes GET and HEAD. Send one of them.", help } };
      const matrix = accessMatrix(operations.values());
      return { status: 200, body: { ...matrix, help }, ...(wantsText(request, search) && { text: accessTableOf(matrix) }) };
    },
  };
}
