// Background work of a PRD, in memory: what it becomes, what is listed, and what a later event adds.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { planGeneration } from "../../src/generate/folder/plan.ts";
import { modelOf } from "./designs.ts";

const prdOf = (...jobs: readonly string[]): string =>
  `# Bookings\n\n## Data model\n\n- **Booking**: guest, fee, status\n- **Room**: number\n\n## API\n- POST /bookings\n- POST /bookings/{id}/confirm\n- GET /rooms\n\n## Jobs\n\n${jobs.map((job) => `- ${job}\n`).join("")}`;
const workOf = (...jobs: readonly string[]) => {
  const model = modelOf(prdOf(...jobs));
  const done = model.modules.flatMap(({ name, work }) =>
    work.map((one) => [
      name,
      one.name,
      one.does,
      one.on ?? one.cron,
      ...(one.verb === undefined ? [] : [one.verb, (one.ageMs ?? 0) / 1_000]),
    ]),
  );
  return { done, left: model.leftOut.map(({ name, why }) => [name, why]) };
};

describe("work of a PRD", () => {
  const cases: readonly (readonly [string, readonly unknown[]])[] = [
    ["booking.confirmed → send the guest a mail", ["bookings", "send-guest-mail", "message", "confirm-booking"]],
    ["BookingCreated: compute statistics", ["bookings", "compute-statistics", "report", "create-booking"]],
    ["Every night, expire bookings older than 2 days", ["bookings", "expire-bookings", "change", "0 2 * * *", "expire", 172_800]],
    ["Weekly: purge bookings after 30 days", ["bookings", "purge-bookings", "change", "0 2 * * 1", "remove", 2_592_000]],
    ["Daily at 06:00 export rooms", ["rooms", "export-rooms", "report", "0 6 * * *"]],
  ];
  for (const [job, expected] of cases)
    it(job, () => {
      const { done, left } = workOf(job);
      assert.deepEqual([done, left], [[expected], []]);
    });

  for (const job of [
    "payment.settled → send a mail",
    "Every night, expire bookings",
    "Nightly: generate the digest",
    "booking.confirmed → cancel the others",
  ])
    it(`is listed where it is not clear: ${job}`, () => {
      const { done, left } = workOf(job);
      assert.deepEqual([done, left.map(([, why]) => why)], [[], ["unclear"]]);
    });
});

it("an event that comes later reaches a handler that no person changed, and its tables are a migration", () => {
  const first = planGeneration(modelOf(prdOf()), { present: new Map(), before: undefined });
  const handler = "src/bookings/operations/confirm-booking.ts";
  assert.ok(!first.write.get(handler)!.includes("emit"));
  const later = modelOf(prdOf("booking.confirmed → send the guest a mail"));
  const next = planGeneration(later, { present: first.write, before: first.manifest });
  assert.match(next.write.get(handler)!, /if \(found\.status !== status\) emit\(bookingConfirmed,/);
  assert.match(next.write.get("src/bookings/contract.ts")!, /emits: \[bookingConfirmed\]/);
  const path = next.migrations.find((one) => one.startsWith("src/bookings/"))!;
  assert.match(next.write.get(path)!, /create table bookings\.work_done/);
  const own = new Map([...first.write, [handler, "// mine\n"]]);
  assert.deepEqual(planGeneration(later, { present: own, before: first.manifest }).kept, [handler]);
  const all = new Map([...first.write, ...next.write]);
  assert.equal(planGeneration(later, { present: all, before: next.manifest }).write.size, 0);
});
