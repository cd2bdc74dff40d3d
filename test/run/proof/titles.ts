import type { Renames } from "./renames.ts";

/** Titles, or parts of them, that say the same in other words than at 7577230. */
export const titles: Renames["titles"] = {
  "*": { PostgreSQL: "Postgres" },
  "examples/start/notes.test.ts": {
    "another author's note gets the response of one that does": "another's note is answered as one that does",
  },
  "test/app/supervisor.test.ts": {
    "a promise that is not awaited, answers what runs": "a promise that nobody awaits, answers what runs",
  },
  "test/auth/attacks.test.ts": {
    "refuses a token: bits that are not read": "refuses a token: bits that nobody reads",
  },
  "test/auth/jwt.test.ts": {
    "takes tenant and roles from the claims that it is given": "takes tenant and roles from the claims that it is told",
  },
  "test/auth/password.test.ts": {
    "says no for an unknown account, even for the": "says no for nobody, even for the",
    "do the same work whether or not the account exists": "do the same work for nobody as for somebody",
  },
  "test/core/config.test.ts": {
    "and takes the fixed content": "and takes the mended content",
  },
  "test/core/cpu.test.ts": {
    "returns faults as faults": "gives back faults as faults",
  },
  "test/core/intrusive-set.test.ts": {
    "an entry of one set is not deleted from another": "an entry of one roster is not deleted from another",
    "a set holds what a set would hold": "a roster holds what a set would hold",
  },
  "test/crash/lab.test.ts": {
    "a commit whose tag is not read": "a commit whose tag nobody read",
    "runs as many as it is asked to, chosen by the seed": "runs as many as it is told, chosen by the seed",
  },
  "test/crash/wire.test.ts": {
    "leaves an abandoned client without a peer,": "leaves an abandoned client with nobody to talk to,",
  },
  "test/e2e/http-admission.test.ts": {
    "measure mode, keeps no caller waiting, and reports": "measure mode, keeps nobody waiting, and reports",
    "refuses at once where no caller may wait": "refuses at once where nobody may wait",
  },
  "test/e2e/http-bodies.test.ts": {
    "bodies that come before the caller is known": "bodies that come before anybody knows who sends them",
    "refuses a compressed body, which would not be unpacked": "refuses a compressed body, which nobody would unpack",
  },
  "test/e2e/http-deadlines.test.ts": {
    "aborted signal to a handler that reads it only": "aborted signal to whoever reads it only",
  },
  "test/e2e/http-registry.test.ts": {
    "is reported all at once": "is told all at once",
    "a key without an owner": "a key of nobody",
  },
  "test/e2e/http-tokens.test.ts": {
    "serves a public operation to a caller without a token": "serves a public operation to whoever brings no token",
    "for another audience": "for somebody else",
  },
  "test/e2e/http/slots.test.ts": {
    "first come first served, and none leaks": "first come first served, and none leaks (enforce)",
  },
  "test/e2e/package/package.test.ts": {
    "an old Node learns which one is": "an old Node is told which one is",
  },
  "test/e2e/shop/catalog.test.ts": {
    "lets administrators make products, and no other user": "lets administrators make products, and nobody else",
  },
  "test/e2e/shop/crunch.test.ts": {
    "tells every user of a batch": "tells everybody of a batch",
    "give a key; any signed-in user may count": "give a key; whoever signed in may count",
  },
  "test/e2e/shop/identity.test.ts": {
    "signs in a user who knows the password,": "signs in whoever knows the password,",
    "and any user's for an administrator": "and anybody's for an administrator",
    "lets a user act for their own account, and administrators for every account":
      "lets everybody answer for oneself, and administrators for everybody",
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
    "of a user named": "of somebody named",
    "Bcc: all@acme.example": "Bcc: everybody@acme.example",
    "of a user who is gone are given up, and hold no other up": "of somebody who is gone are given up, and hold nobody else up",
    "are mailed to the customer who placed an order,": "are mailed to whoever placed an order,",
    "in it and for any recipient": "in it and whoever gets it",
  },
  "test/integration/embedded/refusals.test.ts": {
    "is reported as ": "is told as ",
    "is reported also": "is told also",
  },
  "test/integration/embedded/sharing.test.ts": {
    "server running when asked to, and adopt": "server running when told to, and adopt",
    "left by a process that ended": "left by a dead process",
    "but is when no process uses it": "but is when nobody uses it",
    "the number of an ended server that another process has now deceives no launcher":
      "the number of a dead server that somebody else has now deceives nobody",
    "leave the server running when asked to": "leave the server running when told to",
    "is left to the process that has it now": "is left to whoever has it now",
  },
  "test/integration/embedded/start.test.ts": {
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
    "where that is lost": "where that is dead",
    "and no reply comes, are given up before another has them": "and told nothing, are given up before another has them",
    "and are reported as lost, are given up": "and told so, are given up",
    "are refused at once to a caller that does not want to wait": "are refused at once to whoever does not want to wait",
  },
  "test/pipeline/cursor.test.ts": {
    "returns the position that": "gives back the position that",
  },
  "test/resilience/memory-rates.test.ts": {
    "busy key start again by cycling other": "busy key start anew by cycling other",
  },
  "test/schedules/cron-property.test.ts": {
    "is due as a walk": "ticks as a walk",
  },
  "test/schedules/scheduler.test.ts": {
    "declares again what was removed, and fires": "declares again what somebody removed, and fires",
    "or while it had another rule": "or while it ticked by another rule",
    "a schedule alone to which a later version gave another rule, until that version is gone":
      "a schedule alone that a later version ticks by another rule, until that is gone",
    "makes up for what was missed while no process ran": "makes up for what was missed while nobody was there",
  },
  "test/surface/openapi.test.ts": {
    "one status are distinguished; where a module": "one status are told apart; where a module",
  },
  "test/tasks/claim-floor.test.ts": {
    "is down where several fairness keys are served": "is down where several lanes are served",
  },
  "test/tasks/commit.test.ts": {
    "on behalf of the caller that started it, in": "on behalf of whoever started it, in",
    "changes nothing once another worker has the task": "changes nothing once somebody else has the task",
  },
  "test/tasks/control.test.ts": {
    "an operator of tasks": "whoever looks after tasks",
    "later it is notified again": "later it is told again",
    "which releases at once what": "which gives back at once what",
  },
  "test/tasks/dead-letters.test.ts": {
    "are requeued": "are revived",
    "matches, and hold no other up": "matches, and hold nobody up",
    "a context that cannot be read, which holds no other up": "a context that nobody can read, which holds nobody up",
  },
  "test/tasks/fairness.test.ts": {
    "per key": "per lane",
    "a key,": "a lane,",
    "no key starves": "nobody starves",
    "key by key": "lane by lane",
    "a long key": "a long lane",
    "of another key": "of another lane",
    "no long key": "no long lane",
    "past keys": "past lanes",
    "hold no key up behind any number of full keys": "hold nobody up behind any number of full lanes",
  },
  "test/tasks/handover.test.ts": {
    "releases, as it stops,": "gives back, as it stops,",
    "waits for a claim where no worker serves its queue": "waits for a claim where nobody serves its queue",
    "waits for a claim where fairness keys are limited": "waits for a claim where lanes are limited",
    "releases what was sent while it did not listen, and does it": "gives back what was said while it did not hear, and does it",
  },
  "test/tasks/leases.test.ts": {
    "takes itself for lost before others do": "takes itself for dead before others do",
    "releases what a claim": "gives back what a claim",
    "cannot dead-letter its task: another has it": "cannot bury its task: another has it",
    "many with it becomes a dead letter, and its key": "many with it is buried, and its key",
    "and one that was done in between restarts the count": "and one that was done in between begins to count anew",
    "learns so from a claim too": "is told so by a claim too",
  },
  "test/tasks/outcome.test.ts": {
    "the outcome of a task": "what becomes of a task",
    "is released where it cannot be written, and holds up no other that ended at the":
      "is given back where it cannot be written, and holds up nobody who ended at the",
  },
  "test/tasks/partitions.test.ts": {
    "fills a free partition and keeps the old one while a session reads it, and":
      "fills a free slot and keeps the old one while somebody reads it, and",
    "is written by a session that saw the partition before it was": "is written by somebody who saw the slot before it was",
  },
  "test/tasks/settler.test.ts": {
    "a worker that had a task gets the very task": "whoever had a task is told of the very task",
    "once it is deadLettered": "once it is buried",
  },
  "test/tasks/worker.test.ts": {
    "worker that is notified again and again": "worker that is told again and again",
  },
  "test/telemetry/logs.test.ts": {
    "tenants and actors are written by policy": "tenants and actors are told by policy",
  },
  "test/telemetry/otlp.test.ts": {
    "that hangs blocks no execution: the queue fills,": "that hangs blocks nobody: the queue fills,",
    "a trace that is not sampled is exported": "what nobody sampled is exported",
  },
  "test/telemetry/prometheus.test.ts": {
    "each part of the app registers what it shows, and stops showing": "whoever has something to show registers it, and stops showing",
  },
  "test/types/types.test.ts": {
    "the compiler refuses what refused.ts has": "the compiler refuses",
    "what happens with missed occurrences is one of three words": "a tick is there, or missed",
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
