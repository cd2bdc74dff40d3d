import type { Operations } from "../project/operations.ts";
import type { Project } from "../project/project.ts";

/** What every rule is given. */
export interface Context {
  readonly project: Project;
  readonly operations: Operations;
  /** Whether a package reaches the network. */
  readonly reachesNetwork: (specifier: string) => boolean;
  /** Whether a package is one that a domain does not import. */
  readonly reachesOutward: (specifier: string) => boolean;
  /** The folder of the project, by which tests outside of it import its files. */
  readonly root: string;
}
