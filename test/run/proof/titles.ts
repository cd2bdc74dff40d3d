import type { Renames } from "./renames.ts";

/** Titles, or parts of them, that say the same in other words than at 7577230. */
export const titles: Renames["titles"] = {
  "examples/start/notes.test.ts": {
    "another author's note gets the response of one that does not exist": "another's note is answered as one that does not exist",
  },
  "test/app/supervisor.test.ts": {
    "knows whose bug was thrown by a promise that is not awaited, answers what runs and ends with 1":
      "knows whose bug was thrown by a promise that nobody awaits, answers what runs and ends with 1",
  },
  "test/auth/attacks.test.ts": {
    "refuses a token: bits that are not read": "refuses a token: bits that nobody reads",
  },
  "test/auth/jwt.test.ts": {
    "takes tenant and roles from the claims that it is given": "takes tenant and roles from the claims that it is told",
  },
  "test/auth/password.test.ts": {
    "says no for an unknown account, even for the password that the stand-in would accept":
      "says no for nobody, even for the password that the stand-in would accept",
    "do the same work whether or not the account exists": "do the same work for nobody as for somebody",
  },
  "test/core/config.test.ts": {
    "keeps every value when one is refused, says why once, and takes the fixed content":
      "keeps every value when one is refused, says why once, and takes the mended content",
  },
  "test/core/cpu.test.ts": {
    "returns faults as faults and bugs as errors, and keeps the thread":
      "gives back faults as faults and bugs as errors, and keeps the thread",
  },
  "test/core/intrusive-set.test.ts": {
    "an entry of one set is not deleted from another": "an entry of one roster is not deleted from another",
    "a set holds what a set would hold": "a roster holds what a set would hold",
  },
  "test/crash/lab.test.ts": {
    "runs as many as it is asked to, chosen by the seed": "runs as many as it is told, chosen by the seed",
  },
  "test/crash/wire.test.ts": {
    "leaves an abandoned client without a peer,": "leaves an abandoned client with nobody to talk to,",
  },
  "test/e2e/http-admission.test.ts": {
    "refuses nothing in measure mode, keeps no caller waiting, and reports what it would have refused":
      "refuses nothing in measure mode, keeps nobody waiting, and reports what it would have refused",
    "refuses at once where no caller may wait": "refuses at once where nobody may wait",
  },
  "test/e2e/http-bodies.test.ts": {
    "refuses a compressed body, which would not be unpacked": "refuses a compressed body, which nobody would unpack",
  },
  "test/e2e/http-containment.test.ts": {
    "does not let a subscriber that throws harm the answer, nor the process": "does not let a subscriber that throws harm the answer",
  },
  "test/e2e/http-deadlines.test.ts": {
    "gives an aborted signal to a handler that reads it only after the deadline":
      "gives an aborted signal to whoever reads it only after the deadline",
  },
  "test/e2e/http-registry.test.ts": {
    "is reported all at once": "is told all at once",
    "a key without an owner": "a key of nobody",
  },
  "test/e2e/http-tokens.test.ts": {
    "refuses a token for another audience at /own": "refuses a token for somebody else at /own",
    "refuses a token for another audience at /open": "refuses a token for somebody else at /open",
    "serves a public operation to a caller without a token": "serves a public operation to whoever brings no token",
    "for another audience": "for somebody else",
  },
  "test/e2e/package/package.test.ts": {
    "an old Node learns which one is needed, whichever door is opened first":
      "an old Node is told which one is needed, whichever door is opened first",
    "without the embedded PostgreSQL installed": "without the embedded Postgres installed",
  },
  "test/e2e/shop/catalog.test.ts": {
    "lets administrators make products, and no other user": "lets administrators make products, and nobody else",
  },
  "test/e2e/shop/crunch.test.ts": {
    "is for customers who give a key; any signed-in user may count": "is for customers who give a key; whoever signed in may count",
  },
  "test/e2e/shop/identity.test.ts": {
    "signs in a user who knows the password, however the address is spelled":
      "signs in whoever knows the password, however the address is spelled",
    "reveals no password, not even hashed": "tells nobody a password, not even hashed",
    "takes as long for an unknown user as for a known one": "takes as long for nobody as for somebody",
  },
  "test/e2e/shop/isolation.test.ts": {
    "what belongs to another": "what belongs to somebody else",
  },
  "test/e2e/shop/orders.test.ts": {
    "never sells what is not there, however many come at once": "never sells what is not there, whoever comes at once",
  },
  "test/e2e/shop/receipts.test.ts": {
    'has no header of a user named "Ben\\r\\nBcc: everybody@acme.example"':
      'has no header of somebody named "Ben\\r\\nBcc: everybody@acme.example"',
    'has no header of a user named "Ben <other@acme.example>,"': 'has no header of somebody named "Ben <other@acme.example>,"',
    'has no header of a user named "=?utf-8?B?Qg==?="': 'has no header of somebody named "=?utf-8?B?Qg==?="',
    'has no header of a user named "Ben\\nBcc: x"': 'has no header of somebody named "Ben\\nBcc: x"',
    "are mailed to the customer who placed an order, one for each": "are mailed to whoever placed an order, one for each",
    'has no header of a user named "\\""': 'has no header of somebody named "\\""',
    "can be read again, whatever is said in it and for any recipient": "can be read again, whatever is said in it and whoever gets it",
  },
  "test/integration/embedded/refusals.test.ts": {
    "what PostgreSQL says before it gives up": "what Postgres says before it gives up",
    'is reported as postgres_port_taken: LOG:  could not bind IPv4 address "127.0.0.1": Address already in use':
      'is told as postgres_port_taken: LOG:  could not bind IPv4 address "127.0.0.1": Address already in use',
    'is reported as postgres_no_loopback: LOG:  could not bind IPv4 address "127.0.0.1": Cannot assign requested address':
      'is told as postgres_no_loopback: LOG:  could not bind IPv4 address "127.0.0.1": Cannot assign requested address',
    "is reported as postgres_busy: FATAL:  pre-existing shared memory block (key 16039946, ID 17) is still in use":
      "is told as postgres_busy: FATAL:  pre-existing shared memory block (key 16039946, ID 17) is still in use",
    "is reported as postgres_library: postgres: error while loading shared libraries: libxml2.so.2: cannot open shared object file":
      "is told as postgres_library: postgres: error while loading shared libraries: libxml2.so.2: cannot open shared object file",
    'is reported as postgres_disk_full: FATAL:  could not write lock file "postmaster.pid": No space left on device':
      'is told as postgres_disk_full: FATAL:  could not write lock file "postmaster.pid": No space left on device',
    'is reported as postgres_port_refused: LOG:  could not bind IPv4 address "127.0.0.1": Permission denied':
      'is told as postgres_port_refused: LOG:  could not bind IPv4 address "127.0.0.1": Permission denied',
    "is reported as postgres_data_broken: PANIC:  could not locate a valid checkpoint record at 0/174B3E8":
      "is told as postgres_data_broken: PANIC:  could not locate a valid checkpoint record at 0/174B3E8",
    "is reported as postgres_memory: FATAL:  could not map anonymous shared memory: Cannot allocate memory":
      "is told as postgres_memory: FATAL:  could not map anonymous shared memory: Cannot allocate memory",
    'is reported as postgres_busy: FATAL:  lock file "postmaster.pid" already exists':
      'is told as postgres_busy: FATAL:  lock file "postmaster.pid" already exists',
    "is reported as postgres_version: FATAL:  database files are incompatible with server":
      "is told as postgres_version: FATAL:  database files are incompatible with server",
    "is reported as postgres_root: initdb: error: cannot be run as root": "is told as postgres_root: initdb: error: cannot be run as root",
    "is reported also when a program cannot even be run": "is told also when a program cannot even be run",
    "is reported as postgres_not_started: FATAL:  something new": "is told as postgres_not_started: FATAL:  something new",
    "is reported as postgres_not_started: (nothing)": "is told as postgres_not_started: (nothing)",
    "is reported as ": "is told as ",
    "is reported also": "is told also",
  },
  "test/integration/embedded/sharing.test.ts": {
    "leave the server running when asked to, and adopt it later": "leave the server running when told to, and adopt it later",
    "is held by one at a time when it was left by a process that ended": "is held by one at a time when it was left by a dead process",
    "of a running server is not changed under its users, but is when no process uses it":
      "of a running server is not changed under its users, but is when nobody uses it",
    "of the last time is left to the process that has it now": "of the last time is left to whoever has it now",
    "the number of an ended server that another process has now deceives no launcher":
      "the number of a dead server that somebody else has now deceives nobody",
    "leave the server running when asked to": "leave the server running when told to",
    "is left to the process that has it now": "is left to whoever has it now",
    "but is when no process uses it": "but is when nobody uses it",
    "left by a process that ended": "left by a dead process",
  },
  "test/integration/embedded/start.test.ts": {
    "as root, runs the server as an account without rights": "as root, runs the server as nobody",
    "runs the server as an account without rights": "runs the server as nobody",
  },
  "test/integration/migrate.test.ts": {
    "goes past a pooler where it is given the way": "goes past a pooler where it is told how",
    "goes on when it is fixed": "goes on when it is mended",
    "while another session holds a lock": "while somebody holds a lock",
    "waits no longer than it was asked to for another process": "waits no longer than it was told for another process",
  },
  "test/integration/migration-files.test.ts": {
    "returns every statement": "gives back every statement",
  },
  "test/integration/pool.test.ts": {
    "connections to PostgreSQL": "connections to Postgres",
  },
  "test/integration/postgres-faults.test.ts": {
    "PostgreSQL that fails": "Postgres that fails",
  },
  "test/integration/schedules.test.ts": {
    "wait for no other: a schedule that another process holds is left to it, and taken once it is gone":
      "wait for nobody: a schedule that somebody holds is left to them, and taken once they are gone",
    "tell the process that fires them why it may not": "tell whoever fires them why they may not",
    "forget what no process has declared": "forget what nobody has declared",
  },
  "test/integration/statements.test.ts": {
    "are reported by their own error": "are told by their own error",
    "are prepared again where": "are prepared anew where",
  },
  "test/integration/transaction.test.ts": {
    "resolves a commit whose response was lost": "resolves a commit whose answer was lost",
    "is returned as it was kept, where only the response was lost": "is told as it was kept, where only the answer was lost",
    "the reply of a caller that finished": "the reply of somebody who finished",
    "whose connection is half-open": "whose connection is half-dead",
  },
  "test/integration/uncommitted.test.ts": {
    "it is reported as any other": "it is told as any other",
    "is distinguished from what may have been committed": "is told apart from what may have been committed",
  },
  "test/locks/locks.test.ts": {
    "back, stay with their holder; and are free after a lease where that is lost":
      "back, stay with their holder; and are free after a lease where that is dead",
    "and no reply comes, are given up before another has them": "and told nothing, are given up before another has them",
    "and are reported as lost, are given up before another has them": "and told so, are given up before another has them",
    "are refused at once to a caller that does not want to wait": "are refused at once to whoever does not want to wait",
  },
  "test/pipeline/cursor.test.ts": {
    "returns the position that was sealed, whatever JSON can say": "gives back the position that was sealed, whatever JSON can say",
  },
  "test/resilience/memory-rates.test.ts": {
    "does not let a busy key start again by cycling other keys": "does not let a busy key start anew by cycling other keys",
  },
  "test/schedules/cron-property.test.ts": {
    "is due as a walk from minute to minute does, across every kind of change":
      "ticks as a walk from minute to minute does, across every kind of change",
  },
  "test/schedules/scheduler.test.ts": {
    "declares again what was removed, and fires nothing once it stops":
      "declares again what somebody removed, and fires nothing once it stops",
    "misses nothing from before it was declared, or while it had another rule":
      "misses nothing from before it was declared, or while it ticked by another rule",
    "leaves a schedule alone to which a later version gave another rule, until that version is gone":
      "leaves a schedule alone that a later version ticks by another rule, until that is gone",
    "makes up for what was missed while no process ran": "makes up for what was missed while nobody was there",
  },
  "test/surface/openapi.test.ts": {
    "of one status are distinguished; where a module says what the platform also says, either may come":
      "of one status are told apart; where a module says what the platform also says, either may come",
  },
  "test/tasks/claim-floor.test.ts": {
    "is down where several fairness keys are served": "is down where several lanes are served",
  },
  "test/tasks/commit.test.ts": {
    "are of the system, on behalf of the caller that started it, in their trace":
      "are of the system, on behalf of whoever started it, in their trace",
    "changes nothing once another worker has the task": "changes nothing once somebody else has the task",
  },
  "test/tasks/control.test.ts": {
    "an operator of tasks": "whoever looks after tasks",
    "and the regular look finds what is started; later it is notified again":
      "and the regular look finds what is started; later it is told again",
    "which releases at once what it has not begun, and finishes what it has":
      "which gives back at once what it has not begun, and finishes what it has",
  },
  "test/tasks/dead-letters.test.ts": {
    "are requeued": "are revived",
    "are made at once of an input that no longer matches, and hold no other up":
      "are made at once of an input that no longer matches, and hold nobody up",
    "are made of a context that cannot be read, which holds no other up":
      "are made of a context that nobody can read, which holds nobody up",
  },
  "test/tasks/fairness.test.ts": {
    "with a limit per key": "with a limit per lane",
    "within a key, and by age within a priority": "within a lane, and by age within a priority",
    "but no key starves: each step is worth a minute": "but nobody starves: each step is worth a minute",
    "are served key by key": "are served lane by lane",
    "with 1 at once, also one that comes while a long key is served": "with 1 at once, also one that comes while a long lane is served",
    "with 4 at once, also one that comes while a long key is served": "with 4 at once, also one that comes while a long lane is served",
    "come key by key as well": "come lane by lane as well",
    "with 1 at once: the one of another key waits for no long key": "with 1 at once: the one of another lane waits for no long lane",
    "with 2 at once: the one of another key waits for no long key": "with 2 at once: the one of another lane waits for no long lane",
    "with 10 at once: the one of another key waits for no long key": "with 10 at once: the one of another lane waits for no long lane",
    "with 100 at once: the one of another key waits for no long key": "with 100 at once: the one of another lane waits for no long lane",
    "past keys whose tasks have no slot": "past lanes whose tasks have no slot",
    "hold no key up behind any number of full keys": "hold nobody up behind any number of full lanes",
  },
  "test/tasks/handover.test.ts": {
    "releases, as it stops, what it was handed and has not begun": "gives back, as it stops, what it was handed and has not begun",
    "waits for a claim where no worker serves its queue": "waits for a claim where nobody serves its queue",
    "waits for a claim where fairness keys are limited": "waits for a claim where lanes are limited",
    "releases what was sent while it did not listen, and does it then": "gives back what was said while it did not hear, and does it then",
  },
  "test/tasks/leases.test.ts": {
    "takes itself for lost before others do when it cannot reach the database for a lease":
      "takes itself for dead before others do when it cannot reach the database for a lease",
    "releases what a claim takes that is on its way while it leaves": "gives back what a claim takes that is on its way while it leaves",
    "cannot dead-letter its task: another has it": "cannot bury its task: another has it",
    "and a task that took too many with it becomes a dead letter, and its key is free":
      "and a task that took too many with it is buried, and its key is free",
    "and one that was done in between restarts the count": "and one that was done in between begins to count anew",
    "learns so from a claim too": "is told so by a claim too",
  },
  "test/tasks/outcome.test.ts": {
    "the outcome of a task": "what becomes of a task",
    "is released where it cannot be written, and holds up no other that ended at the same time":
      "is given back where it cannot be written, and holds up nobody who ended at the same time",
  },
  "test/tasks/partitions.test.ts": {
    "fills a free partition and keeps the old one while a session reads it, and asks again later":
      "fills a free slot and keeps the old one while somebody reads it, and asks again later",
    "keeps what is written by a session that saw the partition before it was left":
      "keeps what is written by somebody who saw the slot before it was left",
  },
  "test/tasks/settler.test.ts": {
    "a worker that had a task gets the very task that it gave": "whoever had a task is told of the very task that it gave",
    "once it is deadLettered": "once it is buried",
  },
  "test/tasks/worker.test.ts": {
    "a worker that is notified again and again that something is due": "a worker that is told again and again that something is due",
  },
  "test/telemetry/logs.test.ts": {
    "tenants and actors are written by policy": "tenants and actors are told by policy",
  },
  "test/telemetry/otlp.test.ts": {
    "a collector that hangs blocks no execution: the queue fills, the rest is counted, the attempt times out":
      "a collector that hangs blocks nobody: the queue fills, the rest is counted, the attempt times out",
    "a trace that is not sampled is exported when it failed or was slow, and only then":
      "what nobody sampled is exported when it failed or was slow, and only then",
  },
  "test/telemetry/prometheus.test.ts": {
    "each part of the app registers what it shows, and stops showing it":
      "whoever has something to show registers it, and stops showing it",
  },
  "test/types/types.test.ts": {
    "a task is started, not called: no caller waits for it": "a task is started, not called: nobody waits for it",
    "the fairness key is worked out from the input": "the lane is worked out from the input",
    "what an occurrence starts has the input of its task": "what a tick starts has the input of its task",
    "no caller waits for what it returns": "nobody waits for what it returns",
    "and calls no outside service": "and calls nobody outside",
    "no role at all would admit no actor": "no role at all would let nobody in",
    "with an actor, the actor scopes the key": "where somebody signs in, the actor scopes the key",
    "no caller calls it, so it needs no access": "nobody asks for it, so nobody needs access",
    "there is no actor to own the key": "nobody signed in, so nobody owns the key",
  },
};
