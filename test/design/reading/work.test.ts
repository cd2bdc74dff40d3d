import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cronOf } from "../../../src/design/reading/asked/times.ts";
import { findWork } from "../../../src/design/reading/asked/work.ts";
import { readBlocks } from "../../../src/design/reading/blocks.ts";

describe("a time that comes again", () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ["every 15 minutes", "*/15 * * * *"],
    ["every minute", "* * * * *"],
    ["hourly", "0 * * * *"],
    ["every 6 hours", "0 */6 * * *"],
    ["nightly at 02:30", "30 2 * * *"],
    ["every day at 8 am", "0 8 * * *"],
    ["daily at 11pm", "0 23 * * *"],
    ["every night at midnight", "0 0 * * *"],
    ["every Monday at 07:15", "15 7 * * 1"],
    ["weekly", "0 2 * * 1"],
    ["on the 5th of each month", "0 2 5 * *"],
    ["on the last day of the month", "0 2 L * *"],
    ["`0 4 * * 1-5`", "0 4 * * 1-5"],
    ["每天凌晨3点", "0 3 * * *"],
    ["每晚 11 点半", "30 23 * * *"],
    ["每天晚上9点", "0 21 * * *"],
    ["每 5 分钟", "*/5 * * * *"],
    ["每隔2小时", "0 */2 * * *"],
    ["每小时", "0 * * * *"],
    ["每周一上午10点", "0 10 * * 1"],
    ["每月1号", "0 2 1 * *"],
    ["每月末", "0 2 L * *"],
    ["every 90 minutes", undefined],
    ["500 requests per day", undefined],
    ["每小时 10,000 个请求", undefined],
    ["in a day", undefined],
    ["1 2 3 4 5", undefined],
  ];
  for (const [text, cron] of cases) it(`${text}: ${cron}`, () => assert.equal(cronOf(text), cron));
});

describe("work that no caller waits for", () => {
  const read = (text: string) => findWork(readBlocks(text)).map(({ name, cron, after }) => [name, cron ?? `after ${after}`]);
  const cases: readonly (readonly [string, string, readonly (readonly string[])[]])[] = [
    ["a list of events", "## Events\n- `order.paid` → send the receipt by mail", [["send the receipt by mail", "after order.paid"]]],
    ["a sentence", "- When a booking is confirmed, send the guest a mail.", [["send the guest a mail", "after a booking is confirmed"]]],
    ["the other order", "- Notify the vendor after an order is placed.", [["Notify the vendor", "after an order is placed"]]],
    ["Chinese", "## 异步任务\n- 订单支付成功后，发送短信通知用户", [["发送短信通知用户", "after 订单支付"]]],
    [
      "a clock",
      "## Jobs\n- Nightly at 03:00: expire holds older than 2 days",
      [["Nightly at 03:00: expire holds older than 2 days", "0 3 * * *"]],
    ],
    [
      "a clock in prose",
      "Every Monday, export the invoices of the week.",
      [["Every Monday, export the invoices of the week", "0 2 * * 1"]],
    ],
    [
      "a table",
      "## Background\n| Job | Schedule |\n|---|---|\n| Clean sessions | `*/10 * * * *` |\n| The team | daily |\n",
      [["Clean sessions", "*/10 * * * *"]],
    ],
    ["no work: a story", "- As a user, I want to export orders when an order is placed.", []],
    ["no work: a need", "## Performance\n- 5,000 requests per day", []],
    ["no work: a description", "The market grows every year.", []],
    ["no work: a rule of the page", "- When a user clicks the button, the dialog closes.", []],
  ];
  for (const [what, text, expected] of cases) it(what, () => assert.deepEqual(read(text), expected));
});
