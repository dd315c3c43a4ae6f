//! What the library computes of Aave is what the contracts on the replica compute, to the last unit.
//!
//! `TRIMTAB_LONG=1` runs a thousand accounts instead of sixty.

#![allow(clippy::expect_used, clippy::panic)]

mod common;
#[path = "aave_arithmetic/dice.rs"]
mod dice;
#[path = "aave_arithmetic/story.rs"]
mod story;
#[path = "aave_arithmetic/world.rs"]
mod world;

use alloy::{
    primitives::{Address, U256, address},
    sol,
};
use common::Replica;
use dice::Dice;
use story::{Story, assert_refused, assert_same};
use trimtab::{
    aave::{Amount, Projection, Refusal, abi::IPool, emode},
    abi::{ICreditDelegation, IERC20},
    units::Secs,
};
use world::{Configured, POOL, World};

const WETH: Address = address!("4200000000000000000000000000000000000006");
const CBBTC: Address = address!("cbB7C0000aB88B473b1f5aFd9ef808440eed33Bf");
const USDC: Address = address!("833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");

sol! {
    interface IFlashPool {
        function flashLoan(
            address receiver, address[] assets, uint256[] amounts, uint256[] modes, address onBehalfOf,
            bytes params, uint16 referralCode
        ) external;
    }
    interface ITransferFrom {
        function transferFrom(address from, address to, uint256 amount) external returns (bool);
    }
}

fn accounts() -> u64 {
    if std::env::var_os("TRIMTAB_LONG").is_some_and(|value| value == "1") { 1_000 } else { 60 }
}

fn token(whole: u64, decimals: u8) -> U256 {
    U256::from(whole) * U256::from(10u8).pow(U256::from(decimals))
}

#[tokio::test]
async fn random_accounts_are_worth_what_the_pool_says_after_every_action_price_move_and_wait() {
    let replica = Replica::start().await;
    let mut world = World::open(replica.url()).await;
    let mut story = Story::begin(&mut world, 1).await;
    let (mut indebted, mut liquidatable) = (0, 0);
    let numbers: Vec<u64> = (0..accounts()).collect();
    // Each chapter begins with the same fresh market, so that caps do not fill up.
    for chapter in numbers.chunks(50) {
        let page = world.bookmark().await;
        let mut members = Vec::new();
        for number in chapter {
            members.push(story.live_one_account(&world, *number).await);
        }
        story.crash_prices(&world).await;
        for who in members {
            let seen = world.see(who, None).await;
            let at = seen.market.block.timestamp;
            assert_eq!(seen.account.at(&seen.market, at).expect("figures"), seen.reported, "{who}");
            indebted += u64::from(!seen.reported.debt.0.is_zero());
            liquidatable += u64::from(seen.reported.health_factor.0 < token(1, 18));
        }
        world.turn_back(page).await;
    }
    println!("{}; {indebted} indebted, {liquidatable} below 1 after the crash", story.tally);
    assert!(story.tally.done > accounts() && story.tally.refused > accounts() / 4, "{}", story.tally);
    assert!(story.tally.in_emode > accounts() / 8 && story.tally.several > accounts() / 20, "{}", story.tally);
    assert!(indebted > accounts() / 4 && liquidatable > 0);
    assert!(story.tally.soon.iter().all(|done| *done > accounts() / 2), "{}", story.tally);
}

#[tokio::test]
async fn indices_after_a_wait_are_those_the_pool_computes() {
    let replica = Replica::start().await;
    let world = World::open(replica.url()).await;
    // The saved state's own last block is a little later than the state says: from the next one on the clock is known.
    world.mine_at(world.see(Address::ZERO, None).await.market.block.timestamp.plus(Secs(3_600))).await;
    let seen = world.see(Address::ZERO, None).await;
    let mut dice = Dice(2);
    let mut at = seen.market.block.timestamp;
    for wait in 0..20 {
        at = at.plus(Secs(if wait < 2 { wait } else { dice.roll() % (60 * 86_400) }));
        world.mine_at(at).await;
        let (now, indices) = world.indices().await;
        assert_eq!(now, at);
        for (asset, income, debt) in indices {
            let reserve = seen.market.reserve(asset).expect("reserve");
            assert_eq!(reserve.normalized_income(at).expect("income").0, income, "{} {at:?}", reserve.symbol);
            assert_eq!(reserve.normalized_debt(at).expect("debt").0, debt, "{} {at:?}", reserve.symbol);
        }
    }
}

#[tokio::test]
async fn a_flash_loan_changes_the_reserve_as_predicted_whether_repaid_or_kept_as_debt() {
    let replica = Replica::start().await;
    let world = World::open(replica.url()).await;
    let who = world.newcomer(1).await;
    world.give(who, WETH, token(50, 18)).await;
    world.let_pool_take(who, WETH).await;
    let supply = IPool::supplyCall { asset: WETH, amount: token(50, 18), onBehalfOf: who, referralCode: 0 };
    assert!(world.send(who, POOL, &supply, None).await);
    let receiver = world.flash_receiver(USDC, token(1_000, 6)).await;
    let amount = U256::from(20_000_000_001u64);

    let before = world.see(who, None).await;
    let at = before.market.block.timestamp.plus(Secs(86_400));
    let mut repaid = Projection::new(before.market, before.account, at);
    let loan = repaid.flash_loan(USDC, amount).expect("loan");
    assert_eq!(loan.premium, U256::from(10_000_001u64), "five basis points, rounded up");
    repaid.repay_flash_loan(loan).expect("repay");
    let call =
        IPool::flashLoanSimpleCall { receiver, asset: USDC, amount, params: Default::default(), referralCode: 0 };
    assert!(world.send(who, POOL, &call, Some(at)).await);
    let after = world.see(who, None).await;
    assert_same(&repaid, &after, "repaid");

    let at = at.plus(Secs(7));
    let mut kept = Projection::new(after.market, after.account, at);
    let loan = kept.flash_loan(USDC, amount).expect("loan");
    kept.keep_flash_loan_as_debt(loan).expect("debt");
    let call = IFlashPool::flashLoanCall {
        receiver,
        assets: vec![USDC],
        amounts: vec![amount],
        modes: vec![U256::from(2u8)],
        onBehalfOf: who,
        params: Default::default(),
        referralCode: 0,
    };
    assert!(world.send(who, POOL, &call, Some(at)).await);
    assert_same(&kept, &world.see(who, None).await, "kept");

    let whole = kept.market().reserve(USDC).expect("usdc").virtual_balance;
    assert!(matches!(kept.flash_loan(USDC, whole + U256::ONE), Err(Refusal::LiquidityShort { .. })));
    assert!(matches!(
        kept.keep_flash_loan_as_debt(loan_of_everything(&kept)),
        Err(Refusal::CollateralCannotCoverNewBorrow { .. } | Refusal::HealthFactorBelowOne(_))
    ));
}

fn loan_of_everything(projection: &Projection) -> trimtab::aave::FlashLoan {
    let amount = projection.market().reserve(USDC).expect("usdc").virtual_balance;
    projection.clone().flash_loan(USDC, amount).expect("loan")
}

#[tokio::test]
async fn a_spender_uses_up_delegation_and_allowance_as_predicted() {
    let replica = Replica::start().await;
    let world = World::open(replica.url()).await;
    let who = world.newcomer(1).await;
    let spender = world.newcomer(2).await;
    world.give(who, WETH, token(20, 18)).await;
    world.let_pool_take(who, WETH).await;
    let supply = IPool::supplyCall { asset: WETH, amount: token(20, 18), onBehalfOf: who, referralCode: 0 };
    assert!(world.send(who, POOL, &supply, None).await);
    let borrowed = U256::from(12_345_678_901u64);
    let debt_token = world.list.listing(USDC).expect("usdc").debt_token;
    let a_token = world.list.listing(WETH).expect("weth").a_token;
    let grant = ICreditDelegation::approveDelegationCall { delegatee: spender, amount: borrowed + U256::from(5u8) };
    assert!(world.send(who, debt_token, &grant, None).await);
    let grant = IERC20::approveCall { spender, amount: token(2, 18) };
    assert!(world.send(who, a_token, &grant, None).await);

    let before = world.see(who, Some(spender)).await;
    let at = before.market.block.timestamp.plus(Secs(3_600));
    let mut predicted = Projection::new(before.market, before.account, at);
    assert!(matches!(
        predicted.borrow_delegated(USDC, borrowed * U256::from(2u8)),
        Err(Refusal::DelegationShort { .. })
    ));
    predicted.borrow_delegated(USDC, borrowed).expect("borrow");
    let borrow = IPool::borrowCall {
        asset: USDC,
        amount: borrowed,
        interestRateMode: U256::from(2u8),
        referralCode: 0,
        onBehalfOf: who,
    };
    assert!(world.send(spender, POOL, &borrow, Some(at)).await);
    assert_same(&predicted, &world.see(who, Some(spender)).await, "delegated borrow");

    let part = U256::from(1_000_000_000_000_000_001u64);
    predicted.wait_until(at.plus(Secs(100))).expect("forward");
    let moved = predicted.transfer_a_token(WETH, Amount::Exact(part)).expect("transfer");
    let pull = ITransferFrom::transferFromCall { from: who, to: spender, amount: part };
    assert!(world.send(spender, a_token, &pull, Some(predicted.at())).await);
    assert_same(&predicted, &world.see(who, Some(spender)).await, "transfer");
    assert!(matches!(
        predicted.transfer_a_token(WETH, Amount::Exact(token(5, 18))),
        Err(Refusal::AllowanceShort { .. })
    ));

    predicted.wait_until(at.plus(Secs(101))).expect("forward");
    let out = predicted.withdraw_transferred(moved).expect("withdraw");
    assert_eq!(out, part);
    let withdraw = IPool::withdrawCall { asset: WETH, amount: part, to: spender };
    assert!(world.send(spender, POOL, &withdraw, Some(predicted.at())).await);
    let after = world.see(who, Some(spender)).await;
    assert_same(&predicted, &after, "withdraw of what was transferred");
}

#[tokio::test]
async fn the_largest_borrow_and_withdrawal_go_through_and_one_unit_more_does_not() {
    let replica = Replica::start().await;
    let world = World::open(replica.url()).await;
    let who = world.newcomer(1).await;
    world.give(who, WETH, token(3, 18)).await;
    world.let_pool_take(who, WETH).await;
    let supply = IPool::supplyCall { asset: WETH, amount: token(3, 18), onBehalfOf: who, referralCode: 0 };
    assert!(world.send(who, POOL, &supply, None).await);

    let seen = world.see(who, None).await;
    let at = seen.market.block.timestamp.plus(Secs(60));
    let mut projection = Projection::new(seen.market, seen.account, at);
    let most = projection.max_borrow(USDC).expect("maximum");
    let refusal = projection.borrow(USDC, most + U256::ONE).expect_err("one unit more");
    let Refusal::CollateralCannotCoverNewBorrow { maximum, .. } = &refusal else { panic!("{refusal}") };
    assert_eq!(maximum.amount, most, "the refusal names the maximum: {refusal}");
    world.mine_at(at).await;
    let borrow = |amount| IPool::borrowCall {
        asset: USDC,
        amount,
        interestRateMode: U256::from(2u8),
        referralCode: 0,
        onBehalfOf: who,
    };
    assert_refused(&world, who, &borrow(most + U256::ONE), &refusal).await;
    let at = at.plus(Secs(1));
    projection.wait_until(at).expect("forward");
    let most = projection.max_borrow(USDC).expect("maximum");
    projection.borrow(USDC, most).expect("the maximum");
    assert!(world.send(who, POOL, &borrow(most), Some(at)).await);
    let seen = world.see(who, None).await;
    assert_same(&projection, &seen, "largest borrow");

    let at = at.plus(Secs(1));
    projection.wait_until(at).expect("forward");
    let most = projection.max_withdraw(WETH).expect("maximum");
    let refusal = projection.withdraw(WETH, Amount::Exact(most + U256::ONE)).expect_err("one unit more");
    assert!(matches!(refusal, Refusal::HealthFactorBelowOne(_)), "{refusal}");
    projection.withdraw(WETH, Amount::Exact(most)).expect("the maximum");
    let withdraw = IPool::withdrawCall { asset: WETH, amount: most, to: who };
    assert!(world.send(who, POOL, &withdraw, Some(at)).await);
    assert_same(&projection, &world.see(who, None).await, "largest withdrawal");
}

#[tokio::test]
async fn what_an_administrator_switches_off_is_refused_by_name() {
    let replica = Replica::start().await;
    let world = World::open(replica.url()).await;
    let who = world.newcomer(1).await;
    for (asset, amount) in [(WETH, token(10, 18)), (CBBTC, token(1, 8))] {
        world.give(who, asset, amount).await;
        world.let_pool_take(who, asset).await;
        let supply = IPool::supplyCall { asset, amount, onBehalfOf: who, referralCode: 0 };
        assert!(world.send(who, POOL, &supply, None).await);
    }
    let interest_rate_mode = U256::from(2u8);
    let borrow = |asset, amount| IPool::borrowCall {
        asset,
        amount,
        interestRateMode: interest_rate_mode,
        referralCode: 0,
        onBehalfOf: who,
    };
    let withdraw = |asset, amount| IPool::withdrawCall { asset, amount, to: who };
    assert!(world.send(who, POOL, &borrow(USDC, token(5_000, 6)), None).await);

    world.configure(Configured::FlashLoans(USDC, false)).await;
    let mut now = world.now(who).await;
    let refusal = now.flash_loan(USDC, token(1, 6)).expect_err("flash loans are off");
    let flash = IPool::flashLoanSimpleCall {
        receiver: who,
        asset: USDC,
        amount: token(1, 6),
        params: Default::default(),
        referralCode: 0,
    };
    assert!(matches!(refusal, Refusal::FlashLoanDisabled(_)), "{refusal}");
    assert_refused(&world, who, &flash, &refusal).await;

    world.configure(Configured::Borrowing(USDC, false)).await;
    let refusal = world.now(who).await.borrow(USDC, token(1, 6)).expect_err("borrowing is off");
    assert!(matches!(refusal, Refusal::BorrowingDisabled(_)), "{refusal}");
    assert_refused(&world, who, &borrow(USDC, token(1, 6)), &refusal).await;
    world.configure(Configured::Borrowing(USDC, true)).await;

    world.configure(Configured::BorrowCap(USDC, 1)).await;
    let refusal = world.now(who).await.borrow(USDC, token(1, 6)).expect_err("cap");
    let Refusal::BorrowCapExceeded { cap, after, room } = &refusal else { panic!("{refusal}") };
    assert!(cap.amount == token(1, 6) && after.amount > cap.amount && room.amount.is_zero());
    assert_refused(&world, who, &borrow(USDC, token(1, 6)), &refusal).await;

    world.configure(Configured::Paused(CBBTC, true)).await;
    let refusal = world.now(who).await.withdraw(CBBTC, Amount::All).expect_err("paused");
    assert!(matches!(refusal, Refusal::Paused(_)), "{refusal}");
    assert_refused(&world, who, &withdraw(CBBTC, U256::MAX), &refusal).await;
    world.configure(Configured::Paused(CBBTC, false)).await;

    world.configure(Configured::Frozen(WETH, true)).await;
    let mut now = world.now(who).await;
    let refusal = now.withdraw(CBBTC, Amount::Exact(token(1, 7))).expect_err("weth goes first");
    assert!(matches!(&refusal, Refusal::LtvZeroCollateralFirst { blocking, .. } if blocking == "WETH"), "{refusal}");
    assert_refused(&world, who, &withdraw(CBBTC, token(1, 7)), &refusal).await;
    now.withdraw(WETH, Amount::Exact(token(1, 18))).expect("weth may leave");
    assert!(world.send(who, POOL, &withdraw(WETH, token(1, 18)), None).await);
}

#[tokio::test]
async fn the_reserve_list_finds_permits_emodes_and_that_a_price_source_has_moved() {
    let replica = Replica::start().await;
    let mut world = World::open(replica.url()).await;
    let seen = world.see(Address::ZERO, None).await;
    let market = seen.market;
    assert_eq!((market.reserves.len(), market.categories.len()), (15, 15));
    assert!(market.reserves.iter().enumerate().all(|(index, reserve)| usize::from(reserve.id) == index));
    assert_eq!(market.flash_loan_premium.0, 5);
    for listing in &world.list.listings {
        assert!(listing.a_token_permit.is_some() && listing.debt_token_permit.is_some(), "{}", listing.symbol);
    }
    assert!(world.list.listing(WETH).expect("weth").token_permit.is_none());
    assert!(world.list.listing(USDC).expect("usdc").token_permit.is_some());

    let reserve = |symbol| market.reserve_by_symbol(symbol).expect(symbol);
    let fitting = |collateral, debt| emode::fitting(&market, reserve(collateral), reserve(debt)).map(|found| found.id);
    assert_eq!(fitting("cbETH", "WETH"), Some(9));
    assert_eq!(fitting("cbBTC", "USDC"), Some(10));
    assert_eq!(fitting("weETH", "WETH"), Some(7));
    assert_eq!(fitting("WETH", "USDC"), None, "base mode will do");
    assert_eq!(fitting("WETH", "cbETH"), None, "not borrowable anywhere");
    assert_eq!(fitting("wrsETH", "wstETH"), Some(5));
    assert_eq!(fitting("USDC", "wstETH"), Some(2), "lent in e-modes only, whoever's collateral they are for");
    assert_eq!(fitting("LBTC", "wstETH"), None, "backs nothing outside its own e-modes");

    let price = reserve("WETH").price.expect("price");
    assert!(price.updated_at.is_some() && !market.list_outdated);
    world.take_over_price(WETH, price.value.0).await;
    let moved = world.see(Address::ZERO, None).await.market;
    let after = moved.reserve(WETH).expect("weth").price.expect("price");
    assert!(moved.list_outdated && after.updated_at.is_none() && after.value == price.value);
    world.reload().await;
    let reread = world.see(Address::ZERO, None).await.market;
    assert!(!reread.list_outdated && reread.reserve(WETH).expect("weth").price.expect("price").updated_at.is_none());
}
