//! Following an order to its end, by events and receipts. A view of the newest state is believed only where it says
//! that an order still waits: a node may show a block's changes before the block.

use alloy::{
    eips::BlockId,
    primitives::{Address, U256},
    sol_types::{SolCall, SolEvent},
};

use super::{
    AvantisV1,
    abi::{ICallbacks, IERC20, ITrading, ITradingStorage, OPENED, Trade},
    logs::{Wanted, first},
    slot::Slot,
};
use crate::{
    chain::{Batch, BlockRef, CallRequest, LocatedLog, ReadError, Reader, Receipt, unexpected},
    perps::{Fill, LeverageE10, LikelyReason, OrderHandle, OrderKind, OrderState, PerpError, PriceE10, Side, Usdc},
};

/// What the chain says became of an order.
enum End {
    /// The position as the event tells it, price, closed collateral, paid.
    Filled { trade: Box<Trade>, price: U256, closed: U256, paid: U256, is_open: bool },
    /// By whom.
    Cancelled { by_operator: bool },
    /// The account took its limit order back.
    TakenBack,
}

impl AvantisV1 {
    pub(super) async fn state_of(&self, account: Address, order: &OrderHandle) -> Result<OrderState, PerpError> {
        let head = Reader::head(&self.endpoints).await?;
        if head.number < order.block {
            let reason = format!("the endpoint is at block {}, before the order's {}", head.number, order.block);
            return Ok(OrderState::Unknown { reason });
        }
        // Asked before the events: one that still waits at this block has no end at or before it.
        let waits = self.waits(account, order, head).await?;
        if waits && order.kind != OrderKind::LimitOpen {
            return Ok(OrderState::Initiated);
        }
        let mut head = head;
        let mut found = Box::pin(self.end_of(account, order, head)).await?;
        if found.is_none() && !waits {
            // A node may show the next block's changes before that block: by now it is there.
            head = Reader::head(&self.endpoints).await?;
            found = Box::pin(self.end_of(account, order, head)).await?;
        }
        match found {
            Some((end, log)) => match self.too_new(log.block_number, head.number) {
                Some(reason) => Ok(OrderState::Unknown { reason }),
                None => self.ended(account, order, end, &log).await,
            },
            None if waits => Ok(OrderState::Initiated),
            None => {
                let reason = format!(
                    "order {} neither waits nor is there an event of its end up to block {}",
                    order.id, head.number
                );
                Ok(OrderState::Unknown { reason })
            }
        }
    }

    /// The event of an order's end, up to a head.
    async fn end_of(
        &self,
        account: Address,
        order: &OrderHandle,
        head: BlockRef,
    ) -> Result<Option<(End, LocatedLog)>, PerpError> {
        match order.kind {
            OrderKind::LimitOpen => self.limit_end(account, order, head).await,
            OrderKind::Open | OrderKind::Close => self.market_end(order, head).await,
        }
    }

    async fn waits(&self, account: Address, order: &OrderHandle, head: BlockRef) -> Result<bool, PerpError> {
        let mut batch = Batch::new();
        if order.kind == OrderKind::LimitOpen {
            let (pair, index) = Slot::of(order.key)?.arguments();
            let call = ITradingStorage::hasOpenLimitOrderCall { trader: account, pairIndex: pair, index };
            let slot = batch.add(self.at.storage, &call);
            return Ok(self.endpoints.read(head, &batch).await?.get(slot)?);
        }
        let id = number(order)?;
        let slot = batch.add(self.at.storage, &ITradingStorage::reqIDpendingMarketOrderCall { orderId: id });
        let pending = self.endpoints.read(head, &batch).await?.get(slot)?;
        Ok(pending.trade.trader == account)
    }

    async fn market_end(&self, order: &OrderHandle, head: BlockRef) -> Result<Option<(End, LocatedLog)>, PerpError> {
        let id = number(order)?;
        let wanted = Wanted {
            emitters: vec![self.at.callbacks, self.at.storage],
            events: vec![ICallbacks::MarketExecuted::SIGNATURE_HASH, ICallbacks::MarketOpenCanceled::SIGNATURE_HASH],
        };
        let storage = self.at.storage;
        let pick = |log: &LocatedLog| {
            if let Ok(event) = ICallbacks::MarketExecuted::decode_log(&log.log) {
                let ICallbacks::MarketExecuted { orderId, t, open, price, positionSizeUSDC, usdcSentToTrader, .. } =
                    event.data;
                return (orderId == id).then_some(End::Filled {
                    trade: Box::new(t),
                    price,
                    closed: positionSizeUSDC,
                    paid: usdcSentToTrader,
                    is_open: open,
                });
            }
            let event = ICallbacks::MarketOpenCanceled::decode_log(&log.log).ok()?;
            (event.orderId == id).then_some(End::Cancelled { by_operator: log.log.address == storage })
        };
        Ok(first(&self.endpoints, &wanted, (order.block, head.number), pick).await?)
    }

    async fn limit_end(
        &self,
        account: Address,
        order: &OrderHandle,
        head: BlockRef,
    ) -> Result<Option<(End, LocatedLog)>, PerpError> {
        let wanted = Wanted {
            emitters: vec![self.at.callbacks, self.at.trading],
            events: vec![ICallbacks::LimitExecuted::SIGNATURE_HASH, ITrading::OpenLimitCanceled::SIGNATURE_HASH],
        };
        let (pair, index) = Slot::of(order.key)?.arguments();
        let pick = |log: &LocatedLog| {
            if let Ok(event) = ICallbacks::LimitExecuted::decode_log(&log.log) {
                let event = event.data;
                let is_ours = event.orderType == OPENED
                    && event.t.trader == account
                    && event.t.pairIndex == pair
                    && event.limitIndex == index;
                let price = event.t.openPrice;
                return is_ours.then_some(End::Filled {
                    closed: event.t.initialPosToken,
                    trade: Box::new(event.t),
                    price,
                    paid: U256::ZERO,
                    is_open: true,
                });
            }
            let event = ITrading::OpenLimitCanceled::decode_log(&log.log).ok()?;
            (event.trader == account && event.pairIndex == pair && event.index == index).then_some(End::TakenBack)
        };
        Ok(first(&self.endpoints, &wanted, (order.block, head.number), pick).await?)
    }

    async fn ended(
        &self,
        account: Address,
        order: &OrderHandle,
        end: End,
        log: &LocatedLog,
    ) -> Result<OrderState, PerpError> {
        let receipt = self.receipt_at(log).await?;
        match end {
            End::Filled { trade, price, closed, paid, is_open } => {
                let block = self.block_of(&receipt).await?;
                let price = if is_open { trade.openPrice } else { price };
                let whole = trade.initialPosToken;
                // The event of a close tells the position as it was before.
                let amounts = if is_open { (whole, whole) } else { (closed, whole.saturating_sub(closed)) };
                Ok(OrderState::Filled(fill(&trade, price, amounts, paid, &receipt, block)))
            }
            End::TakenBack => Ok(OrderState::Cancelled {
                refund: self.refund(account, &receipt),
                reason: LikelyReason::TakenBack,
                transaction: Some(receipt.transaction),
            }),
            End::Cancelled { by_operator } => {
                let reason = if by_operator {
                    LikelyReason::Operator
                } else {
                    // Chain state of long ago may be gone; then nobody can say why.
                    self.why_cancelled(account, order, &receipt).await.unwrap_or_else(|error| {
                        tracing::debug!(%error, order = order.id, "reason of a cancellation not found");
                        LikelyReason::Unclear
                    })
                };
                let (refund, transaction) = (self.refund(account, &receipt), Some(receipt.transaction));
                Ok(OrderState::Cancelled { refund, reason, transaction })
            }
        }
    }

    /// The receipt that an event is from. A block that is no longer the chain's has none.
    pub(super) async fn receipt_at(&self, log: &LocatedLog) -> Result<Receipt, ReadError> {
        let malformed = || ReadError::Malformed("an event without transaction".to_owned());
        self.receipt_of(log.transaction_hash.ok_or_else(malformed)?).await
    }

    /// USDC that came back from the venue's custody.
    fn refund(&self, account: Address, receipt: &Receipt) -> Option<Usdc> {
        let transfers = receipt.logs.iter().filter(|log| log.address == self.at.usdc);
        let back: Vec<U256> = transfers
            .filter_map(|log| IERC20::Transfer::decode_log(log).ok())
            .filter(|event| event.from == self.at.storage && event.to == account)
            .map(|event| event.value)
            .collect();
        (!back.is_empty()).then(|| Usdc(back.into_iter().fold(U256::ZERO, U256::saturating_add)))
    }

    /// A view on the state before a block.
    pub(super) async fn ask_before<C: SolCall>(
        &self,
        to: Address,
        call: &C,
        block: u64,
    ) -> Result<C::Return, ReadError> {
        let request = CallRequest::new(Address::ZERO, to, call.abi_encode());
        let answer = self.endpoints.call(&request, BlockId::number(block.saturating_sub(1))).await?;
        C::abi_decode_returns(&answer).map_err(|_| unexpected(C::SIGNATURE, to, answer.len()))
    }
}

/// The neutral form of an execution; `left` is the collateral that stays in the position.
pub(super) fn fill(
    trade: &Trade,
    price: U256,
    (collateral, left): (U256, U256),
    paid: U256,
    receipt: &Receipt,
    block: BlockRef,
) -> Fill {
    Fill {
        key: Slot::new(trade.pairIndex, trade.index).key(),
        side: if trade.buy { Side::Long } else { Side::Short },
        price: PriceE10(price),
        collateral: Usdc(collateral),
        leverage: LeverageE10(trade.leverage),
        paid: Usdc(paid),
        left: Usdc(left),
        target: PriceE10(trade.tp),
        stop: PriceE10(trade.sl),
        transaction: receipt.transaction,
        block: receipt.block_number,
        at: block.timestamp,
    }
}

pub(super) fn number(order: &OrderHandle) -> Result<U256, PerpError> {
    U256::from_str_radix(&order.id, 10)
        .map_err(|_| PerpError::Refused(format!("`{}` is no order number of this venue", order.id)))
}
