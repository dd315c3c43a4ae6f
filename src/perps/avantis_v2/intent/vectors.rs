//! Every vector to the last byte, random messages there and back, and what must be refused.

use alloy::{
    dyn_abi::{DynSolType, DynSolValue},
    primitives::{Address, B256, Bytes, I256, U256, keccak256},
};
use proptest::prelude::*;
use rust_decimal::Decimal;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{layout::SlotForm, *};
use crate::{
    chain::{OfflineSigner, Wallet},
    perps::{PriceE10, Side},
    units::{Millis, Secs},
};

const KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const DELEGATE_KEY: &str = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../../tests/vectors/avantis-v2-intent-vectors.json")).expect("json")
}

fn golden() -> Value {
    serde_json::from_str(include_str!("../../../../tests/vectors/veranta-golden.json")).expect("json")
}

fn signer(key: &str) -> OfflineSigner {
    OfflineSigner::new(Wallet::from_private_key(&SecretString::from(key)).expect("key"), false)
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

fn word(value: &Value) -> B256 {
    text(value).parse().expect("32 bytes")
}

fn domain(value: &Value) -> Domain {
    Domain {
        name: text(&value["name"]).to_owned(),
        version: text(&value["version"]).to_owned(),
        chain_id: value["chainId"].as_u64().expect("chain id"),
        verifying_contract: text(&value["verifyingContract"]).parse().expect("address"),
    }
}

fn kind(value: &Value) -> IntentKind {
    IntentKind::named(text(value)).expect("a kind")
}

fn read(vector: &Value) -> VenueIntent {
    kind(&vector["kind"]).read(&vector["message"]).expect("a message")
}

#[test]
fn type_hashes_are_those_of_the_reference() {
    let vectors = vectors();
    for kind in IntentKind::ALL {
        let known = &vectors["typehashes"][kind.name()];
        assert_eq!(kind.encode_type(), text(&known["encodeType"]));
        assert_eq!(kind.type_hash(), word(&known["typehash"]));
    }
    assert_eq!(vectors["typehashes"].as_object().expect("hashes").len(), IntentKind::ALL.len());
}

#[test]
fn every_vector_has_its_hashes_encoding_and_signature() {
    let (vectors, signer) = (vectors(), signer(KEY));
    let all = vectors["vectors"].as_array().expect("vectors");
    assert_eq!(all.len(), 25);
    for vector in all {
        let id = text(&vector["id"]);
        let (intent, domain) = (read(vector), domain(&vector["domain"]));
        intent.kind().check_types(&vector["types"]).expect(id);
        assert_eq!(domain.separator(), word(&vector["domainSeparator"]), "{id}");
        assert_eq!(intent.struct_hash(), word(&vector["structHash"]), "{id}");
        assert_eq!(intent.digest(&domain), word(&vector["digest"]), "{id}");
        let encoded: Option<Bytes> = vector["encodedIntent"].as_str().map(|hex| hex.parse().expect("hex"));
        assert_eq!(intent.encoded(), encoded, "{id}");
        let checked = intent.for_signing(&domain, signer.address()).expect(id);
        let signed = checked.sign_offline(&signer).expect(id);
        assert_eq!(signed.signature(), text(&vector["signature"]).parse::<Bytes>().expect("hex"), "{id}");
        // What a hardware wallet would hash, by another implementation.
        let shown = intent.typed_data(&domain).expect(id);
        assert_eq!(shown.eip712_signing_hash().expect(id), signed.digest, "{id}");
    }
}

fn decimal(inputs: &Value, field: &str) -> Decimal {
    inputs[field].as_str().map_or(Decimal::ZERO, |text| text.parse().expect("decimal"))
}

fn number(inputs: &Value, field: &str) -> u64 {
    inputs[field].as_u64().expect("number")
}

fn coins(inputs: &Value) -> Option<CoinSize> {
    inputs["coin_exposure"].as_str().map(|_| CoinSize {
        coins: decimal(inputs, "coin_exposure"),
        least_leverage: decimal(inputs, "min_leverage"),
        most_leverage: decimal(inputs, "max_leverage"),
    })
}

fn side(inputs: &Value) -> Side {
    if inputs["is_long"].as_bool().expect("side") { Side::Long } else { Side::Short }
}

/// The intent of the decimals that the official client was given; `None` where they are not all written down.
fn asked(case: &Value) -> Option<(VenueIntent, RequestHints)> {
    let inputs = &case["inputs"];
    let nonce = inputs["nonce"].as_str().map_or(U256::ZERO, |nonce| nonce.parse().expect("nonce"));
    let valid =
        Validity { nonce: IntentNonce(nonce), deadline: Millis(inputs["deadlineMs"].as_u64().unwrap_or_default()) };
    let trader: Address = text(&case["trader"]).parse().expect("address");
    let position = || PositionRef { trader, pair: number(inputs, "pair_index"), index: number(inputs, "index") };
    let is_upside = case["orderType"].as_u64().is_some_and(|number| [6, 7, 13, 16].contains(&number));
    let mut hints = RequestHints { is_upside, moves_target: false };
    let intent = match kind(&case["kind"]) {
        IntentKind::OpenTradeReq | IntentKind::OpenTradeCoinExposureReq => OpenTerms {
            trader,
            pair: number(inputs, "pair_index"),
            side: side(inputs),
            open_type: if is_upside { OpenType::MarketUpside } else { OpenType::Market },
            collateral: decimal(inputs, "collateral_usdc"),
            leverage: decimal(inputs, "leverage"),
            price: decimal(inputs, "open_price"),
            target: decimal(inputs, "tp"),
            stop: decimal(inputs, "sl"),
            slippage: decimal(inputs, "slippage_percent"),
            coins: coins(inputs),
        }
        .intent(valid),
        IntentKind::CloseTradeReq | IntentKind::CloseTradeCoinExposureReq => CloseTerms {
            position: position(),
            opened: Secs(number(inputs, "open_timestamp")),
            size: match inputs["amount_usdc"].as_str() {
                Some(_) => CloseSize::Collateral(decimal(inputs, "amount_usdc")),
                None => CloseSize::Coins(decimal(inputs, "coin_exposure")),
            },
            price: decimal(inputs, "wanted_price"),
        }
        .intent(valid),
        IntentKind::IncreasePositionSizeReq | IntentKind::IncreasePositionSizeWithCoinExposureReq => IncreaseTerms {
            position: position(),
            collateral: decimal(inputs, "additional_collateral_usdc"),
            leverage: decimal(inputs, "leverage"),
            price: decimal(inputs, "open_price"),
            slippage: decimal(inputs, "slippage_percent"),
            coins: coins(inputs),
        }
        .intent(valid),
        IntentKind::UpdateTpSlReq => {
            // A level that is not asked for is signed again as it is.
            let level = |field: &str, now: &str| match inputs[field].as_str() {
                Some(_) => PriceE10(super::scale::e10("level", decimal(inputs, field)).expect("level")),
                None => PriceE10(text(&inputs[now]).parse().expect("raw")),
            };
            hints.moves_target = inputs["take_profit"].is_string();
            let (target, stop) = (level("take_profit", "currentTpRaw"), level("stop_loss", "currentSlRaw"));
            Ok(LevelTerms { position: position(), target, stop }.intent(valid))
        }
        IntentKind::TpSlReq => TriggerTerms {
            position: position(),
            side: side(inputs),
            trigger_type: match text(&inputs["kind"]) {
                "take_profit" => TriggerType::TakeProfit,
                _ => TriggerType::StopLoss,
            },
            at: match inputs["price"].as_str() {
                Some(_) => TriggerAt::Price(decimal(inputs, "price")),
                None => TriggerAt::Percent(decimal(inputs, "percentage")),
            },
            coins: decimal(inputs, "coin_exposure"),
            opened: Secs(number(inputs, "open_timestamp")),
            signed: Millis(number(inputs, "sign_timestamp_ms")),
            nonce: valid.nonce,
        }
        .intent(),
        IntentKind::CancelOffchainOrder => Ok(trigger_cancel(text(&inputs["entity_id"]))),
        IntentKind::DelegateReq => Ok(DelegateTerms {
            trader,
            delegate: text(&inputs["delegate"]).parse().expect("address"),
            expiry: Secs(number(inputs, "expiry_seconds")),
            terms: TermsOfService::Veranta,
        }
        .intent(valid)),
        IntentKind::TwapOpenOrder => TwapOpenTerms {
            trader,
            pair: number(inputs, "pair_index"),
            side: side(inputs),
            collateral: decimal(inputs, "collateral_usdc"),
            coins: inputs["coin_exposure"].as_str().map(|_| decimal(inputs, "coin_exposure")),
            leverage: decimal(inputs, "leverage"),
            most_leverage: decimal(inputs, "max_leverage"),
            run_time: Secs(number(inputs, "run_time_seconds")),
        }
        .intent(valid),
        IntentKind::TwapCloseOrder => TwapCloseTerms {
            position: position(),
            coins: decimal(inputs, "coin_exposure_to_close"),
            run_time: Secs(number(inputs, "run_time_seconds")),
        }
        .intent(valid),
        IntentKind::TwapCancelReq => Ok(twap_cancel(trader, U256::from(number(inputs, "twap_id")), valid)),
        _ => return None,
    };
    Some((intent.expect("terms"), hints))
}

#[test]
fn the_same_decimals_make_the_official_clients_bytes() {
    let golden = golden();
    let cases = golden["cases"].as_array().expect("cases");
    let (mut built, mut bodies) = (0, 0);
    for case in cases {
        let id = text(&case["id"]);
        let on = domain(&case["domain"]);
        let intent = kind(&case["kind"]).read(&case["message"]).expect(id);
        let key = if case["signedByDelegate"] == true { DELEGATE_KEY } else { KEY };
        let key = [KEY, DELEGATE_KEY]
            .into_iter()
            .find(|key| signer(key).address().to_string() == text(&case["signer"]))
            .unwrap_or(key);
        let signer = signer(key);
        let signed = intent.for_signing(&on, signer.address()).expect(id).sign_offline(&signer).expect(id);
        assert_eq!(signed.digest, word(&case["digest"]), "{id}");
        assert_eq!(signed.signature(), text(&case["signature"]).parse::<Bytes>().expect("hex"), "{id}");
        if let Some(encoded) = case["encodedIntent"].as_str() {
            assert_eq!(intent.encoded(), Some(encoded.parse().expect("hex")), "{id}");
        }
        let Some((asked, hints)) = asked(case) else { continue };
        built += 1;
        assert_eq!(asked, intent, "{id}");
        // A delegate's permission goes to the chain through a relayer, in an envelope of its own.
        let (Some(body), Some(request)) = (case["http"]["body"].as_str(), signed.request(hints)) else { continue };
        bodies += 1;
        assert_eq!(request.body, body, "{id}");
        assert_eq!(request.method, text(&case["http"]["method"]), "{id}");
        assert_eq!(request.path, text(&case["http"]["path"]), "{id}");
    }
    assert_eq!((built, bodies), (26, 25), "of {}", cases.len());
}

fn plain(of: &DynSolType) -> BoxedStrategy<DynSolValue> {
    match *of {
        DynSolType::Address => any::<[u8; 20]>().prop_map(|bytes| DynSolValue::Address(bytes.into())).boxed(),
        DynSolType::Bool => any::<bool>().prop_map(DynSolValue::Bool).boxed(),
        DynSolType::String => ".{0,300}".prop_map(DynSolValue::String).boxed(),
        DynSolType::FixedBytes(32) => {
            any::<[u8; 32]>().prop_map(|bytes| DynSolValue::FixedBytes(bytes.into(), 32)).boxed()
        }
        DynSolType::Uint(8) => any::<u8>().prop_map(|number| DynSolValue::Uint(U256::from(number), 8)).boxed(),
        DynSolType::Uint(bits) => {
            any::<[u64; 4]>().prop_map(move |limbs| DynSolValue::Uint(U256::from_limbs(limbs), bits)).boxed()
        }
        DynSolType::Int(bits) => any::<[u64; 4]>()
            .prop_map(move |limbs| DynSolValue::Int(I256::from_raw(U256::from_limbs(limbs)), bits))
            .boxed(),
        ref other => panic!("no message has a {other}"),
    }
}

fn contents(layout: &super::layout::Layout) -> BoxedStrategy<DynSolValue> {
    let fields: Vec<_> = layout
        .fields
        .iter()
        .map(|slot| match &slot.form {
            SlotForm::Plain(of) => plain(of),
            SlotForm::Struct(inner) => contents(inner),
        })
        .collect();
    fields.prop_map(DynSolValue::Tuple).boxed()
}

fn any_intent() -> impl Strategy<Value = VenueIntent> {
    let kinds = proptest::sample::select(IntentKind::ALL.to_vec());
    kinds.prop_flat_map(|kind| {
        contents(&kind.layout().expect("a layout"))
            .prop_map(move |value| kind.decode_words(&value.abi_encode()).expect("contents"))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_message_is_read_back_as_it_was_written(intent in any_intent()) {
        let message = intent.message().expect("json");
        prop_assert_eq!(intent.kind().read(&message).expect("read"), intent.clone());
        let domain = Domain::on_base(intent.kind().verifier());
        // Two implementations of EIP-712.
        let other = intent.typed_data(&domain).expect("typed data").eip712_signing_hash().expect("hash");
        prop_assert_eq!(intent.digest(&domain), other);
    }

    #[test]
    fn what_is_sent_of_an_intent_is_the_whole_of_it(intent in any_intent()) {
        let Some(encoded) = intent.encoded() else { return Ok(()) };
        if intent.kind() == IntentKind::DelegateReq {
            use alloy::sol_types::SolValue;
            let sent = crate::perps::avantis_v2::abi::IIntents::DelegateIntent::abi_decode(&encoded).expect("decodes");
            let VenueIntent::DelegateReq(request) = &intent else { panic!("another kind") };
            prop_assert_eq!((&sent.tnc, sent.deadline, sent.nonce), (&request.tnc, request.deadline, request.nonce));
            prop_assert_eq!((sent.trader, sent.delegate, sent.expiry), (request.trader, request.delegate, request.expiry));
        } else {
            prop_assert_eq!(intent.kind().decode_words(&encoded).expect("decodes"), intent.clone());
        }
    }

    #[test]
    fn one_changed_field_of_a_built_intent_is_named_with_both_values(
        asked in any_intent(), at in any::<prop::sample::Index>()
    ) {
        let domain = Domain::on_base(asked.kind().verifier());
        let fields = asked.fields().expect("fields");
        let field = &fields[at.index(fields.len())];
        let mut message = asked.message().expect("json");
        let value = field.path.split('.').fold(&mut message, |value, name| &mut value[name]);
        *value = match &*value {
            Value::Bool(is) => json!(!is),
            Value::String(text) if text == "1" => json!("2"),
            Value::String(text) if text.starts_with("0x") && text.len() == 42 => {
                let address: Address = text.parse().expect("address");
                json!(Address::from_word(keccak256(address)).to_checksum(None))
            }
            Value::String(text) if text.starts_with("0x") && text.len() == 66 => json!(keccak256(text)),
            Value::String(_) => json!("1"),
            other => panic!("{other}"),
        };
        let built = BuiltIntent { message, ..as_asked(&asked, &domain) };
        let told = built.is(&asked, &domain).expect_err("another content").to_string();
        prop_assert!(told.contains(&format!("{} is", field.path)) && told.contains(&field.value), "{}", told);
    }
}

/// As an honest service would build it.
fn as_asked(asked: &VenueIntent, domain: &Domain) -> BuiltIntent {
    let layout = asked.kind().layout().expect("a layout");
    let fields = |part: &super::layout::Layout| -> Value {
        part.fields.iter().map(|slot| json!({"name": slot.name, "type": slot.type_name})).collect()
    };
    BuiltIntent {
        domain: domain.clone(),
        primary_type: asked.kind().name().to_owned(),
        types: layout.structs().into_iter().map(|part| (part.name.clone(), fields(part))).collect(),
        message: asked.message().expect("json"),
        digest: asked.digest(domain),
        encoded: asked.encoded(),
    }
}

#[test]
fn a_built_intent_is_signed_only_as_it_was_asked() {
    let vectors = vectors();
    let vector = vectors["vectors"]
        .as_array()
        .expect("vectors")
        .iter()
        .find(|vector| vector["id"] == "mainnet/open-eth-long-5x");
    let asked = read(vector.expect("a vector"));
    let (domain, signer) = (Domain::on_base(Verifier::Router), signer(KEY));
    let honest = as_asked(&asked, &domain);
    asked.for_signing_as_built(&domain, signer.address(), &honest).expect("as asked");

    let refused = |built: BuiltIntent| {
        asked.for_signing_as_built(&domain, signer.address(), &built).expect_err("refused").to_string()
    };
    // Another size, with a digest that fits it: the official client signs it.
    let mut larger = honest.clone();
    larger.message["_t"]["positionSizeUSDC"] = json!("900000000");
    let other = asked.kind().read(&larger.message).expect("read");
    larger.digest = other.digest(&domain);
    larger.encoded = other.encoded();
    assert_eq!(
        refused(larger),
        "the built intent is not what was asked: _t.positionSizeUSDC is 900000000, asked was 250000000; nothing is signed"
    );
    let foreign = Domain { verifying_contract: REFERRAL, ..domain.clone() };
    assert!(refused(BuiltIntent { domain: foreign, ..honest.clone() }).contains("domain.verifyingContract"));
    let renamed = BuiltIntent { primary_type: "Permit".to_owned(), ..honest.clone() };
    assert!(refused(renamed).contains("primaryType is Permit, asked was OpenTradeReq"));
    let junk = BuiltIntent { encoded: Some(Bytes::from_static(&[1])), ..honest.clone() };
    assert!(refused(junk).contains("encodedIntent is 0x01"));
    let digest = BuiltIntent { digest: B256::ZERO, ..honest.clone() };
    assert!(refused(digest).contains("digest is 0x0000"));
    let mut types = honest.clone();
    types.types["Trade"][1]["type"] = json!("uint8");
    assert!(refused(types).contains("types.Trade[1].type: `uint8` instead of `uint256`"));
}

#[test]
fn another_kinds_contract_or_a_delegates_key_for_what_only_the_trader_signs_is_refused() {
    let vectors = vectors();
    let mainnet = |id: &str| {
        let all = vectors["vectors"].as_array().expect("vectors");
        read(all.iter().find(|vector| vector["id"] == id).expect("a vector"))
    };
    let (trader, delegate) = (signer(KEY), signer(DELEGATE_KEY));
    let (router, referral) = (Domain::on_base(Verifier::Router), Domain::on_base(Verifier::Referral));
    let open = mainnet("mainnet/open-eth-long-5x");
    assert!(matches!(open.for_signing(&referral, trader.address()), Err(IntentError::Domain(_))));
    open.for_signing(&router, delegate.address()).expect("a delegate may open");
    let allow = mainnet("mainnet/delegate-veranta-tos");
    assert!(matches!(allow.for_signing(&router, delegate.address()), Err(IntentError::TraderOnly { .. })));
}

#[test]
fn a_real_key_signs_for_base_and_not_for_a_local_chains_domain() {
    let vectors = vectors();
    let all = vectors["vectors"].as_array().expect("vectors");
    let local = all.iter().find(|vector| vector["id"] == "golden/OpenTradeReq").expect("a vector");
    let real = signer(&format!("0x{}", "11".repeat(32)));
    let (intent, on) = (read(local), domain(&local["domain"]));
    let refused = intent.for_signing(&on, real.address()).expect("pinned").sign_offline(&real).expect_err("refused");
    assert!(refused.to_string().contains("chain id 31337"), "{refused}");
    let base = Domain::on_base(Verifier::Router);
    intent.for_signing(&base, real.address()).expect("pinned").sign_offline(&real).expect("signed");
}

#[test]
fn a_message_that_is_not_of_its_kind_is_named_by_its_field() {
    let vectors = vectors();
    let good = &vectors["vectors"].as_array().expect("vectors")[0]["message"];
    let told = |change: &dyn Fn(&mut Value)| {
        let mut message = good.clone();
        change(&mut message);
        IntentKind::OpenTradeReq.read(&message).expect_err("refused").to_string()
    };
    let drop = |value: &mut Value| {
        value["_t"].as_object_mut().expect("object").shift_remove("sl");
    };
    assert_eq!(told(&drop), "_t.sl: missing");
    assert_eq!(told(&|value| value["_t"]["extra"] = json!(1)), "_t.extra: Trade has no such field");
    assert_eq!(
        told(&|value| value["_type"] = json!(256)),
        "_type: a whole number in decimal of at most 8 bits is expected, not 256"
    );
    assert!(told(&|value| value["_nonce"] = json!("0x10")).starts_with("_nonce: a whole number in decimal"));
    assert!(told(&|value| value["_nonce"] = json!(-1)).starts_with("_nonce: a whole number"));
    assert!(told(&|value| value["_nonce"] = json!(1.5)).starts_with("_nonce: a whole number"));
    assert!(told(&|value| value["_t"]["buy"] = json!("true")).starts_with("_t.buy: true or false"));
    assert!(told(&|value| value["_t"]["trader"] = json!("0x1234")).starts_with("_t.trader: an address"));
    let mistyped = "0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
    assert!(told(&|value| value["_t"]["trader"] = json!(mistyped)).starts_with("_t.trader: an address"));
    assert!(told(&|value| value["_t"] = json!([])).starts_with("_t: an object is expected"));
    assert!(IntentKind::OpenTradeReq.read(&json!("x")).expect_err("refused").to_string().starts_with("message: "));
}
