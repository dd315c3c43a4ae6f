//! Which exit code an error of each room has.

use serde_json::json;

use super::exit::{Exit, Failure};
use crate::{
    aave,
    actions::{ActionError, ReconcileError},
    chain::{ConnectError, FeeError, IdentityError, ReadError, SigningError, WalletError},
    config::ConfigError,
    journal::{IdError, JournalError},
    localchain::{FailureClass, LocalChainError},
    loops::{PairError, PlanError, RecordError, TargetError},
    onedelta, perps,
    plan::{Refusal, SimulationError, alone_words},
    send::{ExecuteError, SendError, SettleError},
    strategy::SignalError,
    trade::{PauseError, TradeError, error_table, saga::SagaError},
    watchdog::{
        ops::{AlertsError, ServiceError, SocketError},
        runner::WatchError,
    },
};

impl Exit {
    /// The exit code that a room gives with its number.
    pub(in crate::cli) const fn from_code(code: u8) -> Self {
        match code {
            0 => Self::Done,
            2 => Self::Usage,
            3 => Self::Configuration,
            4 => Self::Refused,
            5 => Self::Reverted,
            6 => Self::RpcUnavailable,
            7 => Self::Unknown,
            9 => Self::Journal,
            _ => Self::Bug,
        }
    }
}

macro_rules! coded {
    ($($error:ty => $code:literal),+ $(,)?) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::new(Exit::from_code(error.exit_code()), error).coded($code)
            }
        })+
    };
}

coded!(
    AlertsError => "alerts",
    ConfigError => "settings",
    ConnectError => "endpoint",
    FeeError => "fees",
    IdentityError => "network",
    JournalError => "journal",
    RecordError => "loop-record",
    ServiceError => "metrics-service",
    SignalError => "signal",
    SigningError => "signing",
    PauseError => "paused",
    SocketError => "daemon",
    WalletError => "wallet",
);

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        let exit = Exit::from_code(error.exit_code());
        if let ReadError::Reverted { target, data } = &error {
            let message = format!("call to {target} reverted: {}", error_table().decode(data));
            return Self::message(exit, message).coded("call-reverted");
        }
        let code = match &error {
            ReadError::Unavailable(_) => "endpoint-unavailable",
            ReadError::RateLimited(_) => "rate-limited",
            ReadError::Malformed(_) => "malformed-answer",
            ReadError::UnknownBlock(_) => "unknown-block",
            ReadError::Refused { .. } => "endpoint-refused",
            ReadError::Stale(_) => "stale-endpoint",
            _ => "read",
        };
        Self::new(exit, error).coded(code)
    }
}

impl From<aave::QueryError> for Failure {
    fn from(error: aave::QueryError) -> Self {
        match error {
            aave::QueryError::Read(error) => error.into(),
            other => Self::new(Exit::Configuration, other),
        }
    }
}

impl From<aave::StateError> for Failure {
    fn from(error: aave::StateError) -> Self {
        PlanError::from(error).into()
    }
}

impl From<perps::PerpError> for Failure {
    fn from(error: perps::PerpError) -> Self {
        match error {
            perps::PerpError::Read(error) => error.into(),
            other => Self::new(Exit::from_code(other.exit_code()), other),
        }
    }
}

impl From<perps::ExecuteError> for Failure {
    fn from(error: perps::ExecuteError) -> Self {
        match error {
            perps::ExecuteError::Send(error) => error.into(),
            perps::ExecuteError::Venue(error) => error.into(),
            perps::ExecuteError::Journal(error) => error.into(),
            perps::ExecuteError::Read(error) => error.into(),
            perps::ExecuteError::Subject(_) => Self::new(Exit::Bug, error),
            // An order is or may be with the venue.
            _ => Self::new(Exit::Unknown, error),
        }
    }
}

impl From<ActionError> for Failure {
    fn from(error: ActionError) -> Self {
        match error {
            ActionError::Audit(reason) => Self::message(Exit::Refused, format!("plan file: {reason}")),
            ActionError::Venue(error) => error.into(),
            ActionError::Execute(error) => error.into(),
            ActionError::Perp(error) => error.into(),
            other => Self::new(Exit::from_code(other.exit_code()), other),
        }
    }
}

impl From<onedelta::ComposerRefusal> for Failure {
    fn from(refusal: onedelta::ComposerRefusal) -> Self {
        Self::new(Exit::Configuration, refusal)
    }
}

impl From<LocalChainError> for Failure {
    fn from(error: LocalChainError) -> Self {
        let exit = match error.class() {
            FailureClass::Configuration => Exit::Configuration,
            FailureClass::Rpc => Exit::RpcUnavailable,
            FailureClass::Bug => Exit::Bug,
        };
        Self::new(exit, error)
    }
}

impl From<WatchError> for Failure {
    fn from(error: WatchError) -> Self {
        match error {
            WatchError::Read(error) => error.into(),
            WatchError::Query(error) => error.into(),
            WatchError::Send(error) => error.into(),
            other => Self::new(Exit::from_code(other.exit_code()), other),
        }
    }
}

impl From<TargetError> for Failure {
    fn from(error: TargetError) -> Self {
        Self::new(Exit::Usage, error).coded("target")
    }
}

impl From<PairError> for Failure {
    fn from(error: PairError) -> Self {
        Self::new(Exit::Usage, error).coded("pair")
    }
}

impl From<IdError> for Failure {
    fn from(error: IdError) -> Self {
        Self::new(Exit::Usage, error).coded("id")
    }
}

impl From<TradeError> for Failure {
    fn from(error: TradeError) -> Self {
        match error {
            TradeError::Loop(error) => error.into(),
            TradeError::Pair(error) => error.into(),
            TradeError::Query(error) => error.into(),
            TradeError::State(error) => error.into(),
            TradeError::Read(error) => error.into(),
            TradeError::Perp(error) => error.into(),
            other => Self::new(Exit::from_code(other.exit_code()), other),
        }
    }
}

impl From<ReconcileError> for Failure {
    fn from(error: ReconcileError) -> Self {
        match error {
            ReconcileError::Read(error) => error.into(),
            ReconcileError::Settle(error) => error.into(),
            ReconcileError::Perp(error) => (*error).into(),
            other => Self::new(Exit::from_code(other.exit_code()), other),
        }
    }
}

impl From<SagaError> for Failure {
    fn from(error: SagaError) -> Self {
        match error {
            SagaError::Trade(error) => (*error).into(),
            SagaError::Execute(error) => (*error).into(),
            SagaError::Send(error) => (*error).into(),
            SagaError::Settle(error) => (*error).into(),
            SagaError::Perp(error) => (*error).into(),
            other => Self::new(Exit::from_code(other.exit_code()), other),
        }
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        let exit = match &error {
            PlanError::Pair(_)
            | PlanError::Target(_)
            | PlanError::Amount { .. }
            | PlanError::Zero(_)
            | PlanError::Fraction(_)
            | PlanError::NoTarget => Exit::Usage,
            PlanError::Math(_) | PlanError::Encode(_) | PlanError::Stream(_) => Exit::Bug,
            _ => Exit::Refused,
        };
        // With -v: the message tells only what comes closest.
        for detail in error.details() {
            tracing::info!("tried: {detail}");
        }
        let (code, figures) = (plan_code(&error), plan_figures(&error));
        Self::new(exit, error).coded(code).with_figures(figures)
    }
}

const fn plan_code(error: &PlanError) -> &'static str {
    match error {
        PlanError::Pair(_) => "pair",
        PlanError::Target(_) | PlanError::NoTarget => "target",
        PlanError::Amount { .. } | PlanError::Zero(_) | PlanError::Fraction(_) => "amount",
        PlanError::NoLoop(_) => "no-loop",
        PlanError::LoopExists { .. } => "loop-exists",
        PlanError::LoopElsewhere { .. } => "loop-elsewhere",
        PlanError::Existing { .. } | PlanError::NotOwn { .. } => "not-opened-here",
        PlanError::NotCollateral { .. } => "not-collateral",
        PlanError::EquityShort { .. } => "equity-short",
        PlanError::NoGasLeft { .. } => "no-gas-left",
        PlanError::Unreachable { .. } => "target-unreachable",
        PlanError::AlreadyThere(_) => "already-there",
        PlanError::EquityTooLarge { .. } => "equity-too-large",
        PlanError::NoRoute { .. } => "no-route",
        PlanError::NoLiquidity { .. } => "no-liquidity",
        PlanError::NoRoom { .. } => "no-room",
        PlanError::NoFlash { .. } => "no-flash-loan",
        PlanError::Bound(_) => "bound",
        PlanError::Aave(_) => "aave-refuses",
        PlanError::State(_) => "aave-state",
        PlanError::Math(_) | PlanError::Encode(_) | PlanError::Stream(_) => "bug",
        _ => "plan-refused",
    }
}

fn plan_figures(error: &PlanError) -> serde_json::Value {
    match error {
        PlanError::Bound(bound) => json!({ "bounds": [bound] }),
        PlanError::EquityShort { needed, available } => json!({ "needed": needed, "available": available }),
        PlanError::Unreachable { highest, .. } => json!({ "highest": highest }),
        _ => json!({}),
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let (exit, code, figures) = match &refusal {
            Refusal::Elsewhere { .. } => (Exit::Configuration, "plan-elsewhere", json!({})),
            Refusal::Bounds(bounds) => (Exit::Refused, "bound", json!({ "bounds": bounds })),
            Refusal::NotTheOwner { .. } => (Exit::Refused, "plan-signer", json!({})),
            Refusal::Expired { valid_until, now } => {
                (Exit::Refused, "plan-expired", json!({ "valid_until": valid_until, "now": now }))
            }
        };
        Self::message(exit, format!("refused: {refusal}")).coded(code).with_figures(figures)
    }
}

impl From<SimulationError> for Failure {
    fn from(error: SimulationError) -> Self {
        match error {
            SimulationError::Read(error) => error.into(),
            SimulationError::Reverts { purpose, data, alone } => {
                let (words, alone) = (error_table().decode(&data), alone_words(alone));
                Self::message(Exit::Reverted, format!("simulation: `{purpose}` would revert: {words}{alone}"))
                    .coded("simulation-reverts")
            }
            SimulationError::Alone => {
                Self::message(Exit::RpcUnavailable, format!("simulation: {error}")).coded("no-simulation")
            }
            SimulationError::OffPlan(ref off) => {
                let figures = json!({ "deviations": off });
                Self::message(Exit::Refused, format!("{error}: plan again")).coded("off-plan").with_figures(figures)
            }
            SimulationError::Permit { .. } => {
                Self::message(Exit::Reverted, format!("simulation: {error}: plan again")).coded("permit-not-taken")
            }
            other => Self::new(Exit::Bug, other),
        }
    }
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        let exit = Exit::from_code(error.exit_code());
        match error {
            SendError::Simulation(error) => error.into(),
            SendError::Read(error) => error.into(),
            SendError::GasShort(_) => Self::new(exit, error).coded("gas-short"),
            SendError::Gas(_) => Self::new(exit, error).coded("gas-too-high"),
            SendError::Expired { .. } => Self::new(exit, error).coded("plan-expired"),
            SendError::NonceBehind { .. } | SendError::NonceUsed { .. } => Self::new(exit, error).coded("nonce"),
            SendError::NothingPending(_) => Self::new(exit, error).coded("nothing-pending"),
            other => Self::new(exit, other),
        }
    }
}

impl From<SettleError> for Failure {
    fn from(error: SettleError) -> Self {
        match error {
            SettleError::Read(error) => error.into(),
            SettleError::Journal(error) => error.into(),
            other => Self::new(Exit::Bug, other),
        }
    }
}

impl From<ExecuteError> for Failure {
    fn from(error: ExecuteError) -> Self {
        match error {
            ExecuteError::Send(error) => error.into(),
            ExecuteError::Simulation(error) => error.into(),
            ExecuteError::Read(error) => error.into(),
            ExecuteError::Id(error) => error.into(),
            // It went through; only the record is missing.
            ExecuteError::Settle(_) => Self::new(Exit::Unknown, error),
        }
    }
}
