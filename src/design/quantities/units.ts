import { type Measure, type Per, type Quantity, type QuantityUnit, timeMs } from "./quantity.ts";
import { readPer } from "./scopes.ts";
import { readSubject, type Subject } from "./subjects.ts";
import { readWindow } from "./windows.ts";

/** Is what stands after a number, or before it, and says what the number counts. */
export interface Unit {
  readonly unit: QuantityUnit;
  /** What one of the written unit is in `unit`. */
  readonly factor: number;
  readonly measure: Measure;
  readonly subject?: string;
  readonly active?: Quantity["active"];
  readonly windowMs?: number;
  readonly per?: Per;
  /** A word between the number and the unit, as in "1000以上用户". */
  readonly bound?: Quantity["bound"];
  readonly end: number;
}

/** Abbreviations of rates: what they count, and in which time. */
const rateNames: Readonly<Record<string, { readonly subject?: string; readonly windowMs: number }>> = {
  tps: { subject: "transaction", windowMs: timeMs.second },
  qps: { subject: "query", windowMs: timeMs.second },
  rps: { subject: "request", windowMs: timeMs.second },
  eps: { subject: "event", windowMs: timeMs.second },
  ops: { subject: "operation", windowMs: timeMs.second },
  iops: { subject: "operation", windowMs: timeMs.second },
  rpm: { subject: "request", windowMs: timeMs.minute },
};
const sizes: Readonly<Record<string, number>> = {
  b: 1,
  byte: 1,
  bytes: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  pb: 1e15,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
};
const bits: Readonly<Record<string, number>> = { kbps: 1e3, mbps: 1e6, gbps: 1e9 };
const times: readonly (readonly [RegExp, number])[] = [
  [/(?:ms|msecs?|milli-?seconds?|毫秒)(?![A-Za-z])/iy, 1],
  [/(?:μs|us|usec|microseconds?|微秒)(?![A-Za-z])/iy, 0.001],
  [/(?:seconds?|secs?|s|秒钟?)(?![A-Za-z])/iy, timeMs.second],
  [/(?:minutes?|mins?|m|分钟)(?![A-Za-z])/y, timeMs.minute],
  [/(?:hours?|hrs?|h|个?小时)(?![A-Za-z])/iy, timeMs.hour],
  [/(?:days?|d|天)(?![A-Za-z])/iy, timeMs.day],
  [/(?:weeks?|wks?|w|个?星期|周)(?![A-Za-z])/y, timeMs.week],
  [/(?:months?|mos?|个月)(?![A-Za-z])/iy, timeMs.month],
  [/(?:years?|yrs?|年)(?![A-Za-z])/iy, timeMs.year],
];
const gap = /[ *]*(?:-(?=[A-Za-z]))?(?<about>(?:及|或)?以上|以下|左右|余|多(?=[个名万]))?(?:的)?(?:级(?:别)?(?:的)?)?\s?/y;
const percent = /(?:%|percent\b|个?百分点)/iy;
const nines = /(?:个\s?(?:9|九)|nines?(?![A-Za-z]))/iy;
const letters = /[A-Za-z]+/y;

/** Reads the unit that begins at `index`, right after the number `value`. */
export function readUnit(text: string, index: number, value: number): Unit | undefined {
  const space = matchAt(gap, text, index)!;
  const at = index + space[0].length;
  const about = space.groups?.about;
  const found = readPercent(text, at, value) ?? readNamed(text, at) ?? readTime(text, at, value) ?? readCounted(text, at);
  if (found === undefined || about === undefined) return found;
  return { ...found, bound: /以上|余|多/.test(about) ? "at-least" : about === "以下" ? "at-most" : "about" };
}

function readPercent(text: string, at: number, value: number): Unit | undefined {
  const match = matchAt(percent, text, at);
  if (match !== null) return { unit: "percent", factor: 1, measure: "ratio", end: at + match[0].length };
  const named = matchAt(nines, text, at);
  if (named === null || value < 2 || value > 9) return undefined;
  const share = Number((100 - 10 ** (2 - value)).toFixed(value));
  return { unit: "percent", factor: share / value, measure: "availability", end: at + named[0].length };
}

function readNamed(text: string, at: number): Unit | undefined {
  const bytes = matchAt(/(?:个)?字节/y, text, at);
  if (bytes !== null) return { unit: "bytes", factor: 1, measure: "size", end: at + bytes[0].length };
  const name = matchAt(letters, text, at)?.[0];
  if (name === undefined) return undefined;
  const end = at + name.length;
  const rate = rateNames[name.toLowerCase()];
  // "ops/sec" counts operations; "OPS" alone is a rate.
  if (rate !== undefined && !/^\s?(?:\/|per\b)\s?(?:s|m|h|d)/i.test(text.slice(end, end + 8)))
    return { unit: "count", factor: 1, measure: "rate", ...rate, ...tail(text, end, true) };
  const bit = bits[name.toLowerCase()];
  if (bit !== undefined) return { unit: "bits", factor: bit, measure: "bandwidth", windowMs: timeMs.second, end };
  const size = name === "b" ? undefined : sizes[name.toLowerCase()];
  return size === undefined ? undefined : { unit: "bytes", factor: size, measure: "size", ...tail(text, end, false) };
}

function readTime(text: string, at: number, value: number): Unit | undefined {
  for (const [pattern, factor] of times) {
    const match = matchAt(pattern, text, at);
    if (match === null) continue;
    // 2025年 is a date.
    if (match[0] === "年" && value >= 100) return undefined;
    return { unit: "ms", factor, measure: "duration", end: at + match[0].length };
  }
  return undefined;
}

function readCounted(text: string, at: number): Unit | undefined {
  if (isStatus(text, at)) return undefined;
  const bare = readTail(text, at);
  if (bare.windowMs !== undefined && !/\s/.test(text[at] ?? " ")) return { unit: "count", factor: 1, measure: "rate", ...bare };
  for (const start of nounStarts(text, at)) {
    const found = readSubject(text, start);
    if (found === undefined) continue;
    return counted(found.subject, readTail(text, found.end));
  }
  return readUnknownNoun(text, at);
}

function counted(subject: Subject, after: ReturnType<typeof readTail>): Unit {
  const { name, active, measure } = subject;
  if (after.windowMs !== undefined) return { unit: "count", factor: 1, measure: "rate", subject: name, ...after };
  return { unit: "count", factor: 1, measure, subject: name, ...(active === undefined ? {} : { active }), ...after };
}

/** "500 Internal Server Error" counts no servers. */
function isStatus(text: string, at: number): boolean {
  return (
    /(?<!\d)[1-5]\d\d\s?$/.test(text.slice(Math.max(0, at - 5), at)) &&
    /^(?:Internal|Bad |Too Many|Not |Un|Forbidden|Created|Conflict|客户端|服务器|服务端|成功|错误)/i.test(text.slice(at, at + 12))
  );
}

const adjective = /[A-Za-z][\w-]*\s/y;
const stops =
  /^(?:and|or|to|in|with|per|of|for|a|an|the|is|are|at|on|by|from|as|if|when|while|ms|not|than|via|after|before|should|must|can|will)\s$/i;

/** Where the noun of a number may begin: at once, or after up to three adjectives. */
function nounStarts(text: string, at: number): readonly number[] {
  const starts = [at];
  for (let index = at; starts.length < 4; ) {
    const word = matchAt(adjective, text, index)?.[0];
    if (word === undefined || stops.test(word)) break;
    index += word.length;
    starts.push(index);
  }
  return starts;
}

/** "1,000 location fixes per second": any noun will do where a rate follows. */
function readUnknownNoun(text: string, at: number): Unit | undefined {
  const together = matchAt(/(?:concurrent|simultaneous|parallel)(?:ly)?(?<words>(?: [a-z-]+){1,3})/iy, text, at);
  if (together !== null) {
    const said = together.groups!.words!.trim().split(" ");
    const stop = said.findIndex((word) => stops.test(`${word} `));
    const nouns = stop === -1 ? said : said.slice(0, stop);
    const end = at + together[0].length - together.groups!.words!.length + nouns.reduce((sum, noun) => sum + noun.length + 1, 0);
    if (nouns.length > 0) return { unit: "count", factor: 1, measure: "concurrency", subject: singular(nouns.at(-1)!), end };
  }
  for (const start of nounStarts(text, at)) {
    const match = matchAt(/(?<noun>[A-Za-z][\w-]*)/y, text, start);
    const noun = match?.groups?.noun;
    if (noun === undefined) continue;
    const after = readTail(text, start + noun.length);
    if (after.windowMs !== undefined) return { unit: "count", factor: 1, measure: "rate", subject: singular(noun), ...after };
  }
  return undefined;
}

function singular(noun: string): string {
  const lower = noun.toLowerCase();
  if (/(?:ss|us|is)$/.test(lower)) return lower;
  if (/ies$/.test(lower)) return `${lower.slice(0, -3)}y`;
  return /(?:[sx]|ch|sh)es$/.test(lower) ? lower.slice(0, -2) : lower.replace(/s$/, "");
}

/** Reads "per second", "per user" and so on, in any order. */
function readTail(text: string, at: number): { readonly windowMs?: number; readonly per?: Per; readonly end: number } {
  let found: { windowMs?: number; per?: Per; end: number } = { end: at };
  for (let turns = 0; turns < 3; turns++) {
    const window = found.windowMs === undefined ? readWindow(text, found.end) : undefined;
    const per = window === undefined ? readPer(text, found.end) : undefined;
    if (window !== undefined) found = { ...found, windowMs: window.windowMs, end: window.end };
    else if (per !== undefined) found = { ...found, per: per.per, end: per.end };
    else break;
  }
  return found;
}

function tail(text: string, at: number, hasWindow: boolean): { readonly windowMs?: number; readonly per?: Per; readonly end: number } {
  const { windowMs, ...rest } = readTail(text, at);
  if (hasWindow && windowMs !== undefined) return { end: at };
  return windowMs === undefined ? rest : { windowMs, ...rest };
}

const filler =
  '(?:\\s|[:=(（≥≤><~≈*|`"“：、]|of|is|are|up to|at least|at most|must|should|be|reach(?:es)?|to|over|exceeds?|more than|less than|around|about|target|support(?:s|ed)?|约|大约|为|达到?|可达?|支持|至少|不低于|不少于|不超过|最高|最低|最大|最少|峰值|目标|需要?|要求|应|能|在|到|突破|超过|大于|预计|估计|平均|指标|系统|单机|上限)';
const labels: readonly (readonly [RegExp, (match: RegExpExecArray) => Omit<Unit, "end">])[] = [
  [
    new RegExp(`(?<![A-Za-z])(?<name>TPS|QPS|RPS|EPS|IOPS|RPM)${filler}{0,6}$`, "i"),
    ({ groups }) => ({ unit: "count", factor: 1, measure: "rate", ...rateNames[groups!.name!.toLowerCase()]! }),
  ],
  [
    new RegExp(
      `(?<![A-Za-z])(?<name>[a-z]+?)(?:ies|s)?\\s?(?:per|/)\\s?(?<time>sec(?:ond)?|s|min(?:ute)?|hour|h|day)(?![A-Za-z])${filler}{0,6}$`,
      "i",
    ),
    ({ groups }) => ({
      unit: "count",
      factor: 1,
      measure: "rate",
      ...labelled(groups!.name!),
      windowMs: { s: timeMs.second, m: timeMs.minute, h: timeMs.hour, d: timeMs.day }[groups!.time![0]!.toLowerCase()]!,
    }),
  ],
];
const scaleLabel = /(?:可?扩展[至到]|数据量[达为]?到?|规模[达为]?到?)\s?$/;
/** "注册货主 30 万": whatever people are called, they are registered, active or there at the same time. */
const crowdLabel = new RegExp(
  `(?<how>注册|日活|月活|同时在线|在线)(?!用户|资[本金]|商标|人|时长|率|时间)[\\u4e00-\\u9fff]{2,4}?(?:数量?|量|人数)?${filler}{0,6}$`,
);
const countLabel = new RegExp(
  `(?<name>DAU|MAU|WAU|[CP]CU|concurrent (?:users|requests|connections|sessions)|(?:daily|monthly) active users|registered users|users|(?:最大|最高|系统|支持)?(?:并发用户|在线用户|同时在线|在线人|注册用户|日活跃?用户|月活跃?用户|日活|月活|并发请求|并发连接|并发[\\u4e00-\\u9fff]{0,8}|连接|用户|节点|实例|租户)(?:数量?|量|规模)?|(?<=日均?|月均?|每[日天月年秒]|每分钟|每小时)(?:新增|处理)?(?:订单|交易|请求|调用|访问|消息|查询|支付)(?:数|量)?|(?:订单|交易|请求|调用|访问|消息|查询|支付)(?:数|量))${filler}{0,6}$`,
  "i",
);

function labelled(name: string): { readonly subject?: string } {
  const subject = readSubject(`${name} `, 0)?.subject.name;
  return subject === undefined ? {} : { subject };
}

/** "RPO = 0" and "uptime 99.9" have no unit: the name alone says it. */
function readBare(before: string, value: number): (Omit<Unit, "end"> & { readonly start: number }) | undefined {
  const objective = value === 0 ? new RegExp(`(?<![A-Za-z])(?<name>RPO|RTO)${filler}{0,4}$`, "i").exec(before) : null;
  if (objective !== null)
    return { unit: "ms", factor: 1, measure: objective.groups!.name!.toLowerCase() === "rpo" ? "rpo" : "rto", start: objective.index };
  const share =
    value >= 90 && value <= 100 ? new RegExp(`(?:\\b(?:uptime|availability)|可用性|可用率)${filler}{0,4}$`, "i").exec(before) : null;
  return share === null ? undefined : { unit: "percent", factor: 1, measure: "availability", start: share.index };
}

/** Reads the unit that stands before a number, as in "QPS ≥ 5000" or "日活 10 万": the text before the number is passed. */
export function readUnitBefore(before: string, value: number): (Omit<Unit, "end"> & { readonly start: number }) | undefined {
  const bare = readBare(before, value);
  if (bare !== undefined) return bare;
  for (const [pattern, unit] of labels) {
    const match = pattern.exec(before);
    if (match !== null) return { ...unit(match), start: match.index };
  }
  const size = scaleLabel.exec(before);
  if (size !== null) return { unit: "count", factor: 1, measure: "records", start: size.index + size[0].length };
  const crowd = crowdLabel.exec(before);
  if (crowd !== null) {
    const active = { 注册: "registered", 日活: "daily", 月活: "monthly" }[crowd.groups!.how!] ?? "concurrent";
    return { unit: "count", factor: 1, measure: "users", subject: "user", active: active as "daily", start: crowd.index };
  }
  const match = countLabel.exec(before);
  if (match === null) return undefined;
  const name = match.groups!.name!;
  const found = readSubject(name, /^(?:最大|最高|系统|支持|新增|处理)/.test(name) ? 2 : 0);
  if (found === undefined) return undefined;
  const { end: _, ...unit } = counted(found.subject, { end: 0 });
  return { ...unit, start: match.index };
}

function matchAt(pattern: RegExp, text: string, index: number): RegExpExecArray | null {
  pattern.lastIndex = index;
  return pattern.exec(text);
}
