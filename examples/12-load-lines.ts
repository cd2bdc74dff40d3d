// A limit that is measured before it is enforced. Run it with: node --conditions=source examples/12-load-lines.ts
import { action, createApp, loadLines, module, resource } from "plimsoll";
import { breaker } from "plimsoll/resilience";
import { z } from "zod";

const gates: (() => void)[] = [];
const report = action("books.report", {
  input: z.object({}),
  output: z.object({}),
  access: "public",
  idempotent: "natural",
  budget: { deadline: "10s", concurrency: 2, queue: 1, mode: "measure" },
  run: async () => {
    await new Promise<void>((resolve) => void gates.push(resolve));
    return {};
  },
});

const mail = breaker();
for (const line of mail[loadLines]) line.nameUnder("mail");
const mailer = resource("mailer", {
  create: () => ({ send: (to: string) => mail.run(() => to.length), [loadLines]: mail[loadLines] }),
});
const remind = action("books.remind", {
  ...{ input: z.object({ to: z.email() }), output: z.object({}), access: "public", idempotent: "natural", budget: "1s" },
  uses: { mailer },
  run: async ({ to }, { mailer }) => {
    await mailer.send(to);
    return {};
  },
});

if (import.meta.main) {
  const app = createApp({ modules: [module("books", { operations: [report, remind] })] });
  await app.start();
  const callFive = async () => {
    const calls = Array.from({ length: 5 }, () => app.call(report, {}).catch(() => "refused"));
    for (let ended = 0; ended < calls.length; ended++) {
      await new Promise<void>((resolve) => void setImmediate(resolve));
      gates.shift()?.();
    }
    return (await Promise.all(calls)).filter((outcome) => outcome === "refused").length;
  };
  const show = () => {
    const line = app.loadLines.list().find(({ name }) => name === "books.report queue");
    return `${line?.mode}: ${line?.refused.full} refused, ${line?.wouldRefuse.full} would have been`;
  };

  console.log(`${await callFive()} of 5 refused`);
  console.log(show());
  app.loadLines.setMode("books.report queue", "enforce", "the counts are as expected");
  console.log(`${await callFive()} of 5 refused`);
  console.log(show());
  await app.call(remind, { to: "ann@example.com" });
  console.log(`mail breaker: ${app.loadLines.list().find(({ name }) => name === "mail breaker")?.phase}`);
  await app.stop();
}
