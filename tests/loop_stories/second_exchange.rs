//! A second exchange behind the traits, without a change in `src`: one contract whose pools have none of their own. Loops over
//! it are planned, audited, sent and settled like any others.

use std::{any::Any, sync::Arc};

use alloy::{
    primitives::{Address, B256, Bytes, U256, U512, address},
    sol_types::SolCall,
};
use rust_decimal::dec;
use serde_json::Value;
use trimtab::{
    chain::{Answers, Batch, ReadError, Slot},
    config::LoopClass,
    dex::{
        Absence, Exchange, Exchanges, Pool, PoolHint, PoolId, PoolProbe, PoolQuery, PoolSwap, PriceProbe, Reach, Route,
        RouterCall, RouterCallError, SpotPrice, SwapError, UniswapV3,
    },
    loops::{self, Funds, LoopSnapshot, Pair, Payout, Request, Share, Target, plan},
    plan::Plan,
    send::Settlement,
};

use crate::{
    open::{as_predicted, is_close, leverage},
    trader::{CBETH, Trader, USDC, WETH, ether, milli_ether, units},
};

alloy::sol! {
    #[derive(Debug)]
    interface IFixedPriceExchange {
        function setPrice(address token0, address token1, uint128 of0, uint128 of1) external;
        function prices(address token0, address token1) external view returns (uint128 of0, uint128 of1);
        function sell(address tokenIn, address tokenOut, uint256 amountIn, uint256 minOut, address to) external;
        function balanceOf(address account) external view returns (uint256);
        function buy(address tokenIn, address tokenOut, uint256 amountOut, uint256 maxIn, address to) external;
    }
}
use IFixedPriceExchange::{balanceOfCall, buyCall, pricesCall, sellCall, setPriceCall};

const NAME: &str = "fixed-price";
const AT: Address = address!("00000000000000000000000000000000f1eedf1e");
const FEE: u32 = 200;
const WHOLE: u64 = 1_000_000;
/// The terms of its pools: an exchange's own business, opaque to everybody else.
const TERMS: B256 = B256::repeat_byte(0x5e);

#[derive(Debug)]
struct FixedPrice;

impl Exchange for FixedPrice {
    fn name(&self) -> &'static str {
        NAME
    }

    fn words(&self) -> &'static str {
        "the fixed-price exchange"
    }

    fn router(&self) -> Address {
        AT
    }

    fn contracts(&self) -> Vec<(&'static str, Address, Option<&'static str>)> {
        vec![(NAME, AT, None)]
    }

    fn pools_between(&self, a: Address, b: Address) -> Vec<PoolId> {
        PoolId::new(NAME, (a, b), FEE, TERMS).into_iter().collect()
    }

    fn address(&self, _pool: &PoolId) -> Option<Address> {
        None
    }

    fn probe(&self, batch: &mut Batch, pool: &PoolId) -> Box<dyn PoolProbe> {
        Box::new(Asked::add(batch, *pool))
    }

    fn write(&self, call: &RouterCall) -> Result<Bytes, RouterCallError> {
        let (token_in, token_out) = (call.route().token_in(), call.route().token_out());
        // One pool at a time; a route of two is for its router to refuse.
        let _pool = call.route().single().ok_or(RouterCallError::NotASwap)?;
        Ok(match *call {
            RouterCall::ExactIn { amount_in, min_out, recipient, .. } => {
                sellCall { tokenIn: token_in, tokenOut: token_out, amountIn: amount_in, minOut: min_out, to: recipient }
                    .abi_encode()
            }
            RouterCall::ExactOut { amount_out, max_in, recipient, .. } => {
                buyCall { tokenIn: token_in, tokenOut: token_out, amountOut: amount_out, maxIn: max_in, to: recipient }
                    .abi_encode()
            }
        }
        .into())
    }

    fn write_for_replace(&self, call: &RouterCall) -> Result<(Bytes, u16), RouterCallError> {
        let data = self.write(call)?;
        let offset = self.amount_in_offset(&data).ok_or(RouterCallError::NoAmountIn)?;
        Ok((data, offset))
    }

    fn read(&self, data: &[u8]) -> Result<RouterCall, RouterCallError> {
        let damaged = |error: alloy::sol_types::Error| RouterCallError::Damaged(error.to_string());
        if data.starts_with(&sellCall::SELECTOR) {
            let call = sellCall::abi_decode_validate(data).map_err(damaged)?;
            return Ok(RouterCall::ExactIn {
                route: self.route(call.tokenIn, call.tokenOut)?,
                recipient: call.to,
                amount_in: call.amountIn,
                min_out: call.minOut,
                limit: None,
            });
        }
        if data.starts_with(&buyCall::SELECTOR) {
            let call = buyCall::abi_decode_validate(data).map_err(damaged)?;
            return Ok(RouterCall::ExactOut {
                route: self.route(call.tokenIn, call.tokenOut)?,
                recipient: call.to,
                amount_out: call.amountOut,
                max_in: call.maxIn,
                limit: None,
            });
        }
        Err(RouterCallError::NotASwap)
    }

    fn amount_in_offset(&self, data: &[u8]) -> Option<u16> {
        data.starts_with(&sellCall::SELECTOR).then_some(64)
    }
}

impl FixedPrice {
    fn route(&self, token_in: Address, token_out: Address) -> Result<Route, RouterCallError> {
        let pool = PoolId::new(NAME, (token_in, token_out), FEE, TERMS).map_err(trimtab::dex::RouteError::from)?;
        Ok(Route::new(token_in, vec![trimtab::dex::Hop { pool, token_out }])?)
    }
}

/// A question for the price and what the exchange holds; with it everything is known.
#[derive(Debug)]
struct Asked {
    pool: PoolId,
    price: Slot<pricesCall>,
    held: [Slot<balanceOfCall>; 2],
}

impl Asked {
    fn add(batch: &mut Batch, pool: PoolId) -> Self {
        let (token0, token1) = (pool.token0(), pool.token1());
        let held = [token0, token1].map(|token| batch.add(token, &balanceOfCall { account: AT }));
        Self { pool, price: batch.add(AT, &pricesCall { token0, token1 }), held }
    }

    fn state(&self, answers: &Answers) -> Result<FixedPricePool, Absence> {
        let price = answers.find(self.price).ok_or(Absence::NoContract)?;
        if price.of0 == 0 || price.of1 == 0 {
            return Err(Absence::Uninitialised);
        }
        let [held0, held1] = self.held.map(|slot| answers.find(slot).unwrap_or_default());
        Ok(FixedPricePool { pool: self.pool, of: [U256::from(price.of0), U256::from(price.of1)], held: [held0, held1] })
    }
}

impl PoolProbe for Asked {
    fn decode(&self, answers: &Answers) -> Result<Arc<dyn PoolHint>, Absence> {
        self.state(answers).map(|state| Arc::new(Known(state.pool)) as Arc<dyn PoolHint>)
    }
}

impl PoolQuery for Asked {
    fn id(&self) -> PoolId {
        self.pool
    }

    fn decode(&self, answers: &Answers) -> Result<Result<Arc<dyn Pool>, Absence>, ReadError> {
        Ok(self.state(answers).map(|state| Arc::new(state) as Arc<dyn Pool>))
    }
}

#[derive(Debug)]
struct Known(PoolId);

impl PoolHint for Known {
    fn ask(&self, batch: &mut Batch, _reach: &Reach) -> Box<dyn PoolQuery> {
        Box::new(Asked::add(batch, self.0))
    }
}

#[derive(Debug)]
struct SamePrice(FixedPricePool, Asked);

impl PriceProbe for SamePrice {
    fn is_still(&self, answers: &Answers, _within: u64) -> Option<bool> {
        self.1.state(answers).ok().map(|state| state.of == self.0.of)
    }
}

#[derive(Debug, Clone, PartialEq)]
struct FixedPricePool {
    pool: PoolId,
    of: [U256; 2],
    held: [U256; 2],
}

impl FixedPricePool {
    /// Price of the token that goes in and of the one that comes out, and what there is of the latter.
    fn sides(&self, token_in: Address) -> Result<(U256, U256, U256), SwapError> {
        let [of0, of1] = self.of;
        match token_in {
            token if token == self.pool.token0() => Ok((of0, of1, self.held[1])),
            token if token == self.pool.token1() => Ok((of1, of0, self.held[0])),
            _ => Err(SwapError::BadState("tokens")),
        }
    }

    fn swap(&self, amount_in: U256, amount_out: U256, left: U256) -> Result<PoolSwap, SwapError> {
        if amount_in.is_zero() || amount_out.is_zero() {
            return Err(SwapError::ZeroAmount);
        }
        if amount_out > left {
            return Err(SwapError::NotEnoughLiquidity { amount_in, amount_out: left });
        }
        Ok(PoolSwap { amount_in, amount_out, fee_pips: FEE, price_impact_pips: 0, gas: 60_000 })
    }
}

impl Pool for FixedPricePool {
    fn id(&self) -> PoolId {
        self.pool
    }

    fn address(&self) -> Option<Address> {
        None
    }

    fn sell(&self, token_in: Address, amount: U256) -> Result<PoolSwap, SwapError> {
        let (of_in, of_out, left) = self.sides(token_in)?;
        let out = amount * U256::from(WHOLE - u64::from(FEE)) * of_out / (of_in * U256::from(WHOLE));
        self.swap(amount, out, left)
    }

    fn buy(&self, token_out: Address, amount: U256) -> Result<PoolSwap, SwapError> {
        let token_in = self.pool.other(token_out).ok_or(SwapError::BadState("tokens"))?;
        let (of_in, of_out, left) = self.sides(token_in)?;
        let bottom = of_out * U256::from(WHOLE - u64::from(FEE));
        self.swap((amount * of_in * U256::from(WHOLE)).div_ceil(bottom), amount, left)
    }

    fn spot_price(&self) -> SpotPrice {
        SpotPrice::from_amounts(self.of[1], self.of[0]).expect("a price")
    }

    fn depth(&self) -> U256 {
        U256::saturating_from((self.held[0].widening_mul::<256, 4, 512, 8>(self.held[1])).root(2))
    }

    fn balance_of(&self, token: Address) -> Option<U256> {
        self.pool.other(token).map(|_| if token == self.pool.token0() { self.held[0] } else { self.held[1] })
    }

    fn repriced(&self, top: U512, bottom: U512) -> Result<Arc<dyn Pool>, Absence> {
        let (top, bottom) = (U256::from(top), U256::from(bottom));
        Ok(Arc::new(Self { of: [self.of[0] * bottom, self.of[1] * top], ..self.clone() }))
    }

    fn hint(&self) -> Arc<dyn PoolHint> {
        Arc::new(Known(self.pool))
    }

    fn probe_price(&self, batch: &mut Batch) -> Box<dyn PriceProbe> {
        Box::new(SamePrice(self.clone(), Asked::add(batch, self.pool)))
    }

    fn is_equal(&self, other: &dyn Pool) -> bool {
        other.as_any().downcast_ref::<Self>() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The exchange on the replica, with money in it and ether at the oracle's price less a little.
async fn open_exchange(trader: &Trader, dollars_per_ether: u64) {
    let code = trader.replica.kit.runtime_code("FixedPriceExchange").expect("the kit has it");
    let _: Value = trader.replica.request("anvil_setCode", (AT, code)).await.expect("anvil");
    let funds = [(WETH, ether(1_000)), (USDC, units(5_000_000, 6))];
    trader.replica.controls.fund(AT, U256::ZERO, &funds).await.expect("funds");
    assert!(WETH < USDC, "the order of the tokens in the pool");
    let (of0, of1) = (10u128.pow(18), u128::from(dollars_per_ether) * 1_000_000);
    trader.replica.send(trader.account, AT, &setPriceCall { token0: WETH, token1: USDC, of0, of1 }).await;
}

async fn planned(
    trader: &Trader,
    exchanges: &Exchanges,
    pair: &Pair,
    request: &Request,
) -> Result<Plan, loops::PlanError> {
    let read = LoopSnapshot::read_on(&trader.endpoints, exchanges, &trader.list, pair, trader.account).await;
    let settings = trader.settings(LoopClass::Volatile);
    plan(request, &read.expect("a snapshot"), pair, &settings, &LoopSnapshot::hubs(&trader.list))
}

/// From request to settled result.
async fn done(trader: &Trader, exchanges: &Exchanges, pair: &Pair, request: &Request) -> (Plan, Settlement) {
    let plan = planned(trader, exchanges, pair, request).await.unwrap_or_else(|error| panic!("{request:?}: {error}"));
    loops::audit(&plan, exchanges).expect("what its action sends");
    let report = trader.execute(plan.clone()).await.unwrap_or_else(|failed| panic!("{request:?}: {failed:?}"));
    (plan, report.settlement.expect("settled"))
}

fn swapped_there(plan: &Plan) -> bool {
    format!("{:?}", plan.steps).to_lowercase().contains(&format!("{AT:x}"))
}

#[tokio::test]
async fn a_loop_is_opened_adjusted_and_closed_over_an_exchange_that_src_has_never_heard_of() {
    let trader = Trader::start().await;
    open_exchange(&trader, 3_000).await;
    let exchanges = Exchanges::of([Arc::new(FixedPrice) as Arc<dyn Exchange>]);
    let pair = trader.pair("WETH", "USDC").await;
    trader.give(WETH, ether(10)).await;
    let open = Request::Open { funds: Funds::Collateral(ether(10)), target: Target::Leverage(dec!(3)) };
    let (opened, settlement) = done(&trader, &exchanges, &pair, &open).await;
    assert!(swapped_there(&opened), "{opened:#?}");
    assert!(opened.notes.iter().any(|note| note.contains("0.02 %")), "{:?}", opened.notes);
    assert!(is_close(leverage(&trader, &pair).await, dec!(3)));
    as_predicted(&opened, &settlement);
    trader.assert_nothing_left(&pair).await;

    // Whoever does not know the exchange does not let its calldata through.
    let refused = loops::audit(&opened, &Exchanges::default()).expect_err("a router that is not allowed");
    assert!(refused.to_string().contains("router"), "{refused}");

    let lower = Request::Adjust { target: Target::Leverage(dec!(2)) };
    let (lowered, settlement) = done(&trader, &exchanges, &pair, &lower).await;
    assert!(swapped_there(&lowered));
    as_predicted(&lowered, &settlement);
    assert!(is_close(leverage(&trader, &pair).await, dec!(2)));

    let (closed, _) =
        done(&trader, &exchanges, &pair, &Request::Close { share: Share::All, payout: Payout::Debt }).await;
    assert!(swapped_there(&closed));
    let left = trader.snapshot(&pair).await.account;
    assert!(left.holdings.values().all(|held| held.scaled_debt.is_zero() && held.scaled_supply.is_zero()), "{left:?}");
    trader.assert_nothing_left(&pair).await;
}

#[tokio::test]
async fn of_two_exchanges_the_better_price_is_taken_and_a_route_stays_on_one() {
    let trader = Trader::start().await;
    let both = Exchanges::of([Arc::new(UniswapV3::BASE) as Arc<dyn Exchange>, Arc::new(FixedPrice)]);
    let pair = trader.pair("WETH", "USDC").await;
    trader.give(WETH, ether(10)).await;
    let open = Request::Open { funds: Funds::Collateral(ether(1)), target: Target::Leverage(dec!(2)) };
    open_exchange(&trader, 2_999).await;
    assert!(swapped_there(&planned(&trader, &both, &pair, &open).await.expect("a plan")), "ether is cheaper there");
    open_exchange(&trader, 3_020).await;
    let elsewhere = planned(&trader, &both, &pair, &open).await.expect("a plan");
    assert!(!swapped_there(&elsewhere), "ether is cheaper in the pools");

    // cbETH against dollars goes through ether on one exchange or not at all: the fixed-price exchange has no cbETH.
    let staked = trader.pair("cbETH", "USDC").await;
    trader.give(CBETH, milli_ether(500)).await;
    open_exchange(&trader, 2_500).await;
    let open = Request::Open { funds: Funds::Collateral(milli_ether(500)), target: Target::Leverage(dec!(2)) };
    let plan = planned(&trader, &both, &staked, &open).await.expect("a plan");
    assert!(!swapped_there(&plan));
    loops::audit(&plan, &both).expect("what its action sends");
}
