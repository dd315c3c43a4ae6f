//! Telling by its code whether this is the venue that the adapter knows. Never by date, never by asking a service.

use alloy::{
    eips::BlockId,
    primitives::{Address, B256, U256, b256, keccak256},
};

use super::{
    AvantisV1, Deployment, PriceService,
    abi::{IPairStorage, ITrading, ITradingStorage, IViews},
};
use crate::{
    chain::{Batch, Endpoints, Reader},
    perps::PerpError,
};

/// Where EIP-1967 proxies keep the address of their implementation.
const IMPLEMENTATION_SLOT: B256 = b256!("360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc");
/// Hashes of known code: the proxy, Trading and TradingCallbacks of package 0.8.10. Trading decides what our call data
/// does, and TradingCallbacks emits what tracking believes.
const PROXIES: [B256; 1] = [b256!("538b36052829fd08b1a4f9c72cd79c9931671ffbd3d186d452846a3ac4054d8c")];
const TRADING: [B256; 1] = [b256!("a890edc2949710d419f211d43f280eab5147f32747f7445fee0b9bec9c404c32")];
const CALLBACKS: [B256; 1] = [b256!("7eb57f1184e8efa334ecb203d8c218cab6df7e45e693bf499006cc36b1e4de6d")];

impl AvantisV1 {
    /// The venue on this network, if its code is known and it behaves as Avantis v1.5: anything else is
    /// [`PerpError::UnknownVenue`], because calls of one version may open what calls of that version cannot close.
    pub async fn recognise(endpoints: &Endpoints, prices: PriceService) -> Result<Self, PerpError> {
        let at = Deployment::BASE;
        known_code(endpoints, at.trading, &TRADING).await?;
        known_code(endpoints, at.callbacks, &CALLBACKS).await?;
        behaves(endpoints, &at).await?;
        Ok(Self::new(endpoints.clone(), prices, at))
    }
}

async fn known_code(endpoints: &Endpoints, proxy: Address, known: &[B256]) -> Result<(), PerpError> {
    let shell = endpoints.code(proxy, BlockId::latest()).await?;
    if shell.is_empty() {
        return Err(PerpError::NoVenue(proxy));
    }
    let unknown = |code_hash, why: &str| PerpError::UnknownVenue { address: proxy, code_hash, why: why.to_owned() };
    let shell = keccak256(&shell);
    if !PROXIES.contains(&shell) {
        return Err(unknown(shell, "it is not the proxy of the known builds"));
    }
    let slot = U256::from_be_bytes(IMPLEMENTATION_SLOT.0);
    let implementation = Address::from_word(endpoints.storage(proxy, slot, BlockId::latest()).await?);
    let code = endpoints.code(implementation, BlockId::latest()).await?;
    let hash = keccak256(&code);
    if known.contains(&hash) {
        return Ok(());
    }
    let why = if code.is_empty() { "there is no code behind its proxy" } else { "the code behind its proxy changed" };
    Err(unknown(hash, why))
}

/// What is wired and answered as in v1, and what only v2 answers.
async fn behaves(endpoints: &Endpoints, at: &Deployment) -> Result<(), PerpError> {
    let head = Reader::head(endpoints).await?;
    let mut batch = Batch::new();
    let timelock = batch.add(at.trading, &ITrading::limitOrdersTimelockCall {});
    let most_slippage = batch.add(at.trading, &ITrading::_MAX_SLIPPAGECall {});
    let storage = batch.add(at.trading, &ITrading::storageTCall {});
    let trading = batch.add(at.storage, &ITradingStorage::tradingCall {});
    let callbacks = batch.add(at.storage, &ITradingStorage::callbacksCall {});
    let usdc = batch.add(at.storage, &ITradingStorage::usdcCall {});
    let pairs = batch.add(at.pairs, &IPairStorage::pairsCountCall {});
    let positions = batch.add(at.views, &IViews::getPositionsCall { trader: Address::ZERO });
    let nonces = batch.add(at.trading, &ITrading::nonceBitmapCall { trader: Address::ZERO, word: U256::ZERO });
    let delegates = ITrading::multipleDelegationsCall { trader: Address::ZERO, delegate: Address::ZERO };
    let delegates = batch.add(at.trading, &delegates);
    let answers = endpoints.read(head, &batch).await?;
    let checks = [
        (answers.find(timelock).is_some(), "it has no limitOrdersTimelock()"),
        (answers.find(most_slippage).is_some(), "it has no _MAX_SLIPPAGE()"),
        (answers.find(storage) == Some(at.storage), "its storage is another contract"),
        (answers.find(trading) == Some(at.trading), "its storage obeys another Trading contract"),
        (answers.find(callbacks) == Some(at.callbacks), "its storage obeys another TradingCallbacks contract"),
        (answers.find(usdc) == Some(at.usdc), "its collateral is not USDC"),
        (answers.find(pairs).is_some_and(|count| !count.is_zero()), "no pairs are listed"),
        (answers.find(positions).is_some(), "getPositions() does not answer in v1's shape"),
        (answers.find(nonces).is_none(), "it answers v2's nonceBitmap()"),
        (answers.find(delegates).is_none(), "it answers v2's multipleDelegations()"),
    ];
    match checks.iter().find(|(holds, _)| !holds) {
        None => Ok(()),
        Some((_, why)) => Err(PerpError::UnknownVenue {
            address: at.trading,
            code_hash: TRADING.first().copied().unwrap_or_default(),
            why: (*why).to_owned(),
        }),
    }
}
