import { JsonFields } from "./fields";
import { toFloat } from "./float";
import { Json, JsonKind } from "./json";
import { placeOf } from "./parser";

/** Collects what is wrong with a document while it is read. */
export class Reader {
  /** What is wrong first; empty if nothing is. */
  problem: string = "";
  /** Where in the document the reader is: names and indexes. */
  readonly path: string[] = [];

  constructor(
    /** What the document was read from. */
    private text: string,
  ) {}

  /** Notes that something else was expected than this. */
  expect(expected: string, found: Json): void {
    let shown = found.toString();
    if (shown.length > 40) shown = shown.substring(0, 40) + "…";
    this.note(`${expected} is expected, not ${shown}`, found);
  }

  /** Notes what is wrong with this. */
  note(problem: string, json: Json): void {
    if (this.problem.length > 0) return;
    const where = this.path.length > 0 ? this.path.join(".") + ": " : "";
    const place = this.text.length > 0 ? ` at ${placeOf(this.text, json.position)}` : "";
    this.problem = where + problem + place;
  }
}

/**
 * Returns a document as a `T`, or anything and a note in `reader` if it is none. A class has to
 * have a constructor without parameters, and a method `fields(json: JsonFields)`.
 */
export function read<T>(json: Json, reader: Reader): T {
  if (isBoolean<T>()) {
    if (json.kind != JsonKind.Boolean) reader.expect("true or false", json);
    return <T>(json.text == "true");
  } else if (isFloat<T>()) {
    const float = json.kind == JsonKind.Number ? <T>toFloat(json.text) : <T>NaN;
    if (!isFinite(float)) reader.expect(`a number that fits into ${nameof<T>()}`, json);
    return float;
  } else if (isInteger<T>()) {
    return readInteger<T>(json, reader);
  } else if (isNullable<T>()) {
    if (json.isNull) return changetype<T>(0);
    return read<NonNullable<T>>(json, reader);
  } else if (isString<T>()) {
    if (json.kind != JsonKind.String) reader.expect("a string", json);
    return changetype<T>(json.text);
  } else if (isArray<T>()) {
    const array = instantiate<T>();
    if (json.kind != JsonKind.Array) reader.expect("an array", json);
    for (let index = 0; index < json.length; index++) {
      reader.path.push(index.toString());
      array.push(read<valueof<T>>(json.at(index), reader));
      reader.path.pop();
    }
    return array;
  } else if (idof<T>() == idof<Json>()) {
    return changetype<T>(json);
  } else {
    const value = instantiate<T>();
    value.fields(JsonFields.toRead(json, reader));
    return value;
  }
}

/** Numbers keep their digits in a document, so that all of 64 bits get through. */
function readInteger<T>(json: Json, reader: Reader): T {
  const isNegative = json.text.startsWith("-");
  const bits: u64 = 8 * sizeof<T>() - (isSigned<T>() ? 1 : 0);
  const greatest = u64.MAX_VALUE >> (64 - bits);
  const least: u64 = isSigned<T>() ? greatest + 1 : 0;
  const limit = isNegative ? least : greatest;

  let isWhole = json.kind == JsonKind.Number;
  let magnitude: u64 = 0;
  for (let at = isNegative ? 1 : 0; isWhole && at < json.text.length; at++) {
    const digit: u64 = json.text.charCodeAt(at) - 0x30;
    isWhole = digit <= 9 && digit <= limit && magnitude <= (limit - digit) / 10;
    magnitude = 10 * magnitude + digit;
  }
  if (!isWhole) {
    const from = (least > 0 ? "-" : "") + least.toString();
    reader.expect(`a whole number from ${from} to ${greatest}`, json);
  }
  return <T>(isNegative ? 0 - magnitude : magnitude);
}
