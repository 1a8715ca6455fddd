/**
 * A process that writes numbered batches until it is killed, and says on standard output which are acknowledged, one
 * number a line, after a first line `open`. Arguments: data folder, seed, number of the first batch, `synced`,
 * `unsynced` (writes past the storage, without waiting for the disk) or `hold` (opens and writes nothing).
 */

import { writeSync } from "node:fs";
import { join } from "node:path";
import { Level } from "level";
import { LevelStorage } from "../../src/runtime/level-storage.ts";
import { numberedBatch } from "./numbered-batches.ts";

const [folder = "", seed = "0", first = "1", mode = "synced"] = process.argv.slice(2);

async function openWriter(): Promise<(number: number) => Promise<void>> {
  if (mode === "unsynced") {
    const database = new Level<Uint8Array, Uint8Array>(join(folder, "db"), {
      keyEncoding: "view",
      valueEncoding: "view",
    });
    await database.open();
    return async (number) => {
      const batch = database.batch();
      for (const { key, value } of numberedBatch(Number(seed), number)) {
        if (value === undefined) batch.del(key);
        else batch.put(key, value);
      }
      await batch.write({ sync: false });
    };
  }
  const storage = new LevelStorage({ folder, log: () => undefined });
  await storage.open();
  return (number) => storage.write(numberedBatch(Number(seed), number));
}

try {
  const write = await openWriter();
  writeSync(1, "open\n");
  if (mode === "hold") setInterval(() => undefined, 1000);
  else {
    for (let number = Number(first); ; number++) {
      await write(number);
      writeSync(1, `${number}\n`);
    }
  }
} catch (error) {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  writeSync(1, `failed ${code}: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
