import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Builds the package of this very checkout, where what is measured is what would be published. */
export function buildPackage(): void {
  execFileSync("npm", ["run", "build", "--silent"], { cwd: fileURLToPath(new URL("../..", import.meta.url)), stdio: ["ignore", 2, 2] });
}
