//! Liquidity that goes away and comes back: providers leave the pools, Morpho Blue lends everything out.

use alloy::{
    primitives::{Address, U256, keccak256},
    sol_types::SolValue,
};
use serde_json::{Value, json};

use super::Course;
use crate::{
    chain::{Batch, ReadError},
    localchain::{
        LocalChainError, Role,
        abi::{IERC20, INonfungiblePositionManager as Positions, IPool, IUniswapV3Pool},
        genesis::{MORPHO, POOL, POSITION_MANAGER},
        node::Call,
    },
    units::Secs,
};

/// A deadline that never comes.
const NO_DEADLINE: U256 = U256::from_limbs([1 << 40, 0, 0, 0]);
/// What shares are counted in.
const MILLION: u64 = 1_000_000;
/// Gas of one change of liquidity.
const GAS: u64 = 1_000_000;

/// Slot of Aave's mapping of reserves, and in a reserve that of what it has to give; the contract's own answer is held
/// against it.
const RESERVES: U256 = U256::from_limbs([52, 0, 0, 0]);
const AVAILABLE: U256 = U256::from_limbs([8, 0, 0, 0]);
/// Bits of half a word.
const HALF: usize = 128;
const LOW_HALF: U256 = U256::from_limbs([u64::MAX, u64::MAX, 0, 0]);

/// A reserve that is lent out.
#[derive(Debug)]
pub(super) struct LentOut {
    asset: Address,
    slot: U256,
    /// What it had to give.
    amount: U256,
}

/// Liquidity taken out of one position.
#[derive(Debug)]
pub(super) struct Taken {
    id: U256,
    tokens: [Address; 2],
    /// What is left of millions.
    kept: u64,
}

impl Course {
    /// Dollars that the pools of ether and dollars hold around the price: `L √P` of each, USDC with 6 decimals.
    pub async fn depth(&self) -> Result<U256, LocalChainError> {
        let (weth, usdc) = (self.market.reserve("WETH")?.token, self.market.reserve("USDC")?.token);
        let direct = |moved: &&super::Moved| moved.has(weth, usdc);
        let mut batch = Batch::new();
        let slots: Vec<_> = self
            .pools
            .iter()
            .filter(direct)
            .map(|moved| batch.add(moved.pool.address, &IUniswapV3Pool::liquidityCall {}))
            .collect();
        let answers = self.controls.node.ask_all(&batch).await?;
        let roots: Vec<_> =
            self.pools.iter().zip(self.square_roots().await?).filter(|(moved, _)| direct(moved)).collect();
        let mut depth = U256::ZERO;
        for (slot, (_, root)) in slots.into_iter().zip(roots) {
            let liquidity = U256::from(answers.get(slot).map_err(unread)?);
            depth = depth.saturating_add(liquidity.saturating_mul(root) >> 96);
        }
        Ok(depth)
    }

    /// Providers leave every pool until so many millionths are left.
    pub async fn thin(&mut self, kept: u64, at: Secs) -> Result<(), LocalChainError> {
        self.refill(at).await?;
        let kept = kept.clamp(1, MILLION);
        if kept == MILLION {
            return Ok(());
        }
        let ids = self.positions().await?;
        let mut calls = Vec::new();
        for (id, tokens, liquidity) in ids {
            let left = u128::try_from(U256::from(liquidity).saturating_mul(U256::from(kept)) / U256::from(MILLION))
                .unwrap_or(liquidity)
                .max(1);
            let params = Positions::DecreaseParams {
                tokenId: id,
                liquidity: liquidity.saturating_sub(left),
                amount0Min: U256::ZERO,
                amount1Min: U256::ZERO,
                deadline: NO_DEADLINE,
            };
            calls.push(provider(&Positions::decreaseLiquidityCall { params }));
            self.thinned.push(Taken { id, tokens, kept });
        }
        self.together(&calls, at).await
    }

    /// They come back, as far as they had left.
    pub async fn refill(&mut self, at: Secs) -> Result<(), LocalChainError> {
        let thinned = std::mem::take(&mut self.thinned);
        let mut calls = Vec::new();
        for taken in &thinned {
            let owner = Role::LiquidityProvider.address();
            let liquidity =
                self.controls.node.ask(POSITION_MANAGER, &Positions::positionsCall { tokenId: taken.id }).await?;
            // What the rest would give out tells in which proportion the position takes tokens.
            let params = Positions::DecreaseParams {
                tokenId: taken.id,
                liquidity: liquidity.liquidity,
                amount0Min: U256::ZERO,
                amount1Min: U256::ZERO,
                deadline: NO_DEADLINE,
            };
            let ask = provider(&Positions::decreaseLiquidityCall { params });
            let answer: alloy::primitives::Bytes =
                self.controls.node.request("eth_call", json!([ask.request(), "latest"])).await?;
            let rest = <Positions::decreaseLiquidityCall as alloy::sol_types::SolCall>::abi_decode_returns(&answer)
                .map_err(|error| LocalChainError::Mismatch {
                    what: format!("liquidity position {}", taken.id),
                    wanted: "two amounts".to_owned(),
                    found: error.to_string(),
                })?;
            let missing = |amount: U256| {
                amount.saturating_add(U256::ONE).saturating_mul(U256::from(MILLION - taken.kept))
                    / U256::from(taken.kept)
            };
            let desired = [missing(rest.amount0), missing(rest.amount1)];
            for (token, amount) in taken.tokens.iter().zip(desired) {
                let held = self.controls.node.ask(*token, &IERC20::balanceOfCall { owner }).await?;
                let wanted = held.saturating_add(amount);
                self.controls.node.request::<Value>("anvil_dealERC20", json!([owner, token, wanted])).await?;
                let allowance = json!([owner, POSITION_MANAGER, token, U256::MAX]);
                self.controls.node.request::<Value>("anvil_setERC20Allowance", allowance).await?;
            }
            let params = Positions::IncreaseParams {
                tokenId: taken.id,
                amount0Desired: desired[0],
                amount1Desired: desired[1],
                amount0Min: U256::ZERO,
                amount1Min: U256::ZERO,
                deadline: NO_DEADLINE,
            };
            calls.push(provider(&Positions::increaseLiquidityCall { params }));
        }
        if calls.is_empty() { Ok(()) } else { self.together(&calls, at).await }
    }

    /// Morpho Blue, the source of free loans, holds none of its loan tokens, or again what it held.
    pub async fn empty_morpho(&mut self, empty: bool) -> Result<(), LocalChainError> {
        if empty != self.morpho.is_empty() {
            return Ok(());
        }
        let node = &self.controls.node;
        for (token, held) in std::mem::take(&mut self.morpho) {
            node.request::<Value>("anvil_dealERC20", json!([MORPHO, token, held])).await?;
        }
        if !empty {
            return Ok(());
        }
        for (symbol, _) in &self.market.morpho_supply {
            let token = self.market.reserve(symbol)?.token;
            let held = node.ask(token, &IERC20::balanceOfCall { owner: MORPHO }).await?;
            node.request::<Value>("anvil_dealERC20", json!([MORPHO, token, U256::ZERO])).await?;
            self.morpho.push((token, held));
        }
        Ok(())
    }

    /// All of a reserve is lent out, so that nothing can be taken from it; or of none.
    pub async fn lend_out(&mut self, asset: Option<Address>) -> Result<(), LocalChainError> {
        if self.lent_out.as_ref().map(|lent| lent.asset) == asset {
            return Ok(());
        }
        if let Some(LentOut { asset, slot, amount }) = self.lent_out.take() {
            let word = self.available(asset, slot).await?;
            self.set_available(slot, word.saturating_add(amount << HALF)).await?;
        }
        let Some(asset) = asset else { return Ok(()) };
        let place = (asset, RESERVES).abi_encode();
        let slot = U256::from_be_bytes(keccak256(place).0).wrapping_add(AVAILABLE);
        let word = self.available(asset, slot).await?;
        self.set_available(slot, word & LOW_HALF).await?;
        self.lent_out = Some(LentOut { asset, slot, amount: word >> HALF });
        Ok(())
    }

    /// The word in which Aave keeps what a reserve has to give, in its upper half.
    async fn available(&self, asset: Address, slot: U256) -> Result<U256, LocalChainError> {
        let word = U256::from_be_bytes(self.controls.node.storage(POOL, slot).await?.0);
        let told = self.controls.node.ask(POOL, &IPool::getVirtualUnderlyingBalanceCall { asset }).await?;
        if word >> HALF == U256::from(told) {
            return Ok(word);
        }
        Err(LocalChainError::Mismatch {
            what: format!("what Aave has of {asset} to give, in its storage"),
            wanted: told.to_string(),
            found: (word >> HALF).to_string(),
        })
    }

    async fn set_available(&self, slot: U256, word: U256) -> Result<(), LocalChainError> {
        self.controls.node.set_storage(POOL, slot, word.into()).await
    }

    /// Positions of all pools: id, tokens, liquidity.
    async fn positions(&self) -> Result<Vec<(U256, [Address; 2], u128)>, LocalChainError> {
        let count = self.market.pools.iter().map(|pool| pool.positions.len()).sum::<usize>();
        let mut batch = Batch::new();
        let mut slots = Vec::with_capacity(count);
        for id in 1..=count {
            let id = U256::from(id);
            slots.push((id, batch.add(POSITION_MANAGER, &Positions::positionsCall { tokenId: id })));
        }
        let answers = self.controls.node.ask_all(&batch).await?;
        let mut found = Vec::new();
        for (id, slot) in slots {
            let held = answers.get(slot).map_err(unread)?;
            found.push((id, [held.token0, held.token1], held.liquidity));
        }
        Ok(found)
    }

    async fn together(&self, calls: &[Call], at: Secs) -> Result<(), LocalChainError> {
        let fee = self.controls.node.head().await?.base_fee.saturating_mul(U256::from(2u64));
        let mut hashes = Vec::with_capacity(calls.len());
        for call in calls {
            hashes.push(self.offer(call, fee).await?);
        }
        self.mine(at).await?;
        for (hash, call) in hashes.into_iter().zip(calls) {
            match self.controls.node.receipt(hash).await? {
                Some(receipt) if receipt.succeeded() => {}
                _ => return Err(self.controls.node.why_reverted(call).await),
            }
        }
        Ok(())
    }
}

fn provider<C: alloy::sol_types::SolCall>(call: &C) -> Call {
    Call { gas: GAS, ..Call::new(Role::LiquidityProvider.address(), POSITION_MANAGER, call) }
}

fn unread(error: ReadError) -> LocalChainError {
    LocalChainError::Mismatch { what: "liquidity".to_owned(), wanted: "an answer".to_owned(), found: error.to_string() }
}
