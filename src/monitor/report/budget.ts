/** What an operation counted over a time, and what it promised. */
export interface Counted {
  readonly operation: string;
  readonly success: number;
  readonly total: number;
  readonly failed: number;
}

/** The budget for errors of an operation. */
export interface Budget extends Counted {
  /** The share that was good; undefined where nothing counted. */
  readonly good: number | undefined;
  /** The share of the budget that is left: below 0 the objective is missed. 1 where nothing counted. */
  readonly left: number;
}

/** Works out what is left of the budgets, the least first. Pure. */
export function budgetsOf(counted: readonly Counted[]): readonly Budget[] {
  const budgets = counted.map((each) => {
    const { success, total, failed } = each;
    const good = total > 0 ? Math.max(0, 1 - failed / total) : undefined;
    return { ...each, good, left: total > 0 ? 1 - failed / total / (1 - success) : 1 };
  });
  return budgets.toSorted((a, b) => a.left - b.left || a.operation.localeCompare(b.operation));
}
