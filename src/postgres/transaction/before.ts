import type { BeforeCommit, Statement } from "../../operation/transaction.ts";
import type { Connection } from "../connection.ts";

/** Does one after the other what is to be done before a commit. Returns what they put in front of its flight. */
export async function prepared(works: readonly BeforeCommit[], connection: Connection): Promise<readonly Statement[]> {
  const first: Statement[] = [];
  for (const work of works) first.push(...(await work((statement) => connection.send(statement))));
  return first;
}
