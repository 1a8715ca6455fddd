/**
 * What a command that runs until it is stopped is told to stop by: SIGTERM, SIGINT, or the end of whoever started it,
 * `atoll cluster` or npm, of which `disconnect` tells.
 */

/** A signal so soon after the first is the same one: a terminal sends ctrl-C to npm and to us, and npm passes it on. */
const SAME_SIGNAL_MS_MAX = 500;

export interface StopRequest {
  readonly requested: Promise<void>;
  isRequested(): boolean;
}

export interface StopHandlers {
  /** The first request, in words. */
  readonly first?: (reason: string) => void;
  /** A signal from somebody who does not want to wait any longer. */
  readonly again: (signal: "SIGTERM" | "SIGINT") => void;
}

export function listenForStop(handlers: StopHandlers): StopRequest {
  let requestedAt: number | undefined;
  const requested = new Promise<void>((resolve) => {
    const stop = (reason: string) => {
      if (requestedAt !== undefined) return;
      requestedAt = performance.now();
      handlers.first?.(reason);
      resolve();
    };
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.on(signal, () => {
        if (requestedAt === undefined) stop(signal);
        else if (performance.now() - requestedAt > SAME_SIGNAL_MS_MAX) handlers.again(signal);
      });
    }
    process.once("disconnect", () => stop("whoever started this has ended"));
  });
  return { requested, isRequested: () => requestedAt !== undefined };
}
