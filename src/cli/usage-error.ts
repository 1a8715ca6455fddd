/** A mistake in what was typed or configured: one line on stderr, exit code 2, nothing started. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}
