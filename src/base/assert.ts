/** Assertions that stay on in production: a failed one is our bug, never the world's or the caller's. */

/** Throws an error whose message begins `BUG:` unless `condition` holds. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`BUG: ${message}`);
}

/** Closes a `switch` over a union: the compiler refuses a missing arm, and at run time an impossible value is our bug. */
export function assertNever(value: never): never {
  throw new Error(`BUG: unexpected value ${JSON.stringify(value)}`);
}
