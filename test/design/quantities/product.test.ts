import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Bound, type Load, type Per, type Quantity, type Statistic, timeMs } from "../../../src/design/quantities/quantity.ts";
import { readQuantities } from "../../../src/design/quantities/read-quantities.ts";

/** One part of a sentence, as each language writes it: the property is over the product of all parts. */
interface Part<V> {
  readonly value: V;
  readonly english: readonly string[];
  readonly chinese: readonly string[];
}

const part = <V>(value: V, english: readonly string[], chinese: readonly string[]): Part<V> => ({ value, english, chinese });

const values: readonly Part<number>[] = [
  part(7, ["7", "seven"], ["7", "七"]),
  part(50, ["50", "fifty"], ["50", "五十", "５０"]),
  part(120, ["120"], ["120", "一百二十"]),
  part(2_000, ["2000", "2,000", "2k", "two thousand"], ["2000", "2,000", "2千", "两千"]),
  part(10_000, ["10,000", "10k", "10 K", "ten thousand"], ["10,000", "1万", "一万", "1 万"]),
  part(2_500_000, ["2,500,000", "2.5M", "2.5 million"], ["2,500,000", "250万", "250 万", "２５０万"]),
  part(300_000_000, ["300M", "0.3 billion", "300 million"], ["3亿", "三亿", "3 亿"]),
];
const bounds: readonly Part<Bound>[] = [
  part("exactly", [""], [""]),
  part("at-least", ["at least ", "≥ ", ">= ", "more than ", "no less than "], ["至少", "≥ ", "不低于", "不少于 ", "超过"]),
  part("at-most", ["at most ", "up to ", "≤", "< ", "no more than "], ["最多", "≤", "不超过 ", "不高于"]),
  part("about", ["about ", "~", "approximately "], ["约", "大约 ", "~"]),
];
const subjects: readonly Part<string>[] = [
  part("request", ["requests", "API requests"], ["个请求", "次请求", "次"]),
  part("transaction", ["transactions"], ["笔交易", "笔"]),
  part("query", ["queries"], ["次查询", "个查询"]),
  part("message", ["messages"], ["条消息"]),
  part("event", ["events"], ["个事件", "条事件"]),
  part("order", ["orders"], ["个订单", "笔订单"]),
  part("notification", ["notifications"], ["条通知"]),
];
const windows: readonly Part<number>[] = [
  part(timeMs.second, [" per second", "/s", "/sec", " a second"], ["每秒"]),
  part(timeMs.minute, [" per minute", "/min", " every minute"], ["每分钟"]),
  part(timeMs.hour, [" per hour", "/hour", " an hour"], ["每小时"]),
  part(timeMs.day, [" per day", "/day", " each day", " daily"], ["每天", "每日"]),
];
const loads: readonly Part<Load | undefined>[] = [
  part(undefined, [""], [""]),
  part("peak", ["at peak", "peak"], ["峰值"]),
  part("sustained", ["sustained"], ["持续"]),
  part("average", ["on average"], ["平均"]),
];
const scopes: readonly Part<Per | undefined>[] = [
  part(undefined, [""], [""]),
  part("user", ["per user"], ["每用户", "每个用户", "单用户"]),
  part("instance", ["per instance", "per node"], ["每实例", "单机", "每个节点"]),
  part("tenant", ["per tenant"], ["每租户", "每个租户"]),
];
const statistics: readonly Part<Statistic | undefined>[] = [
  part(undefined, [""], [""]),
  part("p95", ["p95", "P95", "95th percentile"], ["P95", "95 分位"]),
  part("p99", ["p99", "99th percentile"], ["P99", "TP99", "99分位"]),
  part("p99.9", ["p99.9", "99.9th percentile"], ["P99.9"]),
  part("p50", ["median"], ["中位数"]),
];
const times: readonly Part<number>[] = [
  part(1, ["ms", " ms", " milliseconds"], ["ms", "毫秒", " 毫秒", "㎳"]),
  part(timeMs.second, ["s", " seconds", " sec"], ["s", "秒", " 秒钟"]),
  part(timeMs.minute, [" minutes", " min"], ["分钟"]),
];

const choose = <V>(parts: readonly Part<V>[], language: "english" | "chinese") =>
  fc.constantFrom(...parts).chain(({ value, [language]: forms }) => fc.constantFrom(...forms).map((text) => ({ value, text })));
const around = (language: "english" | "chinese") =>
  fc.constantFrom(
    ...(language === "english"
      ? [
          ["", ""],
          ["The platform must handle ", "."],
          ["- **Load:** ", ", as agreed"],
        ]
      : [
          ["", ""],
          ["系统需要支撑", "。"],
          ["- **负载**：", "，已确认"],
        ]),
  );

/** The only quantity of a text, whose place must hold its quote. */
function only(text: string): Quantity {
  const found = readQuantities(text);
  assert.equal(found.length, 1, `${text}: ${JSON.stringify(found)}`);
  assert.equal(text.slice(found[0]!.start, found[0]!.end), found[0]!.quote);
  return found[0]!;
}

const runs = { numRuns: 2_000 };

describe("the product of value, bound, subject, window, load and scope", () => {
  it("is read as it was written, in English", () => {
    const en = "english";
    fc.assert(
      fc.property(
        fc.record({
          value: choose(values, en),
          bound: choose(bounds, en),
          subject: choose(subjects, en),
          window: choose(windows, en),
          load: choose(loads, en),
          per: choose(scopes, en),
          around: around(en),
          front: fc.boolean(),
        }),
        ({ value, bound, subject, window, load, per, around: [before, after], front }) => {
          const marks = [per.text, load.text].filter((text) => text !== "").join(" ");
          const core = `${bound.text}${value.text} ${subject.text}${window.text}`;
          const text = `${before}${front ? `${marks} ${core}`.trimStart() : `${core} ${marks}`.trimEnd()}${after}`;
          const found = only(text);
          assert.deepEqual(
            {
              value: found.value,
              bound: found.bound,
              subject: found.subject,
              windowMs: found.windowMs,
              load: found.load,
              per: found.per,
              measure: found.measure,
            },
            {
              value: value.value,
              bound: bound.value,
              subject: subject.value,
              windowMs: window.value,
              load: load.value,
              per: per.value,
              measure: "rate",
            },
            text,
          );
        },
      ),
      runs,
    );
  });

  it("is read as it was written, in Chinese", () => {
    const zh = "chinese";
    fc.assert(
      fc.property(
        fc.record({
          value: choose(values, zh),
          bound: choose(bounds, zh),
          subject: choose(subjects, zh),
          window: choose(windows, zh),
          load: choose(loads, zh),
          per: choose(scopes, zh),
          around: around(zh),
          verb: fc.constantFrom("", "处理", "接收 "),
        }),
        ({ value, bound, subject, window, load, per, around: [before, after], verb }) => {
          const text = `${before}${per.text}${load.text}${window.text}${verb}${bound.text}${value.text}${subject.text}${after}`;
          const found = only(text);
          assert.deepEqual(
            {
              value: found.value,
              bound: found.bound,
              subject: found.subject,
              windowMs: found.windowMs,
              load: found.load,
              per: found.per,
              measure: found.measure,
            },
            {
              value: value.value,
              bound: bound.value,
              subject: subject.value,
              windowMs: window.value,
              load: load.value,
              per: per.value,
              measure: "rate",
            },
            text,
          );
        },
      ),
      runs,
    );
  });
});

describe("the product of value, bound, unit and percentile of a latency", () => {
  const sentence = { english: ["latency of ", "response time "], chinese: ["响应时间", "延迟"] } as const;
  for (const language of ["english", "chinese"] as const) {
    it(`is read as it was written, in ${language}`, () => {
      fc.assert(
        fc.property(
          fc.record({
            value: choose(values.slice(0, 4), language),
            bound: choose(bounds, language),
            unit: choose(times, language),
            statistic: choose(statistics, language),
            subject: fc.constantFrom(...sentence[language]),
            around: around(language),
            front: fc.boolean(),
          }),
          ({ value, bound, unit, statistic, subject, around: [before, after], front }) => {
            const inWords = /[a-z]$/.test(value.text) && /^[a-z]/.test(unit.text);
            const core = `${bound.text}${value.text}${inWords ? " " : ""}${unit.text}`;
            const text = `${before}${front ? `${statistic.text} ${subject}${core}` : `${subject}${core} ${statistic.text}`}${after}`;
            const found = only(text);
            assert.deepEqual(
              { value: found.value, bound: found.bound, measure: found.measure, statistic: found.statistic },
              { value: value.value * unit.value, bound: bound.value, measure: "latency", statistic: statistic.value },
              text,
            );
          },
        ),
        runs,
      );
    });
  }
});

describe("two quantities in one sentence", () => {
  it("keep their own qualifiers, whatever joins them", () => {
    fc.assert(
      fc.property(
        fc.record({
          rate: choose(values, "english"),
          load: choose(loads, "english"),
          time: choose(values.slice(0, 3), "english"),
          statistic: choose(statistics, "english"),
          join: fc.constantFrom(", ", " and ", " with ", "; ", " + "),
          turned: fc.boolean(),
        }),
        ({ rate, load, time, statistic, join, turned }) => {
          const first = `${load.text} ${rate.text} requests per second`.trim();
          const second = `${statistic.text} latency under ${time.text} ms`.trim();
          const text = turned ? `${second}${join}${first}` : `${first}${join}${second}`;
          const found = readQuantities(text).toSorted((one, other) => (one.measure < other.measure ? -1 : 1));
          assert.deepEqual(
            found.map(({ measure, value, load, statistic }) => ({ measure, value, load, statistic })),
            [
              { measure: "latency", value: time.value, load: undefined, statistic: statistic.value },
              { measure: "rate", value: rate.value, load: load.value, statistic: undefined },
            ],
            text,
          );
        },
      ),
      runs,
    );
  });

  it("have their place in any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), fc.string({ unit: "grapheme", maxLength: 60 }), (before, after) => {
        // A paragraph of its own: "21-" at the end of a line before it would begin a range.
        const text = `${before}\n\n10k TPS, ≤ ２００ 毫秒 延迟\n\n${after}`;
        for (const { start, end, quote } of readQuantities(text)) assert.equal(text.slice(start, end), quote);
        const quotes = readQuantities(text).map(({ quote }) => quote);
        assert.ok(quotes.includes("10k TPS") && quotes.includes("≤ ２００ 毫秒"), JSON.stringify(quotes));
      }),
      runs,
    );
  });
});
