import assert from "node:assert";
import { constants, setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import { answer, becomeCpuThread, type CpuRequest } from "./function.ts";

// The entry of a worker thread of CpuPool: it handles one request after the other.
assert(parentPort, "this is the entry of a worker thread: start it through cpu()");
const parent = parentPort;
becomeCpuThread();
// Of this thread alone, which only Linux can do: a request must not wait because all cores compute.
if (process.platform === "linux") setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
parent.on("message", async (request: CpuRequest) => {
  const reply = await answer(request);
  try {
    parent.postMessage(reply);
  } catch (error) {
    // Neither a result nor an error that holds a function can be cloned: the caller gets words instead.
    const what = reply.ok ? "result" : "error";
    const reason = error instanceof Error ? error.message : String(error);
    const message = `The ${what} of "${request.name}" cannot be sent to the calling thread: ${reason} Return plain data, as structuredClone takes it.`;
    parent.postMessage({ ok: false, error: new assert.AssertionError({ message }) });
  }
});
