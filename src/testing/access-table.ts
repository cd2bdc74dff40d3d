import { accessMatrix } from "../app/access/matrix.ts";
import { accessTableOf } from "../app/access/table.ts";
import { type App, runtimeOf } from "../app/app.ts";

/**
 * Returns who may run which operation as a text: one line an operation, one column a kind of caller. Compare it with a file in a test, so that no access
 * changes without a reviewer who sees it.
 * *Guarantees*: the same declarations give the same text; the app need not be started.
 * @example it("access", (test) => test.assert.fileSnapshot(accessTable(app), "access.txt", { serializers: [String] }));
 */
export function accessTable(app: App): string {
  return accessTableOf(accessMatrix(runtimeOf(app).registry.operations.values()));
}
