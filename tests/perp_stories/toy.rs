//! A venue that nobody has written an adapter for, added without a change in `src`: its positions are deposits at Aave, which
//! are there as soon as their transaction is, and whose names are no pair and slot. From a request to a settled result, and
//! closed by `flatten` like any other.

use std::sync::Arc;

use alloy::{
    primitives::{Address, B256, U256},
    sol_types::SolCall,
};
use async_trait::async_trait;
use rust_decimal::{Decimal, dec};
use trimtab::{
    actions::{audit, execute},
    chain::{BlockRef, Clock, Endpoints, Reader, SystemClock},
    config::Config,
    journal::{NewPerp, PerpEntry, PositionId},
    localchain::Behaviour,
    perps::{
        AuditError, Availability, Capabilities, ClosingFee, EndKind, Ending, Fill, Interest, LeverageE10, OrderHandle,
        OrderKind, OrderState, PairTerms, PercentE10, PerpError, PerpPosition, PerpRequest, PerpSettings, PerpSubject,
        PerpVenue, Portion, PositionKey, PriceE10, Side, Usdc, UsualFees, Venue, VenueSnapshot,
    },
    plan::{CallData, Figure, Plan, PlanSubject, Quantity, ReadBack, SCHEMA, Step, check},
    trade::{TradeSettings, flatten, plan_flatten},
    units::{Millis, Secs},
};

use crate::{
    desk::{Desk, e10, eth, quick},
    trader::{Erc20, POOL, Pool, USDC},
};

alloy::sol! {
    function withdraw(address asset, uint256 amount, address to) external returns (uint256);
    function getReserveAToken(address asset) external view returns (address);
}

const NAME: &str = "savings";
const PAIR: &str = "ETH/USD";
/// The one position that an account can have.
const POSITION: &str = "savings-book.1";

#[derive(Debug, Clone)]
struct Savings {
    endpoints: Endpoints,
}

impl Savings {
    fn key() -> PositionKey {
        POSITION.parse().expect("a name")
    }

    async fn ask<C: SolCall<Return = U256> + Clone + Sync + Send + 'static>(&self, to: Address, call: C) -> U256 {
        let head = Reader::head(&self.endpoints).await.expect("head");
        let mut batch = trimtab::chain::Batch::new();
        let slot = batch.add(to, &call);
        self.endpoints.read(head, &batch).await.expect("answers").get(slot).expect("an amount")
    }

    async fn deposited(&self, account: Address) -> U256 {
        let head = Reader::head(&self.endpoints).await.expect("head");
        let mut batch = trimtab::chain::Batch::new();
        let slot = batch.add(POOL, &getReserveATokenCall { asset: USDC });
        let token = self.endpoints.read(head, &batch).await.expect("answers").get(slot).expect("the aToken");
        self.ask(token, Erc20::balanceOfCall { account }).await
    }

    /// The calls of an action.
    fn steps(&self, request: &PerpRequest, snapshot: &VenueSnapshot) -> Result<Vec<Step>, PerpError> {
        let step = |purpose: &str, to: Address, data: Vec<u8>| Step {
            purpose: purpose.to_owned(),
            to,
            value: U256::ZERO,
            data: CallData::Fixed { data: data.into() },
        };
        let account = snapshot.account;
        Ok(match request {
            PerpRequest::Open(open) => {
                let approve = Erc20::approveCall { spender: POOL, value: open.margin.0 };
                let supply = Pool::supplyCall { asset: USDC, amount: open.margin.0, onBehalfOf: account, referral: 0 };
                vec![
                    step("allow the venue to take the margin", USDC, approve.abi_encode()),
                    step("open", POOL, supply.abi_encode()),
                ]
            }
            PerpRequest::Close { position, portion: Portion::All } if *position == Self::key() => {
                let all = withdrawCall { asset: USDC, amount: U256::MAX, to: account };
                vec![step("close", POOL, all.abi_encode())]
            }
            _ => return Err(PerpError::Incapable { venue: NAME, what: "such action" }),
        })
    }

    fn fill(&self, request: OrderKind, amount: U256, order: &OrderHandle) -> Fill {
        let (collateral, paid, left) = match request {
            OrderKind::Close => (amount, amount, U256::ZERO),
            _ => (amount, U256::ZERO, amount),
        };
        Fill {
            key: Self::key(),
            side: Side::Long,
            price: PriceE10(e10(3_000)),
            collateral: Usdc(collateral),
            leverage: LeverageE10(e10(1)),
            paid: Usdc(paid),
            left: Usdc(left),
            target: PriceE10::ZERO,
            stop: PriceE10::ZERO,
            transaction: order.transaction,
            block: order.block,
            at: order.placed,
        }
    }

    /// What a transaction moved: the amount, and whether it came in.
    async fn moved(&self, transaction: B256) -> Result<Option<(OrderKind, U256, BlockRef)>, PerpError> {
        let receipt = self.endpoints.receipt(transaction).await?;
        let Some(receipt) = receipt else { return Ok(None) };
        let transfer = alloy::primitives::keccak256("Transfer(address,address,uint256)");
        let moved = receipt.logs.iter().find(|log| log.address == USDC && log.data.topics().first() == Some(&transfer));
        let Some(log) = moved else { return Ok(None) };
        let to = log.data.topics().get(2).copied().unwrap_or_default();
        let kind = if Address::from_word(to) == receipt.from { OrderKind::Close } else { OrderKind::Open };
        let amount = U256::from_be_slice(&log.data.data);
        let block = self.endpoints.block_by_number(receipt.block_number.into()).await?;
        Ok(block.map(|block| (kind, amount, block)))
    }
}

#[async_trait]
impl PerpVenue for Savings {
    fn name(&self) -> &'static str {
        NAME
    }

    fn address(&self) -> Address {
        POOL
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { partial_close: false, limit_orders: false }
    }

    fn usual_fees(&self) -> UsualFees {
        UsualFees {
            opening: Decimal::ZERO,
            closing: Decimal::ZERO,
            closing_on: ClosingFee::OnEntryNotional,
            keeper: Decimal::ZERO,
            liquidation: Decimal::ONE,
        }
    }

    fn with_unchecked_prices(&self) -> Venue {
        Arc::new(self.clone())
    }

    async fn check_prices(&self, _block: BlockRef) -> Result<String, PerpError> {
        Ok("savings have no price".to_owned())
    }

    fn interest(&self, _request: &PerpRequest) -> Result<Interest, PerpError> {
        Ok(Interest::default())
    }

    async fn snapshot(&self, account: Address, _interest: &Interest) -> Result<VenueSnapshot, PerpError> {
        let block = Reader::head(&self.endpoints).await?;
        let deposited = Usdc(self.deposited(account).await);
        let mark = PriceE10(e10(3_000));
        let position = PerpPosition {
            key: Self::key(),
            pair: PAIR.to_owned(),
            side: Side::Long,
            collateral: deposited,
            leverage: LeverageE10(e10(1)),
            notional: deposited,
            entry: mark,
            target: PriceE10::ZERO,
            stop: PriceE10::ZERO,
            liquidation: PriceE10::ZERO,
            rollover: Usdc::ZERO,
            mark,
            value: deposited,
            pnl: Usdc::ZERO,
            is_loss: false,
            opened: block.timestamp,
            closing: false,
            changeable_from: 0,
            loss_share: 100,
        };
        let none = PercentE10(U256::ZERO);
        Ok(VenueSnapshot {
            block,
            account,
            usdc: Usdc(self.ask(USDC, Erc20::balanceOfCall { account }).await),
            native: U256::from(10).pow(U256::from(18)),
            allowance: Usdc::ZERO,
            pairs: vec![PairTerms {
                index: 0,
                name: PAIR.to_owned(),
                availability: Availability::Open,
                minimum_notional: Usdc::ZERO,
                least_leverage: LeverageE10(e10(1)),
                most_leverage: LeverageE10(e10(1)),
                opening_fee: none,
                closing_fee: none,
                closing_on: ClosingFee::OnEntryNotional,
                keeper_fee: none,
                spread: none,
                liquidation: none,
                deepest_stop: none,
                most_profit: none,
                room: [Usdc(U256::MAX); 2],
                mark,
            }],
            positions: if deposited > Usdc::ZERO { vec![position] } else { Vec::new() },
            pending: Vec::new(),
            limits: Vec::new(),
            most_pending: 1,
            detail: Arc::new("nothing that others do not know"),
        })
    }

    async fn plan(
        &self,
        request: &PerpRequest,
        snapshot: &VenueSnapshot,
        settings: &PerpSettings,
    ) -> Result<Plan, PerpError> {
        let steps = self.steps(request, snapshot)?;
        let (kind, after) = match request {
            PerpRequest::Open(open) => ("perp open", snapshot.usdc.0.saturating_sub(open.margin.0)),
            _ => ("perp close", snapshot.usdc.0.saturating_add(self.deposited(snapshot.account).await)),
        };
        let subject = PerpSubject { venue: NAME.to_owned(), perp: request.clone(), forecast: None };
        let usdc = |raw| Quantity::new(raw, Usdc::DECIMALS, "USDC");
        let balance = Erc20::balanceOfCall { account: snapshot.account }.abi_encode().into();
        Ok(Plan {
            schema: SCHEMA,
            id: settings.id.clone(),
            kind: kind.to_owned(),
            urgency: settings.urgency,
            network: settings.network.clone(),
            owner: snapshot.account,
            signer: snapshot.account,
            block: snapshot.block,
            valid_until: snapshot.block.timestamp.plus(settings.valid_for),
            headline: format!("{kind} of {NAME}"),
            notes: Vec::new(),
            steps,
            bounds: Vec::new(),
            figures: vec![Figure {
                name: "usdc".to_owned(),
                label: "USDC in the wallet".to_owned(),
                before: usdc(snapshot.usdc.0),
                after: usdc(after),
                read: Some(ReadBack { to: USDC, data: balance, word: 0, pays_gas: false }),
                // Interest of the blocks in between.
                tolerance: U256::from(1_000),
                at_least: false,
                detail: false,
            }],
            costs: Vec::new(),
            subject: PlanSubject::of_perp(&subject).expect("a subject"),
        })
    }

    fn audit(&self, plan: &Plan, snapshot: &VenueSnapshot, _gas_price: U256) -> Result<(), AuditError> {
        let subject: PerpSubject = plan.subject.read_perp().map_err(AuditError::Subject)?;
        if subject.venue != NAME {
            return Err(AuditError::Venue(subject.venue));
        }
        match plan.steps == self.steps(&subject.perp, snapshot)? {
            true => Ok(()),
            false => Err(AuditError::Step { purpose: plan.headline.clone(), to: POOL }),
        }
    }

    async fn orders_in(&self, transaction: B256) -> Result<Vec<OrderHandle>, PerpError> {
        let moved = self.moved(transaction).await?;
        Ok(moved
            .map(|(kind, _, block)| OrderHandle {
                id: transaction.to_string(),
                kind,
                key: Self::key(),
                transaction,
                block: block.number,
                placed: block.timestamp,
            })
            .into_iter()
            .collect())
    }

    async fn track(
        &self,
        _account: Address,
        order: &OrderHandle,
        _subject: Option<&PerpSubject>,
    ) -> Result<OrderState, PerpError> {
        Ok(match self.moved(order.transaction).await? {
            Some((kind, amount, _)) => OrderState::Filled(self.fill(kind, amount, order)),
            None => OrderState::Unknown { reason: "the transaction moved nothing".to_owned() },
        })
    }

    async fn ending(&self, account: Address, key: PositionKey, since: u64) -> Result<Option<Ending>, PerpError> {
        if key == Self::key() && self.deposited(account).await > U256::ZERO {
            return Ok(None);
        }
        let order = OrderHandle {
            id: String::new(),
            kind: OrderKind::Close,
            key,
            transaction: B256::ZERO,
            block: since,
            placed: Secs(0),
        };
        let fill = self.fill(OrderKind::Close, U256::ZERO, &order);
        Ok(Some(Ending { kind: EndKind::Closed, fill, order: None }))
    }

    async fn mark(&self, _key: PositionKey) -> Result<PriceE10, PerpError> {
        Ok(PriceE10(e10(3_000)))
    }

    fn key_on(&self, _pair: &PairTerms) -> PositionKey {
        Self::key()
    }
}

#[tokio::test]
async fn a_venue_that_src_has_never_heard_of_is_planned_audited_sent_settled_and_flattened() {
    let desk = Desk::open(Behaviour::faithful()).await;
    let trader = &desk.trader;
    let venue: Venue = Arc::new(Savings { endpoints: trader.endpoints.clone() });
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let network = trader.identity.id();
    let network = network.as_str();
    let before = desk.usdc().await;

    let request = PerpRequest::Open(eth(Side::Long));
    let snapshot = venue.snapshot(trader.account, &Interest::default()).await.expect("snapshot");
    let plan = venue.plan(&request, &snapshot, &desk.settings()).await.expect("a plan");
    audit(&plan, Some(&*venue), U256::from(60_000_000u64)).await.expect("as its action sends it");
    let mut foreign = plan.clone();
    foreign.steps.reverse();
    audit(&foreign, Some(&*venue), U256::from(60_000_000u64)).await.expect_err("not what its action sends");
    audit(&plan, Some(&desk.venue), U256::from(60_000_000u64)).await.expect_err("another venue's");

    let approved = check(plan, network, snapshot.block.timestamp).expect("approved");
    let mut sender = trader.sender();
    let done = Box::pin(execute(&mut sender, Some(&*venue), &*clock, approved, quick())).await.expect("carried out");
    assert_eq!(done.exit_code(), 0, "{done:?}");
    assert!(
        done.settlement.as_ref().is_some_and(|settled| settled.figures.iter().all(|figure| figure.within)),
        "{done:?}"
    );
    let open = sender.journal().reader().open_perp_at(NAME, POSITION).expect("asked").expect("recorded");
    assert_eq!((open.entry.venue.as_str(), open.entry.key.as_str()), (NAME, POSITION));
    assert_eq!(desk.usdc().await, before - eth(Side::Long).margin.0);

    let half = PerpRequest::Close { position: Savings::key(), portion: Portion::Part(dec!(0.5)) };
    let words = venue.capabilities().allow(venue.name(), &half).expect_err("it cannot").to_string();
    assert!(words.contains("savings has no way to close a part"), "{words}");

    let context = trimtab::trade::TradeContext {
        endpoints: trader.endpoints.clone(),
        reserves: trader.list.clone(),
        venue: Some(venue),
        account: trader.account,
        settings: TradeSettings::from(&Config::defaults(&std::collections::BTreeMap::new())),
        clock,
        network: network.to_owned(),
        live: false,
    };
    let plan = plan_flatten(&context, Some(sender.journal().reader()), false).await.expect("a plan");
    assert_eq!(plan.legs.len(), 1, "{plan:?}");
    let closed = Box::pin(flatten(&context, &mut sender, &plan.legs, quick(), |_| ())).await;
    assert!(closed.iter().all(|one| one.exit == 0), "{closed:?}");
    assert!(sender.journal().reader().open_perps().expect("listed").is_empty());
    assert!(desk.usdc().await + U256::from(1_000) >= before, "what was paid in came back");

    // What the journal cannot name is told, and never taken for closed.
    let entry = PerpEntry { key: "no name!".to_owned(), opened_order: None, ..open.entry };
    let id = PositionId::derive(Millis(7), b"unnamed");
    let nameless = NewPerp { id, paper: false, entry, terms: open.terms };
    sender.journal().adopt_perp(&nameless, context.stamp().await.expect("a time")).expect("recorded");
    let plan = plan_flatten(&context, Some(sender.journal().reader()), false).await.expect("a plan");
    let closed = Box::pin(flatten(&context, &mut sender, &plan.legs, quick(), |_| ())).await;
    assert!(
        closed.iter().any(|one| one.exit == 4 && one.to_string().contains("`no name!` is not the name")),
        "{closed:?}"
    );
}
