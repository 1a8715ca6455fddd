/** The wire frames of the message at hand, in both forms: one message usually goes to all links, one after another. */

import { cutCompressed, cutMessage } from "../wire/frames.ts";
import { compress } from "./compression.ts";

export class MessageFrames {
  readonly #soon: (run: () => void) => void;
  #message: Uint8Array | undefined;
  #plain: readonly Uint8Array[] | undefined;
  #compressed: readonly Uint8Array[] | undefined;

  /** `soon` runs what forgets the message again. */
  constructor(soon: (run: () => void) => void) {
    this.#soon = soon;
  }

  plain(message: Uint8Array): readonly Uint8Array[] {
    this.#turnTo(message);
    this.#plain ??= cutMessage(message);
    return this.#plain;
  }

  /** For a link that compresses; the plain ones where that saves nothing. */
  compressed(message: Uint8Array): readonly Uint8Array[] {
    this.#turnTo(message);
    this.#compressed ??= this.#compress(message);
    return this.#compressed;
  }

  #compress(message: Uint8Array): readonly Uint8Array[] {
    const shorter = compress(message);
    return shorter === undefined ? this.plain(message) : cutCompressed(shorter, message.length);
  }

  #turnTo(message: Uint8Array): void {
    if (message === this.#message) return;
    if (this.#message === undefined) this.#soon(() => this.#forget());
    this.#forget();
    this.#message = message;
  }

  #forget(): void {
    this.#message = undefined;
    this.#plain = undefined;
    this.#compressed = undefined;
  }
}
