import { Json, JsonKind } from "./json";
import { TextBuilder } from "./text-builder";

/** Documents that are nested more deeply would take more stack than there may be. */
const DEPTH_MAX = 128;

/** Returns where in a text a position is, for people. */
export function placeOf(text: string, position: i32): string {
  let line = 1;
  let begin = 0;
  for (let at = text.indexOf("\n"); at >= 0 && at < position; at = text.indexOf("\n", begin)) {
    line++;
    begin = at + 1;
  }
  return `line ${line} column ${position - begin + 1}`;
}

function isDigit(code: i32): bool {
  return code >= 0x30 && code <= 0x39;
}

/** Reads a text as one JSON document. */
export class Parser {
  /** What was wrong; empty if nothing was. */
  problem: string = "";
  /** Where it has got to, or where it was when something was wrong. */
  position: i32 = 0;

  constructor(private text: string) {}

  /** Returns the document, or any other if there is a `problem`. */
  parse(): Json {
    this.skipSpace();
    const json = this.value(0);
    this.skipSpace();
    if (this.position < this.text.length) this.fail("there is something behind its end");
    return this.problem.length > 0 ? new Json() : json;
  }

  private fail(problem: string): void {
    if (this.problem.length == 0) {
      this.problem = this.position < this.text.length ? problem : "it ends too early";
    }
  }

  /** The character here; at the end one that fits nowhere. */
  private get code(): i32 {
    return this.position < this.text.length ? this.text.charCodeAt(this.position) : -1;
  }

  private skipSpace(): void {
    while (this.code == 0x20 || this.code == 0x0a || this.code == 0x0d || this.code == 0x09) {
      this.position++;
    }
  }

  /** Goes over one certain character, if it is here. */
  private skip(code: i32): bool {
    if (this.code != code) return false;
    this.position++;
    return true;
  }

  private value(depth: i32): Json {
    const position = this.position;
    const code = this.code;
    if (code == 0x7b || code == 0x5b) { // { [
      if (depth == DEPTH_MAX) {
        this.fail(`it is nested more than ${DEPTH_MAX} times`);
        return new Json();
      }
      return this.container(code == 0x7b, depth + 1);
    }
    if (code == 0x22) return new Json(JsonKind.String, this.string(), position); // "
    if (code == 0x2d || isDigit(code)) { // -
      return new Json(JsonKind.Number, this.number(), position);
    }
    if (this.word("null")) return new Json(JsonKind.Null, "null", position);
    if (this.word("true")) return new Json(JsonKind.Boolean, "true", position);
    if (this.word("false")) return new Json(JsonKind.Boolean, "false", position);
    this.fail("a value is expected");
    return new Json();
  }

  private word(word: string): bool {
    if (!this.text.startsWith(word, this.position)) return false;
    this.position += word.length;
    return true;
  }

  private container(isObject: bool, depth: i32): Json {
    const members = new Array<Json>();
    const names = new Array<string>();
    const kind = isObject ? JsonKind.Object : JsonKind.Array;
    const json = new Json(kind, "", this.position, members, names);
    const end = isObject ? 0x7d : 0x5d; // } ]
    this.position++;
    this.skipSpace();
    if (this.skip(end)) return json;
    while (true) {
      this.skipSpace();
      if (isObject) {
        if (this.code != 0x22) this.fail("a name in quotation marks is expected");
        else names.push(this.string());
        this.skipSpace();
        if (!this.skip(0x3a)) this.fail("a colon is expected"); // :
        this.skipSpace();
      }
      if (this.problem.length > 0) return json;
      members.push(this.value(depth));
      this.skipSpace();
      if (this.problem.length > 0 || this.skip(end)) return json;
      if (!this.skip(0x2c)) { // ,
        this.fail(isObject ? "a comma or a } is expected" : "a comma or a ] is expected");
        return json;
      }
    }
  }

  private digits(): void {
    if (!isDigit(this.code)) this.fail("a digit is expected");
    while (isDigit(this.code)) this.position++;
  }

  private number(): string {
    const begin = this.position;
    this.skip(0x2d); // -
    if (!this.skip(0x30)) this.digits(); // 0
    if (this.skip(0x2e)) this.digits(); // .
    if (this.skip(0x65) || this.skip(0x45)) { // e E
      if (!this.skip(0x2b)) this.skip(0x2d); // + -
      this.digits();
    }
    return this.text.substring(begin, this.position);
  }

  private string(): string {
    let unescaped: TextBuilder | null = null;
    let begin = ++this.position;
    while (this.code != 0x22) { // "
      if (this.code < 0x20) {
        this.fail("a control character is in a string");
        return "";
      }
      if (this.code == 0x5c) { // \
        if (unescaped === null) unescaped = new TextBuilder();
        unescaped.append(this.text, begin, this.position++);
        unescaped.append(this.escaped());
        if (this.problem.length > 0) return "";
        begin = this.position;
      } else {
        this.position++;
      }
    }
    const end = this.position++;
    if (unescaped === null) return this.text.substring(begin, end);
    unescaped.append(this.text, begin, end);
    return unescaped.toString();
  }

  /** Reads what is behind a backslash. */
  private escaped(): string {
    const code = this.code;
    this.position++;
    switch (code) {
      case 0x22: return "\"";
      case 0x5c: return "\\";
      case 0x2f: return "/";
      case 0x62: return "\b";
      case 0x66: return "\f";
      case 0x6e: return "\n";
      case 0x72: return "\r";
      case 0x74: return "\t";
      case 0x75: return this.codeUnit(); // u
    }
    this.position--;
    this.fail("there is no such escape");
    return "";
  }

  private codeUnit(): string {
    let unit = 0;
    for (let count = 0; count < 4; count++) {
      const code = this.code;
      const letter = code | 0x20;
      if (isDigit(code)) unit = unit << 4 | (code - 0x30);
      else if (letter >= 0x61 && letter <= 0x66) unit = unit << 4 | (letter - 0x61 + 10); // a f
      else this.fail("four hexadecimal digits are expected");
      this.position++;
    }
    return String.fromCharCode(unit);
  }
}
