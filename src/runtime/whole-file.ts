/** A file that is there whole or not at all: written under another name, and given its own once all of it is on disk. */

import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** How the file is called until it is whole; `.atoll-partial` may be removed whoever left it. */
export const PARTIAL = /^\..+\.[0-9a-f]{8}\.atoll-partial$/;

/**
 * Writes the pieces to `path`, in place of what was there, readable by its owner only. Returns its length. Where that fails,
 * or whoever makes the pieces does, what was there stays.
 */
export async function writeWholeFile(path: string, pieces: AsyncIterable<Uint8Array>): Promise<number> {
  const folder = dirname(path);
  const partial = join(folder, `.${basename(path)}.${randomBytes(4).toString("hex")}.atoll-partial`);
  const handle = await open(partial, "wx", 0o600);
  let length = 0;
  try {
    try {
      for await (const piece of pieces) {
        await handle.writeFile(piece);
        length += piece.length;
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  await syncFolder(folder);
  return length;
}

/** The name is on disk, too. Not every system has folders that can be synced. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  if (handle === undefined) return;
  try {
    await handle.sync();
  } catch (error) {
    if (!["EINVAL", "EPERM", "EISDIR", "EBADF"].includes(String((error as NodeJS.ErrnoException).code))) throw error;
  } finally {
    await handle.close();
  }
}
