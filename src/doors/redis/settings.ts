/** What `CONFIG` shows, for clients that look before they begin. Most of it is as it is. */

import type { CommandStore } from "../../command-store.ts";
import type { Extension, Setting } from "./extension.ts";
import { memoryPolicyOf } from "./info.ts";

const DATABASES = 16;

export function settingsOf(
  store: CommandStore,
  port: () => number,
  extensions: readonly Extension[],
): ReadonlyMap<string, Setting> {
  const own: Readonly<Record<string, Setting>> = {
    appendonly: { get: () => (store.facts().isPersistent ? "yes" : "no") },
    databases: { get: () => String(DATABASES) },
    maxmemory: {
      get: () => {
        const { memoryBytesMax } = store.facts();
        return Number.isFinite(memoryBytesMax) ? String(Math.round(memoryBytesMax)) : "0";
      },
    },
    "maxmemory-policy": { get: () => memoryPolicyOf(store.facts()) },
    port: { get: () => String(port()) },
    save: { get: () => "" },
    timeout: { get: () => "0" },
  };
  return new Map([own, ...extensions.map(({ settings }) => settings ?? {})].flatMap((each) => Object.entries(each)));
}
