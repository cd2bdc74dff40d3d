import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { perSecond, type Quantity } from "../../../src/design/quantities/quantity.ts";
import { readQuantities } from "../../../src/design/quantities/read-quantities.ts";

/** A quantity without its place, as a test expects it. */
type Reading = Omit<Quantity, "start" | "end">;

const readings = (text: string, about?: string): readonly Reading[] =>
  readQuantities(text, about).map(({ start, end, ...reading }) => {
    assert.equal(text.slice(start, end), reading.quote, "the place does not hold the quote");
    return reading;
  });

const second = 1_000;
const minute = 60_000;
const day = 86_400_000;
const rate = { measure: "rate", unit: "count", windowMs: second } as const;
const latency = { measure: "latency", unit: "ms" } as const;

describe("the quantities of a sentence", () => {
  const sentences: readonly (readonly [string, readonly Reading[]])[] = [
    [
      "10k TPS with sub-100ms latency",
      [
        { ...rate, value: 10_000, bound: "exactly", subject: "transaction", quote: "10k TPS" },
        { ...latency, value: 100, bound: "at-most", quote: "sub-100ms" },
      ],
    ],
    [
      "≤300ms P99 延迟处理 3k RPS",
      [
        { ...latency, value: 300, bound: "at-most", statistic: "p99", quote: "≤300ms" },
        { ...rate, value: 3_000, bound: "exactly", subject: "request", quote: "3k RPS" },
      ],
    ],
    [
      "全局 2k qps + 每用户 50 qps",
      [
        { ...rate, value: 2_000, bound: "exactly", subject: "query", per: "global", quote: "2k qps" },
        { ...rate, value: 50, bound: "exactly", subject: "query", per: "user", quote: "50 qps" },
      ],
    ],
    [
      "每分钟处理10,000个请求",
      [{ ...rate, value: 10_000, bound: "exactly", windowMs: minute, subject: "request", quote: "每分钟处理10,000个请求" }],
    ],
    ["99.99% 可用性", [{ measure: "availability", value: 99.99, unit: "percent", bound: "exactly", quote: "99.99%" }]],
    ["水平扩展至1000+节点", [{ measure: "nodes", value: 1_000, unit: "count", bound: "at-least", subject: "node", quote: "1000+节点" }]],
    [
      "日活 10 万，QPS ≥ 5000，95% 的请求在 200ms 内返回",
      [
        { measure: "users", value: 100_000, unit: "count", bound: "exactly", subject: "user", active: "daily", quote: "日活 10 万" },
        { ...rate, value: 5_000, bound: "at-least", subject: "query", quote: "QPS ≥ 5000" },
        { ...latency, value: 200, bound: "at-most", statistic: "p95", quote: "200ms 内" },
      ],
    ],
    [
      "p95 under 200ms and p99 under 500ms",
      [
        { ...latency, value: 200, bound: "at-most", statistic: "p95", quote: "under 200ms" },
        { ...latency, value: 500, bound: "at-most", statistic: "p99", quote: "under 500ms" },
      ],
    ],
    [
      "RPO ≤ 15 分钟，RTO ≤ 1 小时",
      [
        { measure: "rpo", value: 900_000, unit: "ms", bound: "at-most", quote: "≤ 15 分钟" },
        { measure: "rto", value: 3_600_000, unit: "ms", bound: "at-most", quote: "≤ 1 小时" },
      ],
    ],
    [
      "170 events a second, 99% of requests served within 50 ms",
      [
        { ...rate, value: 170, bound: "exactly", subject: "event", quote: "170 events a second" },
        { ...latency, value: 50, bound: "at-most", statistic: "p99", quote: "within 50 ms" },
      ],
    ],
    [
      "100 requests per user per minute",
      [
        {
          ...rate,
          value: 100,
          bound: "exactly",
          windowMs: minute,
          subject: "request",
          per: "user",
          quote: "100 requests per user per minute",
        },
      ],
    ],
    [
      "日均订单 100 万，峰值 3000 笔/秒",
      [
        { ...rate, value: 1_000_000, bound: "exactly", windowMs: day, subject: "order", load: "average", quote: "日均订单 100 万" },
        { ...rate, value: 3_000, bound: "exactly", subject: "transaction", load: "peak", quote: "3000 笔/秒" },
      ],
    ],
    [
      "up to two hundred thousand users",
      [{ measure: "users", value: 200_000, unit: "count", bound: "at-most", subject: "user", quote: "up to two hundred thousand users" }],
    ],
    ["sub-second response", [{ ...latency, value: 1_000, bound: "at-most", quote: "sub-second" }]],
    ["uptime of four nines", [{ measure: "availability", value: 99.99, unit: "percent", bound: "exactly", quote: "four nines" }]],
    ["可用性 5 个 9", [{ measure: "availability", value: 99.999, unit: "percent", bound: "exactly", quote: "5 个 9" }]],
    [
      "between 500 and 2,000 requests/second",
      [{ ...rate, value: 500, upper: 2_000, bound: "exactly", subject: "request", quote: "500 and 2,000 requests/second" }],
    ],
    [
      "支持10-20万用户",
      [{ measure: "users", value: 100_000, upper: 200_000, unit: "count", bound: "exactly", subject: "user", quote: "10-20万用户" }],
    ],
    [
      "QPS：１０，０００；响应 ≤２００㎳",
      [
        { ...rate, value: 10_000, bound: "exactly", subject: "query", quote: "QPS：１０，０００" },
        { ...latency, value: 200, bound: "at-most", quote: "≤２００㎳" },
      ],
    ],
  ];
  for (const [sentence, expected] of sentences) {
    it(`reads "${sentence}"`, () => assert.deepEqual(readings(sentence), expected));
  }

  const without = [
    "version 2.10.3 of SHA-256, HTTP 429, RFC 9457, 2025-10-29 14:30:00",
    "the plan costs $500/month, ¥30/天",
    "as one user I see a second page of section 5.1",
    "P99, K8s, 24/7, IPv4, port 8080",
    "2025年10月",
  ];
  for (const sentence of without) it(`finds none in "${sentence}"`, () => assert.deepEqual(readings(sentence), []));

  it("takes what the sentence does not say from what stands around it", () => {
    assert.equal(readings("< 200 ms")[0]?.measure, "duration");
    assert.equal(readings("< 200 ms", "API response time")[0]?.measure, "latency");
    assert.equal(readings("99.9%", "系统可用性")[0]?.measure, "availability");
  });

  it("converts a rate to seconds", () => {
    assert.equal(perSecond({ value: 10_000, windowMs: minute }), 10_000 / 60);
    assert.equal(perSecond({ value: 1, upper: 3, windowMs: second }), 3);
  });
});
