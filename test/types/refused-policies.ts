// What the compiler must refuse of policies, as in refused.ts.
import { breaker, bulkhead, compose, hedge, idempotent, retry, timeout } from "plimsoll/resilience";

const charge = async () => ({ charged: true });
// @ts-expect-error a retry of what may not run twice | wrap it in idempotent()
retry().run(charge);
// @ts-expect-error also where the retry is one of several policies | wrap it in idempotent()
compose(breaker(), retry(), timeout("1s")).run(charge);
compose(breaker(), timeout("1s")).run(charge);
retry().run(idempotent(charge));
// @ts-expect-error also where that one is composed into another, and again | wrap it in idempotent()
compose(bulkhead({ concurrency: 1 }), compose(breaker(), compose(retry()))).run(charge);
compose(compose(compose(timeout("1s"))), breaker()).run(charge);
// @ts-expect-error a hedge of what may not run twice | wrap it in idempotent()
hedge().run(charge);
// @ts-expect-error also in a composed policy | wrap it in idempotent()
compose(compose(hedge()), timeout("1s")).run(charge);
hedge().run(idempotent(charge));
// @ts-expect-error a timeout says how long | Expected 1-2 arguments
timeout();
// @ts-expect-error a bulkhead says how many | Property 'concurrency' is missing
bulkhead({ queue: 1 });
// @ts-expect-error the result of a policy is that of its work | not assignable to type 'string'
compose(retry(), timeout("1s")).run(idempotent(charge)) satisfies Promise<string>;
