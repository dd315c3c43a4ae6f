//! What most commands start with: settings, verified endpoints, and the journal's place.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use alloy::{eips::BlockId, primitives::Address};

use super::{
    began::Began,
    exit::{Exit, Failure, Outcome},
    global::GlobalArgs,
    local::local_chain,
    output::{Output, damages},
};
use crate::{
    chain::{
        Clock, Endpoints, NetworkId, NetworkIdentity, Reader, Signer, SigningGate, SystemClock, Verified, WalletArgs,
        WalletError, blocks_in,
    },
    config::{Config, Loaded, RpcUrl},
    journal::{Checkpoint, Journal, JournalError, JournalReader, Migrated, Stamp},
    localchain::{self, Cache, LocalKind},
    onedelta::ComposerState,
    perps::{
        Venue,
        venues::{self, VenueSettings},
    },
    send::Sender,
    units::Millis,
};

/// Blocks that lie on top of the one in which an order or a position ended before that is believed: deeper than Base's
/// sequencer has ever gone back.
const VENUE_DEPTH: u64 = blocks_in(Duration::from_secs(4));

/// What reading needs, too.
const NO_ACCOUNT: &str = "no wallet: give --from ADDRESS to look at an account, or to act --account NAME, --keystore PATH, \
                          --interactive or --ledger (`cast wallet import` makes an account)";

/// A connection to one network, verified.
#[derive(Debug)]
pub(in crate::cli) struct Session {
    pub(in crate::cli) output: Output,
    pub(in crate::cli) config: Config,
    pub(in crate::cli) endpoints: Endpoints,
    pub(in crate::cli) identity: NetworkIdentity,
    pub(in crate::cli) clock: Arc<dyn Clock>,
    checkpoint: crate::chain::Checkpoint,
    pub(in crate::cli) began: Began,
    wallet: WalletArgs,
    allow_real_key: bool,
    /// The user takes the price service's word this time, where nothing on chain says what a pair costs.
    pub(in crate::cli) unchecked_price: bool,
    /// Warnings that were given.
    told: Mutex<BTreeSet<String>>,
}

impl Session {
    /// Connects to the endpoints of the settings, or to a running replica or fork when there are none.
    pub(in crate::cli) async fn connect(global: &GlobalArgs) -> Outcome<Self> {
        let Loaded { mut config, notes, .. } = global.settings()?;
        let output = global.output();
        notes.iter().for_each(|note| output.note(note));
        if let Some(used) = local_chain(global, &mut config).await? {
            output.note(used);
        }
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let endpoints = Endpoints::connect(&config.rpc, clock.clone())?;
        let Verified { identity, checkpoint, head } = endpoints.verify(None).await?;
        let began = Began::at(head, clock.monotonic());
        let (wallet, allow_real_key) = (global.wallet.clone(), global.allow_real_key);
        Ok(Self {
            output,
            config,
            endpoints,
            identity,
            clock,
            checkpoint,
            began,
            wallet,
            allow_real_key,
            unchecked_price: false,
            told: Mutex::default(),
        })
    }

    /// Refuses to go on when the composer would misread our call data; warns when nobody recorded its implementation.
    /// Every command that may call the composer asks this first (onedelta-composer.md §0).
    pub(in crate::cli) async fn trust_composer(&self) -> Outcome {
        let composer = ComposerState::read(&self.endpoints, BlockId::latest()).await?;
        composer.require_current()?;
        if composer.release().is_none() {
            self.output.note(format!(
                "warning: the composer's implementation {} is not a recorded one; it answers its probe as the current \
                 generation does (see `trimtab doctor`)",
                composer.implementation
            ));
        }
        Ok(())
    }

    /// The perp venue, if its code is one that this program knows. A chain of one's own does not replace its blocks, and makes
    /// none to wait for.
    pub(in crate::cli) async fn perps(&self) -> Outcome<Venue> {
        let perps = &self.config.perps;
        let settings = VenueSettings {
            price_url: self.price_url().await?,
            deadline: self.config.rpc.timeout,
            price_check: perps.price_check(),
            execution_fee: perps.execution_fee,
            depth: if self.identity.is_live() { VENUE_DEPTH } else { 0 },
        };
        let venue = venues::recognise(&self.endpoints, settings).await?;
        Ok(if self.unchecked_price { venue.with_unchecked_prices() } else { venue })
    }

    /// The venue's price service: that of the settings, or of the local chain that we talk to.
    async fn price_url(&self) -> Outcome<Option<RpcUrl>> {
        match &self.config.perps.price_url {
            Some(url) => Ok(Some(url.clone())),
            None => self.local_price_url().await,
        }
    }

    async fn local_price_url(&self) -> Outcome<Option<RpcUrl>> {
        let Ok(cache) = Cache::find() else { return Ok(None) };
        if self.identity.is_live() {
            return Ok(None);
        }
        let mut running = localchain::replicas(&cache).await?;
        running.extend(localchain::status(&cache, LocalKind::Fork).await?);
        for status in running {
            let is_ours = status.instance.url.parse().is_ok_and(|url: RpcUrl| self.config.rpc.urls.contains(&url));
            if let (true, Some(keeper)) = (is_ours, status.instance.keeper) {
                let url = keeper.price_url.parse().map_err(|error| Failure::message(Exit::Bug, error))?;
                return Ok(Some(url));
            }
        }
        Ok(None)
    }

    /// The network's name, as journals and plans know it.
    pub(in crate::cli) fn network(&self) -> NetworkId {
        self.identity.id()
    }

    /// The account to look at: `--from`, or that of the key.
    pub(in crate::cli) async fn account(&self) -> Outcome<Address> {
        if self.has_key() {
            self.warn_of(&self.wallet);
        }
        self.wallet.address().await.map_err(|error| match error {
            WalletError::None => Failure::message(Exit::Usage, NO_ACCOUNT),
            other => other.into(),
        })
    }

    /// The key, if it belongs on this network. Warns about keys on the command line.
    pub(in crate::cli) async fn signer(&self) -> Outcome<Signer> {
        self.signer_of(&self.wallet).await
    }

    /// Whether an option names a key.
    pub(in crate::cli) const fn has_key(&self) -> bool {
        self.wallet.has_key()
    }

    /// With other wallet options than those of the command line.
    pub(in crate::cli) fn with_wallet(self, wallet: WalletArgs) -> Self {
        Self { wallet, ..self }
    }

    /// The same for other wallet options than those of the command line.
    pub(in crate::cli) async fn signer_of(&self, wallet: &WalletArgs) -> Outcome<Signer> {
        self.warn_of(wallet);
        let wallet = wallet.unlock().await?;
        Ok(SigningGate::new(&self.identity, self.allow_real_key).admit(wallet)?)
    }

    /// Says once what is wrong with where a key comes from.
    fn warn_of(&self, wallet: &WalletArgs) {
        let exposed = wallet.exposed_files().into_iter().map(|file| format!("{file}: `{}`", file.fix()));
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        for warning in wallet.warnings().into_iter().map(str::to_owned).chain(exposed) {
            if told.insert(warning.clone()) {
                self.output.note(format!("warning: {warning}"));
            }
        }
    }

    /// The journal for reading; `None` when there is none yet.
    pub(in crate::cli) fn journal_reader(&self, account: Address) -> Outcome<Option<JournalReader>> {
        match Journal::read(&self.config.journal_dir, self.network().as_str(), account) {
            Ok(reader) => {
                let reader = reader.telling(damages());
                reader.survey()?;
                Ok(Some(reader))
            }
            Err(JournalError::NoJournal { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Brings the tables of an older program up to date, when nobody writes them; the file as it was stays beside it.
    pub(in crate::cli) fn bring_up_to_date(&self, account: Address) -> Outcome<Option<Migrated>> {
        match self.journal_reader(account) {
            Err(failure) if failure.is_old_journal() => {}
            other => return other.map(|_| None),
        }
        let journal = Journal::open(&self.config.journal_dir, self.network().as_str(), account)?;
        Ok(journal.migrated().cloned())
    }

    /// The journal for writing, after its remembered block was found on every endpoint. Tables of an older program are
    /// refused here as for readers: they are brought up to date where the user asked for it.
    pub(in crate::cli) async fn journal(&self, account: Address) -> Outcome<Journal> {
        self.journal_reader(account)?;
        let journal = Journal::open(&self.config.journal_dir, self.network().as_str(), account)?.telling(damages());
        match journal.reader().checkpoint()? {
            Some(known) => {
                let remembered = crate::chain::Checkpoint { number: known.number, hash: known.hash };
                self.endpoints.verify_checkpoint(remembered).await?;
            }
            None => journal.set_checkpoint(&Checkpoint {
                genesis: self.identity.genesis(),
                number: self.checkpoint.number,
                hash: self.checkpoint.hash,
                kind: self.identity.to_string(),
            })?,
        }
        Ok(journal)
    }

    /// The sender for a key: its journal, its signer, the fee ceilings.
    pub(in crate::cli) async fn sender(&self, signer: Signer) -> Outcome<Sender<Endpoints>> {
        let journal = self.journal(signer.address()).await?;
        Ok(Sender::new(self.endpoints.clone(), journal, signer, self.clock.clone()).with_fees(self.config.fees))
    }

    /// Now, for the journal.
    pub(in crate::cli) async fn stamp(&self) -> Outcome<Stamp> {
        let head = Reader::head(&self.endpoints).await?;
        Ok(Stamp { block_time: head.timestamp, wall: Millis(self.clock.wall_millis()) })
    }
}
