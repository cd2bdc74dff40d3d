// Code about sagas that the compiler must refuse, each with the sentence that it prints. See types.test.ts.
import { type App, action, command, event, saga, signedIn } from "plimsoll";
import { z } from "zod";

const charge = command("orders.charge", {
  ...{
    input: z.object({ cents: z.int() }),
    output: z.object({ chargeId: z.string() }),
    access: signedIn(),
    budget: "1s",
    idempotent: "no",
  },
  run: async () => ({ chargeId: "c" }),
});
const mail = action("orders.mail", {
  ...{ input: z.object({}), output: z.object({}), access: signedIn(), budget: "1s", idempotent: "no" },
  run: async () => ({}),
});
const paid = event("orders.paid", { data: z.object({ orderId: z.string(), cents: z.int() }), key: ({ orderId }) => orderId });
const input = z.object({ orderId: z.string() });

export const checkout = saga("orders.checkout", {
  ...{ input, budget: "1h" },
  async run({ orderId }, { step, call, waitFor, child }) {
    const n: number = await step("n", async () => 1);
    const { chargeId } = await call("charge", charge, { cents: n });
    const text: string = chargeId;
    // @ts-expect-error an input that does not match | string
    await call("again", charge, { cents: text });
    // @ts-expect-error an action needs the network, which belongs into a step | only queries and commands can be called
    await call("mail", mail, {});
    const data = await waitFor(paid, { where: { orderId }, within: "1h" });
    // @ts-expect-error it may not have come | undefined
    const cents: number = data.cents;
    // @ts-expect-error the event has no such field | other
    await waitFor(paid, { where: { other: 1 } });
    // @ts-expect-error an input that does not match | number
    const done: string = await child("child", inner, { orderId: 7 });
    return { cents, done };
  },
});
const inner = saga("orders.inner", {
  ...{ input, budget: "1h", signals: { approved: z.object({ by: z.string() }), stopped: z.null() } },
  async run(_, { signal }) {
    const approved = await signal("approved", { within: "1h" });
    // @ts-expect-error it may not have come | undefined
    const by: string = approved.by;
    // @ts-expect-error the schema of the signal has no such field | other
    approved?.other;
    const again = await signal("again", { signal: "approved" });
    const text: string | undefined = again?.by;
    // @ts-expect-error a signal that it does not declare | declare it in the saga's signals
    await signal("refused");
    // @ts-expect-error the same by another name of the step | declare it in the saga's signals
    await signal("again", { signal: "refused" });
    return `${by} ${text}`;
  },
});
export const deaf = saga("orders.deaf", {
  ...{ input, budget: "1h" },
  async run(_, { signal }) {
    // @ts-expect-error it declares no signals | declare it in the saga's signals
    await signal("approved");
  },
});
export const tell = async (sagas: App["sagas"], id: string) => {
  await sagas.signal(inner, id, { name: "approved", payload: { by: "ann" }, key: "1" });
  await sagas.signal(inner, id, { name: "stopped" });
  // @ts-expect-error data that the schema refuses | number
  await sagas.signal(inner, id, { name: "approved", payload: { by: 7 } });
  // @ts-expect-error data are missing | payload
  await sagas.signal(inner, id, { name: "approved" });
  // @ts-expect-error a name that is not declared | "refused"
  await sagas.signal(inner, id, { name: "refused" });
};

export const approve = command("orders.approve", {
  ...{ input, output: z.object({}), access: signedIn(), budget: "1s", idempotent: "no" },
  async run({ orderId }, { signalSaga }) {
    await signalSaga(inner, orderId, { name: "approved", payload: { by: "ann" } });
    // @ts-expect-error a command takes no signals | only sagas take signals
    await signalSaga(charge, orderId, { name: "approved" });
    // @ts-expect-error a signal has a name | Property 'name' is missing
    await signalSaga(inner, orderId, { payload: { by: "ann" } });
    // @ts-expect-error data that the schema refuses | number
    await signalSaga(inner, orderId, { name: "approved", payload: { by: 7 } });
    // @ts-expect-error a name that is not declared | "refused"
    await signalSaga(inner, orderId, { name: "refused", payload: null });
    return {};
  },
});

// @ts-expect-error no duration | write milliseconds
export const slow = saga("orders.slow", { input, budget: "an hour", run: async () => undefined });

export const bare = saga("orders.bare", {
  ...{ input, budget: "1h" },
  // @ts-expect-error the body has no clock and no database: what differs between runs belongs into a step | sql
  async run(_, { sql }) {
    return sql;
  },
});
