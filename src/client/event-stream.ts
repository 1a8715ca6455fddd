/** Server-sent events (HTML standard, section 9.2), from text as it arrives to whole events. */

export interface StreamEvent {
  readonly type: string;
  readonly data: string;
  /** The last `id` that the stream has named. */
  readonly id: string | undefined;
}

/** A value of 16 MiB as base64 in JSON, with room to spare. */
const WAITING_CHARACTERS_MAX = 64 * 1024 ** 2;

export class EventStreamParser {
  #rest = "";
  #type = "";
  #data: string[] = [];
  #waiting = 0;
  #id: string | undefined;

  /** The events that `text` completes. Throws when one grows over its bound. */
  push(text: string): readonly StreamEvent[] {
    const events: StreamEvent[] = [];
    let buffer = this.#rest + text;
    // A CR at the end may be the first half of a CRLF.
    const held = buffer.endsWith("\r") ? "\r" : "";
    buffer = held === "" ? buffer : buffer.slice(0, -1);
    const lines = buffer.split(/\r\n|\n|\r/);
    this.#rest = (lines.pop() ?? "") + held;
    for (const line of lines) this.#line(line, events);
    if (this.#rest.length + this.#waiting > WAITING_CHARACTERS_MAX) throw new Error("an event is too long");
    return events;
  }

  #line(line: string, events: StreamEvent[]): void {
    if (line === "") {
      if (this.#data.length > 0) {
        events.push({ type: this.#type || "message", data: this.#data.join("\n"), id: this.#id });
      }
      this.#type = "";
      this.#data = [];
      this.#waiting = 0;
      return;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "event") this.#type = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    else if (field === "data") {
      this.#data.push(value);
      this.#waiting += value.length;
    }
  }
}
