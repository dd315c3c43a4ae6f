//! `perp intent`: hashes, encodings and signatures of the perp venue's signed orders, of a file or of an order of our own.

use std::{io::Read, path::PathBuf};

use alloy::primitives::{Address, B256, Bytes, U256};
use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::values::{SideArg, price};
use crate::{
    chain::{Clock, OfflineSigner, SystemClock},
    cli::shared::{
        document::document,
        exit::{Exit, Failure, Outcome},
        global::GlobalArgs,
    },
    perps::{
        PriceE10, Usdc,
        avantis_v2::intent::{
            Domain, DomainPlace, FileIntent, IntentError, IntentFileError, IntentKind, IntentNonce, MessageError,
            RequestFacts, RequestHints, SignedIntent, SignerRule, TermsError, Validity, VenueIntent, Verifier,
            moves_target,
        },
    },
    text,
    trade::{Ask, Order},
    units::{Millis, Secs, parse_units},
};

/// Longest file that is read: the reference's file of vectors has a hundredth of it.
const MOST_BYTES: u64 = 8 << 20;
/// How long a new intent is good, as the venue's own client has it (avantis-v2.md §2.5).
const LIFETIME_MS: u64 = 120_000;

/// `perp intent`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Nothing is sent, and no network is asked. Without a wallet the hashes are shown; with one, each \
    intent is signed whose domain is one of the venue's two on Base, or a local chain's (chain id 31337) where the key is one \
    of anvil's. A signature for Base can be carried out by whoever has it, until its deadline: read what you sign."
)]
pub(in crate::cli) struct IntentArgs {
    /// File with `domains` and `vectors`, each with its `domain`, `kind`, `message` and `types`; `-` reads it from stdin.
    #[arg(value_name = "FILE", required_unless_present = "from_order", conflicts_with = "from_order")]
    file: Option<PathBuf>,
    /// Make the intent of an order instead, a file as `perp open --plan-out` and its like write it.
    #[arg(long, value_name = "ORDER")]
    from_order: Option<PathBuf>,
    /// What the order leaves to the venue.
    #[command(flatten)]
    facts: FactArgs,
}

/// What an order does not say and its intent needs.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "With --from-order")]
struct FactArgs {
    /// Reference price of an open, or price wanted of a close.
    #[arg(long, value_name = "PRICE", value_parser = price, requires = "from_order")]
    price: Option<PriceE10>,
    /// The venue's number of the pair that is opened; known for ETH, BTC, SOL, ARB and OP.
    #[arg(long, value_name = "N", requires = "from_order")]
    pair_index: Option<u64>,
    /// The position's time stamp on the chain, seconds.
    #[arg(long, value_name = "SECONDS", requires = "from_order")]
    open_timestamp: Option<u64>,
    /// The position's collateral.
    #[arg(long, value_name = "USDC", requires = "from_order")]
    collateral: Option<String>,
    /// The position's entry, where a level is a distance from it.
    #[arg(long, value_name = "PRICE", value_parser = price, requires = "from_order", requires = "side")]
    entry: Option<PriceE10>,
    /// The position's direction.
    #[arg(long, value_enum, requires = "entry")]
    side: Option<SideArg>,
    /// The position's target now, where it stays.
    #[arg(long, value_name = "PRICE", value_parser = price, requires = "from_order")]
    target: Option<PriceE10>,
    /// The position's stop now, where it stays; 0 for none.
    #[arg(long, value_name = "PRICE", value_parser = price, requires = "from_order")]
    stop: Option<PriceE10>,
    /// Deadline in milliseconds since 1970; two minutes from now without it.
    #[arg(long, value_name = "MILLISECONDS", requires = "from_order")]
    deadline_ms: Option<u64>,
    /// Nonce in decimal; drawn at random without it.
    #[arg(long, value_name = "N", requires = "from_order")]
    nonce: Option<U256>,
}

/// What the intents come to.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct IntentsView {
    /// Whose signatures these are; absent without a key.
    signer: Option<Address>,
    intents: Vec<IntentView>,
}

/// One intent.
#[derive(Debug, Serialize, JsonSchema)]
struct IntentView {
    /// As the file names it.
    id: String,
    kind: IntentKind,
    domain: DomainView,
    /// Where a signature counts; absent where the domain is not the venue's.
    place: Option<DomainPlace>,
    signer_rule: SignerRule,
    message: Value,
    domain_separator: B256,
    type_hash: B256,
    struct_hash: B256,
    digest: B256,
    /// What is sent as `userIntent`; absent for what never comes to the chain.
    #[schemars(with = "Option<String>")]
    encoded_intent: Option<Bytes>,
    #[schemars(with = "Option<String>")]
    signature: Option<Bytes>,
    /// Why it is not signed, or would not be.
    refused: Option<String>,
    /// What the file states of it and is not so.
    differs: Vec<String>,
    /// The request that carries it, where a service takes it.
    request: Option<RequestView>,
}

/// A domain.
#[derive(Debug, Serialize, JsonSchema)]
struct DomainView {
    name: String,
    version: String,
    chain_id: u64,
    verifying_contract: Address,
}

/// A request to the venue's gateway.
#[derive(Debug, Serialize, JsonSchema)]
struct RequestView {
    method: String,
    path: String,
    body: String,
}

document!("perp-intent": IntentsView);

macro_rules! refused {
    ($($error:ty => $exit:ident),+ $(,)?) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::new(Exit::$exit, error).coded("intent")
            }
        })+
    };
}
refused!(IntentFileError => Usage, MessageError => Usage, TermsError => Usage);

pub(in crate::cli) async fn run(global: &GlobalArgs, args: IntentArgs) -> Outcome {
    let (intents, hints) = match (&args.file, &args.from_order) {
        (Some(file), _) => (FileIntent::read_all(&read(file)?)?, RequestHints::default()),
        (None, Some(order)) => of_order(&read(order)?, &args.facts)?,
        (None, None) => return Err(Failure::message(Exit::Usage, "give a FILE, or an order with --from-order")),
    };
    let signer = signer(global).await?;
    let rows = intents.into_iter().map(|intent| view(intent, signer.as_ref(), hints));
    let view =
        IntentsView { signer: signer.as_ref().map(OfflineSigner::address), intents: rows.collect::<Outcome<_>>()? };
    global.output().result(&view, || shown(&view))?;
    problem(&view)
}

fn read(file: &std::path::Path) -> Outcome<String> {
    let name = text::path(file);
    let failed = |error: std::io::Error| Failure::message(Exit::Usage, format!("{name}: {error}"));
    let mut bytes = Vec::new();
    if file.as_os_str() == "-" {
        std::io::stdin().take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        let opened = std::fs::File::open(file).map_err(failed)?;
        opened.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    }
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MOST_BYTES) {
        return Err(Failure::message(Exit::Usage, format!("{name}: longer than {MOST_BYTES} bytes")).coded("intent"));
    }
    let not_text = |_| Failure::message(Exit::Usage, format!("{name}: not UTF-8 text")).coded("intent");
    String::from_utf8(bytes).map_err(not_text)
}

fn of_order(text: &str, facts: &FactArgs) -> Outcome<(Vec<FileIntent>, RequestHints)> {
    let order = Order::read(text).map_err(|error| Failure::message(Exit::Usage, format!("order: {error}")))?;
    let Ask::Perp(request) = &order.ask else {
        return Err(Failure::message(Exit::Usage, "order: it asks nothing of the perp venue").coded("intent"));
    };
    let collateral = facts.collateral.as_deref().map(|text| parse_units(text, Usdc::DECIMALS)).transpose();
    let collateral =
        collateral.map_err(|error| TermsError { field: "collateral", reason: error.to_string() })?.map(Usdc);
    let known = RequestFacts {
        pair: facts.pair_index,
        price: facts.price,
        opened: facts.open_timestamp.map(Secs),
        collateral,
        entry: facts.entry.zip(facts.side.map(Into::into)),
        target: facts.target,
        stop: facts.stop,
    };
    let until = facts.deadline_ms.unwrap_or_else(|| SystemClock::new().wall_millis().saturating_add(LIFETIME_MS));
    let valid = Validity { nonce: facts.nonce.map_or_else(IntentNonce::random, IntentNonce), deadline: Millis(until) };
    let intent = VenueIntent::of_request(request, order.account, &known, valid)?;
    let domain = Domain::on_base(Verifier::Router);
    let made = FileIntent { id: order.id.to_string(), domain, intent, differs: Vec::new() };
    Ok((vec![made], RequestHints { is_upside: false, moves_target: moves_target(request) }))
}

async fn signer(global: &GlobalArgs) -> Outcome<Option<OfflineSigner>> {
    if !global.wallet.has_key() {
        return Ok(None);
    }
    let exposed = global.wallet.exposed_files().into_iter().map(|file| format!("{file}: `{}`", file.fix()));
    for warning in global.wallet.warnings().into_iter().map(str::to_owned).chain(exposed) {
        global.output().note(format!("warning: {warning}"));
    }
    let signer = OfflineSigner::new(global.wallet.unlock().await?, global.allow_real_key);
    if !signer.is_public() {
        global.output().note(
            "warning: what is signed for Base counts there and on the venue's test network, whose domain is the same, \
             until its deadline",
        );
    }
    Ok(Some(signer))
}

fn view(read: FileIntent, signer: Option<&OfflineSigner>, hints: RequestHints) -> Outcome<IntentView> {
    let FileIntent { id, domain, intent, differs } = read;
    let kind = intent.kind();
    let place = domain.place(kind.verifier());
    let mut refused = place.as_ref().err().map(ToString::to_string);
    let signed = match signer {
        Some(_) if !differs.is_empty() => {
            refused = refused.or_else(|| Some("the file states something else of it".to_owned()));
            None
        }
        Some(signer) => match sign(&intent, &domain, signer) {
            Ok(signed) => Some(signed),
            Err(error) => {
                refused = Some(error.to_string());
                None
            }
        },
        None => None,
    };
    let request = signed.as_ref().and_then(|signed| signed.request(hints));
    let message = intent.message()?;
    Ok(IntentView {
        id,
        kind,
        place: place.ok(),
        signer_rule: kind.signer_rule(),
        message,
        domain_separator: domain.separator(),
        type_hash: kind.type_hash(),
        struct_hash: intent.struct_hash(),
        digest: intent.digest(&domain),
        encoded_intent: intent.encoded(),
        signature: signed.as_ref().map(SignedIntent::signature),
        refused,
        differs,
        request: request.map(|request| RequestView {
            method: request.method.to_owned(),
            path: request.path,
            body: request.body,
        }),
        domain: DomainView {
            name: domain.name,
            version: domain.version,
            chain_id: domain.chain_id,
            verifying_contract: domain.verifying_contract,
        },
    })
}

fn sign(intent: &VenueIntent, domain: &Domain, signer: &OfflineSigner) -> Result<SignedIntent, IntentError> {
    intent.for_signing(domain, signer.address())?.sign_offline(signer)
}

/// What the result shows and was not to be.
fn problem(view: &IntentsView) -> Outcome {
    let differing = view.intents.iter().find_map(|intent| Some((intent, intent.differs.first()?)));
    if let Some((intent, line)) = differing {
        return Err(Failure::after_result(Exit::Refused, format!("vector {}: {line}", intent.id)));
    }
    let refused = view.intents.iter().find_map(|intent| Some((intent, intent.refused.as_ref()?)));
    match (view.signer, refused) {
        (Some(_), Some((intent, reason))) => {
            Err(Failure::after_result(Exit::Refused, format!("vector {}: {reason}", intent.id)))
        }
        _ => Ok(()),
    }
}

fn shown(view: &IntentsView) -> String {
    let mut lines = Vec::new();
    for intent in &view.intents {
        let place = match intent.place {
            Some(DomainPlace::Base) => "counts on Base",
            Some(DomainPlace::Local) => "counts on a local chain only",
            None => "for nowhere that is known",
        };
        lines.push(format!("{}: {}, {place}", intent.id, intent.kind));
        lines.push(format!("  message      {}", intent.message));
        lines.push(format!("  type hash    {}", intent.type_hash));
        lines.push(format!("  struct hash  {}", intent.struct_hash));
        lines.push(format!("  digest       {}", intent.digest));
        if let Some(signature) = &intent.signature {
            lines.push(format!("  signature    {signature}"));
        }
        lines.extend(intent.refused.iter().map(|reason| format!("  not signed   {reason}")));
        lines.extend(intent.differs.iter().map(|line| format!("  differs      {line}")));
    }
    text::lines(&lines.join("\n")).into_owned()
}
