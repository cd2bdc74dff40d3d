import type { Both } from "../../design/language.ts";

const en = {
  made: (name: string) =>
    `${name} was written by \`plimsoll api\` from [its design](design/DESIGN.md). It runs on Plimsoll and PostgreSQL.`,
  run: "Run it",
  runText: "Without `DATABASE_URL` it starts a PostgreSQL of its own in `.data`. It prints its address and a token:",
  test: "Test it",
  testText: "Tests start a PostgreSQL of their own, with a database for each file.",
  change: "Change it",
  changeText:
    "Handlers, rules, access, entry points and migrations are yours: `plimsoll api` writes them once. Contracts, tables, lists of modules and tests follow from the design: after a change of the PRD, run `plimsoll design` and `plimsoll api` again. It adds a migration and says what changes for callers. It keeps each file that you changed.",
  operations: "Operations",
  operation: "Operation",
  route: "Route",
  from: "From",
  internal: "internal",
  leftOut: "What the PRD asks for and no operation does",
  asked: "Asked for",
  place: "Place",
  why: "Why not",
  whys: {
    covered: "another operation does it",
    "sign-in": "callers bring a token that your identity provider signs; see src/service.ts",
    unclear: "what it does with which data was not clear: say it as a route, or write the operation",
    constraint: "the generated tests cannot make two rows that keep it: add it by a migration of your own, with a test",
    secret: "a secret is never kept in clear: your identity provider keeps it, or the vault of Plimsoll does",
  },
  architecture: "Architecture",
  layers:
    "`src/<module>/contract.ts` is what others see. `operations/` has one handler a file, `domain/` rules that import nothing, `tables.ts` the columns, `migrations/` the schema, `module.ts` the list. Modules know each other through contracts alone; `plimsoll check` holds that.",
  owners:
    "Each row has an owner, the actor who made it. `operations/owns-*.ts` decide who may read and change it; another caller gets the response of one that does not exist.",
  tenants: "Each table has the tenant in its keys, and row-level security keeps tenants apart.",
  budget: (formula: string) => `Budgets (\`src/budget.ts\`) follow from the design: ${formula}.`,
  processes:
    "`src/api.ts` takes requests, `src/worker.ts` does durable work, `src/migrate.ts` brings the database to the code as its owner.",
  contributing: "Contributing",
  rules: [
    "Run `npm run check` and `npm test` before a commit; the hook in `.githooks` does.",
    "A change of a contract is a change for callers: `npm run contracts` names what breaks whom. Commit `contracts.lock.json`.",
    "A migration that has run anywhere is never edited. Add one; `plimsoll db lint` names what would lock or lose.",
    "A handler has a test of its own where it does more than the generated one.",
  ].join("\n* "),
};

/** The words of the documents of a generated project. */
export const texts: Both<typeof en> = {
  en,
  zh: {
    made: (name) => `${name} 由 \`plimsoll api\` 根据[设计](design/DESIGN.md)生成，运行在 Plimsoll 和 PostgreSQL 之上。`,
    run: "运行",
    runText: "没有 `DATABASE_URL` 时，它会在 `.data` 中启动自己的 PostgreSQL，并输出地址和令牌：",
    test: "测试",
    testText: "测试会启动自己的 PostgreSQL，每个文件使用独立的数据库。",
    change: "修改",
    changeText:
      "处理函数、规则、权限、入口和迁移归你所有：`plimsoll api` 只写一次。契约、表、模块列表和测试由设计决定：PRD 变化后，请再次运行 `plimsoll design` 和 `plimsoll api`，它会增加一个迁移，并说明调用方会受到哪些影响。你改过的文件一律保留。",
    operations: "操作",
    operation: "操作",
    route: "路由",
    from: "来源",
    internal: "内部",
    leftOut: "PRD 要求但没有操作实现的内容",
    asked: "要求",
    place: "位置",
    why: "原因",
    whys: {
      covered: "已由另一个操作实现",
      "sign-in": "调用方携带身份提供方签发的令牌，见 src/service.ts",
      unclear: "不清楚对哪些数据做什么：请写成路由，或自行编写该操作",
      constraint: "生成的测试无法造出满足该约束的两行：请用自己的迁移添加，并编写测试",
      secret: "机密不以明文保存：由身份提供方或 Plimsoll 的保险库保存",
    },
    architecture: "架构",
    layers:
      "`src/<模块>/contract.ts` 是对外可见的部分。`operations/` 中每个文件一个处理函数，`domain/` 是不向外依赖的规则，`tables.ts` 是列，`migrations/` 是数据库模式，`module.ts` 是清单。模块之间只通过契约相互了解，由 `plimsoll check` 保证。",
    owners: "每行数据都有所有者，即创建它的调用者。`operations/owns-*.ts` 决定谁可以读取和修改；其他调用者得到“不存在”的响应。",
    tenants: "每张表的键都包含租户，行级安全把租户隔开。",
    budget: (formula) => `预算（\`src/budget.ts\`）由设计得出：${formula}。`,
    processes: "`src/api.ts` 接收请求，`src/worker.ts` 执行后台任务，`src/migrate.ts` 以所有者身份把数据库更新到代码所需的版本。",
    contributing: "参与开发",
    rules: [
      "提交前运行 `npm run check` 和 `npm test`，`.githooks` 中的钩子会执行。",
      "契约的变更会影响调用方：`npm run contracts` 指出会破坏谁。请提交 `contracts.lock.json`。",
      "已经执行过的迁移不再修改，请新增一个；`plimsoll db lint` 指出会加锁或丢数据的语句。",
      "处理函数超出生成内容的部分，要有自己的测试。",
    ].join("\n* "),
  },
};
