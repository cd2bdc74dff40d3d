import type { Both } from "../../design/language.ts";

const en = {
  title: "Load report",
  line: "Load line",
  predicted: "predicted",
  measured: "measured",
  deadline: "deadline",
  rate: "calls per second",
  latency: "latency",
  ratio: "Calls for each unit of the yardstick",
  rows: "Runs",
  columns: { rate: "Rate", p50: "p50", p99: "p99", bad: "Refused, late or failed", holds: "Holds", yardstick: "Yardstick" },
  yes: "yes",
  no: "no",
  notShown: "not shown on this machine",
  promised: "Promised against measured",
  inexact: "The search ended before the bracket was narrow: the line is at least this.",
};

/** The words of a report in both languages. */
export const texts: Both<typeof en> = {
  en,
  zh: {
    title: "压测报告",
    line: "负载线",
    predicted: "预测值",
    measured: "实测值",
    deadline: "截止时间",
    rate: "每秒调用数",
    latency: "延迟",
    ratio: "每单位标尺的调用数",
    rows: "各次运行",
    columns: { rate: "速率", p50: "p50 延迟", p99: "p99 延迟", bad: "拒绝、超时或失败", holds: "守住", yardstick: "标尺" },
    yes: "是",
    no: "否",
    notShown: "本机未测出",
    promised: "承诺与实测",
    inexact: "搜索在区间收窄之前结束：负载线至少为此值。",
  },
};
