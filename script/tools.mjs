// Where the pinned foundry binaries of this machine are.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
export const TOOLS = ['anvil', 'forge', 'cast'];

const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' };

/** npm package with `tool` for this machine, such as @foundry-rs/anvil-linux-amd64. */
function platformPackage(tool) {
  const architecture = ARCHITECTURES[process.arch];
  if (!architecture || !['linux', 'darwin'].includes(process.platform)) {
    throw new Error(`foundry has no package for ${process.platform}-${process.arch}; use Linux or macOS on x64 or arm64`);
  }
  return `@foundry-rs/${tool}-${process.platform}-${architecture}`;
}

/** Path of the native binary of `tool`; it exists once the packages are installed. */
export function toolPath(tool) {
  return join(ROOT, 'node_modules', platformPackage(tool), 'bin', tool);
}

/**
 * Fetches the binaries that `npm ci` did not bring. package.json lists them for Linux on x64, where the lock file pins
 * their hashes; for any other machine they are pinned by version only.
 */
export function fetchMissingTools(say) {
  const version = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).config.foundry;
  for (const tool of TOOLS.filter((name) => !existsSync(toolPath(name)))) {
    const wanted = `${platformPackage(tool)}@${version}`;
    say(`fetching ${wanted} (not in the lock file)`);
    const scratch = mkdtempSync(join(tmpdir(), 'trimtab-tools-'));
    try {
      const tarball = execFileSync('npm', ['pack', '--silent', '--pack-destination', scratch, wanted], { encoding: 'utf8' });
      const target = dirname(dirname(toolPath(tool)));
      mkdirSync(target, { recursive: true });
      execFileSync('tar', ['-xzf', join(scratch, tarball.trim()), '-C', target, '--strip-components', '1']);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  }
}
