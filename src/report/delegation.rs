//! What `doctor` says of an account that has code: to whom it has delegated (EIP-7702), and what follows for its actions.

use alloy::{
    eips::BlockId,
    primitives::{Address, B256, Bytes, address},
    sol_types::SolCall,
};

use super::Check;
use crate::abi::IERC1271::isValidSignatureCall;
use crate::chain::{AccountCode, BlockRef, CallRequest, Endpoints, ReadError, Reader};

/// Delegates of well-known wallets, at the same address on every chain.
const KNOWN: [(Address, &str); 4] = [
    (address!("63c0c19a282a1B52b07dD5a65b58948A07DAE32B"), "MetaMask's stateless delegator"),
    (address!("7702cb554e6bFb442cb743A7dF23154544a7176C"), "Coinbase's EIP-7702 proxy"),
    (address!("000000009B1D0aF20D8C6d0A44e162d11F9b8f00"), "Uniswap's Calibur"),
    (address!("4Cd241E8d1510e30b2076397afc7508Ae59C66c9"), "the Ethereum Foundation's Simple7702Account"),
];

/// What was found out about an account's code.
#[derive(Debug, Clone, Copy)]
struct Found {
    code: AccountCode,
    takes_ether: bool,
    answers_signatures: bool,
}

/// A line about an account's code; `None` for an account that has none. Signs nothing.
pub async fn delegation_check(
    endpoints: &Endpoints,
    account: Address,
    head: BlockRef,
    name: String,
) -> Result<Option<Check>, ReadError> {
    let at = BlockId::from(head.hash);
    let bytes = endpoints.code(account, at).await?;
    let code = AccountCode::of(bytes.len(), &bytes);
    if code.is_none() {
        return Ok(None);
    }
    // A signature of nobody: whoever has ERC-1271 says no to it, and says so.
    let question = isValidSignatureCall { digest: B256::ZERO, signature: Bytes::from(vec![0; 65]) };
    let question = CallRequest::new(Address::ZERO, account, question.abi_encode());
    let answers_signatures = match endpoints.call(&question, at).await {
        Ok(answer) => answer.len() >= 32,
        Err(ReadError::Reverted { .. }) => false,
        Err(error) => return Err(error),
    };
    let takes_ether = endpoints.takes_ether(head.hash, account).await?;
    Ok(Some(line(name, Found { code, takes_ether, answers_signatures })))
}

fn line(name: String, found: Found) -> Check {
    let known = match found.code {
        AccountCode::Delegated(to) => KNOWN.iter().find(|(address, _)| *address == to).map(|(_, name)| *name),
        _ => None,
    };
    let who = match (found.code, known) {
        (AccountCode::Delegated(to), Some(name)) => format!("the account has delegated to {to} (EIP-7702), {name}"),
        (AccountCode::Delegated(to), None) => {
            format!("the account has delegated to {to} (EIP-7702), which this program does not know")
        }
        (code, _) => format!("the account has {code}"),
    };
    let is = |so: bool, yes: &'static str, no: &'static str| if so { yes } else { no };
    let ether = is(found.takes_ether, "it takes ether", "it takes no ether: closes and withdrawals are paid in WETH");
    let signatures =
        is(found.answers_signatures, "it answers ERC-1271", "it does not answer ERC-1271 to a signature of nobody");
    let found_words = format!(
        "{who}; {ether}; {signatures}. Tokens that ask an owner's code (USDC) get an approve transaction instead of a permit, \
         and nodes take one waiting transaction at a time from such an account"
    );
    if known.is_some() && found.takes_ether {
        return Check::ok(name, found_words);
    }
    let fix = match found.code {
        AccountCode::Delegated(_) if known.is_none() => {
            "whoever that code obeys can move all that the account has: take the delegation back (authorize the zero address) unless you made it"
        }
        _ => "nothing is to be done if you made it",
    };
    Check::warn(name, found_words, fix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Verdict;

    #[test]
    fn a_delegation_is_named_with_what_follows() {
        let check = |to, takes_ether, answers_signatures| {
            let code = AccountCode::Delegated(to);
            line("code".to_owned(), Found { code, takes_ether, answers_signatures })
        };
        let known = check(KNOWN[0].0, true, true);
        assert_eq!(known.verdict, Verdict::Ok);
        assert!(known.found.contains("MetaMask") && known.found.contains("approve transaction"), "{}", known.found);
        let stranger = check(Address::repeat_byte(9), false, false);
        assert_eq!(stranger.verdict, Verdict::Warn);
        for word in ["does not know", "takes no ether", "paid in WETH", "does not answer ERC-1271"] {
            assert!(stranger.found.contains(word), "`{word}` is not in {}", stranger.found);
        }
        assert!(stranger.fix.contains("take the delegation back"));
    }
}
