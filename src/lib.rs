//! Trimtab: leverage on Base with your own wallet.
//!
//! One crate, arranged in floors; imports point down only (docs/architecture.md). The path of every action is
//! inputs + snapshot → plan → check → simulate → journal → send → reconcile.
//!
//! | floor | room | what lives there |
//! | --- | --- | --- |
//! | 8 | [`cli`] | commands, output, exit codes; no decisions |
//! | 7 | [`scenarios`] | stories on a local chain: the demo |
//! | 6 | [`watchdog`] | rules and ladder (pure), the runner that carries them out, alerts, figures, the socket |
//! | 5 | [`actions`] | every kind of action: which one a plan is, who audits, carries out and settles it |
//! | 5 | [`trade`] | from a signal to a position: assessed, carried out |
//! | 5 | [`strategy`] | signals, sizing tables, feasibility, governor: pure decisions |
//! | 5 | [`report`] | what bytes and journal say, in words |
//! | 5 | [`localchain`] | the offline replica of Base and forks, with their controls |
//! | 4 | [`loops`] | loop arithmetic and planning (pure), flash sources and routes ranked, execution |
//! | 4 | [`perps`] | one trait for every perpetuals venue; Avantis v1: arithmetic equal to the chain, plans, orders tracked |
//! | 3 | [`aave`], [`onedelta`], [`dex`] | the protocols: snapshots, arithmetic that mirrors the contracts, bytes |
//! | 2 | [`plan`], [`send`] | plans, bounds and their check; simulation; the one sender per key |
//! | 1 | [`chain`], [`journal`] | endpoints, block-pinned reads, signers, identity, reverts; the SQLite store |
//! | 0 | [`abi`], [`config`], [`units`], [`text`], [`http`] | interfaces of contracts; settings with provenance; money, ratios and times as types with named rounding; texts from outside made harmless; the one HTTP client |

pub mod aave;
pub mod abi;
pub mod actions;
pub mod chain;
pub mod cli;
pub mod config;
pub mod dex;
pub mod http;
pub mod journal;
pub mod localchain;
pub mod loops;
pub mod onedelta;
pub mod perps;
pub mod plan;
pub mod report;
pub mod scenarios;
pub mod send;
pub mod strategy;
pub mod text;
pub mod trade;
pub mod units;
pub mod watchdog;
