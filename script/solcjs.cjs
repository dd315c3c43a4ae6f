// A solc command line for forge: `--version`, and standard JSON from stdin to stdout. The compiler is the native one that
// TRIMTAB_SOLC_<version with underscores> names, or the pinned npm package solc-<version> (slower, needs nothing else).
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');

module.exports = function solc(version) {
  const args = process.argv.slice(2);
  const variable = `TRIMTAB_SOLC_${version.replaceAll('.', '_')}`;
  const native = process.env[variable];
  if (native) {
    const child = spawnSync(native, args, { stdio: 'inherit' });
    if (child.error) {
      console.error(`${variable}=${native} does not run: ${child.error.message}`);
      process.exit(3);
    }
    process.exit(child.status ?? 1);
  }
  const compiler = require(`solc-${version}`);
  if (args.includes('--version') || args.includes('-V')) {
    // forge reads the version from the banner of the native compiler and does not know the Emscripten platform.
    const banner = compiler.version().replace('Emscripten.clang', 'Linux.g++');
    write(`solc, the solidity compiler commandline interface\nVersion: ${banner}\n`);
    return;
  }
  write(compiler.compile(fs.readFileSync(0, 'utf8')));
};

// stdout is a pipe: a large answer is taken in pieces, and a full pipe says EAGAIN.
function write(text) {
  const bytes = Buffer.from(text);
  for (let sent = 0; sent < bytes.length; ) {
    try {
      sent += fs.writeSync(1, bytes, sent, bytes.length - sent);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}
