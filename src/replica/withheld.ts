/**
 * What a life that is not on disk yet has to say to somebody who waits for it, and would say only once: it must not leave
 * (I1 of `replica.ts`), and goes out as soon as that life may speak. All else is said again by itself.
 */

import { encodeMessage } from "../wire/codec.ts";
import type { Message } from "../wire/message.ts";
import type { OutgoingFrame } from "./outbox.ts";
import type { LinkId } from "./ports.ts";

/** Of all frames together. What does not fit is lost, as with a link. */
export const WITHHELD_BYTES_MAX = 8 * 1024 * 1024;

const SAID_ONCE: ReadonlySet<Message["type"]> = new Set(["request", "response", "read", "read-reply", "confirm"]);

export class Withheld {
  #frames: OutgoingFrame[] = [];
  #bytes = 0;

  add(link: LinkId, message: Message): void {
    if (!SAID_ONCE.has(message.type)) return;
    const frame = encodeMessage(message);
    if (this.#bytes + frame.length > WITHHELD_BYTES_MAX) return;
    this.#bytes += frame.length;
    this.#frames.push({ link, frame, droppable: false });
  }

  /** In their order; nothing is kept. */
  take(): readonly OutgoingFrame[] {
    const frames = this.#frames;
    this.#frames = [];
    this.#bytes = 0;
    return frames;
  }
}
