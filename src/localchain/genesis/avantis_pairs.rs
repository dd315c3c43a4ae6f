//! Stage: the venue's groups and pairs at their indexes on Base, and feeds for those that Aave does not price.

use alloy::{
    primitives::{I256, U256},
    sol_types::SolValue,
};

use super::{
    Deployer,
    addresses::{AVANTIS_PAIR_INFOS, AVANTIS_PAIR_STORAGE},
    avantis::govern,
};
use crate::localchain::{
    LocalChainError,
    venue::{PairListing, Venue},
    venue_abi::{IPairInfos, IPairStorage as Storage},
};

/// Opening and closing fee, percent 1e10. The opening fee in force is the skew row's.
const FEE: u64 = 450_000_000;
/// The same fee as the constant of a skew row, 1e-4 percent.
const SKEW_FEE: u64 = 450;
/// The keeper's share of the collateral at TP and SL, percent 1e10.
const LIMIT_ORDER_FEE: u64 = 100_000_000;
/// Least notional, USDC 1e6.
const MIN_NOTIONAL: u64 = 100_000_000;
/// How unsure a price may be that opens a position, percent 1e10.
const MAX_OPEN_DEVIATION: u64 = 10_000_000_000;
/// How far a price may be from the backup feed's, percent 1e10: the feed itself is what the replica's prices are made from.
const BACKUP_DEVIATION: u64 = 1_000_000_000_000;
/// Share of the other side from which a loss is protected, by tier; and what of the loss is then paid. Plain percent.
const PROTECTED_FROM: [u64; 4] = [0, 60, 70, 80];
const PAID_OF_LOSS: [u64; 4] = [100, 90, 80, 70];

pub(super) async fn stage(site: &Deployer<'_>) -> Result<(), LocalChainError> {
    let venue = Venue::get()?;
    for (name, share) in &venue.groups {
        let group = Storage::Group { name: name.clone(), maxOpenInterestP: U256::from(*share), isSpreadDynamic: true };
        govern(site, AVANTIS_PAIR_STORAGE, &Storage::addGroupCall { group }).await?;
    }
    for pair in &venue.pairs {
        if let Some(price) = pair.initial_price()? {
            let arguments = (I256::from_raw(price), format!("{} / USD", pair.from)).abi_encode_params();
            site.place("ReplicaFeed", pair.feed()?, &arguments).await?;
        }
        list(site, venue, pair).await?;
        describe(site, pair).await?;
    }
    let limits = Storage::setBlockOILImitsCall {
        pairIndex: venue.pairs.iter().map(|pair| U256::from(pair.index)).collect(),
        limits: venue.pairs.iter().map(|pair| U256::from(pair.block_limit)).collect(),
    };
    govern(site, AVANTIS_PAIR_STORAGE, &limits).await
}

async fn list(site: &Deployer<'_>, venue: &Venue, pair: &PairListing) -> Result<(), LocalChainError> {
    let shares = |part: fn(&(u64, u64)) -> u64| venue.profit_shares.iter().map(|tier| U256::from(part(tier))).collect();
    let fee = Storage::Fee {
        openFeeP: U256::from(FEE),
        closeFeeP: U256::from(FEE),
        limitOrderFeeP: U256::from(LIMIT_ORDER_FEE),
        minLevPosUSDC: U256::from(MIN_NOTIONAL),
        pnlFees: Storage::PnlFees {
            numTiers: U256::from(venue.profit_shares.len()),
            tierP: shares(|tier| tier.0),
            feesP: shares(|tier| tier.1),
        },
    };
    govern(site, AVANTIS_PAIR_STORAGE, &Storage::addFeeCall { fee }).await?;
    govern(site, AVANTIS_PAIR_STORAGE, &Storage::addPairCall { pair: listing(pair)? }).await?;
    let row = [I256::ZERO, signed(SKEW_FEE)];
    let skew = Storage::addSkewOpenFeesCall { fee: Storage::SkewFee { eqParams: [row; 10] } };
    govern(site, AVANTIS_PAIR_STORAGE, &skew).await
}

fn listing(pair: &PairListing) -> Result<Storage::Pair, LocalChainError> {
    let [least, most, pnl_least, pnl_most] = pair.leverages.map(U256::from);
    Ok(Storage::Pair {
        feed: Storage::Feed {
            maxOpenDeviationP: U256::from(MAX_OPEN_DEVIATION),
            maxCloseDeviationP: U256::from(pair.max_close_deviation),
            feedId: pair.feed_id,
        },
        backupFeed: Storage::BackupFeed { maxDeviationP: U256::from(BACKUP_DEVIATION), feedId: pair.feed()? },
        spreadP: U256::from(pair.spread),
        pnlSpreadP: U256::from(pair.pnl_spread),
        leverages: Storage::Leverages {
            minLeverage: least,
            maxLeverage: most,
            pnlMinLeverage: pnl_least,
            pnlMaxLeverage: pnl_most,
        },
        priceImpactMultiplier: U256::from(pair.price_impact),
        skewImpactMultiplier: signed(pair.skew_impact),
        groupIndex: U256::from(pair.group),
        feeIndex: U256::from(pair.index),
        values: Storage::Values {
            maxGainP: signed(pair.max_gain),
            maxSlP: signed(pair.max_loss),
            maxLongOiP: U256::from(pair.max_long),
            maxShortOiP: U256::from(pair.max_short),
            groupOpenInterestPecentage: U256::from(pair.group_share),
            maxWalletOI: U256::from(pair.wallet_share),
            isUSDCAligned: false,
        },
    })
}

async fn describe(site: &Deployer<'_>, pair: &PairListing) -> Result<(), LocalChainError> {
    let index = U256::from(pair.index);
    // One tier without a waiting time; with none at all, closing panics (avantis-v1.md §8).
    let data = Storage::setPairDataCall {
        pairIndex: index,
        from: pair.from.clone(),
        to: "USD".to_owned(),
        numTiers: U256::from(1),
        tierThresholds: vec![U256::ZERO],
        timer: vec![U256::ZERO],
    };
    govern(site, AVANTIS_PAIR_STORAGE, &data).await?;
    let [above, below] = pair.depth.map(U256::from);
    let value = IPairInfos::PairParams {
        onePercentDepthAbove: above,
        onePercentDepthBelow: below,
        rolloverFeePerBlockP: U256::from(pair.rollover),
    };
    govern(site, AVANTIS_PAIR_INFOS, &IPairInfos::setPairParamsCall { pairIndex: index, value }).await?;
    let skew = PROTECTED_FROM.map(U256::from).to_vec();
    let protection =
        IPairInfos::setLossProtectionConfigCall { pairIndex: index, longSkew: skew.clone(), shortSkew: skew };
    govern(site, AVANTIS_PAIR_INFOS, &protection).await?;
    let multipliers = Storage::updateLossProtectionMultiplierCall {
        pairIndex: index,
        tier: (0..PAID_OF_LOSS.len()).map(U256::from).collect(),
        multiplierPercent: PAID_OF_LOSS.map(U256::from).to_vec(),
    };
    govern(site, AVANTIS_PAIR_STORAGE, &multipliers).await?;
    let [against, favour] = pair.spread_caps.map(U256::from);
    let zero = U256::ZERO;
    let params = Storage::PairParams {
        posSpreadCap: against,
        negSpreadCap: favour,
        param1: zero,
        param2: zero,
        param3: zero,
        param4: zero,
        param5: zero,
        param6: zero,
        param7: zero,
        param8: zero,
    };
    govern(site, AVANTIS_PAIR_STORAGE, &Storage::updatePairParamsCall { pairIndex: index, params }).await
}

/// A figure that is never near the sign bit.
fn signed(figure: u64) -> I256 {
    I256::from_raw(U256::from(figure))
}
