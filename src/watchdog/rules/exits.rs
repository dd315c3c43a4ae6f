//! Price exits against the market, before a watch begins: which price each of them means, and whether it stands there now.

use alloy::primitives::{Address, U256};

use crate::{
    aave::{AccountState, Market, Reserve, StateError},
    config::LoopExit,
    loops::MovingPrice,
    plan::Quantity,
};

/// Why the exits cannot be meant as they are written, by the market's own tokens; `None` when they can.
#[must_use]
pub fn exits_problem(exits: &[LoopExit], market: &Market) -> Option<String> {
    exits.iter().find_map(|exit| match sides(exit, market) {
        Ok((collateral, debt)) => exit.order_problem(&MovingPrice::of(collateral, debt).pair),
        Err(unknown) => Some(format!("{}: aave lists no {unknown}, or more than one", exit.pair)),
    })
}

/// For each exit of a loop that the account has, and whose price is reached already: what follows, with both prices.
pub fn exits_at_once(
    exits: &[LoopExit],
    market: &Market,
    account: &AccountState,
) -> Result<Vec<(String, String)>, StateError> {
    let mut found = Vec::new();
    for exit in exits {
        let Ok((collateral, debt)) = sides(exit, market) else { continue };
        let has =
            |reserve: &Reserve, amount: fn(&AccountState, Address) -> U256| !amount(account, reserve.asset).is_zero();
        let is_held = account.configuration.is_collateral(collateral.id)
            && account.configuration.is_borrowing(debt.id)
            && has(collateral, |account, asset| account.holding(asset).scaled_supply)
            && has(debt, |account, asset| account.holding(asset).scaled_debt);
        let moving = MovingPrice::of(collateral, debt);
        let Some(now) = is_held.then(|| moving.now(market)).transpose()?.as_ref().and_then(Quantity::to_decimal) else {
            continue;
        };
        let prices = &moving.pair;
        let reached = [
            ("stop_loss", exit.stop_loss.filter(|level| prices.has_stopped(now, *level))),
            ("take_profit", exit.take_profit.filter(|level| prices.has_profited(now, *level))),
        ];
        for (name, level) in reached {
            let Some(level) = level else { continue };
            let text = format!(
                "{}: {name} {} is reached already, at {} (the loop loses when {} {}): it is carried out at once",
                exit.pair,
                prices.words(level),
                prices.words(now),
                prices.symbol,
                prices.loses_on.verb(),
            );
            found.push((exit.pair.clone(), text));
        }
    }
    Ok(found)
}

/// The exit's reserves, or the symbol that is none.
fn sides<'a, 'b>(exit: &'a LoopExit, market: &'b Market) -> Result<(&'b Reserve, &'b Reserve), &'a str> {
    let (collateral, debt) = exit.symbols().ok_or(exit.pair.as_str())?;
    let reserve = |symbol: &'a str| market.reserve_by_symbol(symbol).ok_or(symbol);
    Ok((reserve(collateral)?, reserve(debt)?))
}

#[cfg(test)]
mod tests {
    use rust_decimal::{Decimal, dec};

    use super::*;
    use crate::watchdog::rules::tests::reading::{market, short_holder};

    fn exit(pair: &str, stop_loss: Option<Decimal>, take_profit: Option<Decimal>) -> LoopExit {
        LoopExit { pair: pair.to_owned(), stop_loss, take_profit, leverage: None }
    }

    #[test]
    fn exits_are_held_against_the_tokens_that_aave_lists() {
        let market = market();
        let fine = [exit("weth/usdc", Some(dec!(2400)), Some(dec!(4000))), exit("USDC/WETH", Some(dec!(4000)), None)];
        assert_eq!(exits_problem(&fine, &market), None);
        let reversed = [exit("USDC/WETH", Some(dec!(2400)), Some(dec!(4000)))];
        let problem = exits_problem(&reversed, &market).expect("the wrong way round");
        assert!(problem.contains("both are prices of WETH in USD"), "{problem}");
        let unknown = exits_problem(&[exit("DOGE/USDC", Some(dec!(1)), None)], &market).expect("not listed");
        assert_eq!(unknown, "DOGE/USDC: aave lists no DOGE, or more than one");
        // A coin that only its address tells is one, whatever the settings made of its symbol.
        let mut renamed = market.clone();
        "USDnew".clone_into(&mut renamed.reserves[1].symbol);
        let reversed = [exit("USDnew/WETH", Some(dec!(2400)), Some(dec!(4000)))];
        assert!(exits_problem(&reversed, &renamed).is_some_and(|problem| problem.contains("WETH in USD")));
    }

    #[test]
    fn an_exit_whose_price_is_reached_already_is_told_with_both_prices_before_it_is_carried_out() {
        let market = market();
        let account = short_holder(&market);
        let told = |exits: &[LoopExit]| exits_at_once(exits, &market, &account).expect("read");
        let waiting =
            [exit("USDC/WETH", Some(dec!(4000)), Some(dec!(2400))), exit("WETH/USDC", Some(dec!(3500)), None)];
        assert_eq!(told(&waiting), []);
        let reached = told(&[exit("USDC/WETH", Some(dec!(2900)), None)]);
        assert_eq!(
            reached[0].1,
            "USDC/WETH: stop_loss WETH 2,900 USD is reached already, at WETH 3,000 USD (the loop loses when WETH rises): it is \
             carried out at once"
        );
        assert_eq!(told(&[exit("USDC/WETH", None, Some(dec!(3100)))]).len(), 1);
        assert_eq!(exits_at_once(&waiting, &market, &AccountState::empty(Address::ZERO)), Ok(vec![]));
    }
}
