import { timeMs } from "./quantity.ts";

const names = {
  second: "s|secs?|seconds?|秒钟?",
  minute: "m|mins?|minutes?|分钟|分(?!\\d|之|位)",
  hour: "h|hrs?|hours?|个?小时|时",
  day: "d|days?|天|日",
  week: "w|wks?|weeks?|周|个?星期",
  month: "mo|mos|months?|个?月",
  year: "y|yrs?|years?|年",
} as const;

const timeName = Object.entries(names)
  .map(([name, words]) => `(?<${name}>(?:${words})(?![A-Za-z]))`)
  .join("|");
const tail = new RegExp(`\\s?(?:/\\s?|\\b(?:per|an?|each|every|p\\.)[ -]|每一?\\s?)(?<times>\\d+(?:\\.\\d+)?)?\\s?-?(?:${timeName})`, "iy");
const chineseHead = new RegExp(
  `(?:每一?(?<times>\\d+)?(?:${timeName})|(?<daily>日均|日(?=订单|交易|请求|调用|访问|处理|新增|消息|查询|峰值|单量))|(?<monthly>月均|月(?=新增))|(?<yearly>年均|年(?=新增|交易|处理|产生)))(?<rest>[^\\d，。；;|]{0,14})$`,
);
const nightly = /(?<dayTail>\bdaily|\bmonthly|\bhourly|\bweekly)(?! active)/iy;

function windowOf(groups: Readonly<Record<string, string | undefined>>): number {
  const name = (Object.keys(timeMs) as (keyof typeof timeMs)[]).find((name) => groups[name] !== undefined)!;
  return Number(groups.times ?? 1) * timeMs[name];
}

/** Reads "per second", "/min", "every 15 minutes" or "每秒" at `index`. */
export function readWindow(text: string, index: number): { readonly windowMs: number; readonly end: number } | undefined {
  tail.lastIndex = index;
  const match = tail.exec(text);
  if (match !== null) return { windowMs: windowOf(match.groups!), end: tail.lastIndex };
  nightly.lastIndex = text[index] === " " ? index + 1 : index;
  const named = nightly.exec(text)?.groups?.dayTail?.toLowerCase();
  if (named === undefined) return undefined;
  const windowMs = { daily: timeMs.day, monthly: timeMs.month, hourly: timeMs.hour, weekly: timeMs.week }[named]!;
  return { windowMs, end: nightly.lastIndex };
}

/** Finds the window that stands before a number, as in "每秒处理 500 个请求" or "日均 10 万": the text before the number is passed. */
export function readWindowBefore(before: string): { readonly windowMs: number; readonly start: number } | undefined {
  const match = chineseHead.exec(before);
  if (match === null) return undefined;
  const groups = match.groups!;
  // "每日活跃用户" counts users, not users per day.
  if (/^(?:活|新?活跃)/.test(groups.rest ?? "")) return undefined;
  const windowMs =
    groups.daily !== undefined
      ? timeMs.day
      : groups.monthly !== undefined
        ? timeMs.month
        : groups.yearly !== undefined
          ? timeMs.year
          : windowOf(groups);
  return { windowMs, start: match.index };
}
