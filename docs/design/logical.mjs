// Turns Bootstrap's physical properties into logical ones, so that one file serves both directions.
// Usage: node logical.mjs < compiled.css > bootstrap.css
import { readFileSync } from "node:fs";

const side = { left: "inline-start", right: "inline-end" };
const corner = {
  "top-left": "start-start", "top-right": "start-end",
  "bottom-left": "end-start", "bottom-right": "end-end",
};
let css = readFileSync(0, "utf8");
css = css
  .replace(/border-(top|bottom)-(left|right)-radius/g, (_, y, x) => `border-${corner[`${y}-${x}`]}-radius`)
  .replace(/\b(margin|padding|border)-(left|right)\b/g, (_, p, s) => `${p}-${side[s]}`)
  .replace(/([{;]\s*)(left|right):/g, (_, lead, s) => `${lead}inset-${side[s]}:`)
  .replace(/text-align:(\s*)(left|right)/g, (_, gap, s) => `text-align:${gap}${s === "left" ? "start" : "end"}`)
  .replace(/float:(\s*)(left|right)/g, (_, gap, s) => `float:${gap}${side[s]}`)
  .replace(/\/\*# sourceMappingURL.*?\*\//g, "");
process.stdout.write(css);
