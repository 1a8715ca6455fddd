/**
 * Between two events of the simulation every promise continuation that the first one caused must have run: otherwise
 * virtual time would move on in the middle of an `async` function, and by how much would depend on the number of its
 * awaits. Two ways give that same order:
 *
 * - `inTurn`: Node keeps the function that it runs its own microtask queue with on `process._tickCallback`. Called from
 *   a macrotask it runs everything that is due, in 25 ns when nothing is. Called from a microtask it would do nothing,
 *   so the world calls it from `setImmediate` only, and checks once a slice that it still works.
 * - `yielding`: where that function is missing, each event gets a macrotask of its own (about 1.2 us).
 */

export type Drain = { readonly type: "inTurn"; readonly run: () => void } | { readonly type: "yielding" };

interface WithTickCallback {
  readonly _tickCallback?: () => void;
}

/** The fastest drain that works. To be called from a macrotask. */
export function chooseDrain(): Drain {
  const tick = (process as unknown as WithTickCallback)._tickCallback;
  if (typeof tick !== "function") return { type: "yielding" };
  const run = tick.bind(process);
  let depth = 0;
  const probe = async (): Promise<void> => {
    for (; depth < 3; depth++) await undefined;
  };
  void probe();
  run();
  return depth === 3 ? { type: "inTurn", run } : { type: "yielding" };
}
