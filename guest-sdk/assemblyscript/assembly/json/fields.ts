import { Json, JsonKind } from "./json";
import { Reader, read } from "./read";
import { TextBuilder } from "./text-builder";
import { write, writeString } from "./write";

/**
 * Goes through the fields of an object, either to read them from a JSON document or to write them
 * to one. A class says once which fields it has, and this serves both ways:
 *
 * ```ts
 * class Items {
 *   name: string = "";
 *   quantity: u32 = 0;
 *
 *   fields(json: JsonFields): void {
 *     this.name = json.required("name", this.name);
 *     this.quantity = json.required("quantity", this.quantity);
 *   }
 * }
 * ```
 */
export class JsonFields {
  /** The document to read; null when one is written. */
  given: Json | null = null;
  private reader: Reader | null = null;
  private text: TextBuilder = new TextBuilder();
  /** What stands before the next member that is written. */
  private before: string = "{";

  /** Returns a reader of this document. */
  static toRead(json: Json, reader: Reader): JsonFields {
    const fields = new JsonFields();
    fields.given = json;
    fields.reader = reader;
    return fields;
  }

  /** Returns a writer to the end of a text. */
  static toWrite(text: TextBuilder): JsonFields {
    const fields = new JsonFields();
    fields.text = text;
    return fields;
  }

  /** A member that is always there. */
  required<T>(name: string, value: T): T {
    const given = this.given;
    if (given === null) {
      this.begin(name);
      write<T>(value, this.text);
      return value;
    }
    const member = this.member(given, name);
    if (member === null) {
      this.reader!.note(`the member "${name}" is missing`, given);
      return value;
    }
    return this.readMember<T>(name, member);
  }

  /** A member that may be absent, and is if its value is null: the default stays then. */
  optional<T>(name: string, value: T): T {
    const given = this.given;
    if (given !== null) {
      const member = this.member(given, name);
      return member === null || member.isNull ? value : this.readMember<T>(name, member);
    }
    if (isReference<T>()) {
      if (changetype<usize>(value) == 0) return value;
    }
    this.begin(name);
    write<T>(value, this.text);
    return value;
  }

  /** The whole document: for a class that is no object in JSON. */
  itself<T>(value: T): T {
    const given = this.given;
    if (given !== null) return read<T>(given, this.reader!);
    write<T>(value, this.text);
    this.before = "";
    return value;
  }

  /** Ends what is written. */
  finish(): void {
    if (this.before == "{") this.text.append("{}");
    else if (this.before == ",") this.text.append("}");
  }

  private begin(name: string): void {
    this.text.append(this.before);
    this.before = ",";
    writeString(name, this.text);
    this.text.append(":");
  }

  private member(given: Json, name: string): Json | null {
    if (given.kind != JsonKind.Object) this.reader!.expect("an object", given);
    return given.get(name);
  }

  private readMember<T>(name: string, member: Json): T {
    const reader = this.reader!;
    reader.path.push(name);
    const value = read<T>(member, reader);
    reader.path.pop();
    return value;
  }
}
