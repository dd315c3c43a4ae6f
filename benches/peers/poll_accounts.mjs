// Polls the health factor of accounts at each new head: viem's client, which joins what is asked together into multicalls.
import { createPublicClient, defineChain, http, parseAbi } from 'viem'

const [url, pool, heads, list] = process.argv.slice(2)
const accounts = list.split(',')
const abi = parseAbi([
  'function getUserAccountData(address user) view returns (uint256 collateral, uint256 debt, uint256 available, uint256 threshold, uint256 ltv, uint256 healthFactor)',
])
const chain = defineChain({
  id: 8453,
  name: 'Base',
  nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
  rpcUrls: { default: { http: [url] } },
  contracts: { multicall3: { address: '0xcA11bde05977b3631167028862bE2a173976CA11' } },
})
let calls = 0
const transport = http(url, { onFetchRequest: () => { calls += 1 }, retryCount: 0 })
const client = createPublicClient({ chain, transport, batch: { multicall: true } })
const nanos = []
let least = 0n
for (let head = 0; head < Number(heads); head += 1) {
  const began = process.hrtime.bigint()
  const blockNumber = await client.getBlockNumber({ cacheTime: 0 })
  const ask = (account) =>
    client.readContract({ address: pool, abi, functionName: 'getUserAccountData', args: [account], blockNumber })
  const answers = await Promise.all(accounts.map(ask))
  least = answers.map((answer) => answer[5]).reduce((a, b) => (a < b ? a : b))
  nanos.push(Number(process.hrtime.bigint() - began))
}
console.log(JSON.stringify({ nanos, calls: Math.round(calls / Number(heads)), least: `0x${least.toString(16)}` }))
