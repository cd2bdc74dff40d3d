import v8 from "node:v8";
import type { Clock, Timer } from "../../core/clock.ts";

/** The profiler keeps a few kilobytes for each collection, and is emptied so often. *Units*: milliseconds. */
const emptyEveryMs = 5_000;

/**
 * Counts the bytes that are allocated in the heap of V8: what the heap has grown, and what collections have freed.
 * Bytes outside the heap, such as those of a `Buffer`, are not counted.
 */
export class AllocationCounter {
  readonly #clock: Clock;
  #profiler = startProfiler();
  #usedBefore = heapUsed();
  #bytes = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wait();
  }

  /** *Units*: bytes, since the counter was made. It never falls. */
  read(): number {
    const used = heapUsed();
    const { statistics } = this.#profiler.stop()!;
    this.#profiler = startProfiler();
    let freed = 0;
    for (const { beforeGC, afterGC } of statistics) freed += beforeGC.heapStatistics.usedHeapSize - afterGC.heapStatistics.usedHeapSize;
    this.#bytes += Math.max(0, used - this.#usedBefore + freed);
    this.#usedBefore = used;
    return this.#bytes;
  }

  /** Ends the counting. */
  stop(): void {
    this.#timer?.cancel();
    this.#profiler.stop();
  }

  #wait(): void {
    this.#timer = this.#clock.schedule(emptyEveryMs, () => {
      this.read();
      this.#wait();
    });
  }
}

function startProfiler(): v8.GCProfiler {
  const profiler = new v8.GCProfiler();
  profiler.start();
  return profiler;
}

function heapUsed(): number {
  return v8.getHeapStatistics().used_heap_size;
}
