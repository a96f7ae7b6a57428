/**
 * Owns how a decimal number becomes a float, which is the nearest one: AssemblyScript's
 * `parseFloat` takes another for some numbers, and for a few even one of another size.
 */

/** So many digits always fit into a float. */
const EXACT_DIGITS_MAX = 15;
/** So many times a whole number in a float can be multiplied or divided by ten, all at once. */
const EXACT_EXPONENT_MAX = 22;
/** No number that is half-way between two floats has more digits. */
const DIGITS_MAX = 800;
/** Powers of ten are taken in steps of nine, which fit into 32 bits. */
const BILLION: u64 = 1_000_000_000;

/** Returns the float that is nearest to a number in JSON's notation; infinity beyond them all. */
export function toFloat(text: string): f64 {
  const isNegative = text.startsWith("-");
  const begin = i32(isNegative);
  let mantissa: u64 = 0;
  let digits = 0;
  let exponent = 0;
  let isFraction = false;
  let at = begin;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code == 0x65 || code == 0x45) break; // e E
    if (code == 0x2e) { // .
      isFraction = true;
      continue;
    }
    if (digits < EXACT_DIGITS_MAX) mantissa = 10 * mantissa + (code - 0x30);
    digits += i32(mantissa > 0);
    exponent -= i32(isFraction);
  }
  const number = text.substring(begin, at);
  if (at < text.length) exponent += clampedInteger(text.substring(at + 1));

  let float: f64;
  if (digits <= EXACT_DIGITS_MAX && abs(exponent) <= EXACT_EXPONENT_MAX) {
    let power: f64 = 1;
    for (let count = abs(exponent); count > 0; count--) power *= 10;
    float = exponent < 0 ? <f64>mantissa / power : <f64>mantissa * power;
  } else {
    float = nearest(number, digits, exponent);
  }
  return isNegative ? -float : float;
}

/** What is further from zero than this makes no difference. */
function clampedInteger(text: string): i32 {
  const isNegative = text.startsWith("-");
  let value = 0;
  for (let at = i32(isNegative || text.startsWith("+")); at < text.length; at++) {
    value = min(10 * value + text.charCodeAt(at) - 0x30, 1_000_000);
  }
  return isNegative ? -value : value;
}

/** Returns the float that is nearest to some digits, points left out, times a power of ten. */
function nearest(text: string, digits: i32, exponent: i32): f64 {
  if (digits == 0 || digits + exponent < -330) return 0;
  if (digits + exponent > 310) return f64.POSITIVE_INFINITY;
  const natural = new Natural();
  let hasRest = false;
  let kept = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code == 0x2e) continue; // .
    if (kept < DIGITS_MAX) {
      natural.multiplyAndAdd(10, code - 0x30);
      kept += i32(natural.bitLength > 0);
    } else {
      hasRest = hasRest || code != 0x30;
      exponent++;
    }
  }
  let scale = 0;
  if (exponent < 0) {
    // Enough bits that 64 are left when the number has been divided.
    scale = natural.shift((64 - 4 * exponent) / 32 + 1);
    for (; exponent <= -9; exponent += 9) hasRest = natural.divide(BILLION) != 0 || hasRest;
    for (; exponent < 0; exponent++) hasRest = natural.divide(10) != 0 || hasRest;
  }
  for (; exponent >= 9; exponent -= 9) natural.multiplyAndAdd(BILLION, 0);
  for (; exponent > 0; exponent--) natural.multiplyAndAdd(10, 0);

  const length = natural.bitLength;
  const magnitude = length - 1 - scale;
  if (magnitude > 1023) return f64.POSITIVE_INFINITY;
  // Floats near zero have fewer bits.
  const precision = magnitude < -1022 ? 53 + 1022 + magnitude : 53;
  if (precision < 0) return 0;
  const dropped = max(length - precision, 0);
  let mantissa = natural.bitsFrom(dropped);
  if (dropped > 0 && natural.hasBit(dropped - 1)) {
    const isAboveHalf = hasRest || natural.hasBitsBelow(dropped - 1);
    if (isAboveHalf || (mantissa & 1) != 0) mantissa++;
  }
  return <f64>mantissa * powerOfTwo(dropped - scale);
}

function powerOfTwo(exponent: i32): f64 {
  return exponent < -1022
    ? reinterpret<f64>(<u64>1 << (exponent + 1074))
    : reinterpret<f64>(<u64>(exponent + 1023) << 52);
}

/** A natural number of any size. */
class Natural {
  /** Its digits to the base 2^32, the lowest first; the last one is not zero. */
  private limbs: u32[] = [];

  get bitLength(): i32 {
    const length = this.limbs.length;
    return length == 0 ? 0 : 32 * length - <i32>clz(this.limbs[length - 1]);
  }

  multiplyAndAdd(factor: u64, addend: u64): void {
    let carry = addend;
    for (let index = 0; index < this.limbs.length; index++) {
      carry += factor * this.limbs[index];
      this.limbs[index] = <u32>carry;
      carry >>= 32;
    }
    if (carry > 0) this.limbs.push(<u32>carry);
  }

  /** Divides it, and returns the rest. */
  divide(divisor: u64): u64 {
    let rest: u64 = 0;
    for (let index = this.limbs.length - 1; index >= 0; index--) {
      rest = rest << 32 | this.limbs[index];
      this.limbs[index] = <u32>(rest / divisor);
      rest %= divisor;
    }
    while (this.limbs.length > 0 && this.limbs[this.limbs.length - 1] == 0) this.limbs.pop();
    return rest;
  }

  /** Multiplies it with 2^32 so many times, and returns by how many bits that is. */
  shift(limbs: i32): i32 {
    this.limbs = new Array<u32>(limbs).concat(this.limbs);
    return 32 * limbs;
  }

  /** Returns the 64 bits from this one up. */
  bitsFrom(bit: i32): u64 {
    const bits = <u64>(bit & 31);
    const index = bit >> 5;
    const low = (this.limb(index) | this.limb(index + 1) << 32) >> bits;
    return bits == 0 ? low : low | this.limb(index + 2) << (64 - bits);
  }

  hasBit(bit: i32): bool {
    return (this.bitsFrom(bit) & 1) != 0;
  }

  hasBitsBelow(bit: i32): bool {
    for (let index = 0; index < bit >> 5; index++) if (this.limbs[index] != 0) return true;
    return (this.limb(bit >> 5) & (1 << <u64>(bit & 31)) - 1) != 0;
  }

  private limb(index: i32): u64 {
    return index < this.limbs.length ? this.limbs[index] : 0;
  }
}
