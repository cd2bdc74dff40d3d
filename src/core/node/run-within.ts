import { type AsyncLocalStorage, AsyncResource } from "node:async_hooks";

/**
 * Runs a function with a store of its own in `storage`, beside what the caller's other storages hold.
 * *Guarantees*: what was current is so again when it returns or throws, also where the function has called `enterWith` of any storage, and no context is
 * left behind. `AsyncLocalStorage.run` makes a second context when it returns, in which all that follows runs, and a third that copies it.
 */
export function runWithin<S, R>(storage: AsyncLocalStorage<S>, store: S, run: (store: S) => R): R {
  return new AsyncResource("PLIMSOLL", resourceOptions).runInAsyncScope(enter<S, R>, undefined, storage, store, run);
}

/** Its end is of interest to no hook, and does not have to be watched for. */
const resourceOptions = { requireManualDestroy: true };

function enter<S, R>(storage: AsyncLocalStorage<S>, store: S, run: (store: S) => R): R {
  storage.enterWith(store);
  return run(store);
}
