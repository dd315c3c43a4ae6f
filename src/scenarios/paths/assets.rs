//! The assets that accounts are drawn from: parameters of Base's Aave (base-replica.md §2), and what moves their prices.

use alloy::primitives::{Address, U256, address};

use crate::{
    dex::{USDC, WETH},
    units::UsdE8,
};

/// What a price follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Follows {
    /// A currency: nothing on a path moves it.
    Currency,
    /// Ether.
    Ether,
    /// Ether, by a ratio that has a price of its own in correlated accounts.
    EtherByRatio,
    /// The market, this many tenths of what ether does.
    Market(u64),
}

/// A reserve.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listed {
    pub(super) token: Address,
    pub(super) symbol: &'static str,
    pub(super) decimals: u8,
    /// Basis points.
    pub(super) ltv: u64,
    pub(super) threshold: u64,
    /// With the 100 % in it.
    pub(super) bonus: u64,
    /// Where paths begin, hundredths of a dollar.
    pub(super) cents: u64,
    pub(super) follows: Follows,
}

impl Listed {
    /// Where paths begin.
    pub(super) fn start(&self) -> UsdE8 {
        UsdE8(U256::from(self.cents).saturating_mul(U256::from(1_000_000u64)))
    }

    /// One whole token.
    pub(super) fn unit(&self) -> U256 {
        U256::from(10u64).pow(U256::from(self.decimals))
    }

    /// Whether its price moves on a path.
    pub(super) fn is_volatile(&self) -> bool {
        self.follows != Follows::Currency
    }
}

/// Position of an asset in [`ALL`]: its number at Aave too.
pub(super) type Number = usize;

pub(super) const ETHER: Number = 0;
pub(super) const DOLLAR: Number = 1;
pub(super) const BITCOIN: Number = 2;
pub(super) const STAKED: Number = 3;
pub(super) const STAKED_TOO: Number = 4;
pub(super) const TOKEN: Number = 5;
pub(super) const EURO: Number = 6;
pub(super) const DOLLAR_TOO: Number = 7;

const fn listed(
    token: Address,
    symbol: &'static str,
    decimals: u8,
    risk: [u64; 3],
    cents: u64,
    follows: Follows,
) -> Listed {
    let [ltv, threshold, bonus] = risk;
    Listed { token, symbol, decimals, ltv, threshold, bonus, cents, follows }
}

/// All of them.
pub(super) const ALL: [Listed; 8] = [
    listed(WETH, "WETH", 18, [8_000, 8_300, 10_500], 300_000, Follows::Ether),
    listed(USDC, "USDC", 6, [7_500, 7_800, 10_500], 100, Follows::Currency),
    listed(
        address!("cbB7C0000aB88B473b1f5aFd9ef808440eed33Bf"),
        "cbBTC",
        8,
        [7_300, 7_800, 10_750],
        9_000_000,
        Follows::Market(7),
    ),
    listed(
        address!("c1CBa3fCea344f92D9239c08C0568f6F2F0ee452"),
        "wstETH",
        18,
        [7_500, 7_900, 10_600],
        366_000,
        Follows::EtherByRatio,
    ),
    listed(
        address!("2Ae3F1Ec7F1F5012CFEab0185bfc7aa3cf0DEc22"),
        "cbETH",
        18,
        [7_500, 7_900, 10_750],
        336_000,
        Follows::EtherByRatio,
    ),
    listed(
        address!("63706e401c06ac8513145b7687A14804d17f814b"),
        "AAVE",
        18,
        [6_300, 7_000, 11_000],
        25_000,
        Follows::Market(12),
    ),
    listed(
        address!("60a3E35Cc302bFA44Cb288Bc5a4F316Fdb1adb42"),
        "EURC",
        6,
        [7_500, 7_800, 10_500],
        115,
        Follows::Currency,
    ),
    listed(address!("6Bb7a212910682DCFdbd5BCBb3e28FB4E8da10Ee"), "GHO", 18, [0, 0, 0], 100, Follows::Currency),
];

/// The e-mode of ether and what is staked of it.
pub(super) const EMODE: u8 = 1;

/// Liquidation threshold of what belongs to it, basis points.
pub(super) const EMODE_THRESHOLD: u64 = 9_300;

/// What accounts are drawn from.
#[derive(Debug)]
pub(super) struct Choice {
    /// Collaterals of long accounts.
    pub(super) held: &'static [Number],
    /// Coins of currencies that are collateral now and then, and all the collateral of short accounts.
    pub(super) coins: &'static [Number],
    /// Debts of long accounts.
    pub(super) owed: &'static [Number],
    /// Debts of short accounts.
    pub(super) shorted: &'static [Number],
    /// Collaterals beside what is staked.
    pub(super) beside: &'static [Number],
    /// Deposits that belong to no loop.
    pub(super) deposits: &'static [Number],
    /// The debt of an account that would have no stable one.
    pub(super) stable: Number,
    /// Equity of the largest accounts: ten to this, times ten, in dollars.
    pub(super) powers: u64,
}

/// Everything that Aave lists.
pub(super) const EVERYTHING: Choice = Choice {
    held: &[ETHER, BITCOIN, STAKED, STAKED_TOO, TOKEN],
    coins: &[DOLLAR, EURO],
    owed: &[DOLLAR, DOLLAR_TOO, EURO, ETHER, BITCOIN],
    shorted: &[ETHER, BITCOIN, TOKEN],
    beside: &[BITCOIN, TOKEN, DOLLAR],
    deposits: &[ETHER, DOLLAR, BITCOIN, STAKED, TOKEN, EURO],
    stable: DOLLAR_TOO,
    powers: 5,
};

/// What the replica has pools for, and equity that these pools can trade.
pub(super) const WITH_POOLS: Choice = Choice {
    held: &[ETHER, BITCOIN, STAKED, STAKED_TOO],
    coins: &[DOLLAR],
    owed: &[DOLLAR, ETHER, BITCOIN],
    shorted: &[ETHER, BITCOIN],
    beside: &[BITCOIN, DOLLAR],
    deposits: &[ETHER, DOLLAR, BITCOIN, STAKED],
    stable: DOLLAR,
    powers: 4,
};

/// The asset of a token.
pub(super) fn of(token: Address) -> Option<&'static Listed> {
    static LISTED: [Listed; 8] = ALL;
    LISTED.iter().find(|listed| listed.token == token)
}
