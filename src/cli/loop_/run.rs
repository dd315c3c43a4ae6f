//! The `loop` commands: ask, plan, check, show, and send with `--broadcast`.

use alloy::primitives::{Address, U256};
use rust_decimal::Decimal;

use super::{
    args::{
        ActionArgs, CloseArgs, CollateralArgs, DepositArgs, EquityArgs, FlashArg, LoopCommand, OpenArgs, PairArgs,
        PayoutArg, ThresholdArgs, WithdrawArgs,
    },
    pairs::pairs,
    records::{adopt, store_thresholds},
};
use crate::{
    aave::{Market, ReserveList},
    cli::shared::{
        deliver::deliver,
        exit::{Exit, Failure, Outcome},
        global::GlobalArgs,
        loop_state::own_loops,
        order::{Onward, intent_id, planner, prepare},
        plan_view::settlement_text,
        session::Session,
    },
    config::BoundsConfig,
    loops::{
        FlashChoice, Funds, Pair, PairError, Payout, PlanError, Request, Share, ThresholdChange, WETH,
        thresholds_in_force,
    },
    plan::{Approved, Plan},
    trade::{Ask, LoopAsk, Order},
    units::{Bps, parse_units},
};

pub(in crate::cli) async fn run(global: &GlobalArgs, command: LoopCommand) -> Outcome {
    let session = Session::connect(global).await?;
    match command {
        LoopCommand::Open(args) => open(session, args).await,
        LoopCommand::Adjust(args) => {
            let target = args.to.target()?;
            let change = args.thresholds.change();
            let desk = Desk::new(session, &args.pair, &args.thresholds).await?;
            match target {
                Some(target) => desk.act(Request::Adjust { target }, &args.action).await,
                None if !change.is_empty() && !desk.is_ours => Err(PlanError::NoLoop(desk.pair.name()).into()),
                None if !change.is_empty() => store_thresholds(&desk.session, (&desk.market, &desk.pair), change).await,
                None => Err(PlanError::NoTarget.into()),
            }
        }
        LoopCommand::Deposit(args) => deposit(session, args).await,
        LoopCommand::Withdraw(args) => withdraw(session, args).await,
        LoopCommand::Close(args) => close(session, args).await,
        LoopCommand::Collateral(args) => collateral(session, args).await,
        LoopCommand::Adopt(args) => adopt(session, args).await,
        LoopCommand::Pairs(args) => pairs(session, args).await,
    }
}

async fn open(session: Session, args: OpenArgs) -> Outcome {
    let target = args.to.target()?.ok_or(PlanError::NoTarget)?;
    let desk = Desk::new(session, &args.pair, &args.thresholds).await?;
    let funds = desk.funds(&args.equity)?;
    desk.act(Request::Open { funds, target }, &args.action).await
}

async fn deposit(session: Session, args: DepositArgs) -> Outcome {
    let desk = Desk::new(session, &args.pair, &ThresholdArgs::default()).await?;
    let funds = desk.funds(&args.equity)?;
    desk.act(Request::Deposit { funds, keep_leverage: args.keep_leverage }, &args.action).await
}

async fn withdraw(session: Session, args: WithdrawArgs) -> Outcome {
    let desk = Desk::new(session, &args.pair, &ThresholdArgs::default()).await?;
    let (collateral, debt) = match desk.funds(&args.equity)? {
        Funds::Native(amount) | Funds::Collateral(amount) => (amount, U256::ZERO),
        Funds::Debt(amount) => (U256::ZERO, amount),
        Funds::None => (U256::ZERO, U256::ZERO),
    };
    let unwrap = desk.unwrap(args.equity.wrapped);
    let request = Request::Withdraw { collateral, debt, unwrap, keep_leverage: args.keep_leverage };
    desk.act(request, &args.action).await
}

async fn close(session: Session, args: CloseArgs) -> Outcome {
    let share = match args.fraction {
        None => Share::All,
        Some(part) if part == Decimal::ONE => Share::All,
        Some(part) if part > Decimal::ZERO && part < Decimal::ONE => Share::Part(part),
        Some(part) => return Err(PlanError::Fraction(part).into()),
    };
    let desk = Desk::new(session, &args.pair, &ThresholdArgs::default()).await?;
    let payout = match args.to {
        PayoutArg::Debt => Payout::Debt,
        PayoutArg::Collateral => Payout::Collateral { unwrap: desk.unwrap(args.wrapped) },
    };
    desk.act(Request::Close { share, payout }, &args.action).await
}

/// One supply backs debt from now on, or does so no longer.
async fn collateral(session: Session, args: CollateralArgs) -> Outcome {
    let enabled = args.enable.is_some();
    let name = args.enable.or(args.disable).unwrap_or_default();
    let (list, market) = session.market().await?;
    let account = session.account().await?;
    let token = market.reserve_by_symbol(if name.eq_ignore_ascii_case("eth") { "WETH" } else { &name });
    let token = token.map(|reserve| reserve.asset).or_else(|| name.parse().ok()).unwrap_or_default();
    let pair = Pair::of(&list, &market, token, token).ok_or_else(|| {
        let known = market.reserves.iter().map(|reserve| reserve.symbol.as_str()).collect::<Vec<_>>().join(", ");
        PlanError::Pair(PairError::Unknown { name, known })
    })?;
    let change = ThresholdChange::default();
    let desk = Desk { session, list, market, pair, account, change, is_ours: false, existing: true };
    desk.act(Request::UseAsCollateral { enabled }, &args.action).await
}

/// Everything an action on one pair needs.
struct Desk {
    session: Session,
    list: ReserveList,
    market: Market,
    pair: Pair,
    account: Address,
    change: ThresholdChange,
    is_ours: bool,
    existing: bool,
}

impl Desk {
    async fn new(session: Session, pair: &PairArgs, thresholds: &ThresholdArgs) -> Outcome<Self> {
        // Side by side; the price is kept for the plan.
        let (composer, market, price) = tokio::join!(session.trust_composer(), session.market(), session.gas_price());
        composer?;
        let ((list, market), _) = (market?, price?);
        let account = session.account().await?;
        let existing = pair.include_existing;
        let pair = Pair::find(&list, &market, &pair.collateral, &pair.debt)?;
        let loops = own_loops(&session, account)?;
        let (base, is_ours) = thresholds_in_force(&loops, &session.config.thresholds, &market, &pair)?;
        let change = thresholds.change();
        change.over(base)?;
        Ok(Self { session, list, market, pair, account, change, is_ours, existing })
    }

    fn funds(&self, equity: &EquityArgs) -> Outcome<Funds> {
        let parse = |field, text: &str, decimals| {
            parse_units(text, decimals).map_err(|reason| PlanError::Amount { field, reason })
        };
        let funds = match (&equity.equity, &equity.equity_usdc) {
            (Some(text), _) => {
                let amount = parse("equity", text, self.pair.collateral.decimals)?;
                let native = self.pair.collateral.token == WETH && !equity.wrapped;
                if native { Funds::Native(amount) } else { Funds::Collateral(amount) }
            }
            (None, Some(text)) if self.pair.debt.symbol.contains("USD") => {
                Funds::Debt(parse("equity-usdc", text, self.pair.debt.decimals)?)
            }
            (None, Some(_)) => {
                let message =
                    format!("--equity-usdc needs a loop with dollar debt; this one owes {}", self.pair.debt.symbol);
                return Err(Failure::message(Exit::Usage, message));
            }
            (None, None) => Funds::None,
        };
        Ok(funds)
    }

    /// The wrapped token when collateral is to be paid out as ether.
    fn unwrap(&self, wrapped: bool) -> Option<Address> {
        (self.pair.collateral.token == WETH && !wrapped).then_some(WETH)
    }

    /// Plans, checks, rehearses, shows; writes the order or sends the plan.
    async fn act(self, request: Request, action: &ActionArgs) -> Outcome {
        if let Some(asked) = action.slippage_bps {
            let adds_risk = matches!(request, Request::Open { .. } | Request::Deposit { .. });
            BoundsConfig::slippage_within_ceiling(Bps(asked), !adds_risk)
                .map_err(|wide| Failure::message(Exit::Usage, wide))?;
        }
        let ask = LoopAsk {
            collateral: self.pair.collateral.token,
            debt: self.pair.debt.token,
            existing: self.existing,
            request,
            slippage_bps: action.slippage_bps.map(Bps),
            flash: action.flash.map(|flash| match flash {
                FlashArg::Morpho => FlashChoice::Morpho,
                FlashArg::Aave => FlashChoice::Aave,
                FlashArg::Uniswap => FlashChoice::Uniswap,
            }),
            thresholds: self.change,
        };
        let session = &self.session;
        let network = session.network();
        let planner = planner(session, &self.list, network.as_str(), None).await?;
        let id = intent_id(session, &format!("{ask:?} {}", self.account), self.market.block);
        let (plan, snapshot) = planner.of_loop(&ask, &self.market, &self.pair, id).await?;
        if action.plan_out.is_some() {
            planner.is_for_a_file(&ask, &self.market, &self.pair, &plan)?;
        }
        let order = Order::of(&plan, Ask::Loop(ask))?;
        let (broadcast, file, at) = (action.broadcast, action.plan_out.as_deref(), snapshot.inclusion());
        match prepare(session, &plan, &order, Onward { broadcast, file, at }).await? {
            Some(approved) => send_approved(self.session, (approved, &order), action.yes).await,
            None => Ok(()),
        }
    }
}

/// Sends a checked plan and shows what came of it.
pub(in crate::cli) async fn send_approved(session: Session, sent: (Approved<Plan>, &Order), yes: bool) -> Outcome {
    let output = session.output;
    let delivered = deliver(&session, sent, yes).await?;
    match delivered.settlement {
        Some(settlement) if delivered.exit == 0 => output.result(&settlement, || settlement_text(&settlement)),
        _ => Err(Failure::message(Exit::from_code(delivered.exit), delivered.ending)),
    }
}
