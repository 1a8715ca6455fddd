import { MemoryStorage } from "../../src/runtime/memory-storage.ts";
import { storageLaw } from "../ports/storage-law.ts";

storageLaw("MemoryStorage", () => ({
  createStorage: () => new MemoryStorage(),
  crash: (storage) => storage.close(),
  dispose: () => undefined,
}));
