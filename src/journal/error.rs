//! What can go wrong with the journal, and what to do about it.

use std::path::{Path, PathBuf};

use alloy::primitives::B256;
use rusqlite::ErrorCode;

use super::{DamagedRow, IntentId, IntentState, OrderState, PositionId, SagaIntent, TransactionState};

/// Why the journal refused or could not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Another process has the journal open for writing.
    #[error("journal {} is in use by {}; stop it, or let it do the work (reading is always possible)",
        crate::text::path(path), holder.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}")))]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// Process id of the writer, when it has left one.
        holder: Option<u32>,
    },
    /// The lock file was removed or replaced: another process may write and sign by now.
    #[error(
        "the lock {} is not the one that this process took: another may write this journal by now, so nothing is signed or \
         sent; end every process that uses it and start one anew",
        crate::text::path(path)
    )]
    LeaseLost {
        /// The lock file.
        path: PathBuf,
    },
    /// The disk is full, the file is read-only, or the like. Nothing was recorded, so nothing may be sent.
    #[error("journal {} cannot be written: {reason}; nothing is signed or sent until it can", crate::text::path(path))]
    NotWritable {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// There is no journal yet for this network and account.
    #[error("no journal at {}; the first command that changes something creates it", crate::text::path(path))]
    NoJournal {
        /// Where it would be.
        path: PathBuf,
    },
    /// The file is no journal, or its contents cannot be read back.
    #[error(
        "journal {} is damaged: {reason}; keep the file, it may be the only record of what was sent",
        crate::text::path(path)
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// The row asked for cannot be read.
    #[error("{0}")]
    DamagedRow(Box<DamagedRow>),
    /// Rows that cannot be read may be of something signed that still takes effect.
    #[error("nothing is signed: {}", join(rows))]
    UnreadableInFlight {
        /// The rows, each with what is wrong and how to repair it.
        rows: Vec<DamagedRow>,
    },
    /// A copy of the journal could not be made.
    #[error("copy {}: {reason}", path.display())]
    Copy {
        /// The copy.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// A journal would be lost that says more than the one to restore.
    #[error(
        "{} does not know intent {}, of which something signed may still take effect; run `trimtab journal reconcile` \
         first, or give --forget-unresolved", path.display(), list(ids)
    )]
    WouldForget {
        /// The file to restore.
        path: PathBuf,
        /// What it does not know.
        ids: Vec<String>,
    },
    /// The nonce of a row that is to be set aside is still free, or cannot be told.
    #[error("{id} is not set aside: {reason}")]
    NotSetAside {
        /// The row.
        id: String,
        /// Why it may still take effect.
        reason: String,
    },
    /// Written by a version of the program with another set of tables.
    #[error("journal {} has tables of version {found}, this program reads version {known}; {}", crate::text::path(path),
        if found > known { "use the newer program" } else { "run `trimtab journal reconcile`, it brings them up to date" })]
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// Version in the file.
        found: u32,
        /// Version of this program.
        known: u32,
    },
    /// The file was written for another network or account: it was moved or copied here.
    #[error(
        "journal {} belongs to {found}, not to {expected}; put the file back where it was",
        crate::text::path(path)
    )]
    WrongJournal {
        /// The file.
        path: PathBuf,
        /// Network and account in it.
        found: String,
        /// Network and account asked for.
        expected: String,
    },
    /// A network name that cannot be a directory name.
    #[error("`{0}` is not a network name: lower-case letters, digits, `-`, `_` and `.`, not starting with a point")]
    BadNetworkName(String),

    /// Something signed earlier may still take effect.
    #[error("unresolved: {}; run `trimtab journal reconcile` before changing anything else", list(ids))]
    Unresolved {
        /// The intents to reconcile.
        ids: Vec<IntentId>,
    },
    /// That state does not follow.
    #[error("intent {id} is {from} and cannot become {to}")]
    IllegalIntent {
        /// Which.
        id: IntentId,
        /// Its state.
        from: IntentState,
        /// The state asked for.
        to: IntentState,
    },
    /// That state does not follow.
    #[error("transaction with nonce {nonce} is {from} and cannot become {to}")]
    IllegalTransaction {
        /// Its nonce.
        nonce: u64,
        /// Its state.
        from: TransactionState,
        /// The state asked for.
        to: TransactionState,
    },
    /// It ended and was pruned.
    #[error("intent {0} ended and was pruned from the journal; the same thing is not done twice")]
    PrunedIntent(IntentId),
    /// Recorded before: the same thing is not done twice.
    #[error("intent {0} is already in the journal; the same thing is not done twice")]
    DuplicateIntent(IntentId),
    /// A signal with this id was taken before.
    #[error("signal `{0}` was taken before; a replay never trades twice")]
    DuplicateSignal(String),
    /// A loop of this pair is open already.
    #[error("position {0} is an open loop of the same pair; adjust or close that one")]
    LoopIsOpen(PositionId),
    /// The venue's slot holds an open perp already.
    #[error("position {0} is an open perp in the same slot of the venue; it is recorded already, or its end is not")]
    PerpIsOpen(PositionId),
    /// A position of this name was recorded before.
    #[error("position {0} is already in the journal; the same thing is not opened twice")]
    DuplicatePosition(PositionId),
    /// An order of this name was recorded before.
    #[error("order `{id}` on {venue} is already in the journal; the same order is not followed twice")]
    DuplicateOrder {
        /// The venue.
        venue: String,
        /// The order's name there.
        id: String,
    },
    /// The venue's answer to an order is known, and is another or has other figures.
    #[error(
        "order `{id}` on {venue} is {from} and cannot become {to}, nor change its figures; look at the chain again"
    )]
    OtherAnswer {
        /// The venue.
        venue: String,
        /// The order's name there.
        id: String,
        /// Its state.
        from: OrderState,
        /// The state asked for.
        to: OrderState,
    },
    /// The saga has ended; nothing more is done for its signal.
    #[error("the saga of signal `{id}` is over ({outcome}) and does not change any more")]
    SagaIsOver {
        /// The signal.
        id: String,
        /// What became of it.
        outcome: String,
    },
    /// The intent has another part, in this saga or another.
    #[error("intent {} is the `{}` of the saga of signal `{}` already", .0.intent, .0.role, .0.saga)]
    IntentIsLinked(SagaIntent),

    /// The endpoint reports fewer transactions than are known to be in blocks; ask again or another one.
    #[error(
        "the endpoint's next nonce is {chain}, but nonce {used} is in a block; it is behind: ask again or elsewhere"
    )]
    NonceBehind {
        /// What the endpoint says comes next.
        chain: u64,
        /// Highest nonce the journal knows in a block.
        used: u64,
    },
    /// Another transaction holds the nonce.
    #[error("nonce {nonce} is held by another transaction of intent {holder}")]
    NonceTaken {
        /// The nonce.
        nonce: u64,
        /// Who holds it.
        holder: IntentId,
    },
    /// A lower nonce is unused, so this one could never be included.
    #[error("nonce {nonce} waits for {missing} lower nonces nobody signed; release it and lease again")]
    NonceGap {
        /// The leased nonce.
        nonce: u64,
        /// How many below it are unused.
        missing: u64,
    },
    /// The signed bytes are not what the lease was for.
    #[error("the signed transaction has {what} {signed}, the lease is for {leased}")]
    SignedOther {
        /// Which property differs.
        what: &'static str,
        /// Its value in the lease.
        leased: String,
        /// Its value in the signed bytes.
        signed: String,
    },
    /// The very same bytes were signed before: signatures are deterministic.
    #[error("transaction {hash} was signed before, for intent {holder}; sign with another fee")]
    SignedBefore {
        /// The transaction.
        hash: B256,
        /// Whose it is.
        holder: IntentId,
    },
    /// The bytes are no signed transaction.
    #[error("not a signed transaction: {0}")]
    NotATransaction(String),

    /// No such intent.
    #[error("intent {0} is not in the journal; `trimtab journal list` shows those that are")]
    UnknownIntent(IntentId),
    /// No such transaction.
    #[error("transaction {0} is not in the journal")]
    UnknownTransaction(B256),
    /// No such position, or it is closed.
    #[error("position {0} is not open in the journal")]
    UnknownPosition(PositionId),
    /// No such signal.
    #[error("signal `{0}` was never taken")]
    UnknownSignal(String),
    /// No such order.
    #[error("order `{id}` on {venue} is not in the journal")]
    UnknownOrder {
        /// The venue.
        venue: String,
        /// The order's name there.
        id: String,
    },
    /// No such saga.
    #[error("no saga of signal `{0}` is in the journal")]
    UnknownSaga(String),
    /// The export could not be written to where it should go.
    #[error("export: {0}")]
    Export(#[source] std::io::Error),
    /// SQLite refused something of ours: a bug.
    #[error("journal {}: {reason}", crate::text::path(path))]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        reason: String,
    },
}

impl JournalError {
    /// The exit code of a command that fails with this (docs/commands.md, Exit codes).
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Locked { .. } | Self::LeaseLost { .. } | Self::NotWritable { .. } | Self::Copy { .. } => 9,
            Self::Unresolved { .. } | Self::UnreadableInFlight { .. } => 7,
            Self::DamagedRow(_) => 3,
            Self::NonceBehind { .. } => 6,
            Self::DuplicateIntent(_)
            | Self::DuplicateSignal(_)
            | Self::DuplicatePosition(_)
            | Self::DuplicateOrder { .. }
            | Self::PrunedIntent(_)
            | Self::WouldForget { .. }
            | Self::NotSetAside { .. }
            | Self::LoopIsOpen(_)
            | Self::PerpIsOpen(_)
            | Self::SignedBefore { .. } => 4,
            Self::NoJournal { .. } | Self::Damaged { .. } | Self::OtherVersion { .. } | Self::WrongJournal { .. } => 3,
            Self::BadNetworkName(_) => 3,
            Self::UnknownIntent(_)
            | Self::UnknownTransaction(_)
            | Self::UnknownPosition(_)
            | Self::UnknownSignal(_)
            | Self::UnknownOrder { .. }
            | Self::UnknownSaga(_) => 2,
            Self::IllegalIntent { .. }
            | Self::IllegalTransaction { .. }
            | Self::OtherAnswer { .. }
            | Self::SagaIsOver { .. }
            | Self::IntentIsLinked(_)
            | Self::NonceTaken { .. }
            | Self::NonceGap { .. }
            | Self::SignedOther { .. }
            | Self::NotATransaction(_)
            | Self::Export(_)
            | Self::Database { .. } => 1,
        }
    }
}

fn list<T: ToString>(ids: &[T]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn join(rows: &[DamagedRow]) -> String {
    rows.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// An error inside the room, before the file it is about is named.
#[derive(Debug)]
pub(super) enum Fault {
    Journal(JournalError),
    Sql(rusqlite::Error),
}

impl From<JournalError> for Fault {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl Fault {
    /// Names the file and sorts SQLite's codes into what they mean to the user.
    pub(super) fn at(self, path: &Path) -> JournalError {
        let error = match self {
            Self::Journal(error) => return error,
            Self::Sql(error) => error,
        };
        let (path, reason) = (path.to_owned(), error.to_string());
        if matches!(
            error,
            rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::Utf8Error(..)
        ) {
            return JournalError::Damaged { path, reason };
        }
        match error.sqlite_error_code() {
            Some(
                ErrorCode::ReadOnly
                | ErrorCode::DiskFull
                | ErrorCode::CannotOpen
                | ErrorCode::SystemIoFailure
                | ErrorCode::PermissionDenied
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::FileLockingProtocolFailed,
            ) => JournalError::NotWritable { path, reason },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => JournalError::Damaged { path, reason },
            _ => JournalError::Database { path, reason },
        }
    }
}
