const loopback = /^(?:localhost|.+\.localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/i;

/** Whether a host is this machine, as far as its name says. */
export function isLoopback(host: string): boolean {
  return loopback.test(host);
}
