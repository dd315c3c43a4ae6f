//! Accounts of any kind on a moving market: long, short and correlated loops beside own deposits and own debts, adopted or
//! not, with dust on the way, trims that stand in their block before the prices and behind them.
//!
//! Seeded; five seeds by default, one of each nature and one more, a hundred with `TRIMTAB_LONG=1`, one of choice with
//! `TRIMTAB_SEED=n`, and so many more from there with `TRIMTAB_SEEDS=m`.

mod draw;
mod fall;
mod promise;

use alloy::primitives::Address;

use crate::{
    accounts::selling,
    guard::Guard,
    trader::{CBBTC, CBETH, Trader, USDC, WETH},
};

/// Everything that can be supplied here.
const ASSETS: [(&str, Address); 4] = [("WETH", WETH), ("cbETH", CBETH), ("cbBTC", CBBTC), ("USDC", USDC)];

/// splitmix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn within(&mut self, least: u64, most: u64) -> u64 {
        least + self.roll() % (most - least + 1)
    }

    fn chance(&mut self, hundredths: u64) -> bool {
        self.roll() % 100 < hundredths
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.roll()).expect("64 bits") % all.len()]
    }
}

fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    match (number("TRIMTAB_SEED"), std::env::var_os("TRIMTAB_LONG")) {
        (Some(seed), _) => seed..seed + number("TRIMTAB_SEEDS").unwrap_or(1),
        (None, Some(_)) => 0..100,
        (None, None) => 0..5,
    }
}

#[tokio::test]
async fn whatever_an_account_holds_it_is_protected_with_what_the_owner_allows_and_nothing_else() {
    let mut trims = 0;
    for seed in seeds() {
        eprintln!("seed {seed} (TRIMTAB_SEED={seed} repeats it)");
        let mut dice = Dice(seed);
        let trader = Trader::start().await;
        let nature = draw::Nature::of(seed);
        let words = Box::pin(draw::account(&trader, nature, &mut dice)).await;
        let sell = draw::sell(&trader, &mut dice).await;
        eprintln!("  {nature:?}: {words:?}, watch.sell = {sell}");
        let pair = trader.pair("WETH", "USDC").await;
        let guard = Guard::with(trader, pair, selling(sell.clone()), false);
        let mut fall = fall::Fall::new(guard, sell, nature, dice);
        Box::pin(fall.run()).await;
        trims += fall.trims;
    }
    // A run in which nothing happens proves nothing.
    let seeds = u32::try_from(seeds().count()).expect("few");
    assert!(seeds == 1 || trims >= seeds / 2, "{trims} trims on {seeds} seeds");
}
