// The pinned Python wheels, fetched and unpacked; nothing of them is run.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './tools.mjs';

export const REQUIREMENTS = 'script/requirements.txt';
export const UNPACKED = 'target/wheels/unpacked';

const DOWNLOADS = join(ROOT, 'target/wheels/downloads');

/** Downloads what REQUIREMENTS pins (pip checks the hashes) and unpacks it. */
export function fetchWheels() {
  rmSync(DOWNLOADS, { recursive: true, force: true });
  rmSync(join(ROOT, UNPACKED), { recursive: true, force: true });
  mkdirSync(DOWNLOADS, { recursive: true });
  python(pipPython(), [
    ...['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:'],
    ...['--require-hashes', '--dest', DOWNLOADS, '--requirement', join(ROOT, REQUIREMENTS)],
  ]);
  for (const wheel of readdirSync(DOWNLOADS)) {
    python('python3', ['-m', 'zipfile', '--extract', join(DOWNLOADS, wheel), join(ROOT, UNPACKED)]);
  }
}

// Debian's python3 comes without pip, but its python3-venv brings one along.
function pipPython() {
  if (spawnSync('python3', ['-m', 'pip', '--version'], { stdio: 'ignore' }).status === 0) return 'python3';
  const environment = join(ROOT, 'target/wheels/venv');
  python('python3', ['-m', 'venv', environment]);
  return join(environment, 'bin/python3');
}

function python(program, args) {
  const child = spawnSync(program, args, { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (child.error) throw child.error;
  if (child.status !== 0) throw new Error(`${program} ${args.join(' ')} exited with ${child.status ?? child.signal}`);
}
