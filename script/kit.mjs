#!/usr/bin/env node
// Writes the artifact kit: all contract code a replica is built from in one file, and the foundry binaries beside it.
// Needs `npm ci`, the three forge builds and the wheels (script/setup runs all of it).
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT, TOOLS, toolPath } from './tools.mjs';
import { UNPACKED } from './wheels.mjs';

const SCHEMA = 1;

// Contracts by the forge build they come from.
const OWN = [
  'AtomicLiquidator',
  'AvantisPairStorageShim',
  'AvantisTradingStorageShim',
  'AvantisVaultManagerShim',
  'CallForwarder',
  'Composer',
  'ComposerProxy',
  'FixedPriceExchange',
  'IntentReader',
  'RenouncedAdmin',
  'ReplicaFeed',
  'ReplicaGasPriceOracle',
  'ReplicaPermitToken',
  'ReplicaPyth',
  'ReplicaRatioFeed',
  'ReplicaToken',
  'VenueFills',
  'VenuePairs',
  'VenueRouter',
  'VenueStorage',
  'VenueViews',
];
const AAVE = [
  'AaveOracle',
  'AaveProtocolDataProvider',
  'ACLManager',
  'ATokenInstance',
  'BorrowLogic',
  'ConfiguratorLogic',
  'DefaultReserveInterestRateStrategyV2',
  'EmissionManager',
  'FlashLoanLogic',
  'InitializableImmutableAdminUpgradeabilityProxy',
  'L2Encoder',
  'L2PoolInstance',
  'LiquidationLogic',
  'PoolAddressesProvider',
  'PoolConfiguratorInstance',
  'PoolLogic',
  'RewardsController',
  'SupplyLogic',
  'UiIncentiveDataProviderV3',
  'UiPoolDataProviderV3',
  'VariableDebtTokenInstance',
  'WalletBalanceProvider',
  'WETH9',
  'WrappedTokenGatewayV3',
];
const MORPHO = ['IrmMock', 'Morpho'];
const UNISWAP = {
  NonfungiblePositionManager: 'v3-periphery/artifacts/contracts/NonfungiblePositionManager.sol',
  QuoterV2: 'swap-router-contracts/artifacts/contracts/lens/QuoterV2.sol',
  SwapRouter02: 'swap-router-contracts/artifacts/contracts/SwapRouter02.sol',
  TickLens: 'v3-periphery/artifacts/contracts/lens/TickLens.sol',
  UniswapV3Factory: 'v3-core/artifacts/contracts/UniswapV3Factory.sol',
  UniswapV3Pool: 'v3-core/artifacts/contracts/UniswapV3Pool.sol',
};

// Avantis v1.5; in the kit their names begin with `Avantis`, as some are called like others' contracts.
const AVANTIS = [
  'Execute',
  'Multicall',
  'PairInfos',
  'PairStorage',
  'PriceAggregator',
  'ProxyAdmin',
  'Referral',
  'Trading',
  'TradingCallbacks',
  'TradingStorage',
  'Tranche',
  'TransparentUpgradeableProxy',
  'VaultManager',
  'VeTranche',
];

/** Directory the kit is written to. */
export function kitDirectory() {
  const cache = process.env.TRIMTAB_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'trimtab');
  return join(cache, 'kit');
}

/** Writes artifacts.json and bin/ and returns what was written. */
export function writeKit() {
  const contracts = collect();
  const hash = createHash('sha256').update(JSON.stringify(contracts)).digest('hex');
  const directory = kitDirectory();
  mkdirSync(join(directory, 'bin'), { recursive: true });
  replaceFile(join(directory, 'artifacts.json'), (path) => {
    writeFileSync(path, JSON.stringify({ schema: SCHEMA, contracts, hash }));
  });
  for (const tool of TOOLS) copyTool(tool, join(directory, 'bin', tool));
  return { directory, count: Object.keys(contracts).length, hash };
}

function collect() {
  const entries = [
    ...OWN.map((name) => [name, forgeArtifact('kit', name)]),
    ...AAVE.map((name) => [name, forgeArtifact('aave', name)]),
    ...MORPHO.map((name) => [name, forgeArtifact('morpho', name)]),
    ...Object.entries(UNISWAP).map(([name, path]) => [name, uniswapArtifact(name, path)]),
    ...AVANTIS.map((name) => [`Avantis${name}`, avantisArtifact(name)]),
    ['Multicall3', multicall3()],
  ];
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries);
}

function forgeArtifact(build, name) {
  const path = join(ROOT, 'target/forge', build, 'out', `${name}.sol`, `${name}.json`);
  if (!existsSync(path)) throw new Error(`${path} is missing; run script/setup`);
  const { bytecode, deployedBytecode } = JSON.parse(readFileSync(path, 'utf8'));
  return artifact(bytecode.object, deployedBytecode.object, bytecode.linkReferences);
}

function uniswapArtifact(name, directory) {
  const path = join(ROOT, 'node_modules/@uniswap', directory, `${name}.json`);
  const { bytecode, deployedBytecode, linkReferences } = JSON.parse(readFileSync(path, 'utf8'));
  return artifact(bytecode, deployedBytecode, linkReferences);
}

// Their runtime is what the constructor returns: no contract of the venue is compared by its code.
function avantisArtifact(name) {
  const path = join(ROOT, UNPACKED, 'avantis_trader_sdk/abis', `${name}.sol`, `${name}.json`);
  const { bytecode } = JSON.parse(readFileSync(path, 'utf8'));
  return artifact(bytecode.object, '0x', bytecode.linkReferences);
}

// viem carries Multicall3's creation code as a constant; its runtime is what the constructor returns.
function multicall3() {
  const require = createRequire(import.meta.url);
  const { multicall3Bytecode } = require(join(ROOT, 'node_modules/viem/_cjs/constants/contracts.js'));
  return artifact(multicall3Bytecode, '0x', {});
}

// Link placeholders become zeros: `links` says at which byte of the creation code each library's address goes.
function artifact(bytecode, deployed, linkReferences) {
  const links = {};
  for (const file of Object.values(linkReferences ?? {})) {
    for (const [library, places] of Object.entries(file)) links[library] = places.map((place) => place.start);
  }
  return { bytecode: hex(bytecode), deployed: hex(deployed), links };
}

function hex(code) {
  const text = code.replace(/^0x/, '').replaceAll(/__.{36}__/g, '0'.repeat(40));
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new Error('an artifact holds something that is not byte code');
  return `0x${text}`;
}

// A running anvil keeps its file open, so a binary is replaced by a rename and only when it changed.
function copyTool(tool, target) {
  const source = toolPath(tool);
  if (existsSync(target) && statSync(target).size === statSync(source).size && digest(target) === digest(source)) return;
  replaceFile(target, (path) => {
    copyFileSync(source, path);
    chmodSync(path, 0o755);
  });
}

function digest(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

function replaceFile(path, write) {
  const scratch = `${path}.${process.pid}`;
  write(scratch);
  renameSync(scratch, path);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { directory, count, hash } = writeKit();
  console.error(`kit: ${count} contracts (${hash.slice(0, 12)}) and ${TOOLS.join(', ')} in ${directory}`);
}
