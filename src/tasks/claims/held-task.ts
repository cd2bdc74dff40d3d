import type { Indexed } from "../../core/intrusive-set.ts";
import type { ClaimedTask, CompletedTask } from "../ports/claim-store.ts";

/** What a task that this process has is counted by. */
export interface TaskOwner {
  readonly queue: string;
  /** Its attempt has ended: the place that it took is free. */
  ended(task: HeldTask): void;
  /** Its outcome is durable, or the task belongs to another worker by now. */
  settled(task: HeldTask): void;
}

/** A task that this process has, from its claim until its outcome is durable. */
export class HeldTask implements CompletedTask, Indexed {
  readonly partition: number;
  readonly place: string;
  readonly id: string;
  readonly name: string;
  readonly fairnessKey: string;
  readonly attempt: number;
  readonly rescues: number;
  readonly input: string;
  readonly context: string | null;
  readonly lag: number;
  readonly owner: TaskOwner;
  readonly claimedAt: number;
  /** It was cancelled before it began, so it does not begin. */
  isCancelled = false;
  /** Its index among all that its queue has. */
  index = -1;

  constructor(row: ClaimedTask, owner: TaskOwner, claimedAt = -1) {
    this.partition = row.partition;
    this.place = row.place;
    this.id = row.id;
    this.name = row.name;
    this.fairnessKey = row.fairnessKey;
    this.attempt = row.attempt;
    this.rescues = row.rescues;
    this.input = row.input;
    this.context = row.context;
    this.lag = row.lag;
    this.owner = owner;
    this.claimedAt = claimedAt;
  }
}
