/** How long a script may run, as `CONFIG` shows and sets it: under both names that Redis has for it. */

import type { Setting } from "./extension.ts";

const TIME_LIMIT_MS_MAX = 10_000;

export function scriptSettings(scripts: { timeLimitMs: number }): Readonly<Record<string, Setting>> {
  const setting: Setting = {
    get: () => String(scripts.timeLimitMs),
    set(value) {
      const ms = /^\d{1,9}$/.test(value) ? Number(value) : 0;
      if (ms < 1 || ms > TIME_LIMIT_MS_MAX) return `argument must be between 1 and ${TIME_LIMIT_MS_MAX} inclusive`;
      scripts.timeLimitMs = ms;
      return undefined;
    },
  };
  return { "lua-time-limit": setting, "busy-reply-threshold": setting };
}
