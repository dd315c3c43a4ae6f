//! The best way from one token to another: every pool of every exchange, directly and through the hubs, by what is left after gas.

use std::collections::BTreeSet;

use alloy::primitives::{Address, U256};

use super::{
    pools::Pools,
    quote::{GasPrice, Quote, Ranking, Rejected, Rejection},
    route::{Hop, Route},
};

/// Where and how routes are looked for. Splitting an amount over several routes is not considered.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// Pools of the snapshot.
    pub pools: &'a Pools,
    /// Tokens that may be in the middle of a route of two hops.
    pub hubs: &'a [Address],
    /// Cost of gas in the output token ([`Search::best_exact_in`]) or the input token ([`Search::best_exact_out`]).
    pub gas: GasPrice,
    /// Addresses of pools that must not be swapped in: the one that lends the flash loan is locked meanwhile.
    pub exclude: &'a BTreeSet<Address>,
}

impl Search<'_> {
    /// Routes for exactly `amount` of `token_in`, most output after gas first.
    #[must_use]
    pub fn best_exact_in(&self, token_in: Address, token_out: Address, amount: U256) -> Ranking {
        let mut ranking = self.rank(token_in, token_out, |route| Quote::exact_in(self.pools, route, amount, self.gas));
        // Compared without subtraction: gas may cost more than a small output is worth.
        let best = |a: &Quote, b: &Quote| {
            (b.amount_out.saturating_add(a.gas_cost)).cmp(&a.amount_out.saturating_add(b.gas_cost))
        };
        ranking.quotes.sort_by(best);
        mark(&mut ranking.quotes, |best, quote| {
            best.amount_out
                .saturating_add(quote.gas_cost)
                .saturating_sub(quote.amount_out.saturating_add(best.gas_cost))
        });
        ranking
    }

    /// Routes for exactly `amount` of `token_out`, least input with gas first.
    #[must_use]
    pub fn best_exact_out(&self, token_in: Address, token_out: Address, amount: U256) -> Ranking {
        let mut ranking = self.rank(token_in, token_out, |route| Quote::exact_out(self.pools, route, amount, self.gas));
        let total = |quote: &Quote| quote.amount_in.saturating_add(quote.gas_cost);
        ranking.quotes.sort_by_key(total);
        mark(&mut ranking.quotes, |best, quote| total(quote).saturating_sub(total(best)));
        ranking
    }

    fn rank(
        &self,
        token_in: Address,
        token_out: Address,
        quote: impl Fn(Route) -> Result<Quote, Rejection>,
    ) -> Ranking {
        let mut ranking = Ranking::default();
        for route in self.candidates(token_in, token_out, &mut ranking.rejected) {
            match quote(route.clone()) {
                Ok(quote) => ranking.quotes.push(quote),
                Err(reason) => ranking.rejected.push(Rejected { route, reason }),
            }
        }
        ranking
    }

    /// Direct routes and those through a hub, made of usable pools only; each unusable pool is noted once.
    fn candidates(&self, token_in: Address, token_out: Address, rejected: &mut Vec<Rejected>) -> Vec<Route> {
        let direct = self.legs(token_in, token_out, rejected);
        let mut routes: Vec<_> = direct.into_iter().filter_map(|hop| Route::new(token_in, vec![hop]).ok()).collect();
        for hub in self.hubs.iter().filter(|hub| **hub != token_in && **hub != token_out) {
            let first = self.legs(token_in, *hub, rejected);
            let second = self.legs(*hub, token_out, rejected);
            let pairs = first.iter().flat_map(|a| second.iter().map(|b| vec![*a, *b]));
            routes.extend(pairs.filter_map(|hops| Route::new(token_in, hops).ok()));
        }
        routes
    }

    fn legs(&self, from: Address, to: Address, rejected: &mut Vec<Rejected>) -> Vec<Hop> {
        let mut hops = Vec::new();
        let pools = self.pools.exchanges().iter().flat_map(|exchange| exchange.pools_between(from, to));
        for pool in pools {
            let hop = Hop { pool, token_out: to };
            let Ok(route) = Route::new(from, vec![hop]) else { continue };
            match self.usable(&route) {
                Ok(()) => hops.push(hop),
                Err(reason) => rejected.push(Rejected { route, reason }),
            }
        }
        hops
    }

    fn usable(&self, route: &Route) -> Result<(), Rejection> {
        route.pools().try_for_each(|pool| match self.pools.get(pool) {
            Err(reason) => Err(Rejection::Absent { pool: Box::new(pool), reason }),
            Ok(state) if state.address().is_some_and(|address| self.exclude.contains(&address)) => {
                Err(Rejection::Excluded { pool: Box::new(pool) })
            }
            Ok(_) => Ok(()),
        })
    }
}

fn mark(quotes: &mut [Quote], behind: impl Fn(&Quote, &Quote) -> U256) {
    if let [best, others @ ..] = quotes {
        others.iter_mut().for_each(|quote| quote.behind = behind(best, quote));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        dex::{Absence, Deployment, FEE_TIERS, KnownRange, PoolId, PoolKey, PoolState, SwapError},
        units::UsdE8,
    };

    const A: Address = Address::repeat_byte(0xa);
    const B: Address = Address::repeat_byte(0xb);
    const HUB: Address = Address::repeat_byte(0xc);
    const DEEP: u128 = 1 << 100;

    /// A pool at a price of one whose liquidity is the same everywhere.
    fn pool(a: Address, b: Address, fee: u32, liquidity: u128) -> PoolState {
        let key = PoolKey::new(a, b, fee).expect("key");
        PoolState {
            key,
            address: key.address(&Deployment::BASE),
            tick_spacing: 10,
            sqrt_price_x96: U256::ONE << 96,
            tick: 0,
            liquidity,
            ticks: [(-10_000, liquidity as i128), (10_000, -(liquidity as i128))].into(),
            known_range: KnownRange { low_word: -2, high_word: 2 },
            balance0: U256::MAX,
            balance1: U256::MAX,
        }
    }

    fn pools(list: impl IntoIterator<Item = PoolState>) -> Pools {
        list.into_iter().map(|pool| (pool.key, Ok(pool))).collect()
    }

    fn search<'a>(pools: &'a Pools, gas: GasPrice, exclude: &'a BTreeSet<Address>) -> Search<'a> {
        Search { pools, hubs: &[HUB], gas, exclude }
    }

    fn fees(quote: Option<&Quote>) -> Vec<u32> {
        quote.map(|quote| quote.route.hops().iter().map(|hop| hop.pool.fee()).collect()).unwrap_or_default()
    }

    #[test]
    fn two_cheap_pools_win_until_their_gas_costs_more_than_they_save() {
        let pools = pools([pool(A, B, 3_000, DEEP), pool(A, HUB, 100, DEEP), pool(HUB, B, 100, DEEP)]);
        let none = BTreeSet::new();
        let amount = U256::from(100_000_000u64);
        let free = search(&pools, GasPrice::FREE, &none);
        assert_eq!(fees(free.best_exact_in(A, B, amount).best()), [100, 100]);
        assert_eq!(fees(free.best_exact_out(A, B, amount).best()), [100, 100]);
        // Saves 280 000 of the token; a second pool costs about 95 000 gas.
        let dear = GasPrice::in_token(
            U256::from(4_000_000_000u64),
            UsdE8(U256::from(10_000_000_000u64)),
            UsdE8(U256::from(100_000_000)),
            9,
        )
        .expect("gas price");
        let dear = search(&pools, dear, &none);
        for ranking in [dear.best_exact_in(A, B, amount), dear.best_exact_out(A, B, amount)] {
            assert_eq!(fees(ranking.best()), [3_000]);
            let [best, second] = &ranking.quotes[..] else { panic!("{ranking:?}") };
            assert_eq!(best.behind, U256::ZERO);
            let paid_more_gas = second.gas_cost - best.gas_cost;
            let gained = if second.amount_in == best.amount_in {
                second.amount_out - best.amount_out
            } else {
                best.amount_in - second.amount_in
            };
            assert_eq!(second.behind, paid_more_gas - gained);
        }
    }

    #[test]
    fn depth_beats_a_low_fee_for_a_large_amount() {
        let pools = pools([pool(A, B, 100, 1 << 60), pool(A, B, 3_000, DEEP)]);
        let none = BTreeSet::new();
        let search = search(&pools, GasPrice::FREE, &none);
        assert_eq!(fees(search.best_exact_in(A, B, U256::from(1_000_000)).best()), [100]);
        assert_eq!(fees(search.best_exact_in(A, B, U256::from(1u64 << 57)).best()), [3_000]);
    }

    #[test]
    fn each_pool_that_cannot_be_used_is_named_once_with_its_reason() {
        let lender = pool(A, B, 500, DEEP);
        let exclude = BTreeSet::from([lender.address]);
        let mut pools = pools([lender.clone(), pool(A, B, 3_000, 1_000), pool(A, HUB, 500, DEEP)]);
        pools.insert(PoolKey::new(HUB, B, 500).expect("key"), Err(Absence::Uninitialised));
        let ranking = search(&pools, GasPrice::FREE, &exclude).best_exact_in(A, B, U256::from(1_000_000));
        assert!(ranking.best().is_none());
        let reason = |a, b, fee| {
            let key = PoolId::from(PoolKey::new(a, b, fee).expect("key"));
            let of_key = |reason: &Rejection| match reason {
                Rejection::Absent { pool, .. } | Rejection::Excluded { pool } | Rejection::Swap { pool, .. } => {
                    **pool == key
                }
                Rejection::GasPrice(_) => false,
            };
            let found: Vec<_> = ranking.rejected.iter().map(|r| &r.reason).filter(|r| of_key(r)).collect();
            assert_eq!(found.len(), 1, "{key}");
            found[0].clone()
        };
        assert!(matches!(reason(A, B, 500), Rejection::Excluded { .. }));
        assert!(matches!(reason(A, B, 100), Rejection::Absent { reason: Absence::NotRead, .. }));
        assert!(matches!(reason(HUB, B, 500), Rejection::Absent { reason: Absence::Uninitialised, .. }));
        let error =
            SwapError::LeavesKnownRange { low: -5_120, high: 7_670, amount_in: U256::ZERO, amount_out: U256::ZERO };
        let Rejection::Swap { error: found, .. } = reason(A, B, 3_000) else { panic!("not replayed") };
        assert_eq!(std::mem::discriminant(&found), std::mem::discriminant(&error));
    }

    #[test]
    fn no_route_is_one_clause_with_how_many_pools_were_tried_and_the_commonest_reason_not_a_list() {
        let none = BTreeSet::new();
        let empty = Pools::default();
        let why = search(&empty, GasPrice::FREE, &none).best_exact_in(A, B, U256::from(1_000_000)).why_none();
        assert_eq!(why, format!("{} pools tried and none exists", 3 * FEE_TIERS.len()));
        let shallow = pools([pool(A, B, 500, 1_000), pool(A, B, 3_000, 1_000)]);
        let why = search(&shallow, GasPrice::FREE, &none).best_exact_in(A, B, U256::from(1_000_000)).why_none();
        let tried = 3 * FEE_TIERS.len();
        assert_eq!(
            why,
            format!("{tried} pools tried, 2 exist: the pool's liquidity in reach is too small for the amount")
        );
        assert!(Ranking::default().why_none() == "no pool is known");
    }

    #[test]
    fn costs_are_split_into_fee_and_price_impact() {
        let pools = pools([pool(A, HUB, 500, DEEP), pool(HUB, B, 3_000, 1 << 60)]);
        let none = BTreeSet::new();
        let ranking = search(&pools, GasPrice::FREE, &none).best_exact_in(A, B, U256::from(1u64 << 52));
        let quote = ranking.best().expect("quote");
        // 1 - 0.9995 * 0.997, and about 2^52 / 2^60.
        assert!(quote.fee_pips.abs_diff(3_499) <= 2, "{}", quote.fee_pips);
        assert!(quote.price_impact_pips.abs_diff(3_880) <= 30, "{}", quote.price_impact_pips);
    }
}
