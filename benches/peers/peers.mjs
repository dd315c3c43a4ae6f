// Encodes the streams it is given as typed ops with 1delta's library, and computes debt and health factor with Aave's.
// Prints one JSON document. Called by the benchmark (benches/replica/peers.rs).
import * as calldata from '@1delta/calldatalib'
import { createRequire } from 'node:module'
import { concat } from 'viem'

// The package's ES modules name files without their endings; node finds those of the CommonJS form only.
const math = createRequire(import.meta.url)('@aave/math-utils')

const question = JSON.parse(process.argv[2])
const MAX_112 = (1n << 112n) - 1n

const amount = (value) => (value === 'all' ? 0n : value === 'max' ? MAX_112 : BigInt(value.exact))
const sweep = (value) => ('exact' in value ? [BigInt(value.exact), 1] : [BigInt(value.at_least), 0])

// Helpers that write their approval themselves: the typed op before them is that approval.
const writesApproval = (op, next) => {
  const approve = op.transfer?.approve
  if (!approve || !next) return false
  const { deposit, repay } = next.lending ?? {}
  const lending = deposit ?? repay
  if (lending) return lending.asset === approve.token && lending.pool === approve.spender
  const loan = next.flash?.pulled
  return Boolean(loan) && loan.asset === approve.token && loan.pool === approve.spender
}

const transfer = (op) => {
  const [kind, of] = Object.entries(op)[0]
  switch (kind) {
    case 'transfer_from': return calldata.encodeTransferIn(of.asset, of.receiver, amount(of.amount))
    case 'sweep': return calldata.encodeSweep(of.asset, of.receiver, ...sweep(of.amount))
    case 'unwrap': return calldata.encodeUnwrap(of.weth, of.receiver, ...sweep(of.amount))
    case 'approve': return calldata.encodeApprove(of.token, of.spender)
    default: throw new Error(`no peer for transfer ${kind}`)
  }
}

const lending = (op) => {
  const [kind, of] = Object.entries(op)[0]
  switch (kind) {
    case 'deposit': return calldata.encodeAaveDeposit(of.asset, amount(of.amount), of.on_behalf_of, of.pool)
    case 'borrow': return calldata.encodeAaveBorrow(of.asset, BigInt(of.amount), of.receiver, 2, of.pool)
    default: throw new Error(`no peer for lending ${kind}`)
  }
}

const forwarderOp = (op) => {
  const [kind, of] = Object.entries(op)[0]
  switch (kind) {
    case 'transfer': return transfer(of)
    case 'call': return calldata.encodeExternalCall(of.target, BigInt(of.value?.exact ?? 0), false, of.data)
    default: throw new Error(`no peer for forwarder op ${kind}`)
  }
}

const POOL_TYPES = { morpho_blue: 0, aave_v3: 2 }

const encodeOp = (op) => {
  const [kind, of] = Object.entries(op)[0]
  switch (kind) {
    case 'transfer': return transfer(of)
    case 'lending': return lending(of)
    case 'forwarder_call':
      return calldata.encodeExternalCall(of.forwarder, 0n, false, concat(of.ops.map(forwarderOp)))
    case 'flash': {
      const loan = of.pulled
      return calldata.encodeFlashLoan(loan.asset, BigInt(loan.amount), loan.pool, POOL_TYPES[loan.provider], 0, encode(loan.ops))
    }
    default: throw new Error(`no peer for op ${kind}`)
  }
}

function encode(ops) {
  return concat(ops.filter((op, index) => !writesApproval(op, ops[index + 1])).map(encodeOp))
}

const nanos = (rounds, call) => {
  for (let i = 0; i < rounds / 10; i++) call()
  const began = process.hrtime.bigint()
  for (let i = 0; i < rounds; i++) call()
  return Number((process.hrtime.bigint() - began) / BigInt(rounds))
}

const { streams, account, debt, rounds } = question
const health = () =>
  math.calculateHealthFactorFromBalances({
    collateralBalanceMarketReferenceCurrency: account.collateral,
    borrowBalanceMarketReferenceCurrency: account.debt,
    currentLiquidationThreshold: account.threshold,
  })
const owed = math.getCompoundedBalance({
  principalBalance: debt.scaled,
  reserveIndex: debt.index,
  reserveRate: debt.rate,
  lastUpdateTimestamp: debt.updated,
  currentTimestamp: debt.now,
})

process.stdout.write(JSON.stringify({
  encoded: streams.map(encode),
  encodeNanos: nanos(rounds / 10, () => encode(streams[0])),
  healthFactor: health().toFixed(),
  debt: owed.toFixed(),
  healthFactorNanos: nanos(rounds, health),
}))
