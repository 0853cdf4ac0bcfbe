// Runs Probate scripts as strict-mode JavaScript, and reports what they print.
//
//   node oracle.js FILE…           prints what each file prints
//   node oracle.js --write FILE…   stores it in FILE with the extension .out
//   node oracle.js --batch         reads a JSON array from standard input, of {"path": …} or
//                                  {"source": …}, and answers with an array of
//                                  {"stdout", "stderr", "error"} (error: null or its text)
//
// A script runs as the body of a strict function, so that its declarations are its own, in this
// realm, so that `instanceof` agrees for everything the engine throws.
"use strict";

const fs = require("node:fs");
const util = require("node:util");
const vm = require("node:vm");

const TIMEOUT_MS = 10_000;

function describe(error) {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : `thrown: ${util.inspect(error)}`;
  } catch {
    return "thrown: a value that cannot be shown";
  }
}

function run(source, filename) {
  let stdout = "";
  let stderr = "";
  const log = (...values) => {
    stdout += util.format(...values) + "\n";
  };
  const complain = (...values) => {
    stderr += util.format(...values) + "\n";
  };
  const console = { log, info: log, debug: log, error: complain, warn: complain };
  const body = source.startsWith("#!") ? "//" + source : source;
  globalThis.oracleConsole = console;
  try {
    const wrapped = `(function (console) { "use strict"; ${body}\n})(oracleConsole);`;
    new vm.Script(wrapped, { filename }).runInThisContext({ timeout: TIMEOUT_MS });
    return { stdout, stderr, error: null };
  } catch (error) {
    return { stdout, stderr, error: describe(error) };
  }
}

function runFile(path) {
  return run(fs.readFileSync(path, "utf8"), path);
}

function batch() {
  const jobs = JSON.parse(fs.readFileSync(0, "utf8"));
  const results = jobs.map((job) =>
    job.path === undefined ? run(job.source, "program.pbt") : runFile(job.path),
  );
  fs.writeFileSync(1, JSON.stringify(results));
}

function main(args) {
  if (args[0] === "--batch") {
    batch();
    return;
  }
  const write = args[0] === "--write";
  for (const path of write ? args.slice(1) : args) {
    const { stdout, stderr, error } = runFile(path);
    if (error !== null || stderr !== "") {
      process.stderr.write(`${path}: ${error ?? "wrote to standard error"}\n${stderr}`);
      process.exitCode = 1;
    }
    if (write) {
      fs.writeFileSync(path.replace(/\.pbt$/, ".out"), stdout);
    } else {
      process.stdout.write(stdout);
    }
  }
}

main(process.argv.slice(2));
