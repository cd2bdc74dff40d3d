import type { TaskStoreAdmin } from "./admin-store.ts";
import type { ClaimStore } from "./claim-store.ts";
import type { StartStore } from "./start-store.ts";
import type { QueueNotifier, WorkerStore } from "./worker-store.ts";

/** Keeps tasks: what one store offers to all that need a part of it. */
export interface TaskStore extends StartStore, ClaimStore, WorkerStore, QueueNotifier {
  readonly admin: TaskStoreAdmin;
}
