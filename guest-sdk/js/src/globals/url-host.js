// Hosts of URLs. Names are in ASCII: there are no tables here to say how others are written so.

const FORBIDDEN = /[\0\t\n\r #/:<>?@[\\\]^|]/;
const FORBIDDEN_IN_NAMES = /[\0-\x20"#%/:<>?@[\\\]^`{|}\x7f]/;

function refuse(host) {
  throw new TypeError(`Invalid URL: '${host}' can't be a host`);
}

/** Returns a host as URLs of a kind have it. */
export function parseHost(text, isSpecial, encode) {
  if (text.startsWith("[")) {
    if (!text.endsWith("]")) refuse(text);
    return `[${writeIPv6(parseIPv6(text.slice(1, -1)))}]`;
  }
  if (!isSpecial) {
    if (FORBIDDEN.test(text)) refuse(text);
    return encode(text);
  }
  let name;
  try {
    name = decodeURIComponent(text).toLowerCase();
  } catch {
    refuse(text);
  }
  if (name === "" || FORBIDDEN_IN_NAMES.test(name)) refuse(text);
  if (/[^\0-\x7f]/.test(name)) throw new TypeError(`Invalid URL: the host '${text}' is not in ASCII`);
  const last = name.replace(/\.$/, "").split(".").at(-1);
  return /^(\d+|0x[\da-f]*)$/.test(last) ? parseIPv4(name) : name;
}

function parseIPv4(text) {
  const parts = text.replace(/\.$/, "").split(".");
  if (parts.length > 4) refuse(text);
  const numbers = parts.map((part) => {
    if (!/^(0x[\da-f]*|\d+)$/.test(part)) refuse(text);
    if (part.startsWith("0x")) return parseInt(part.slice(2) || "0", 16);
    if (part.length > 1 && part.startsWith("0")) return /^[0-7]+$/.test(part) ? parseInt(part, 8) : refuse(text);
    return parseInt(part, 10);
  });
  const last = numbers.pop();
  if (numbers.some((number) => number > 255) || last >= 256 ** (4 - numbers.length)) refuse(text);
  const address = numbers.reduce((sum, number, index) => sum + number * 256 ** (3 - index), last);
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

function parseIPv6(text) {
  const halves = text.split("::");
  if (halves.length > 2) refuse(text);
  const pieces = halves.map((half) => {
    const parts = half === "" ? [] : half.split(":");
    return parts.flatMap((part, index) => parsePiece(text, part, index === parts.length - 1));
  });
  const missing = 8 - pieces.flat().length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) refuse(text);
  return halves.length === 1 ? pieces[0] : [...pieces[0], ...new Array(missing).fill(0), ...pieces[1]];
}

function parsePiece(text, part, isLast) {
  if (/^[\da-f]{1,4}$/i.test(part)) return [parseInt(part, 16)];
  const bytes = part.split(".");
  const areBytes = bytes.length === 4 && bytes.every((byte) => /^(0|[1-9]\d{0,2})$/.test(byte) && byte <= 255);
  if (!isLast || !areBytes) refuse(text);
  const [a, b, c, d] = bytes.map(Number);
  return [a * 256 + b, c * 256 + d];
}

function writeIPv6(pieces) {
  let longest = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (pieces[start + length] === 0) length++;
    if (length > longest.length) longest = { start, length };
  }
  const write = (part) => part.map((piece) => piece.toString(16)).join(":");
  if (longest.start < 0) return write(pieces);
  return `${write(pieces.slice(0, longest.start))}::${write(pieces.slice(longest.start + longest.length))}`;
}
