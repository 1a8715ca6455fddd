/** Waiting for what nobody tells us of: the one place where these tests look at the clock. */

const LOOK_EVERY_MS = 50;

/**
 * Looks until `look` returns something other than `undefined`, and returns that. After `withinMs` it throws, with what
 * `describe` says of the state then.
 */
export async function until<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
  options: { readonly withinMs?: number; readonly describe?: () => unknown | Promise<unknown> } = {},
): Promise<T> {
  const { withinMs = 20_000, describe } = options;
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) {
      const state = describe === undefined ? "" : `: ${JSON.stringify(await describe())}`;
      throw new Error(`waited ${withinMs} ms until ${what}${state}`);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** `until` for something that is true or not. */
export async function untilTrue(
  what: string,
  look: () => boolean | Promise<boolean>,
  options: { readonly withinMs?: number; readonly describe?: () => unknown | Promise<unknown> } = {},
): Promise<void> {
  await until(what, async () => ((await look()) ? true : undefined), options);
}
