/** What can happen in a run, by the names that traces have for it. */

export type TraceKind =
  | "start"
  | "ready"
  | "stop"
  | "crash"
  | "up"
  | "down"
  | "refused"
  | "send"
  | "drop"
  | "deliver"
  | "corrupt"
  | "disk-write"
  | "disk-done"
  | "disk-failed"
  | "invoke"
  | "answer"
  | "fault"
  | "log"
  | "violation";
