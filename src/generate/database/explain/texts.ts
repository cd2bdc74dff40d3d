import type { Both } from "../../../cli/language.ts";
import type { Harm, HarmKind } from "./plan.ts";

/** What is said of a place that hurts, and what to do about it. */
export interface HarmText {
  readonly says: (harm: Harm) => string;
  readonly fix: (harm: Harm) => string;
}

const en: Readonly<Record<HarmKind, HarmText>> = {
  scan: {
    says: ({ table, by }) =>
      `no index of ${table} serves ${by === "" ? "it: all rows are read, and there is no limit" : `${by}: all rows are read`}.`,
    fix: ({ by }) =>
      `${by === "" ? "Add a condition or a limit" : "Add an index on the columns of the condition"}, or allow it in the statement: -- plimsoll-allow scan: why it is small.`,
  },
  sort: {
    says: ({ table, by }) => `the rows of ${table} are sorted by ${by}: also for a few of them, all are read first.`,
    fix: () =>
      "Add an index on the columns of the condition and then those of the order, or allow it: -- plimsoll-allow sort: why there are few.",
  },
  loop: {
    says: ({ table, by }) =>
      `${table} is joined without an index, so it is read whole, once or for each row of the other${by === "" ? "" : ` (${by})`}.`,
    fix: () => "Add an index on the columns of the join, or allow it: -- plimsoll-allow loop: why it is small.",
  },
};

/** What each kind of harm says, and what to do about it. */
export const texts: Both<typeof en> = {
  en,
  zh: {
    scan: {
      says: ({ table, by }) =>
        by === "" ? `没有索引可用，也没有 limit：会读取 ${table} 的所有行。` : `${table} 没有适合 ${by} 的索引：会读取所有行。`,
      fix: ({ by }) =>
        `请${by === "" ? "加上条件或 limit" : "为条件中的列建立索引"}，或在语句中注明允许：-- plimsoll-allow scan: 说明它为何很小，不少于十个字符。`,
    },
    sort: {
      says: ({ table, by }) => `${table} 的行按 ${by} 排序：即使只要几行，也会先读取全部。`,
      fix: () => "请建立先含条件列、再含排序列的索引，或注明允许：-- plimsoll-allow sort: 说明行数为何很少，不少于十个字符。",
    },
    loop: {
      says: ({ table, by }) =>
        `连接 ${table} 时没有可用的索引，会完整读取它（一次，或对另一表的每一行各一次）${by === "" ? "" : `（${by}）`}。`,
      fix: () => "请为连接的列建立索引，或注明允许：-- plimsoll-allow loop: 说明它为何很小，不少于十个字符。",
    },
  },
};
