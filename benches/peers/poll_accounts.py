"""Polls the health factor of accounts at each new head, as a short script does: one question an account."""
import json
import sys
import time

from web3 import Web3

url, pool, heads, accounts = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4].split(",")
NAMES = ["collateral", "debt", "available", "threshold", "ltv", "healthFactor"]
ABI = [{
    "type": "function", "name": "getUserAccountData", "stateMutability": "view",
    "inputs": [{"name": "user", "type": "address"}],
    "outputs": [{"name": name, "type": "uint256"} for name in NAMES],
}]
web3 = Web3(Web3.HTTPProvider(url))
contract = web3.eth.contract(address=Web3.to_checksum_address(pool), abi=ABI)
accounts = [Web3.to_checksum_address(account) for account in accounts]
nanos = []
for _ in range(heads):
    began = time.perf_counter_ns()
    block = web3.eth.block_number
    least = min(contract.functions.getUserAccountData(account).call(block_identifier=block)[5] for account in accounts)
    nanos.append(time.perf_counter_ns() - began)
print(json.dumps({"nanos": nanos, "calls": 1 + len(accounts), "least": hex(least)}))
