// Work by the clock. Run it with: node --conditions=source examples/06-schedule.ts
import { createApp, module, schedule, task } from "plimsoll";
import { embedded } from "plimsoll/embedded";
import { z } from "zod";

export const closeBooks = task("books.close", {
  input: z.object({ until: z.iso.datetime() }),
  budget: "10m",
  history: true,
  run: async ({ until }, { log }) => log.info("closed", { until }),
});

export const nightly = schedule("books.close-nightly", {
  cron: "0 2 * * *",
  timeZone: "Europe/Berlin",
  task: closeBooks,
  input: (occurrence) => ({ until: occurrence.toISOString() }),
  missed: "once",
});

// So that there is something to see: six fields begin with the second.
const often = schedule("books.close-often", {
  cron: "* * * * * *",
  task: closeBooks,
  input: (occurrence) => ({ until: occurrence.toISOString() }),
});

const books = module("books", { operations: [closeBooks], schedules: [nightly, often] });

if (import.meta.main) {
  const app = createApp({
    modules: [books],
    database: embedded({ directory: process.env.DATA_DIR ?? ".data/examples" }),
  });
  await app.start();
  const completed = app.tasks.signals.ended.next(({ outcome }) => outcome === "completed");
  const { schedule: fired } = await app.tasks.signals.schedules.fired.next();
  console.log(`${fired} fired`);
  console.log(`${(await completed).task} completed`);
  await app.tasks.pauseSchedule("books.close-often");
  const [first] = app.tasks.schedules;
  console.log(`${first?.name} is ${first?.state}, next at ${first?.nextOccurrence.getUTCMinutes()} past`);
  await app.stop();
}
