// Modules of CommonJS: scripts that are run when they are first required.

import { evaluate, modules } from "reweft:host";

/** The modules that have been run, by name. */
const instances = new Map();

export function require(name) {
  const known = instances.get(name);
  if (known) return known.exports;
  const description = modules()[name];
  const { source, script, imports } = description;
  if (!script) throw new Error(`${name} is no CommonJS: import it`);
  const module = { id: name, filename: name, exports: {} };
  instances.set(name, module);
  const requireFrom = (specifier) => {
    if (!Object.hasOwn(imports, specifier)) {
      throw new Error(`${name}: there is no module '${specifier}' in this program`);
    }
    return require(imports[specifier]);
  };
  const folder = name.slice(0, Math.max(name.lastIndexOf("/"), 0));
  // On one line with what it begins with, so that lines keep their numbers.
  const run = evaluate(name, `(function (exports, require, module, __filename, __dirname) {${source}\n})`);
  description.source = undefined;
  run.call(module.exports, module.exports, requireFrom, module, name, folder);
  return module.exports;
}

/** Returns a module that exports what a script does: all of it by default, and each part by its name. */
export function describeExports(name) {
  const exported = require(name);
  const isObject = exported !== null && (typeof exported === "object" || typeof exported === "function");
  const names = isObject ? Object.keys(exported).filter((key) => /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key)) : [];
  const parts = names.filter((key) => key !== "default").map((key, index) => [`part${index}`, key]);
  return [
    `import { require } from "reweft:host";`,
    `const exported = require(${JSON.stringify(name)});`,
    `export default exported;`,
    ...parts.map(([variable, key]) => `const ${variable} = exported.${key}; export { ${variable} as ${key} };`),
  ].join("\n");
}
