// The steps of script/setup, each skipped while its inputs are what they were when it last succeeded.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { kitDirectory, writeKit } from './kit.mjs';
import { fetchMissingTools, ROOT, TOOLS, toolPath } from './tools.mjs';
import { installVeranta, VERANTA_PYTHON, VERANTA_REQUIREMENTS } from './veranta.mjs';
import { fetchWheels, REQUIREMENTS, UNPACKED } from './wheels.mjs';

const STAMPS = join(ROOT, 'target/setup');
const PACKAGES = ['package.json', 'package-lock.json', '.npmrc'];
const COMPILERS = ['foundry.toml', 'script/solcjs.cjs', 'script/solc-0.8.19', 'script/solc-0.8.27'];
const FORGE_BUILDS = {
  aave: ['contracts/foreign/aave'],
  morpho: ['contracts/foreign/morpho'],
  kit: ['abi', 'contracts/replica', 'contracts/onedelta'],
};

const steps = [
  {
    name: 'npm packages',
    inputs: ['script/tools.mjs', ...PACKAGES],
    outputs: ['node_modules/.package-lock.json', ...TOOLS.map(toolPath)],
    run() {
      command('npm', ['ci']);
      fetchMissingTools((text) => console.error(`  ${text}`));
    },
  },
  ...Object.entries(FORGE_BUILDS).map(([profile, sources]) => ({
    name: `contracts: ${profile}`,
    inputs: [...PACKAGES, ...COMPILERS, ...sources],
    outputs: [`target/forge/${profile}/out`],
    run() {
      command(toolPath('forge'), ['build', '--offline'], { FOUNDRY_PROFILE: profile });
    },
  })),
  {
    name: 'python wheels',
    inputs: ['script/wheels.mjs', REQUIREMENTS],
    outputs: [UNPACKED],
    run: fetchWheels,
  },
  {
    name: 'kit',
    inputs: [
      ...['script/kit.mjs', 'script/tools.mjs', REQUIREMENTS, ...PACKAGES, ...COMPILERS],
      ...Object.values(FORGE_BUILDS).flat(),
    ],
    outputs: [join(kitDirectory(), 'artifacts.json'), ...TOOLS.map((tool) => join(kitDirectory(), 'bin', tool))],
    run() {
      const { count, directory } = writeKit();
      console.error(`  ${count} contracts in ${directory}`);
    },
  },
  {
    name: "the perp venue's own client",
    inputs: ['script/veranta.mjs', VERANTA_REQUIREMENTS],
    outputs: [VERANTA_PYTHON],
    run: installVeranta,
    // Nothing but one test needs it, and that says so.
    without: 'the test with the official client of perps v2 will not run',
  },
];

for (const [index, step] of steps.entries()) perform(step, `[${index + 1}/${steps.length}] ${step.name}`);

function perform(step, title) {
  const stamp = join(STAMPS, step.name.replaceAll(/\W+/g, '-'));
  const hash = hashOf(step.inputs, step.outputs);
  const present = step.outputs.every((path) => existsSync(absolute(path)));
  if (present && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) {
    console.error(`${title}: up to date`);
    return;
  }
  console.error(`${title} …`);
  const started = performance.now();
  rmSync(stamp, { force: true });
  try {
    step.run();
  } catch (error) {
    console.error(`${title} failed: ${error.message}`);
    if (step.without) {
      console.error(`${title}: ${step.without}`);
      return;
    }
    process.exit(3);
  }
  mkdirSync(STAMPS, { recursive: true });
  writeFileSync(stamp, hash);
  console.error(`${title}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

// The names of the outputs belong to it: another cache directory is another kit.
function hashOf(inputs, outputs) {
  const hash = createHash('sha256').update(outputs.join('\0'));
  for (const file of inputs.flatMap(files)) hash.update(`\0${file}\0`).update(readFileSync(join(ROOT, file)));
  return hash.digest('hex');
}

function files(path) {
  const full = join(ROOT, path);
  if (!existsSync(full)) return [];
  if (!statSync(full).isDirectory()) return [path];
  return readdirSync(full).sort().flatMap((name) => files(join(path, name)));
}

function absolute(path) {
  return isAbsolute(path) ? path : join(ROOT, path);
}

function command(program, args, environment = {}) {
  const child = spawnSync(program, args, {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 2, 2],
  });
  if (child.error) throw child.error;
  if (child.status !== 0) throw new Error(`${program} ${args.join(' ')} exited with ${child.status ?? child.signal}`);
}
