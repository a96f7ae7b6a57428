import { Parser, placeOf } from "./parser";
import { Reader, read } from "./read";
import { TextBuilder } from "./text-builder";
import { write, writeString } from "./write";

/** What a JSON document is. */
export enum JsonKind {
  Null,
  Boolean,
  Number,
  String,
  Array,
  Object,
}

// Most documents have no members: they share these.
const NO_MEMBERS: Json[] = [];
const NO_NAMES: string[] = [];

/** A JSON document, whatever it is: for what has no class of its own. */
export class Json {
  constructor(
    /** What it is. */
    readonly kind: JsonKind = JsonKind.Null,
    /** A string's characters; of anything else but arrays and objects, what was written. */
    readonly text: string = "null",
    /** Where it begins in the text that it was read from. */
    readonly position: i32 = 0,
    /** The members of an object, or the elements of an array. */
    readonly members: Json[] = NO_MEMBERS,
    /** The names of an object's members, in the same order. */
    readonly names: string[] = NO_NAMES,
  ) {}

  /** Returns the document that this text is; one that is none ends what is running. */
  static parse(text: string): Json {
    const parser = new Parser(text);
    const json = parser.parse();
    if (parser.problem.length > 0) {
      const place = placeOf(text, parser.position);
      throw new Error(`not a JSON document: ${parser.problem} at ${place}`);
    }
    return json;
  }

  /** Returns a value as a document. */
  static of<T>(value: T): Json {
    return Json.parse(toJson<T>(value));
  }

  /** Whether it is `null`. */
  get isNull(): bool {
    return this.kind == JsonKind.Null;
  }

  /** How many elements an array has, or how many members an object. */
  get length(): i32 {
    return this.members.length;
  }

  /** Returns the member of an object with this name; null if there is none. */
  get(name: string): Json | null {
    const index = this.names.lastIndexOf(name);
    return index < 0 ? null : this.members[index];
  }

  /** Returns the element of an array at this index, or the member of an object. */
  at(index: i32): Json {
    return this.members[index];
  }

  /** Returns it as a `T`; if it is none, that ends what is running. */
  as<T>(): T {
    const reader = new Reader("");
    const value = read<T>(this, reader);
    const problem = reader.problem;
    if (problem.length > 0) throw new Error(`not a value of ${nameof<T>()}: ${problem}`);
    return value;
  }

  /** Returns it as a text without white space. */
  toString(): string {
    const text = new TextBuilder();
    this.writeTo(text);
    return text.toString();
  }

  /** Appends its text to another. */
  writeTo(to: TextBuilder): void {
    if (this.kind == JsonKind.String) {
      writeString(this.text, to);
    } else if (this.kind == JsonKind.Array || this.kind == JsonKind.Object) {
      const isObject = this.kind == JsonKind.Object;
      to.append(isObject ? "{" : "[");
      for (let index = 0; index < this.members.length; index++) {
        if (index > 0) to.append(",");
        if (isObject) {
          writeString(this.names[index], to);
          to.append(":");
        }
        this.members[index].writeTo(to);
      }
      to.append(isObject ? "}" : "]");
    } else {
      to.append(this.text);
    }
  }
}

/** Returns the JSON text of a value. */
export function toJson<T>(value: T): string {
  const text = new TextBuilder();
  write<T>(value, text);
  return text.toString();
}
