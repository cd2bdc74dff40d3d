import type { PartitionsHeld, Unserved } from "../ports/admin-store.ts";

/** The message about tasks that no worker takes. */
export function whyUnserved({ queue, task, waiting, served }: Unserved): string {
  const what = `${waiting} tasks ${task} wait in the queue "${queue}"`;
  return served
    ? `${what}, and the code of no running worker declares ${task}. Start a worker whose code declares it, or cancel the tasks.`
    : `${what}, which no worker serves. If the queue was renamed, list its old name until it is empty: createApp({ tasks: { queues: { "${queue}": {} } } }).`;
}

/** The message about sessions that hold the task table up. */
export function whyHeld({ heldMs, sessions }: PartitionsHeld): string {
  const whose = sessions.length === 0 ? "A session" : `The sessions ${sessions.join(", ")} (pid)`;
  return `${whose} read plimsoll.tasks in a transaction that is still open, as a backup does. So its emptied partitions could not be truncated for ${Math.round(heldMs / 1_000)} s. The tables grow and claims get slower until the transaction ends. Find it in pg_stat_activity, and exclude plimsoll.tasks from long dumps (pg_dump --exclude-table-data='plimsoll.tasks*').`;
}
