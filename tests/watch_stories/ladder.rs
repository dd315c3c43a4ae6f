//! Trims that cannot be done as they should be.

use alloy::primitives::U256;
use rust_decimal::dec;
use trimtab::{localchain::PriceScope, watchdog::ladder::Rung};

use crate::{
    guard::{Guard, is_at_target},
    trader::{USDC, milli_ether},
};

#[tokio::test]
async fn an_empty_flash_source_is_passed_over() {
    let mut guard = Guard::over(dec!(3)).await;
    guard.look().await;
    guard.trader.empty_morpho().await;
    guard.price("2730", PriceScope::Everything).await;
    let acted = guard.look().await.acted.expect("an action");
    assert!(acted.mined_in.is_some(), "{acted:?}");
    assert!(is_at_target(guard.health().await));
}

#[tokio::test]
async fn when_nothing_can_leave_the_reserve_the_wallet_repays() {
    let mut guard = Guard::over(dec!(3)).await;
    guard.look().await;
    guard.trader.give(USDC, U256::from(5_000_000_000u64)).await;
    guard.trader.lend_out_ether(&guard.pair).await;
    guard.price("2730", PriceScope::Everything).await;
    let acted = guard.look().await.acted.expect("an action");
    assert!(
        acted.attempts.iter().any(|attempt| matches!(attempt.rung, Rung::RepayFromWallet { .. })),
        "{:?}",
        acted.attempts
    );
    assert!(acted.mined_in.is_some(), "{acted:?}");
    assert!(is_at_target(guard.health().await), "no more than needed: {}", guard.health().await);
}

#[tokio::test]
async fn the_wallet_of_a_delegated_account_repays_though_its_delegate_takes_no_permit() {
    let mut guard = Guard::over(dec!(3)).await;
    // Stops at once: answers no signature, takes ether.
    guard.trader.delegates_to(&[0]).await;
    guard.look().await;
    guard.trader.give(USDC, U256::from(5_000_000_000u64)).await;
    guard.trader.lend_out_ether(&guard.pair).await;
    guard.price("2730", PriceScope::Everything).await;
    let acted = guard.look().await.acted.expect("an action");
    assert!(
        acted.attempts.iter().any(|attempt| matches!(attempt.rung, Rung::RepayFromWallet { .. })),
        "{:?}",
        acted.attempts
    );
    assert!(acted.mined_in.is_some(), "{acted:?}");
    assert!(is_at_target(guard.health().await), "no more than needed: {}", guard.health().await);
    guard.trader.assert_nothing_left(&guard.pair).await;
}

#[tokio::test]
async fn a_delegated_accounts_loop_is_trimmed_in_one_transaction_as_any_other() {
    let mut guard = Guard::over(dec!(3)).await;
    guard.trader.delegates_to(&[0x5f, 0x5f, 0xfd]).await;
    guard.look().await;
    guard.price("2730", PriceScope::Everything).await;
    let nonce = guard.trader.replica.nonce(guard.trader.account).await;
    let acted = guard.look().await.acted.expect("an action");
    assert!(acted.mined_in.is_some(), "{acted:?}");
    assert_eq!(guard.trader.replica.nonce(guard.trader.account).await, nonce + U256::ONE);
    assert!(is_at_target(guard.health().await), "{}", guard.health().await);
}

#[tokio::test]
async fn without_dollars_the_wallets_ether_is_added_as_far_as_needed() {
    let mut guard = Guard::over(dec!(3)).await;
    guard.look().await;
    guard.trader.lend_out_ether(&guard.pair).await;
    guard.price("2730", PriceScope::Everything).await;
    let acted = guard.look().await.acted.expect("an action");
    assert!(acted.attempts.iter().any(|attempt| matches!(attempt.rung, Rung::AddCollateral { .. })), "{acted:?}");
    assert!(acted.mined_in.is_some(), "{acted:?}");
    assert!(is_at_target(guard.health().await), "{}", guard.health().await);
}

#[tokio::test]
async fn when_nothing_helps_a_human_is_told_what_to_do_with_figures() {
    let mut guard = Guard::over(dec!(3)).await;
    guard.look().await;
    guard.trader.lend_out_ether(&guard.pair).await;
    guard.trader.has_ether(milli_ether(9)).await;
    guard.price("2730", PriceScope::Everything).await;
    guard.words();
    let acted = guard.look().await.acted.expect("an action");
    assert_eq!(acted.mined_in, None, "{acted:?}");
    let words = guard.words();
    assert!(
        words
            .iter()
            .any(|text| text.contains("To reach health factor 1.25: repay ")
                && text.contains("can leave aave's reserve")),
        "{words:?}"
    );
}
