import type { TestContext } from "node:test";

const events = ["uncaughtException", "unhandledRejection"] as const;

/** What would end this process while a test runs: the runner's own handlers would fail the test for it without saying what it asserts. */
export function crashesOf(t: Pick<TestContext, "after">, crashed: (error: unknown) => void = () => undefined): readonly string[] {
  const crashes: string[] = [];
  const hear = (error: unknown) => {
    crashes.push(textOf(error));
    crashed(error);
  };
  for (const event of events) {
    const others = process.listeners(event as "uncaughtException");
    process.removeAllListeners(event);
    process.on(event, hear);
    t.after(() => {
      process.removeListener(event, hear);
      for (const other of others) process.on(event, other);
    });
  }
  return crashes;
}

function textOf(error: unknown): string {
  try {
    return String(error);
  } catch {
    return "what cannot be read";
  }
}
