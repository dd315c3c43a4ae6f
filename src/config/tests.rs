//! Stories of people configuring the program.

use std::{collections::BTreeMap, path::Path, time::Duration};

use tempfile::TempDir;

use super::{ConfigError, Origin, Sources, Thresholds, Urgency};
use crate::units::Bps;

struct Desk {
    directory: TempDir,
    env: BTreeMap<String, String>,
}

impl Desk {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("directory");
        let home = directory.path().join("home");
        let env = BTreeMap::from([("HOME".to_owned(), home.display().to_string())]);
        Self { directory, env }
    }

    fn write(&self, path: &str, text: &str) -> &Self {
        let path = self.directory.path().join(path);
        std::fs::create_dir_all(path.parent().expect("parent")).expect("create");
        std::fs::write(path, text).expect("write");
        self
    }

    fn set(&mut self, name: &str, value: &str) -> &Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    fn work(&self) -> std::path::PathBuf {
        let below = self.directory.path().join("project/deep/below");
        std::fs::create_dir_all(&below).expect("create");
        below
    }

    fn sources(&self) -> Sources {
        Sources::new(self.env.clone(), self.work())
    }
}

#[test]
fn without_any_configuration_the_bounds_are_those_of_the_strategy() {
    let desk = Desk::new();
    let loaded = desk.sources().load().expect("defaults");
    let config = &loaded.config;
    let slippage = |urgency| config.bounds.of(urgency).slippage_bps;
    assert_eq!(
        [slippage(Urgency::Open), slippage(Urgency::Trim), slippage(Urgency::Urgent)],
        [Bps(50), Bps(100), Bps(300)]
    );
    assert_eq!(config.thresholds.volatile.opening_floor().to_string(), "1.23");
    assert_eq!(config.permit_ttl.0, 3_600);
    assert!(config.journal_dir.ends_with("home/.local/share/trimtab/journal"), "{:?}", config.journal_dir);
    assert!(config.cache_dir.ends_with("home/.cache/trimtab"));
    let settings = loaded.origins().expect("settings");
    assert!(settings.len() > 25);
    assert!(settings.iter().all(|setting| setting.origin == Origin::Default));
}

#[test]
fn flags_win_over_variables_over_the_profile_over_the_file() {
    let mut desk = Desk::new();
    desk.write(
        "project/trimtab.toml",
        "permit_ttl = 100\n[rpc]\ntimeout = \"1s\"\nretries = 1\n[bounds.open]\nslippage_bps = 11\n\
         [thresholds.volatile]\nwarn = 1.19\n\
         [profile.calm.rpc]\ntimeout = \"2s\"\nretries = 2\n[profile.calm.bounds.open]\nslippage_bps = 12\n",
    );
    desk.set("TRIMTAB_RPC_TIMEOUT", "3s");
    desk.set("TRIMTAB_BOUNDS_OPEN_SLIPPAGE_BPS", "13");
    let loaded = desk
        .sources()
        .profile(Some("calm".to_owned()))
        .flag("rpc.timeout", "--rpc-timeout", "4s")
        .load()
        .expect("settings");
    assert_eq!(loaded.config.rpc.timeout, Duration::from_secs(4));
    assert_eq!(loaded.config.bounds.open.slippage_bps, Bps(13));
    assert_eq!(loaded.config.rpc.retries, 2);
    assert_eq!(loaded.config.permit_ttl.0, 100);
    assert_eq!(loaded.config.thresholds.volatile.warn.to_string(), "1.19");
    let origin = |key| loaded.origin(key).to_string();
    assert_eq!(origin("rpc.timeout"), "--rpc-timeout");
    assert_eq!(origin("bounds.open.slippage_bps"), "environment variable TRIMTAB_BOUNDS_OPEN_SLIPPAGE_BPS");
    assert!(origin("rpc.retries").ends_with("project/trimtab.toml [profile.calm]"));
    assert!(origin("permit_ttl").ends_with("project/trimtab.toml"));
    assert_eq!(origin("fees.open.max_fee_gwei"), "default");
}

#[test]
fn the_nearest_file_upwards_holds_else_the_users_own() {
    let desk = Desk::new();
    desk.write("home/.config/trimtab/trimtab.toml", "permit_ttl = 7\n");
    assert_eq!(desk.sources().load().expect("user file").config.permit_ttl.0, 7);
    desk.write("project/trimtab.toml", "permit_ttl = 8\n");
    assert_eq!(desk.sources().load().expect("project file").config.permit_ttl.0, 8);
    desk.write("other.toml", "permit_ttl = 9\n");
    let named = desk.sources().file(Some(desk.directory.path().join("other.toml"))).load().expect("named file");
    assert_eq!(named.config.permit_ttl.0, 9);
    let missing = desk.sources().file(Some(Path::new("/nowhere/x.toml").to_owned())).load();
    assert!(matches!(missing, Err(ConfigError::Unreadable { .. })), "{missing:?}");
}

#[test]
fn a_misspelt_key_is_refused_with_the_one_that_was_meant_and_the_file() {
    for (text, meant) in [
        ("[bounds.open]\nslipage_bps = 40\n", "bounds.open.slippage_bps"),
        ("permit_tll = 40\n", "permit_ttl"),
        ("[profile.x.rpc]\ntimout = 4\n", "rpc.timeout"),
        ("slippage_bps = 40\n", "bounds.open.slippage_bps"),
    ] {
        let desk = Desk::new();
        desk.write("project/trimtab.toml", text);
        let error = desk.sources().load().expect_err(text);
        assert_eq!(error.exit_code(), 3);
        let said = error.to_string();
        assert!(said.contains(&format!("did you mean `{meant}`?")), "{said}");
        assert!(said.contains("project/trimtab.toml"), "{said}");
    }
    let mut desk = Desk::new();
    let said = {
        desk.set("TRIMTAB_RPC_TIMOUT", "3s");
        desk.sources().load().expect_err("misspelt").to_string()
    };
    assert!(said.contains("did you mean `TRIMTAB_RPC_TIMEOUT`?"), "{said}");
}

#[test]
fn a_section_that_is_no_section_is_refused_even_when_empty() {
    let desk = Desk::new();
    desk.write("project/trimtab.toml", "[bonds]\n");
    assert!(matches!(desk.sources().load(), Err(ConfigError::UnknownKey { .. })));
    desk.write("project/trimtab.toml", "[bounds]\n");
    assert!(desk.sources().load().is_ok());
}

#[test]
fn a_secret_in_the_file_is_refused_without_repeating_it() {
    for key in ["private_key", "wallet.mnemonic", "keystore_password", "rpc.password"] {
        let desk = Desk::new();
        desk.write("project/trimtab.toml", &format!("{key} = \"correct horse battery\"\n"));
        let error = desk.sources().load().expect_err(key);
        assert!(matches!(error, ConfigError::SecretInFile { .. }), "{error}");
        assert!(!format!("{error} {error:?}").contains("horse"));
    }
}

#[test]
fn endpoints_may_be_named_in_foundrys_file_with_variables() {
    let mut desk = Desk::new();
    desk.write(
        "project/foundry.toml",
        "[rpc_endpoints]\nbase = \"https://base.example.com/v2/${BASE_KEY}\"\nother = { endpoint = \"wss://o.example.com\" }\n",
    );
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let missing = desk.sources().rpc_urls(&names(&["base"])).load().expect_err("no key");
    assert!(missing.to_string().contains("BASE_KEY is not set"), "{missing}");
    desk.set("BASE_KEY", "s3cr3tT0ken");
    let loaded =
        desk.sources().rpc_urls(&names(&["base", "other", "base", "http://127.0.0.1:1"])).load().expect("urls");
    let urls = &loaded.config.rpc.urls;
    assert_eq!(urls.len(), 3, "the same endpoint twice is one");
    assert_eq!(urls[0].expose().as_str(), "https://base.example.com/v2/s3cr3tT0ken");
    assert!(urls[1].is_websocket());
    let shown = format!("{:?} {loaded:?}", loaded.origins().expect("settings"));
    assert!(!shown.contains("s3cr3tT0ken") && shown.contains("https://base.example.com/…"), "{shown}");
    let unknown = desk.sources().rpc_urls(&names(&["bse"])).load().expect_err("unknown");
    assert!(unknown.to_string().contains("there are: base, other"), "{unknown}");
}

#[test]
fn eth_rpc_url_is_used_and_ours_wins_over_it() {
    let mut desk = Desk::new();
    desk.set("ETH_RPC_URL", "http://one:1");
    let loaded = desk.sources().load().expect("settings");
    assert_eq!(loaded.config.rpc.urls[0].to_string(), "http://one:1");
    assert_eq!(loaded.origin("rpc.urls").to_string(), "environment variable ETH_RPC_URL");
    desk.set("TRIMTAB_RPC_URLS", "http://two:2,http://three:3");
    let urls = desk.sources().load().expect("settings").config.rpc.urls;
    assert_eq!(urls.iter().map(ToString::to_string).collect::<Vec<_>>(), ["http://two:2", "http://three:3"]);
    desk.set("TRIMTAB_RPC_URLS", "localhost:8545");
    let said = desk.sources().load().expect_err("no scheme").to_string();
    assert!(said.contains("TRIMTAB_RPC_URLS") && said.contains("http://"), "{said}");
}

#[test]
fn values_that_cannot_be_meant_are_refused_with_their_origin() {
    for (text, key) in [
        ("[rpc]\ntimeout = \"soon\"\n", "rpc.timeout"),
        ("[rpc]\ntimeout = 0\n", "rpc.timeout"),
        ("[bounds.open]\nslippage_bps = 5000\n", "bounds.open.slippage_bps"),
        ("[bounds.open]\nslippage_bps = -1\n", "bounds.open.slippage_bps"),
        ("[bounds.open]\nslippage_bps = 150\n", "bounds.trim.slippage_bps"),
        ("[thresholds.volatile]\ntarget = 1.16\n", "thresholds.volatile.target"),
        ("[thresholds.correlated]\nurgent = 1\n", "thresholds.correlated.urgent"),
        ("[thresholds.volatile]\ntrigger = \"NaN\"\n", "thresholds.volatile.trigger"),
        ("[thresholds.volatile]\ntrigger = inf\n", "thresholds.volatile.trigger"),
        ("[fees.open]\nmax_tip_gwei = 3\n", "fees.open.max_tip_gwei"),
        ("[fees.trim]\nmin_tip_gwei = 0.6\n", "fees.trim.min_tip_gwei"),
        ("[fees.trim]\nmin_tip_gwei = -1\n", "fees.trim.min_tip_gwei"),
        ("[fees.urgent]\nmin_tip_gwei = 0\n", "fees.urgent.min_tip_gwei"),
        ("permit_ttl = 0\n", "permit_ttl"),
        ("[strategy]\nbase_capital = 0\n", "strategy.base_capital"),
        ("[strategy]\nbase_capital = \"much\"\n", "strategy.base_capital"),
        ("[strategy]\ntable = \"option-d\"\n", "strategy.table"),
        ("[strategy]\ntable = \"custom\"\n", "strategy.custom"),
        ("[strategy]\nstop_distance = 2\n", "strategy.stop_distance"),
        ("[strategy]\nmax_signal_age = 0\n", "strategy.max_signal_age"),
        ("[strategy.kelly_notional]\nfraction = 1.5\n", "strategy.kelly_notional.fraction"),
        ("[governor]\nwin_risk_multiplier = 2.5\n", "governor.win_risk_multiplier"),
        ("[governor]\nday_loss_share = 0\n", "governor.day_loss_share"),
        ("[governor]\nconcurrent_positions = 0\n", "governor.concurrent_positions"),
        ("[watch]\nstale_after = \"0s\"\n", "watch.stale_after"),
        ("[watch]\ngas_trims = 0\n", "watch.gas_trims"),
        ("[watch]\nrecovery = 0.5\n", "watch.recovery"),
        ("[watch.boost]\nenabled = true\nvolatile.target = 1.22\n", "watch.boost.volatile.target"),
        ("[watch.boost]\nenabled = true\nvolatile.above = 1.30\n", "watch.boost.volatile.above"),
        ("[watch.boost]\nenabled = true\n[thresholds.volatile]\ntarget = 1.45\n", "watch.boost.volatile.above"),
        ("[watch.boost]\nenabled = true\n[thresholds.correlated]\nstress = 0.04\n", "watch.boost.correlated.target"),
        ("[watch.loss_guard]\nrearm = 0.8\n", "watch.loss_guard.rearm"),
        ("[watch.top_up]\nrestore = 0.1\n", "watch.top_up.restore"),
        ("[watch.top_up]\nenabled = true\ncap = 0\n", "watch.top_up.cap"),
        ("[watch.carry]\nmax_cost = 0\n", "watch.carry.max_cost"),
        ("[watch.heartbeat]\nstable = 0\n", "watch.heartbeat.stable"),
        ("[[watch.exits]]\npair = \"WETH/USDC\"\n", "watch.exits"),
        ("[[watch.exits]]\npair = \"WETH/USDC\"\nstop_loss = 3000\ntake_profit = 2000\n", "watch.exits"),
        ("[[watch.keys]]\npassword_file = \"p\"\n", "watch.keys"),
        ("[[watch.keys]]\naccount = \"a\"\nkeystore = \"k\"\npassword_file = \"p\"\n", "watch.keys"),
        ("[[watch.keys]]\naccount = \"\"\npassword_file = \"p\"\n", "watch.keys"),
        ("[[watch.keys]]\naccount = \"a\"\npassword_file = \"\"\n", "watch.keys"),
        ("[[watch.keys]]\naccount = \"a\"\npassword_file = \"~/p\"\n", "watch.keys"),
        ("[alerts]\nurgent_window = \"1h\"\n", "alerts.urgent_window"),
        ("[alerts]\nqueue = 0\n", "alerts.queue"),
        ("[alerts]\ngive_up_after = 1\n", "alerts.give_up_after"),
        ("[alerts.heartbeat]\ninterval = 0\n", "alerts.heartbeat.interval"),
        ("[alerts.telegram]\ntoken_file = \"token\"\n", "alerts.telegram.chat_id"),
        ("[metrics]\nlisten = \"nowhere\"\n", "metrics.listen"),
        ("[socket]\ntimeout = 0\n", "socket.timeout"),
    ] {
        let desk = Desk::new();
        desk.write("project/trimtab.toml", text);
        match desk.sources().load() {
            Err(ConfigError::Invalid { key: named, reason, .. }) => assert_eq!(named, key, "{text}: {reason}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    let desk = Desk::new();
    desk.write("project/trimtab.toml", "permit_ttl = = 3\n");
    assert!(matches!(desk.sources().load(), Err(ConfigError::NotToml { .. })));
    let profile = Desk::new().sources().profile(Some("gone".to_owned())).load();
    assert!(matches!(profile, Err(ConfigError::UnknownProfile { .. })));
}

#[test]
fn keys_of_a_watch_are_looked_for_beside_the_file_that_names_them() {
    let desk = Desk::new();
    desk.write(
        "project/trimtab.toml",
        "[[watch.keys]]\naccount = \"savings\"\npassword_file = \"secrets/savings\"\n\
         [[watch.keys]]\nkeystore = \"keys/trading.json\"\npassword_file = \"/run/secrets/trading\"\n",
    );
    let loaded = desk.sources().load().expect("well formed");
    let keys = &loaded.config.watch.keys;
    let project = desk.directory.path().join("project");
    assert_eq!(keys[0].password_file, project.join("secrets/savings"));
    assert_eq!(keys[1].keystore, Some(project.join("keys/trading.json")));
    assert_eq!(keys[1].password_file, Path::new("/run/secrets/trading"));
    assert!(keys[0].is_named("savings") && keys[1].is_named("trading.json") && !keys[1].is_named("savings"));
}

#[test]
fn an_entry_of_the_keys_that_cannot_be_meant_is_named_with_the_fix() {
    for (text, words) in [
        (
            "[[watch.keys]]\naccount = \"a\"\npassword_file = \"p\"\n[[watch.keys]]\naccount = \"a\"\npassword_file = \"q\"\n",
            ["entry 2 (a)", "named twice"],
        ),
        ("[[watch.keys]]\npassword_file = \"p\"\n", ["entry 1 (unnamed)", "neither `account`"]),
        ("[[watch.keys]]\naccount = \"a\"\n", ["watch.keys", "password_file"]),
        ("[[watch.keys]]\naccount = \"a\"\npassword_file = \"p\"\npassword = \"s3cr3t\"\n", ["watch.keys", "password"]),
    ] {
        let desk = Desk::new();
        desk.write("project/trimtab.toml", text);
        let said = desk.sources().load().expect_err("cannot be meant").to_string();
        assert!(words.iter().all(|word| said.contains(word)) && !said.contains("s3cr3t"), "{said}");
    }
}

#[test]
fn a_trim_that_ends_where_the_next_begins_is_no_trim() {
    let sensible = super::ThresholdsConfig::default().volatile;
    assert_eq!(sensible.problem(), None);
    let flickering = Thresholds { target: sensible.trigger, ..sensible };
    assert_eq!(flickering.problem().map(|(field, _)| field), Some("target"));
}

#[test]
fn the_base_capital_is_unset_until_the_user_sets_it_and_is_then_exact() {
    let mut desk = Desk::new();
    let loaded = desk.sources().load().expect("defaults");
    assert_eq!(loaded.config.strategy.base_capital, None);
    let shown = loaded.origins().expect("settings").into_iter().find(|setting| setting.key == "strategy.base_capital");
    assert_eq!(shown.map(|setting| setting.value), Some("unset".to_owned()));
    desk.write("project/trimtab.toml", "[strategy]\nbase_capital = 3000.5\ntable = \"option-b\"\n");
    let config = desk.sources().load().expect("file").config;
    assert_eq!(config.strategy.base_capital.map(|base| base.to_string()).as_deref(), Some("3000.5"));
    desk.set("TRIMTAB_STRATEGY_BASE_CAPITAL", "30");
    desk.set("TRIMTAB_GOVERNOR_SECONDARY_SIZE", "0.5");
    let config = desk.sources().load().expect("variable").config;
    assert_eq!(config.strategy.base_capital.map(|base| base.to_string()).as_deref(), Some("30"));
    assert_eq!(config.governor.secondary_size.map(|size| size.to_string()).as_deref(), Some("0.5"));
}

#[test]
fn a_table_of_ones_own_is_read_and_its_slips_are_named() {
    let row = |name: &str, condition: &str, loop_leverage: &str, margin: &str| {
        format!(
            "[[strategy.custom]]\nname = \"{name}\"\n{condition}\nloop_leverage = {loop_leverage}\nmargin = {margin}\n\
             perp_leverage = 10\n"
        )
    };
    let desk = Desk::new();
    let best = row("best", "score = 80\nvolatility = \"low\"", "2.5", "\"1/3\"");
    let rest = row("rest", "", "1", "0.1");
    desk.write("project/trimtab.toml", &format!("[strategy]\ntable = \"custom\"\n{best}{rest}"));
    let loaded = desk.sources().load().expect("custom table");
    let tiers = &loaded.config.strategy.custom;
    assert_eq!(tiers.len(), 2);
    assert_eq!(tiers[0].margin.to_string(), "1/3");
    assert!(tiers[0].takes(80.into(), super::Volatility::Low) && !tiers[0].takes(80.into(), super::Volatility::High));
    for (rows, slip) in [
        (best.clone(), "the last tier, `best`, must have no condition"),
        (format!("{rest}{rest}"), "needs a least score"),
        (format!("{}{best}{rest}", row("low", "score = 10", "1", "1")), "score 80 is above the 10"),
        (row("rest", "", "0.5", "1"), "loop_leverage 0.5"),
        (row("rest", "", "1", "0"), "margin 0"),
        (row("rest", "", "1", "\"1/0\""), "expected a share"),
        (format!("{}{rest}", row("big", "score = 101", "1", "1")), "score 101"),
        (row("rest", "leverage = 3", "1", "1"), "leverage"),
    ] {
        desk.write("project/trimtab.toml", &rows);
        let said = desk.sources().load().expect_err(slip).to_string();
        assert!(said.contains("strategy.custom") && said.contains(slip), "{slip}: {said}");
    }
}

#[test]
fn the_secrets_of_alerts_come_from_variables_or_files_of_their_own_and_are_never_shown() {
    let mut desk = Desk::new();
    for key in ["alerts.webhook.url", "alerts.heartbeat.url", "alerts.telegram.token"] {
        desk.write("project/trimtab.toml", &format!("{key} = \"https://hooks.example.com/s3cr3tT0ken\"\n"));
        let error = desk.sources().load().expect_err(key);
        assert!(matches!(error, ConfigError::SecretInFile { .. }), "{error}");
        assert!(!format!("{error} {error:?}").contains("s3cr3t"), "{error}");
        assert!(error.to_string().contains("_file"), "it says where to put it: {error}");
    }
    desk.write("project/trimtab.toml", "[alerts.telegram]\nchat_id = -1001234\n");
    desk.set("TRIMTAB_ALERTS_WEBHOOK_URL", "https://hooks.example.com/s3cr3tT0ken");
    desk.set("TRIMTAB_ALERTS_TELEGRAM_TOKEN", "1234567890");
    let loaded = desk.sources().load().expect("settings");
    let alerts = &loaded.config.alerts;
    assert_eq!(alerts.telegram.chat_id.as_deref(), Some("-1001234"));
    assert_eq!(alerts.telegram.bot_token().expect("read").expect("set").expose(), "1234567890");
    let webhook = alerts.webhook.endpoint().expect("read").expect("set");
    assert_eq!(webhook.expose().as_str(), "https://hooks.example.com/s3cr3tT0ken");
    let shown = format!("{:?} {loaded:?}", loaded.origins().expect("settings"));
    assert!(!shown.contains("s3cr3t") && !shown.contains("1234567890"), "{shown}");
    assert!(shown.contains("https://hooks.example.com/…"), "{shown}");
    desk.set("TRIMTAB_ALERTS_TELEGRAM_TOKEN", "s3cr3tT0ken with blanks");
    let said = desk.sources().load().expect_err("blanks").to_string();
    assert!(said.contains("alerts.telegram.token") && !said.contains("s3cr3t"), "{said}");
}

#[test]
fn what_systemd_placed_beside_the_service_is_found_by_its_name() {
    let mut desk = Desk::new();
    desk.write("project/trimtab.toml", "[alerts.telegram]\nchat_id = \"@trims\"\n");
    desk.write("credentials/telegram-token", "123:s3cr3tT0ken\n");
    desk.write("credentials/heartbeat-url", "not an address, but s3cr3tT0ken\n");
    let directory = desk.directory.path().join("credentials").display().to_string();
    desk.set("CREDENTIALS_DIRECTORY", &directory);
    let alerts = desk.sources().load().expect("settings").config.alerts;
    assert_eq!(alerts.telegram.bot_token().expect("read").expect("set").expose(), "123:s3cr3tT0ken");
    assert_eq!(alerts.webhook.endpoint().expect("nothing to read"), None);
    let error = alerts.heartbeat.endpoint().expect_err("no address");
    assert_eq!(error.exit_code(), 3);
    assert!(error.to_string().contains("heartbeat-url") && !error.to_string().contains("s3cr3t"), "{error}");
}

#[test]
fn figures_are_not_served_to_others_unless_the_user_says_so() {
    let desk = Desk::new();
    desk.write("project/trimtab.toml", "[metrics]\nlisten = \"0.0.0.0:9477\"\n");
    let said = desk.sources().load().expect_err("remote").to_string();
    assert!(said.contains("metrics.listen") && said.contains("metrics.allow_remote = true"), "{said}");
    desk.write("project/trimtab.toml", "[metrics]\nlisten = \"0.0.0.0:9477\"\nallow_remote = true\n");
    assert!(desk.sources().load().is_ok());
}

#[test]
fn settings_that_mean_nothing_any_more_are_accepted_with_a_sentence_that_says_what_happened() {
    let mut desk = Desk::new();
    desk.write(
        "project/trimtab.toml",
        "[rpc]\npre_confirmed = \"on\"\n[watch]\nstale_blocks = 3\n[profile.fast.watch.boost]\npause_blocks = 1\n",
    );
    desk.set("TRIMTAB_RPC_PRE_CONFIRMED", "off");
    let loaded = desk.sources().profile(Some("fast".to_owned())).load().expect("accepted");
    let plain = Desk::new().sources().load().expect("settings").config;
    assert_eq!((&loaded.config.rpc, &loaded.config.watch), (&plain.rpc, &plain.watch), "nothing is set by them");
    let said = loaded.notes.join("\n");
    for words in
        ["rpc.pre_confirmed", "TRIMTAB_RPC_PRE_CONFIRMED", "flashblocks", "watch.stale_after", "watch.boost.pause, a"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(desk.sources().load().expect("accepted").notes.iter().all(|note| !note.contains("pause")));
}

#[test]
fn amounts_of_data_are_read_as_people_write_them_and_nonsense_is_refused_by_name() {
    let read = |text: &str| {
        let sources = Sources::default().flag("rpc.max_bytes_per_day", "--flag", text.to_owned());
        sources.load().map(|loaded| loaded.config.rpc.max_bytes_per_day.map(|most| most.as_u64()))
    };
    for (text, bytes) in
        [("4GB", 4_000_000_000), ("3.5 GB", 3_500_000_000), ("1GiB", 1 << 30), ("600000000", 600_000_000)]
    {
        assert_eq!(read(text).expect(text), Some(bytes));
    }
    for text in ["much", "-1", "4 GBs a day", "10MB"] {
        let refused = read(text).expect_err(text).to_string();
        assert!(refused.contains("rpc.max_bytes_per_day"), "{refused}");
    }
}
