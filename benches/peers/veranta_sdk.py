"""The venue's official client (veranta-sdk), unmodified, against the local venue: `replica start --perps v2`.

    python benches/peers/veranta_sdk.py RPC_URL VENUE_URL PRIVATE_KEY

It opens, increases, protects, funds, trims and closes a position, places and cancels a limit order, and holds every
amount against the contract: what the client lists is what the contract has, and what its own arithmetic predicts for a
close is what comes back, but for two units of USDC's last place. Prints one JSON object; any difference ends it with an exit code of 1.
"""

import json
import os
import sys
import urllib.request
from decimal import Decimal

# Proxies must not see loopback; the client's transport reads the environment when it is made.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
# This file has the package's name.
sys.path = [path for path in sys.path if os.path.abspath(path) != os.path.dirname(os.path.abspath(__file__))]

from eth_abi import decode, encode  # noqa: E402
from eth_account import Account  # noqa: E402
from eth_utils import keccak  # noqa: E402
from veranta_sdk import Veranta  # noqa: E402
from veranta_sdk.compute.fees import pair_close_maker_taker_fee_p  # noqa: E402
from veranta_sdk.compute.pnl import net_pnl  # noqa: E402

ROUTER = "0x44914408af82bC9983bbb330e3578E1105e11d4e"
USDC = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"
# IV2StandIn.Position.
POSITION = (
    "(address,uint256,uint256,bool,bool,bool,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,int256,uint256)"
)
UNIT = Decimal("0.000001")

rpc, venue, key = sys.argv[1:4]
trader = Account.from_key(key).address
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
steps = []


def call(to, signature, *arguments):
    types = signature[signature.index("(") + 1 : -1]
    data = keccak(text=signature)[:4] + encode([t for t in types.split(",") if t], list(arguments))
    question = {"jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": [{"to": to, "data": "0x" + data.hex()}, "latest"]}
    request = urllib.request.Request(rpc, json.dumps(question).encode(), {"content-type": "application/json"})
    answer = json.load(opener.open(request))
    if "error" in answer:
        raise SystemExit(f"{signature}: {answer['error']}")
    return bytes.fromhex(answer["result"][2:])


def balance():
    return Decimal(decode(["uint256"], call(USDC, "balanceOf(address)", trader))[0]) / 10**6


def on_chain(pair, index):
    values = decode([POSITION], call(ROUTER, "getPosition(address,uint256,uint256)", trader, pair, index))[0]
    names = "trader pair index buy is_pnl closing collateral leverage open_price tp sl timestamp coins rollover funding liquidation"
    return dict(zip(names.split(), values))


def same(what, got, wanted, by=Decimal(0)):
    if abs(Decimal(got) - Decimal(wanted)) > by:
        raise SystemExit(f"{what}: {got}, wanted {wanted}")


def done(step, **more):
    steps.append({"step": step, **{name: str(value) for name, value in more.items()}})


def shown(pair, index):
    """The position as the client lists it, which must be the contract's."""
    position = client.account.positions().position(pair, index)
    if position is None:
        raise SystemExit(f"the client lists no position {pair}/{index}")
    chain = on_chain(pair, index)
    for field, name in [
        ("collateral_raw", "collateral"), ("leverage_raw", "leverage"), ("open_price_raw", "open_price"),
        ("tp_raw", "tp"), ("sl_raw", "sl"), ("opened_at", "timestamp"),
    ]:
        same(f"{field} of {pair}/{index}", getattr(position, field), chain[name])
    # These two accrue with the blocks between the two reads.
    same("rollover", position.rollover_fee, Decimal(chain["rollover"]) / 10**6, Decimal("0.01"))
    if (position.side == "long") != chain["buy"]:
        raise SystemExit("the side differs")
    return position


client = Veranta(
    private_key=key, rpc_url=rpc, api_base_url=venue, tx_builder_url=venue, history_api_url=venue, feed_url=venue,
    relay_poll_interval_s=0.05,
)
pair = client.markets.pair("ETH/USD")
price = Decimal(client.markets.price("ETH/USD"))
done("pairs and price", pair=pair.index, price=price)

client.account.approve_usdc()
done("approve")
same("balance that the client shows", client.account.usdc_balance(), balance())

# Open: 100 USDC at five times; nobody else holds anything, so the fee is the taker's 0.045 percent of 500.
before = balance()
opened = client.trade.market_open("ETH/USD", "long", 100, 5, open_price=price, stop_loss=price * Decimal("0.9"))
same("paid for the position", before - balance(), 100)
position = shown(pair.index, 0)
same("collateral after the fee", position.collateral, Decimal(100) - Decimal("0.225"))
# The pair's constant spread of 0.01 percent is against the trader.
same("price of the fill", position.open_price, price * Decimal("1.0001"), Decimal("0.0000000001"))
done("open", collateral=position.collateral, price=position.open_price, hash=opened.tx_hash)

client.trade.update_tp_sl("ETH/USD", 0, take_profit=price * Decimal("1.2"), stop_loss=price * Decimal("0.92"))
position = shown(pair.index, 0)
same("take profit", position.tp, (price * Decimal("1.2")).quantize(Decimal("0.0000000001")))
done("take profit and stop loss", tp=position.tp, sl=position.sl)

before, collateral = balance(), position.collateral
client.trade.update_margin("ETH/USD", 0, "deposit", 20)
same("deposited", before - balance(), 20)
position = shown(pair.index, 0)
same("collateral with the deposit", position.collateral, collateral + 20, Decimal("0.01"))
before, collateral = balance(), position.collateral
client.trade.update_margin("ETH/USD", 0, "withdraw", 5)
same("withdrawn", balance() - before, 5)
position = shown(pair.index, 0)
same("collateral without the withdrawal", position.collateral, collateral - 5, Decimal("0.01"))
done("margin", collateral=position.collateral)

before = balance()
client.trade.increase_position("ETH/USD", 0, 50, 4, open_price=price)
same("paid for the increase", before - balance(), 50)
position = shown(pair.index, 0)
done("increase", collateral=position.collateral, leverage=position.leverage)


def close(amount):
    """Closes a part; the client's own arithmetic must say what comes back."""
    position = shown(pair.index, 0)
    chain = on_chain(pair.index, 0)
    part = Decimal(amount) / position.collateral
    fill = price * Decimal("0.9999")
    # The client computes with floating point. This position is all there is on the pair.
    coins = float(Decimal(chain["coins"]) / 10**10)
    fee = pair_close_maker_taker_fee_p(
        initial_coin_oi_long=coins, initial_coin_oi_short=0.0, position_size_coin_oi=coins * float(part), is_long=True,
        close_maker_fee_p=0.01, close_taker_fee_p=0.045,
    )
    predicted = net_pnl(
        current_price=float(fill), open_price=float(position.open_price), collateral=float(amount),
        leverage=float(position.leverage), is_long=True, close_fee_p=fee.fee_p,
        rollover_fee=float(Decimal(chain["rollover"]) / 10**6 * part),
        funding_fee=float(Decimal(chain["funding"]) / 10**6 * part),
    )
    net = Decimal(str(predicted.net))
    before = balance()
    client.trade.market_close("ETH/USD", 0, amount, expected_price=price)
    received = balance() - before
    # The contract rounds the payout to a unit, and the fees that it shows.
    same("what the close paid", received, Decimal(amount) + net, 2 * UNIT)
    return received


done("partial close", received=close(Decimal("60")))
done("full close", received=close(shown(pair.index, 0).collateral))
if on_chain(pair.index, 0)["leverage"] != 0 or client.account.positions().positions:
    raise SystemExit("a position is left")

# By coins, as a short; closed by coins.
client.trade.market_open_coin("ETH/USD", "short", 100, Decimal("0.2"), leverage=5, min_leverage=1, max_leverage=50, open_price=price)
position = shown(pair.index, 0)
same("coins", Decimal(on_chain(pair.index, 0)["coins"]) / 10**10, Decimal("0.2"))
half = client.trade.partial_tp_sl("ETH/USD", 0, side="short", kind="tp", coin_exposure=Decimal("0.1"), price=price * Decimal("0.9"))
position = shown(pair.index, 0)
if [trigger.entity_id for trigger in position.partial_triggers] != [half["entityId"]]:
    raise SystemExit("the partial trigger is not listed")
client.trade.cancel_partial_tp_sl(half)
if shown(pair.index, 0).partial_triggers:
    raise SystemExit("the partial trigger is still listed")
client.trade.market_close_coin("ETH/USD", 0, Decimal("0.2"), expected_price=price)
done("short by coins with a partial trigger", balance=balance())

before = balance()
client.trade.limit_open("ETH/USD", "long", 100, 5, price * Decimal("0.9"))
orders = client.account.positions().limit_orders
if len(orders) != 1:
    raise SystemExit(f"{len(orders)} limit orders are listed")
same("in escrow", before - balance(), 100)
client.trade.cancel_limit_order("ETH/USD", orders[0].index)
same("back from escrow", balance(), before)
done("limit order placed and cancelled")

client.close()
print(json.dumps({"trader": trader, "steps": steps, "balance": str(balance())}))
