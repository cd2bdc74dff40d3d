import { defineVerb } from "../verb.ts";

/** `plimsoll slo`: reports what is left of the budgets for errors. */
export const slo = defineVerb({
  name: "slo",
  also: ["目标"],
  summary: {
    en: "Reports what is left of the budget for errors of every operation.",
    zh: "报告每个操作剩余的错误预算。",
  },
  example: {
    line: "slo --window 30d",
    does: { en: "Lists the operations, those with the least budget first.", zh: "列出所有操作，剩余预算最少的在前。" },
  },
  options: {
    prometheus: {
      type: "string",
      value: "URL",
      says: { en: "Where Prometheus is. Default: http://127.0.0.1:9090.", zh: "Prometheus 的地址，默认 http://127.0.0.1:9090。" },
    },
    ops: {
      type: "string",
      value: "URL",
      says: {
        en: "The ops port of one process instead: what it counted since it started.",
        zh: "改为读取某个进程的运维端口：自启动以来的计数。",
      },
    },
    job: { type: "string", value: "NAME", says: { en: "The label job of the app. Default: any.", zh: "应用的 job 标签，默认不限。" } },
    window: {
      type: "string",
      value: "TIME",
      says: { en: "How far to look back, in days or hours. Default: 30d.", zh: "统计时长（天或小时），默认 30d。" },
    },
  },
  async run({ values, language, signal }) {
    const [{ runSlo }, { widthOf }] = await Promise.all([import("../../monitor/report/run-slo.ts"), import("../terminal/width.ts")]);
    const { prometheus = "http://127.0.0.1:9090", ops, job, window = "30d" } = values;
    return runSlo({ language, prometheus, ops, job, window, signal, widthOf });
  },
});
