import type { Both } from "../../cli/language.ts";
import type { LintRuleName } from "./rules.ts";

type LintTexts = Readonly<Record<LintRuleName, { readonly says: string; readonly fix: string }>>;

/** What each rule says of a statement, and what to write instead. */
export const texts: Both<LintTexts> = {
  en: {
    "index-locks-writes": {
      says: "Writers of the table wait until the index is made.",
      fix: "Make it concurrently, in a file of its own that begins with -- plimsoll: no-transaction.",
    },
    "index-drop-locks": {
      says: "Readers and writers of the table wait while the index is dropped.",
      fix: "Drop it concurrently, in a file of its own that begins with -- plimsoll: no-transaction.",
    },
    "concurrently-in-transaction": {
      says: "It cannot run in a transaction, and the file runs in one.",
      fix: "Put it into a file of its own that begins with -- plimsoll: no-transaction.",
    },
    "column-needs-values": {
      says: "It fails where the table has rows: they have no value for the column.",
      fix: "Give it a default, or add it without not null and fill it first.",
    },
    "default-rewrites": {
      says: "The default has another value for each row, so the table is rewritten under a lock that stops readers.",
      fix: "Add the column without the default, set the default, and fill the rows in batches.",
    },
    "generated-rewrites": {
      says: "The table is rewritten under a lock that stops readers.",
      fix: "Add a plain column, fill it in batches, and keep it by the code or a trigger.",
    },
    "type-rewrites": {
      says: "The table and its indexes are rewritten under a lock that stops readers, and values may be lost.",
      fix: "Add a column of the new type, write both, fill it in batches, and then read the new one.",
    },
    "not-null-scans": {
      says: "Every row is read under a lock that stops readers.",
      fix: "Add check (… is not null) not valid, validate it in a later file, and then set not null.",
    },
    "check-scans": {
      says: "Every row is read under a lock that stops readers.",
      fix: "Add the constraint as not valid, and validate it in a later file.",
    },
    "foreign-key-scans": {
      says: "Every row is read while writers of both tables wait.",
      fix: "Add the constraint as not valid, and validate it in a later file.",
    },
    "validates-under-lock": {
      says: "The lock of the statement that added the constraint is held until the file ends, also while rows are read.",
      fix: "Put the validation into a later file.",
    },
    "unique-locks": {
      says: "Readers and writers wait while the index of the constraint is made.",
      fix: "Make a unique index concurrently, and add the constraint using that index.",
    },
    "column-lost": {
      says: "Its values are gone, and a version that still reads it fails.",
      fix: "Deploy a version that does not read it first; then allow the statement with its reason.",
    },
    "table-lost": {
      says: "Its rows are gone, and a version that still reads it fails.",
      fix: "Deploy a version that does not read it, keep a copy, and then allow the statement with its reason.",
    },
    "rows-lost": { says: "Every row is gone.", fix: "Say which rows with where, or allow the statement with its reason." },
    "cascade-loses": { says: "It also drops what depends on it, and does not say what that is.", fix: "Drop each of them by its name." },
    "every-row-written": {
      says: "Every row is written and locked in one transaction, and each leaves an old version behind.",
      fix: "Update in batches outside of the migration, with where.",
    },
    "rename-breaks": {
      says: "A version that is running reads the old name and fails.",
      fix: "Add the new one, write both, move readers, and drop the old one later.",
    },
    "whole-table-locked": {
      says: "Everyone who uses the table waits.",
      fix: "Do it concurrently, or at a time when no process uses the table.",
    },
    "own-transaction": {
      says: "The file runs in one transaction already, which this would end.",
      fix: "Leave it out, or begin the file with -- plimsoll: no-transaction.",
    },
    "zone-lost": {
      says: "The zone of a time is dropped without a word, and the value means another moment elsewhere.",
      fix: "Write timestamptz.",
    },
    "numbers-run-out": {
      says: "It ends at 2,147,483,647, and then every insert fails.",
      fix: "Write uuid, or bigint generated always as identity.",
    },
    "row-security-off": {
      says: "Rows of other tenants become visible.",
      fix: "Leave it out; make an exception in an operation, or allow the statement with its reason.",
    },
  },
  zh: {
    "index-locks-writes": {
      says: "建立索引期间，该表的写入都要等待。",
      fix: "请用 concurrently，并放入以 -- plimsoll: no-transaction 开头的单独文件。",
    },
    "index-drop-locks": {
      says: "删除索引期间，该表的读写都要等待。",
      fix: "请用 concurrently，并放入以 -- plimsoll: no-transaction 开头的单独文件。",
    },
    "concurrently-in-transaction": {
      says: "该语句不能在事务中执行，而文件在事务中执行。",
      fix: "请放入以 -- plimsoll: no-transaction 开头的单独文件。",
    },
    "column-needs-values": { says: "表中已有行时会失败：这些行没有该列的值。", fix: "请给出默认值，或先不加 not null，填充后再加。" },
    "default-rewrites": { says: "默认值每行不同，整张表会在阻塞读取的锁下重写。", fix: "先加不带默认值的列，再设默认值，并分批填充。" },
    "generated-rewrites": { says: "整张表会在阻塞读取的锁下重写。", fix: "先加普通列并分批填充，再由代码或触发器维护。" },
    "type-rewrites": { says: "表及其索引会在阻塞读取的锁下重写，还可能丢失数值。", fix: "新增一列并双写，分批填充后再改为读取新列。" },
    "not-null-scans": {
      says: "会在阻塞读取的锁下读取每一行。",
      fix: "先加 check (… is not null) not valid，在之后的文件中验证，再设 not null。",
    },
    "check-scans": { says: "会在阻塞读取的锁下读取每一行。", fix: "先以 not valid 添加约束，在之后的文件中验证。" },
    "foreign-key-scans": { says: "读取每一行期间，两张表的写入都要等待。", fix: "先以 not valid 添加约束，在之后的文件中验证。" },
    "validates-under-lock": { says: "添加约束的语句所持的锁直到文件结束才释放，读取各行期间也不释放。", fix: "请把验证放入之后的文件。" },
    "unique-locks": { says: "建立约束的索引期间，读写都要等待。", fix: "先用 concurrently 建唯一索引，再用该索引添加约束。" },
    "column-lost": { says: "列中的值会丢失，仍在读取它的版本会失败。", fix: "先部署不再读取它的版本，然后注明原因放行该语句。" },
    "table-lost": { says: "表中的行会丢失，仍在读取它的版本会失败。", fix: "先部署不再读取它的版本并保留副本，然后注明原因放行该语句。" },
    "rows-lost": { says: "所有行都会丢失。", fix: "请用 where 限定，或注明原因放行该语句。" },
    "cascade-loses": { says: "依赖它的对象也会被删除，而语句没有说明是哪些。", fix: "请逐个写明名称删除。" },
    "every-row-written": { says: "一个事务中写入并锁定每一行，并留下旧版本。", fix: "请在迁移之外用 where 分批更新。" },
    "rename-breaks": { says: "正在运行的版本读取旧名称，会失败。", fix: "先新增并双写，迁移读取方，之后再删除旧的。" },
    "whole-table-locked": { says: "使用该表的所有会话都要等待。", fix: "请用 concurrently，或在没有进程使用该表时执行。" },
    "own-transaction": {
      says: "文件本来就在一个事务中执行，该语句会结束它。",
      fix: "请删除，或让文件以 -- plimsoll: no-transaction 开头。",
    },
    "zone-lost": { says: "时区会被悄悄丢弃，同一个值在别处表示另一时刻。", fix: "请写 timestamptz。" },
    "numbers-run-out": {
      says: "到 2,147,483,647 为止，之后每次插入都会失败。",
      fix: "请用 uuid，或 bigint generated always as identity。",
    },
    "row-security-off": { says: "其他租户的行会变得可见。", fix: "请删除该语句；在操作中处理例外，或注明原因放行。" },
  },
};
