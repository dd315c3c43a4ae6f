//! A course on which ether alone moves, as the watch's benchmarks drive it.

use std::collections::{BTreeMap, BTreeSet};

use alloy::primitives::{Address, U256};
use eyre::Result;
use trimtab::{
    dex::{USDC, WETH},
    localchain::{BlockOrder, Controls, Course, CoursePrice, CourseStep, Opening},
    units::{Secs, UsdE8},
};

/// Takes the market over.
pub async fn begin(controls: &Controls) -> Result<Course> {
    Ok(Course::begin(controls, &BTreeSet::from([WETH, USDC])).await?)
}

/// Lets an account supply ether and borrow dollars, which are spent.
pub async fn lever(course: &Course, account: Address, ether: U256, dollars: U256) -> Result<()> {
    let opening = Opening { supplies: &[(WETH, ether, true)], debts: &[(USDC, dollars)], wallet: &[], emode: 0 };
    let at = course.controls().head().await?.timestamp.plus(Secs(2));
    Ok(course.open(account, &opening, at).await?)
}

/// A block in which ether has another price everywhere, eight decimals; what waits is in it first.
pub async fn block(course: &mut Course, price: u64, at: Secs) -> Result<()> {
    let same = |price| CoursePrice { feed: price, oracle: price, pool: price };
    let dollar = UsdE8(U256::from(100_000_000u64));
    let prices = BTreeMap::from([(WETH, same(UsdE8(U256::from(price)))), (USDC, same(dollar))]);
    let offered =
        course.offer_prices(CourseStep { prices, at, arrivals: Vec::new() }, BlockOrder::WaitingFirst).await?;
    course.strike(offered, &[]).await?;
    Ok(())
}
