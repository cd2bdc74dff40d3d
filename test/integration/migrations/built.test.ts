import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { type BuiltFiles, builtList, listBuilt } from "../../../src/postgres/migrate/built.ts";
import type { MigrationFile } from "../../../src/postgres/migrate/migration-file.ts";
import { describeOwn, readMigrations } from "../../../src/postgres/migration-files.ts";

function folderWith(list: BuiltFiles) {
  const path = mkdtempSync(join(tmpdir(), "built-"));
  writeFileSync(join(path, builtList), JSON.stringify(list));
  return { url: pathToFileURL(`${path}/`), [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

const own = readMigrations([])[0]?.files ?? [];
const facts = ({ module, schema, name, checksum, repeatable }: MigrationFile) => ({ module, schema, name, checksum, repeatable });
const texts = ({ sql, alone, grants }: MigrationFile) => ({ sql, alone, grants });

describe("Plimsoll's own files, as a build lists them", () => {
  it("are those of the source in their order, and each is read when its text is needed, once", () => {
    const list = describeOwn();
    using folder = folderWith(list);
    const read: string[] = [];
    const built = listBuilt(folder.url, (file) => {
      read.push(file);
      return own[list.findIndex((entry) => entry.file === file)]!;
    });
    assert.ok(own.length > 200 && built !== undefined);
    assert.deepEqual(built.map(facts), own.map(facts));
    assert.deepEqual(read, []);
    assert.deepEqual(built.map(texts), own.map(texts));
    assert.deepEqual(
      read,
      list.map(({ file }) => file),
    );
    assert.match(built.find(({ name }) => name === "functions/claim_tasks")?.path ?? "", /functions\/tasks\/claim\/claim_tasks\.sql$/);
  });

  it("are refused where a file is not what was published", () => {
    const list = describeOwn();
    using folder = folderWith(list);
    const built = listBuilt(folder.url, () => ({ ...own[0]!, checksum: "another" })) ?? [];
    assert.throws(() => built[0]?.sql, {
      code: "failed_precondition",
      message: /0001_platform\.sql is not the file .* Install the package/,
    });
  });

  it("are read one by one where there is no list", () => {
    assert.equal(
      listBuilt(new URL("file:///nowhere/"), () => own[0]!),
      undefined,
    );
  });
});
