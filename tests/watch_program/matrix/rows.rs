//! The commands, in the order of a day.

/// What a command does to the risk of its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Risk {
    /// It opens, borrows, takes out or loosens: refused while paused.
    Adds,
    /// It closes, repays, puts in or tightens.
    Lowers,
    /// Neither.
    Leaves,
}

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    Works,
    /// With this exit code, and these words in the reason.
    Refused(i32, &'static str),
}

/// What somebody does before a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    Nothing,
    /// The account allows the composer everything.
    Approval,
    /// The account stops using its deposit as collateral, if it has one.
    Disabled,
    /// The account supplies and borrows by hand.
    Elsewhere,
    /// The command is run with `--plan-out` first, and the row sends the file.
    Plan(&'static str),
}

/// One command.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// As the program's tree has it.
    pub(super) command: &'static str,
    /// What follows; `{…}` is known only when it is run.
    pub(super) args: &'static str,
    /// What follows while paused, when the loop is there already.
    pub(super) while_paused: &'static str,
    pub(super) risk: Risk,
    pub(super) before: Before,
    /// In an account with one loop.
    pub(super) quiet: Ends,
    /// In an account with more.
    pub(super) crowded: Ends,
    /// Opens what later rows act on: run before the pause too.
    pub(super) opens: bool,
}

impl Row {
    const fn new(command: &'static str, args: &'static str, risk: Risk) -> Self {
        let (quiet, crowded) = (Ends::Works, Ends::Works);
        Self { command, args, while_paused: args, risk, before: Before::Nothing, quiet, crowded, opens: false }
    }

    const fn adds(command: &'static str, args: &'static str) -> Self {
        Self::new(command, args, Risk::Adds)
    }

    const fn lowers(command: &'static str, args: &'static str) -> Self {
        Self::new(command, args, Risk::Lowers)
    }

    const fn leaves(command: &'static str, args: &'static str) -> Self {
        Self::new(command, args, Risk::Leaves)
    }

    const fn after(self, before: Before) -> Self {
        Self { before, ..self }
    }

    const fn while_paused(self, args: &'static str) -> Self {
        Self { while_paused: args, ..self }
    }

    const fn opens(self) -> Self {
        Self { opens: true, ..self }
    }

    const fn quiet(self, quiet: Ends) -> Self {
        Self { quiet, ..self }
    }

    const fn refused(self, code: i32, words: &'static str) -> Self {
        let ends = Ends::Refused(code, words);
        Self { quiet: ends, crowded: ends, ..self }
    }

    pub(super) fn sends(&self) -> bool {
        self.args.contains("--broadcast")
    }
}

const PERP: &str = "--pair ETH/USD --side long --margin 100 --leverage 10";

/// Loops, approvals and the drill.
pub(super) const LOOPS: &[Row] = &[
    Row::adds("loop open", "--equity 1 --leverage 2 --broadcast")
        .while_paused("--collateral wstETH --equity 1 --leverage 1.5 --broadcast")
        .opens(),
    Row::adds("loop adjust", "--leverage 2.4 --broadcast"),
    Row::lowers("loop adjust", "--leverage 1.9 --broadcast"),
    Row::leaves("loop adjust", "--warn 1.2 --trigger 1.16"),
    Row::lowers("loop deposit", "--equity 0.1 --broadcast"),
    Row::adds("loop deposit", "--equity 0.1 --keep-leverage --broadcast"),
    Row::adds("loop withdraw", "--equity 0.05 --broadcast"),
    Row::adds("loop withdraw", "--equity 0.05 --keep-leverage --broadcast"),
    Row::adds("loop collateral", "--disable USDC --broadcast").quiet(Ends::Refused(4, "USDC")),
    Row::lowers("loop collateral", "--enable USDC --broadcast").after(Before::Disabled).quiet(Ends::Refused(4, "USDC")),
    Row::adds("send", "{plan} --broadcast").after(Before::Plan("loop adjust --leverage 2.2")),
    Row::lowers("send", "{plan} --broadcast").after(Before::Plan("loop adjust --leverage 1.7")),
    Row::lowers("approvals revoke", "--all --broadcast").after(Before::Approval),
    Row::adds("watch drill", "--collateral WETH --debt USDC --broadcast"),
    Row::leaves("journal reconcile", ""),
    Row::leaves("journal reconcile", "--resend {settled}").refused(2, "has no pending transaction"),
    Row::leaves("journal reconcile", "--take-back {settled}").refused(2, "has no pending transaction"),
];

/// Perps.
pub(super) const PERPS: &[Row] = &[
    Row::adds("perp open", "--pair ETH/USD --side long --margin 100 --leverage 10 --sl 2900 --broadcast").opens(),
    Row::adds("perp open", "--pair ETH/USD --side long --margin 100 --leverage 10 --limit 2500 --broadcast").opens(),
    Row::lowers("perp tpsl", "{position} --sl 2950 --broadcast"),
    Row::adds("perp tpsl", "{position} --sl 2850 --broadcast"),
    Row::adds("perp tpsl", "{position} --sl none --broadcast"),
    Row::lowers("perp margin add", "50 --pair ETH/USD --broadcast"),
    Row::adds("perp margin remove", "20 --pair ETH/USD --broadcast"),
    Row::lowers("perp close", "{position} --fraction 0.4 --broadcast"),
    Row::lowers("perp cancel", "{limit} --broadcast"),
    Row::lowers("perp close", "{position} --broadcast"),
    Row::adds("send", "{plan} --broadcast").after(Before::Plan("perp open {perp}")),
    Row::leaves("journal reconcile", ""),
];

/// Signals, the end of the loop, and the kill switch.
pub(super) const REST: &[Row] = &[
    Row::adds("signal run", "{signal} --broadcast --detach --base-capital 3000"),
    Row::leaves("signal resume", ""),
    Row::lowers("loop close", "--fraction 0.3 --broadcast"),
    Row::lowers("loop close", "--broadcast"),
    Row::leaves("loop adopt", "").after(Before::Elsewhere),
    Row::leaves("pause", ""),
    Row::lowers("flatten", "--broadcast"),
    Row::leaves("resume", ""),
];

/// What the placeholder `{perp}` stands for.
pub(super) const fn perp() -> &'static str {
    PERP
}

/// The whole day.
pub(super) fn rows() -> impl Iterator<Item = &'static Row> {
    LOOPS.iter().chain(PERPS).chain(REST)
}
