/**
 * The share of arrivals that find all servers taken and leave, of a station without a queue.
 * *Source*: A. K. Erlang (1917), M/M/c/c, by its recursion, which neither overflows nor loses digits.
 */
export function erlangB(servers: number, offered: number): number {
  let blocked = 1;
  for (let count = 1; count <= servers; count++) blocked = (offered * blocked) / (count + offered * blocked);
  return blocked;
}

/**
 * The share of arrivals that wait, of a station with so many servers and an endless queue: 1 where it cannot keep up.
 * *Units*: `offered` is the arrival rate times the service time. *Source*: A. K. Erlang (1917), M/M/c.
 */
export function erlangC(servers: number, offered: number): number {
  return waitOf(servers, offered, erlangB(servers, offered));
}

function waitOf(servers: number, offered: number, blocked: number): number {
  return offered >= servers ? 1 : (servers * blocked) / (servers - offered * (1 - blocked));
}

/** The fewest servers with which at most that share of the arrivals waits. *Bounds*: `share` above 0. */
export function serversFor(offered: number, share: number): number {
  let blocked = 1;
  for (let count = 1; ; count++) {
    blocked = (offered * blocked) / (count + offered * blocked);
    if (count > offered && waitOf(count, offered, blocked) <= share) return count;
  }
}
