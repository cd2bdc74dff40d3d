import type { Both } from "../cli/language.ts";
import { texts as explainTexts } from "./database/explain/texts.ts";
import { texts as lintTexts } from "./database/texts.ts";

const en = {
  noDesign: (path: string) => `There is no ${path}.`,
  noDesignFix: "Run plimsoll design first: it makes the design of the PRD.",
  wrongDesign: ({ path, line, what }: { path: string; line: number; what: string }) => `${path}:${line}: ${what}`,
  notJson: "this is no JSON.",
  expected: ({ at, expected }: { at: string; expected: string }) => `${at} is not as it must be. Expected: ${expected}.`,
  wholeDesign: "the design",
  wrongDesignFix: "Fix it, take it from version control, or run plimsoll design again. Nothing was written.",
  nothingToMake: "The design has no entity and no operation, so there is nothing to write.",
  nothingToMakeFix:
    "Say in the PRD what the service keeps (a data model) and what it does (routes or user stories), and run plimsoll design again.",
  wrongManifest: (path: string) => `${path} cannot be read, so it is not known which files you changed.`,
  wrongManifestFix: "Take it from version control, or remove it: then each file that differs counts as yours. Nothing was written.",
  notWritable: ({ path, code }: { path: string; code: string }) => `${path} cannot be written (${code}).`,
  notWritableFix: "Give this user the right to write there, and run this again: it writes what is missing.",
  written: (count: number) => `${count} files written.`,
  unchanged: "Every file is as the design says.",
  migration: (path: string) => `migration: ${path}`,
  kept: (path: string) => `kept: ${path} is as you changed it, and the design says something else.`,
  left: (path: string) => `left: ${path} is not in the design any more, and is yours.`,
  removed: (path: string) => `removed: ${path} was as it was written, and the design does not have it any more.`,
  leftOut: ({ name, place }: { name: string; place: string }) => `not code: ${name} (${place}); ARCHITECTURE.md says why.`,
  changed: "What changed in the design:",
  breaks: ({ where, message, affects, fix }: { where: string; message: string; affects: string; fix: string }) =>
    `breaks: ${where}: ${message} Affects: ${affects} Instead: ${fix}`,
  harmless: ({ where, message }: { where: string; message: string }) => `harmless: ${where}: ${message}`,
  acceptBreaks: "Changes that break callers are not in contracts.lock.json yet. Accept them with: npm run contracts -- --write",
  noGate: (reason: string) => `The contracts were not compared: ${reason}`,
  notInstalled: "plimsoll is not installed here. Run npm install, and then npm run contracts.",
  next: "Next: npm install, npm test, npm start",
  lint: lintTexts.en,
  linted: ({ files, findings }: { files: number; findings: number }) => `${files} migrations, ${findings} statements that lock or lose.`,
  noMigrations: "There is no migration here.",
  noMigrationsFix: "Run it in the folder of the project; migrations lie in folders called migrations.",
  indexMissing: ({ read, table, columns, statement }: { read: string; table: string; columns: string; statement: string }) =>
    `missing: ${read} reads ${table} by (${columns}): ${statement}`,
  indexUsed: ({ read, table, columns, index }: { read: string; table: string; columns: string; index: string }) =>
    `${read} reads ${table} by (${columns}): ${index}`,
  noDatabase: "A dry run needs DATABASE_URL and ADMIN_DATABASE_URL.",
  noDatabaseFix: "Set both, as the application and as the owner of the database.",
  nothingPending: "No migration is pending.",
  wouldRun: (file: string) => `would run: ${file}`,
  notTried: ({ file, reason }: { file: string; reason: string }) => `not tried: ${file}: ${reason}`,
  ahead: (file: string) => `ahead: ${file} ran on this database, and this code does not have it.`,
  dryRunFix: "Nothing was changed. Fix it, and run this again.",
  noExplainDatabase: "Explaining statements needs DATABASE_URL.",
  noExplainDatabaseFix: "Set it, as the application, to a database on which the migrations ran. Nothing is run there or changed.",
  noStatements: "No test has recorded a statement here.",
  noStatementsFix: "Run plimsoll test first: it records the statements that tests on a testDatabase run.",
  explainFix: "Check DATABASE_URL and that PostgreSQL runs there, and run this again.",
  explained: ({ statements, harms }: { statements: number; harms: number }) => `${statements} statements, ${harms} places that hurt.`,
  notPlanned: ({ place, reason }: { place: string; reason: string }) =>
    `${place}: PostgreSQL does not plan it: ${reason}. Check that all migrations ran on this database.`,
  harms: explainTexts.en,
  noTests: "There is no test here.",
  noTestsFix: "Tests are files as test/orders.test.ts; run it in the folder of the project.",
  suite: ({ suite, files, passed, failed, skipped, durationMs }: SuiteCounts) =>
    `${suite}: ${passed} passed, ${failed} failed, ${skipped} skipped in ${files} files (${durationMs} ms)`,
  coverage: ({ lines, branches, functions }: { lines: number; branches: number; functions: number }) =>
    `coverage: ${lines}% of lines, ${branches}% of branches, ${functions}% of functions`,
  belowFloor: ({ lines, floor }: { lines: number; floor: number }) => `${lines}% of lines is below the floor of ${floor}%.`,
  prdExists: (path: string) => `${path} is there already.`,
  prdExistsFix: "Nothing was written. Go on with plimsoll design.",
  askTitle: "What is the service called?",
  title: "Notes",
  askThings: "What does it keep? Names, separated by commas.",
  things: "note",
  askRate: "How many requests a second come at peak?",
  prdWritten: (path: string) => `Written: ${path}. Say in it what the service must do, and run plimsoll design.`,
  prd: ({ title, rate, entities, routes }: PrdParts) => `# ${title}

What it is for, in one sentence.

## Roles

- **User**: keeps things of their own
- **Administrator**: sees what belongs to others

## Data model

${entities}

## API

${routes}

## Performance

- ${rate} requests per second at peak
- p99 latency 300 ms
- 99.9% availability per month
`,
};

interface SuiteCounts {
  readonly suite: string;
  readonly files: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly durationMs: number;
}

interface PrdParts {
  readonly title: string;
  readonly rate: string;
  readonly entities: string;
  readonly routes: string;
}

/** The texts of the verbs that write code, in both languages. */
export const texts: Both<typeof en> = {
  en,
  zh: {
    noDesign: (path) => `找不到 ${path}。`,
    noDesignFix: "请先运行 plimsoll design，由 PRD 得到设计。",
    wrongDesign: ({ path, line, what }) => `${path}:${line}：${what}`,
    notJson: "这里不是有效的 JSON。",
    expected: ({ at, expected }) => `${at} 不符合要求，应为：${expected}。`,
    wholeDesign: "设计",
    wrongDesignFix: "请修正，或从版本控制恢复，或重新运行 plimsoll design。未写入任何内容。",
    nothingToMake: "设计中没有实体和操作，无可生成的内容。",
    nothingToMakeFix: "请在 PRD 中写明服务保存什么（数据模型）以及做什么（路由或用户故事），然后重新运行 plimsoll design。",
    wrongManifest: (path) => `无法读取 ${path}，因此无法判断哪些文件被你修改过。`,
    wrongManifestFix: "请从版本控制恢复，或删除它（之后凡有差异的文件都视为你的）。未写入任何内容。",
    notWritable: ({ path, code }) => `无法写入 ${path}（${code}）。`,
    notWritableFix: "请授予写入权限后重新运行，缺少的文件会补上。",
    written: (count) => `写入了 ${count} 个文件。`,
    unchanged: "所有文件都与设计一致。",
    migration: (path) => `迁移：${path}`,
    kept: (path) => `保留：${path} 是你修改后的内容，与设计不同。`,
    left: (path) => `留下：${path} 已不在设计中，归你所有。`,
    removed: (path) => `删除：${path} 未被修改过，设计中已没有它。`,
    leftOut: ({ name, place }) => `未生成：${name}（${place}），原因见 ARCHITECTURE.md。`,
    changed: "设计的变化：",
    breaks: ({ where, message, affects, fix }) => `破坏：${where}：${message} 影响：${affects} 建议：${fix}`,
    harmless: ({ where, message }) => `无害：${where}：${message}`,
    acceptBreaks: "破坏性变更尚未写入 contracts.lock.json。如接受，请运行：npm run contracts -- --write",
    noGate: (reason) => `未比较契约：${reason}`,
    notInstalled: "这里尚未安装 plimsoll。请运行 npm install，然后运行 npm run contracts。",
    next: "下一步：npm install、npm test、npm start",
    lint: lintTexts.zh,
    linted: ({ files, findings }) => `${files} 个迁移，${findings} 条语句会加锁或丢数据。`,
    noMigrations: "这里没有迁移文件。",
    noMigrationsFix: "请在项目文件夹中运行；迁移文件位于名为 migrations 的文件夹。",
    indexMissing: ({ read, table, columns, statement }) => `缺少：${read} 按 (${columns}) 读取 ${table}：${statement}`,
    indexUsed: ({ read, table, columns, index }) => `${read} 按 (${columns}) 读取 ${table}，使用 ${index}`,
    noDatabase: "试运行需要 DATABASE_URL 和 ADMIN_DATABASE_URL。",
    noDatabaseFix: "请分别以应用角色和数据库所有者设置这两个地址。",
    nothingPending: "没有待执行的迁移。",
    wouldRun: (file) => `将执行：${file}`,
    notTried: ({ file, reason }) => `未尝试：${file}：${reason}`,
    ahead: (file) => `超前：${file} 已在该数据库执行，而当前代码没有它。`,
    dryRunFix: "未做任何更改。请修正后重新运行。",
    noExplainDatabase: "分析语句需要 DATABASE_URL。",
    noExplainDatabaseFix: "请以应用角色设置它，指向已执行迁移的数据库。不会在其中执行或更改任何内容。",
    noStatements: "这里还没有测试记录下任何语句。",
    noStatementsFix: "请先运行 plimsoll test，它会记录使用 testDatabase 的测试所执行的语句。",
    explainFix: "请检查 DATABASE_URL 以及 PostgreSQL 是否在运行，然后重试。",
    explained: ({ statements, harms }) => `${statements} 条语句，${harms} 处会拖慢。`,
    notPlanned: ({ place, reason }) => `${place}：PostgreSQL 无法为它制定计划：${reason}。请确认该数据库已执行全部迁移。`,
    harms: explainTexts.zh,
    noTests: "这里没有测试。",
    noTestsFix: "测试文件形如 test/orders.test.ts；请在项目文件夹中运行。",
    suite: ({ suite, files, passed, failed, skipped, durationMs }) =>
      `${suite}：通过 ${passed}，失败 ${failed}，跳过 ${skipped}，共 ${files} 个文件（${durationMs} 毫秒）`,
    coverage: ({ lines, branches, functions }) => `覆盖率：行 ${lines}%，分支 ${branches}%，函数 ${functions}%`,
    belowFloor: ({ lines, floor }) => `行覆盖率 ${lines}% 低于下限 ${floor}%。`,
    prdExists: (path) => `${path} 已经存在。`,
    prdExistsFix: "未写入任何内容。请继续运行 plimsoll design。",
    askTitle: "服务叫什么名字？",
    title: "笔记服务",
    askThings: "它保存什么？请写名称，用逗号分隔。",
    things: "笔记（Note）",
    askRate: "峰值每秒有多少请求？",
    prdWritten: (path) => `已写出 ${path}。请写明服务要做什么，然后运行 plimsoll design。`,
    prd: ({ title, rate, entities, routes }) => `# ${title}

用一句话说明它的用途。

## 用户角色

- **用户（User）**：保存自己的内容
- **管理员（Administrator）**：查看他人的内容

## 数据模型

${entities}

## 接口

${routes}

## 性能

- 峰值 ${rate} QPS
- P99 延迟 ≤ 300ms
- 可用性 99.9%（每月）
`,
  },
};
