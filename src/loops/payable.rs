//! In what an account can be paid.

use super::{Payout, Request};
use crate::aave::AccountState;

/// The request as the account can be paid: one whose code takes no ether gets the wrapped token, as with `--wrapped`, and a
/// note that says so. A refusal would keep a loop from being closed.
pub(super) fn payable(request: &Request, account: &AccountState) -> (Request, Option<String>) {
    let mut paid = request.clone();
    let unwrap = match &mut paid {
        Request::Withdraw { unwrap, .. } | Request::Close { payout: Payout::Collateral { unwrap }, .. } => unwrap,
        _ => return (paid, None),
    };
    if !account.refuses_ether || unwrap.take().is_none() {
        return (request.clone(), None);
    }
    let note = format!("paid in WETH, as with --wrapped: the account has {}, which takes no ether", account.code);
    (paid, Some(note))
}

#[cfg(test)]
mod tests {
    use alloy::primitives::{Address, U256};

    use super::*;
    use crate::loops::Share;

    #[test]
    fn only_who_takes_no_ether_is_paid_in_the_wrapped_token() {
        let weth = Some(Address::repeat_byte(1));
        let close = |unwrap| Request::Close { share: Share::All, payout: Payout::Collateral { unwrap } };
        let withdraw =
            |unwrap| Request::Withdraw { collateral: U256::ONE, debt: U256::ZERO, unwrap, keep_leverage: false };
        let takes = AccountState::empty(Address::repeat_byte(2));
        let refuses = AccountState { refuses_ether: true, ..takes.clone() };
        for request in [close(weth), withdraw(weth), close(None)] {
            assert_eq!(payable(&request, &takes), (request, None));
        }
        for (asked, paid) in [(close(weth), close(None)), (withdraw(weth), withdraw(None))] {
            let (found, note) = payable(&asked, &refuses);
            assert_eq!(found, paid);
            assert!(note.is_some_and(|note| note.contains("--wrapped")));
        }
        let in_debt = Request::Close { share: Share::All, payout: Payout::Debt };
        assert_eq!(payable(&in_debt, &refuses), (in_debt, None));
    }
}
