//! Which e-mode suits a pair, and whether an account may enter it.

use std::cmp::Reverse;

use super::{
    account::AccountState,
    market::{EModeCategory, Market},
    projection::Projection,
    refusal::Refusal,
    reserve::Reserve,
};
use crate::units::Secs;

/// The category that lets the collateral back the debt with the highest liquidation threshold, then the highest
/// LTV. `None` when no category does better than none at all. Where the debt can be borrowed in categories only, one whose
/// collateral is another will do: it leaves this collateral the values that it has outside (base-replica.md §4).
#[must_use]
pub fn fitting<'market>(
    market: &'market Market,
    collateral: &Reserve,
    debt: &Reserve,
) -> Option<&'market EModeCategory> {
    let rank = |category: Option<&EModeCategory>| {
        (market.liquidation_threshold_in(collateral, category), market.ltv_in(collateral, category))
    };
    let allows = |category: Option<&EModeCategory>| {
        market.is_borrowable_in(debt, category) && market.ltv_in(collateral, category).0 > 0
    };
    market
        .categories
        .iter()
        .filter(|category| allows(Some(category)))
        .filter(|category| !allows(None) || rank(Some(category)) > rank(None))
        .max_by_key(|category| (rank(Some(category)), Reverse(category.id)))
}

/// Whether the account may switch to the category (0 = none) at a moment; if not, why.
pub fn can_switch(market: &Market, account: &AccountState, category: u8, at: Secs) -> Result<(), Refusal> {
    Projection::new(market.clone(), account.clone(), at).set_emode(category)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use alloy::primitives::{Address, B256, U256, address};

    use super::*;
    use crate::{
        aave::{Amount, Refusal, reserve::tests::usdc},
        chain::BlockRef,
        units::{Bps, UsdE8},
    };

    const USER: Address = Address::repeat_byte(7);
    const NOW: Secs = Secs(2_000);

    /// A token of 6 decimals at 3000 dollars: collateral that cannot be borrowed outside e-mode.
    fn lst() -> Reserve {
        let mut reserve = usdc();
        reserve.id = 1;
        reserve.asset = address!("2Ae3F1Ec7F1F5012CFEab0185bfc7aa3cf0DEc22");
        reserve.symbol = "LST".to_owned();
        reserve.configuration.0.set_bit(58, false);
        if let Some(price) = &mut reserve.price {
            price.value = UsdE8(U256::from(300_000_000_000u64));
        }
        reserve
    }

    fn category(id: u8, threshold: u32) -> EModeCategory {
        EModeCategory {
            id,
            label: format!("LST/USDC {id}"),
            ltv: Bps(threshold - 200),
            liquidation_threshold: Bps(threshold),
            liquidation_bonus: Bps(10_100),
            collateral_bitmap: 1 << 1,
            borrowable_bitmap: 1 << 4,
            ltv_zero_bitmap: 0,
            isolated: false,
        }
    }

    fn market(categories: Vec<EModeCategory>) -> Market {
        let block = BlockRef { number: 1, hash: B256::ZERO, timestamp: NOW, base_fee: U256::ZERO, timestamp_ms: None };
        Market {
            block,
            revision: 11,
            pool: Address::ZERO,
            reserves: vec![lst(), usdc()],
            categories,
            flash_loan_premium: Bps(5),
            borrowing_allowed: true,
            list_outdated: false,
        }
    }

    fn fits(market: &Market) -> Option<u8> {
        fitting(market, &market.reserves[0], &market.reserves[1]).map(|category| category.id)
    }

    #[test]
    fn the_category_with_the_highest_threshold_is_chosen_and_the_lowest_number_among_equals() {
        assert_eq!(fits(&market(vec![category(1, 9_000), category(2, 9_300), category(3, 9_300)])), Some(2));
    }

    #[test]
    fn no_category_is_chosen_that_is_no_better_than_none() {
        assert_eq!(fits(&market(vec![category(1, 7_700)])), None);
        let mut useless = category(1, 9_300);
        useless.ltv_zero_bitmap = 1 << 1;
        assert_eq!(fits(&market(vec![useless])), None);
    }

    #[test]
    fn a_debt_that_only_another_collaterals_category_lends_is_borrowed_there_at_the_values_outside() {
        let mut others = category(1, 9_300);
        others.collateral_bitmap = 1 << 5;
        let mut market = market(vec![others]);
        assert_eq!(fits(&market), None, "outside does as well");
        market.reserves[1].configuration.0.set_bit(58, false);
        assert_eq!(fits(&market), Some(1));
        let entered = market.categories.first();
        assert_eq!(market.ltv_in(&market.reserves[0], entered), market.ltv_in(&market.reserves[0], None));
        market.categories[0].isolated = true;
        assert_eq!(fits(&market), None, "an isolated one takes its own collateral only");
    }

    #[test]
    fn an_isolated_category_lets_only_its_own_collateral_back_a_borrow() {
        let mut isolated = category(1, 9_300);
        isolated.isolated = true;
        let market = market(vec![isolated, category(2, 9_300)]);
        let usdc = &market.reserves[1];
        assert_eq!(market.ltv_in(usdc, market.categories.first()), Bps(0));
        assert_eq!(market.ltv_in(usdc, market.categories.get(1)), Bps(7_500));
        assert_eq!(market.liquidation_threshold_in(usdc, market.categories.first()), Bps(7_800));

        let mut holder = Projection::new(market.clone(), AccountState::empty(USER), NOW);
        holder.supply(usdc.asset, U256::from(1_000_000_000u64)).expect("supply");
        let refusal = can_switch(&market, holder.account(), 1, NOW).expect_err("isolated");
        assert_eq!(
            refusal.to_string(),
            "USDC, which the account uses as collateral, has a loan to value of 0 in e-mode 1"
        );
        can_switch(&market, holder.account(), 2, NOW).expect("not isolated");
        assert_eq!(can_switch(&market, holder.account(), 9, NOW), Err(Refusal::NoSuchCategory(9)));
    }

    #[test]
    fn a_borrow_that_the_e_mode_forbids_names_the_e_mode_and_the_asset_and_not_a_too_small_amount() {
        let market = market(vec![category(1, 9_300)]);
        let lst = market.reserves[0].asset;
        let mut projection = Projection::new(market, AccountState::empty(USER), NOW);
        let outside = projection.open_to_borrow(lst).expect_err("not outside").to_string();
        assert_eq!(outside, "LST cannot be borrowed outside an e-mode");
        projection.set_emode(1).expect("entered");
        let refusal = projection.open_to_borrow(lst).expect_err("not in it").to_string();
        assert!(refusal.starts_with("LST cannot be borrowed in e-mode 1 (LST/USDC 1)"), "{refusal}");
    }

    #[test]
    fn a_refused_action_leaves_the_projection_as_it_was() {
        let market = market(vec![category(1, 9_300)]);
        let (lst, usdc) = (market.reserves[0].asset, market.reserves[1].asset);
        let mut projection = Projection::new(market, AccountState::empty(USER), NOW);
        projection.supply(lst, U256::from(1_000_000u64)).expect("supply");
        let before = projection.clone();
        let refusal = projection.borrow(usdc, U256::from(2_300_000_000u64)).expect_err("above the ltv");
        assert_eq!(
            refusal.to_string(),
            "collateral of 2999.997 usd at a loan to value of 75 % does not cover a debt of 2300.000001 usd; \
             at most 2249.997749 USDC can be borrowed"
        );
        assert_eq!(projection, before);
        projection.set_emode(1).expect("e-mode");
        projection.borrow(usdc, U256::from(2_350_000_000u64)).expect("inside the e-mode it is covered");
        let refusal = projection.set_emode(0).expect_err("outside of it the account could be liquidated");
        assert!(matches!(refusal, Refusal::HealthFactorBelowOne(_)), "{refusal}");
        assert_eq!(projection.account().emode, 1);
        projection.repay(usdc, Amount::All).expect("repay");
        assert_eq!(projection.owed(usdc), Ok(U256::ZERO));
        assert!(!projection.account().configuration.is_borrowing_any());
    }

    #[test]
    fn an_account_in_a_reserve_that_the_snapshot_does_not_know_is_an_error_not_a_wrong_figure() {
        let mut account = AccountState::empty(USER);
        account.configuration.set_collateral(9, true);
        let error = account.at(&market(Vec::new()), NOW).expect_err("unknown reserve");
        assert_eq!(error, crate::aave::StateError::UnknownReserve(9));
        account.configuration.set_collateral(9, false);
        account.configuration.set_collateral(4, true);
        account.holdings = BTreeMap::new();
        let error = account.at(&market(Vec::new()), NOW).expect_err("not read");
        assert_eq!(error, crate::aave::StateError::NotRead("USDC".to_owned()));
    }
}
