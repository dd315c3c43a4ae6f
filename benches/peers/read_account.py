"""Reads an account's totals from the Aave pool at a block, as a short script would; prints one JSON document."""
import json
import sys
import time

from web3 import Web3

url, pool, account, block, rounds = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
NAMES = ["collateral", "debt", "available", "threshold", "ltv", "healthFactor"]
ABI = [{
    "type": "function", "name": "getUserAccountData", "stateMutability": "view",
    "inputs": [{"name": "user", "type": "address"}],
    "outputs": [{"name": name, "type": "uint256"} for name in NAMES],
}]
contract = Web3(Web3.HTTPProvider(url)).eth.contract(address=Web3.to_checksum_address(pool), abi=ABI)
began = time.perf_counter_ns()
for _ in range(rounds):
    values = contract.functions.getUserAccountData(Web3.to_checksum_address(account)).call(block_identifier=block)
print(json.dumps({"health_factor": hex(values[5]), "read_nanos": (time.perf_counter_ns() - began) // rounds}))
