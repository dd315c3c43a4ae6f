"""The venue's SDK: reads an account's positions and builds an open. Arguments: url, account, rounds. Prints JSON."""
import asyncio
import json
import sys
import time

# The SDK talks on standard output, where only the result belongs.
result, sys.stdout = sys.stdout, sys.stderr

from avantis_trader_sdk import TraderClient
from avantis_trader_sdk.types import TradeInput, TradeInputOrderType


async def main():
    url, trader, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    client = TraderClient(url)
    began = time.perf_counter_ns()
    for _ in range(rounds):
        trades, _orders = await client.trade.get_trades(trader)
    read = (time.perf_counter_ns() - began) // rounds
    wanted = TradeInput(trader=trader, collateral_in_trade=100, is_long=True, leverage=10, pair_index=0,
                        open_price=3000, tp=3120, sl=2940)
    began = time.perf_counter_ns()
    for _ in range(rounds):
        built = await client.trade.build_trade_open_tx(wanted, TradeInputOrderType.MARKET, 1)
    build = (time.perf_counter_ns() - began) // rounds
    data = built["data"]
    data = data if isinstance(data, str) else "0x" + bytes(data).hex()
    print(json.dumps({"positions": len(trades), "read_nanos": read, "data": data, "value": hex(built["value"]),
                      "build_nanos": build}), file=result)


asyncio.run(main())
