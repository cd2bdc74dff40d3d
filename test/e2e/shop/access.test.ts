import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { modules } from "../../../examples/shop/shop.ts";
import { createApp } from "../../../src/app/app.ts";
import { accessTable } from "../../../src/testing/access-table.ts";

// `npm test -- --test-update-snapshots` writes the file; a reviewer sees each access that changes.
it("no caller may run more of the shop than the reviewed table says", (test) => {
  const table = accessTable(createApp({ modules }));
  test.assert.fileSnapshot(table, fileURLToPath(new URL("access.txt", import.meta.url)), { serializers: [String] });
});
