import { after, afterEach, before, describe, it } from "node:test";
import type { TestDatabase } from "plimsoll/testing";
import { systemClock } from "../../src/core/clock.ts";
import { LoadLines } from "../../src/core/load-line/load-lines.ts";
import { Metrics } from "../../src/core/metrics.ts";
import { PostgresDatabase } from "../../src/postgres/database.ts";
import { TestClock } from "../../src/testing/clock.ts";
import { taskStoreCases } from "../../src/testing/conformance/task-store.ts";
import { booksDatabase } from "../tasks/books/books.ts";
import { emptyTasks } from "../tasks/books/task-tables.ts";
import { MemoryTaskStore } from "./memory-task-store.ts";

describe("a task store", () => {
  describe("in memory", () => {
    for (const { name, run } of taskStoreCases) it(name, () => run(new MemoryTaskStore(new TestClock())));
  });

  describe("on PostgreSQL", () => {
    let database: TestDatabase;
    let opened: PostgresDatabase;
    before(async () => {
      database = await booksDatabase();
      const context = {
        modules: [],
        metrics: new Metrics(),
        loadLines: new LoadLines(systemClock),
        clock: systemClock,
        serviceName: "conformance",
      };
      opened = new PostgresDatabase({}, context, async () => ({ url: database.url, adminUrl: database.adminUrl }));
      await opened.start();
    });
    afterEach(() => emptyTasks(database, { workers: true }));
    after(async () => {
      await opened.stop();
      await database.drop();
    });
    for (const { name, run } of taskStoreCases) it(name, () => run(opened.tasks));
  });
});
