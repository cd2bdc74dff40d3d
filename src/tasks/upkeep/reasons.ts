import type { PartitionsHeld, Unserved } from "../ports/admin-store.ts";

/** The message about tasks that no worker takes. */
export function whyUnserved({ queue, task, waiting, served }: Unserved): string {
  const what = `${waiting} tasks ${task} wait in the queue "${queue}"`;
  return served
    ? `${what}, and no worker that runs knows ${task}. Start a worker whose code has it, or cancel them.`
    : `${what}, which no worker serves. Where it was renamed, name it in createApp({ tasks: { queues: { "${queue}": {} } } }) until it is empty.`;
}

/** The message about sessions that hold the task table up. */
export function whyHeld({ heldMs, sessions }: PartitionsHeld): string {
  const whose = sessions.length === 0 ? "A session" : `The sessions ${sessions.join(", ")} (pid)`;
  return `${whose} read plimsoll.tasks in a transaction that is still open, as a backup does: for ${Math.round(heldMs / 1_000)} s its emptied partitions could not be truncated. The tables grow and claims get slower until it ends. See pg_stat_activity, and leave plimsoll.tasks out of long dumps (pg_dump --exclude-table-data='plimsoll.tasks*').`;
}
