/**
 * What the interpreter may ask of the world: memory, up to a bound, and nothing else. It was built against a C library with files,
 * an environment and a clock; each of those calls fails, so that a script reaches none of them even where it gets hold of a
 * function that it should not have.
 */

import type { Imports, LuaExports } from "./lua-exports.ts";

const PAGE_BYTES = 65_536;
/** What a C library says of a call that it does not have, and of one that failed. */
const NOT_THERE = -52;
const FAILED = 52;
/** How the interpreter's `longjmp` leaves the calls that it jumps over. */
const JUMP = Infinity;

/** Thrown by what the interpreter ends itself with. */
export class InterpreterGone extends Error {}

export function isJump(thrown: unknown): boolean {
  return thrown === JUMP;
}

/** `exports` is asked for once the interpreter runs. */
export function luaImports(exports: () => LuaExports, memoryBytesMax: number): Imports {
  const refuse = (): number => NOT_THERE;
  const fail = (): number => FAILED;
  return {
    env: {
      // `setjmp`: calls what may jump, and notes that it did.
      invoke_vii: (index: number, a: number, b: number): void => {
        const lua = exports();
        const stack = lua.stackSave();
        try {
          lua.__indirect_function_table.get(index)?.(a, b);
        } catch (thrown) {
          lua.stackRestore(stack);
          if (!isJump(thrown)) throw thrown;
          lua.setThrew(1, 0);
        }
      },
      _emscripten_throw_longjmp: (): never => {
        throw JUMP;
      },
      emscripten_memcpy_js: (to: number, from: number, bytes: number): void => {
        new Uint8Array(exports().memory.buffer).copyWithin(to, from, from + bytes);
      },
      emscripten_resize_heap: (wanted: number): number => {
        const { memory } = exports();
        const bytes = wanted >>> 0;
        if (bytes > memoryBytesMax) return 0;
        // A sixteenth more, so that it is asked for seldom.
        const roomy = Math.min(memoryBytesMax, bytes + bytes / 16);
        memory.grow(Math.ceil((roomy - memory.buffer.byteLength) / PAGE_BYTES));
        return 1;
      },
      exit: (): never => {
        throw new InterpreterGone("the interpreter ended itself");
      },
      emscripten_date_now: (): number => 0,
      strftime: (): number => 0,
      _tzset_js: (): void => {},
      _mktime_js: (): number => -1,
      _localtime_js: (): void => {},
      _gmtime_js: (): void => {},
      _emscripten_system: refuse,
      _emscripten_get_now_is_monotonic: (): number => 1,
      __syscall_openat: refuse,
      __syscall_fcntl64: refuse,
      __syscall_ioctl: refuse,
      __syscall_dup3: refuse,
      __syscall_unlinkat: refuse,
      __syscall_rmdir: refuse,
      __syscall_renameat: refuse,
      __syscall_readlinkat: refuse,
    },
    wasi_snapshot_preview1: {
      fd_write: fail,
      fd_read: fail,
      fd_close: fail,
      fd_seek: fail,
      environ_get: fail,
      environ_sizes_get: fail,
    },
  };
}
