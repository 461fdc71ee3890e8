// Builds what the pages need into internal/web/static/dist: one style sheet
// for public pages that are read, what more the others need, and one for officers, their scripts, and the letters.
// Run by `make assets`. An entry point that is not there yet is left out.
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { compileAsync } from "sass";

const dist = "internal/web/static/dist";
const styles = ["public", "service", "officer"];
const scripts = ["public", "desk", "papers"];
// Latin and Vietnamese are enough for every Vietnamese letter, đ and ơ too;
// the latin-ext file would triple the weight of a first visit.
const letters = ["latin-400", "latin-700", "vietnamese-400", "vietnamese-700"];

async function empty(folder) {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) {
    if (name !== ".keep") await rm(join(folder, name), { recursive: true });
  }
}

async function compileStyle(name) {
  const source = `internal/web/styles/${name}.scss`;
  if (!existsSync(source)) return;
  const { css } = await compileAsync(source, {
    loadPaths: ["node_modules"],
    quietDeps: true,
    style: "compressed",
  });
  await writeFile(join(dist, `${name}.css`), css);
}

async function bundleScripts() {
  const entryPoints = scripts.map((name) => `internal/web/scripts/${name}.js`).filter((path) => existsSync(path));
  if (entryPoints.length === 0) return;
  await build({
    entryPoints,
    outdir: dist,
    bundle: true,
    format: "esm",
    legalComments: "none",
    logLevel: "warning",
    minify: true,
    target: "es2020",
  });
}

async function copyLetters() {
  await mkdir(join(dist, "fonts"), { recursive: true });
  for (const name of letters) {
    const [subset, weight] = name.split("-");
    const from = `node_modules/@fontsource/noto-sans/files/noto-sans-${subset}-${weight}-normal.woff2`;
    await cp(from, join(dist, "fonts", `noto-sans-${name}.woff2`));
  }
}

async function report() {
  for (const name of (await readdir(dist, { recursive: true })).sort()) {
    const file = await stat(join(dist, name));
    if (file.isFile() && basename(name) !== ".keep") console.log(`${String(file.size).padStart(8)}  ${name}`);
  }
}

await empty(dist);
await Promise.all([...styles.map(compileStyle), bundleScripts(), copyLetters()]);
await report();
