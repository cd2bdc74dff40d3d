import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import type { Clock } from "../../core/clock.ts";
import type { Metrics } from "../../core/metrics.ts";
import { AllocationCounter } from "./allocation.ts";

/** Registers what the process uses. Returns how to stop measuring. */
export function registerProcessMetrics(metrics: Metrics): () => void {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  let utilization = performance.eventLoopUtilization();
  const off = [
    metrics.gauge({
      name: "process_resident_memory_bytes",
      help: "Memory of the process that is in RAM.",
      read: () => process.memoryUsage.rss(),
    }),
    metrics.gauge({ name: "nodejs_heap_used_bytes", help: "Heap of V8 in use.", read: () => process.memoryUsage().heapUsed }),
    metrics.gauge({ name: "nodejs_heap_total_bytes", help: "Heap of V8 that is reserved.", read: () => process.memoryUsage().heapTotal }),
    metrics.total({ name: "process_cpu_seconds_total", help: "Time on a processor, user and system.", read: cpuSeconds }),
    metrics.gauge({
      name: "process_start_time_seconds",
      help: "When the process started, since the Unix epoch.",
      read: () => performance.timeOrigin / 1_000,
    }),
    metrics.gauge({
      name: "nodejs_eventloop_delay_p99_seconds",
      help: "How late timers ran since the last scrape, 99th percentile.",
      read: () => {
        const seconds = Math.max(0, delay.percentile(99) / 1e9);
        delay.reset();
        return seconds;
      },
    }),
    metrics.gauge({
      name: "nodejs_eventloop_utilization_ratio",
      help: "Share of the time since the last scrape in which the event loop was busy.",
      read: () => {
        const before = utilization;
        utilization = performance.eventLoopUtilization();
        return performance.eventLoopUtilization(utilization, before).utilization;
      },
    }),
  ];
  return () => {
    delay.disable();
    for (const each of off) each();
  };
}

/** Registers what the process allocates. Returns how to stop counting. */
export function registerAllocation(metrics: Metrics, clock: Clock): () => void {
  const counter = new AllocationCounter(clock);
  const off = metrics.total({
    name: "nodejs_allocated_bytes_total",
    help: "Bytes that were allocated in the heap of V8.",
    read: () => counter.read(),
  });
  return () => {
    off();
    counter.stop();
  };
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
