/** Deadlines by a wall clock, which may be put back at any time. */

/** True once `dueAt` is reached, and also when it is farther off than anybody waits: the clock was put back since. */
export function isDue(deadline: { readonly dueAt: number; readonly waitMaxMs: number }, now: number): boolean {
  return now >= deadline.dueAt || deadline.dueAt - now > deadline.waitMaxMs;
}
