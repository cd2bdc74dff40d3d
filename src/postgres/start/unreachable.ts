import { Fault } from "../../core/fault.ts";
import { databaseFault } from "../faults.ts";

/** What the driver throws where it cannot connect. */
interface Refusal {
  readonly code?: unknown;
  readonly message?: unknown;
}

/** What to do where the server, or the way to it, refused: the first that fits. */
const advice: readonly [code: RegExp, message: RegExp, next: string][] = [
  [/^28P01$/, /./, "Check the user and the password in the address."],
  [
    /./,
    /client password must be a (?:non-empty )?string/i,
    "The server asks for a password: write it into the address, as in postgres://user:password@host/database.",
  ],
  [
    /^28000$/,
    /no encryption|SSL off/i,
    "pg_hba.conf of the server has no line that admits this user without encryption. Add ?sslmode=verify-full to the address, or add such a line.",
  ],
  [
    /^28000$/,
    /pg_hba\.conf/i,
    "Add a line for this user, database and network to pg_hba.conf of the server, and reload it; or connect as it allows.",
  ],
  [/^28000$/, /not permitted to log in/i, "Allow the role to log in (alter role … login), or write another role into the address."],
  [/^28000$/, /does not exist/i, "Create the role (create role … login password '…'), or check the user in the address."],
  [/^28000$/, /./, "Check the user in the address, and how pg_hba.conf of the server admits it."],
  [/^3D000$/, /./, "Create the database (create database …), or check its name in the address."],
  [/^42501$/, /for database/i, "Allow the role to connect: grant connect on database … to …."],
  [/^55000$/, /not currently accepting/i, "Open the database (alter database … allow_connections true), or check its name in the address."],
  [
    /^53300$/,
    /connections for role/i,
    "Raise the limit of the role (alter role … connection limit …), or lower connections: each process holds that many, and some more.",
  ],
  [
    /^53300$/,
    /connections for database/i,
    "Raise the limit of the database (alter database … connection limit …), or lower connections: each process holds that many, and some more.",
  ],
  [
    /^53300$/,
    /./,
    "All connections of the server are in use. Raise max_connections, lower connections (each process holds that many, and some more), or put a pooler in front.",
  ],
  [/^57P03$/, /shutting down/i, "Start the server again, and then the app."],
  [/^57P03$/, /./, "The server will accept connections soon (pg_isready shows when). Start the app again then."],
  [/^57P0[12]$/, /./, "The server is stopping. Start it again, and then the app."],
  [
    /./,
    /does not support SSL/i,
    "Switch ssl on at the server. If the network between is yours alone, write ?sslmode=disable into the address.",
  ],
  [
    /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(?:VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT(?:_LOCALLY)?)|CERT_\w+|ERR_TLS_\w+)$/,
    /./,
    "This process does not trust the server's certificate for this host: name its authority (sslrootcert=… in the address, or NODE_EXTRA_CA_CERTS), and check the host.",
  ],
];

const elsewhere = "Check the host, port, database and password in the address (DATABASE_URL), and that the server runs.";

/** A start that failed for the way to the database says what happened and what to do; any other failure stays what it is. */
export function unreachable(error: unknown): unknown {
  const cause = (error instanceof Fault ? error.cause : error) as Refusal | undefined;
  const fault = databaseFault(error);
  const [code, message] = [String(cause?.code ?? ""), String(cause?.message ?? "")];
  const next = cause === undefined ? undefined : advice.find(([codes, words]) => codes.test(code || "-") && words.test(message))?.[2];
  // A migration that is refused says so itself.
  const isRefused = (next !== undefined || code === "ERR_INVALID_URL") && (!(error instanceof Fault) || error.code === "unavailable");
  const isAway = fault instanceof Fault && fault.code === "unavailable" && cause !== undefined;
  if (!isRefused && !isAway) return error;
  const answered = next !== undefined && code.length === 5;
  return new Fault({
    code: "unavailable",
    type: "database_unreachable",
    message: answered
      ? `PostgreSQL refuses the connection: ${message}. ${next}`
      : `PostgreSQL cannot be reached at the given address: ${message || code}. ${next ?? elsewhere}`,
    // What cannot be read as an address is not repeated: it may hold the password.
    ...(code !== "ERR_INVALID_URL" && { cause }),
  });
}
