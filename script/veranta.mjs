// The official client of the venue's second version, in a virtual environment of its own. Only tests run it.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './tools.mjs';

export const VERANTA_REQUIREMENTS = 'script/requirements-veranta.txt';
export const VERANTA_PYTHON = 'target/veranta/venv/bin/python';

const ENVIRONMENT = join(ROOT, 'target/veranta/venv');

/** Installs what VERANTA_REQUIREMENTS pins; what fails leaves nothing behind. */
export function installVeranta() {
  rmSync(ENVIRONMENT, { recursive: true, force: true });
  try {
    run('python3', ['-m', 'venv', ENVIRONMENT]);
    run(join(ENVIRONMENT, 'bin/pip'), [
      ...['install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:'],
      ...['--requirement', join(ROOT, VERANTA_REQUIREMENTS)],
    ]);
  } catch (error) {
    rmSync(ENVIRONMENT, { recursive: true, force: true });
    throw error;
  }
}

function run(program, args) {
  const child = spawnSync(program, args, { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (child.error) throw child.error;
  if (child.status !== 0) throw new Error(`${program} exited with ${child.status ?? child.signal}`);
}
