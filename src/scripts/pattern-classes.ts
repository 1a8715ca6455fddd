/** Which bytes the classes of Lua's patterns hold, as the C library says it of ASCII. */

const LOWER_BIT = 32;

function isBetween(byte: number, first: number, last: number): boolean {
  return byte >= first && byte <= last;
}

export function isDigit(byte: number): boolean {
  return isBetween(byte, 48, 57);
}

function isLower(byte: number): boolean {
  return isBetween(byte, 97, 122);
}

function isUpper(byte: number): boolean {
  return isBetween(byte, 65, 90);
}

function isLetter(byte: number): boolean {
  return isLower(byte) || isUpper(byte);
}

/** Undefined: the letter, which is a small one, names no class. */
function isOfSmall(byte: number, letter: number): boolean | undefined {
  switch (String.fromCharCode(letter)) {
    case "a":
      return isLetter(byte);
    case "c":
      return byte < 32 || byte === 127;
    case "d":
      return isDigit(byte);
    case "l":
      return isLower(byte);
    case "p":
      return isBetween(byte, 33, 126) && !isLetter(byte) && !isDigit(byte);
    case "s":
      return byte === 32 || isBetween(byte, 9, 13);
    case "u":
      return isUpper(byte);
    case "w":
      return isLetter(byte) || isDigit(byte);
    case "x":
      return isDigit(byte) || isBetween(byte | LOWER_BIT, 97, 102);
    case "z":
      return byte === 0;
    default:
      return undefined;
  }
}

/** Whether a byte is what `%` and this one stand for: a class, one's complement where it is a capital, or the byte itself. */
export function isOfClass(byte: number, name: number): boolean {
  const isIn = isLetter(name) ? isOfSmall(byte, name | LOWER_BIT) : undefined;
  if (isIn === undefined) return byte === name;
  return isLower(name) ? isIn : !isIn;
}
