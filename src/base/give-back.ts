/**
 * Gives the memory of long buffers back at once. Left to itself it is held until V8 collects the object that it hangs on, which
 * is small: beside values of 16 MB up to 100 MB lay about that nobody could reach any more. A buffer that is sent away over a
 * port is freed with its message, and where the port is closed, that is in the same call (0.7 µs, whatever the length).
 */

/** Shorter ones are left to the garbage collector, and may share a buffer with others. */
export const GIVEN_BACK_BYTES_MIN = 64 * 1024;

const { port1: nowhere } = new MessageChannel();
nowhere.close();

/** Nobody reads `buffer` any more: every view of it is empty from now on, where it is long. */
export function giveBack(buffer: ArrayBufferLike): void {
  if (buffer.byteLength < GIVEN_BACK_BYTES_MIN || !(buffer instanceof ArrayBuffer)) return;
  try {
    nowhere.postMessage(undefined, [buffer]);
  } catch (error) {
    // Memory of a native module, which frees it by itself: some versions of Node leave it alone, others say so.
    if (!(error instanceof DOMException)) throw error;
  }
}

/** As `giveBack`, where the bytes are all of their buffer: what is part of one may lie beside what others read. */
export function giveBackWhole(bytes: Uint8Array): void {
  if (bytes.byteLength === bytes.buffer.byteLength) giveBack(bytes.buffer);
}
