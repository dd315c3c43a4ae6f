//! As somebody who trusts a plan's numbers, I want every replayed swap to equal what the chain would do, to the wei.

use crate::common;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use alloy::{
    network::AnyTransactionReceipt,
    primitives::{
        Address, Bytes, U256, address,
        aliases::{I24, U24, U160},
    },
    providers::{DynProvider, Provider, ProviderBuilder},
    sol,
    sol_types::SolCall,
};
use serde_json::json;
use trimtab::{
    chain::{Answers, Batch, Endpoints, Reader, Slot, SystemClock},
    config::RpcConfig,
    dex::{
        Absence, Deployment, Direction, Exchange, Exchanges, GasPrice, HUBS, Pool, PoolId, PoolKey, PoolState, Pools,
        Quote, Reach, Rejection, Route, RouterCall, Search, Swap, SwapError, USDC, UniswapV3, WETH, read_pools,
        sqrt_ratio_at_tick,
    },
};

const CBETH: Address = address!("2Ae3F1Ec7F1F5012CFEab0185bfc7aa3cf0DEc22");
const WSTETH: Address = address!("c1CBa3fCea344f92D9239c08C0568f6F2F0ee452");
const WEETH: Address = address!("04C0599Ae5A44757c0af6F9eC3b93da8976c150A");
const CBBTC: Address = address!("cbB7C0000aB88B473b1f5aFd9ef808440eed33Bf");
/// The pools of the replica (base-replica.md §1.1).
const POOLS: [(Address, Address, u32); 8] = [
    (WETH, USDC, 500),
    (WETH, USDC, 3_000),
    (CBETH, WETH, 500),
    (WSTETH, WETH, 100),
    (WEETH, WETH, 500),
    (CBBTC, WETH, 500),
    (CBBTC, USDC, 500),
    (CBETH, USDC, 500),
];
/// Anvil's first account, which it signs for.
const USER: Address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
/// NonfungiblePositionManager (base-replica.md §1.1).
const POSITIONS: Address = address!("03a520b32C04BF3bEEf7BEb72E919cf822Ed34f1");
const DEADLINE: Duration = Duration::from_secs(30);
const BASE: Deployment = Deployment::BASE;

sol! {
    interface IQuoterV2 {
        struct QuoteExactInputSingleParams {
            address tokenIn; address tokenOut; uint256 amountIn; uint24 fee; uint160 sqrtPriceLimitX96;
        }
        struct QuoteExactOutputSingleParams {
            address tokenIn; address tokenOut; uint256 amount; uint24 fee; uint160 sqrtPriceLimitX96;
        }
        function quoteExactInputSingle(QuoteExactInputSingleParams memory params) external
            returns (uint256 amountOut, uint160 sqrtPriceX96After, uint32 initializedTicksCrossed, uint256 gasEstimate);
        function quoteExactOutputSingle(QuoteExactOutputSingleParams memory params) external
            returns (uint256 amountIn, uint160 sqrtPriceX96After, uint32 initializedTicksCrossed, uint256 gasEstimate);
        function quoteExactInput(bytes memory path, uint256 amountIn) external returns (
            uint256 amountOut, uint160[] memory sqrtPriceX96AfterList, uint32[] memory initializedTicksCrossedList,
            uint256 gasEstimate);
        function quoteExactOutput(bytes memory path, uint256 amountOut) external returns (
            uint256 amountIn, uint160[] memory sqrtPriceX96AfterList, uint32[] memory initializedTicksCrossedList,
            uint256 gasEstimate);
    }
    interface IToken {
        function balanceOf(address account) external view returns (uint256);
        function approve(address spender, uint256 amount) external returns (bool);
        function deposit() external payable;
    }
    interface IPositions {
        struct MintParams {
            address token0; address token1; uint24 fee; int24 tickLower; int24 tickUpper; uint256 amount0Desired;
            uint256 amount1Desired; uint256 amount0Min; uint256 amount1Min; address recipient; uint256 deadline;
        }
        function mint(MintParams calldata params) external payable
            returns (uint256 tokenId, uint128 liquidity, uint256 amount0, uint256 amount1);
    }
}

/// A replica with one account in it that trades.
struct Chain {
    _replica: common::Replica,
    rpc: DynProvider,
    reader: Endpoints,
}

impl Chain {
    async fn start() -> Self {
        let replica = common::Replica::start().await;
        let rpc = ProviderBuilder::new().connect_http(replica.url().parse().expect("url")).erased();
        let settings = RpcConfig { urls: vec![replica.url().parse().expect("url")], ..RpcConfig::default() };
        let reader = Endpoints::connect(&settings, Arc::new(SystemClock::new())).expect("endpoints");
        let chain = Self { _replica: replica, rpc, reader };
        let balance = U256::from(10).pow(U256::from(30));
        let set = chain.rpc.raw_request::<_, ()>("anvil_setBalance".into(), (USER, balance));
        tokio::time::timeout(DEADLINE, set).await.expect("in time").expect("balance set");
        chain.send(WETH, IToken::depositCall {}.abi_encode().into(), U256::from(10).pow(U256::from(24))).await;
        for token in [WETH, USDC, CBETH, CBBTC, WSTETH, WEETH] {
            for spender in [BASE.router, POSITIONS] {
                let approve = IToken::approveCall { spender, amount: U256::MAX };
                chain.send(token, approve.abi_encode().into(), U256::ZERO).await;
            }
        }
        chain
    }

    /// Sends as the user; the gas it used.
    async fn send(&self, to: Address, data: Bytes, value: U256) -> u64 {
        let gas = U256::from(5_000_000);
        let call = json!([{ "from": USER, "to": to, "data": data, "value": value, "gas": gas }]);
        let sent = self.rpc.raw_request("eth_sendTransactionSync".into(), call);
        let receipt: AnyTransactionReceipt =
            tokio::time::timeout(DEADLINE, sent).await.expect("in time").expect("sent");
        assert!(receipt.inner.inner.status(), "call to {to} reverted");
        receipt.gas_used
    }

    async fn ask(&self, batch: &Batch) -> Answers {
        let head = self.reader.head().await.expect("head");
        self.reader.read(head, batch).await.expect("answers")
    }

    async fn balance(&self, token: Address) -> U256 {
        let mut batch = Batch::new();
        let slot = batch.add(token, &IToken::balanceOfCall { account: USER });
        self.ask(&batch).await.get(slot).expect("balance")
    }

    async fn pools(&self, pools: impl IntoIterator<Item = PoolId> + Send) -> Pools {
        let head = self.reader.head().await.expect("head");
        read_pools(&self.reader, head, &Exchanges::default(), pools, &Reach::default()).await.expect("pools")
    }

    /// Overlapping positions of random width around the price: ticks that add liquidity and ticks that take it away.
    async fn provide(&self, pool: &PoolState, dice: &mut Dice, positions: u32) {
        let part = U256::from(200);
        let (some0, some1) =
            (self.balance(pool.key.token0()).await / part, self.balance(pool.key.token1()).await / part);
        let usable = |tick: i32| tick.div_euclid(pool.tick_spacing) * pool.tick_spacing;
        for _ in 0..positions {
            let lower = usable(pool.tick + 300 - dice.below(1_200) as i32);
            let upper = lower + usable(pool.tick_spacing + dice.below(900) as i32);
            let params = IPositions::MintParams {
                token0: pool.key.token0(),
                token1: pool.key.token1(),
                fee: U24::from(pool.key.fee()),
                tickLower: I24::try_from(lower).expect("tick"),
                tickUpper: I24::try_from(upper).expect("tick"),
                amount0Desired: some0,
                amount1Desired: some1,
                amount0Min: U256::ZERO,
                amount1Min: U256::ZERO,
                recipient: USER,
                deadline: U256::MAX,
            };
            self.send(POSITIONS, IPositions::mintCall { params }.abi_encode().into(), U256::ZERO).await;
        }
    }

    /// Sells as much of a token, or what the user has of it.
    async fn sell(&self, token_in: Address, pool: &PoolState, amount: U256) {
        let (Some(token_out), amount_in) = (pool.key.other(token_in), amount.min(self.balance(token_in).await)) else {
            return;
        };
        let route = UniswapV3::route(token_in, &[(pool.key.fee(), token_out)]).expect("route");
        self.swap(&RouterCall::ExactIn { route, recipient: USER, amount_in, min_out: U256::ONE, limit: None }).await;
    }

    async fn swap(&self, call: &RouterCall) -> u64 {
        self.send(BASE.router, UniswapV3::BASE.write(call).expect("calldata"), U256::ZERO).await
    }
}

/// SplitMix64: the same sizes in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }

    /// Every number of bits up to those of `most` and one more; every other time a share of `most` itself.
    fn size(&mut self, most: U256) -> U256 {
        if self.below(2) == 0 {
            return (most / U256::from(1_000) * U256::from(self.below(1_020))).max(U256::ONE);
        }
        let bits = 1 + self.below(most.bit_len() as u64 + 1) as usize;
        let any = U256::from_limbs([self.roll(), self.roll(), self.roll(), self.roll()]);
        (any >> (256 - bits)).max(U256::ONE)
    }
}

/// One question to the replay and to the quoter.
struct Question {
    direction: Direction,
    exact_in: bool,
    amount: U256,
    limit: Option<U256>,
}

impl Question {
    fn random(pool: &PoolState, dice: &mut Dice) -> Self {
        let direction = if dice.below(2) == 0 { Direction::ZeroForOne } else { Direction::OneForZero };
        let (low, high) = pool.known_ticks();
        let (near, far) = match direction {
            Direction::ZeroForOne => (pool.tick, low),
            Direction::OneForZero => (pool.tick + 1, high),
        };
        let edge = sqrt_ratio_at_tick(far);
        let all = pool.exact_in(direction, U256::MAX >> 1, Some(edge)).expect("swap to the edge of what is known");
        let exact_in = dice.below(2) == 0;
        let amount = dice.size(if exact_in { all.amount_in } else { all.amount_out });
        let between = near.abs_diff(far).min(4_000);
        let away = 1 + dice.below(u64::from(between)) as i32;
        let tick = if far < near { near - away } else { near + away };
        let limit = (dice.below(4) == 0).then(|| sqrt_ratio_at_tick(tick));
        Self { direction, exact_in, amount, limit }
    }

    fn replay(&self, pool: &PoolState) -> Result<Swap, SwapError> {
        if self.exact_in {
            pool.exact_in(self.direction, self.amount, self.limit)
        } else {
            pool.exact_out(self.direction, self.amount, self.limit)
        }
    }

    fn ask(&self, batch: &mut Batch, key: &PoolKey) -> Asked {
        let (token_in, token_out) = match self.direction {
            Direction::ZeroForOne => (key.token0(), key.token1()),
            Direction::OneForZero => (key.token1(), key.token0()),
        };
        let fee = U24::from(key.fee());
        let limit = U160::from(self.limit.unwrap_or_default());
        if self.exact_in {
            let params = IQuoterV2::QuoteExactInputSingleParams {
                tokenIn: token_in,
                tokenOut: token_out,
                amountIn: self.amount,
                fee,
                sqrtPriceLimitX96: limit,
            };
            Asked::In(batch.add(BASE.quoter, &IQuoterV2::quoteExactInputSingleCall { params }))
        } else {
            let params = IQuoterV2::QuoteExactOutputSingleParams {
                tokenIn: token_in,
                tokenOut: token_out,
                amount: self.amount,
                fee,
                sqrtPriceLimitX96: limit,
            };
            Asked::Out(batch.add(BASE.quoter, &IQuoterV2::quoteExactOutputSingleCall { params }))
        }
    }
}

/// Where the quoter's answer will be.
enum Asked {
    In(Slot<IQuoterV2::quoteExactInputSingleCall>),
    Out(Slot<IQuoterV2::quoteExactOutputSingleCall>),
}

impl Asked {
    /// The other amount and the price afterwards; `None` when the quoter reverted.
    fn answer(self, answers: &Answers) -> Option<(U256, U256)> {
        match self {
            Self::In(slot) => answers.find(slot).map(|said| (said.amountOut, U256::from(said.sqrtPriceX96After))),
            Self::Out(slot) => answers.find(slot).map(|said| (said.amountIn, U256::from(said.sqrtPriceX96After))),
        }
    }
}

fn rounds() -> u64 {
    if std::env::var_os("TRIMTAB_LONG").is_some() { 10 } else { 1 }
}

fn all_keys() -> Vec<PoolId> {
    POOLS.iter().map(|(a, b, fee)| key(*a, *b, *fee)).collect()
}

fn key(a: Address, b: Address, fee: u32) -> PoolId {
    PoolKey::new(a, b, fee).expect("key").into()
}

fn state(pool: &Arc<dyn Pool>) -> &PoolState {
    pool.as_any().downcast_ref().expect("a pool of Uniswap v3")
}

/// What the quoter reads: tokens with three bytes of fee between them.
fn path(route: &Route, reversed: bool) -> Bytes {
    let mut parts: Vec<Vec<u8>> = vec![route.token_in().to_vec()];
    for hop in route.hops() {
        parts.extend([hop.pool.fee().to_be_bytes()[1..].to_vec(), hop.token_out.to_vec()]);
    }
    if reversed {
        parts.reverse();
    }
    parts.concat().into()
}

/// Asks quoter and replay the same; how many had a number and how many crossed a tick.
async fn compare(chain: &Chain, pool: &PoolState, dice: &mut Dice, count: u64) -> (u32, u32) {
    let (mut numbers, mut crossings) = (0, 0);
    let mut batch = Batch::new();
    let questions: Vec<_> = (0..count).map(|_| Question::random(pool, dice)).collect();
    let asked: Vec<_> = questions.iter().map(|question| question.ask(&mut batch, &pool.key)).collect();
    let answers = chain.ask(&batch).await;
    for (question, asked) in questions.iter().zip(asked) {
        let said = asked.answer(&answers);
        let Question { direction, exact_in, amount, limit } = question;
        let what = format!("{pool}: {direction:?} exact_in={exact_in} {amount} limit {limit:?}: quoter {said:?}");
        match question.replay(pool) {
            Ok(swap) => {
                let other = if *exact_in { swap.amount_out } else { swap.amount_in };
                assert_eq!(said, Some((other, swap.sqrt_price_after)), "{what}");
                assert!(limit.is_some() || amount == if *exact_in { &swap.amount_in } else { &swap.amount_out });
                numbers += 1;
                crossings += u32::from(swap.ticks_crossed > 0);
            }
            Err(SwapError::LeavesKnownRange { low, high, .. }) => {
                let outside = |price| price <= sqrt_ratio_at_tick(low) || price >= sqrt_ratio_at_tick(high);
                assert!(said.is_none_or(|(_, price)| outside(price)), "{what}: refused without need");
            }
            Err(error) => panic!("{what}: {error}"),
        }
    }
    (numbers, crossings)
}

#[tokio::test]
async fn every_pool_replays_random_swaps_to_the_wei_before_and_after_its_price_moved() {
    let chain = Chain::start().await;
    let mut dice = Dice(7);
    let (mut numbers, mut crossings) = (0, 0);
    let pools = chain.pools(all_keys()).await;
    for pool in pools.found().map(state) {
        chain.sell(WETH, pool, pool.balance_of(WETH).unwrap_or_default() / U256::from(12)).await;
    }
    for pool in pools.found().map(state) {
        chain.provide(pool, &mut dice, 6).await;
    }
    // Selling WETH into a pool moves its price one way, selling the proceeds the other way.
    for sold in [WETH, USDC, CBETH, CBBTC] {
        let pools = chain.pools(all_keys()).await;
        assert_eq!(pools.found().count(), POOLS.len(), "{:?}", pools.absent().collect::<Vec<_>>());
        for pool in pools.found().map(state) {
            for _ in 0..rounds() {
                let (some, crossed) = compare(&chain, pool, &mut dice, 10).await;
                numbers += some;
                crossings += crossed;
            }
        }
        for pool in pools.found().map(state) {
            let amount = pool.balance_of(sold).unwrap_or_default() / U256::from(8 + dice.below(30));
            chain.sell(sold, pool, amount).await;
        }
    }
    let least = u32::try_from(rounds()).expect("rounds");
    assert!(
        numbers > 250 * least && crossings > 40 * least,
        "{numbers} swaps compared, {crossings} of them across a tick"
    );
}

#[tokio::test]
async fn a_sent_swap_moves_the_money_and_the_pools_as_replayed() {
    let chain = Chain::start().await;
    let ether = U256::from(10).pow(U256::from(18));
    let two = |fee_a, mid, fee_b, out| vec![(fee_a, mid), (fee_b, out)];
    let one = |fee, token_out| vec![(fee, token_out)];
    let plans = [
        (true, WETH, one(500, USDC), ether * U256::from(400)),
        (true, WETH, two(500, USDC, 500, CBBTC), ether * U256::from(900)),
        (true, WETH, two(3_000, USDC, 500, CBETH), ether * U256::from(7)),
        (false, WETH, one(100, WSTETH), ether * U256::from(2_800)),
        (false, WSTETH, two(100, WETH, 500, USDC), U256::from(3_000_000_000_000u64)),
        (false, USDC, one(500, CBBTC), U256::from(123_456_789)),
    ];
    for (exact_in, token_in, hops, amount) in plans {
        let route = UniswapV3::route(token_in, &hops).expect("route");
        let before = chain.pools(route.pools()).await;
        let none = BTreeSet::new();
        let quote = quote(&before, &none, exact_in, &route, amount);
        let money = (chain.balance(token_in).await, chain.balance(route.token_out()).await);
        let (amount_in, amount_out) = (quote.amount_in, quote.amount_out);
        let call = if exact_in {
            RouterCall::ExactIn { route: route.clone(), recipient: USER, amount_in, min_out: amount_out, limit: None }
        } else {
            RouterCall::ExactOut { route: route.clone(), recipient: USER, amount_out, max_in: amount_in, limit: None }
        };
        let gas = chain.swap(&call).await;
        assert_eq!(money.0 - chain.balance(token_in).await, amount_in, "paid, {call}");
        assert_eq!(chain.balance(route.token_out()).await - money.1, amount_out, "received, {call}");
        let after = chain.pools(route.pools()).await;
        for ((pool, token), swap) in route.pools().zip(route.tokens_in()).zip(&quote.swaps) {
            let then = state(before.get(pool).expect("pool"));
            let direction = then.direction_from(token).expect("its token");
            let replayed = if exact_in {
                then.exact_in(direction, swap.amount_in, None)
            } else {
                then.exact_out(direction, swap.amount_out, None)
            };
            let predicted = then.after(&replayed.expect("a swap"));
            let now = state(after.get(pool).expect("pool"));
            let moved = PoolState { known_range: now.known_range, ticks: now.ticks.clone(), ..predicted };
            assert_eq!(&moved, now, "{call}");
        }
        // The estimate compares routes: it has to be in the right region, not exact.
        let swap_gas = gas - 21_000;
        assert!(quote.gas > swap_gas / 2 && quote.gas < swap_gas * 2, "{gas} used, {} estimated", quote.gas);
    }
}

fn quote(pools: &Pools, exclude: &BTreeSet<Address>, exact_in: bool, route: &Route, amount: U256) -> Quote {
    let search = Search { pools, hubs: &HUBS, gas: GasPrice::FREE, exclude };
    let ranking = if exact_in {
        search.best_exact_in(route.token_in(), route.token_out(), amount)
    } else {
        search.best_exact_out(route.token_in(), route.token_out(), amount)
    };
    ranking.quotes.into_iter().find(|quote| quote.route == *route).expect("the route is among the candidates")
}

#[tokio::test]
async fn the_best_route_is_the_one_the_quoter_gives_most_for() {
    let chain = Chain::start().await;
    let ether = U256::from(10).pow(U256::from(18));
    let none = BTreeSet::new();
    for (token_in, token_out, amount) in [
        (CBETH, USDC, ether * U256::from(2)),
        (CBETH, USDC, ether * U256::from(500)),
        (WETH, USDC, ether * U256::from(50)),
        (WSTETH, CBBTC, ether * U256::from(30)),
    ] {
        let pools = chain.pools(Exchanges::default().pools_between(token_in, token_out, &HUBS)).await;
        let search = Search { pools: &pools, hubs: &HUBS, gas: GasPrice::FREE, exclude: &none };
        let ranking = search.best_exact_in(token_in, token_out, amount);
        let backwards = search.best_exact_out(token_in, token_out, amount / U256::from(10_000_000_000_000u64));
        let mut batch = Batch::new();
        let forward = ranking.quotes.iter().map(|quote| {
            batch
                .add(BASE.quoter, &IQuoterV2::quoteExactInputCall { path: path(&quote.route, false), amountIn: amount })
        });
        let forward: Vec<_> = forward.collect();
        let reverse = backwards.quotes.iter().map(|quote| {
            let path = path(&quote.route, true);
            batch.add(BASE.quoter, &IQuoterV2::quoteExactOutputCall { path, amountOut: quote.amount_out })
        });
        let reverse: Vec<_> = reverse.collect();
        let answers = chain.ask(&batch).await;
        let said: Vec<_> = forward.iter().map(|slot| answers.get(*slot).expect("quote").amountOut).collect();
        assert_eq!(said, ranking.quotes.iter().map(|quote| quote.amount_out).collect::<Vec<_>>());
        assert!(said.is_sorted_by(|a, b| a >= b), "best first: {said:?}");
        let said: Vec<_> = reverse.iter().map(|slot| answers.get(*slot).expect("quote").amountIn).collect();
        assert_eq!(said, backwards.quotes.iter().map(|quote| quote.amount_in).collect::<Vec<_>>());
        assert!(said.is_sorted() && !said.is_empty(), "best first: {said:?}");
    }
}

#[tokio::test]
async fn pools_that_nobody_made_or_that_lend_the_flash_loan_are_rejected_with_the_reason() {
    let chain = Chain::start().await;
    let pools = chain.pools(Exchanges::default().pools_between(WETH, USDC, &HUBS)).await;
    assert_eq!(pools.get(key(WETH, USDC, 100)).err(), Some(Absence::NoContract));
    let lender = state(pools.get(key(WETH, USDC, 500)).expect("pool"));
    assert_eq!(lender.balance_of(WETH), Some(balance_in_pool(&chain, WETH, lender.address).await));
    let exclude = BTreeSet::from([lender.address]);
    let search = Search { pools: &pools, hubs: &HUBS, gas: GasPrice::FREE, exclude: &exclude };
    let ranking = search.best_exact_in(WETH, USDC, U256::from(10).pow(U256::from(18)));
    assert_eq!(ranking.best().and_then(|quote| quote.route.single()), Some(key(WETH, USDC, 3_000)));
    let reasons: Vec<_> = ranking.rejected.into_iter().map(|rejected| rejected.reason).collect();
    let absent = |fee| Rejection::Absent { pool: Box::new(key(WETH, USDC, fee)), reason: Absence::NoContract };
    assert_eq!(reasons, [absent(100), Rejection::Excluded { pool: Box::new(lender.key.into()) }, absent(10_000)]);
}

async fn balance_in_pool(chain: &Chain, token: Address, pool: Address) -> U256 {
    let mut batch = Batch::new();
    let slot = batch.add(token, &IToken::balanceOfCall { account: pool });
    chain.ask(&batch).await.get(slot).expect("balance")
}
