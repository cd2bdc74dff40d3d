import { defineVerb, Stop } from "../verb.ts";

/** Its parts in Chinese. */
const chinese: Readonly<Record<string, string>> = { 图: "diagram", 检查: "lint", 索引: "indexes", 计划: "explain", 试运行: "dry-run" };

/** `plimsoll db`: shows the tables, and what migrations lock, lose or would do. */
export const db = defineVerb({
  name: "db",
  also: ["数据库"],
  summary: {
    en: "Shows the tables as a diagram, names what migrations lock or lose, plans indexes for the declared reads, explains statements, and tries migrations.",
    zh: "以图展示数据表，指出迁移中会加锁或丢数据的语句，为声明的查询规划索引，分析语句的执行计划，并试运行迁移。",
  },
  operands: {
    usage: "[diagram|lint|indexes|explain|dry-run]",
    max: 1,
    says: {
      en: "diagram: tables in Mermaid (the default). lint: what locks or loses. indexes: one for each read. explain: with DATABASE_URL, the plan of each statement that tests ran. dry-run: with DATABASE_URL and ADMIN_DATABASE_URL.",
      zh: "diagram：Mermaid 表图（默认）；lint：会加锁或丢数据的语句；indexes：每个查询的索引；explain：测试所执行语句的计划，需要 DATABASE_URL；dry-run：需要 DATABASE_URL 和 ADMIN_DATABASE_URL。",
    },
  },
  example: {
    line: "db lint",
    does: {
      en: "Names the statements of migrations that lock or lose, and what to write instead.",
      zh: "指出迁移中会加锁或丢数据的语句及替代写法。",
    },
  },
  options: {},
  async run({ operands: [named = "diagram"], folder, language, terminal }) {
    const { databaseParts, runDatabase } = await import("../../generate/run-db.ts");
    const part = databaseParts.find((one) => one === (chinese[named] ?? named));
    if (part === undefined)
      throw new Stop("usage", {
        message: { en: `plimsoll db has no part "${named}".`, zh: `plimsoll db 没有“${named}”。` }[language],
        fix: { en: `Name one of ${databaseParts.join(", ")}.`, zh: `请选择 ${databaseParts.join("、")} 之一。` }[language],
      });
    return runDatabase({ folder, language, part, env: terminal.env });
  },
});
