/** What doors need of a log: a structured fact, never a secret, key or value. */

export type DoorLog = (
  level: "debug" | "info" | "warn" | "error",
  event: string,
  fields: Readonly<Record<string, unknown>>,
) => void;

export const silentLog: DoorLog = () => {};
