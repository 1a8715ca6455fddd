/** Tells those who wait for something on behalf of a client that it has gone: few clients ever wait for what takes long. */

export class GoneSignal {
  #controller: AbortController | undefined;
  #isGone = false;

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#isGone) this.#controller.abort();
    return this.#controller.signal;
  }

  gone(): void {
    this.#isGone = true;
    this.#controller?.abort();
  }
}
